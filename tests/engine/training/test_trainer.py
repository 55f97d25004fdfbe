"""The training loop on people made of textures."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from engine.errors import BadInputError, OperationCancelledError, TrainingError
from engine.learning import FINE_TUNE, Event, RunStarted, Said, Stepped, Validated
from engine.networks.architectures import ARCHITECTURES
from engine.networks.deepface import DeepFace
from engine.networks.siamese import SiameseNetwork
from engine.training import trainer as trainer_module
from engine.training.checkpoint import read_checkpoint
from engine.training.control import Control
from engine.training.learner import fixed_norms, freeze
from engine.training.optimiser import schedule
from engine.training.passes import Passes
from engine.training.run import Run, load_run
from engine.training.state import BEST, LAST
from tests.engine.training.conftest import CPU, trainer

ROOT = Path(__file__).parents[3]
Begun = Callable[..., Run]


@pytest.fixture(autouse=True)
def _every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tell of every step, so that curves can be compared."""
    monkeypatch.setattr(trainer_module, "TELL_EVERY_S", 0.0)


def losses(events: list[Event]) -> list[float]:
    return [event.loss for event in events if isinstance(event, Stepped)]


def validations(events: list[Event]) -> list[Validated]:
    return [event for event in events if isinstance(event, Validated)]


def test_that_training_makes_people_it_has_never_seen_easier_to_tell_apart(begun: Begun) -> None:
    events: list[Event] = []
    reason = trainer(begun(), events).train()
    before, *_, after = validations(events)
    assert reason == "All 4 epochs are done."
    assert isinstance(events[0], RunStarted)
    assert events[0].people == (8, 4, 4)
    assert max(one.tar for one in validations(events)) > before.tar
    assert after.eer < before.eer
    assert losses(events)[-1] < losses(events)[0]


def test_that_the_same_seed_gives_the_same_curve(begun: Begun) -> None:
    first: list[Event] = []
    again: list[Event] = []
    trainer(begun("a", epochs=2, augment=True), first).train()
    trainer(begun("b", epochs=2, augment=True), again).train()
    assert losses(first) == losses(again)
    assert [one.tar for one in validations(first)] == [one.tar for one in validations(again)]


def test_that_a_stopped_run_goes_on_as_if_it_had_not_been_stopped(begun: Begun) -> None:
    whole: list[Event] = []
    trainer(begun("whole", augment=True), whole).train()
    parts: list[Event] = []
    control = Control()
    run = begun("parts", augment=True)

    def stop_at_five(event: Event) -> None:
        parts.append(event)
        if isinstance(event, Stepped) and event.step == 5:
            control.cancel()

    stopped = trainer(run, control=control)
    stopped._tell = stop_at_five
    with pytest.raises(OperationCancelledError):
        stopped.train()
    later = trainer(load_run(run.place), parts)
    assert later.state.step == 5
    later.train()
    np.testing.assert_allclose(losses(parts), losses(whole), rtol=1e-4)
    assert validations(parts)[-1].tar == pytest.approx(validations(whole)[-1].tar, abs=0.02)


KILLED = """
import os, signal, sys
sys.path[:0] = [{root!r}]
from engine.learning import Stepped
from engine.training import trainer as module
from engine.training.run import load_run
from tests.engine.training.conftest import CPU, trainer
module.TELL_EVERY_S, module.SAVE_EVERY_S = 0.0, 0.0
made = trainer(load_run(__import__("pathlib").Path({place!r})))
def tell(event):
    if isinstance(event, Stepped) and event.step == {step}:
        os.kill(os.getpid(), signal.SIGKILL)
made._tell = tell
made.train()
"""


def test_that_a_killed_run_loses_at_most_a_checkpoint_and_gives_the_same_curve(begun: Begun) -> None:
    # Of a smooth loss: which triplets are semi-hard can hang on the last digit, which differs from process to process.
    whole: list[Event] = []
    trainer(begun("whole", loss="cosface"), whole).train()
    run = begun("killed", loss="cosface")
    for step in (2, 5):
        script = KILLED.format(root=str(ROOT), place=str(run.place), step=step)
        done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == -9, done.stderr
    later: list[Event] = []
    again = trainer(load_run(run.place), later)
    assert again.state.step >= 4
    again.train()
    np.testing.assert_allclose(losses(later), losses(whole)[-len(losses(later)) :], rtol=1e-3)


