"""`visavis liveness` as it is typed."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import main
from engine.capture.images import read_image
from engine.cli.signals import POLITE
from engine.liveness.bench import Trials
from engine.liveness.runs import begin, runs_folder, stopped
from engine.liveness.training import Split, train
from engine.liveness_values import Answer, Cue, Trial, Way
from engine.packs.catalogue import MINIFASNET
from engine.packs.installed import packs_folder
from engine.settings import Settings, default_path, save
from engine.training.holding import held


@pytest.fixture
def pack(shared: Path) -> Path:
    """The pack's files where they are installed."""
    place = packs_folder() / MINIFASNET
    place.mkdir(parents=True)
    for name in ("2.7_80x80_MiniFASNetV2.pth", "4_0_0_80x80_MiniFASNetV1SE.pth"):
        shutil.copy(shared / "weights" / name, place / name)
    return place


def test_that_without_the_pack_it_says_what_to_install(
    capsys: pytest.CaptureFixture[str], astronaut_file: Path
) -> None:
    assert main.main(["liveness", "check", str(astronaut_file)]) == 3
    assert "minifasnet" in capsys.readouterr().err


def test_that_an_empty_bench_claims_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["liveness", "bench", "--report"]) == 0
    out = capsys.readouterr().out
    assert "Not measured" in out
    assert "Never tried: Matt print, Gloss print" in out


def test_that_known_pictures_are_told_apart_and_never_count_as_live(
    capsys: pytest.CaptureFixture[str], shared: Path, pack: Path
) -> None:
    files = [str(shared / "data" / "pad" / f"image_{name}.jpg") for name in ("T1", "F1")]
    assert main.main(["liveness", "check", "--json", *files]) == 1
    live, spoof = json.loads(capsys.readouterr().out)
    assert live["cue"]["answer"] == "live"
    assert spoof["cue"]["answer"] == "attack"
    assert not live["source_live"]
    assert main.main(["liveness", "check", *files]) == 1
    said = capsys.readouterr().out.splitlines()
    assert "looks like a living face (score" in said[0]
    assert "looks like an attack: a picture of a face (score" in said[1]


