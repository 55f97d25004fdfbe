"""The three-way answer: steady, sure only by a margin, one person once."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from engine.live_values import Verdict
from engine.tracking.looks import HALF_LIFE_S, KEPT, Look, Looks, hint_of, weight_of
from engine.tracking.naming import HOLD_S, Answer, Naming, three_way
from engine.types import Candidate, Face, Identification, Metric
from tests.engine.tracking.faces import Crowd, quality, vector

LIMIT, LOOSER = 0.5, 0.6
FACE = Crowd().face(1, 0)
GOOD_LOOK = Look(FACE, 1.0, 0.0)


def found(**distances: float) -> Identification:
    """A decision by distances to people named by one letter."""
    candidates = tuple(
        Candidate(ord(name), name, far) for name, far in sorted(distances.items(), key=lambda item: item[1])
    )
    person = candidates[0] if candidates and candidates[0].distance <= LIMIT else None
    return Identification(FACE, candidates, person, LIMIT, Metric.COSINE)


def answer(identification: Identification, look: Look = GOOD_LOOK, taken: tuple[str, ...] = ()) -> Answer:
    return three_way(identification, LOOSER, look, [ord(name) for name in taken])


def test_that_there_are_three_answers() -> None:
    assert answer(found(a=0.3, b=0.9)).verdict is Verdict.MATCH
    assert answer(found(a=0.55, b=0.9)).verdict is Verdict.NOT_SURE
    assert answer(found(a=0.8, b=0.9)).verdict is Verdict.NO_MATCH
    assert answer(found()).verdict is Verdict.NO_MATCH


def test_that_two_who_are_as_near_as_each_other_are_not_told_apart() -> None:
    said = answer(found(a=0.40, b=0.42))
    assert (said.verdict, said.person, said.likely) == (Verdict.NOT_SURE, None, "a or b")
    assert said.hint
    assert answer(found(a=0.40, b=0.42), taken=("b",)).verdict is Verdict.MATCH, "b is somebody else in the picture"
    assert answer(found(a=0.49, b=0.51)).verdict is Verdict.MATCH, "b is beyond the limit"


def test_that_a_face_is_not_a_person_who_is_in_the_picture_already() -> None:
    second = replace(found(a=0.3), person=None)
    said = answer(second, taken=("a",))
    assert said.verdict is Verdict.NOT_SURE
    assert "already" in said.hint
    assert answer(found(a=0.7), taken=("a",)).verdict is Verdict.NO_MATCH


def test_that_a_rejected_person_is_nobody() -> None:
    nearest = Candidate(1, "a", 0.3, rejected_at=0.01)
    assert answer(Identification(FACE, (nearest,), None, LIMIT, Metric.COSINE)).verdict is Verdict.NO_MATCH


@pytest.mark.parametrize(
    ("poor", "hint"),
    [
        ({"eye_distance": 13.0}, "come closer"),
        ({"brightness": 20.0}, "more light on the face"),
        ({"overexposed": 0.5}, "less light on the face"),
        ({"yaw": 60.0}, "look here"),
        ({"pitch": -60.0}, "look here"),
        ({"sharpness": 0.01}, "hold still"),
        ({"visible": 0.5}, "show the whole face"),
    ],
)
def test_that_a_poor_face_is_not_called_a_stranger_and_is_told_what_would_help(
    poor: dict[str, float], hint: str
) -> None:
    bad = quality(**poor)
    look = Look(replace(FACE, quality=bad), weight_of(bad), 0.0)
    said = answer(found(a=0.9), look)
    assert (said.verdict, said.hint) == (Verdict.NOT_SURE, hint)
    assert hint_of(quality()) == ""


def decide(naming: Naming, identification: Identification, time_s: float, *taken: str, new: bool = True) -> Answer:
    return naming.decide(identification, LOOSER, GOOD_LOOK, [ord(one) for one in taken], time_s, new_look=new)


def test_that_one_bad_look_changes_no_name() -> None:
    naming = Naming()
    decide(naming, found(a=0.3), 0.0)
    for time_s, far in enumerate((0.9, 0.3, 0.9, 0.3), 1):
        assert decide(naming, found(a=far), time_s / 10).verdict is Verdict.MATCH


def test_that_looks_at_the_edge_do_not_make_a_name_flicker() -> None:
    naming = Naming()
    rng = np.random.default_rng(1)
    said = [decide(naming, found(a=LIMIT + rng.uniform(-0.06, 0.06)), step / 10).key for step in range(100)]
    changes = sum(one != other for one, other in itertools.pairwise(said))
    raw = [answer(found(a=LIMIT + far)).key for far in np.random.default_rng(1).uniform(-0.06, 0.06, 100)]
    assert sum(one != other for one, other in itertools.pairwise(raw)) > 30
    assert changes <= 4


def test_that_a_name_does_not_stick() -> None:
    naming = Naming()
    decide(naming, found(a=0.3), 0.0)
    decide(naming, found(a=0.9), 0.1)
    assert decide(naming, found(a=0.9), 0.2).verdict is Verdict.NO_MATCH
    decide(naming, found(a=0.3), 0.3)
    decide(naming, found(a=0.3), 0.4)
    for step in range(4):
        said = decide(naming, found(a=0.55), 0.5 + step * HOLD_S / 2)
    assert said.verdict is Verdict.NOT_SURE, "between the limits a name stays for a while only"


def test_that_another_name_takes_two_looks() -> None:
    naming = Naming()
    decide(naming, found(a=0.3), 0.0)
    assert decide(naming, found(b=0.3), 0.1).key == (Verdict.MATCH, ord("a"))
    assert decide(naming, found(b=0.3), 0.12, new=False).key == (Verdict.MATCH, ord("a")), "it is the same look"
    assert decide(naming, found(b=0.3), 0.2).key == (Verdict.MATCH, ord("b"))


def test_that_a_name_is_given_up_at_once_when_somebody_else_is_that_person() -> None:
    naming = Naming()
    decide(naming, found(a=0.4), 0.0)
    assert decide(naming, replace(found(a=0.45), person=None), 0.1, "a").person is None


def _embedded(who: int) -> Face:
    return replace(FACE, embedding=vector(who))


def test_that_better_looks_count_more_and_old_ones_less() -> None:
    looks = Looks()
    looks.add(Look(_embedded(1), 0.9, 0.0))
    looks.add(Look(_embedded(2), 0.1, 0.0))
    assert looks.fused(0.0)[1] > looks.fused(0.0)[2]
    assert looks.best(0.0).weight == 0.9
    looks.add(Look(_embedded(3), 0.9, 5 * HALF_LIFE_S))
    assert looks.fused(5 * HALF_LIFE_S).argmax() == 3
    assert np.linalg.norm(looks.fused(0.0)) == pytest.approx(1)


def test_that_a_newcomer_can_outvote_many_old_looks() -> None:
    looks = Looks()
    for _ in range(2 * KEPT):
        looks.add(Look(_embedded(1), 1.0, 0.0))
    assert len(looks) == KEPT
    looks.add(Look(_embedded(2), 0.1, 0.1))
    assert looks.latest.face.embedding is not None
    assert looks.latest.face.embedding.argmax() == 2
    assert looks.total == 2 * KEPT + 1