def test_that_pausing_makes_it_wait_and_stopping_ends_even_that(begun: Begun) -> None:
    control = Control()
    control.pause()
    assert control.paused
    control.cancel()
    with pytest.raises(OperationCancelledError):
        trainer(begun(), control=control).train()


def test_that_an_exploding_learning_rate_ends_in_a_sentence_and_keeps_the_best(begun: Begun) -> None:
    events: list[Event] = []
    run = begun(learning_rate=100.0, loss="softmax", clip=1000.0, warm_up=0.0, epochs=50)
    reason = trainer(run, events).train()
    best = read_checkpoint(run.place, BEST)
    assert "no number" in reason or "has not become better" in reason
    assert best is not None
    assert all(torch.isfinite(tensor).all() for tensor in best.tensors.values())


class Poisoned(SiameseNetwork):
    """Gives what is no number from its third training batch on."""

    batches = 0

    def forward(self, chips: Tensor) -> Tensor:
        self.batches += self.training
        return super().forward(chips) * (float("nan") if self.batches > 2 else 1.0)


class Hungry(SiameseNetwork):
    """Has no memory for more than eight pictures."""

    def __init__(self, error: BaseException | None = None) -> None:
        super().__init__()
        self.error = error or torch.OutOfMemoryError()

    def forward(self, chips: Tensor) -> Tensor:
        if self.training and len(chips) > 8:
            raise self.error
        return super().forward(chips)


NO_MEMORY = (
    torch.OutOfMemoryError("CUDA out of memory"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory: you tried"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:116] data. DefaultCPUAllocator: not enough memory: you tried"),
    MemoryError(),
)


def put(network: nn.Module, run: Run, events: list[Event], monkeypatch: pytest.MonkeyPatch) -> trainer_module.Trainer:
    monkeypatch.setattr("tests.engine.training.conftest.start_network", lambda _recipe: network)
    return trainer(run, events)


