"""The program itself, asked to end while it stores people: in the middle of their transaction.

python -m tests.faults.signalled HOW [ARGUMENTS OF VISAVIS]

HOW is a signal's name, "commit" (the session manager's request) or "exit" (the end of Qt's loop). Without a command the
window is opened, and imports what VISAVIS_TEST_IMPORT names.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import main
from engine.gallery import edits, exchange, store

WITHIN_S = 30


def _say(text: str) -> None:
    os.write(2, f"{text}\n".encode())


def _then(work: Callable[..., Any], end: Callable[[], None], after: int) -> Callable[..., Any]:
    """Do something after work was done so many times."""
    calls = 0

    def done(*arguments: Any, **keywords: Any) -> Any:
        nonlocal calls
        calls += 1
        result = work(*arguments, **keywords)
        if calls == after:
            _say("in the middle")
            end()
        return result

    return done


def _in_the_middle(end: Callable[[], None]) -> None:
    # Nine people are imported, one is enrolled, and one is erased.
    exchange._store = _then(exchange._store, end, 5)
    edits.forget_enrolled = _then(edits.forget_enrolled, end, 1)
    store.erase = _then(store.erase, end, 1)


def _ask_window(end: Callable[[], None]) -> Callable[[], None]:
    """Import once the window is there; the import goes on only when it has been told to stop."""
    from gui import app  # noqa: PLC0415 - the command line does without
    from gui.engine_client.job import Job  # noqa: PLC0415 - as above

    told, cancel, prepare = threading.Event(), Job.cancel, app._close_on_signals

    def cancelled(job: Job) -> None:
        cancel(job)
        told.set()

    def prepared(window: Any) -> Any:
        source = Path(os.environ["VISAVIS_TEST_IMPORT"])
        window.client.ready.connect(lambda _info: window.client.import_from([source], None, None, "correct horse"))
        return prepare(window)

    def ask() -> None:
        end()
        _say("told" if told.wait(WITHIN_S) else "never told")

    Job.cancel = cancelled  # type: ignore[method-assign]
    app._close_on_signals = prepared
    return ask


def _by_qt(how: str) -> Callable[[], None]:
    """End it on the thread of the window, as the session manager does."""
    from PySide6.QtCore import QObject, QTimer, Signal  # noqa: PLC0415 - as above
    from PySide6.QtWidgets import QApplication  # noqa: PLC0415 - as above

    from gui import app  # noqa: PLC0415 - as above

    class Manager(QObject):
        """Asks in the session manager's place: only Qt itself can make one of those."""

        asks = Signal(object)

    application, manager, listen = QApplication(sys.argv[:1]), Manager(), app._close_at_logout

    def listen_to_both(_application: object, window: Any) -> None:
        listen(SimpleNamespace(commitDataRequest=manager.asks, aboutToQuit=application.aboutToQuit), window)  # type: ignore[arg-type]  # all that is looked at

    def end() -> None:
        if how == "exit":
            application.exit(0)
        else:
            manager.asks.emit(None)

    app._close_at_logout = listen_to_both
    return lambda: QTimer.singleShot(0, application, end)


def run() -> int:
    """Prepare the end, and run the program."""
    how, *arguments = sys.argv[1:]
    # The tests may run under nohup, which the program would respect.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    end = _by_qt(how) if how in ("commit", "exit") else lambda: os.kill(os.getpid(), getattr(signal, how))
    _in_the_middle(_ask_window(end) if "VISAVIS_TEST_IMPORT" in os.environ else end)
    return main.main(arguments)


if __name__ == "__main__":
    sys.exit(run())
