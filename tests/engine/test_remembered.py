"""This session's decisions."""

from __future__ import annotations

from engine.remembered import KEPT, Decisions
from engine.types import Decided, Metric


def decided(about: str = "Eileen", *, match: bool = True) -> Decided:
    return Decided("identification", about, Metric.COSINE, 0.1, 1, 1, match)


def test_that_a_camera_adds_a_decision_a_second_about_each_person() -> None:
    kept = Decisions()
    for frame in range(61):
        kept.add_live(decided(), frame / 20)
        kept.add_live(decided("Grace"), frame / 20)
    assert len(kept) == 2 * 4


def test_that_a_change_is_remembered_at_once_and_so_is_a_stream_that_begins_again() -> None:
    kept = Decisions()
    for frame, match in enumerate((True, True, False, False, True)):
        kept.add_live(decided(match=match), frame / 20)
    assert [one.match for one in kept] == [True, False, True]
    kept.add_live(decided(), 0.0)
    assert len(kept) == 4


def test_that_only_the_latest_are_kept_and_come_first() -> None:
    kept = Decisions()
    for number in range(KEPT + 5):
        kept.add(decided(str(number)))
    assert len(kept) == KEPT
    assert next(iter(kept)).about == str(KEPT + 4)
