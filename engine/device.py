"""Which device computes, at which precision, and why."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import nn

from engine.errors import DeviceError
from engine.wording import counted

Network = TypeVar("Network", bound=nn.Module)

DEVICE_FAILURES = torch.OutOfMemoryError, torch.AcceleratorError
"""What is raised when a device gives out."""
CHOICES = ("auto", "cuda", "mps", "cpu")
"""What a user may ask for; "auto" takes the fastest there is."""


@dataclass(frozen=True, slots=True)
class Device:
    """A computing device and its precision.

    Attributes:
        torch_device: where networks and batches live.
        label: the device for people ("NVIDIA H100", "CPU, 2 threads").
        reason: why this one is in use, as a sentence.
        bf16: whether autocast to bfloat16 is fast here.
    """

    torch_device: torch.device
    label: str
    reason: str
    bf16: bool

    @property
    def precision(self) -> str:
        """Name of the precision embeddings are computed in."""
        return "bf16" if self.bf16 else "fp32"

    def autocast(self) -> AbstractContextManager[object]:
        """Return the context in which networks run at this device's precision."""
        if not self.bf16:
            return nullcontext()
        return torch.autocast(self.torch_device.type, dtype=torch.bfloat16)


def choose_device(wanted: str = "auto", precision: str = "auto") -> Device:
    """Return the device to compute on.

    Args:
        wanted: one of `CHOICES`.
        precision: "fp32", "bf16", or "auto" (bf16 where the hardware multiplies in it).

    Raises:
        DeviceError: the wanted device or precision is not there.
    """
    if wanted not in CHOICES:
        raise DeviceError(f"“{wanted}” is not a device. Choose one of: {', '.join(CHOICES)}.")
    if wanted in ("auto", "cuda") and torch.cuda.is_available():
        device, label = torch.device("cuda"), torch.cuda.get_device_name()
        bf16, reason = torch.cuda.is_bf16_supported(), "A CUDA graphics card was found."
    elif wanted in ("auto", "mps") and torch.backends.mps.is_available():
        device, label, bf16, reason = torch.device("mps"), "Apple GPU", False, "The Apple GPU was found."
    elif wanted in ("auto", "cpu"):
        device, label = torch.device("cpu"), _cpu(torch.get_num_threads())
        bf16 = _cpu_multiplies_bf16()
        reason = "No GPU was found." if wanted == "auto" else "The CPU was asked for."
    else:
        raise DeviceError(f"No {wanted.upper()} device was found here. Choose “auto” or “cpu”.")
    if precision == "bf16" and not bf16:
        raise DeviceError(f"{label} does not compute in bf16. Choose precision “auto” or “fp32”.")
    return Device(device, label, reason, bf16 and precision != "fp32")


def placed(network: Network, device: Device) -> Network:
    """Return a network on its device, in the memory layout in which convolutions are fastest."""
    on_device: Network = network.to(device.torch_device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it
    return on_device


def _cpu(threads: int) -> str:
    return f"CPU, {counted(threads, 'thread')}"


def _cpu_multiplies_bf16() -> bool:
    capability = torch.cpu.get_capabilities()
    return bool(capability.get("avx512_bf16") or capability.get("amx_bf16") or capability.get("bf16"))
