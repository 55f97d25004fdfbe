"""Clips and snapshots: whole or not at all, and nobody in them who should not be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.capture.images import read_image
from engine.errors import CameraError
from engine.live_values import Blur, Clip, LiveResult, TrackedFace, Verdict
from engine.recording import FPS, LONGEST_HOLD_S, Recorder, blurred
from engine.service import FaceService
from engine.types import Box, Frame, Identification, Metric, PixelArray
from tests.engine.tracking.faces import Crowd

RNG = np.random.default_rng(0)
NOISE: PixelArray = RNG.integers(0, 255, (96, 128, 3), np.uint8)
FACE = Box(40, 30, 30, 30)


def shown(track_id: int, verdict: Verdict, box: Box = FACE) -> TrackedFace:
    face = replace(Crowd().face(1, 0), box=box)
    found = Identification(face, (), None, 0.5, Metric.COSINE)
    return TrackedFace(track_id, box, (0, 0), face, found, verdict)


def result(time_s: float, *tracked: TrackedFace, pixels: PixelArray = NOISE) -> LiveResult:
    return LiveResult(Frame(pixels.copy(), "camera", time_s), tracked, None, {})


def frames(path: Path) -> list[PixelArray]:
    capture, read = cv2.VideoCapture(str(path)), []
    while (answer := capture.read())[0]:
        read.append(answer[1][:, :, ::-1])
    capture.release()
    return read


def detail(pixels: PixelArray, box: Box = FACE) -> float:
    """How much is to be seen in a place: noise varies, blocks do not."""
    x, y, width, height = (int(value) for value in box)
    return float(np.abs(np.diff(pixels[y : y + height, x : x + width].astype(float), axis=1)).mean())


def test_that_a_blurred_face_cannot_be_seen_and_the_rest_can() -> None:
    made = blurred(NOISE, [FACE, Box(-10, -10, 15, 15), Box(500, 500, 9, 9)])
    assert detail(made) < detail(NOISE) / 8
    assert np.array_equal(made[70:], NOISE[70:])


def test_that_a_clip_runs_at_the_time_it_was_taken(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "clip.mp4", Blur.NOBODY)
    for step in range(11):
        recorder.add(result(100 + step / 10))
    assert recorder.seconds == pytest.approx(1)
    assert recorder.finish().seconds == pytest.approx(1, abs=0.1)
    assert len(frames(tmp_path / "clip.mp4")) == pytest.approx(FPS, abs=2)
    assert [file.name for file in tmp_path.iterdir()] == ["clip.mp4"]


def test_that_hours_without_a_picture_are_a_short_hold(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "clip.mp4", Blur.NOBODY)
    after = NOISE[::-1]
    for start_s, pixels in ((100, NOISE), (100 + 8 * 3600, after)):
        for step in range(11):
            recorder.add(result(start_s + step / 10, pixels=pixels))
    assert recorder.seconds == pytest.approx(1 + LONGEST_HOLD_S + 1)
    clip = recorder.finish()
    assert clip.seconds == pytest.approx(1 + LONGEST_HOLD_S + 1, abs=0.1)
    assert clip.left_out_s == pytest.approx(8 * 3600 - 1 - LONGEST_HOLD_S)
    assert clip.words == "4 seconds long. No pictures came for another 480 minutes; they are left out."
    written = frames(tmp_path / "clip.mp4")
    assert len(written) == pytest.approx(4 * FPS, abs=2)
    unlike = [np.abs(frame.astype(int) - NOISE).mean() > np.abs(frame.astype(int) - after).mean() for frame in written]
    assert unlike.index(True) == pytest.approx(3 * FPS, abs=2), "the picture before the gap is held"
    assert all(unlike[unlike.index(True) :])


def test_that_a_slow_camera_leaves_nothing_out(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "clip.mp4", Blur.NOBODY)
    for step in range(4):
        recorder.add(result(step * 1.5))
    assert recorder.finish() == Clip(pytest.approx(4.5, abs=0.1))
    assert Clip(1.2).words == "1 second long."


@pytest.mark.parametrize(
    ("blur", "verdict", "seen"),
    [
        (Blur.STRANGERS, Verdict.MATCH, True),
        (Blur.STRANGERS, Verdict.NOT_SURE, False),
        (Blur.STRANGERS, Verdict.NO_MATCH, False),
        (Blur.EVERYONE, Verdict.MATCH, False),
        (Blur.NOBODY, Verdict.NO_MATCH, True),
    ],
)
def test_that_only_who_is_surely_known_is_seen(tmp_path: Path, blur: Blur, verdict: Verdict, *, seen: bool) -> None:
    recorder = Recorder(tmp_path / "clip.mp4", blur)
    for step in range(10):
        recorder.add(result(step / 10, shown(1, verdict)))
    recorder.finish()
    assert all((detail(frame) > detail(NOISE) / 3) == seen for frame in frames(tmp_path / "clip.mp4"))


def test_that_a_stranger_found_a_moment_late_is_blurred_from_the_first_frame(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "clip.mp4", Blur.STRANGERS)
    for step in range(20):
        recorder.add(result(step / 25, *([shown(1, Verdict.NO_MATCH)] if step >= 6 else [])))
    recorder.finish()
    assert all(detail(frame) < detail(NOISE) / 3 for frame in frames(tmp_path / "clip.mp4"))


def test_that_the_size_may_change_within_a_clip(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "clip.mp4", Blur.NOBODY)
    recorder.add(result(0))
    recorder.add(result(0.6, pixels=RNG.integers(0, 255, (61, 91, 3), np.uint8)))
    recorder.finish()
    assert {frame.shape for frame in frames(tmp_path / "clip.mp4")} == {(96, 128, 3)}


def test_that_a_clip_that_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="Choose another folder"):
        Recorder(tmp_path / "nowhere" / "clip.mp4", Blur.NOBODY)
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"an earlier clip")
    recorder = Recorder(path, Blur.NOBODY)
    recorder.add(result(0))
    recorder.abandon()
    assert path.read_bytes() == b"an earlier clip"
    recorder = Recorder(path, Blur.NOBODY)
    recorder.add(result(0))
    recorder.add(result(0.6))
    recorder._held.clear()
    recorder._release()
    recorder._beside.write_bytes(b"the disk was full")
    with pytest.raises(CameraError, match="could not be written whole"):
        recorder.finish()
    assert [file.name for file in tmp_path.iterdir()] == ["clip.mp4"]
    assert path.read_bytes() == b"an earlier clip"


def test_that_the_live_picture_is_recorded_and_snapped(service: FaceService, pictures: Path, tmp_path: Path) -> None:
    service.enroll("Eileen Collins", service.judge([pictures / "eileen1.jpg"]))
    pixels = read_image(pictures / "both.jpg").pixels
    with pytest.raises(CameraError, match="Start the camera first"):
        service.live.snapshot(tmp_path / "shot.png", Blur.STRANGERS)
    service.live.record(tmp_path / "clip.mp4", Blur.STRANGERS)
    for step in range(5):
        answer = service.watch(Frame(pixels, "camera", 10 + step / 5))
    assert answer.recorded_s == pytest.approx(0.8)
    service.live.snapshot(tmp_path / "shot.png", Blur.STRANGERS)
    assert service.live.stop_recording().seconds == pytest.approx(0.8, abs=0.1)
    assert service.live.stop_recording().seconds == 0
    shot = read_image(tmp_path / "shot.png").pixels
    for one in answer.tracked:
        known = one.verdict is Verdict.MATCH
        assert (detail(shot, one.box) > 0.7 * detail(pixels, one.box)) == known
    again = service.identify([tmp_path / "shot.png"])[0].identifications
    assert [one.person.name for one in again if one.person] == ["Eileen Collins"]
    assert len(frames(tmp_path / "clip.mp4")) > 15


def test_that_a_recording_that_fails_ends_and_is_said(
    service: FaceService, tmp_path: Path, astronaut: PixelArray, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise CameraError("The disk is full.")

    service.live.record(tmp_path / "clip.mp4", Blur.NOBODY)
    monkeypatch.setattr(Recorder, "add", full)
    answer = service.watch(Frame(astronaut, "camera", 1.0))
    assert (answer.record_problem, answer.recorded_s) == ("The disk is full.", None)
    assert service.watch(Frame(astronaut, "camera", 1.1)).record_problem == ""
    assert list(tmp_path.glob("*.mp4")) == []
