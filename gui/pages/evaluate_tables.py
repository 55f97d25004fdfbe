"""The figures of an evaluation, in words and tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isnan
from typing import TypeAlias

from engine.learning import Evaluation, OperatingPoint, VerifierResult
from engine.wording import people
from gui.wording import one_in

Table: TypeAlias = tuple[str, str, tuple[str, ...], list[tuple[str, ...]]]

_TOO_FEW = "too few strangers"


def evaluation_tables(found: Evaluation) -> list[Table]:
    """Title, note, headings and rows of each table: the ways to decide first, then those that the data allows."""
    strangers = min(found.genuine_pairs, found.impostor_pairs)
    ways: Table = (
        "Ways to decide, side by side",
        _pairs_of(found.verifiers, strangers),
        ("Decided by", "Accuracy", "Equal error rate", "TAR at 1 in 100", "TAR at 1 in 1,000"),
        [_way(one, strangers) for one in found.verifiers],
    )
    parts: list[Table] = [
        (
            "Verification: is this who they claim to be?",
            (
                "True acceptance rate (TAR): share of genuine pairs accepted, where so many strangers are (false match "
                "rate, FMR). In brackets the 95 % interval."
            ),
            ("Strangers who match (FMR)", "Genuine pairs accepted (TAR)"),
            _points(found.tar),
        ),
        (
            "Identification: who is this?",
            (
                "Detection and identification rate (DIR): share of enrolled people's pictures put to the right name, "
                "where so many pictures of unknown people are put to any (false positive identification rate, FPIR). "
                "Half of the people are unknown."
            ),
            ("Unknown people named (FPIR)", "Rightly named (DIR)"),
            _points(found.identification),
        ),
        (
            "One-shot: the nearest of a few people",
            "Share of pictures put to the right one of so many people, with so many pictures of each enrolled.",
            ("People and pictures of each", "Right"),
            [(f"{people(one.ways)}, {one.shots:,} of each", one.rate.text) for one in found.one_shot],
        ),
    ]
    return [ways, *(part for part in parts if part[3])]


def _points(points: Sequence[OperatingPoint]) -> list[tuple[str, ...]]:
    return [(one_in(point.level), point.rate.text) for point in points]


def _pairs_of(ways: Sequence[VerifierResult], strangers: int) -> str:
    """Which pairs the ways to decide are compared on: the same for all."""
    if not ways:
        return (
            "Comparing ways to decide takes pictures of four people, so that nobody is judged by what was learned from "
            "their own pictures."
        )
    if ways[0].learned_from:
        genuine, impostor = ways[0].pairs
        return (
            f"Accuracy on {ways[0].learned_from // 2:,} genuine and as many impostor pairs, so that it means "
            f"something; error rates on the same {genuine:,} genuine and {impostor:,} impostor pairs for each."
        )
    return (
        f"On the same {strangers:,} genuine pairs and {strangers:,} impostor pairs: evenly many, so that accuracy "
        "means something. The rates above are of all pairs."
    )


def _way(one: VerifierResult, strangers: int) -> tuple[str, ...]:
    accuracy, eer = one.accuracy_interval, one.eer_interval
    tars = [rate.text if rate.supported else _TOO_FEW for rate in one.tar] or [
        _supported(one.tar_at_1e2, 1e-2, strangers),
        _supported(one.tar_at_1e3, 1e-3, strangers),
    ]
    return (
        one.title,
        accuracy.text if accuracy else f"{share(one.accuracy)} ± {share(one.standard_error)}",
        eer.text if eer else share(one.eer),
        *tars[:2],
    )


def _supported(rate: float, level: float, strangers: int) -> str:
    """A rate at an operating point, where there are enough strangers to show it."""
    return _TOO_FEW if isnan(rate) or strangers * level < 1 else f"{rate:.2%}"


def share(value: float) -> str:
    """A share in percent, or that it cannot be told."""
    return "cannot be told" if isnan(value) else f"{value:.2%}"


def evaluation_figures(found: Evaluation) -> Iterator[tuple[str, str, str]]:
    """Name, value and note of the figures that stand on top."""
    accuracy, eer = found.accuracy, found.eer_interval
    spread = f"± {share(found.accuracy_std)} over {found.folds} folds"
    yield "Accuracy", share(found.accuracy_mean), accuracy.text if accuracy else spread
    limit = f"A distance of {found.threshold:.3f} decides most pairs rightly"
    yield "Equal error rate", share(found.eer), f"{eer.text}. {limit}" if eer else limit
    if len(found.tar) > 1:
        point = found.tar[1]
        name = f"Genuine pairs accepted, {one_in(point.level)} strangers match"
        yield name, share(point.rate.value) if point.rate.supported else "too few", point.rate.text
