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
from engine.packs.installed import pack_from_weights

PARAMETERS = {
    "dlib_resnet": 5_614_592,
    "mobilefacenet": 999_936,
    "facenet": 23_482_624,
    "facenet128": 22_793_728,
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


def _convolved(name: str, kernel: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    norm = {f"{name}.bn.{part}": kernel[:1] for part in ("weight", "bias", "running_mean", "running_var")}
    return {f"{name}.conv.weight": kernel, **norm, f"{name}.bn.num_batches_tracked": ()}


def _chain(name: str, *kernels: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """A branch of several convolutions numbers them; of a single one it is that."""
    if len(kernels) == 1:
        return _convolved(name, kernels[0])
    return {key: shape for n, kernel in enumerate(kernels) for key, shape in _convolved(f"{name}.{n}", kernel).items()}


def _residual(name: str, channels: int, joined: int, *branches: list[tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    keys = {f"{name}.conv2d.weight": (channels, joined, 1, 1), f"{name}.conv2d.bias": (channels,)}
    for number, kernels in enumerate(branches):
        keys |= _chain(f"{name}.branch{number}", *kernels)
    return keys


def published_facenet() -> dict[str, tuple[int, ...]]:
    """Names and shapes of the widely used PyTorch weights, written out from the paper's figures 9 to 14."""
    keys: dict[str, tuple[int, ...]] = {}
    stem = (
        ("1a", (32, 3, 3, 3)), ("2a", (32, 32, 3, 3)), ("2b", (64, 32, 3, 3)), ("3b", (80, 64, 1, 1)),
        ("4a", (192, 80, 3, 3)), ("4b", (256, 192, 3, 3)),
    )  # fmt: skip
    for name, kernel in stem:
        keys |= _convolved(f"conv2d_{name}", kernel)
    for number in range(5):
        keys |= _residual(
            f"repeat_1.{number}", 256, 96, [(32, 256, 1, 1)], [(32, 256, 1, 1), (32, 32, 3, 3)],
            [(32, 256, 1, 1), (32, 32, 3, 3), (32, 32, 3, 3)],
        )  # fmt: skip
    keys |= _chain("mixed_6a.branch0", (384, 256, 3, 3))
    keys |= _chain("mixed_6a.branch1", (192, 256, 1, 1), (192, 192, 3, 3), (256, 192, 3, 3))
    for number in range(10):
        keys |= _residual(
            f"repeat_2.{number}", 896, 256, [(128, 896, 1, 1)],
            [(128, 896, 1, 1), (128, 128, 1, 7), (128, 128, 7, 1)],
        )  # fmt: skip
    keys |= _chain("mixed_7a.branch0", (256, 896, 1, 1), (384, 256, 3, 3))
    keys |= _chain("mixed_7a.branch1", (256, 896, 1, 1), (256, 256, 3, 3))
    keys |= _chain("mixed_7a.branch2", (256, 896, 1, 1), (256, 256, 3, 3), (256, 256, 3, 3))
    for name in (*(f"repeat_3.{number}" for number in range(5)), "block8"):
        keys |= _residual(name, 1792, 384, [(192, 1792, 1, 1)], [(192, 1792, 1, 1), (192, 192, 1, 3), (192, 192, 3, 1)])
    norm = {f"last_bn.{part}": (512,) for part in ("weight", "bias", "running_mean", "running_var")}
    return keys | {"last_linear.weight": (512, 1792), **norm, "last_bn.num_batches_tracked": ()}


def test_that_published_facenet_weights_load_with_their_classifier_left_out(tmp_path: Path) -> None:
    ours = {name: tuple(tensor.shape) for name, tensor in InceptionResnetV1().state_dict().items()}
    assert published_facenet() == ours
    random = torch.Generator().manual_seed(5)
    tensors = {name: torch.rand(shape, generator=random) for name, shape in published_facenet().items()}
    tensors |= {"logits.weight": torch.zeros(8631, 512), "logits.bias": torch.zeros(8631)}
    torch.save(tensors, tmp_path / "vggface2.pt")
    network = pack_from_weights(tmp_path / "vggface2.pt", "facenet").network()
    torch.testing.assert_close(network.get_parameter("last_linear.weight"), nn.Parameter(tensors["last_linear.weight"]))


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
    torch.testing.assert_close(head(first, second), 7 - 8 / 128**0.5 * scaled.abs().sum(dim=1))
    torch.testing.assert_close(head(first, second), head(second, first))
