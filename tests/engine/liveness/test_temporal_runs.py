"""Trainings over time that are stopped, killed, run out of disk, and are gone on with."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.errors import BadInputError, OperationCancelledError, TrainingError
from engine.liveness import runs
from engine.liveness.clips import Clip
from engine.liveness.learning import split
from engine.liveness.training import Split, train
from engine.networks.temporal import NETWORKS
from engine.training.checkpoint import read_checkpoint
from engine.training.state import LAST
from tests.engine.liveness.made_clips import clip

ROOT = Path(__file__).parents[3]
EPOCHS = 4


def made() -> list[Clip]:
    return [clip(f"{number}", live=live, per_frame=0.5, seed=number) for number in range(20) for live in (True, False)]


@pytest.fixture(scope="module")
def clips() -> list[Clip]:
    return made()


@pytest.fixture(scope="module")
def parts(clips: list[Clip]) -> Split:
    return split(clips)


def stop_after(batches: int) -> Callable[[], None]:
    """A check that asks to stop after so many batches."""
    left = [batches]

    def check() -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OperationCancelledError

    return check


def same(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(first, second) for first, second in pairs)


@pytest.mark.parametrize("kind", NETWORKS)
def test_that_a_stopped_training_goes_on_exactly(parts: Split, tmp_path: Path, kind: str) -> None:
    losses: dict[str, list[tuple[int, float]]] = {"whole": [], "parts": []}
    whole, best = train(parts, kind, most_epochs=EPOCHS, report=lambda *told: losses["whole"].append(told))
    for batches in (1, 3, 2):
        with pytest.raises(OperationCancelledError):
            train(
                parts, kind, most_epochs=EPOCHS, place=tmp_path, check=stop_after(batches),
                report=lambda *told: losses["parts"].append(told),
            )  # fmt: skip
        # Another process would have drawn other numbers by then.
        torch.manual_seed(batches)
    again, best_again = train(
        parts, kind, most_epochs=EPOCHS, place=tmp_path, report=lambda *told: losses["parts"].append(told)
    )
    assert best_again == best
    assert losses["parts"] == losses["whole"]
    assert same(whole, again)


KILLED = """
import os, signal, sys
sys.path[:0] = [{root!r}]
from pathlib import Path
from engine.liveness.learning import split
from engine.liveness.training import train
from tests.engine.liveness.test_temporal_runs import made
def die(epoch, _loss):
    if epoch == {epoch}:
        os.kill(os.getpid(), signal.SIGKILL)
