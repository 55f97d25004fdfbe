"""Clips to train on: unblurred, where the trainer looks for them, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.clip_values import LEAST_GROUPS, READY_S, RECORD_S, ClipCount, ClipSetup, ClipState
from engine.clips_desk import ClipsDesk
from engine.errors import BadInputError, CameraError
from engine.liveness.clips import frames_of, recordings
from engine.networks.temporal import FRAMES
from engine.service import FaceService
from engine.types import Frame, PixelArray
from tests.faults.test_storage import files_no_larger_than, posix

RNG = np.random.default_rng(0)
NOISE: PixelArray = RNG.integers(0, 255, (96, 128, 3), np.uint8)


def camera(seconds: float = READY_S + RECORD_S + 0.2, fps: float = 10.0, pixels: PixelArray = NOISE) -> Iterator[Frame]:
    for number in range(round(seconds * fps)):
        yield Frame(pixels, "camera", 100 + number / fps, kind="camera")


def record(desk: ClipsDesk, setup: ClipSetup, frames: Iterator[Frame] | None = None) -> list[ClipState]:
    """Record until it is saved."""
    said = [desk.begin(setup)]
    for frame in frames or camera():
        state = desk.see(frame)
        assert state is not None
        said.append(state)
        if state.saved:
            break
    return said


@pytest.fixture
def desk() -> ClipsDesk:
    return ClipsDesk(lambda _frame: True)


def files(folder: Path) -> list[str]:
    return sorted(one.relative_to(folder).as_posix() for one in folder.rglob("*"))


def test_that_a_clip_lies_where_the_trainer_looks_and_shows_the_face_as_it_was(
    service: FaceService, tmp_path: Path, astronaut: PixelArray
) -> None:
    folder = tmp_path / "clips"
    desk = service.clips
    face = np.ascontiguousarray(astronaut[:320, 60:380])
    said = record(desk, ClipSetup(folder, live=True, who="Eileen"), camera(pixels=face))
    assert [said[0].prompt, said[-1].prompt] == ["Get ready: 3.", "Kept in “clips”."]
    assert any(state.recording and 0 < state.step < state.steps for state in said)
    assert not any("No face" in state.prompt for state in said)
    assert desk.see(next(camera())) is None
    record(desk, ClipSetup(folder, live=False, who="eileen "), camera(pixels=face[:, ::-1]))
    found = recordings(folder)
    assert [(place.parent.relative_to(folder).as_posix(), live, group) for place, live, group in found] == [
        ("live/Eileen", True, "Eileen"), ("spoof/Eileen", False, "Eileen"),
    ]  # fmt: skip
    shown = [frame.pixels for frame in frames_of(found[0][0])]
    assert len(shown) >= 2 * FRAMES
    sharp, kept = (cv2.Laplacian(cv2.cvtColor(one, cv2.COLOR_RGB2GRAY), cv2.CV_64F).var() for one in (face, shown[9]))
    assert kept > sharp / 2, "nobody is blurred"
    assert len(service.identify([Frame(shown[9], "clip")])[0].identifications) == 1
    assert desk.count(folder) == ClipCount(1, 1, 1, 1, 1)
    assert os.name == "nt" or not found[0][0].stat().st_mode & 0o077, "readable by its owner alone"


def test_that_a_second_clip_of_the_same_second_takes_no_ones_place(desk: ClipsDesk, tmp_path: Path) -> None:
    for _ in range(3):
        record(desk, ClipSetup(tmp_path, live=True, who="Anna"))
    assert desk.count(tmp_path).live == 3


def test_that_a_clip_given_up_leaves_nothing_at_any_moment(desk: ClipsDesk, tmp_path: Path) -> None:
    setup = ClipSetup(tmp_path / "clips", live=True, who="Anna")
    for seconds in (0.0, 1.0, READY_S + 1, READY_S + RECORD_S - 0.2):
        desk.begin(setup)
        for frame in camera(seconds):
            desk.see(frame)
        desk.cancel()
        assert files(tmp_path) == []
    record(desk, setup)
    kept = files(tmp_path)
    desk.begin(ClipSetup(tmp_path / "clips", live=False, who="Anna"))
    desk.begin(ClipSetup(tmp_path / "clips", live=True, who="Bert"))
    desk.cancel()
    assert files(tmp_path) == kept


def test_that_a_clip_without_a_face_is_not_kept_and_said(service: FaceService, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="less than two seconds"):
        record(service.clips, ClipSetup(tmp_path / "clips", live=True, who="Anna"))
    assert not (tmp_path / "clips").exists()
    service.clips.begin(ClipSetup(tmp_path / "clips", live=True, who="Anna"))
    said = service.clips.see(next(camera()))
    assert said is not None
    assert "No face is seen." in said.prompt


def test_that_what_a_killed_program_left_goes_and_what_is_being_written_stays(desk: ClipsDesk, tmp_path: Path) -> None:
    (tmp_path / "live" / "Anna").mkdir(parents=True)
    left, written = (tmp_path / "live" / "Anna" / f".{name}.7.tmp.mp4" for name in ("left", "written"))
    for file in (left, written):
        file.write_bytes(b"a face")
    os.utime(left, (1e9, 1e9))
    assert desk.count(tmp_path) == ClipCount()
    desk.begin(ClipSetup(tmp_path, live=False, who="Bert"))
    assert [left.exists(), written.exists()] == [False, True]


def test_that_a_drive_that_has_gone_is_not_made_anew(desk: ClipsDesk, tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="“clips” cannot be reached"):
        desk.begin(ClipSetup(tmp_path / "drive" / "clips", live=True, who="Anna"))
    assert files(tmp_path) == []


def test_that_another_camera_ends_a_clip(desk: ClipsDesk, tmp_path: Path) -> None:
    desk.begin(ClipSetup(tmp_path / "clips", live=True, who="Anna"))
    desk.see(next(camera()))
    with pytest.raises(CameraError, match="camera was changed"):
        desk.see(Frame(NOISE, "another", 101.0))
    assert files(tmp_path) == []
    assert desk.see(next(camera())) is None


@posix
def test_that_a_full_disk_is_said_and_leaves_nothing(desk: ClipsDesk, tmp_path: Path) -> None:
    setup = ClipSetup(tmp_path / "clips", live=True, who="Anna")
    whole = record(desk, setup)[-1].saved
    assert whole is not None
    size, before = whole.stat().st_size, files(tmp_path)
    for limit in (0, size // 3, size - 100):
        with files_no_larger_than(limit), pytest.raises(CameraError, match="free space|could not be begun"):
            record(desk, setup)
        assert files(tmp_path) == before


@posix
def test_that_a_folder_that_cannot_be_written_is_said(desk: ClipsDesk, tmp_path: Path) -> None:
    (tmp_path / "clips").write_bytes(b"a file")
    with pytest.raises(CameraError, match="could not be made"):
        desk.begin(ClipSetup(tmp_path / "clips", live=True, who="Anna"))
    assert files(tmp_path) == ["clips"]


@pytest.mark.parametrize("who", ["", "  ", ".", "..", "../out", "a/b", "C:", ".hidden", "a\nb", "a" * 300])
def test_that_nobody_is_called_what_no_folder_can_be(desk: ClipsDesk, tmp_path: Path, who: str) -> None:
    with pytest.raises(BadInputError, match="whom the clip shows|cannot be called"):
        desk.begin(ClipSetup(tmp_path / "clips", live=True, who=who))
    assert files(tmp_path) == []


def test_that_a_recording_of_frames_is_not_added_to(desk: ClipsDesk, tmp_path: Path) -> None:
    frames = tmp_path / "live" / "Anna"
    frames.mkdir(parents=True)
    (frames / "01.png").write_bytes(b"a frame")
    with pytest.raises(BadInputError, match="frame by frame"):
        desk.begin(ClipSetup(tmp_path, live=True, who="Anna"))


def test_that_a_clip_can_be_taken_back_and_no_other_file(desk: ClipsDesk, tmp_path: Path) -> None:
    clip = record(desk, ClipSetup(tmp_path, live=False, who="Anna"))[-1].saved
    assert clip is not None
    other = tmp_path / "letter.txt"
    other.write_text("dear")
    with pytest.raises(BadInputError, match="not recorded here"):
        desk.discard(other)
    desk.discard(clip)
    assert files(tmp_path) == ["letter.txt"]


def test_that_a_contradiction_is_counted_and_said(desk: ClipsDesk, tmp_path: Path) -> None:
    clip = record(desk, ClipSetup(tmp_path, live=True, who="Anna"))[-1].saved
    assert clip is not None
    (tmp_path / "spoof" / "Bert").mkdir(parents=True)
    (tmp_path / "spoof" / "Bert" / clip.name).write_bytes(clip.read_bytes())
    count = desk.count(tmp_path)
    assert (count.live, count.spoof, count.groups) == (1, 1, 2)
    assert "a living face and a picture of one" in count.text
    assert not count.enough
    assert desk.count(tmp_path / "nowhere") == ClipCount()


@given(st.integers(0, 9), st.integers(0, 9))
def test_that_enough_is_said_only_where_a_training_begins(live: int, spoof: int) -> None:
    count = ClipCount(live, spoof, live, spoof, max(live, spoof))
    assert count.enough == (live >= LEAST_GROUPS and spoof >= LEAST_GROUPS) == ("Enough" in count.text)
    assert (f"living faces of {LEAST_GROUPS - live} more" in count.text) == (live < LEAST_GROUPS)
