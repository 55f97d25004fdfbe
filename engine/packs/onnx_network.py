"""ONNX embedders that a user brings along, run by onnxruntime."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from engine.errors import PackError, shown
from engine.networks.architectures import ARCHITECTURES
from engine.packs.files import StoredFile
from engine.packs.onnx_probe import MOST_BYTES, PACKAGES_MISSING
from engine.packs.pack import Pack
from engine.types import ChipFrame

_PROBE_WITHIN_S = 120
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Scaling:
    """What a network does with pixels before anything else.

    Attributes:
        mean, divisor: for each channel, in 0..255, in the order in which the network takes the channels.
        bgr: whether that is blue first.
    """

    mean: tuple[float, float, float]
    divisor: tuple[float, float, float]
    bgr: bool = False


_HALF = (127.5,) * 3
SCALINGS: Mapping[str, Scaling] = {
    "signed": Scaling(_HALF, _HALF),
    "signed_bgr": Scaling(_HALF, _HALF, bgr=True),
    "imagenet": Scaling((123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),
    "unit": Scaling((0, 0, 0), (255,) * 3),
    "raw": Scaling((0, 0, 0), (1,) * 3),
    "raw_bgr": Scaling((0, 0, 0), (1,) * 3, bgr=True),
}


@dataclass(frozen=True, slots=True)
class OnnxShape:
    """What a network takes and gives.

    Attributes:
        side: of the faces, in pixels.
        channels_last: (N, H, W, C) and not (N, C, H, W).
        dynamic: any number of faces at once, not one by one.
        dimension: of the embeddings.
    """

    side: int
    channels_last: bool
    dynamic: bool
    dimension: int

    @property
    def frame(self) -> ChipFrame:
        """The window of the network of ours that takes the same size; else that of ArcFace's networks, as most have."""
        same = [one.frame for one in ARCHITECTURES.values() if one.frame.size_px == self.side]
        return same[0] if same else ARCHITECTURES["mobilefacenet"].frame._replace(size_px=self.side)


class OnnxNetwork(nn.Module):
    """An ONNX network in one of ours' clothes; on the CPU."""

    def __init__(self, content: bytes, shape: OnnxShape, scaling: Scaling) -> None:
        """Load it.

        Raises:
            PackError: onnxruntime is not there, or cannot run it.
        """
        super().__init__()
        try:
            import onnxruntime  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise PackError(PACKAGES_MISSING) from error
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        options.intra_op_num_threads = torch.get_num_threads()
        try:
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise PackError("onnxruntime cannot run this network. Choose another pack.") from error
        self._input = self._session.get_inputs()[0].name
        self._shape, self._scaling = shape, scaling

    def forward(self, chips: Tensor) -> Tensor:
        """Embed aligned faces.

        Args:
            chips: (N, 3, S, S) RGB, 0..255.

        Returns:
            (N, D) as the network gives them.
        """
        pixels = chips.float().cpu().permute(0, 2, 3, 1).numpy()
        if self._scaling.bgr:
            pixels = pixels[..., ::-1]
        mean, divisor = (np.array(one, np.float32) for one in (self._scaling.mean, self._scaling.divisor))
        scaled = (pixels - mean) / divisor
        if not self._shape.channels_last:
            scaled = scaled.transpose(0, 3, 1, 2)
        batch = np.ascontiguousarray(scaled, np.float32)
        batches = [batch] if self._shape.dynamic else [batch[place : place + 1] for place in range(len(batch))]
        given = [np.asarray(self._session.run(None, {self._input: one})[0]) for one in batches]
        return torch.from_numpy(np.concatenate(given).reshape(len(chips), -1)).to(chips.device)


def probe(path: Path) -> OnnxShape:
    """Look at a file, in a process of its own.

    Raises:
        PackError: it is no network that embeds faces.
    """
    name = shown(path)
    try:
        size = path.stat().st_size
    except OSError as error:
        raise PackError(f"“{name}” cannot be read: {error.strerror}. Choose another file.") from error
    if size > MOST_BYTES:
        raise PackError(f"“{name}” is larger than {MOST_BYTES >> 20} MB. Choose a smaller network.")
    command = [sys.executable, "-m", "engine.packs.onnx_probe", str(path.resolve())]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_PROBE_WITHIN_S, check=False, cwd=_ROOT)  # noqa: S603
        answer = json.loads(done.stdout.splitlines()[-1])
    except (subprocess.TimeoutExpired, IndexError, ValueError) as error:
        raise PackError(
            f"“{name}” could not be tried: it took too long, or too much memory. It was refused."
        ) from error
    if "refused" in answer:
        raise PackError(f"“{name}” cannot be used. {answer['refused']}")
    return OnnxShape(**answer)


def onnx_pack(pack_id: str, title: str, licence: str, file: StoredFile, about: Mapping[str, Any]) -> Pack:
    """Describe a pack of a user's ONNX network.

    Raises:
        KeyError, TypeError: `about` does not describe one.
    """
    about = dict(about)
    scaling = SCALINGS[about.pop("scaling")]
    shape = OnnxShape(**about)
    return Pack(
        id=pack_id,
        title=title,
        dimension=shape.dimension,
        frame=shape.frame,
        averaged_paddings=(shape.frame.padding,),
        licence=licence,
        commercial_use=False,
        file=file,
        load=partial(_load, shape, scaling),
    )


def described_shape(shape: OnnxShape, scaling: str) -> dict[str, Any]:
    """What `onnx_pack` is told of a network."""
    return {**asdict(shape), "scaling": scaling}


def _load(shape: OnnxShape, scaling: Scaling, content: bytes) -> nn.Module:
    return OnnxNetwork(content, shape, scaling).eval()
