"""What a launcher of several processes runs in the tests: one run to its end, told step by step."""

import sys
from pathlib import Path

from engine.training import trainer as module
from engine.training.run import load_run
from tests.engine.training.conftest import trainer

module.TELL_EVERY_S = 0.0
trainer(load_run(Path(sys.argv[1]))).train()
