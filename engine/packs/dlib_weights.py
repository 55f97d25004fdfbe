"""dlib's parameters under the names that our networks give them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from engine.errors import PackError
from engine.networks.dlib_resnet import ConvAffine, DlibResNet
from engine.packs.dlib_format import Layer, read_layers
from engine.types import FloatArray


def load_resnet(data: bytes) -> DlibResNet:
    """Build the recognition network from the content of dlib's file.

    Raises:
        PackError: the content is not that network.
    """
    network = DlibResNet()
    layers = iter(read_layers(data))
    for module in network.modules():
        if isinstance(module, ConvAffine):
            fill_conv(module.conv, _next(layers, "con"))
            gamma, beta = np.split(_next(layers, "affine").tensors[0], 2)
            _fill(module.affine.weight, gamma)
            _fill(module.affine.bias, beta)
    head = network.head
    _fill(head.weight, _next(layers, "fc").tensors[0].reshape(head.in_features, head.out_features).T)
    _expect_end(layers)
    return network.eval()


def fill_conv(conv: nn.Conv2d, layer: Layer) -> None:
    """Give a convolution the weights and biases of a dlib layer.

    Raises:
        PackError: the sizes differ.
    """
    weights, biases = np.split(layer.tensors[0], [conv.weight.numel()])
    _fill(conv.weight, weights)
    if conv.bias is None:
        raise ValueError("dlib's convolutions have biases")
    _fill(conv.bias, biases)


def _fill(parameter: Tensor, values: FloatArray) -> None:
    if values.size != parameter.numel() or not np.isfinite(values).all():
        raise PackError("A dlib model file holds another network than expected. Reinstall the package it came with.")
    with torch.no_grad():
        parameter.copy_(torch.from_numpy(np.ascontiguousarray(values)).reshape(parameter.shape))


def _next(layers: Iterator[Layer], kind: str) -> Layer:
    layer = next(layers, None)
    if layer is None or layer.kind != kind:
        raise PackError("A dlib model file holds another network than expected. Reinstall the package it came with.")
    return layer


def _expect_end(layers: Iterator[Layer]) -> None:
    if next(layers, None) is not None:
        raise PackError("A dlib model file holds another network than expected. Reinstall the package it came with.")
