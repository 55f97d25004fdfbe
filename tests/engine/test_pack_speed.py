import hashlib
from dataclasses import replace

import pytest
import torch

from engine.device import Device, choose_device
from engine.errors import BadInputError, OperationCancelledError, PackError
from engine.liveness import weights
from engine.networks.minifasnet import MiniFASNet
from engine.pack_speed import speed_of
from engine.packs.catalogue import CATALOGUE, MINIFASNET
from engine.packs.installed import packs_folder
from engine.packs.pack import DEFAULT_PACK
from engine.types import CancelToken, silent


@pytest.fixture
def device() -> Device:
    return choose_device("cpu", "fp32")


@pytest.fixture
def passive(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pack of passive networks with weights that were never trained."""
    place = packs_folder() / MINIFASNET
    place.mkdir(parents=True)
    made = []
    for known in weights.FILES:
        torch.save(MiniFASNet(known.widths).state_dict(), place / known.name)
        made.append(replace(known, sha256=hashlib.sha256((place / known.name).read_bytes()).hexdigest()))
    monkeypatch.setattr(weights, "FILES", tuple(made))


@pytest.mark.usefixtures("passive")
@pytest.mark.parametrize(
    ("pack_id", "of"),
    [(DEFAULT_PACK.id, "a face"), ("mtcnn", "a picture of 640x480"), (MINIFASNET, "a face by both networks")],
)
def test_that_every_kind_of_pack_can_be_measured(device: Device, pack_id: str, of: str) -> None:
    speed = speed_of(pack_id, device, silent, CancelToken(), seconds=0.01)
    assert speed.milliseconds > 0
    assert speed.of.startswith(of)
    assert speed.device


@pytest.mark.parametrize("pack_id", [pack.id for pack in CATALOGUE.values() if not pack.bundled])
def test_that_what_is_not_installed_is_not_measured_and_says_how_to_install_it(device: Device, pack_id: str) -> None:
    with pytest.raises(PackError, match=f"is not installed.*visavis packs install {pack_id}"):
        speed_of(pack_id, device, silent, CancelToken(), seconds=0.01)


def test_that_measuring_can_be_stopped_and_needs_a_pack(device: Device) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(OperationCancelledError):
        speed_of("mtcnn", device, silent, token)
    with pytest.raises((BadInputError, PackError), match="nobody"):
        speed_of("nobody", device, silent, CancelToken())
