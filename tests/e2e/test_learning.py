"""`train`, `evaluate` and `packs`, each as a process of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from engine.errors import BadInputError
from engine.evaluation.strangers import calibrated_on
from engine.learning import RunEnded, RunStarted, Stepped, Validated, from_line
from engine.networks.siamese import SiameseNetwork
from engine.pipeline import Pipeline
from engine.training.checkpoint import read_checkpoint
from engine.training.run import begin, load_run
from engine.training.session import runs_folder
from engine.training.state import LAST
from engine.types import CancelToken, silent
from tests.engine.training.conftest import QUICK, texture_people

from .conftest import Run

ROOT = Path(__file__).parents[2]


def visavis(*arguments: object, fails: bool = False) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "main.py", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=150)
    assert (done.returncode != 0) == fails, done.stderr[-2000:]
    return done


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """A run on people made of textures that has not been trained yet."""
    place = runs_folder() / "textures"
    begin(place, texture_people(tmp_path / "textures"), QUICK.with_values({"epochs": 2}), ())
    return place


def test_that_a_run_is_trained_promoted_used_and_rolled_back(run: Run, begun: Path, pictures: Path) -> None:
    assert run("enroll", "Eileen", pictures / "eileen1.jpg").code == 0
    trained = visavis("train", "--resume", "textures")
    assert "people held out" in trained.stdout
    assert isinstance(load_run(begun).end(), RunEnded)
    refused = run("train", "--promote", "textures")
    assert refused.code == 3
    assert "too few to tell" in refused.err
    pack = run("train", "--promote", "textures", "--anyway", "--json").json["pack"]
    listed = run("packs", "list", "--json").json
    assert {one["id"]: one["in_use"] for one in listed if one["installed"] and one["kind"] == "embedder"} == {
        "dlib-resnet-v1": True,
        pack: False,
    }
    assert run("packs", "use", pack).code == 0
    assert run("info", "--json").json["pack_id"] == pack
    shown = run("gallery", "show", "Eileen", "--json").json
    assert shown["templates"][0]["packs"] == ["dlib-resnet-v1", pack]
    assert run("packs", "use", "dlib-resnet-v1").code == 0
    assert run("verify", "Eileen", pictures / "eileen2.png").code == 0


def test_that_two_processes_train_what_accelerate_launches(begun: Path) -> None:
    """Without a GPU too: `--multi_gpu` means several processes, and the device decides where they compute."""
    launch = ["-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2", "--num_machines", "1"]
    launch += ["--mixed_precision", "no", "--dynamo_backend", "no"]
    command = [sys.executable, *launch, "main.py", "--device", "cpu", "train", "--resume", "textures"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=170,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    run = load_run(begun)
    started = next(event for event in run.events() if isinstance(event, RunStarted))
    assert started.processes == 2
    ended = run.end()
    assert ended is not None
    assert ended.comparison is not None


def test_that_a_network_is_brought_along_used_and_removed(run: Run, tmp_path: Path, pictures: Path) -> None:
    weights, folder = tmp_path / "theirs.safetensors", tmp_path / "people"
    torch.manual_seed(0)
    save_file(SiameseNetwork().state_dict(), weights)
    for name, picture in (("Eileen", "eileen1.jpg"), ("Grace", "grace.jpg")):
        (folder / name).mkdir(parents=True)
        # The same picture many times makes pairs of strangers enough.
        for number in range(32):
            shutil.copy(pictures / picture, folder / name / f"{number}.jpg")
    assert run("enroll", "Eileen", pictures / "eileen1.jpg").code == 0
    add = ("packs", "add", weights, "--architecture", "siamese")
    assert "--calibrate" in run(*add).err
    added = run(*add, "--calibrate", folder, "--licence", "MIT", "--title", "Theirs", "--json").json
    assert added["pairs"] == 1024
    listed = run("packs", "list", "--json").json
    assert (listed[-1]["id"], listed[-1]["title"], listed[-1]["licence"]) == (added["pack"], "Theirs", "MIT")
    assert run("packs", "use", added["pack"]).code == 0
    assert "in use" in run("packs", "remove", added["pack"]).err
    assert run("packs", "use", "dlib-resnet-v1").code == 0
    assert run("packs", "remove", added["pack"]).code == 0
    shown = run("gallery", "show", "Eileen", "--json").json
    assert shown["templates"][0]["packs"] == ["dlib-resnet-v1"]


def test_that_too_few_strangers_to_calibrate_on_are_a_sentence(
    pipeline: Pipeline, pictures: Path, tmp_path: Path
) -> None:
    for name, picture in (("Eileen", "eileen1.jpg"), ("Eileen", "eileen2.png"), ("Grace", "grace.jpg")):
        (tmp_path / name).mkdir(exist_ok=True)
        shutil.copy(pictures / picture, tmp_path / name)
    with pytest.raises(BadInputError, match="2 pairs of strangers .2 people with a face.; at least 1,000"):
        calibrated_on(tmp_path, pipeline, silent, CancelToken())


def test_that_a_stopped_run_is_resumed_to_its_end(begun: Path) -> None:
    command = [sys.executable, "main.py", "train", "--resume", str(begun), "--events"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if isinstance(from_line(line), RunStarted):
                process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 128 + signal.SIGTERM
    assert load_run(begun).end() is None
    visavis("train", "--resume", begun)
    ended = load_run(begun).end()
    assert ended is not None
    assert ended.comparison is not None
    again = visavis("train", "--resume", begun, fails=True)
    assert "has ended" in again.stderr


@pytest.fixture
def long(tmp_path: Path) -> Path:
    """A run that would go on for hours."""
    place = runs_folder() / "long"
    begin(place, texture_people(tmp_path / "long"), QUICK.with_values({"epochs": 5000, "patience": 1000}), ())
    return place


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_that_a_training_that_nohup_started_ignores_what_it_is_to_ignore(long: Path) -> None:
    train = [sys.executable, "main.py", "train", "--resume", str(long), "--events"]
    command = ["sh", "-c", 'trap "" INT HUP; exec "$@"', "sh", *train]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        asked = iter([signal.SIGINT, signal.SIGHUP, None, None, signal.SIGTERM])
        for line in process.stdout:
            if isinstance(from_line(line.decode()), Validated) and (number := next(asked, None)):
                process.send_signal(number)
        assert process.wait(60) == 128 + signal.SIGTERM


def test_that_a_training_whose_window_has_gone_saves_what_it_has_and_ends(long: Path) -> None:
    command = [sys.executable, "main.py", "train", "--resume", str(long), "--events"]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    for line in process.stdout:
        if isinstance(from_line(line), Stepped):
            break
    process.stdout.close()
    process.stdin.close()
    process.wait(60)
    stored = read_checkpoint(long, LAST)
    assert stored is not None
    assert stored.state["state"]["step"] > 0
    assert load_run(long).end() is None


def test_that_a_folder_is_checked_and_trouble_is_named(tmp_path: Path, pictures: Path) -> None:
    folder = tmp_path / "people"
    for name in ("Eileen", "Grace"):
        (folder / name).mkdir(parents=True)
        shutil.copy(pictures / "eileen1.jpg", folder / name / "1.jpg")
    shutil.copy(pictures / "broken.jpg", folder / "Grace" / "2.jpg")
    said = visavis("train", folder, "--check").stdout
    assert "2 people, 3 pictures" in said
    assert "Grace/2.jpg" in said
    assert "The same file" in said
    too_few = visavis("train", folder, fails=True)
    assert too_few.returncode == 3
    assert "Add people or pictures" in too_few.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["train"], "Name a folder"),
        (["train", "nowhere"], "no folder “nowhere”"),
        (["train", "--resume", "nowhere"], "no training run"),
        (["train", "--promote", "nowhere"], "no training run"),
        (["train", "x", "--learning-rate", "1e9"], "cannot be"),
        (["packs", "use", "nowhere"], "no pack “nowhere”"),
        (["packs", "use"], "Name the pack"),
        (["packs", "remove"], "Name the pack"),
        (["packs", "remove", "dlib-resnet-v1"], "came with the program"),
        (["packs", "add"], "Name the file of weights"),
        (["packs", "add", "x", "--architecture", "siamese"], "--calibrate"),
        (["packs", "add", "x", "--architecture", "magic", "--calibrate", "y"], "no architecture"),
        (["train", "x", "--bench", "triplet,magic"], "“magic” is no loss"),
        (["evaluate"], "Name a pairs file"),
        (["evaluate", "--folder", "nowhere"], "no folder “nowhere”"),
        (["evaluate", "--folder", "x", "--weights", "main.py"], "more than tensors"),
        (["evaluate", "--folder", "x", "--pack", "nowhere"], "no pack “nowhere”"),
    ],
)
def test_that_what_cannot_be_done_is_a_sentence_and_no_traceback(run: Run, arguments: list[str], sentence: str) -> None:
    outcome = run(*arguments)
    assert outcome.code == 3
    assert sentence in outcome.err


def test_that_every_option_of_a_recipe_can_be_typed() -> None:
    said = visavis("train", "--help").stdout
    for option in ("--loss", "--start", "--freeze", "--no-augment", "--learning-rate", "--people-per-batch", "--bench"):
        assert option in said
