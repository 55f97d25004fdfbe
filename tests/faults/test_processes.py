"""E09 and beyond: a process is asked to end, or stands still, in the middle of a transaction."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from engine.errors import GalleryError
from engine.gallery.attempts import FREE, Attempts, Moment
from engine.gallery.store import Gallery
from engine.transfer.gallery_file import export_gallery
from tests.engine.gallery.conftest import template
from tests.engine.transfer.conftest import CHEAP

from .conftest import State, Victims, looked_at, opened
from .table import said

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A gallery file of nine people."""
    place = tmp_path / "nine.visavis"
    with closing(Gallery.open(tmp_path / "nine.db")) as gallery:
        for number in range(200, 209):
            gallery.enroll(f"Person {number}", [template(number)])
        export_gallery(gallery, place, "correct horse", cost=CHEAP)
    return place


@pytest.fixture
def trial(path: Path, tmp_path: Path) -> Iterator[tuple[Path, State]]:
    """A gallery and what is in it; afterwards it is whole, and nothing half-made lies about."""
    before = looked_at(path)
    yield path, before
    found = looked_at(path)
    assert found == before, "what was not acknowledged has come in by half"
    left = {file.name.removeprefix("gallery.db") for file in path.parent.iterdir()} - {"", ".lock", ".seen", ".keys"}
    assert left <= {"-wal", "-shm", ".backups"}
    assert not list(path.parent.rglob(".*"))
    assert not list((tmp_path / "tmp").iterdir())


def ended(tmp_path: Path, how: str, *arguments: str, importing: Path | None = None) -> tuple[int, str]:
    """Run the program and have it ended in the middle; returns its exit code and what it said."""
    homes = {f"XDG_{kind}_HOME": str(tmp_path / kind.lower()) for kind in ("CONFIG", "DATA", "STATE", "CACHE")}
    (tmp_path / "tmp").mkdir()
    environment = os.environ | homes | {"TMPDIR": str(tmp_path / "tmp")}
    if importing is not None:
        environment |= {"VISAVIS_TEST_IMPORT": str(importing)}
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.signalled", how, *arguments],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert "in the middle" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Destroyed while" not in done.stderr
    return done.returncode, done.stdout + done.stderr


@pytest.mark.timeout(300)
def test_that_an_import_that_is_asked_to_end_leaves_the_gallery_as_it_was(
    trial: tuple[Path, State], source: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("correct horse\n", "utf-8")
    arguments = "import", str(source), "--passphrase-file", str(secret), "--gallery", str(trial[0])
    code, told = ended(tmp_path, "SIGTERM", *arguments)
    assert code == 128 + signal.SIGTERM, told


@pytest.mark.timeout(300)
@pytest.mark.parametrize("path", ["keyring"], indirect=True)
def test_that_an_enrollment_whose_terminal_is_closed_leaves_the_gallery_as_it_was(
    trial: tuple[Path, State], pictures: Path, tmp_path: Path
) -> None:
    arguments = "enroll", "Eileen", str(pictures / "eileen1.jpg"), "--gallery", str(trial[0])
    code, told = ended(tmp_path, "SIGHUP", *arguments)
    assert code == 128 + signal.SIGHUP, told


@pytest.mark.timeout(300)
def test_that_erasing_that_is_asked_to_end_is_finished_and_gives_its_receipt(path: Path, tmp_path: Path) -> None:
    arguments = "gallery", "delete", "Grace Hopper", "--erase", "--gallery", str(path)
    code, told = ended(tmp_path, "SIGTERM", *arguments)
    assert code == 128 + signal.SIGTERM, told
    assert "One person erased for good" in told
    with opened(path) as gallery:
        assert "Grace Hopper" not in [person.name for person in gallery.people()]


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("path", "how"),
    [("keyring", "SIGTERM"), ("plain", "SIGHUP"), ("keyring", "commit"), ("plain", "exit")],
    indirect=["path"],
)
def test_that_a_window_that_is_asked_to_end_while_importing_leaves_the_gallery_as_it_was(
    trial: tuple[Path, State], source: Path, tmp_path: Path, how: str
) -> None:
    code, told = ended(tmp_path, how, "--gallery", str(trial[0]), importing=source)
    assert code == 0, told
    assert "never told" not in told


@pytest.mark.parametrize("path", ["plain", "passphrase"], indirect=True)
def test_that_a_process_that_stands_still_in_a_transaction_is_said_and_finishes_later(
    path: Path, victims: Victims, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = looked_at(path)
    stopped = victims.stopped("import, and stand still", path)
    monkeypatch.setattr("engine.gallery.database._BUSY_SECONDS", 0.3)
    with opened(path) as gallery:
        with pytest.raises(GalleryError) as told:
            gallery.enroll("Alan Turing", [template(90)])
        said("suspended", str(told.value))
        assert [person.name for person in gallery.people()] == ["Ada Lovelace", "Grace Hopper", "Joan Clarke"]
        assert victims.go_on(stopped)["code"] == 0
        gallery.enroll("Alan Turing", [template(90)])
        assert gallery.counts()[0] == len(before[0]) + 30 + 1
    found = looked_at(path)
    assert [row for row in found[0] if row in before[0]] == before[0]


def test_that_a_pause_does_not_pass_while_the_machine_sleeps() -> None:
    now = Moment(1_000_000.0, 500.0)
    attempts = Attempts()
    for _ in range(FREE):
        attempts = attempts.failed(now)
    # The clock that only goes forward stood still meanwhile.
    woken = Moment(now.wall_s + 7200, now.ticks_s + 1)
    assert attempts.left_s(woken) == attempts.pause_s - 1
    assert attempts.seen(woken).left_s(Moment(woken.wall_s + 29, woken.ticks_s + 29)) == 0
