from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.capture.images import read_image
from engine.detection import DETECTORS
from engine.device import choose_device
from engine.errors import PackError
from engine.liveness.passive import (
    ATTACK_TO,
    LEAST_FRAMES,
    LIVE_FROM,
    PassiveScore,
    PassiveScorer,
    PassiveTrack,
    crop,
    crop_scale,
    their_box,
)
from engine.liveness.weights import FILES, PassiveNetworks, filled, load_passive
from engine.liveness_values import Answer
from engine.networks.minifasnet import V1SE, V2, MiniFASNet
from engine.types import Box, PixelArray

KNOWN = {
    "F1": (Box(178, 136, 223, 225), [[0.0837, 0.0013, 0.9150], [0.3084, 0.1433, 0.5483]]),
    "F2": (Box(120, 252, 252, 256), [[0.0002, 0.0006, 0.9992], [0.0030, 0.3619, 0.6351]]),
    "T1": (Box(106, 147, 207, 213), [[0.0001, 0.9902, 0.0096], [0.0000, 0.9969, 0.0031]]),
}
"""The networks' own samples with their detector's boxes: softmax of V2 and of V1SE."""


@pytest.fixture(scope="module")
def scorer(shared: Path) -> PassiveScorer:
    return PassiveScorer(load_passive(shared / "weights"))


def picture(shared: Path, name: str) -> PixelArray:
    return read_image(shared / "data" / "pad" / f"image_{name}.jpg").pixels


@pytest.mark.parametrize("name", KNOWN)
def test_that_the_known_answers_come_out_right(shared: Path, scorer: PassiveScorer, name: str) -> None:
    box, expected = KNOWN[name]
    score = scorer.score(picture(shared, name), [box])[0]
    assert score.probabilities == pytest.approx(np.array(expected), abs=6e-5)
    assert score.live == pytest.approx(np.mean(expected, axis=0)[1], abs=6e-5)


@pytest.mark.parametrize(("name", "mistaken"), [("F1", 0.926), ("F2", 0.995)])
def test_that_the_wrong_colour_order_is_what_takes_attacks_for_people(
    shared: Path, scorer: PassiveScorer, name: str, mistaken: float
) -> None:
    pixels, box = picture(shared, name), KNOWN[name][0]
    swapped = np.ascontiguousarray(pixels[:, :, ::-1])
    assert scorer.score(swapped, [box])[0].live == pytest.approx(mistaken, abs=6e-4)
    assert scorer.score(pixels, [box])[0].live < ATTACK_TO


@pytest.mark.parametrize("detector", ["mtcnn", "mmod"])
@pytest.mark.parametrize("name", KNOWN)
def test_that_our_detectors_boxes_lead_to_the_right_answer_over_frames(
    shared: Path, scorer: PassiveScorer, name: str, detector: str
) -> None:
    pixels = picture(shared, name)
    found = DETECTORS[detector](choose_device("cpu", "fp32")).detect([pixels], 100)[0]
    box = max(found, key=lambda one: one.box.area).box
    draw = np.random.default_rng(1)
    track = PassiveTrack()
    for number in range(16):
        x, y, width, height = draw.uniform(-0.1, 0.1, 4)
        moved = Box(box.x + x * box.width, box.y + y * box.height, box.width * (1 + width), box.height * (1 + height))
        track.add(number / 10, scorer.score(pixels, [their_box(moved)])[0])
    assert track.cue().answer is (Answer.LIVE if name == "T1" else Answer.ATTACK)


def test_that_an_altered_file_of_the_pack_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="cannot be read"):
        load_passive(tmp_path)
    (tmp_path / FILES[0].name).write_bytes(b"something else")
    with pytest.raises(PackError, match="damaged or was altered"):
        load_passive(tmp_path)
    with pytest.raises(PackError, match="more than tensors"):
        filled(FILES[0], b"something else")


