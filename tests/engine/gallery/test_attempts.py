"""Pauses after failed attempts."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import TooManyAttemptsError, WrongSecretError
from engine.gallery import attempts as module
from engine.gallery import vault
from engine.gallery.attempts import FREE, LONGEST_PAUSE_S, Attempts, Moment, read_tries, tries_path
from engine.gallery.store import Gallery
from engine.gallery.vault import Typed
from engine.journal import LogPolicy, LogQuery
from engine.journal_words import pause_in_words
from tests.engine.gallery.conftest import template

DAY = 86_400.0


def failed(times: int, now: Moment) -> Attempts:
    made = Attempts()
    for _ in range(times):
        made = made.failed(now)
    return made


class Clock:
    """Both clocks, set by hand."""

    def __init__(self) -> None:
        self.wall_s, self.ticks_s = 1_800_000_000.0, 5_000.0

    def now(self) -> Moment:
        return Moment(self.wall_s, self.ticks_s)

    def wait(self, seconds: float) -> None:
        self.wall_s += seconds
        self.ticks_s += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(module.Moment, "now", made.now)
    return made


def test_that_the_fifth_failure_brings_a_pause_that_doubles_up_to_a_limit() -> None:
    now = Moment(DAY, 10)
    assert [failed(times, now).pause_s for times in (1, 4, 5, 6, 7)] == [0, 0, 30, 60, 120]
    assert failed(40, now).pause_s == LONGEST_PAUSE_S


@given(jump=st.floats(-10 * 365 * DAY, 10 * 365 * DAY), waited=st.floats(0, 29))
def test_that_no_change_of_the_clock_ends_a_pause_early(jump: float, waited: float) -> None:
    start = Moment(20 * 365 * DAY, 1000.0)
    tried = failed(FREE, start)
    now = Moment(start.wall_s + jump + waited, start.ticks_s + waited)
    seen = tried.seen(now)
    assert seen.left_s(now) >= 30 - waited - 1e-3
    assert seen.left_s(now) <= 30
    after = Moment(now.wall_s + 31, now.ticks_s + 31)
    assert seen.left_s(after) == 0


def test_that_a_pause_goes_on_by_the_wall_clock_after_the_machine_was_started_anew() -> None:
    tried = failed(FREE, Moment(DAY, 90_000))
    assert tried.left_s(Moment(DAY + 10, 5)) == 20
    assert tried.left_s(Moment(DAY + 31, 5)) == 0


@pytest.mark.parametrize(("seconds", "words"), [(0.2, "1 second"), (29.1, "30 seconds"), (899, "15 minutes")])
def test_that_a_pause_is_told_in_words(seconds: float, words: str) -> None:
    assert pause_in_words(seconds) == words


@pytest.fixture
def locked(tmp_path: Path) -> Path:
    """A gallery that a passphrase opens."""
    path = tmp_path / "gallery.db"
    gallery = Gallery.open(path)
    gallery.enroll("Ada", [template(1)])
    gallery.protect(lambda path, key: vault.set_passphrase(path, key, "right", ask_at_start=True))
    gallery.close()
    return path


def test_that_five_wrong_passphrases_bring_a_pause_that_outlives_the_program(locked: Path, clock: Clock) -> None:
    for number in range(FREE):
        with pytest.raises(WrongSecretError, match="30 seconds" if number == FREE - 1 else "Try again"):
            vault.unlock(locked, Typed("wrong"))
    # Nothing but the file remembers: that it is another process makes no difference.
    with pytest.raises(TooManyAttemptsError, match="30 seconds") as refused:
        vault.unlock(locked, Typed("right"))
    assert refused.value.left_s == 30
    assert stat.S_IMODE(tries_path(locked).stat().st_mode) == 0o600
    clock.wait(10)
    clock.wall_s -= 3650 * DAY
    with pytest.raises(TooManyAttemptsError, match="30 seconds"):
        vault.unlock(locked, Typed("right"))
    clock.wait(30)
    gallery = Gallery.open(locked, Typed("right"))
    assert not tries_path(locked).exists()
    said = [one.sentence for one in gallery.journal.entries(gallery.journal.numbers(LogQuery(kind="unlock")))]
    gallery.close()
    assert said == ["Opened after 5 wrong passphrases."]


def test_that_the_right_passphrase_starts_anew(locked: Path, clock: Clock) -> None:
    for _ in range(2):
        for _ in range(FREE - 1):
            with pytest.raises(WrongSecretError):
                vault.unlock(locked, Typed("wrong"))
        vault.unlock(locked, Typed("right"))
    assert vault.unlock_pause_s(locked) == 0


def test_that_a_damaged_count_starts_anew(locked: Path, caplog: pytest.LogCaptureFixture) -> None:
    tries_path(locked).write_text("{")
    assert read_tries(locked) == Attempts()
    assert "cannot be read" in caplog.text


def test_that_failed_attempts_at_the_deleted_go_without_a_log_too(tmp_path: Path) -> None:
    gallery = Gallery.open(tmp_path / "gallery.db")
    gallery.journal.policy = LogPolicy.of("off", 365)
    ada = gallery.enroll("Ada", [template(1)]).id
    with gallery.counting() as session:
        module.write_claims(session, ada, failed(FREE, Moment.now()))
    gallery.delete_person(ada)
    gallery.undo()
    with gallery.reading() as session:
        assert module.read_claims(session, ada).failures == FREE, "who is brought back is no less protected"
    gallery.delete_person(ada)
    gallery.close()
    gallery = Gallery.open(tmp_path / "gallery.db")
    with gallery.reading() as session:
        assert module.read_claims(session, ada).failures == 0
    gallery.close()
