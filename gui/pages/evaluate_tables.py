"""The figures of an evaluation, in words and tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from engine.learning import Evaluation, OperatingPoint
from gui.wording import one_in, people

Table: TypeAlias = tuple[str, str, tuple[str, ...], list[tuple[str, ...]]]


def evaluation_tables(found: Evaluation) -> list[Table]:
    """Title, note, headings and rows of each table: the ways to decide first, then those that the data allows."""
    strangers = min(found.genuine_pairs, found.impostor_pairs)
    ways: Table = (
        "Ways to decide, side by side",
        (
            f"On the same {strangers:,} genuine pairs and {strangers:,} impostor pairs: evenly many, so that accuracy "
            "means something. The rates above are of all pairs."
        ),
        ("Decided by", "Accuracy", "Equal error rate", "TAR at 1 in 100", "TAR at 1 in 1,000"),
        [
            (
                one.title,
                f"{one.accuracy:.2%} ± {one.standard_error:.2%}",
                f"{one.eer:.2%}",
                _supported(one.tar_at_1e2, 1e-2, strangers),
                _supported(one.tar_at_1e3, 1e-3, strangers),
            )
            for one in found.verifiers
        ],
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


def _supported(rate: float, level: float, strangers: int) -> str:
    """A rate at an operating point, where there are enough strangers to show it."""
    return f"{rate:.2%}" if strangers * level >= 1 else "too few strangers"


def evaluation_figures(found: Evaluation) -> Iterator[tuple[str, str, str]]:
    """Name, value and note of the figures that stand on top."""
    yield "Accuracy", f"{found.accuracy_mean:.2%}", f"± {found.accuracy_std:.2%} over {found.folds} folds"
    yield "Equal error rate", f"{found.eer:.2%}", f"A distance of {found.threshold:.3f} decides most pairs rightly"
    if len(found.tar) > 1:
        point = found.tar[1]
        name = f"Genuine pairs accepted, {one_in(point.level)} strangers match"
        yield name, f"{point.rate.value:.2%}", point.rate.text
