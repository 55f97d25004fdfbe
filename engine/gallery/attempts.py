"""Failed attempts, and the pause after too many. The same rule serves claimed identities and passphrases.

Five failures, then half a minute; each further failure doubles the pause, up to a quarter of an hour; a success starts
anew. A pause outlives the program. Setting the clock back makes it start again, and setting it forward does not end it
before the machine is started anew: of the wall clock and the one that counts since then, the slower one counts.

Passphrases are counted outside the encrypted file, in `gallery.db.tries`. Whoever can write there could remove it; they
could copy the gallery and guess elsewhere just as well, and each guess costs what Argon2id costs.
"""

from __future__ import annotations

import json
import logging
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from sqlalchemy import delete
from sqlalchemy.orm import Session

from engine.errors import TooManyAttemptsError
from engine.files import write_whole
from engine.gallery.journal_schema import AttemptsRow
from engine.journal_words import pause_in_words

log = logging.getLogger(__name__)

FREE = 5
"""So many failures come before the first pause."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 30.0, 900.0


@dataclass(frozen=True, slots=True)
class Moment:
    """Now, by the wall clock and by the one that only goes forward, in seconds."""

    wall_s: float
    ticks_s: float

    @classmethod
    def now(cls) -> Moment:
        """Look at both clocks."""
        return cls(time.time(), time.monotonic())


@dataclass(frozen=True, slots=True)
class Attempts:
    """Failures since the last success.

    Attributes:
        stamped_s: when the pause began, by the wall clock.
        ticks_s: the same by the clock that only goes forward, since the machine was started.
        pause_s: how long nothing may be tried from then on.
    """

    failures: int = 0
    stamped_s: float = 0.0
    ticks_s: float = 0.0
    pause_s: float = 0.0

    def failed(self, now: Moment) -> Attempts:
        """Count a failure."""
        failures = self.failures + 1
        doubled = min(max(failures - FREE, 0), 16)
        pause_s = min(FIRST_PAUSE_S * 2**doubled, LONGEST_PAUSE_S) if failures >= FREE else 0.0
        return Attempts(failures, now.wall_s, now.ticks_s, pause_s)

    def left_s(self, now: Moment) -> float:
        """How long nothing may be tried yet."""
        passed = now.wall_s - self.stamped_s
        if now.ticks_s >= self.ticks_s:
            passed = min(passed, now.ticks_s - self.ticks_s)
        return min(max(self.pause_s - passed, 0.0), self.pause_s)

    def seen(self, now: Moment) -> Attempts:
        """The same, with a pause that starts again where the clock was set back behind its beginning."""
        if self.pause_s and now.wall_s < self.stamped_s:
            return replace(self, stamped_s=now.wall_s, ticks_s=now.ticks_s)
        return self


def refuse_during_pause(attempts: Attempts, what: str, now: Moment) -> None:
    """Refuse another attempt while a pause lasts.

    Args:
        attempts: so far.
        what: was tried, for the sentence.
        now: the moment.

    Raises:
        TooManyAttemptsError: it does.
    """
    left_s = attempts.left_s(now)
    if left_s > 0:
        raise TooManyAttemptsError(f"Too many {what} failed. Try again in {pause_in_words(left_s)}.", left_s)


# --- claimed identities, within the gallery -----------------------------------------------------------------------


def read_claims(session: Session, person_id: int) -> Attempts:
    """Failed attempts at being a person."""
    row = session.get(AttemptsRow, person_id)
    return Attempts() if row is None else Attempts(row.failures, row.stamped_s, row.ticks_s, row.pause_s)


def write_claims(session: Session, person_id: int, attempts: Attempts) -> None:
    """Keep failed attempts at being a person."""
    session.execute(delete(AttemptsRow).where(AttemptsRow.person_id == person_id))
    if attempts.failures:
        session.add(AttemptsRow(person_id=person_id, **asdict(attempts)))
        session.flush()


# --- passphrases, beside the gallery ------------------------------------------------------------------------------


def tries_path(gallery: Path) -> Path:
    """Return where wrong passphrases are counted."""
    return gallery.with_name(f"{gallery.name}.tries")


def read_tries(gallery: Path) -> Attempts:
    """Wrong passphrases since the gallery was last opened; none where the file is not there or is damaged."""
    try:
        stored = json.loads(tries_path(gallery).read_text("utf-8"))
        return Attempts(
            int(stored["failures"]), float(stored["stamped_s"]), float(stored["ticks_s"]), float(stored["pause_s"])
        )
    except FileNotFoundError:
        return Attempts()
    except (OSError, ValueError, KeyError, TypeError):
        log.warning("The count of wrong passphrases cannot be read; it starts anew.")
        return Attempts()


def write_tries(gallery: Path, attempts: Attempts) -> None:
    """Keep the count of wrong passphrases.

    Raises:
        OSError: it cannot be written.
    """
    if attempts.failures:
        write_whole(tries_path(gallery), json.dumps(asdict(attempts)).encode())
    else:
        tries_path(gallery).unlink(missing_ok=True)
