"""Closing the window in the middle of everything: seconds until the process is gone, and what it ended with.

The real program, started as a process for each case. The goals: 1 s where it is idle, 5 s where it is busy, always with
0; the gallery is sound afterwards, and a training that was under way ends by itself and can be resumed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from threading import Event
from time import monotonic, sleep
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from common import ROOT
from PIL import Image
from PySide6.QtCore import QTimer

from engine.capture import cameras
from engine.capture.sources import Kind
from engine.cli.parser import parse
from engine.learning import Stepped
from engine.service import FaceService
from engine.settings import Settings
from engine.types import Frame
from gui import app
from gui.main_window import MainWindow

IDLE_S, BUSY_S = 1.0, 5.0
HANGS_S = 60.0
READY_WITHIN_S = 300.0
CLIP_FRAMES = 16
Close = Callable[[], None]


class HangingCamera:
    """Opens, and then does not answer."""

    kind: Kind = "camera"
    label = "Hanging"

    def open(self) -> float:
        """Start."""
        return 30.0

    def read(self) -> Frame | None:
        """Hang."""
        sleep(HANGS_S)
        return None

    def close(self) -> None:
        """Stop."""


class Case:
    """One window, which is closed when it is in the middle of what the case is about."""

    def __init__(self, window: MainWindow, folder: Path, shared: Path) -> None:
        self.window, self.folder, self.shared = window, folder, shared
        self._timer = QTimer(window)
        self._condition: Callable[[], bool] = lambda: False
        self._after_s, self._since = 0.0, monotonic()
        self._timer.timeout.connect(self._look)

    def close_when(self, condition: Callable[[], bool], after_s: float = 0.0) -> None:
        """Close the window once something is so, for some time at least."""
        self._condition, self._after_s, self._since = condition, after_s, monotonic()
        self._timer.start(5)

    def _look(self) -> None:
        if not self._condition():
            self._since = monotonic()
        elif monotonic() - self._since >= self._after_s:
            self._timer.stop()
            tasks = [one._process.processId() for one in self.window.tasks._tasks if one.running]
            told = {"asked_s": monotonic(), "busy": self.window.client.busy, "tasks": tasks}
            print(json.dumps(told), flush=True)
            self.window.close()

    def once_ready(self, begin: Callable[[], None]) -> None:
        """Do something once the engine and the people are there."""
        self.window.client.ready.connect(lambda _info: QTimer.singleShot(500, self.window, begin))

    # --- what it may be in the middle of ------------------------------------------------------------------------

    def starting(self) -> None:
        """The networks are still being loaded."""
        self.window.painted.connect(lambda: self.close_when(lambda: True, 0.3))

    def idle(self) -> None:
        """Nothing is going on."""
        self.once_ready(lambda: self.close_when(lambda: not self.window.client.busy, 2.0))

    def live(self) -> None:
        """A clip runs in the camera's place."""
        results: list[object] = []
        self.window.client.live_result.connect(results.append)
        self.close_when(lambda: len(results) > 60)

    def hanging_camera(self) -> None:
        """A camera's driver does not answer."""
        self.once_ready(lambda: self.close_when(lambda: True, 2.0))

    def sorting(self) -> None:
        """A folder of 13,233 pictures is looked through."""
        self.window.open_page("sort")
        page: Any = self.window.page
        self.once_ready(lambda: page.take_pictures([self.shared / "data" / "lfw"]))
        self.close_when(lambda: page.run is not None and page.run.step is not None and page.run.step.done > 30)

    def importing(self) -> None:
        """The same folder is imported."""
        done: list[int] = []

        def begin() -> None:
            job = self.window.client.import_from([self.shared / "data" / "lfw"], None, None)
            job.progressed.connect(lambda progress: done.append(progress.done))

        self.once_ready(begin)
        self.close_when(lambda: bool(done) and done[-1] > 30)

    def training(self) -> None:
        """The default network is fine-tuned, in a process of its own."""
        people = self.folder / "people"
        usable = [one for one in sorted((self.shared / "data" / "lfw").iterdir()) if len(list(one.iterdir())) >= 5]
        for one in usable[:20]:
            shutil.copytree(one, people / one.name)
        steps: list[object] = []

        def begin() -> None:
            task = self.window.tasks.start(["train", str(people), "--name", "evening"])
            task.happened.connect(lambda event: steps.append(event) if isinstance(event, Stepped) else None)

        self.once_ready(begin)
        self.close_when(lambda: bool(steps), 1.0)

    def training_begins(self) -> None:
        """A training's process still loads its libraries."""
        self.once_ready(lambda: self.window.tasks.start(["train", str(self.shared / "data" / "lfw")]))
        self.close_when(lambda: self.window.tasks.busy, 0.5)

    def liveness_training(self) -> None:
        """A network over time is trained, in a process of its own."""
        _recordings(self.folder / "recordings", self.shared)
        epochs: list[object] = []

        def begin() -> None:
            task = self.window.tasks.start(["liveness", "train", str(self.folder / "recordings"), "--name", "night"])
            task.progressed.connect(lambda told: epochs.append(told) if told.text.startswith("Epoch") else None)

        self.once_ready(begin)
        self.close_when(lambda: len(epochs) > 1)

    def photograph(self) -> None:
        """Faces are looked for in a photograph of 12 megapixels."""
        place = self.folder / "large.jpg"
        _crowd(place, self.shared)
        self.once_ready(lambda: self.window.client.identify([place]))
        self.close_when(lambda: self.window.client.busy, 0.4)

    def stuck_job(self) -> None:
        """The engine is in a step that takes a minute and cannot be interrupted."""
        begun = Event()

        def work(*_: object) -> None:
            begun.set()
            sleep(HANGS_S)

        self.once_ready(lambda: self.window.client.submit(work))
        self.close_when(begun.is_set, 0.5)


