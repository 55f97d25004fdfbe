"""`train`, `evaluate` and `packs`, each as a process of its own."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.learning import RunEnded, RunStarted, from_line
from engine.training.run import begin, load_run
from engine.training.session import runs_folder
from main import main
from tests.engine.training.conftest import QUICK, texture_people

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


def test_that_a_run_is_trained_promoted_used_and_rolled_back(begun: Path, tmp_path: Path, pictures: Path) -> None:
    gallery = tmp_path / "gallery.db"
    visavis("--gallery", gallery, "enroll", "Eileen", pictures / "eileen1.jpg")
    trained = visavis("train", "--resume", "textures")
    assert "people held out" in trained.stdout
    assert isinstance(load_run(begun).end(), RunEnded)
    refused = visavis("train", "--promote", "textures", fails=True)
    assert refused.returncode == 3
    assert "not better" in refused.stderr
    pack = json.loads(visavis("train", "--promote", "textures", "--anyway", "--json").stdout)["pack"]
    listed = json.loads(visavis("packs", "list", "--json").stdout)
    assert [(one["id"], one["in_use"]) for one in listed] == [("dlib-resnet-v1", True), (pack, False)]
    visavis("--gallery", gallery, "packs", "use", pack)
    assert json.loads(visavis("--gallery", gallery, "info", "--json").stdout)["pack_id"] == pack
    shown = json.loads(visavis("--gallery", gallery, "gallery", "show", "Eileen", "--json").stdout)
    assert shown["templates"][0]["packs"] == ["dlib-resnet-v1", pack]
    visavis("--gallery", gallery, "packs", "use", "dlib-resnet-v1")
    assert visavis("--gallery", gallery, "verify", "Eileen", pictures / "eileen2.png").returncode == 0


def test_that_a_stopped_run_is_resumed_to_its_end(begun: Path) -> None:
    command = [sys.executable, "main.py", "train", "--resume", str(begun), "--events"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if isinstance(from_line(line), RunStarted):
                process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 3
    assert load_run(begun).end() is None
    visavis("train", "--resume", begun)
    ended = load_run(begun).end()
    assert ended is not None
    assert ended.comparison is not None
    again = visavis("train", "--resume", begun, fails=True)
    assert "has ended" in again.stderr


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
        (["evaluate"], "Name a pairs file"),
        (["evaluate", "--folder", "nowhere"], "no folder “nowhere”"),
        (["evaluate", "--folder", "x", "--weights", "main.py"], "more than tensors"),
        (["evaluate", "--folder", "x", "--pack", "nowhere"], "no pack “nowhere”"),
    ],
)
def test_that_what_cannot_be_done_is_a_sentence_and_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        code = main(["--gallery", str(tmp_path / "gallery.db"), *arguments])
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert code == 3
    assert sentence in capsys.readouterr().err


def test_that_every_option_of_a_recipe_can_be_typed() -> None:
    said = visavis("train", "--help").stdout
    for option in ("--loss", "--start", "--freeze", "--no-augment", "--learning-rate", "--people-per-batch", "--bench"):
        assert option in said
