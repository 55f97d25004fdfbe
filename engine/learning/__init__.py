"""Values of learning that the trainer, the command line and the window share: recipes, findings, events.

Events travel from the process that trains to the window as lines of JSON.
"""

from __future__ import annotations

from engine.learning.data import DataReport, Finding
from engine.learning.evaluation import Evaluation, Interval, OneShot, OperatingPoint, VerifierResult
from engine.learning.events import Evaluated, Event, Failed, LivenessTrained, from_line, to_line
from engine.learning.plain import build
from engine.learning.recipe import FINE_TUNE, LEAST_PEOPLE, RECIPE_OPTIONS, Recipe
from engine.learning.training import (
    BenchResult,
    Checked,
    Comparison,
    Hardest,
    HardTriplet,
    Progressed,
    RunEnded,
    RunInfo,
    RunStarted,
    Said,
    Stepped,
    Validated,
)

__all__ = [
    "FINE_TUNE",
    "LEAST_PEOPLE",
    "RECIPE_OPTIONS",
    "BenchResult",
    "Checked",
    "Comparison",
    "DataReport",
    "Evaluated",
    "Evaluation",
    "Event",
    "Failed",
    "Finding",
    "HardTriplet",
    "Hardest",
    "Interval",
    "LivenessTrained",
    "OneShot",
    "OperatingPoint",
    "Progressed",
    "Recipe",
    "RunEnded",
    "RunInfo",
    "RunStarted",
    "Said",
    "Stepped",
    "Validated",
    "VerifierResult",
    "build",
    "from_line",
    "to_line",
]
