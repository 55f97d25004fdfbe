"""What is remembered of a session's decisions."""

from __future__ import annotations

import numpy as np
import pytest

from engine import past as module
from engine.past import Past, PastDecisions
from engine.types import Decided, Metric


def decided(what: str, number: int, person_id: int | None = 1) -> Past:
    record = Decided(what, f"about {number}", Metric.COSINE, 0.1 * number, 1, 0, match=True)
    probe = np.array([np.cos(number), np.sin(number)], np.float32)
    return Past(record, probe, "pack", person_id)


def test_that_the_same_question_counts_once() -> None:
    kept = PastDecisions()
    for person_id in (1, 2):
        kept.add(decided("identification", 1, person_id))
    assert [one.person_id for one in kept] == [2]
    for person_id in (1, 2, 1):
        kept.add(decided("verification", 1, person_id))
    assert len(kept) == 3


def test_that_the_oldest_goes_and_the_deleted_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = PastDecisions()
    monkeypatch.setattr(module, "DECISIONS_KEPT", 30)
    for number in range(35):
        kept.add(decided("identification", number, number % 2))
    assert len(kept) == 30
    assert next(iter(kept)).record.about == "about 5"
    kept.forget(0)
    assert {one.person_id for one in kept} == {1}


def test_that_a_probe_is_never_printed() -> None:
    assert "probe" not in repr(decided("identification", 1))


def seen(number: int, *, match: bool = True) -> Past:
    record = Decided("identification", f"about {number % 2}", Metric.COSINE, 0.1, 1, 1, match)
    return Past(record, np.array([np.cos(number), np.sin(number)], np.float32), "pack", number % 2)


def test_that_a_camera_adds_a_decision_a_second_about_each_person() -> None:
    kept = PastDecisions()
    for frame in range(61):
        kept.add_live(seen(2 * frame), frame / 20)
        kept.add_live(seen(2 * frame + 1), frame / 20)
    assert len(kept) == 2 * 4


def test_that_a_change_is_remembered_at_once_and_so_is_a_stream_that_begins_again() -> None:
    kept = PastDecisions()
    for frame, match in enumerate((True, True, False, False, True)):
        kept.add_live(seen(2 * frame, match=match), frame / 20)
    assert [one.record.match for one in kept] == [True, False, True]
    kept.add_live(seen(40), 0.0)
    assert len(kept) == 4
