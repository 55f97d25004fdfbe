"""The embedder: batches, a device that gives out, files that are not what they should be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from engine.device import choose_device
from engine.errors import PackError
from engine.packs.embedder import CPU_BATCH, Embedder
from engine.packs.files import ModelFile
from engine.packs.mtcnn_weights import load_mtcnn
from engine.packs.pack import DEFAULT_PACK, DLIB_MMOD, DLIB_RESNET, PACKS, Pack

CPU = choose_device("cpu", "fp32")
BIG_GPU = replace(CPU, torch_device=torch.device("meta"), label="Big GPU")
"""Stands for a GPU: anything but the CPU. Nothing is computed on it."""


class Means(nn.Module):
    """Embeds a chip as the means of its colours, and can be told to fail first."""

    def __init__(self, fail: Callable[[int], None] = lambda _count: None) -> None:
        super().__init__()
        self.fail = fail
        self.batches: list[int] = []

    def forward(self, chips: Tensor) -> Tensor:
        self.batches.append(len(chips))
        self.fail(len(chips))
        return chips.mean(dim=(2, 3)) + 1


def pack_of(network: nn.Module) -> Pack:
    class Given(Pack):
        def network(self) -> nn.Module:
            return network

    values = {name: getattr(DEFAULT_PACK, name) for name in Pack.__slots__}
    return Given(**{**values, "dimension": 3})


def chips(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 150, 150, 3), np.uint8)


def test_that_many_chips_go_in_batches_and_come_back_in_order() -> None:
    network = Means()
    given = chips(2 * CPU_BATCH + 5)
    embedded = Embedder(pack_of(network), CPU).embed(given)
    np.testing.assert_allclose(embedded, given.mean(axis=(1, 2)) + 1, rtol=1e-4)
    assert network.batches == [CPU_BATCH, CPU_BATCH, 5]


def test_that_no_chips_give_no_embeddings() -> None:
    assert Embedder(DEFAULT_PACK, CPU).embed(chips(0)).shape == (0, 128)


def test_that_a_batch_that_does_not_fit_is_halved_and_the_result_is_the_same() -> None:
    def fail(count: int) -> None:
        if count > 8:
            raise torch.OutOfMemoryError

    network = Means(fail)
    given = chips(20)
    embedder = Embedder(pack_of(network), CPU)
    np.testing.assert_allclose(embedder.embed(given), given.mean(axis=(1, 2)) + 1, rtol=1e-4)
    assert network.batches == [20, 16, 8, 8, 4]
    assert embedder.fallback_reason == ""


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, torch.AcceleratorError])
def test_that_a_gpu_that_gives_out_is_left_for_the_cpu_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    monkeypatch.setattr("engine.packs.embedder.placed", lambda network, device: network)
    monkeypatch.setattr("engine.packs.embedder.Embedder._forward", _forward_failing_off_the_cpu(error))
    embedder = Embedder(pack_of(Means()), BIG_GPU)
    given = chips(4)
    np.testing.assert_allclose(embedder.embed(given), given.mean(axis=(1, 2)) + 1, rtol=1e-3)
    assert embedder.device.torch_device.type == "cpu"
    assert embedder.fallback_reason.startswith("Big GPU ")


def _forward_failing_off_the_cpu(error: type[Exception]) -> Callable[[Embedder, np.ndarray], np.ndarray]:
    def forward(self: Embedder, given: np.ndarray) -> np.ndarray:
        if self.device.torch_device.type != "cpu":
            raise error("gone")
        embedded: np.ndarray = given.mean(axis=(1, 2)).astype(np.float32) + 1
        return embedded

    return forward


def test_that_a_cpu_out_of_memory_is_a_sentence() -> None:
    def fail(_count: int) -> None:
        raise torch.OutOfMemoryError

    with pytest.raises(PackError, match="memory"):
        Embedder(pack_of(Means(fail)), CPU).embed(chips(1))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 0.0])
def test_that_what_is_no_embedding_is_refused(value: float) -> None:
    class Broken(nn.Module):
        def forward(self, given: Tensor) -> Tensor:
            return torch.full((len(given), 3), value)

    with pytest.raises(PackError, match="no embeddings"):
        Embedder(pack_of(Broken()), CPU).embed(chips(2))


@pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)
def test_that_every_pack_loads_and_says_what_it_is(pack: Pack) -> None:
    embedded = Embedder(pack, choose_device("cpu")).embed(chips(2)[:, : pack.frame.size_px, : pack.frame.size_px])
    assert embedded.shape == (2, pack.dimension)
    assert pack.licence
    assert pack.commercial_use, "nothing else loads by default"


def _copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None) -> ModelFile:
    """A model file that is missing or altered."""
    if content is not None:
        (tmp_path / "model.dat").write_bytes(content)
    monkeypatch.setattr(ModelFile, "locate", lambda _self: tmp_path / "model.dat")
    return DLIB_RESNET


@pytest.mark.parametrize("how", ["missing", "empty", "cut", "flipped", "other"])
def test_that_an_altered_model_file_is_refused_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    whole = DLIB_RESNET.locate().read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    content = {"missing": None, "empty": b"", "cut": whole[:1000], "flipped": bytes(flipped)}.get(
        how, DLIB_MMOD.locate().read_bytes()
    )
    with pytest.raises(PackError, match=r"“model\.dat”.*Reinstall"):
        _copy(tmp_path, monkeypatch, content).read()


def test_that_another_network_in_the_file_is_refused() -> None:
    with pytest.raises(PackError):
        DEFAULT_PACK.load(DLIB_MMOD.read())


@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"\x01\x07affine_" * 4])
def test_that_rubbish_is_no_network(content: bytes) -> None:
    with pytest.raises(PackError):
        DEFAULT_PACK.load(content)


def test_that_a_missing_package_names_what_to_install() -> None:
    with pytest.raises(PackError, match="pip install face-models"):
        ModelFile("no_such_package", "x.dat", "", "face-models").read()


def test_that_mtcnn_has_its_three_networks_parameters() -> None:
    counts = [sum(parameter.numel() for parameter in network.parameters()) for network in load_mtcnn()]
    # Zhang et al. 2016, as in the wheel: 12-, 24- and 48-pixel networks.
    assert counts == [6_632, 100_178, 389_040]