def test_that_a_loss_that_is_no_number_ends_training_and_keeps_the_best(
    begun: Begun, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[Event] = []
    run = begun()
    reason = put(Poisoned(), run, events, monkeypatch).train()
    assert "no number any more after step 2" in reason
    assert read_checkpoint(run.place, BEST) is not None


@pytest.mark.parametrize("error", NO_MEMORY, ids=["cuda", "linux", "windows", "python"])
def test_that_too_little_memory_halves_the_batch_and_goes_on(
    begun: Begun, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    events: list[Event] = []
    made = put(Hungry(error), begun(epochs=1), events, monkeypatch)
    assert made.train() == "All 1 epochs are done."
    assert made.state.people_per_batch == 2
    assert any(isinstance(event, Said) and "Memory ran out" in event.sentence for event in events)


def test_that_too_little_memory_for_the_smallest_batch_is_a_sentence(
    begun: Begun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begun(people_per_batch=4, pictures_per_person=8)
    with pytest.raises(TrainingError, match="not enough memory"):
        put(Hungry(), run, [], monkeypatch).train()


def test_that_another_error_is_not_taken_for_too_little_memory(begun: Begun, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError, match="shapes"):
        put(Hungry(RuntimeError("shapes do not fit")), begun(epochs=1), [], monkeypatch).train()


def test_that_a_halved_batch_keeps_a_stranger(begun: Begun, monkeypatch: pytest.MonkeyPatch) -> None:
    made = put(Hungry(), begun(epochs=1, people_per_batch=3), [], monkeypatch)
    made.train()
    assert made.state.people_per_batch == 2


def test_that_fewer_people_than_the_processes_need_are_a_sentence(begun: Begun) -> None:
    made = trainer(begun())
    made._together.processes = 5
    with pytest.raises(BadInputError, match="8 people to learn from are too few for 5 processes"):
        made._evenly(16)
    made._together.processes = 3
    assert made._evenly(16) == 6
    assert made._evenly(3) == 6


def test_that_weights_without_numbers_after_an_epochs_last_step_end_in_a_sentence(begun: Begun) -> None:
    # One batch an epoch: the step that spoils the weights is followed by a validation, not by another loss.
    run = begun(
        learning_rate=100.0, loss="softmax", clip=1000.0, warm_up=0.0, people_per_batch=8, pictures_per_person=8
    )
    made = trainer(run)
    take = made._steps.take

    def spoiled(*arguments: object) -> float:
        loss = take(*arguments)  # type: ignore[arg-type]
        with torch.no_grad():
            made.network.get_parameter("head.weight").fill_(float("nan"))
        return loss

    object.__setattr__(made, "_steps", SimpleNamespace(take=spoiled, forget=made._steps.forget))
    reason = made.train()
    assert "embeddings are no number any more after step 1" in reason
    best = read_checkpoint(run.place, BEST)
    assert best is not None
    assert all(torch.isfinite(tensor).all() for tensor in best.tensors.values())
    assert read_checkpoint(run.place, LAST) is None, "nothing to go on from that has no numbers"


@pytest.mark.parametrize(
    "state", [{}, {"optimiser": {}, "state": {}}, {"optimiser": {"numbers": {}, "groups": []}, "state": {"future": 1}}]
)
def test_that_a_checkpoint_of_another_version_is_a_sentence(begun: Begun, state: dict[str, object]) -> None:
    run = begun(epochs=1)
    trainer(run).train()
    stored = json.loads((run.place / "last.json").read_text())
    (run.place / "last.json").write_text(json.dumps({**stored, "state": state}))
    with pytest.raises(BadInputError, match="another version"):
        trainer(load_run(run.place))


# --- what the recipe decides --------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["half", "most"])
def test_that_frozen_layers_stay_and_the_others_learn(begun: Begun, how: str) -> None:
    made = trainer(begun(start=FINE_TUNE, freeze=how, epochs=1, learning_rate=1e-4))
    before = {name: tensor.clone() for name, tensor in made.network.state_dict().items()}
    fixed = {name for name, parameter in made.network.named_parameters() if not parameter.requires_grad}
    assert "stem.conv.weight" in fixed
    assert "head.weight" not in fixed
    made.train()
    after = made.network.state_dict()
    for name, parameter in made.network.named_parameters():
        assert torch.equal(after[name], before[name]) == (not parameter.requires_grad), name


def test_that_a_frozen_normalisation_does_not_follow_the_batches() -> None:
    network = ARCHITECTURES["siamese"].build().train()
    freeze(network, "half")
    fixed_norms(network)
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    assert [norm.training for norm in norms] == [norm.weight.requires_grad for norm in norms]
    assert not norms[0].training


@pytest.mark.parametrize("loss", ["triplet", "cosface"])
def test_that_fresh_layers_all_learn_whatever_is_to_be_fixed(begun: Begun, loss: str) -> None:
    made = trainer(begun(freeze="most", loss=loss))
    assert all(parameter.requires_grad for parameter in made.network.parameters())


def test_that_a_normalisation_that_learns_follows_the_batches(begun: Begun) -> None:
    made = trainer(begun(freeze="none", epochs=1))
    before = made.network.get_buffer("trunk.1.running_mean").clone()
    made.train()
    assert not torch.equal(made.network.get_buffer("trunk.1.running_mean"), before)


def test_that_training_stops_when_validation_gets_no_better(begun: Begun, monkeypatch: pytest.MonkeyPatch) -> None:
    made = trainer(begun(epochs=50, patience=2))
    monkeypatch.setattr(type(made._judge), "tar", lambda *_: 0.5)
    assert made.train() == "Validation has not become better for 2 epochs."
    assert (made.state.epoch, made.state.best_epoch) == (2, 0)


def test_that_long_gradients_are_shortened(begun: Begun, monkeypatch: pytest.MonkeyPatch) -> None:
    made = trainer(begun(epochs=1, clip=0.01, loss="softmax"))
    lengths = []
    step = made._optimiser.step

    def measured() -> None:
        squares = [p.grad.square().sum() for p in made._learner.parameters() if p.grad is not None]
        lengths.append(float(torch.stack(squares).sum().sqrt()))
        step()

    monkeypatch.setattr(made._optimiser, "step", measured)
    made.train()
    assert lengths
    assert max(lengths) <= 0.01 * 1.001


def test_that_deepfaces_features_are_normalised_by_the_training_set(begun: Begun) -> None:
    torch.manual_seed(0)
    network = DeepFace(0.05)
    run = begun(loss="softmax")
    training = run.part(run.split.training)
    passes = Passes(training, ARCHITECTURES["deepface"].frame, CPU, lambda: None)
    passes.fit_normalisation(network)
    with torch.no_grad():
        every = torch.cat([network.features(batch.chips) for batch in passes.batches()])
    assert len(every) == len(training)
    torch.testing.assert_close(network.maxima, every.amax(dim=0))


def test_that_a_pass_over_the_training_part_can_be_stopped(begun: Begun) -> None:
    run, control = begun(), Control()
    control.cancel()
    passes = Passes(run.part(run.split.training), ARCHITECTURES["siamese"].frame, CPU, control.check)
    with pytest.raises(OperationCancelledError):
        passes.means(SiameseNetwork())


def test_that_a_full_disk_ends_in_a_sentence_and_the_best_so_far_survives(
    begun: Begun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begun()
    made = trainer(run)
    made._validate()
    before = read_checkpoint(run.place, BEST)
    replace = Path.replace

    def full(self: Path, target: Path) -> Path:
        if self.suffix == ".part":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(TrainingError, match="No space left"):
        made.train()
    after = read_checkpoint(run.place, BEST)
    assert before is not None
    assert after is not None
    assert before.state == after.state
    assert not list(run.place.glob(".*.part"))


def test_that_a_vanished_folder_ends_in_a_sentence(begun: Begun, tmp_path: Path) -> None:
    run = begun()
    stored = json.loads((run.place / "run.json").read_text())
    stored["crops"] = [[person, str(tmp_path / "gone.jpg")] for person, _ in stored["crops"]]
    (run.place / "run.json").write_text(json.dumps(stored))
    with pytest.raises(BadInputError, match="vanished"):
        trainer(load_run(run.place)).train()


@pytest.mark.parametrize(
    "loss", ["cosface", "softmax", "contrastive", "angular", "arcface", "contrastive_l1", "siamese_l1"]
)
def test_that_every_loss_learns(begun: Begun, loss: str) -> None:
    events: list[Event] = []
    trainer(begun(loss=loss, epochs=10, learning_rate=3e-3), events).train()
    assert np.mean(losses(events)[-4:]) < np.mean(losses(events)[:4])


def test_that_the_rate_rises_and_falls() -> None:
    rates = [schedule(progress / 100, 0.1) for progress in range(101)]
    assert rates[10] == pytest.approx(1.0)
    assert rates[:11] == sorted(rates[:11])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] == pytest.approx(0.0)


def launched(processes: int, *arguments: object) -> None:
    """Start several processes of a script."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(processes)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*command, *map(str, arguments)], cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
        timeout=150,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]


LAUNCHED = ROOT / "tests" / "engine" / "training" / "launched.py"


def test_that_two_processes_give_the_curve_of_one(begun: Begun) -> None:
    curves = []
    for processes in (1, 2):
        # dlib's network has no batch normalisation, whose statistics would be each process's own.
        run = begun(f"by{processes}", start=FINE_TUNE, loss="contrastive", epochs=3, learning_rate=1e-5)
        launched(processes, LAUNCHED, run.place)
        events = list(load_run(run.place).events())
        started = next(event for event in events if isinstance(event, RunStarted))
        assert started.processes == processes
        curves.append(losses(events))
    assert len(curves[0]) > 3
    np.testing.assert_allclose(curves[0], curves[1], rtol=0.02)


def test_that_memory_that_runs_out_on_one_process_halves_the_batch_of_all(begun: Begun) -> None:
    run = begun(epochs=1, people_per_batch=8)
    launched(2, LAUNCHED, run.place, 8)
    said = [event.sentence for event in load_run(run.place).events() if isinstance(event, Said)]
    assert "Memory ran out, so batches now hold 4 people. Training goes on." in said


def test_that_a_checkpoint_of_another_network_is_refused(begun: Begun) -> None:
    run = begun("a", epochs=1)
    trainer(run).train()
    other = begun("b", epochs=1, start="mobilefacenet")
    for file in run.place.glob(f"{LAST}*"):
        (other.place / file.name).write_bytes(file.read_bytes())
    with pytest.raises(BadInputError, match="another network"):
        trainer(load_run(other.place))