CASES: dict[str, Callable[[Case], None]] = {
    "idle": Case.idle,
    "starting": Case.starting,
    "live": Case.live,
    "hanging camera": Case.hanging_camera,
    "sorting": Case.sorting,
    "importing": Case.importing,
    "training": Case.training,
    "training begins": Case.training_begins,
    "liveness training": Case.liveness_training,
    "photograph": Case.photograph,
    "stuck job": Case.stuck_job,
}


def _one(name: str, folder: Path, shared: Path) -> None:
    """Run the program with one case in it, to its end."""
    prepare = app._close_on_signals
    if name == "hanging camera":
        # Before there is a window, which opens the camera at once.
        cameras.open_source = lambda *_: HangingCamera()  # type: ignore[assignment]

    def prepared(window: MainWindow) -> QTimer:
        window.case = Case(window, folder, shared)  # type: ignore[attr-defined]  # as long as the window
        CASES[name](window.case)  # type: ignore[attr-defined]
        return prepare(window)

    app._close_on_signals = prepared
    arguments = ["--gallery", str(folder / "gallery.db"), "--log-level", "warning"]
    if name in ("live", "hanging camera"):
        arguments += ["--camera", str(shared / "data" / "clips" / "hamilton.mp4")]
    sys.exit(app.run(parse(arguments)))


def _measure(name: str, shared: Path, gallery: Path) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        shutil.copy(gallery, folder / "gallery.db")
        homes = {f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in ("CONFIG", "DATA", "STATE", "CACHE")}
        command = [sys.executable, __file__, "--one", name, "--folder", place, "--shared", str(shared)]
        with subprocess.Popen(
            command, env=os.environ | homes, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as program:
            assert program.stdout is not None
            told = json.loads(program.stdout.readline())
            code = program.wait(READY_WITHIN_S)
            took_s = monotonic() - told["asked_s"]
            errors = program.stderr.read() if program.stderr else ""
        left = [f"{_gone_s(pid, told['asked_s']):.1f} s" for pid in told["tasks"]]
        goal_s = IDLE_S if name == "idle" else BUSY_S
        sound = _sound(folder / "gallery.db")
        print(
            f"{name}: {took_s:.2f} s, goal {goal_s:g} s {'kept' if took_s <= goal_s else 'MISSED'}; ended with {code}"
            f"{' MISSED' if code else ''}; the gallery is {'sound' if sound else 'DAMAGED'}"
            f"{'; its process was gone after ' + ', '.join(left) if left else ''}",
            flush=True,
        )
        for line in errors.splitlines():
            if "This plugin does not support" not in line:
                print(f"    {line}")


def _gone_s(pid: int, since_s: float) -> float:
    """How long after that moment a process is there."""
    while Path(f"/proc/{pid}").exists() and monotonic() - since_s < READY_WITHIN_S:
        sleep(0.02)
    return monotonic() - since_s


def _sound(gallery: Path) -> bool:
    service = FaceService(Settings(), gallery)
    try:
        return service.vault.check().sound
    finally:
        service.close()


def _enrolled(shared: Path, folder: Path) -> Path:
    """A gallery of two people."""
    service = FaceService(Settings(), folder / "gallery.db")
    try:
        for person in sorted((shared / "data" / "people").iterdir())[:2]:
            service.enroll(person.name, service.judge(sorted(person.iterdir())[:1]))
    finally:
        service.close()
    return folder / "gallery.db"


def _faces(shared: Path) -> list[Image.Image]:
    found = sorted((shared / "data" / "people").glob("*/*.*"))
    return [Image.open(path).convert("RGB").resize((400, 400)) for path in found]


def _crowd(place: Path, shared: Path) -> None:
    """A photograph of 4000x3000 with seventy faces."""
    made, faces = Image.new("RGB", (4000, 3000)), _faces(shared)
    for number in range(70):
        made.paste(faces[number % len(faces)], (400 * (number % 10), 400 * (number // 10)))
    made.save(place, quality=92)


def _recordings(folder: Path, shared: Path) -> None:
    """Five films of each label, as folders of frames."""
    face = _faces(shared)[0].resize((260, 260))
    for label in ("live", "spoof"):
        for number in range(5):
            there = folder / label / f"{number}"
            there.mkdir(parents=True)
            for frame in range(CLIP_FRAMES):
                pixels = np.roll(np.asarray(face), (number, frame * (label == "live")), (0, 1))
                Image.fromarray(pixels).save(there / f"{frame:02}.jpg")


def main() -> None:
    """Print how long every case takes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", choices=sorted(CASES), default=list(CASES))
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--one", choices=sorted(CASES), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        _one(options.one, options.folder, options.shared)
    with tempfile.TemporaryDirectory() as folder:
        gallery = _enrolled(options.shared, Path(folder))
        for name in options.only:
            _measure(name, options.shared, gallery)


if __name__ == "__main__":
    main()
