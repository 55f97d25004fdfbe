"""Visits: one entry for as long as somebody is there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from engine.live_values import TrackedFace, Verdict
from engine.tracking.visits import GAP_S, Visits
from engine.types import Candidate, Identification, Metric
from tests.engine.tracking.faces import Crowd

START = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    """A time of day that goes with the frames."""

    def __init__(self) -> None:
        self.time_s = 0.0

    def __call__(self) -> datetime:
        return START + timedelta(seconds=self.time_s)


def named(person_id: int, verdict: Verdict = Verdict.MATCH) -> TrackedFace:
    face = Crowd().face(1, 0)
    found = Identification(face, (), Candidate(person_id, f"person {person_id}", 0.1), 0.5, Metric.COSINE)
    return TrackedFace(1, face.box, (0, 0), face, found, verdict)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_that_a_visit_is_one_entry_however_many_frames(clock: Clock) -> None:
    visits, ended = Visits(clock), []
    for step in range(300):
        clock.time_s = step / 10
        ended += visits.see([named(1)] if step < 100 and step % 20 else [], clock.time_s)
    (one,) = ended
    assert (one.person_id, one.name) == (1, "person 1")
    assert (one.first - START).total_seconds() == pytest.approx(0.1)
    assert (one.last - START).total_seconds() == pytest.approx(9.9)
    assert visits.end() == []


def test_that_coming_back_later_is_another_visit(clock: Clock) -> None:
    visits = Visits(clock)
    for at in (0.0, 1.0, 1.0 + GAP_S + 1, 1.0 + GAP_S + 2):
        clock.time_s = at
        ended = visits.see([named(1)], at)
        assert len(ended) == (at == 1.0 + GAP_S + 1)
    assert len(visits.end()) == 1


def test_that_who_is_not_sure_or_passes_in_an_instant_was_not_there(clock: Clock) -> None:
    visits = Visits(clock)
    for at in (0.0, 1.0):
        visits.see([named(1, Verdict.NOT_SURE), replace(named(2), track_id=2)][: 2 if at == 0 else 1], at)
    assert visits.end() == []


def test_that_a_stream_that_begins_again_ends_the_visits(clock: Clock) -> None:
    visits = Visits(clock)
    visits.see([named(1)], 5.0)
    visits.see([named(1)], 9.0)
    assert len(visits.see([], 1.0)) == 1
