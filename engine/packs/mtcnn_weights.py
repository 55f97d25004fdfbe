"""MTCNN's published weights under the names that our networks give them."""

from __future__ import annotations

import io
from typing import TypeVar

import joblib
import numpy as np
import torch

from engine.errors import PackError
from engine.networks.mtcnn import ONet, PNet, RNet
from engine.packs.files import ModelFile
from engine.packs.pack import MTCNN_ONET, MTCNN_PNET, MTCNN_RNET

Net = TypeVar("Net", PNet, RNet, ONet)


def load_mtcnn() -> tuple[PNet, RNet, ONet]:
    """Build the three networks.

    Raises:
        PackError: a file is missing, altered or not the expected network.
    """
    return _filled(PNet(), MTCNN_PNET), _filled(RNet(), MTCNN_RNET), _filled(ONet(), MTCNN_ONET)


def _filled(network: Net, file: ModelFile) -> Net:
    # A joblib file is a pickle: `read` has checked that it is the published one before it is opened.
    arrays = joblib.load(io.BytesIO(file.read()))
    parameters = list(network.parameters())
    if len(arrays) != len(parameters):
        raise PackError("A weights file of MTCNN holds another network. Reinstall the package “mtcnn”.")
    with torch.no_grad():
        for parameter, array in zip(parameters, arrays, strict=True):
            parameter.copy_(torch.from_numpy(_as_torch(np.asarray(array, np.float32))).reshape(parameter.shape))
    return network.eval().requires_grad_(requires_grad=False)


def _as_torch(array: np.ndarray) -> np.ndarray:
    """Convolutions come as (height, width, in, out), linear layers as (in, out), PReLU slopes as (1, 1, channels)."""
    if array.ndim == 4:
        return np.ascontiguousarray(array.transpose(3, 2, 0, 1))
    return np.ascontiguousarray(array.T) if array.ndim == 2 else array.reshape(-1)
