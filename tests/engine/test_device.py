"""The device that computes, and why."""

from __future__ import annotations

import pytest
import torch

from engine.device import CHOICES, choose_device
from engine.errors import DeviceError


def test_that_the_cpu_can_always_be_asked_for() -> None:
    device = choose_device("cpu")
    assert device.torch_device == torch.device("cpu")
    assert device.label.startswith("CPU")
    assert device.reason


def test_that_fp32_is_kept_when_it_is_asked_for() -> None:
    device = choose_device("cpu", "fp32")
    assert device.precision == "fp32"
    with device.autocast():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32


def test_that_a_device_that_is_not_here_is_a_sentence() -> None:
    missing = next(name for name in CHOICES if name in ("cuda", "mps") and not _there(name))
    with pytest.raises(DeviceError, match=missing.upper()):
        choose_device(missing)


def test_that_an_unknown_device_names_the_choices() -> None:
    with pytest.raises(DeviceError, match="auto, cuda, mps, cpu"):
        choose_device("tpu")


def _there(name: str) -> bool:
    return torch.cuda.is_available() if name == "cuda" else torch.backends.mps.is_available()
