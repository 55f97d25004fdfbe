"""Products of bytes, shared out among a few threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from math import inf
from time import perf_counter

import torch

from engine.matching.axes import PART


def integer_sums(parts: Sequence[torch.Tensor], probe: torch.Tensor) -> torch.Tensor:
    """Dot products of codes with one probe's: exact, whichever instructions do it.

    Args:
        parts: (K, 64) int8 each, the codes side by side.
        probe: (64 * parts,) int8.

    Returns:
        (K,) int32.
    """
    way = in_bytes if _has_byte_products() else in_floats
    sums = way(parts[0], probe[:PART])
    for at, part in enumerate(parts[1:], 1):
        sums += way(part, probe[at * PART : (at + 1) * PART])
    return sums


def in_bytes(codes: torch.Tensor, probe: torch.Tensor) -> torch.Tensor:
    """By the processor's instructions for bytes, where it has them. (K, 64) and (64,) int8; returns (K,) int32."""
    return torch._int_mm(codes, probe[:, None])[:, 0]


def in_floats(codes: torch.Tensor, probe: torch.Tensor) -> torch.Tensor:
    """By single precision: sums of 64 products of 127² are whole numbers below 2²⁴, which it holds exactly."""
    wide, sums = probe.float(), torch.empty(len(codes), dtype=torch.int32)
    for start in range(0, len(codes), 4096):
        sums[start : start + 4096] = codes[start : start + 4096].float() @ wide
    return sums


@cache
def _has_byte_products() -> bool:
    """Whether this processor multiplies bytes faster than single-precision numbers; tried once."""
    codes, probe = torch.ones(8192, PART, dtype=torch.int8), torch.ones(PART, dtype=torch.int8)

    times: dict[Callable[[torch.Tensor, torch.Tensor], object], float] = {in_bytes: inf, in_floats: inf}
    try:
        for _ in range(15):
            # In turn, so that other work on the machine meets both alike.
            for way, fastest in times.items():
                start = perf_counter()
                way(codes, probe)
                times[way] = min(fastest, perf_counter() - start)
    except RuntimeError:
        return False
    return times[in_bytes] < times[in_floats]


def share(work: Callable[[Iterable[slice]], None], blocks: Sequence[slice], threads: int) -> None:
    """Have blocks worked on by a few threads, each taking the next one when it is done with its last.

    torch would share out a product evenly beforehand and wait for the slower half: where another program keeps one
    core busy, that takes longer than doing it alone.
    """
    before = torch.get_num_threads()
    taken, lock = iter(blocks), threading.Lock()

    def following() -> Iterator[slice]:
        while True:
            with lock:
                block = next(taken, None)
            if block is None:
                return
            yield block

    def alone() -> None:
        # Holds for the thread that calls it; torch keeps the number for threads to come as well, put back below.
        torch.set_num_threads(1)
        work(following())

    helpers = [threading.Thread(target=alone, name="search") for _ in range(min(threads, before) - 1)]
    try:
        for helper in helpers:
            helper.start()
        alone()
    finally:
        for helper in helpers:
            if helper.ident is not None:
                helper.join()
        torch.set_num_threads(before)
