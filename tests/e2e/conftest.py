"""The command line on a gallery of the test's own."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from engine.cli.signals import POLITE
from main import main


class Outcome(NamedTuple):
    """What a command left: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The output, read as JSON."""
        return json.loads(self.out)


Run = Callable[..., Outcome]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command on a gallery of the test's own; returns code and output."""

    def run(*arguments: object) -> Outcome:
        # Some commands take over signals; the tests go on without them.
        handlers = {number: signal.getsignal(number) for number in POLITE}
        try:
            code = main(["--gallery", str(tmp_path / "gallery.db"), *map(str, arguments)])
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
        return Outcome(code, *capsys.readouterr())

    return run


@pytest.fixture
def enrolled(run: Run, pictures: Path) -> Run:
    """The same, with one person enrolled."""
    assert run("enroll", "Eileen Collins", pictures / "eileen1.jpg").code == 0
    return run
