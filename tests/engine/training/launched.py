"""What a launcher of several processes runs in the tests: one run to its end, told step by step.

With a second argument memory runs out on the last process for batches of more pictures than that.
"""

import os
import sys
from pathlib import Path

import torch

from engine.networks.siamese import SiameseNetwork
from engine.training import trainer as module
from engine.training.run import load_run
from tests.engine.training import conftest
from tests.engine.training.conftest import trainer


class Hungry(SiameseNetwork):
    """Has no memory on one process, as a CPU says it."""

    def forward(self, chips: torch.Tensor) -> torch.Tensor:
        if self.training and len(chips) > int(sys.argv[2]) and os.environ["RANK"] == "1":
            raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate")
        return super().forward(chips)


module.TELL_EVERY_S = 0.0
if len(sys.argv) > 2:
    torch.manual_seed(1)
    network = Hungry()
    conftest.start_network = lambda _recipe: network
trainer(load_run(Path(sys.argv[1]))).train()
