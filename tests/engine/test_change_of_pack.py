"""Another pack chosen while something that was found with the one before is still in hand."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from engine.errors import BadInputError, GalleryError, PackError
from engine.gallery.store import Gallery
from engine.liveness_values import CheckPhase
from engine.matching.calibration import Calibration
from engine.packs.installed import install, packs_folder
from engine.packs.pack import DEFAULT_PACK
from engine.service import FaceService
from engine.settings import Settings
from engine.types import Frame, Metric, PixelArray

MINE = Settings(precision="fp32", pack="mine")


@pytest.fixture
def mine(service: FaceService) -> str:
    """An installed pack whose embeddings are as long as the default's, and have nothing to do with them."""
    network = DEFAULT_PACK.network()
    turned = {
        name: -tensor.flip(0) if name == "head.weight" else tensor for name, tensor in network.state_dict().items()
    }
    network.load_state_dict(turned)
    impostors = {metric: np.linspace(0.05, 1, 1000, dtype=np.float32) for metric in Metric}
    about = {"title": "Mine", "licence": "Mine", "calibration": Calibration.measured(impostors).as_json()}
    return install(packs_folder(), "mine", "dlib_resnet", network, about).id


def test_that_a_face_judged_with_one_pack_is_not_stored_as_another_packs(
    service: FaceService, mine: str, pictures: Path
) -> None:
    candidates = service.judge([pictures / "eileen1.jpg"])
    service.apply(MINE)
    person = service.enroll("Eileen", candidates).person
    (template,) = service.templates(person.id)
    assert candidates[0].face is not None
    assert candidates[0].face.embedding is not None
    assert float(template.embeddings[mine] @ candidates[0].face.embedding) < 0.5
    assert service.verify(person.id, pictures / "eileen1.jpg").distance < 0.01


def test_that_guided_enrollment_says_so_when_another_pack_is_chosen(
    service: FaceService, mine: str, astronaut: PixelArray
) -> None:
    service.guided.begin("Eileen", date(2026, 11, 24))
    assert service.guided.see(Frame(astronaut, "camera", 1.0)).covered
    service.apply(MINE)
    for ask in (lambda: service.guided.see(Frame(astronaut, "camera", 2.0)), service.guided.report):
        with pytest.raises(BadInputError, match="Start again"):
            ask()
    service.guided.begin("Eileen", date(2026, 11, 24))
    assert service.guided.see(Frame(astronaut, "camera", 3.0)).covered


def test_that_decisions_of_another_pack_are_not_judged_by_this_ones_limits(
    service: FaceService, mine: str, pictures: Path
) -> None:
    service.compare(pictures / "eileen1.jpg", pictures / "eileen2.png")
    assert service.replay(1e-3).decisions == 1
    service.apply(MINE)
    assert service.replay(1e-3).decisions == 0
    service.apply(Settings(precision="fp32"))
    assert service.replay(1e-3).decisions == 1


def test_that_a_liveness_check_does_not_outlive_the_track_it_began_with(
    service: FaceService, mine: str, astronaut: PixelArray
) -> None:
    before = service.watch(Frame(astronaut, "camera", 1.0, kind="camera")).tracked
    service.liveness.begin_challenge()
    service.watch(Frame(astronaut, "camera", 1.1, kind="camera"))
    service.apply(MINE)
    after = service.watch(Frame(astronaut, "camera", 1.2, kind="camera"))
    assert not {one.track_id for one in before} & {one.track_id for one in after.tracked}
    assert after.check is not None
    assert after.check.phase is CheckPhase.FAILED


def test_that_a_pack_stays_when_what_it_made_of_the_gallery_cannot_be_deleted(
    service: FaceService, mine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise GalleryError("the disk is full")

    monkeypatch.setattr(Gallery, "forget_pack", full)
    with pytest.raises(GalleryError, match="full"):
        service.remove_pack(mine)
    service.apply(MINE)
    assert service.info().pack == "Mine"
    with pytest.raises(PackError, match="in use"):
        service.remove_pack(mine)
