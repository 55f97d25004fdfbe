"""A run is trained by one process at a time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import BadInputError
from engine.learning_desk import LearningDesk
from engine.liveness import runs as temporal_runs
from engine.pipeline import Pipeline
from engine.training.control import Control
from engine.training.faces import FolderFaces
from engine.training.holding import held, require_free
from engine.training.run import Run, begin
from engine.training.session import Session, runs_folder

from .conftest import CPU, QUICK

ROOT = Path(__file__).parents[3]
HOLDS = """
import sys
from pathlib import Path
from engine.training.holding import held
with held(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_that_a_run_that_another_process_trains_is_refused_until_that_process_ends(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(BadInputError, match="already, in another window or terminal"), held(tmp_path):
            pytest.fail("two have it")
        with pytest.raises(BadInputError, match="being trained already"):
            require_free(tmp_path)
        other.kill()
        other.wait(30)
    with held(tmp_path):
        pass
    require_free(tmp_path)


def test_that_a_folder_that_is_gone_is_free_and_is_not_made(tmp_path: Path) -> None:
    require_free(tmp_path / "gone")
    assert not (tmp_path / "gone").exists()


def test_that_a_training_is_not_resumed_twice(pipeline: Pipeline, begun: Callable[..., Run], tmp_path: Path) -> None:
    run = begun("evening")
    session = Session(pipeline, lambda _event: None, Control(), tmp_path)
    with held(run.place):
        with pytest.raises(BadInputError, match="“evening” is being trained already"):
            session.resume(run.place)
        with pytest.raises(BadInputError, match="being trained already"):
            session.train(run)
    assert list(run.events()) == []


def test_that_what_is_being_trained_is_not_deleted(textures: FolderFaces, tmp_path: Path) -> None:
    run = begin(runs_folder() / "evening", textures, QUICK, ())
    temporal = temporal_runs.begin(tmp_path, "series", 0, [], "night")
    desk = LearningDesk(lambda: CPU)
    with held(run.place), held(temporal.place):
        with pytest.raises(BadInputError, match="“evening” is being trained"):
            desk.delete_run(run.place)
        with pytest.raises(BadInputError, match="“night” is being trained"):
            desk.delete_temporal("night")
    assert [one.name for one in desk.runs()] == ["evening"]
    assert [one.name for one in desk.stopped_temporal()] == ["night"]
    desk.delete_run(run.place)
    desk.delete_temporal("night")
    assert desk.runs() == []
    assert desk.stopped_temporal() == []
    desk.close()
