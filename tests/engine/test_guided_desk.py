"""Guided enrollment from real pictures: consent, report, what is stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.capture.images import read_image
from engine.capture.stills import frames_of
from engine.errors import BadInputError, CameraError
from engine.guided import Guidance, Sector, Worth
from engine.guided_desk import worth_of
from engine.matching.contribution import Contribution
from engine.service import FaceService
from engine.types import Candidate, FalseMatchRate, Frame, PixelArray
from tests.sittings import sitting

TODAY = date(2026, 11, 24)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, astronaut_file: Path) -> Path:
    return sitting(tmp_path_factory.mktemp("sitting"), astronaut_file)


def watch(service: FaceService, folder: Path) -> Guidance:
    guidance = None
    for frame in frames_of(str(folder))[1]:
        guidance = service.guided.see(frame)
    assert guidance is not None
    return guidance


def test_that_nothing_starts_without_consent(service: FaceService) -> None:
    with pytest.raises(BadInputError, match="consented"):
        service.guided.begin("Eileen", None)
    with pytest.raises(BadInputError, match="begun"):
        service.guided.see(Frame(np.zeros((9, 9, 3), np.uint8), "camera"))


def test_that_the_chosen_views_are_stored_with_consent_and_purpose(service: FaceService, folder: Path) -> None:
    desk = service.guided
    desk.begin("Eileen", TODAY, purpose=" front door ", live=False)
    guidance = watch(service, folder)
    assert {Sector.FRONT, Sector.NEAR, Sector.FAR} <= guidance.covered
    report = desk.report()
    assert not report.live
    assert "Not live" in report.source_text
    assert report.look_alike is None
    enrolled = desk.finish([shot.id for shot in report.shots if not shot.kept])
    assert (enrolled.person.consent_date, enrolled.person.purpose) == (TODAY, "front door")
    assert enrolled.added == len(report.kept) >= 3
    quality = service.templates(enrolled.person.id)[0].quality
    assert quality["component_unified"] > 0
    assert quality["sharpness"] > 0, "what was stored before is stored still"
    with pytest.raises(BadInputError, match="begun"):
        desk.report()


def test_that_the_report_names_the_nearest_look_alike_and_counts_its_pictures(
    service: FaceService, folder: Path, pictures: Path
) -> None:
    service.enroll("Grace", service.judge([pictures / "grace.jpg"]))
    desk = service.guided
    desk.begin("Eileen", TODAY)
    watch(service, folder)
    report = desk.report()
    assert report.look_alike is not None
    assert report.look_alike.name == "Grace"
    assert report.look_alike.false_match is not None
    assert "Grace" in report.look_alike_text
    assert "far enough" in report.look_alike_text
    assert report.passing == report.compared == len(report.kept)
    assert f"{report.passing} of {report.compared}" in report.recognition
    assert 0 < report.bound < 1


def test_that_a_person_of_another_name_is_pointed_out_as_too_near(
    service: FaceService, folder: Path, pictures: Path
) -> None:
    service.enroll("Twin", service.judge([pictures / "eileen1.jpg"]))
    desk = service.guided
    desk.begin("Eileen", TODAY)
    watch(service, folder)
    assert "taken for one another" in desk.report().look_alike_text


def test_that_a_person_of_another_name_who_is_told_apart_is_pointed_out_as_much_alike(
    service: FaceService, folder: Path, pictures: Path
) -> None:
    desk = service.guided
    desk.begin("Eileen", TODAY)
    watch(service, folder)
    report = desk.report()
    rate = FalseMatchRate(5e-3, 6e-3, 100_000)
    near = replace(report, look_alike=Candidate(7, "Grace", report.limit + 0.01, false_match=rate))
    assert "“Grace” looks much like them, but is told apart" in near.look_alike_text
    assert "More pictures of both would help" in near.look_alike_text


def test_that_a_shot_can_be_left_out_and_put_back(service: FaceService, folder: Path) -> None:
    desk = service.guided
    desk.begin("Eileen", TODAY)
    watch(service, folder)
    everything = desk.report([])
    less = desk.report([0])
    assert [shot.kept for shot in less.shots] == [False] + [True] * (len(everything.shots) - 1)
    assert less.compared == everything.compared - 1
    assert len(desk.report([]).kept) == len(everything.shots)
    with pytest.raises(BadInputError, match="left out"):
        desk.finish([shot.id for shot in everything.shots])


def test_that_beginning_anew_forgets_the_person_before(service: FaceService, folder: Path) -> None:
    desk = service.guided
    desk.begin("Eileen", TODAY)
    watch(service, folder)
    assert desk.begin("Grace", TODAY).covered == frozenset()
    with pytest.raises(BadInputError, match="No picture"):
        desk.report()


def _dark(pixels: PixelArray) -> PixelArray:
    return (pixels * 0.12).astype(np.uint8)


def _small(pixels: PixelArray) -> PixelArray:
    return cv2.resize(pixels, None, fx=0.28, fy=0.28, interpolation=cv2.INTER_AREA).astype(np.uint8)


def _blurred(pixels: PixelArray) -> PixelArray:
    return cv2.GaussianBlur(pixels, None, 5).astype(np.uint8)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (_dark, "light"),
        (_blurred, "blurred|Nobody is in the picture"),
        (_small, "too small|Nobody is in the picture"),
        (np.zeros_like, "Nobody is in the picture"),
    ],
)
def test_that_nobody_is_enrolled_from_frames_that_are_all_too_poor_and_the_reason_is_said(
    service: FaceService, folder: Path, spoil: Callable[[PixelArray], PixelArray], why: str
) -> None:
    desk = service.guided
    desk.begin("Eileen", TODAY)
    frames = list(frames_of(str(folder))[1])
    for frame in frames:
        guidance = desk.see(replace(frame, pixels=spoil(frame.pixels)))
        assert (guidance.captured, guidance.covered) == (None, frozenset())
        assert not desk.snap().covered, "not by hand either"
    for outcome in (desk.report, lambda: desk.finish([])):
        with pytest.raises(BadInputError, match=f"^No picture was taken.*({why})"):
            outcome()
    assert service.people() == []


@pytest.mark.parametrize(
    ("genuine", "impostor", "own", "pictures", "worth"),
    [
        (0.004, -0.001, 0.03, 6, Worth.ADDS),
        (0.001, -0.001, 0.03, 6, Worth.REDUNDANT),
        (-0.001, -0.003, 0.03, 6, Worth.HURTS),
        (-0.001, -0.003, 0.03, 3, Worth.ADDS),
        (0.004, 0.0, 0.3, 3, Worth.HURTS),
        (0.0, 0.0, float("nan"), 1, Worth.ADDS),
    ],
)
def test_that_the_change_of_the_margin_decides_what_a_picture_is_worth(
    genuine: float, impostor: float, own: float, pictures: int, worth: Worth
) -> None:
    assert worth_of(Contribution(genuine, impostor, own), pictures, stray=0.1) is worth


def test_that_a_stray_picture_of_somebody_else_is_left_out(service: FaceService, folder: Path, pictures: Path) -> None:
    desk = service.guided
    desk.begin("Eileen", TODAY)
    watch(service, folder)
    capture = desk._capture
    assert capture is not None
    grace = read_image(pictures / "grace.jpg")
    capture.taken[Sector.LEFT] = capture.taken[Sector.FRONT].__class__(
        Sector.LEFT, grace, service.probe(pictures / "grace.jpg"), 90.0
    )
    report = desk.report()
    (stray,) = [shot for shot in report.shots if shot.sector is Sector.LEFT]
    assert (stray.worth, stray.kept) == (Worth.HURTS, False)
    assert "left out" in stray.sentence


def test_that_sources_end_and_say_what_is_wrong(tmp_path: Path, folder: Path) -> None:
    live, frames = frames_of(str(folder))
    times = [frame.time_s for frame in frames]
    assert not live
    assert times == [float(number) for number in range(len(times))]
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.mp4").write_text("no video")
    for place, words in ((tmp_path / "empty", "no pictures"), (tmp_path / "text.mp4", "not a video")):
        with pytest.raises(CameraError, match=words):
            list(frames_of(str(place))[1])


def test_that_a_video_is_read_once(shared: Path) -> None:
    _, frames = frames_of(str(shared / "data" / "clips" / "hamilton.mp4"))
    times = [frame.time_s for frame in frames]
    assert 60 < len(times) < 120
    assert times == sorted(set(times))