def test_that_a_trial_of_a_video_is_kept_and_counts_nowhere(
    capsys: pytest.CaptureFixture[str], shared: Path, pack: Path, tmp_path: Path
) -> None:
    pixels = cv2.cvtColor(read_image(shared / "data" / "pad" / "image_F1.jpg").pixels, cv2.COLOR_RGB2BGR)
    video = tmp_path / "print.avi"
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter.fourcc(*"MJPG"), 5, (pixels.shape[1], pixels.shape[0]))
    for _ in range(30):
        writer.write(pixels)
    writer.release()
    assert main.main(["liveness", "bench", "--json", "--video", str(video), "--species", "matt_print"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["from_files"] == 1
    assert found["label"] == "not measured"


def test_that_the_report_tells_policies_and_their_ways_of_looking_apart(capsys: pytest.CaptureFixture[str]) -> None:
    fooled = (Cue("passive", Answer.LIVE, 0.9), Cue("challenge", Answer.ATTACK))
    trial = Trial("matt_print", Answer.LIVE, "", 0.9, None, "Webcam", True, "abc", "2026-11-24")
    Trials().add(trial)
    Trials().add(replace(trial, answer=Answer.ATTACK, way=Way.CHALLENGE, cues=fooled))
    save(Settings(liveness="challenge"), default_path())
    assert main.main(["liveness", "bench", "--report"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Not measured. Worst species: Matt print, taken for a living face by look and movements 0 of")
    checked, alone = out.split("Look alone:")
    assert "Look and movements, as Settings ask:" in checked
    assert "(alone: the look of the face 1 of 1; at most 100.0%, the movement 0 of 1" in checked
    assert "Matt print: 1 presented, 0 refused, APCER 1 of 1; at most 100.0%, IAPAR" in alone
    assert main.main(["liveness", "bench", "--json"]) == 0
    ways = json.loads(capsys.readouterr().out)["ways"]
    assert [(one["way"], one["in_force"]) for one in ways] == [
        ("challenge", True), ("flash", True), ("passive", False),
    ]  # fmt: skip


def test_that_training_without_clips_says_what_is_missing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main.main(["liveness", "train", str(tmp_path / "nowhere")]) == 3
    assert "“nowhere” is not a folder" in capsys.readouterr().err
    assert main.main(["liveness", "train", str(tmp_path)]) == 3
    assert "no recordings in “live”" in capsys.readouterr().err


@pytest.fixture
def recordings(tmp_path: Path, astronaut_file: Path) -> Path:
    """Five folders of frames of each label."""
    folder = tmp_path / "recordings"
    pixels = cv2.resize(
        cv2.imdecode(np.fromfile(astronaut_file, np.uint8), cv2.IMREAD_COLOR)[0:300, 80:380], (200, 200)
    )
    for label in ("live", "spoof"):
        for number in range(5):
            place = folder / label / f"{number}"
            place.mkdir(parents=True)
            for frame in range(16):
                move = np.array(
                    [(1, 0, frame * (label == "live")), (0, 1, number + 6 * (label == "spoof"))], np.float32
                )
                cv2.imencode(".jpg", cv2.warpAffine(pixels, move, (200, 200)))[1].tofile(place / f"{frame:02}.jpg")
    return folder


def test_that_without_the_pack_a_trained_network_is_not_put_to_use(
    capsys: pytest.CaptureFixture[str], recordings: Path
) -> None:
    assert main.main(["liveness", "train", str(recordings), "--kind", "series", "--json"]) == 1
    outcome = json.loads(capsys.readouterr().out)
    assert outcome["clips"] == 2
    assert "not installed" in outcome["verdict"]
    assert stopped() == []


def test_that_a_training_that_was_stopped_is_gone_on_with(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, recordings: Path
) -> None:
    def ask_to_stop(epoch: int, _loss: float) -> None:
        if epoch == 2:
            os.kill(os.getpid(), signal.SIGINT)

    def watched(parts: Split, kind: str, *, report: Callable[[int, float], None], **rest: Any) -> Any:
        return train(parts, kind, report=lambda *told: (ask_to_stop(*told), report(*told)), **rest)  # type: ignore[func-returns-value]

    command = ["liveness", "train", str(recordings), "--kind", "series", "--name", "evening"]
    before = {number: signal.getsignal(number) for number in POLITE}
    with monkeypatch.context() as patched:
        patched.setattr("engine.cli.liveness.train", watched)
        assert main.main(command) == 128 + signal.SIGINT
    for number, handler in before.items():
        signal.signal(number, handler)
    said = capsys.readouterr().err
    assert "visavis liveness train --resume evening" in said
    assert "Nothing was changed" not in said
    assert [(one.name, one.epochs) for one in stopped()] == [("evening", 2)]
    with held(runs_folder() / "evening"):
        assert main.main(["liveness", "train", "--resume", "evening"]) == 3
        assert "“evening” is being trained already" in capsys.readouterr().err
    assert main.main(command) == 3
    assert "already" in capsys.readouterr().err
    assert main.main(["liveness", "train", "--resume", "evening"]) == 1
    told = capsys.readouterr()
    assert "Tested on 2 clips" in told.out
    assert stopped() == []
    assert main.main(["liveness", "train", "--resume", "evening"]) == 3
    assert "no stopped liveness training “evening”. None was stopped." in capsys.readouterr().err


def test_that_a_training_is_not_gone_on_with_on_other_recordings(
    capsys: pytest.CaptureFixture[str], recordings: Path
) -> None:
    begin(recordings, "series", 0, [], "evening")
    assert main.main(["liveness", "train", "--resume", "evening"]) == 3
    assert "are not those that “evening” began with" in capsys.readouterr().err
    assert main.main(["liveness", "train"]) == 3
    assert "--resume" in capsys.readouterr().err
