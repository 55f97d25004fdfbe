"""The whole program as its own process."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from gui import app

ROOT = Path(__file__).parents[2]


def _start(tmp_path: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = os.environ | {
        f"XDG_{kind}_HOME": str(tmp_path / kind.lower()) for kind in ("CONFIG", "DATA", "STATE", "CACHE")
    }
    command = [sys.executable, str(ROOT / "main.py"), *arguments]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)


def _wait_for(program: subprocess.Popen[str], text: str) -> str:
    assert program.stderr is not None
    seen = ""
    for line in program.stderr:
        seen += line
        if text in line:
            return seen
    raise AssertionError(f"never said “{text}”: {seen}")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_that_a_signal_ends_the_program_cleanly(tmp_path: Path, pictures: Path, number: signal.Signals) -> None:
    program = _start(tmp_path, "--camera", str(pictures), "--gallery", str(tmp_path / "gallery.db"))
    seen = _wait_for(program, "The window is on screen")
    assert "torch is loaded: False" in seen
    seen += _wait_for(program, "The engine is ready")
    program.send_signal(number)
    rest = program.communicate(timeout=20)[1]
    assert program.returncode == 0, rest
    assert "Destroyed while" not in rest
    assert "Traceback" not in seen + rest
    assert (tmp_path / "state" / "visavis" / "log" / "visavis.log").read_text("utf-8")
    for place in (tmp_path / kind / "visavis" for kind in ("state", "config")):
        for file in (place, *place.rglob("*")):
            assert stat.S_IMODE(file.stat().st_mode) == (0o700 if file.is_dir() else 0o600), file


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_that_a_window_that_nohup_started_outlives_its_terminal(qtbot: QtBot) -> None:
    asked: list[str] = []
    window: Any = SimpleNamespace(close=lambda: asked.append("close"))
    numbers = signal.SIGINT, signal.SIGTERM, signal.SIGHUP
    kept = [signal.getsignal(number) for number in numbers]
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        heartbeat = app._close_on_signals(window)
        os.kill(os.getpid(), signal.SIGHUP)
        assert asked == []
        os.kill(os.getpid(), signal.SIGTERM)
        assert asked == [], "the loop may not run yet, and would never end"
        qtbot.waitUntil(lambda: asked == ["close"])
        heartbeat.stop()
    finally:
        for number, handler in zip(numbers, kept, strict=True):
            signal.signal(number, handler)
