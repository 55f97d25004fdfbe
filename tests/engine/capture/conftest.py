"""Streams that are stopped when a test is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from engine.capture.stream import Patience
from tests.engine.capture.scripted import HURRIED, ScriptedSource, Watched


@pytest.fixture
def started() -> Iterator[Callable[..., Watched]]:
    made: list[Watched] = []

    def start(source: ScriptedSource, patience: Patience = HURRIED) -> Watched:
        made.append(Watched(source, patience))
        return made[-1]

    yield start
    for watched in made:
        watched.stream.stop()
