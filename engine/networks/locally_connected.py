"""A locally connected layer: a convolution whose weights are not shared between places.

Taigman et al., "DeepFace", 2014, section 3: in an aligned picture every place has its own statistics.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class LocallyConnected2d(nn.Module):
    """Every output place has its own kernel and bias; no padding.

    The weights lie as (rows, columns, inputs * kernel * kernel, outputs), so that each place's product reads its own
    contiguously, and rows are worked on one by one: unfolding the whole picture at once would need kernel² times its
    memory, and keeping that for the gradient again as much.
    """

    def __init__(self, inputs: int, outputs: int, size: tuple[int, int], kernel: int, stride: int = 1) -> None:
        """Build the layer.

        Args:
            inputs: channels in.
            outputs: channels out.
            size: rows and columns of the input.
            kernel: side of the kernels.
            stride: between places.
        """
        super().__init__()
        self.kernel, self.stride = kernel, stride
        rows, columns = ((side - kernel) // stride + 1 for side in size)
        reach = inputs * kernel * kernel
        self.weight = nn.Parameter(torch.empty(rows, columns, reach, outputs))
        self.bias = nn.Parameter(torch.zeros(outputs, rows, columns))
        nn.init.normal_(self.weight, std=(2 / reach) ** 0.5)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs, H, W) to (N, outputs, rows, columns)."""
        with torch.autocast(x.device.type, enabled=False):
            joined: Tensor = _LocallyConnected.apply(  # type: ignore[no-untyped-call]  # torch declares no types
                x.to(self.weight.dtype), self.weight, self.kernel, self.stride
            )
            return joined + self.bias


class _LocallyConnected(torch.autograd.Function):
    """The products, with the patches taken again for the gradient instead of kept."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, kernel: int, stride: int) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.kernel, ctx.stride = kernel, stride
        rows, columns, _, outputs = weight.shape
        result = x.new_empty(len(x), outputs, rows, columns)
        for row in range(rows):
            patches = _patches(x, row, kernel, stride)
            result[:, :, row] = torch.bmm(patches, weight[row]).permute(1, 2, 0)
        return result

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        x, weight = ctx.saved_tensors
        kernel, stride = ctx.kernel, ctx.stride
        rows, columns = weight.shape[:2]
        to_x = torch.zeros_like(x) if ctx.needs_input_grad[0] else None
        to_weight = torch.empty_like(weight) if ctx.needs_input_grad[1] else None
        for row in range(rows):
            own = gradient[:, :, row].permute(2, 0, 1).contiguous()
            if to_weight is not None:
                torch.bmm(_patches(x, row, kernel, stride).transpose(1, 2), own, out=to_weight[row])
            if to_x is not None:
                back = torch.bmm(own, weight[row].transpose(1, 2))
                spread = back.reshape(columns, len(x), x.shape[1], kernel, kernel).permute(1, 2, 3, 0, 4)
                strip = to_x[:, :, row * stride : row * stride + kernel]
                for column in range(kernel):
                    strip[..., column : column + stride * (columns - 1) + 1 : stride] += spread[..., column]
        return to_x, to_weight, None, None


def _patches(x: Tensor, row: int, kernel: int, stride: int) -> Tensor:
    """What the places of one output row see: (columns, N, inputs * kernel * kernel)."""
    strip = x[:, :, row * stride : row * stride + kernel].unfold(3, kernel, stride)
    return strip.permute(3, 0, 1, 2, 4).reshape(strip.shape[3], len(x), -1)
