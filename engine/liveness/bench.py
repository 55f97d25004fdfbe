"""The spoof bench at the desk: trials of attacks and of living faces, kept, and what they allow to be claimed.

A rate is told with what it was counted from and its one-sided 95 % bound; species are never averaged (ISO/IEC 30107-3).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import platformdirs
from scipy.special import betaincinv

from engine.errors import BadInputError, shown
from engine.files import write_whole
from engine.gallery.journal_wiping import mentions
from engine.liveness.passive import LEAST_FRAMES
from engine.liveness_values import (
    BONA_FIDE,
    BONA_FIDE_TITLE,
    ENOUGH_ATTACKS,
    ENOUGH_BONA_FIDE,
    SPECIES,
    STRONG_LIMIT,
    WEAK_LIMIT,
    Answer,
    BenchReport,
    CheckPhase,
    CheckState,
    Cue,
    Share,
    SpeciesResult,
    Trial,
    TrialSetup,
)

CONFIDENCE = 0.95
TRIAL_S, GIVE_UP_S = 4.0, 12.0
"""How long a presentation is looked at once a face is there, and how long one is waited for."""
NOT_MEASURED = "not measured"
_LIGHTS, _DISTANCES, _PEOPLE = 2, 2, 5


ERASED = "erased"
"""What stands in a trial where the name of somebody stood who was erased."""


def bench_file() -> Path:
    """Where the trials are kept."""
    return platformdirs.user_data_path("visavis", appauthor=False) / "liveness" / "trials.json"


def share(errors: int, total: int) -> Share:
    """A share of errors with its one-sided 95 % upper bound."""
    if errors >= total:
        return Share(errors, total, 1.0)
    return Share(errors, total, float(betaincinv(errors + 1, total - errors, CONFIDENCE)))


def label_of(error: Share) -> str:
    """What a species' trials allow to be claimed: earned, not assumed."""
    if error.total < ENOUGH_ATTACKS:
        return NOT_MEASURED
    if error.bound <= STRONG_LIMIT:
        return "Class-3-like (at most 7 %)"
    if error.bound <= WEAK_LIMIT:
        return "Class-2-like (at most 20 %)"
    return "convenience only"


def report(trials: Sequence[Trial]) -> BenchReport:
    """Count the trials that came from cameras."""
    counted = [trial for trial in trials if trial.source_live]
    attacks = [_result(key, title, counted) for key, title in SPECIES.items()]
    tried = sorted((one for one in attacks if one.presented), key=_badness, reverse=True)
    bona_fide = _result(BONA_FIDE, BONA_FIDE_TITLE, counted)
    untested = tuple(one.title for one in attacks if not one.presented)
    return BenchReport(
        headline=_headline(tried, untested),
        label=tried[0].label if tried else NOT_MEASURED,
        attacks=tuple(tried),
        bona_fide=bona_fide,
        untested=untested,
        shortfalls=tuple(_shortfalls(counted, tried, bona_fide)),
        cameras=tuple(sorted({trial.source for trial in counted})),
        models=tuple(sorted({trial.model for trial in counted})),
        from_files=len(trials) - len(counted),
    )


def _badness(result: SpeciesResult) -> tuple[float, float]:
    """By bound: a species with few trials is a bad one until more have shown otherwise."""
    return result.error.bound, result.error.errors / max(result.error.total, 1)


def _result(species: str, title: str, trials: Sequence[Trial]) -> SpeciesResult:
    own = [trial for trial in trials if trial.species == species]
    judged = [trial for trial in own if trial.answer is not None]
    claimed = [trial for trial in own if trial.matched is not None]
    genuine = species == BONA_FIDE
    # Who abstains lets nobody in: right for an attack, an error for a living face.
    errors = sum((trial.answer is Answer.LIVE) is not genuine for trial in judged)
    let_in = [trial.answer is Answer.LIVE and trial.matched for trial in claimed]
    error, accepted = share(errors, len(judged)), share(sum(bool(one) is not genuine for one in let_in), len(claimed))
    label = "" if genuine else label_of(error)
    return SpeciesResult(species, title, len(own), len(own) - len(judged), error, accepted, label)


def _headline(tried: Sequence[SpeciesResult], untested: Sequence[str]) -> str:
    if not tried:
        return "Not measured: no attack was tried before this camera yet."
    worst = tried[0]
    label = worst.label[0].upper() + worst.label[1:]
    said = f"{label}. Worst species: {worst.title}, taken for a living face {worst.error.text}."
    if untested:
        return f"{said} {len(untested)} of {len(SPECIES)} species were never tried."
    return said


def _shortfalls(counted: Sequence[Trial], tried: Iterable[SpeciesResult], bona_fide: SpeciesResult) -> Iterable[str]:
    for result in tried:
        own = [trial for trial in counted if trial.species == result.species]
        if result.error.total < ENOUGH_ATTACKS:
            yield f"{result.title}: {result.error.total} of {ENOUGH_ATTACKS} presentations."
        if len({trial.light for trial in own}) < _LIGHTS or len({trial.distance for trial in own}) < _DISTANCES:
            yield f"{result.title}: try at least {_LIGHTS} lights and {_DISTANCES} distances."
    own = [trial for trial in counted if trial.species == BONA_FIDE]
    people = len({trial.subject for trial in own if trial.subject})
    if bona_fide.error.total < ENOUGH_BONA_FIDE:
        yield f"Living faces: {bona_fide.error.total} of {ENOUGH_BONA_FIDE} presentations."
    if people < _PEOPLE:
        yield f"Living faces: {people} of {_PEOPLE} people."
    if own and len({trial.glasses for trial in own}) < 2:
        yield "Living faces: with and without glasses."