@pytest.mark.parametrize(("widths", "parameters"), [(V2, 434_560), (V1SE, 433_586)])
def test_that_a_network_has_the_published_size(widths: object, parameters: int) -> None:
    network = MiniFASNet(V2 if widths is V2 else V1SE)
    assert sum(one.numel() for one in network.parameters()) == parameters
    assert network.eval()(torch.zeros(2, 3, 80, 80)).shape == (2, 3)


class _Sees(torch.nn.Module):
    """Says "live" by how blue its crop is, and remembers what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[torch.Tensor] = []

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        self.seen.append(crops)
        return torch.zeros(len(crops), 3)


def test_that_networks_see_blue_first_and_undivided() -> None:
    spy = _Sees()
    scorer = PassiveScorer(PassiveNetworks(((2.7, spy),), "spy"))
    pixels = np.zeros((200, 200, 3), np.uint8)
    pixels[..., 0], pixels[..., 2] = 250, 10
    scorer.score(pixels, [Box(80, 80, 40, 40)])
    assert spy.seen[0][0, 0].unique().tolist() == [10]
    assert spy.seen[0][0, 2].unique().tolist() == [250]


def test_that_both_networks_see_one_crop_where_both_are_clamped() -> None:
    near, wide = _Sees(), _Sees()
    scorer = PassiveScorer(PassiveNetworks(((2.7, near), (4.0, wide)), "spies"))
    pixels = np.random.default_rng(0).integers(0, 255, (300, 300, 3), dtype=np.uint8)
    close = scorer.score(pixels, [Box(80, 80, 140, 140)])[0]
    assert torch.equal(near.seen[0], wide.seen[0])
    assert close.clamped
    far = scorer.score(pixels, [Box(120, 120, 50, 50)])[0]
    assert not torch.equal(near.seen[1], wide.seen[1])
    assert not far.clamped


@given(
    st.tuples(st.integers(60, 700), st.integers(60, 700)),
    st.tuples(st.floats(-0.2, 0.9), st.floats(-0.2, 0.9), st.floats(0.05, 1.2), st.floats(0.05, 1.2)),
    st.sampled_from([2.7, 4.0]),
)
def test_that_any_box_gives_a_crop(
    size: tuple[int, int], place: tuple[float, float, float, float], scale: float
) -> None:
    width, height = size
    box = Box(place[0] * width, place[1] * height, place[2] * width, place[3] * height)
    pixels = np.zeros((height, width, 3), np.uint8)
    assert crop(pixels, box, crop_scale(size, box, scale)).shape == (80, 80, 3)


def _score(live: float, *, clamped: bool = False) -> PassiveScore:
    return PassiveScore(live, clamped, np.empty((0, 3), np.float32))


def test_that_one_frame_never_decides() -> None:
    track = PassiveTrack()
    for number in range(LEAST_FRAMES - 1):
        track.add(number / 30, _score(1.0))
        assert track.cue().answer is Answer.UNSURE
    track.add(1.0, _score(1.0))
    assert track.cue().answer is Answer.LIVE


@pytest.mark.parametrize(
    ("live", "answer"),
    [(LIVE_FROM, Answer.LIVE), (0.69, Answer.UNSURE), (0.41, Answer.UNSURE), (ATTACK_TO, Answer.ATTACK)],
)
def test_that_between_live_and_attack_it_abstains(live: float, answer: Answer) -> None:
    track = PassiveTrack()
    for number in range(16):
        track.add(number / 30, _score(live))
    assert track.cue().answer is answer


def test_that_a_face_without_room_around_it_is_asked_to_move_back() -> None:
    track = PassiveTrack()
    for number in range(16):
        track.add(number / 30, _score(0.5, clamped=True))
    assert "Move back" in track.cue().hint


def test_that_old_frames_are_forgotten() -> None:
    track = PassiveTrack()
    for number in range(16):
        track.add(number / 30, _score(1.0))
    track.add(60.0, _score(1.0))
    assert track.cue().frames == 1
    assert track.cue().answer is Answer.UNSURE
