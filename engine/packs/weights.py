"""Weights from files into networks: safetensors, or a PyTorch state dict, which is never unpickled freely."""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn

from engine.errors import PackError
from engine.networks.architectures import ARCHITECTURES


def load_weights(key: str, content: bytes) -> nn.Module:
    """Build an architecture with weights from safetensors.

    Raises:
        PackError: the content is none, of another network, or holds values that are no numbers.
    """
    try:
        return filled(key, load(content))
    except SafetensorError as error:
        raise PackError(
            "The file holds no safetensors. Choose a file that Visavis or another tool wrote as such."
        ) from error


def filled(key: str, tensors: Mapping[str, Tensor]) -> nn.Module:
    """Build an architecture with the given weights, in evaluation mode.

    Raises:
        PackError: they are those of another network, or hold values that are no numbers.
    """
    architecture = ARCHITECTURES[key]
    network = architecture.build()
    if not all(torch.isfinite(tensor).all() for tensor in tensors.values() if tensor.is_floating_point()):
        raise PackError(f"The weights for {architecture.title} hold values that are no numbers. Use another file.")
    try:
        network.load_state_dict(dict(tensors))
    except RuntimeError as error:
        raise PackError(
            f"The weights are not those of {architecture.title}. Choose the network they belong to."
        ) from error
    return network.eval().requires_grad_(requires_grad=False)


def load_state_dict(key: str, content: bytes) -> nn.Module:
    """Build an architecture with weights from a PyTorch file that holds nothing but tensors.

    Raises:
        PackError: it holds anything else, or the weights of another network.
    """
    try:
        stored = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, AttributeError, KeyError) as error:
        raise PackError(
            "The file holds more than tensors, or is damaged; it was not opened. Use safetensors."
        ) from error
    if isinstance(stored, Mapping) and isinstance(stored.get("state_dict"), Mapping):
        # A checkpoint of another tool: the weights are one of its parts.
        stored = stored["state_dict"]
    if not isinstance(stored, Mapping) or not all(isinstance(tensor, Tensor) for tensor in stored.values()):
        raise PackError("The file holds no weights by name, but something else. Use a file of a network's state dict.")
    return filled(key, {name: tensor for name, tensor in stored.items() if not name.startswith("logits.")})
