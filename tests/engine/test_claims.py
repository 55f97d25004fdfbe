"""What counts as an attempt at a claimed identity."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.claims import Claims, Stretch
from engine.errors import GalleryError, NoFaceError, TooManyAttemptsError
from engine.gallery import attempts as module
from engine.gallery.attempts import FREE, Moment
from engine.gallery.store import Gallery
from engine.journal import LogQuery
from engine.service import FaceService
from engine.settings import Settings
from engine.types import Frame, Measure, PixelArray, Quality, Verification

ADA, GRACE = 1, 2


def watched(frames: list[tuple[float, bool | None]], person_id: int = ADA) -> list[tuple[float, bool]]:
    """When attempts ended, and how, for frames of a time and an answer."""
    stretch = Stretch()
    return [(time_s, success) for time_s, match in frames for _, success in stretch.look(person_id, match, time_s)]


def run(start: float, end: float, match: bool | None) -> list[tuple[float, bool | None]]:
    """Ten frames a second."""
    return [(number / 10, match) for number in range(round(10 * start), round(10 * end))]


def test_that_three_seconds_without_a_match_are_one_failed_attempt() -> None:
    assert watched(run(0, 10, False)) == [(3.0, False), (6.2, False), (9.3, False)]


def test_that_a_match_is_one_success_however_long() -> None:
    assert watched(run(0, 2, False) + run(2, 20, True)) == [(2.0, True)]


def test_that_leaving_the_picture_ends_an_attempt_and_a_glimpse_is_none() -> None:
    assert watched(run(0, 1.5, False) + run(1.5, 5, None)) == [(2.4, False)]
    assert watched(run(0, 0.8, False) + run(0.8, 5, None)) == []


def test_that_faces_too_poor_and_nobody_there_never_fail() -> None:
    assert watched(run(0, 30, None)) == []


def test_that_another_claim_ends_the_attempt_at_the_first() -> None:
    stretch = Stretch()
    ended = [one for time_s, match in run(0, 2, False) for one in stretch.look(ADA, match, time_s)]
    assert ended == []
    assert stretch.look(GRACE, False, 2.0) == [(ADA, False)]


@pytest.fixture
def people(service: FaceService, pictures: Path) -> dict[str, int]:
    return {
        name: service.enroll(name, service.judge([pictures / file])).person.id
        for name, file in (("Eileen", "eileen1.jpg"), ("Grace", "grace.jpg"))
    }


def test_that_what_is_no_attempt_does_not_count(
    service: FaceService, pictures: Path, people: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2 * FREE):
        with pytest.raises(NoFaceError):
            service.verify(people["Grace"], pictures / "faceless.png")
        # The same picture again is the same attempt.
        service.verify(people["Grace"], pictures / "eileen1.jpg")
    assert service.claim_pause_s(people["Grace"]) == 0

    def broken(*_args: object) -> Verification:
        raise GalleryError("the disk is full")

    monkeypatch.setattr("engine.decisions.Decider.verify", broken)
    for _ in range(2 * FREE):
        with pytest.raises(GalleryError):
            service.verify(people["Grace"], pictures / "eileen2.png")
    assert service.claim_pause_s(people["Grace"]) == 0


def test_that_five_failures_pause_a_claim_across_restarts_whatever_the_clock(
    service: FaceService, pictures: Path, people: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = service.verify(people["Grace"], pictures / "eileen1.jpg")
    path = Path(service.info().gallery_path)
    service.close()
    clock = [1_800_000_000.0, 50_000.0]
    monkeypatch.setattr(module.Moment, "now", lambda: Moment(*clock))
    gallery = Gallery.open(path)
    claims = Claims(gallery)
    claims.answered(replace(found, match=True))
    blurred = replace(
        found.probe, quality=Quality((Measure("sharpness", 0, "", "It is blurred."),), found.probe.quality.pose)
    )
    for _ in range(FREE):
        assert not claims.answered(replace(found, probe=blurred))
        assert claims.pause_s(found.person_id) == 0
        claims.answered(found)
    gallery.close()
    gallery = Gallery.open(path)
    claims = Claims(gallery)
    with pytest.raises(TooManyAttemptsError, match="attempts to be “Grace” failed. Try again in 30 seconds"):
        claims.check(found.person_id)
    claims.check(people["Eileen"])
    clock[0] -= 3650 * 86_400
    assert claims.pause_s(found.person_id) == 30
    clock[0] += 31
    clock[1] += 31
    claims.check(found.person_id)
    claims.answered(found)
    assert claims.pause_s(found.person_id) == 60
    claims.limited = False
    claims.check(found.person_id)
    claims.limited = True
    claims.answered(replace(found, match=True))
    claims.check(found.person_id)
    said = [one.sentence for one in gallery.journal.entries(gallery.journal.numbers(LogQuery(kind="pause")))]
    assert said[-1] == "5 attempts as “Grace” failed: a pause of 30 seconds."
    gallery.close()


def test_that_a_camera_fails_five_stretches_and_then_nothing_is_compared(
    service: FaceService, astronaut: PixelArray, people: dict[str, int]
) -> None:
    for number in range(FREE):
        assert service.claim_pause_s(people["Grace"]) == 0
        for time_s in (0.0, 1.6, 3.2):
            result = service.watch(Frame(astronaut, "Camera", 10.0 * number + time_s), people["Grace"])
            assert result.verification is not None
    result = service.watch(Frame(astronaut, "Camera", 60.0), people["Grace"])
    assert result.verification is None
    assert 0 < result.pause_s <= 30
    assert service.watch(Frame(astronaut, "Camera", 61.0), people["Eileen"]).verification is not None
    kinds = [one.kind for one in service.journal.entries(service.journal.numbers(LogQuery()))]
    assert (kinds.count("verify"), kinds.count("pause")) == (FREE + 1, 1)
    assert "live" not in kinds


def test_that_who_is_seen_live_is_written_down_only_where_it_is_wanted_and_once(
    service: FaceService, astronaut: PixelArray, people: dict[str, int]
) -> None:
    for level, wanted in (("decisions", 0), ("live", 2)):
        service.apply(Settings(precision="fp32", history_log=level))
        for time_s in (0.0, 1.0, 9.0, 30.0, 31.0):
            service.watch(Frame(astronaut, "Camera", time_s))
        service.live.forget()
        found = service.journal.entries(service.journal.numbers(LogQuery(kind="live")))
        assert [one.sentence.split(" from ")[0] for one in found] == ["“Eileen” was before “Camera”"] * wanted


def test_that_decisions_are_in_the_log_with_their_numbers_and_no_path(
    service: FaceService, pictures: Path, people: dict[str, int]
) -> None:
    for _ in range(2):
        service.verify(people["Grace"], pictures / "eileen1.jpg")
        service.compare(pictures / "eileen1.jpg", pictures / "eileen2.png")
        service.identify([pictures / "both.jpg"])
    entries = service.journal.entries(service.journal.numbers(LogQuery()))
    assert [one.kind for one in entries] == ["identify", "identify", "compare", "verify", "enroll", "enroll"]
    for one in entries[:4]:
        assert {"metric", "distance", "limit", "pack", "match", "source"} <= one.details.keys()
        assert str(pictures) not in repr(one)
        assert ".jpg" in one.sentence
    assert service.journal.verify().sound
