"""The recognition network against dlib's C++."""

from __future__ import annotations

import numpy as np
import torch

from engine.device import choose_device
from engine.networks.dlib_resnet import DlibResNet
from engine.packs.embedder import Embedder
from engine.packs.pack import DEFAULT_PACK
from engine.pipeline import Pipeline
from engine.types import FloatArray, Frame, PixelArray
from tests import oracle


def _chips(pipeline: Pipeline, pixels: PixelArray) -> PixelArray:
    faces = pipeline.faces([Frame(pixels.copy(), "test")], smallest_face_px=40, averaging=False)[0]
    turned = [face.chip[::-1] for face in faces]
    return np.stack([*(face.chip for face in faces), *turned])


def _run(network: torch.nn.Module, chips: PixelArray) -> FloatArray:
    with torch.inference_mode():
        result: FloatArray = network(torch.from_numpy(chips).permute(0, 3, 1, 2).float()).numpy()
    return result


def test_that_embeddings_equal_dlibs_from_the_same_chip(pipeline: Pipeline, astronaut: PixelArray) -> None:
    chips = _chips(pipeline, astronaut)
    expected = np.stack([oracle.embedding(chip) for chip in chips])
    np.testing.assert_allclose(_run(DEFAULT_PACK.network(), chips), expected, atol=1e-5)


def test_that_folding_the_affines_changes_nothing(pipeline: Pipeline, astronaut: PixelArray) -> None:
    network = DEFAULT_PACK.network()
    assert isinstance(network, DlibResNet)
    chips = _chips(pipeline, astronaut)
    np.testing.assert_allclose(_run(network.folded(), chips), _run(network, chips), atol=1e-5)


def test_that_balancing_changes_nothing_but_where_the_scale_is(pipeline: Pipeline, astronaut: PixelArray) -> None:
    network = DEFAULT_PACK.network()
    assert isinstance(network, DlibResNet)
    chips = _chips(pipeline, astronaut)
    before = _run(network, chips)
    np.testing.assert_allclose(_run(network.balance(), chips), before, atol=1e-5)
    assert all((block.first.affine.weight == 1).all() for block in network.blocks)


def test_that_bf16_stays_near_fp32_where_the_cpu_has_it(pipeline: Pipeline, astronaut: PixelArray) -> None:
    chips = _chips(pipeline, astronaut)
    fast = Embedder(DEFAULT_PACK, choose_device("cpu")).embed(chips)
    exact = Embedder(DEFAULT_PACK, choose_device("cpu", "fp32")).embed(chips)
    assert np.abs(fast - exact).max() < 0.01


def test_that_the_network_is_as_large_as_dlibs() -> None:
    network = DEFAULT_PACK.network()
    # 29 convolutions, each with an affine, and one linear map without bias.
    assert sum(isinstance(module, torch.nn.Conv2d) for module in network.modules()) == 29
    assert sum(parameter.numel() for parameter in network.parameters()) == 5_614_592
