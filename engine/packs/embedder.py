"""Chips -> embeddings, in batches; a device that gives out is left for the CPU, and that is said."""

from __future__ import annotations

import logging

import numpy as np
import torch

from engine.device import Device, choose_device, placed
from engine.errors import PackError
from engine.networks.dlib_resnet import DlibResNet
from engine.packs.pack import Pack
from engine.types import FloatArray, PixelArray

log = logging.getLogger(__name__)

CPU_BATCH, GPU_BATCH = 32, 256


class Embedder:
    """A pack's network, ready to run.

    Attributes:
        pack: whose network it is.
        device: where it runs now.
        fallback_reason: why it no longer runs where it started, as a sentence; empty while it does.
    """

    def __init__(self, pack: Pack, device: Device) -> None:
        """Load the network.

        Raises:
            PackError: the pack's file is missing, altered or not the network.
        """
        self.pack = pack
        self.fallback_reason = ""
        self._network = pack.network()
        self._place(device)

    def _place(self, device: Device) -> None:
        self.device = device
        self._batch = CPU_BATCH if device.torch_device.type == "cpu" else GPU_BATCH
        network = self._network.folded() if isinstance(self._network, DlibResNet) else self._network
        self._running = placed(network, device)

    def embed(self, chips: PixelArray) -> FloatArray:
        """Embed aligned faces.

        Args:
            chips: (N, S, S, 3) uint8 RGB, S being the size of the pack's frame.

        Returns:
            (N, D) float32 as the network gives them, not scaled to unit length.

        Raises:
            PackError: the network gave something that is no embedding.
        """
        if not len(chips):
            return np.empty((0, self.pack.dimension), np.float32)
        done: list[FloatArray] = []
        start = 0
        while start < len(chips):
            try:
                done.append(self._forward(chips[start : start + self._batch]))
            except torch.OutOfMemoryError:
                self._relieve()
                continue
            except torch.AcceleratorError as error:
                self._leave_device(f"{self.device.label} stopped working")
                log.warning("The device failed: %s", error)
                continue
            start += len(done[-1])
        embeddings = np.concatenate(done)
        if not (np.isfinite(embeddings).all() and np.linalg.norm(embeddings, axis=1).all()):
            raise PackError(
                f"“{self.pack.title}” gave values that are no embeddings. Choose precision fp32, or the CPU."
            )
        return embeddings

    def _forward(self, chips: PixelArray) -> FloatArray:
        with torch.inference_mode(), self.device.autocast():
            # (N, H, W, C) memory seen as (N, C, H, W) already is channels-last.
            batch = torch.from_numpy(np.ascontiguousarray(chips)).to(self.device.torch_device).permute(0, 3, 1, 2)
            embeddings: FloatArray = self._running(batch.float()).float().cpu().numpy()
        return embeddings

    def _relieve(self) -> None:
        """Try a smaller batch, and the CPU when even one face does not fit."""
        if self._batch > 1:
            self._batch //= 2
            log.warning("Out of memory on %s; the batch is now %d.", self.device.label, self._batch)
            torch.cuda.empty_cache()
        else:
            self._leave_device(f"{self.device.label} has no memory left")

    def _leave_device(self, reason: str) -> None:
        if self.device.torch_device.type == "cpu":
            raise PackError("The embedding network ran out of memory. Close other programs and try again.")
        self.fallback_reason = left_device(reason)
        log.warning("%s", self.fallback_reason)
        self._place(choose_device("cpu"))


def left_device(reason: str) -> str:
    """Say that the CPU is used now, and why."""
    return f"{reason}, so the CPU is used. Start Visavis again to go back."
