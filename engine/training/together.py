"""What several processes that train one network agree on. With one process everything is as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import torch
from accelerate import Accelerator
from torch import Tensor, nn

Result = TypeVar("Result")
_NO_MEMORY = ("can't allocate memory", "DefaultCPUAllocator", "not enough memory", "Cannot allocate memory")


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out: on a CPU torch raises a plain RuntimeError."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in _NO_MEMORY)


class Together:
    """The processes of one training."""

    def __init__(self, accelerator: Accelerator) -> None:
        self._accelerator = accelerator
        self.processes: int = accelerator.num_processes
        self.alone = self.processes == 1

    def sum(self, value: float) -> float:
        """A number of each process, summed."""
        if self.alone:
            return value
        return float(self._accelerator.reduce(torch.tensor(value, device=self._accelerator.device), "sum"))

    def any(self, flag: bool) -> bool:
        """Whether it is so for any process. All must ask, or those that did wait for ever."""
        return self.sum(float(flag)) > 0

    def all_or_none(self, work: Callable[[], Result]) -> Result:
        """Do something that may run out of memory; where one process does, all do.

        Raises:
            torch.OutOfMemoryError: in any of them.
        """
        failed: BaseException | None = None
        result: Result | None = None
        try:
            result = work()
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            failed = error
        if self.any(failed is not None):
            raise torch.OutOfMemoryError("memory ran out") from failed
        return result  # type: ignore[return-value]  # it was made, or an error was raised

    def joined(self, own: Tensor) -> Tensor:
        """Every process's tensor in order; the own part stays connected to its graph."""
        if self.alone:
            return own
        parts = list(self._accelerator.gather(own.detach()).split(len(own)))
        parts[self._accelerator.process_index] = own
        return torch.cat(parts)

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Give every process the mean of all processes' gradients."""
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        if self.alone or not gradients:
            return
        flat = self._accelerator.reduce(torch.cat([one.flatten() for one in gradients]), "mean")
        for one, mean in zip(gradients, flat.split([one.numel() for one in gradients]), strict=True):
            one.copy_(mean.view_as(one))
