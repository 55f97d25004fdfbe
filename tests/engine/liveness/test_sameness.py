"""A film of a real face that turns as asked, in which another face is faded in while the tracker follows it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from engine.capture.images import read_image
from engine.liveness.challenge import Challenge, Move
from engine.liveness_values import Answer, CheckState
from engine.service import FaceService
from engine.types import PixelArray
from tests.engine.liveness.rendered import film, portrait

FPS, FADE = 8.0, 40
PATH = ((0, 6), (24, 4), (24, 3), (18, FADE), (0, 3), (0, 5))
"""Straight, turned to the person's left, held there while it may be faded, straight again: degrees, frames."""


@pytest.fixture
def faces(service: FaceService, astronaut: PixelArray, hopper_file: Path) -> tuple[PixelArray, PixelArray]:
    pipeline = service._now.networks.for_live
    return portrait(pipeline, astronaut), portrait(pipeline, read_image(hopper_file).pixels)


def challenged(service: FaceService, faces: Sequence[PixelArray], shares: np.ndarray) -> tuple[CheckState, set[int]]:
    """How a check ends, and which tracks the face was given."""
    yaws = [0.0]
    for target, frames in PATH:
        yaws += np.linspace(yaws[-1], target, frames + 1)[1:].tolist()
    service.live.forget()
    service.liveness.begin_challenge()
    state, tracks = service.liveness.state, set()
    for frame in film(faces, yaws[1:], shares.tolist(), FPS, 100.0):
        result = service.watch(frame)
        if not tracks:
            # The first frame of another source ends a check.
            service.liveness._check = Challenge(service._same_face(), (Move.LEFT,))
        tracks |= {one.track_id for one in result.tracked}
        state = result.check or state
    assert state is not None
    return state, tracks


def test_that_a_face_that_is_faded_into_another_fails_though_the_tracker_follows_it(
    service: FaceService, faces: tuple[PixelArray, PixelArray]
) -> None:
    frames = sum(number for _, number in PATH)
    state, tracks = challenged(service, faces, np.clip((np.arange(frames) - 13) / FADE, 0, 1))
    assert len(tracks) == 1
    assert state.cue is not None
    assert state.cue.answer is Answer.ATTACK
    assert "not the same face throughout: the one that looked straight at the end is not who began" in state.prompt


def test_that_the_same_film_without_another_face_passes(
    service: FaceService, faces: tuple[PixelArray, PixelArray]
) -> None:
    state, tracks = challenged(service, faces[:1], np.zeros(sum(number for _, number in PATH)))
    assert len(tracks) == 1
    assert state.cue is not None
    assert state.cue.answer is Answer.LIVE, state.prompt
