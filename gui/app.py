"""Starts the window and ends it cleanly."""

from __future__ import annotations

import argparse
import logging
import logging.handlers
import os
import queue
import signal
import sys
import threading
import traceback
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from types import FrameType, TracebackType
from typing import NoReturn, cast

import platformdirs
from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication
from typing_extensions import override

from engine import settings as settings_file
from engine.files import PRIVATE, private_folder
from engine.options import Value
from gui.closing import GONE_WITHIN_S, gone_within, leave
from gui.engine_client import UNFORESEEN, EngineClient
from gui.main_window import MainWindow
from gui.settings_store import SettingsStore
from gui.theme.style import THEME

log = logging.getLogger(__name__)

_LOG_BYTES = 1_000_000
_LOOK_FOR_SIGNALS_MS = 200


def run(request: argparse.Namespace) -> NoReturn:
    """Open the window and stay until it is closed; the process ends with it.

    Args:
        request: as `engine.cli.parser.parse` gives it: gallery, device, camera, log_level.
    """
    listener = _start_log(request.log_level or "info")
    application = QApplication.instance() or QApplication(sys.argv[:1])
    if not isinstance(application, QApplication):
        raise TypeError("an application without windows is running already")
    application.setApplicationName("visavis")
    application.setApplicationDisplayName("Visavis")
    path = settings_file.default_path()
    store = SettingsStore(settings_file.load(path), path, _overrides(request))
    THEME.install(application, store.value.colour_scheme, store.value.text_size)
    client = EngineClient(store.value, request.gallery)
    window = MainWindow(client, store)
    failures = _Failures()
    failures.happened.connect(lambda details: window.toasts.show(UNFORESEEN, "bad", details))
    failures.install()
    # The networks are loaded once the window is there: it is what the user waits for.
    window.painted.connect(client.start, Qt.ConnectionType.QueuedConnection)
    window.painted.connect(lambda: log.info("The window is on screen; torch is loaded: %s.", "torch" in sys.modules))
    client.ready.connect(lambda _info: log.info("The engine is ready."), Qt.ConnectionType.SingleShotConnection)
    window.closing.connect(lambda: gone_within(GONE_WITHIN_S))
    heartbeat = _close_on_signals(window)
    _close_at_logout(application, window)
    window.show()
    code = application.exec()
    heartbeat.stop()
    failures.remove()
    listener.stop()
    leave(int(code))


def _overrides(request: argparse.Namespace) -> dict[str, Value]:
    """What the command line asks for, in force until it is changed in the window."""
    asked: dict[str, Value] = {}
    if request.device:
        asked["device"] = request.device
    if request.camera:
        asked |= {"camera": str(Path(request.camera).expanduser().absolute()), "page": "live"}
    return asked


class _PrivateLog(logging.handlers.RotatingFileHandler):
    """A log that only its owner can read."""

    @override
    def _open(self) -> TextIOWrapper:
        opener = partial(os.open, mode=PRIVATE)
        return cast(TextIOWrapper, open(self.baseFilename, self.mode, encoding=self.encoding, opener=opener))


def _start_log(level: str) -> logging.handlers.QueueListener:
    """Log to a file and the error stream; a thread does the writing."""
    handlers: list[logging.Handler] = [logging.StreamHandler()]
    folder = platformdirs.user_log_path("visavis", appauthor=False)
    try:
        private_folder(folder)
        handlers.append(_PrivateLog(folder / "visavis.log", maxBytes=_LOG_BYTES, backupCount=2, encoding="utf-8"))
    except OSError as error:
        print(f"No log can be written: {error}", file=sys.stderr)  # noqa: T201 - there is no log to write it to
    form = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    for handler in handlers:
        handler.setFormatter(form)
    records: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    root = logging.getLogger()
    root.handlers = [logging.handlers.QueueHandler(records)]
    root.setLevel(level.upper())
    # It tells of every part of itself that it loads.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    listener = logging.handlers.QueueListener(records, *handlers)
    listener.start()
    return listener


def _close_on_signals(window: MainWindow) -> QTimer:
    """Close the window on Ctrl+C in the terminal, on SIGTERM, and when the session or the terminal ends."""
    asked: list[int] = []

    def ask(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    def close() -> None:
        if asked:
            asked.clear()
            window.close()

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        # Windows has no SIGHUP. What is ignored stays ignored: nohup means it.
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, ask)
    # Python runs its signal handlers between its own instructions, so Qt's loop has to pass by now and then. Nothing is
    # closed in a handler: the loop may not run yet, and would never end then, or be in the middle of something.
    heartbeat = QTimer()
    heartbeat.timeout.connect(close)
    heartbeat.start(_LOOK_FOR_SIGNALS_MS)
    return heartbeat


def _close_at_logout(application: QApplication, window: MainWindow) -> None:
    """Close the window when the session manager says that all should be saved, and however else the loop is left.

    After that the system may end the program at any moment.
    """

    def close(*_: object) -> None:
        if window.isVisible():
            window.close()

    application.commitDataRequest.connect(close, Qt.ConnectionType.DirectConnection)
    application.aboutToQuit.connect(close)


class _Failures(QObject):
    """Whatever nobody foresaw, on any thread: logged, and told."""

    happened = Signal(str)

    def install(self) -> None:
        """Hear of every exception that nobody caught."""
        self._before = sys.excepthook, threading.excepthook
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread_exception

    def remove(self) -> None:
        """Leave things as they were."""
        sys.excepthook, threading.excepthook = self._before

    def _on_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        log.critical("An exception nobody caught.", exc_info=(kind, error, trace))
        self.happened.emit("".join(traceback.format_exception(kind, error, trace)))

    def _on_thread_exception(self, arguments: threading.ExceptHookArgs) -> None:
        error = arguments.exc_value or SystemExit()
        self._on_exception(arguments.exc_type, error, arguments.exc_traceback)
