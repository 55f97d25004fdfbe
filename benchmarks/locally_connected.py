"""The locally connected layer against the obvious form, unfold and einsum: time and memory, at DeepFace's sizes.

Each side runs in a process of its own, forward and backward, so that its peak memory is its own.
"""

from __future__ import annotations

import resource
import subprocess
import sys

import torch
from common import ROOT, median_s
from torch import Tensor, nn
from torch.nn import functional as nnf

from engine.networks.locally_connected import LocallyConnected2d

LAYERS = {"L4": (63, 9, 1), "L5": (55, 7, 2), "L6": (25, 5, 1)}
"""Side of the input, kernel, stride; 16 channels in and out."""
BATCH, CHANNELS = 16, 16


class Obvious(nn.Module):
    """Unfold the picture, then one einsum over all places."""

    def __init__(self, side: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.kernel, self.stride, self.out = kernel, stride, (side - kernel) // stride + 1
        self.weight = nn.Parameter(0.01 * torch.randn(CHANNELS, CHANNELS * kernel**2, self.out**2))
        self.bias = nn.Parameter(torch.zeros(CHANNELS, self.out, self.out))

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, 16, H, W) to (N, 16, rows, columns)."""
        patches = nnf.unfold(x, self.kernel, stride=self.stride)
        joined = torch.einsum("nkp,okp->nop", patches, self.weight)
        return joined.reshape(len(x), CHANNELS, self.out, self.out) + self.bias


def measure(which: str, name: str) -> None:
    """Print the median time in ms and the memory's growth in MB of one side."""
    side, kernel, stride = LAYERS[name]
    layer = Obvious(side, kernel, stride)
    if which == "ours":
        layer = LocallyConnected2d(CHANNELS, CHANNELS, (side, side), kernel, stride)
    x = torch.randn(BATCH, CHANNELS, side, side, requires_grad=True)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    def step() -> None:
        layer.zero_grad(set_to_none=True)
        layer(x).square().mean().backward()

    seconds = median_s(step, 5)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(f"{seconds * 1000:.1f} {grown / 1024:.0f}")


def main() -> None:
    """Print both sides of every layer."""
    for name, (side, kernel, stride) in LAYERS.items():
        sides = {}
        for which in ("ours", "obvious"):
            command = [sys.executable, __file__, which, name]
            done = subprocess.run(command, cwd=ROOT / "benchmarks", capture_output=True, text=True, check=True)
            sides[which] = [float(word) for word in done.stdout.split()]
        (ours_ms, ours_mb), (their_ms, their_mb) = sides["ours"], sides["obvious"]
        print(
            f"{name} ({side}x{side}, {kernel}x{kernel}, stride {stride}), batch {BATCH}, forward and backward: "
            f"{ours_ms:.0f} ms against {their_ms:.0f} ms ({their_ms / ours_ms:.1f} times), "
            f"{ours_mb:.0f} MB against {their_mb:.0f} MB ({their_mb / ours_mb:.1f} times)"
        )


if __name__ == "__main__":
    if len(sys.argv) == 3:
        measure(*sys.argv[1:])
    else:
        main()
