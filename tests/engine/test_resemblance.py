"""Whom a face is told apart from, and yet looks much like: said at enrollment, and decides nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.service import FaceService
from engine.settings import Settings
from engine.types import RESEMBLES_RATE, EnrollmentCandidate, FalseMatchRate, Resemblance
from tests.engine.resembling import band, enroll_at

NAME = "eileen1.jpg"


@pytest.fixture
def service(service: FaceService) -> FaceService:
    service.apply(Settings(precision="fp32", metric="cosine"))
    return service


def judged(service: FaceService, pictures: Path, name: str = "Eileen") -> EnrollmentCandidate:
    return service.judge([pictures / NAME], name)[0]


@pytest.mark.parametrize(
    ("share", "expected"), [(-0.2, "look-alike"), (0.2, "resembles"), (0.8, "resembles"), (1.2, "nothing")]
)
def test_that_between_the_limit_and_one_stranger_in_100_it_is_said_and_nothing_else_changes(
    service: FaceService, pictures: Path, share: float, expected: str
) -> None:
    low, high = band(service)
    assert low < high
    enroll_at(service, pictures / NAME, "Grace", low + share * (high - low))
    candidate = judged(service, pictures)
    found = "look-alike" if candidate.look_alike else "resembles" if candidate.resembles else "nothing"
    assert found == expected
    assert candidate.acceptable
    assert candidate.refusals == candidate.notes == ()
    identified = service.identify([pictures / NAME])[0].identifications[0]
    assert (identified.person is not None) == (expected == "look-alike"), "the decision is by the limit alone"
    if candidate.resembles:
        assert candidate.resembles.name == "Grace"
        assert 0 < candidate.resembles.false_match.rate <= RESEMBLES_RATE * 1.001
        assert "Looks much like “Grace”, but is told apart" in candidate.resembles.sentence
        assert "more pictures of both would help" in candidate.resembles.sentence
    assert service.enroll("Eileen", [candidate]).added == 1


def test_that_only_the_nearest_is_named(service: FaceService, pictures: Path) -> None:
    low, high = band(service)
    for seed, (name, share) in enumerate((("Farther", 0.7), ("Nearest", 0.4), ("Far", 0.9))):
        enroll_at(service, pictures / NAME, name, low + share * (high - low), seed=seed)
    near = judged(service, pictures).resembles
    assert near is not None
    assert near.name == "Nearest"


def test_that_nothing_is_said_of_the_person_themself(service: FaceService, pictures: Path) -> None:
    low, high = band(service)
    enroll_at(service, pictures / NAME, "Eileen", (low + high) / 2)
    assert judged(service, pictures, "eileen").resembles is None
    assert judged(service, pictures, "Grace").resembles is not None


def test_that_who_was_said_not_to_be_the_same_is_not_named_again(service: FaceService, pictures: Path) -> None:
    low, high = band(service)
    grace = enroll_at(service, pictures / NAME, "Grace", (low + high) / 2)
    service.care.reject(grace.id, service.probe(pictures / NAME), NAME)
    assert judged(service, pictures).resembles is None


def test_that_with_very_many_people_it_is_said_to_be_expected() -> None:
    rate = FalseMatchRate(0.008, 0.009, 100_000)
    few, many = (Resemblance(1, "Grace", 0.1, rate, people).sentence for people in (50, 500))
    assert "(distance 0.100; about 1 stranger in 125 is as near)" in few
    assert "about 1 stranger in 125 is as near, as is to be expected among 500 people)" in many
    assert "no stranger was ever as near" in Resemblance(1, "Grace", 0.1, FalseMatchRate(0, 3e-5, 100_000), 9).sentence
