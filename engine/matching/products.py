"""Exact products of bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from math import inf
from time import perf_counter

import torch

from engine.matching.axes import PART

_WIDENED_AT_ONCE = 16_384


def integer_sums(parts: Sequence[torch.Tensor], probe: torch.Tensor, room: torch.Tensor) -> torch.Tensor:
    """Dot products of codes with one probe's: exact, whichever instructions do it.

    Args:
        parts: (K, 64) int8 each, the codes side by side.
        probe: (64 * parts,) int8.
        room: (2, at least K, 1) int32, which the products are written to.

    Returns:
        (K,) int32, in that room.
    """
    way = in_bytes if _has_byte_products() else in_floats
    sums, more = room[0, : len(parts[0])], room[1, : len(parts[0])]
    way(parts[0], probe[:PART], sums)
    for at, part in enumerate(parts[1:], 1):
        way(part, probe[at * PART : (at + 1) * PART], more)
        sums += more
    return sums.squeeze(1)


def in_bytes(codes: torch.Tensor, probe: torch.Tensor, into: torch.Tensor) -> None:
    """By the processor's instructions for bytes, where it has them. (K, 64) and (64,) int8 into (K, 1) int32."""
    torch._int_mm(codes, probe[:, None], out=into)


def in_floats(codes: torch.Tensor, probe: torch.Tensor, into: torch.Tensor) -> None:
    """By single precision: sums of 64 products of 127² are whole numbers below 2²⁴, which it holds exactly."""
    wide = probe.float()
    for start in range(0, len(codes), _WIDENED_AT_ONCE):
        rows = slice(start, start + _WIDENED_AT_ONCE)
        into[rows, 0] = codes[rows].float() @ wide


@cache
def _has_byte_products() -> bool:
    """Whether this processor multiplies bytes faster than single-precision numbers; tried once."""
    codes, probe = torch.ones(8192, PART, dtype=torch.int8), torch.ones(PART, dtype=torch.int8)
    into = torch.empty(len(codes), 1, dtype=torch.int32)
    times: dict[Callable[[torch.Tensor, torch.Tensor, torch.Tensor], None], float] = {in_bytes: inf, in_floats: inf}
    try:
        for _ in range(15):
            # In turn, so that other work on the machine meets both alike.
            for way, fastest in times.items():
                start = perf_counter()
                way(codes, probe, into)
                times[way] = min(fastest, perf_counter() - start)
    except RuntimeError:
        return False
    return times[in_bytes] < times[in_floats]
