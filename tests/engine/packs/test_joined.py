"""Two networks joined: templates of their own, each network seeing the window that it knows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.alignment.chips import chip_of_crop, extract_chips
from engine.alignment.landmarks import Landmarker
from engine.capture.images import read_image
from engine.detection import DETECTORS
from engine.device import choose_device
from engine.errors import PackError
from engine.loaded import calibration_of
from engine.matching.calibration import Calibration
from engine.networks.architectures import ARCHITECTURES
from engine.pack_values import SHIPPED_CALIBRATIONS
from engine.packs.embedder import Embedder
from engine.packs.installed import find_pack, install, installed_files, packs_folder
from engine.packs.installing import install_from_files
from engine.packs.joined import FRAME, Joined, weights_of
from engine.packs.own import store_joined
from engine.packs.pack import DEFAULT_PACK
from engine.pipeline import Pipeline, unit
from engine.service import FaceService
from engine.settings import Settings
from engine.types import ChipFrame, Metric, PixelArray

CPU = choose_device("cpu", "fp32")


class Window(torch.nn.Module):
    """A network that gives its picture back."""

    def forward(self, chips: torch.Tensor) -> torch.Tensor:
        return chips.flatten(1)


@pytest.fixture
def other() -> str:
    """Another network in the user's folder."""
    torch.manual_seed(0)
    calibration = Calibration.measured({metric: np.linspace(0.2, 1, 2000, dtype=np.float32) for metric in Metric})
    about = {"title": "Other", "licence": "Mine", "calibration": calibration.as_json()}
    return install(packs_folder(), "other", "mobilefacenet", ARCHITECTURES["mobilefacenet"].build().eval(), about).id


@pytest.mark.parametrize("frame", [DEFAULT_PACK.frame, ARCHITECTURES["mobilefacenet"].frame])
def test_that_each_network_sees_its_own_window(astronaut: PixelArray, frame: ChipFrame, pipeline: Pipeline) -> None:
    detection = pipeline.detector.detect([astronaut], 40)[0][:1]
    landmarks = Landmarker().locate(astronaut, detection)
    whole = torch.from_numpy(extract_chips(astronaut, landmarks, FRAME)).permute(0, 3, 1, 2).float()
    seen = Joined([Window()], [frame], [1.0])(whole)
    own = torch.from_numpy(extract_chips(astronaut, landmarks, frame)).permute(0, 3, 1, 2).float().flatten(1)
    cosine = torch.nn.functional.cosine_similarity(seen, own).item()
    assert cosine > 0.995


def test_that_a_joined_distance_is_the_weighted_mean_of_both(other: str) -> None:
    made = store_joined([DEFAULT_PACK.id, other], [0.07, 0.3], None)
    assert made.dimension == 256
    assert made.id == "dlib-resnet-v1+other"
    rng = np.random.default_rng(0)
    crop = rng.integers(0, 256, (2, 256, 256, 3), np.uint8)
    chips = np.stack([chip_of_crop(one, FRAME) for one in crop])
    both = Embedder(made, CPU).embed(chips)
    assert np.linalg.norm(both, axis=1) == pytest.approx(1, abs=1e-5)
    first, second = (both[:, :128], both[:, 128:])
    shares = [float(np.linalg.norm(part[0]) ** 2) for part in (first, second)]
    assert shares == pytest.approx([0.3 / 0.37, 0.07 / 0.37], abs=1e-4)
    apart = 1 - float(both[0] @ both[1])
    parts = [1 - float(unit(part)[0] @ unit(part)[1]) for part in (first, second)]
    assert apart == pytest.approx(np.dot(shares, parts), abs=1e-5)


def test_that_only_two_single_networks_are_joined(other: str) -> None:
    for wrong in ([other, other], [DEFAULT_PACK.id, f"{DEFAULT_PACK.id}+{other}"]):
        with pytest.raises(PackError):
            store_joined(wrong, [0.1, 0.1], None)
    with pytest.raises(PackError, match="“MobileFaceNet” is not installed"):
        store_joined([DEFAULT_PACK.id, "mobilefacenet"], [0.1, 0.1], None)


def test_that_the_narrower_distances_weigh_more() -> None:
    narrow, wide = weights_of([0.1, 0.4])
    assert narrow**2 + wide**2 == pytest.approx(1, abs=1e-5)
    assert narrow**2 / wide**2 == pytest.approx(4, rel=1e-4)


def test_that_a_joined_pack_that_lost_a_part_says_so(other: str) -> None:
    store_joined([DEFAULT_PACK.id, other], [0.07, 0.3], None)
    (packs_folder() / other / "pack.json").unlink()
    with pytest.raises(PackError, match="no pack “other”"):
        find_pack("dlib-resnet-v1+other")


def test_that_every_shipped_calibration_is_there() -> None:
    for pack_id in SHIPPED_CALIBRATIONS:
        calibration = Calibration.load(pack_id)
        assert calibration.pairs > 500_000
        assert 0 < calibration.threshold(Metric.COSINE, 1e-3) < 1


def test_that_mobilefacenet_and_both_joined_tell_two_people_apart(shared: Path, pictures: Path, tmp_path: Path) -> None:
    install_from_files("mobilefacenet", shared / "weights" / "mobilefacenet.pt")
    limits = [
        calibration_of(find_pack(one)).threshold(Metric.COSINE, 1e-3) for one in ("dlib-resnet-v1", "mobilefacenet")
    ]
    both = store_joined(["dlib-resnet-v1", "mobilefacenet"], limits, None)
    for pack_id in ("mobilefacenet", both.id):
        service = FaceService(Settings(precision="fp32", pack=pack_id), tmp_path / f"{pack_id}.db")
        assert service.info().pack_problem == ""
        eileen = service.enroll("Eileen", service.judge([pictures / "eileen1.jpg"])).person
        assert service.verify(eileen.id, pictures / "eileen2.png").match
        stranger = service.verify(eileen.id, pictures / "grace.jpg")
        assert not stranger.match
        assert stranger.distance > 1.3 * stranger.threshold
        service.close()


def test_that_yunet_finds_the_faces_that_mtcnn_finds(shared: Path, pictures: Path) -> None:
    with pytest.raises(PackError, match="“YuNet” is not installed"):
        DETECTORS["yunet"](CPU)
    install_from_files("yunet", shared / "weights")
    frames = [read_image(pictures / name).pixels for name in ("both.jpg", "faceless.png")]
    found = DETECTORS["yunet"](CPU).detect(frames, 40)
    known = DETECTORS["mtcnn"](CPU).detect(frames, 40)
    assert [len(one) for one in found] == [2, 0]
    for mine in found[0]:
        assert mine.points is not None
        nearest = min(float(np.abs(one.points - mine.points).max()) for one in known[0] if one.points is not None)
        assert nearest < 0.12 * mine.box.width
    assert installed_files("yunet")
