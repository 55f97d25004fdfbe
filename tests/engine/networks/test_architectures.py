"""Every network: built, counted, run and trained a step."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional as nnf

from engine.networks.architectures import ARCHITECTURES
from engine.networks.deepface import LEAST_MAXIMUM, DeepFace
from engine.networks.inception_resnet import InceptionResnetV1
from engine.networks.locally_connected import LocallyConnected2d
from engine.networks.mobilefacenet import MobileFaceNet
from engine.networks.siamese import SiameseNetwork, SquaredL2Head, WeightedL1Head

PARAMETERS = {
    "dlib_resnet": 5_614_592,
    "mobilefacenet": 999_936,
    "facenet": 23_482_624,
    "iresnet18": 24_025_600,
    "iresnet50": 43_590_848,
    "deepface": 102_412_864,
    "deepface_small": 6_416_032,
    "siamese": 832_672,
}
SMALL = [key for key in ARCHITECTURES if key not in ("deepface", "iresnet50")]


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize("key", ARCHITECTURES)
def test_that_every_network_has_the_parameters_its_docstring_states(key: str) -> None:
    with torch.device("meta"):
        network = ARCHITECTURES[key].build()
    assert count(network) == PARAMETERS[key]
    if key != "deepface_small":
        assert f"{PARAMETERS[key]:,}" in str(type(network).__doc__)


def test_that_deepface_with_its_classifier_has_more_than_120_million_from_4294_people_on() -> None:
    with torch.device("meta"):
        network = DeepFace()
    for people, total in ((4_030, 118_923_774), (4_294, 120_005_382)):
        assert count(network) + count(nn.Linear(4096, people, device="meta")) == total


@pytest.mark.parametrize("key", SMALL)
def test_that_every_network_embeds_and_learns(key: str) -> None:
    torch.manual_seed(0)
    architecture = ARCHITECTURES[key]
    network = architecture.build()
    size = architecture.frame.size_px
    chips = torch.rand(2, 3, size, size) * 255
    network.train()
    embeddings = network(chips)
    assert embeddings.shape == (2, architecture.dimension)
    embeddings.square().sum().backward()
    learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
    assert all(parameter.grad is not None and torch.isfinite(parameter.grad).all() for parameter in learning)
    network.eval()
    with torch.inference_mode():
        one, two = network(chips)
    assert torch.isfinite(one).all()
    assert not torch.allclose(one, two, atol=1e-6)


# --- locally connected --------------------------------------------------------------------------------------------


def naive(layer: LocallyConnected2d, x: torch.Tensor) -> torch.Tensor:
    rows, columns = layer.weight.shape[:2]
    result = []
    for row in range(rows):
        for column in range(columns):
            top, left = row * layer.stride, column * layer.stride
            patch = x[:, :, top : top + layer.kernel, left : left + layer.kernel].flatten(1)
            result.append(patch @ layer.weight[row, column] + layer.bias[:, row, column])
    return torch.stack(result, dim=2).reshape(len(x), -1, rows, columns)


@pytest.mark.parametrize(("size", "kernel", "stride"), [((7, 9), 3, 1), ((9, 8), 3, 2), ((5, 5), 5, 1)])
def test_that_a_locally_connected_layer_is_a_product_at_each_place(
    size: tuple[int, int], kernel: int, stride: int
) -> None:
    torch.manual_seed(1)
    layer = LocallyConnected2d(2, 3, size, kernel, stride).double()
    nn.init.normal_(layer.bias)
    x = torch.randn(4, 2, *size, dtype=torch.float64, requires_grad=True)
    weights = torch.randn_like(naive(layer, x))
    parameters = (x, layer.weight, layer.bias)
    torch.testing.assert_close(layer(x), naive(layer, x))
    ours = torch.autograd.grad((layer(x) * weights).sum(), parameters)
    expected = torch.autograd.grad((naive(layer, x) * weights).sum(), parameters)
    for one, other in zip(ours, expected, strict=True):
        torch.testing.assert_close(one, other)


def test_that_shared_weights_make_it_a_convolution() -> None:
    torch.manual_seed(2)
    conv = nn.Conv2d(2, 3, 3, stride=2)
    layer = LocallyConnected2d(2, 3, (9, 9), 3, 2)
    with torch.no_grad():
        layer.weight.copy_(conv.weight.flatten(1).T.expand(4, 4, -1, -1))
        assert conv.bias is not None
        layer.bias.copy_(conv.bias[:, None, None].expand(-1, 4, 4))
    x = torch.randn(2, 2, 9, 9)
    torch.testing.assert_close(layer(x), conv(x))


# --- DeepFace's normalisation -------------------------------------------------------------------------------------


def test_that_deepface_divides_each_feature_by_its_largest_and_scales_to_unit_length() -> None:
    torch.manual_seed(3)
    network = DeepFace(0.1).eval()
    chips = torch.rand(3, 3, 152, 152) * 255
    with torch.inference_mode():
        features = network.features(chips)
        network.fit_normalisation(features[:2])
        network.fit_normalisation(features[2:])
        expected = nnf.normalize(features / features.amax(dim=0).clamp_min(LEAST_MAXIMUM), dim=1)
        torch.testing.assert_close(network(chips), expected)
    assert (network(chips) >= 0).all()


# --- published weights --------------------------------------------------------------------------------------------


def test_that_published_facenet_weights_load_with_their_classifier_left_out() -> None:
    """Their names and shapes, as far as this machine can know them: the blocks' names are the published ones."""
    source = InceptionResnetV1()
    tensors = dict(source.state_dict()) | {"logits.weight": torch.zeros(8631, 512), "logits.bias": torch.zeros(8631)}
    for name in (
        "conv2d_1a.conv.weight", "repeat_1.4.branch2.2.bn.running_var", "mixed_6a.branch1.2.conv.weight",
        "repeat_2.9.branch1.1.conv.weight", "mixed_7a.branch2.2.bn.weight", "repeat_3.4.conv2d.bias",
        "block8.branch1.2.bn.bias", "last_linear.weight", "last_bn.running_mean",
    ):  # fmt: skip
        assert name in tensors
    target = InceptionResnetV1()
    target.load_published(tensors)
    torch.testing.assert_close(target.last_linear.weight, source.last_linear.weight)
    with pytest.raises(RuntimeError):
        target.load_published({"conv1.weight": torch.zeros(1)})


def test_that_the_published_mobilefacenet_loads(shared: Path) -> None:
    tensors = torch.load(shared / "weights" / "mobilefacenet.pt", weights_only=True, map_location="cpu")
    MobileFaceNet().load_state_dict(tensors)


# --- Siamese heads ------------------------------------------------------------------------------------------------


def test_that_the_siamese_heads_compare_twins() -> None:
    torch.manual_seed(4)
    twin = SiameseNetwork().eval()
    chips = torch.rand(3, 3, 96, 96) * 255
    first, second = twin(chips), twin(chips.flip(0))
    scaled = nnf.normalize(first, dim=1) - nnf.normalize(second, dim=1)
    torch.testing.assert_close(SquaredL2Head()(first, second), (scaled**2).sum(dim=1))
    assert SquaredL2Head()(first, first).abs().max() < 1e-6
    head = WeightedL1Head()
    torch.testing.assert_close(head(first, second), 1 - scaled.abs().sum(dim=1))
    torch.testing.assert_close(head(first, second), head(second, first))