class Trials:
    """The trials of this machine, in a file."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file or bench_file()

    def all(self) -> list[Trial]:
        """Every trial, oldest first.

        Raises:
            BadInputError: the file cannot be read.
        """
        try:
            rows = json.loads(self._file.read_text("utf-8"))
            return [_trial(row) for row in rows]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise BadInputError(
                f"The trials in “{shown(self._file)}” cannot be read. Move that file away to begin anew."
            ) from error

    def add(self, trial: Trial) -> None:
        """Keep a trial.

        Raises:
            BadInputError: the file cannot be read or written.
        """
        self._write([*self.all(), trial])

    def take_back(self) -> Trial | None:
        """Forget the latest trial, and return it; None where there is none.

        Raises:
            BadInputError: the file cannot be read or written.
        """
        trials = self.all()
        if not trials:
            return None
        self._write(trials[:-1])
        return trials[-1]

    def forget_subject(self, name: str, *, only_count: bool = False) -> int:
        """Take somebody's name out of the trials, which go on counting as those of one person; returns from how many.

        Raises:
            BadInputError: the file cannot be read or written.
        """
        trials = self.all()
        named = [mentions(trial.subject, name.casefold()) for trial in trials]
        if any(named) and not only_count:
            nobody = f"{ERASED} {secrets.token_hex(3)}"
            self._write(
                [replace(one, subject=nobody) if theirs else one for one, theirs in zip(trials, named, strict=True)]
            )
        return sum(named)

    def _write(self, trials: Sequence[Trial]) -> None:
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(self._file, json.dumps([asdict(trial) for trial in trials], indent=1).encode())
        except OSError as error:
            raise BadInputError(
                f"The trial could not be kept in “{shown(self._file)}”: {error.strerror}. Make room and repeat it."
            ) from error


def _trial(row: dict[str, object]) -> Trial:
    answer = row.pop("answer")
    trial = Trial(answer=None if answer is None else Answer(str(answer)), **row)  # type: ignore[arg-type]  # from JSON
    if trial.species not in SPECIES and trial.species != BONA_FIDE:
        raise ValueError(trial.species)
    return trial


class Presentation:
    """One trial under way: looked at for some seconds, then answered."""

    def __init__(self, setup: TrialSetup, model: str) -> None:
        self._setup, self._model = setup, model
        self._began_s: float | None = None
        self._seen_s: float | None = None
        self._now_s = 0.0
        self._cue: Cue | None = None
        self._matched: bool | None = None
        self._reasons: list[str] = []
        self._over = False
        self._source, self._source_live = "", False

    @property
    def state(self) -> CheckState:
        """What is being done."""
        title = BONA_FIDE_TITLE if self._setup.species == BONA_FIDE else SPECIES[self._setup.species]
        if self._over:
            told = f"Refused: {self._refused}" if self._answer is None else f"Answer: {self._answer}."
            return CheckState("trial", CheckPhase.PASSED, f"{title}. {told}", 1, 1, 0.0, self._cue)
        if self._seen_s is None:
            waited = 0.0 if self._began_s is None else self._now_s - self._began_s
            return CheckState("trial", CheckPhase.WAITING, f"{title}: show it to the camera.", 0, 1, GIVE_UP_S - waited)
        left = max(TRIAL_S - (self._now_s - self._seen_s), 0.0)
        return CheckState("trial", CheckPhase.RUNNING, f"{title}: hold it before the camera.", 0, 1, left)

    @property
    def _refused(self) -> str:
        """Why the quality was too poor in most frames; empty where it was not."""
        if self._cue is None:
            return "No face was found."
        poor = [reason for reason in self._reasons if reason]
        if 2 * len(poor) > len(self._reasons):
            return max(set(poor), key=poor.count)
        return "" if self._cue.frames >= LEAST_FRAMES else "The face was seen in too few frames."

    @property
    def _answer(self) -> Answer | None:
        return None if self._cue is None or self._refused else self._cue.answer

    def see(
        self,
        time_s: float,
        cue: Cue | None,
        reasons: Sequence[str],
        *,
        matched: bool | None,
        source: str,
        source_live: bool,
    ) -> CheckState:
        """Take in a frame.

        Args:
            time_s: of the frame.
            cue: of the largest face so far; None without a face.
            reasons: why its quality is too poor.
            matched: whether the face is the person claimed; None where nobody is.
            source: what gave the frame.
            source_live: whether that was a camera.
        """
        if self._over:
            return self.state
        self._now_s, self._source, self._source_live = time_s, source, source_live
        self._began_s = time_s if self._began_s is None else self._began_s
        if cue is not None:
            self._seen_s = time_s if self._seen_s is None else self._seen_s
            self._cue = cue
            self._reasons.append(reasons[0] if reasons else "")
            if matched is not None:
                self._matched = matched or bool(self._matched)
        if self._seen_s is None:
            self._over = time_s - self._began_s >= GIVE_UP_S
        else:
            self._over = time_s - self._seen_s >= TRIAL_S
        return self.state

    def trial(self) -> Trial:
        """What is kept of it, once it is over."""
        setup = self._setup
        return Trial(
            species=setup.species,
            answer=self._answer,
            refused=self._refused,
            score=round(self._cue.score, 4) if self._cue else 0.0,
            matched=self._matched,
            source=self._source,
            source_live=self._source_live,
            model=self._model,
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            light=setup.light,
            distance=setup.distance,
            subject=setup.subject,
            glasses=setup.glasses,
        )
