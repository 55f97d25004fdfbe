"""`visavis packs`, against a server on this machine; what the window starts, as processes of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from engine.learning import Failed, Progressed, Said, from_line
from engine.packs.installed import is_installed, packs_folder
from tests.pack_server import serving

from .conftest import Run

ROOT = Path(__file__).parents[2]


def visavis(*arguments: object, fails: bool = False) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "main.py", *map(str, arguments)]
    # Where standard input ends, the window that began it has gone, and the work is cancelled.
    ours, theirs = os.pipe()
    try:
        done = subprocess.run(command, cwd=ROOT, stdin=ours, capture_output=True, text=True, check=False, timeout=150)
    finally:
        os.close(ours)
        os.close(theirs)
    assert (done.returncode != 0) == fails, done.stderr[-2000:]
    return done


def in_use(run: Run) -> list[str]:
    return [one["id"] for one in run("packs", "list", "--json").json if one["in_use"]]


def test_that_all_packs_are_listed_and_shown(run: Run) -> None:
    listed = {one["id"]: one for one in run("packs", "list", "--json").json}
    assert listed["dlib-resnet-v1"]["in_use"]
    assert not listed["mobilefacenet"]["installed"]
    shown = run("packs", "show", "facenet-vggface2").out
    assert "Commercial use: no" in shown
    assert "281cebca8662831adb987a874bdcb36e73f5b1c6dc5ee5878f305e985625d99b" in shown
    assert "Name a pack" in run("packs", "show").err
    assert "There is no pack “nobody”" in run("packs", "show", "nobody").err
    assert "“YuNet” is not installed" in run("packs", "measure", "yunet").err


def test_that_a_pack_is_installed_joined_used_and_removed(
    run: Run, shared: Path, pictures: Path, tmp_path: Path
) -> None:
    assert run("enroll", "Eileen", pictures / "eileen1.jpg").code == 0
    with serving({file.name: file.read_bytes() for file in (shared / "weights").iterdir()}) as served:
        lines = visavis("packs", "install", "mobilefacenet", "--from", served.url, "--events").stdout.splitlines()
        events = [from_line(line) for line in lines]
    assert isinstance(events[0], Progressed)
    assert events[-1] == Said("“MobileFaceNet” is installed.")
    both = run("packs", "join", "mobilefacenet", "dlib-resnet-v1", "--json").json["pack"]
    assert both == "dlib-resnet-v1+mobilefacenet"
    assert run("packs", "use", both).code == 0
    assert run("verify", "Eileen", pictures / "eileen2.png").code == 0
    assert run("packs", "use", "dlib-resnet-v1").code == 0
    assert "made of this pack" in run("packs", "remove", "mobilefacenet").err
    for pack in (both, "mobilefacenet"):
        assert run("packs", "remove", pack).code == 0
    assert not is_installed("mobilefacenet")
    shown = run("gallery", "show", "Eileen", "--json").json
    assert shown["templates"][0]["packs"] == ["dlib-resnet-v1"]


def test_that_the_detectors_go_back_to_how_the_program_comes(run: Run) -> None:
    came = in_use(run)
    assert run("packs", "use", "mtcnn").out == "“MTCNN” finds the faces from now on.\n"
    assert in_use(run) == ["dlib-resnet-v1", "mtcnn"]
    assert "one too many" in run("packs", "use", "mmod", "mtcnn").err
    said = run("packs", "use", "default").out
    assert (
        said == "“dlib ResNet v1” is in use and “MTCNN, then MMOD” finds the faces in pictures, as the program comes.\n"
    )
    assert in_use(run) == came


def test_that_what_came_with_the_installation_is_not_to_be_fetched_by_hand(run: Run) -> None:
    assert "“MTCNN” came with the installation" in run("packs", "install", "mtcnn").err


def test_that_weights_without_an_architecture_are_told_which_there_are(run: Run, tmp_path: Path) -> None:
    said = run("packs", "add", tmp_path / "mine.safetensors", "--calibrate", tmp_path).err
    assert said.startswith("Name with --architecture whose weights they are: dlib_resnet, mobilefacenet, ")


def test_that_what_embeds_no_faces_is_not_used_as_if_it_did(run: Run) -> None:
    assert "“MTCNN” finds faces and embeds none." in run("packs", "join", "dlib-resnet-v1", "mtcnn").err
    assert "“MiniFASNet V2 and V1SE” embeds no faces" in run("packs", "use", "minifasnet").err
    assert "“YuNet” finds faces and embeds none." in run("evaluate", "--pack", "yunet", "--folder", ".").err


def test_that_what_is_counted_of_a_download_is_said(shared: Path) -> None:
    with serving({file.name: file.read_bytes() for file in (shared / "weights").iterdir()}) as served:
        told = visavis("packs", "install", "yunet", "--from", served.url).stderr.splitlines()
    assert told
    assert all(line.endswith(" of 315 KB)") for line in told)


def test_that_a_failure_is_an_event_for_the_window(tmp_path: Path) -> None:
    (tmp_path / "yunet_n_dynamic.onnx").write_bytes(b"no network")
    done = visavis("packs", "install", "yunet", "--from", tmp_path, "--events", fails=True)
    event = from_line(done.stdout.splitlines()[-1])
    assert isinstance(event, Failed)
    assert "does not hold the published “yunet_n_dynamic.onnx”" in event.sentence
    assert not (packs_folder() / "yunet").exists()


def test_that_an_onnx_network_is_brought_along(run: Run, pictures: Path, tmp_path: Path) -> None:
    from tests.engine.packs.test_onnx import network  # noqa: PLC0415 - shared with its own tests

    path, folder = tmp_path / "theirs.onnx", tmp_path / "people"
    path.write_bytes(network().SerializeToString())
    for name, picture in (("Eileen", "eileen1.jpg"), ("Grace", "grace.jpg")):
        (folder / name).mkdir(parents=True)
        # The same picture many times makes pairs of strangers enough.
        for number in range(32):
            shutil.copy(pictures / picture, folder / name / f"{number}.jpg")
    assert "--calibrate" in run("packs", "add", path).err
    added = run("packs", "add", path, "--calibrate", folder, "--title", "Theirs", "--json").json
    assert added["pairs"] == 1024
    assert run("enroll", "Eileen", pictures / "eileen1.jpg").code == 0
    assert run("packs", "use", added["pack"]).code == 0
    shown = run("gallery", "show", "Eileen", "--json").json
    assert shown["templates"][0]["packs"] == ["dlib-resnet-v1", added["pack"]]
