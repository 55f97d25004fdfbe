"""Cameras that fail, through the real window: how long until it is said, and until pictures come again.

Made-up cameras stand behind the camera interface; everything else is real, the time too. The goals: a loss is said
within 2 seconds and a camera that is back gives pictures within 5, one that hangs while opening is told of within 5;
after changing to another camera the first picture is looked at within 1. However fast a camera is and however large its
pictures are, the answer to a picture is there within 1 second of its being taken, and one picture waits at most.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import cv2
import numpy as np
from common import ROOT
from PySide6.QtWidgets import QApplication

from engine.capture import cameras
from engine.capture.images import read_image, reduced
from engine.capture.sources import LONGEST_LIVE_PX, Kind
from engine.errors import CameraError
from engine.live_values import LiveResult
from engine.settings import Settings
from engine.types import Frame, PixelArray
from gui.engine_client import EngineClient
from gui.main_window import MainWindow
from gui.pages.live import LivePage
from gui.settings_store import SettingsStore
from gui.theme.style import THEME

FPS = 30.0
OPENING_S = 0.3
"""How long a made-up camera takes to open; a webcam takes a few tenths of a second."""
RELEASE_S = 0.1
WITHIN_S = 30.0
SLEEP_S = 7.0
PACES = ((5.0, (640, 360)), (30.0, (640, 360)), (120.0, (640, 360)), (30.0, (3840, 2160)), (120.0, (3840, 2160)))
"""Pictures a second, and their size."""
PACE_S, ANSWER_WITHIN_S = 10.0, 1.0
CALM = ("", "Opening the camera …")


class Device:
    """A made-up camera: what is true of it now, whoever opens it."""

    def __init__(self, name: str, picture: PixelArray) -> None:
        self.name, self.picture, self.fps = name, picture, FPS
        self.given = 0
        self.taken = threading.Lock()
        self.fault = ""
        self.goes_on = threading.Event()

    def break_(self, fault: str) -> None:
        """Begin to fail."""
        self.goes_on.clear()
        self.fault = fault

    def mend(self) -> None:
        """Be well again."""
        self.fault = ""
        self.goes_on.set()


class MadeUpCamera:
    """A device as it was opened."""

    kind: Kind = "camera"

    def __init__(self, device: Device) -> None:
        self._device, self._open = device, False
        self._due = 0.0
        self.label = device.name

    def open(self) -> float:
        """Start, as a webcam does: it takes its time, and only one may have it."""
        device = self._device
        if device.fault == "hangs while opening":
            device.goes_on.wait(WITHIN_S)
        if device.fault == "in use elsewhere" or not device.taken.acquire(blocking=False):
            raise CameraError(f"“{device.name}” is in use by another program. Close that program, or choose another.")
        self._open = True
        sleep(OPENING_S)
        self._due = monotonic()
        return device.fps

    def read(self) -> Frame | None:
        """Give the next picture, or do as the fault has it."""
        device = self._device
        if device.fault == "hangs":
            device.goes_on.wait(WITHIN_S)
            return None
        if device.fault == "unplugged":
            return None
        if device.fault == "raises":
            raise RuntimeError("the driver is unhappy")
        # A camera does not wait for who reads it: it gives what is due, and leaves out what nobody was there for.
        self._due = max(self._due + 1 / device.fps, monotonic())
        sleep(self._due - monotonic() if self._due > monotonic() else 0)
        taken_s, pixels = monotonic(), device.picture.copy()
        if device.fault != "repeats one picture":
            device.given += 1
        # No two pictures of a camera are the same.
        pixels[::8, ::8, 0] = device.given % 251
        return Frame(reduced(pixels, LONGEST_LIVE_PX)[0], self.label, taken_s)

    def close(self) -> None:
        """Stop."""
        if self._open:
            sleep(RELEASE_S)
            self._open = False
            self._device.taken.release()


class Bench:
    """The window before made-up cameras."""

    def __init__(self, shared: Path, folder: Path, rounds: int) -> None:
        self._rounds, self._draw = rounds, random.Random(0)  # noqa: S311 - nothing secret
        faces = [_picture(shared, place) for place in range(2)]
        self.devices = {
            f"camera:{name}||": Device(name, face) for name, face in zip(("One", "Two"), faces, strict=True)
        }
        cameras.open_source = self._find
        self.application = QApplication([])
        store = SettingsStore(Settings(camera="camera:One||", page="live"), folder / "settings.toml")
        THEME.install(self.application, "light")
        self.client = EngineClient(store.value, folder / "gallery.db")
        self.window = MainWindow(self.client, store)
        self.window.resize(1200, 800)
        self.window.show()
        self.results: list[tuple[float, str]] = []
        """Of every result when its frame was taken, and by which camera."""
        self.ages_s: list[float] = []
        """And how old the frame was when the result came."""
        self.client.live_result.connect(self._on_result)
        self.client.start()
        page = self.window.page
        assert isinstance(page, LivePage)
        self.page = page
        self.until(lambda: len(self.results) > 20)

    def _find(self, spec: str, _options: object = None) -> MadeUpCamera:
        device = self.devices[spec]
        if device.fault in ("unplugged", "repeats one picture"):
            raise CameraError(f"The camera “{device.name}” is not there. Plug it in, or choose another one.")
        return MadeUpCamera(device)

    def _on_result(self, result: LiveResult) -> None:
        self.results.append((result.frame.time_s, result.frame.source))
        self.ages_s.append(monotonic() - result.frame.time_s)

    def until(self, condition: Callable[[], bool]) -> float:
        """Let the window live until something is so; returns when."""
        begun = monotonic()
        while not condition():
            self.application.processEvents()
            sleep(0.002)
            if monotonic() - begun > WITHIN_S:
                raise TimeoutError
        return monotonic()

    def live_for(self, seconds: float) -> None:
        """Let the window live for a while."""
        end_s = monotonic() + seconds
        self.until(lambda: monotonic() > end_s)

    def looked_at(self, name: str, since_s: float) -> float:
        """Wait for the first result of a camera's frames since then; returns when."""
        self.until(lambda: any(at >= since_s and source == name for at, source in self.results[-50:]))
        return monotonic()

    # --- what is timed ------------------------------------------------------------------------------------------

    def loss(self, fault: str, goal_s: float = 2.0) -> None:
        """A camera that fails while it runs."""
        device, told, back, words = self.devices["camera:One||"], [], [], ""
        for _ in range(self._rounds):
            self.live_for(self._draw.uniform(0.5, 1.0))
            begun = monotonic()
            device.break_(fault)
            told.append(self.until(lambda: bool(self.page.view.message)) - begun)
            words = self.page.view.message
            back.append(self._back_after_a_while(device))
        _say(f"{fault}: said", told, goal_s, words)
        _say(f"{fault}: pictures again", back, 5.0)

    def opening(self, fault: str, goal_s: float) -> None:
        """A camera that fails while it is opened."""
        device, told, back, words = self.devices["camera:One||"], [], [], ""
        for _ in range(self._rounds):
            self.page.toggle.click()
            self.live_for(0.5)
            device.break_(fault)
            begun = monotonic()
            self.page.toggle.click()
            told.append(self.until(lambda: self.page.view.message not in CALM) - begun)
            words = self.page.view.message
            back.append(self._back_after_a_while(device))
        _say(f"{fault}: said", told, goal_s, words)
        _say(f"{fault}: pictures again", back, 5.0)

    def _back_after_a_while(self, device: Device) -> float:
        """However long it was away: the pauses between attempts grow. Returns how long its pictures took to come."""
        self.live_for(self._draw.uniform(0, 8))
        begun = monotonic()
        device.mend()
        return self.looked_at("One", begun) - begun

    def changes(self) -> None:
        """From one camera to another, and the same one with other options."""
        took, again = [], []
        for number in range(2 * self._rounds):
            name = ("Two", "One")[number % 2]
            self.live_for(self._draw.uniform(0.3, 0.8))
            begun = monotonic()
            self.page.source.use(f"camera:{name}||")
            took.append(self.looked_at(name, begun) - begun)
        for number in range(self._rounds):
            self.live_for(self._draw.uniform(0.3, 0.8))
            begun = monotonic()
            self.window.context.settings.change("camera_fps", (30, 15)[number % 2])
            again.append(self.looked_at("One", monotonic()) - begun)
        _say(f"another camera chosen, which takes {OPENING_S} s to open: first picture looked at", took, 1.0)
        _say("the same camera with other options: first picture looked at", again, 1.0)

    def pace(self) -> None:
        """Slow and fast cameras, with small and large pictures: how old a picture is when its answer comes."""
        device, usual = self.devices["camera:One||"], self.devices["camera:One||"].picture
        for fps, size in PACES:
            self.page.toggle.click()
            self.live_for(0.5)
            device.fps = fps
            device.picture = cv2.resize(usual, size, interpolation=cv2.INTER_LINEAR).astype(np.uint8)
            begun = monotonic()
            self.page.toggle.click()
            self.looked_at("One", begun)
            stream, client = self.window.context.feed, self.client
            given, dropped = device.given, stream.dropped + client.dropped_frames
            self.ages_s.clear()
            self.live_for(PACE_S)
            given, dropped = device.given - given, stream.dropped + client.dropped_frames - dropped
            unseen = given - dropped - len(self.ages_s)
            _say(f"{fps:g} pictures a second of {size[0]} × {size[1]}: age of a picture at its answer", self.ages_s,
                 ANSWER_WITHIN_S)  # fmt: skip
            print(f"    {given} given in {PACE_S:g} s, {len(self.ages_s)} answered, {dropped} passed over and counted, "
                  f"{unseen} on their way", flush=True)  # fmt: skip
        device.fps, device.picture = FPS, usual

    def sleep(self) -> None:
        """The whole program is stopped for a while, as by a computer that sleeps."""
        told, back, words = [], [], ""
        for _ in range(self._rounds):
            self.live_for(self._draw.uniform(0.5, 1.0))
            waker = f"import os, signal, time; time.sleep({SLEEP_S}); os.kill({os.getpid()}, signal.SIGCONT)"
            alarm = subprocess.Popen([sys.executable, "-c", waker])
            os.kill(os.getpid(), signal.SIGSTOP)
            begun = monotonic()
            told.append(self.until(lambda: "asleep" in self.page.view.message) - begun)
            words = self.page.view.message
            back.append(self.looked_at("One", monotonic()) - begun)
            alarm.wait()
        _say(f"stopped for {SLEEP_S:.0f} s as in sleep: said", told, 2.0, words)
        _say("the same: pictures again", back, 5.0)

    def close(self, *, hang: bool) -> None:
        """Close the window with the camera running, or hanging."""
        device = self.devices["camera:One||"]
        if hang:
            device.break_("hangs")
            self.live_for(0.5)
        begun = monotonic()
        self.window.close()
        _say(f"window closed with the camera {'hanging' if hang else 'running'}", [monotonic() - begun], 1.0)
        device.mend()


