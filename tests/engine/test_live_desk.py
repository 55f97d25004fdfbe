"""Live frames of real people: followed, named once, poor light said, observers told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.capture.images import read_image
from engine.live_values import LiveResult, Observation, Verdict, Visit
from engine.quality.light import BANDS, FLICKERS, TOO_BRIGHT, TOO_DARK, lifted
from engine.service import FaceService
from engine.types import Face, Frame, Person, PixelArray
from tests.engine.quality.test_light import banded

STEP_S = 1 / 30


@pytest.fixture
def eileen(service: FaceService, pictures: Path) -> Person:
    return service.enroll("Eileen Collins", service.judge([pictures / "eileen1.jpg"])).person


@pytest.fixture
def grace(service: FaceService, pictures: Path) -> Person:
    return service.enroll("Grace Hopper", service.judge([pictures / "grace.jpg"])).person


@pytest.fixture(scope="session")
def both(pictures: Path) -> PixelArray:
    return read_image(pictures / "both.jpg").pixels


class Film:
    """Frames of one camera at 30 a second."""

    def __init__(self, service: FaceService) -> None:
        self.service, self.now_s = service, 10.0

    def show(self, pixels: PixelArray, claimed: int | None = None) -> LiveResult:
        self.now_s += STEP_S
        return self.service.watch(Frame(np.ascontiguousarray(pixels), "camera", self.now_s), claimed)


@pytest.fixture
def film(service: FaceService) -> Film:
    return Film(service)


def names(result: LiveResult) -> dict[int, str]:
    return {
        one.track_id: one.identification.person.name if one.identification.person else one.verdict.value
        for one in result.tracked
    }


def test_that_people_keep_their_tracks_and_names_while_few_frames_are_embedded(
    film: Film, eileen: Person, grace: Person, both: PixelArray
) -> None:
    seen = [names(film.show(np.roll(both, 2 * step, axis=1))) for step in range(12)]
    assert all(one == seen[0] for one in seen)
    assert sorted(seen[0].values()) == ["Eileen Collins", "Grace Hopper"]
    assert film.service.live.embedded <= 2 * 3
    assert film.service.live.followed == 24


def test_that_the_whole_picture_is_not_searched_every_time(film: Film, eileen: Person, both: PixelArray) -> None:
    searched = [film.show(both).detected for _ in range(10)]
    assert searched.count(False) > 1
    assert searched[0]


def test_that_a_stranger_is_no_match_and_one_too_dark_to_tell_is_not_called_one(
    film: Film, eileen: Person, pictures: Path
) -> None:
    grace = read_image(pictures / "grace.jpg").pixels
    assert film.show(grace).tracked[0].verdict is Verdict.NO_MATCH
    film.now_s += 60
    (dim,) = film.show((grace * 0.16).astype(np.uint8)).tracked
    assert (dim.verdict, dim.identification.person) == (Verdict.NOT_SURE, None)
    assert dim.hint == "more light"


def test_that_another_scene_takes_no_name_along(film: Film, eileen: Person, both: PixelArray, pictures: Path) -> None:
    first = names(film.show(both[:, :512]))
    assert list(first.values()) == ["Eileen Collins"]
    then = names(film.show(read_image(pictures / "grace.jpg").pixels[:512, :512]))
    assert list(then.values()) == [Verdict.NO_MATCH.value]
    assert not first.keys() & then.keys()
    assert names(film.show(both[:, :512])) == first, "whoever comes back is the same track"


def test_that_dim_pictures_are_lifted_for_the_detector_alone(film: Film, eileen: Person, astronaut: PixelArray) -> None:
    dim = (astronaut * 0.3).astype(np.uint8)
    result = film.show(dim)
    assert result.light.lifted
    assert lifted(dim, float(dim.mean())).mean() > 2 * dim.mean()
    chip = result.tracked[0].face.chip
    assert chip.mean() < 70, "what is embedded is the picture as it is"


def test_that_black_and_burnt_frames_are_passed_over_and_said(film: Film, astronaut: PixelArray) -> None:
    dark = film.show(np.full_like(astronaut, 3))
    assert (dark.light.skipped, dark.light.sentence, dark.tracked) == (True, TOO_DARK, ())
    film.service.live.forget()
    burnt = film.show(np.full_like(astronaut, 254))
    assert (burnt.light.skipped, burnt.light.sentence) == (True, TOO_BRIGHT)


def test_that_alternate_black_frames_are_passed_over_and_nobody_blinks(
    film: Film, eileen: Person, astronaut: PixelArray
) -> None:
    black = np.zeros_like(astronaut)
    shown = [film.show(black if number % 2 else astronaut) for number in range(12)]
    assert all(names(result) == names(shown[0]) for result in shown)
    assert [result.light.skipped for result in shown] == [False, True] * 6
    assert shown[-1].light.sentence == FLICKERS
    assert shown[-2].light.sentence == FLICKERS


def test_that_rolling_bands_are_said_and_whoever_is_there_keeps_the_name(
    film: Film, eileen: Person, astronaut: PixelArray
) -> None:
    shown = [film.show(banded(astronaut, 0.5, number, 100 / 30)) for number in range(12)]
    assert shown[-1].light.sentence == BANDS
    assert not any(result.light.skipped for result in shown)
    assert list(names(shown[-1]).values()) == ["Eileen Collins"]


def test_that_a_claim_is_verified_by_the_fused_looks(
    film: Film, eileen: Person, grace: Person, astronaut: PixelArray
) -> None:
    for _ in range(8):
        result = film.show(astronaut, claimed=grace.id)
    assert result.verification is not None
    assert not result.verification.match
    result = film.show(astronaut, claimed=eileen.id)
    assert result.verification is not None
    assert result.verification.match


class Watcher:
    """Sees every followed face and counts."""

    def __init__(self) -> None:
        self.seen: dict[int, int] = {}
        self.gone: list[int] = []

    def see(self, track_id: int, frame: Frame, face: Face) -> Observation | None:
        assert face.landmarks.shape == (5, 2)
        assert frame.time_s > 0
        self.seen[track_id] = self.seen.get(track_id, 0) + 1
        return Observation("count", f"{self.seen[track_id]} seen") if self.seen[track_id] > 1 else None

    def forget(self, track_id: int) -> None:
        self.gone.append(track_id)


def test_that_an_observer_sees_every_face_and_what_it_says_is_shown(
    film: Film, eileen: Person, astronaut: PixelArray
) -> None:
    watcher = Watcher()
    film.service.live.observe(watcher)
    assert film.show(astronaut).tracked[0].observations == ()
    assert film.show(astronaut).tracked[0].observations == (Observation("count", "2 seen"),)
    film.service.live.forget()
    assert watcher.gone == [1]


def test_that_an_enrollment_is_known_in_the_next_moment(film: Film, pictures: Path, astronaut: PixelArray) -> None:
    film.show(astronaut)
    film.service.enroll("Eileen Collins", film.service.judge([pictures / "eileen1.jpg"]))
    for _ in range(12):
        result = film.show(astronaut)
    assert list(names(result).values()) == ["Eileen Collins"]


def test_that_a_time_that_goes_back_begins_anew_and_names_go_on(
    film: Film, eileen: Person, astronaut: PixelArray
) -> None:
    for back_s in (0.0, 5.0, 1e6):
        film.now_s -= back_s
        shown = [film.show(astronaut) for _ in range(6)]
        assert list(names(shown[-1]).values()) == ["Eileen Collins"]
        assert all(len(result.tracked) <= 1 for result in shown)


def test_that_a_visit_is_told_once_it_has_ended(film: Film, eileen: Person, astronaut: PixelArray) -> None:
    told: list[Visit] = []
    film.service.live.tell_visits(told.append)
    for _ in range(20):
        film.show(astronaut)
    assert told == []
    film.service.live.forget()
    assert [visit.person_id for visit in told] == [eileen.id]