train(split(made()), "series", place=Path({place!r}), report=die)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
def test_that_a_killed_training_loses_at_most_the_epoch_under_way(parts: Split, tmp_path: Path) -> None:
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    script = KILLED.format(root=str(ROOT), epoch=3, place=str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == -9, done.stderr
    stored = read_checkpoint(tmp_path, LAST)
    assert stored is not None
    assert stored.state["reached"]["epoch"] == 3
    epochs: list[int] = []
    again, _ = train(
        parts, "series", most_epochs=EPOCHS, place=tmp_path, report=lambda epoch, _loss: epochs.append(epoch)
    )
    assert epochs == [3, 4]
    whole, _ = train(parts, "series", most_epochs=EPOCHS)
    for one, other in zip(whole.state_dict().values(), again.state_dict().values(), strict=True):
        # The last digit may differ from process to process.
        assert torch.allclose(one.float(), other.float(), atol=1e-4)


def test_that_a_full_disk_is_a_sentence_and_the_checkpoint_of_before_stays(
    parts: Split, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(parts, "series", most_epochs=2, place=tmp_path)
    before = read_checkpoint(tmp_path, LAST)
    move = Path.replace

    def full(self: Path, target: Path) -> Path:
        if self.suffix == ".part":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return move(self, target)

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(TrainingError, match="No space left"):
        train(parts, "series", most_epochs=4, place=tmp_path)
    monkeypatch.undo()
    after = read_checkpoint(tmp_path, LAST)
    assert before is not None
    assert after is not None
    assert before.sha256 == after.sha256
    assert not list(tmp_path.glob(".*.part"))
    train(parts, "series", most_epochs=4, place=tmp_path)


def test_that_a_checkpoint_of_another_network_is_refused(parts: Split, tmp_path: Path) -> None:
    train(parts, "series", most_epochs=1, place=tmp_path)
    with pytest.raises(BadInputError, match="another network"):
        train(parts, "clip", most_epochs=2, place=tmp_path)


def test_that_a_checkpoint_of_other_clips_is_refused(parts: Split, tmp_path: Path) -> None:
    train(parts, "series", most_epochs=1, place=tmp_path)
    with pytest.raises(BadInputError, match="another training"):
        train(replace(parts, train=parts.train[:-1]), "series", most_epochs=2, place=tmp_path)


def test_that_a_damaged_checkpoint_is_refused(parts: Split, tmp_path: Path) -> None:
    train(parts, "series", most_epochs=1, place=tmp_path)
    (tensors,) = tmp_path.glob("*.safetensors")
    tensors.write_bytes(tensors.read_bytes()[:-1] + b"x")
    with pytest.raises(BadInputError, match="damaged"):
        train(parts, "series", most_epochs=2, place=tmp_path)


def test_that_a_run_is_listed_until_it_is_finished(clips: list[Clip], parts: Split, tmp_path: Path) -> None:
    run = runs.begin(tmp_path, "series", 3, clips, "first")
    assert runs.load_run(run.place) == run
    assert [(one.name, one.kind, one.epochs, one.folder) for one in runs.stopped()] == [
        ("first", "series", 0, str(tmp_path))
    ]
    train(parts, run.kind, seed=run.seed, most_epochs=2, place=run.place)
    assert runs.stopped()[0].epochs == 2
    with pytest.raises(BadInputError, match="already"):
        runs.begin(tmp_path, "series", 3, clips, "first")
    run.finish()
    assert runs.stopped() == []
    with pytest.raises(BadInputError, match="no stopped liveness training “first”. None was stopped"):
        runs.load_run(run.place)


def test_that_other_recordings_than_it_began_with_are_refused(clips: list[Clip], tmp_path: Path) -> None:
    run = runs.begin(tmp_path, "clip", 0, clips)
    run.check_clips([replace(one, per_frame=float("nan")) for one in clips])
    changed = clips[0].pixels.copy()
    changed[0, 0, 0] ^= 1
    for other in (clips[1:], [replace(clips[0], pixels=changed), *clips[1:]]):
        with pytest.raises(BadInputError, match="are not those that"):
            run.check_clips(other)


@pytest.mark.parametrize("name", ["a/b", ".hidden", ".."])
def test_that_a_run_is_never_written_elsewhere(clips: list[Clip], tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInputError, match="no name"):
        runs.begin(tmp_path, "clip", 0, clips, name)


def test_that_a_damaged_run_is_not_listed_and_says_so(clips: list[Clip], tmp_path: Path) -> None:
    run = runs.begin(tmp_path, "clip", 0, clips, "broken")
    (run.place / "run.json").write_text("{")
    assert runs.stopped() == []
    with pytest.raises(BadInputError, match="cannot be read"):
        runs.load_run(run.place)


def test_that_a_run_that_was_never_written_down_is_none(tmp_path: Path) -> None:
    place = runs.runs_folder() / "empty"
    place.mkdir(parents=True)
    assert runs.stopped() == []
    with pytest.raises(BadInputError, match="no stopped liveness training “empty”. None was stopped"):
        runs.load_run(place)


def test_that_a_run_that_cannot_be_written_leaves_no_folder(
    clips: list[Clip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(runs, "write_whole", full)
        with pytest.raises(TrainingError, match="No space left"):
            runs.begin(tmp_path, "clip", 0, clips, "unlucky")
    assert runs.begin(tmp_path, "clip", 0, clips, "unlucky").place.name == "unlucky"


def test_that_clips_that_differ_have_different_digests(clips: list[Clip]) -> None:
    assert len({runs.digest_of(clips[start:]) for start in range(5)}) == 5
    assert runs.digest_of(clips) == runs.digest_of(list(clips))
    assert runs.digest_of(clips) != runs.digest_of(
        [replace(clips[0], series=clips[0].series + np.float32(1e-6)), *clips[1:]]
    )
