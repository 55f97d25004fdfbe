"""The program itself, with something in it that hangs for ever; it says “now” when it may be asked to end.

python -m tests.gui.hanging WHAT [ARGUMENTS OF VISAVIS]

WHAT is "job" (one in the engine, with a dialog open, and a disk that takes no settings), "camera" or "start" (nothing
hangs, but the engine is still being loaded).
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from threading import Event
from typing import Any

from PySide6.QtWidgets import QDialog

import main
from engine import settings as settings_file
from engine.capture import cameras
from engine.capture.sources import Kind
from engine.types import Frame
from gui import app
from gui.main_window import MainWindow


def _hang(*_: object) -> None:
    os.write(2, b"now\n")
    Event().wait()


class _Camera:
    """Opens, and never gives a picture."""

    kind: Kind = "camera"
    label = "Hanging"

    def open(self) -> float:
        """Start."""
        return 30.0

    def read(self) -> Frame | None:
        """Hang."""
        _hang()
        return None

    def close(self) -> None:
        """Stop."""


def _job(window: MainWindow) -> None:
    def begin(_info: object) -> None:
        settings_file.save = lambda *_: Event().wait()  # type: ignore[assignment]
        QDialog(window).open()
        window.client.submit(_hang)

    window.client.ready.connect(begin)


def _camera(_window: MainWindow) -> None:
    cameras.open_source = lambda *_: _Camera()  # type: ignore[assignment]


def _start(window: MainWindow) -> None:
    window.painted.connect(lambda: os.write(2, b"now\n"))


_WAYS: dict[str, Callable[[MainWindow], None]] = {"job": _job, "camera": _camera, "start": _start}


def run() -> int:
    """Prepare what hangs, and run the program."""
    what, *arguments = sys.argv[1:]
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    prepare = app._close_on_signals

    def prepared(window: MainWindow) -> Any:
        _WAYS[what](window)
        return prepare(window)

    app._close_on_signals = prepared
    return main.main(arguments)


if __name__ == "__main__":
    sys.exit(run())
