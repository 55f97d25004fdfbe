"""dlib's serialisation: variable-length integers, tensors, and the layers of a network.

An integer is a control byte (low nibble: how many bytes follow; high bit: negative) and little-endian bytes. A float
is two such integers, mantissa and exponent. A tensor is five integers (version, samples, channels, rows, columns) and
raw little-endian float32. A network stores its layers input first, each beginning with its name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.errors import PackError
from engine.types import FloatArray

_LAYER = re.compile(rb"\x01(?:\x05con_[0-9]|\x07affine_|\x07bn_con2|\x04fc_2)")
_STEPS = bytes(1 + (control & 0x0F) for control in range(256))
"""From the control byte of one integer to that of the next."""


@dataclass(slots=True)
class Reader:
    """Reads one value after another.

    Every method raises PackError when the data ends or makes no sense.
    """

    data: bytes
    position: int = 0

    def take(self, count: int) -> bytes:
        """Return the next bytes."""
        start, self.position = self.position, self.position + count
        if count < 0 or self.position > len(self.data):
            raise PackError("A dlib model file ends too early. Reinstall the package it came with.")
        return self.data[start : self.position]

    def integer(self) -> int:
        """Return the next integer."""
        control = self.take(1)[0]
        value = int.from_bytes(self.take(control & 0x0F), "little")
        return -value if control & 0x80 else value

    def tensor(self) -> FloatArray:
        """Return the next tensor, flat."""
        version, *shape = (self.integer() for _ in range(5))
        if version != 2 or min(shape) < 0:
            raise PackError("A dlib model file has an unknown layout. Reinstall the package it came with.")
        count = int(np.prod(shape))
        return np.frombuffer(self.take(4 * count), "<f4").astype(np.float32)


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer with parameters.

    Attributes:
        kind: "con", "affine", "bn_con" or "fc".
        tensors: con: weights and biases in one; affine: gamma and beta in one; bn_con: gamma and beta in one, running
            means, running variances; fc: the matrix (inputs, outputs), flat.
    """

    kind: str
    tensors: tuple[FloatArray, ...]


def read_layers(data: bytes) -> list[Layer]:
    """Return a network's layers that have parameters, input first.

    Raises:
        PackError: the data is cut short or is no such network.
    """
    layers: list[Layer] = []
    position = 0
    while match := _LAYER.search(data, position):
        reader = Reader(data, match.end())
        kind = match.group()[2:].decode("ascii").rstrip("_0123456789")
        layers.append(_read_layer(kind, reader))
        position = reader.position
    if not layers:
        raise PackError("A dlib model file holds no network. Reinstall the package it came with.")
    return layers


def _read_layer(kind: str, reader: Reader) -> Layer:
    if kind == "fc":
        reader.integer(), reader.integer()
        return Layer(kind, (reader.tensor(),))
    parameters = reader.tensor()
    if kind != "bn_con":
        return Layer(kind, (parameters,))
    for _ in range(2 * 5):
        reader.integer()
    reader.tensor(), reader.tensor()
    return Layer(kind, (parameters, reader.tensor(), reader.tensor()))


def read_integers(data: bytes) -> NDArray[np.int64]:
    """Decode data that is one integer after another.

    Raises:
        PackError: the last integer is cut short.
    """
    starts = []
    position, end = 0, len(data)
    steps = data.translate(_STEPS)
    while position < end:
        starts.append(position)
        position += steps[position]
    if position != end:
        raise PackError("A dlib model file ends too early. Reinstall the package it came with.")
    raw = np.frombuffer(data + bytes(8), np.uint8)
    begin = np.array(starts, np.int64)
    control = raw[begin]
    length = control & 0x0F
    values = np.zeros(len(begin), np.int64)
    for place in range(int(length.max(initial=0))):
        values |= np.where(length > place, raw[begin + 1 + place].astype(np.int64) << (8 * place), 0)
    return np.where(control & 0x80, -values, values)


def floats(integers: NDArray[np.int64]) -> FloatArray:
    """Turn (..., 2) mantissas and exponents into floats."""
    return np.ldexp(integers[..., 0].astype(np.float64), integers[..., 1].astype(np.int32)).astype(np.float32)