def main() -> None:
    """Print how long everything takes."""
    parts: dict[str, Callable[[Bench], None]] = {
        "unplugged": lambda bench: bench.loss("unplugged"),
        "hangs": lambda bench: bench.loss("hangs"),
        "repeats": lambda bench: bench.loss("repeats one picture"),
        "raises": lambda bench: bench.loss("raises"),
        "busy": lambda bench: bench.opening("in use elsewhere", 2.0),
        "opening": lambda bench: bench.opening("hangs while opening", 5.0),
        "changes": Bench.changes,
        "pace": Bench.pace,
        "sleep": Bench.sleep,
        "close": lambda _bench: None,
    }
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", nargs="*", choices=sorted(parts), default=list(parts))
    parser.add_argument("--hang", action="store_true", help="let the camera hang when the window is closed")
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options.shared, Path(folder), options.rounds)
        for part in options.only:
            parts[part](bench)
        bench.close(hang=options.hang)


def _say(what: str, times: list[float], goal_s: float, words: str = "") -> None:
    worst = max(times)
    said = f"; “{words}”" if words else ""
    kept = "kept" if worst <= goal_s else "MISSED"
    print(f"{what}: median {statistics.median(times):.2f} s, worst of {len(times)} {worst:.2f} s, "
          f"goal {goal_s:g} s {kept}{said}", flush=True)  # fmt: skip


def _picture(shared: Path, place: int) -> PixelArray:
    """A face of the development data in a frame of 640x360; noise where there is none."""
    people = sorted((shared / "data" / "people").glob("*/*.*"))
    if not people:
        return np.random.default_rng(place).integers(0, 255, (360, 640, 3), np.uint8)
    face, _ = reduced(read_image(people[place]).pixels, 350)
    frame = np.full((360, 640, 3), 90, np.uint8)
    frame[: face.shape[0], 100 : 100 + face.shape[1]] = face
    return frame


if __name__ == "__main__":
    main()
