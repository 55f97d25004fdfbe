"""The spoof bench at the desk: trials of attacks and of living faces, kept, and what they allow to be claimed.

A rate is told with what it was counted from and its one-sided 95 % bound; species are never averaged (ISO/IEC 30107-3),
and trials of different policies are never in one rate.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import platformdirs
from scipy.special import betaincinv

from engine.erasure import ERASED
from engine.errors import BadInputError, shown
from engine.files import write_whole
from engine.gallery.journal_wiping import mentions
from engine.liveness_values import (
    BONA_FIDE,
    BONA_FIDE_TITLE,
    CUE_TITLES,
    ENOUGH_ATTACKS,
    ENOUGH_BONA_FIDE,
    MOST_REFUSED,
    MOST_REFUSED_BOUND,
    SPECIES,
    STRONG_LIMIT,
    WAY_TITLES,
    WEAK_LIMIT,
    Answer,
    BenchReport,
    Cue,
    CueResult,
    Policy,
    Share,
    SpeciesResult,
    Trial,
    Way,
    WayResult,
)

CONFIDENCE = 0.95
FORMAT = 2
"""Of the file of trials; the first one was a bare list of what the look alone had answered."""
NOT_MEASURED = "not measured"
_LIGHTS, _DISTANCES, _PEOPLE = 2, 2, 5


def bench_file() -> Path:
    """Where the trials are kept."""
    return platformdirs.user_data_path("visavis", appauthor=False) / "liveness" / "trials.json"


def share(errors: int, total: int) -> Share:
    """A share of errors with its one-sided 95 % upper bound."""
    if errors >= total:
        return Share(errors, total, 1.0)
    return Share(errors, total, float(betaincinv(errors + 1, total - errors, CONFIDENCE)))


def label_of(error: Share, bona_fide: Share, *, varied: bool) -> str:
    """What a species' trials allow to be claimed: earned, not assumed.

    Args:
        error: its APCER.
        bona_fide: the BPCER of the same way to judge.
        varied: whether it was tried under enough lights and from enough distances.
    """
    if error.total < ENOUGH_ATTACKS:
        return NOT_MEASURED
    if error.bound > WEAK_LIMIT:
        # More lights cannot make it better.
        return "convenience only"
    too_many = bona_fide.errors > MOST_REFUSED * max(bona_fide.total, ENOUGH_BONA_FIDE)
    loose = bona_fide.bound > MOST_REFUSED_BOUND
    if too_many or (loose and bona_fide.total >= ENOUGH_BONA_FIDE):
        return f"refuses too many living faces ({bona_fide.text})"
    if loose or not varied:
        return NOT_MEASURED
    return "Class-3-like (at most 7 %)" if error.bound <= STRONG_LIMIT else "Class-2-like (at most 20 %)"


def report(trials: Sequence[Trial], policy: Policy = Policy.PASSIVE) -> BenchReport:
    """Count the trials that came from cameras.

    Args:
        trials: all of them.
        policy: the one in force, which is what the headline is about.
    """
    counted = [trial for trial in trials if trial.source_live]
    asked = [way for way in Way if way.policy is policy]
    told = asked or [Way.PASSIVE]
    others = [way for way in Way if way not in told and any(trial.way is way for trial in counted)]
    ways = [_judged(way, counted, in_force=way in asked) for way in (*told, *others)]
    worst = _worst(ways[: len(told)])
    return BenchReport(
        headline=_headline(policy, ways[: len(told)], worst),
        label=worst[1].label if worst else NOT_MEASURED,
        policy=policy,
        ways=tuple(ways),
        from_files=len(trials) - len(counted),
    )


def _judged(way: Way, counted: Sequence[Trial], *, in_force: bool) -> WayResult:
    own = [trial for trial in counted if trial.way is way]
    bona_fide = _result(BONA_FIDE, BONA_FIDE_TITLE, own)
    attacks = [_labelled(_result(key, title, own), bona_fide, own) for key, title in SPECIES.items()]
    tried = sorted((one for one in attacks if one.presented), key=_badness, reverse=True)
    return WayResult(
        way=way,
        title=WAY_TITLES[way],
        in_force=in_force,
        attacks=tuple(tried),
        bona_fide=bona_fide,
        untested=tuple(one.title for one in attacks if not one.presented),
        shortfalls=tuple(_shortfalls(own, tried, bona_fide)),
        cameras=tuple(sorted({trial.source for trial in own})),
        models=tuple(sorted({trial.model for trial in own})),
    )


def _badness(result: SpeciesResult) -> tuple[float, float]:
    """By bound: a species with few trials is a bad one until more have shown otherwise."""
    return result.error.bound, result.error.errors / max(result.error.total, 1)


def _result(species: str, title: str, trials: Sequence[Trial]) -> SpeciesResult:
    own = [trial for trial in trials if trial.species == species]
    judged = [trial for trial in own if trial.answer is not None]
    claimed = [trial for trial in own if trial.matched is not None]
    genuine = species == BONA_FIDE
    let_in = [trial.answer is Answer.LIVE and trial.matched for trial in claimed]
    error = _error([trial.answer for trial in judged], genuine=genuine)
    accepted = share(sum(bool(one) is not genuine for one in let_in), len(claimed))
    cues = _by_cue(trials, judged, genuine=genuine)
    return SpeciesResult(species, title, len(own), len(own) - len(judged), error, accepted, "", cues)


def _labelled(result: SpeciesResult, bona_fide: SpeciesResult, trials: Sequence[Trial]) -> SpeciesResult:
    varied = _varied(result.species, trials)
    return replace(result, label=label_of(result.error, bona_fide.error, varied=varied))


def _varied(species: str, trials: Sequence[Trial]) -> bool:
    """Whether what was judged of a species was under enough lights and from enough distances, as far as was said."""
    judged = [trial for trial in trials if trial.species == species and trial.answer is not None]
    lights, distances = {trial.light for trial in judged} - {""}, {trial.distance for trial in judged} - {""}
    return len(lights) >= _LIGHTS and len(distances) >= _DISTANCES


def _error(answers: Sequence[Answer | None], *, genuine: bool) -> Share:
    """Who abstains lets nobody in: right for an attack, an error for a living face."""
    return share(sum((answer is Answer.LIVE) is not genuine for answer in answers), len(answers))


def _by_cue(trials: Sequence[Trial], judged: Sequence[Trial], *, genuine: bool) -> tuple[CueResult, ...]:
    """What each way of looking would have said alone; nothing where one alone was asked."""
    known = {cue.key for trial in trials for cue in trial.cues}
    if len(known) < 2:
        return ()
    answers = {key: [cue.answer for trial in judged for cue in trial.cues if cue.key == key] for key in CUE_TITLES}
    return tuple(CueResult(key, _error(said, genuine=genuine)) for key, said in answers.items() if key in known)


def _worst(ways: Sequence[WayResult]) -> tuple[WayResult, SpeciesResult] | None:
    """Who attacks chooses the way."""
    return max(((way, way.attacks[0]) for way in ways if way.attacks), key=lambda one: _badness(one[1]), default=None)


def _headline(policy: Policy, ways: Sequence[WayResult], worst: tuple[WayResult, SpeciesResult] | None) -> str:
    if worst is None:
        as_asked = "" if policy is Policy.OFF else f" and judged by what Settings ask for ({_either(ways)})"
        return f"Not measured: no attack was tried before this camera yet{as_asked}."
    way, species = worst
    if policy is Policy.OFF:
        said = f"Settings ask for no liveness: nothing keeps an attack out. By the look alone: {species.label}."
    else:
        said = f"{species.label[0].upper()}{species.label[1:]}."
    by = f" by {way.title.lower()}" if len(ways) > 1 else ""
    said = f"{said} Worst species: {species.title}, taken for a living face{by} {species.error.text}."
    if way.untested:
        said += f" {len(way.untested)} of {len(SPECIES)} species were never tried."
    never = [one.title for one in ways if not one.attacks]
    return said + "".join(f" {title}, which Settings accept too: no attack was tried." for title in never)


def _either(ways: Sequence[WayResult]) -> str:
    return ", or ".join(way.title.lower() for way in ways)


def _shortfalls(counted: Sequence[Trial], tried: Iterable[SpeciesResult], bona_fide: SpeciesResult) -> Iterable[str]:
    for result in tried:
        if result.error.total < ENOUGH_ATTACKS:
            yield f"{result.title}: {result.error.total} of {ENOUGH_ATTACKS} presentations."
        if not _varied(result.species, counted):
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
            return [_trial(row) for row in _rows(json.loads(self._file.read_text("utf-8")))]
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
            kept = {"format": FORMAT, "trials": [asdict(trial) for trial in trials]}
            write_whole(self._file, json.dumps(kept, indent=1).encode())
        except OSError as error:
            raise BadInputError(
                f"The trial could not be kept in “{shown(self._file)}”: {error.strerror}. Make room and repeat it."
            ) from error


def _rows(kept: Any) -> list[dict[str, Any]]:
    """The trials in a file of any format so far."""
    if isinstance(kept, list):
        return kept
    if kept["format"] != FORMAT:
        raise ValueError(kept["format"])
    rows: list[dict[str, Any]] = kept["trials"]
    return rows


def _trial(row: dict[str, Any]) -> Trial:
    said = row.pop("answer")
    answer, way = None if said is None else Answer(said), Way(row.pop("way", Way.PASSIVE))
    before = () if answer is None else (Cue("passive", answer, row["score"]),)
    cues = tuple(_cue(one) for one in row.pop("cues")) if "cues" in row else before
    trial = Trial(answer=answer, way=way, cues=cues, **row)
    if trial.species not in SPECIES and trial.species != BONA_FIDE:
        raise ValueError(trial.species)
    return trial


def _cue(row: dict[str, Any]) -> Cue:
    cue = Cue(answer=Answer(row.pop("answer")), **row)
    if cue.key not in CUE_TITLES:
        raise ValueError(cue.key)
    return cue
