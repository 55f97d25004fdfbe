"""Networks over time on made-up clips: squares that move, and squares that do not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from engine.errors import BadInputError, PackError, TrainingError
from engine.liveness.clips import Clip, frames_of, read_clips, recordings, series_of, small, windows
from engine.liveness.learning import (
    in_use,
    judge,
    probabilities,
    sign_test,
    split,
    store,
)
from engine.liveness.training import Split, train
from engine.networks.temporal import FRAMES, NETWORKS, SERIES, ClipNetwork, SeriesNetwork
from engine.types import Frame
from tests.engine.liveness.made_clips import clip, face


@pytest.fixture(scope="module")
def clips() -> list[Clip]:
    return [
        clip(f"{'live' if live else 'spoof'}/{number}", live=live, per_frame=0.5, seed=number)
        for number in range(20)
        for live in (True, False)
    ]


@pytest.mark.parametrize("kind", NETWORKS)
def test_that_a_network_learns_motion_that_single_frames_do_not_show(clips: list[Clip], kind: str) -> None:
    parts = split(clips)
    epochs: list[int] = []
    network, best = train(parts, kind, most_epochs=25, report=lambda number, _loss: epochs.append(number))
    outcome = judge(network, kind, replace(parts, test=[*parts.test, *parts.validation]), best)
    assert outcome.apcer.errors + outcome.bpcer.errors <= 1
    assert outcome.better
    assert best <= len(epochs)


def test_that_no_group_is_on_two_sides(clips: list[Clip]) -> None:
    people = [replace(one, group=one.group.split("/")[1]) for one in clips]
    parts = split(people)
    sides = [{one.group for one in side} for side in (parts.train, parts.validation, parts.test)]
    assert sum(map(len, sides)) == len(set.union(*sides))
    assert all({one.live for one in side} == {True, False} for side in (parts.train, parts.validation, parts.test))
    assert sum(len(side) for side in (parts.train, parts.validation, parts.test)) == len(people)


def test_that_too_few_recordings_are_refused(clips: list[Clip]) -> None:
    with pytest.raises(BadInputError, match="4 people or recordings"):
        split(clips[:8])
    with pytest.raises(BadInputError, match="1 person or recording; 5 are needed"):
        split(clips[:2])


def test_that_what_is_not_better_than_single_frames_is_not_put_to_use(clips: list[Clip], tmp_path: Path) -> None:
    known = [replace(one, per_frame=0.9 if one.live else 0.1) for one in clips]
    parts = split(known)
    outcome = judge(ClipNetwork().eval(), "clip", parts, 1)
    assert not outcome.better
    assert "not better beyond chance" in outcome.verdict
    assert outcome.frames_apcer.errors == 0
    with pytest.raises(TrainingError, match="not better"):
        store(ClipNetwork(), outcome, tmp_path)
    assert in_use(tmp_path) is None


def test_that_without_single_frame_networks_nothing_is_put_to_use(clips: list[Clip]) -> None:
    unknown = [replace(one, per_frame=float("nan")) for one in clips]
    outcome = judge(SeriesNetwork().eval(), "series", split(unknown), 1)
    assert not outcome.better
    assert "not installed" in outcome.verdict


def test_that_a_network_in_use_answers_as_before_and_replaces_the_other_kind(clips: list[Clip], tmp_path: Path) -> None:
    parts = Split(clips[:8], clips[8:16], clips[16:24])
    outcome = replace(judge(SeriesNetwork().eval(), "series", parts, 1), better=True)
    network = SeriesNetwork().eval()
    store(ClipNetwork().eval(), replace(outcome, kind="clip"), tmp_path)
    place = store(network, outcome, tmp_path)
    found = in_use(tmp_path)
    assert found is not None
    assert found[0] == "series"
    assert probabilities(found[1], clips[:3], "series") == pytest.approx(probabilities(network, clips[:3], "series"))
    place.write_bytes(b"damaged")
    with pytest.raises(PackError, match="damaged"):
        in_use(tmp_path)


def test_that_a_loss_that_is_no_number_ends_the_training(clips: list[Clip]) -> None:
    broken = [replace(one, series=np.full((FRAMES, SERIES), np.nan, np.float32)) for one in clips]
    with pytest.raises(TrainingError, match="no number"):
        train(split(broken), "series")


def test_that_networks_have_the_shapes_they_say() -> None:
    assert ClipNetwork().eval()(torch.zeros(2, 3, FRAMES, 64, 64)).shape == (2,)
    assert SeriesNetwork().eval()(torch.zeros(2, SERIES, 5)).shape == (2,)


def test_that_a_series_says_nothing_of_whose_face_it_is() -> None:
    still = series_of([face() for _ in range(FRAMES)])
    assert still == pytest.approx(np.zeros((FRAMES, SERIES)))
    assert np.abs(series_of([face(float(number)) for number in range(FRAMES)])).max() > 0.03


def test_that_the_sign_test_counts() -> None:
    assert sign_test(5, 0) == pytest.approx(1 / 32)
    assert sign_test(0, 0) == 1.0
    assert sign_test(1, 5) > 0.9


def test_that_recordings_are_videos_or_folders_and_people_stay_together(tmp_path: Path) -> None:
    for shade, place in enumerate(("live/anna/one", "live/anna/two", "live/alone", "spoof/anna/print")):
        picture = cv2.imencode(".png", np.full((60, 60, 3), shade, np.uint8))[1].tobytes()
        (tmp_path / place).mkdir(parents=True)
        for number in range(FRAMES):
            (tmp_path / place / f"{number:02}.png").write_bytes(picture)
    writer = cv2.VideoWriter(str(tmp_path / "spoof" / "phone.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 16, (64, 64))
    for _ in range(40):
        writer.write(np.zeros((64, 64, 3), np.uint8))
    writer.release()
    found = {(place.name, live, group) for place, live, group in recordings(tmp_path)}
    assert found == {
        ("one", True, "anna"), ("two", True, "anna"), ("alone", True, "live/alone"), ("print", False, "anna"),
        ("phone.avi", False, "spoof/phone.avi"),
    }  # fmt: skip
    assert len(list(frames_of(tmp_path / "spoof" / "phone.avi"))) == 20
    made = read_clips(tmp_path, lambda _frame: face(), lambda _frame, _face: 0.25)
    assert len(made) == 5
    assert {one.per_frame for one in made} == {0.25}


def test_that_a_folder_without_both_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no recordings in “live”"):
        recordings(tmp_path)


@pytest.mark.parametrize(
    ("other", "as_what"),
    [
        ("spoof/anna/b.mp4", "a living face and a picture of one"),
        ("live/bert/b.mp4", "of two people or recordings"),
        ("live/b.mp4", "of two people or recordings"),
        ("spoof/bert/frames/b.png", "a living face and a picture of one"),
    ],
)
def test_that_one_recording_is_not_there_with_two_labels_or_in_two_groups(
    tmp_path: Path, other: str, as_what: str
) -> None:
    for place, content in (("live/anna/a.mp4", b"1" * 99), (other, b"1" * 99), ("spoof/carl/c.mp4", b"2" * 99)):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_bytes(content)
    with pytest.raises(BadInputError, match=as_what) as told:
        recordings(tmp_path)
    assert f"“{other}”" in str(told.value)
    assert "“live/anna/a.mp4”" in str(told.value)


def test_that_a_copy_within_a_group_counts_once_and_what_is_being_written_not_at_all(tmp_path: Path) -> None:
    for place, content in (
        ("live/anna/a.mp4", b"1"), ("live/anna/b.mp4", b"1"), ("live/anna/c.mp4", b"2"), ("live/anna/.d.tmp.mp4", b"3"),
        ("live/bert/one/1.png", b"4"), ("live/bert/one/2.png", b"5"), ("live/bert/two/1.png", b"4"),
        ("spoof/anna/e.mp4", b"6"), ("spoof/.trash/e.mp4", b"6"),
    ):  # fmt: skip
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_bytes(content)
    found = [place.relative_to(tmp_path).as_posix() for place, _, _ in recordings(tmp_path)]
    assert found == ["live/anna/a.mp4", "live/anna/c.mp4", "live/bert/one", "spoof/anna/e.mp4"]


def test_that_a_window_takes_sixteen_frames_with_a_face() -> None:
    seen = [(Frame(np.zeros((4, 4, 3), np.uint8), "x"), face())] * (2 * FRAMES + 3)
    assert len(windows(seen, "a", live=True)) == 2
    assert small(face()).shape == (64, 64, 3)
