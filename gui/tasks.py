"""Training and evaluating in a process of its own: it cannot slow the window down, and may be killed."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, Signal

from engine.errors import BadInputError
from engine.learning import Failed, Progressed, from_line
from engine.types import Progress

log = logging.getLogger(__name__)

CLOSE_WITHIN_S = 4.0
_TOLD_WITHIN_MS = 100
_ROOT = Path(__file__).parents[1]
_DIED = "The process that did this has ended unexpectedly. What it saved is kept; the details say more."


class Task(QObject):
    """One command of the command line, running beside the window. Signals as a `Job` has them."""

    progressed = Signal(object)
    happened = Signal(object)
    """Every event of `engine.learning` but progress and failure."""
    failed = Signal(str, str)
    """The sentence for the user, and details to unfold."""
    stopped = Signal()
    """It ended because it was asked to."""
    finished = Signal()
    """Always and last."""

    def __init__(self, arguments: Sequence[str], parent: QObject) -> None:
        """Start the command.

        Args:
            arguments: as on the command line, without the program.
            parent: owns the task.
        """
        super().__init__(parent)
        self.arguments = tuple(arguments)
        self._ended = self._asked = self._told = self._deserted = False
        self._errors = ""
        self._process = QProcess(self)
        environment = QProcessEnvironment.systemEnvironment()
        paths = [str(_ROOT), *filter(None, [environment.value("PYTHONPATH")])]
        environment.insert("PYTHONPATH", os.pathsep.join(paths))
        environment.insert("PYTHONIOENCODING", "utf-8")
        self._process.setProcessEnvironment(environment)
        self._process.readyReadStandardOutput.connect(self._read)
        self._process.readyReadStandardError.connect(self._read_errors)
        self._process.finished.connect(self._on_finished)
        self._process.errorOccurred.connect(self._on_error)
        self._process.start(sys.executable, ["-m", "main", *arguments, "--events"])

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return not self._ended

    def pause(self, wait: bool) -> None:
        """Make it wait, or go on."""
        self._process.write(b"pause\n" if wait else b"resume\n")

    def cancel(self) -> None:
        """Ask it to stop at its next step and keep what it has."""
        self._asked = True
        self._process.write(b"stop\n")

    def ask_to_stop(self) -> None:
        """Ask it to stop, as its window is going; returns at once."""
        if not self.running or self._deserted:
            return
        self._deserted = True
        self.cancel()
        self._process.closeWriteChannel()
        self._process.waitForBytesWritten(_TOLD_WITHIN_MS)
        # While it loads its libraries it does not listen yet, and there is nothing to lose.
        self._process.terminate()

    def wait(self, within_s: float) -> bool:
        """Wait until it has ended; says whether it has."""
        if self.running:
            self._process.waitForFinished(int(1000 * within_s))
        return not self.running

    def _read(self) -> None:
        while self._process.canReadLine():
            line = bytes(self._process.readLine().data()).decode("utf-8", "replace")
            try:
                event = from_line(line)
            except BadInputError:
                self._errors += line
                continue
            if isinstance(event, Progressed):
                self.progressed.emit(Progress(event.done, event.total, event.text))
            elif isinstance(event, Failed):
                self._told = True
                # A cancelled task says that it was cancelled, which its user knows.
                if not self._asked:
                    self.failed.emit(event.sentence, "")
            else:
                self.happened.emit(event)

    def _read_errors(self) -> None:
        self._errors += bytes(self._process.readAllStandardError().data()).decode("utf-8", "replace")

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read()
        self._read_errors()
        died = status is QProcess.ExitStatus.CrashExit or code != 0
        if died and not self._told and not self._asked:
            self.failed.emit(_DIED, self._errors[-4000:])
        self._end()

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self.failed.emit("The process for this work could not be started. Close other programs and try again.", "")
            self._end()

    def _end(self) -> None:
        if self._ended:
            return
        self._ended = True
        if self._asked:
            self.stopped.emit()
        self.finished.emit()


class Tasks(QObject):
    """Starts tasks and stops them all when the window closes."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._tasks: list[Task] = []

    def start(self, arguments: Sequence[str]) -> Task:
        """Run a command beside the window."""
        task = Task(arguments, self)
        self._tasks.append(task)
        return task

    @property
    def busy(self) -> bool:
        """Whether any is running."""
        return any(task.running for task in self._tasks)

    def ask_to_stop(self) -> None:
        """Ask them all to stop; see `Closable`."""
        for task in self._tasks:
            task.ask_to_stop()

    def close(self, within_s: float = CLOSE_WITHIN_S) -> None:
        """Ask them all to stop, and wait. One in a long step is left to it: then it saves what it has, and ends."""
        self.ask_to_stop()
        end_s = monotonic() + within_s
        for task in self._tasks:
            if not task.wait(max(0.0, end_s - monotonic())):
                log.warning("A process is left to its step; after that it saves what it has, and ends.")
