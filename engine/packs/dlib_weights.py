"""dlib's parameters under the names that our networks give them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from engine.errors import PackError
from engine.networks.dlib_resnet import ConvAffine, DlibResNet
from engine.networks.mmod import MmodNet
from engine.packs.dlib_format import Layer, read_layers
from engine.types import FloatArray

_NORM_EPSILON = 1e-4
"""What dlib adds to a variance before taking its root."""
_OTHER_NETWORK = "A dlib model file holds another network than expected. Reinstall the package it came with."


def load_resnet(data: bytes) -> DlibResNet:
    """Build the recognition network from the content of dlib's file.

    Raises:
        PackError: the content is not that network.
    """
    network = DlibResNet()
    layers = iter(read_layers(data))
    for module in network.modules():
        if isinstance(module, ConvAffine):
            _fill_conv(module.conv, _next(layers, "con").tensors[0])
            gamma, beta = _halves(_next(layers, "affine").tensors[0])
            _fill(module.affine.weight, gamma)
            _fill(module.affine.bias, beta)
    head = network.head
    matrix = _next(layers, "fc").tensors[0]
    if matrix.size != head.weight.numel():
        raise PackError(_OTHER_NETWORK)
    _fill(head.weight, matrix.reshape(head.in_features, head.out_features).T)
    _expect_end(layers)
    return network.eval()


def load_mmod(data: bytes) -> MmodNet:
    """Build the face detector's network from the content of dlib's file.

    Raises:
        PackError: the content is not that network.
    """
    network = MmodNet()
    layers = iter(read_layers(data))
    for conv in network.normalised():
        values = _next(layers, "con").tensors[0]
        _fill_conv(conv, _with_norm(values, conv.out_channels, _next(layers, "bn_con")))
    _fill_conv(network.score, _next(layers, "con").tensors[0])
    _expect_end(layers)
    return network.eval().requires_grad_(requires_grad=False)


def _with_norm(values: FloatArray, channels: int, norm: Layer) -> FloatArray:
    """Multiply a batch normalisation into the weights and biases of the convolution before it."""
    parameters, means, variances = norm.tensors
    gamma, beta = _halves(parameters)
    if not (gamma.size == means.size == variances.size == channels and (variances >= 0).all()):
        raise PackError(_OTHER_NETWORK)
    gain = gamma / np.sqrt(variances + _NORM_EPSILON)
    weights, biases = values[:-channels].reshape(channels, -1), values[-channels:]
    return np.concatenate([(weights * gain[:, None]).ravel(), (biases - means) * gain + beta])


def _fill_conv(conv: nn.Conv2d, values: FloatArray) -> None:
    """Give a convolution dlib's weights and, after them, biases."""
    if conv.bias is None:
        raise ValueError("dlib's convolutions have biases")
    weights, biases = np.split(values, [conv.weight.numel()])
    _fill(conv.weight, weights)
    _fill(conv.bias, biases)


def _fill(parameter: Tensor, values: FloatArray) -> None:
    if values.size != parameter.numel() or not np.isfinite(values).all():
        raise PackError(_OTHER_NETWORK)
    with torch.no_grad():
        parameter.copy_(torch.from_numpy(np.ascontiguousarray(values)).reshape(parameter.shape))


def _halves(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    return values[: values.size // 2], values[values.size // 2 :]


def _next(layers: Iterator[Layer], kind: str) -> Layer:
    layer = next(layers, None)
    if layer is None or layer.kind != kind:
        raise PackError(_OTHER_NETWORK)
    return layer


def _expect_end(layers: Iterator[Layer]) -> None:
    if next(layers, None) is not None:
        raise PackError(_OTHER_NETWORK)
