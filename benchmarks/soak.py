"""Hours before a camera, simulated: many frames through the real Live page, from a made-up camera with its own clock.

Memory, files, threads and Qt objects must not grow; then a hundred starts and stops must leave nothing behind. With
--present people come and go once a minute, as they do before a real camera.
"""

from __future__ import annotations

import argparse
import gc
import os
import tempfile
import threading
from pathlib import Path
from time import perf_counter

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import cv2
import numpy as np
import psutil
from common import ROOT
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

from engine.capture import cameras
from engine.capture.sources import Kind
from engine.capture.stream import CameraStream
from engine.live_values import LiveResult
from engine.settings import Settings
from engine.types import Frame
from gui.engine_client import EngineClient
from gui.main_window import MainWindow
from gui.settings_store import SettingsStore
from gui.theme.style import THEME

FPS = 15.0
SPEC = "camera:made-up||"
WARM_UP = 0.1
"""Share of the frames before memory is looked at."""
LOOKS = 18
MINUTE = round(60 * FPS)


class MadeUpCamera:
    """Gives a frame as soon as the one before was answered; its clock goes 1/15 s with each."""

    kind: Kind = "camera"
    label = "Made-up camera"

    def __init__(self, pictures: list[np.ndarray], present: float) -> None:
        self._pictures, self._given = pictures, 0
        self._visit = round(MINUTE * present)
        self._empty = cv2.GaussianBlur(pictures[0], (0, 0), pictures[0].shape[0] / 8)
        self.answered = threading.Semaphore(2)
        self.opened = self.closed = 0

    def open(self) -> float:
        """Start."""
        self.opened += 1
        return FPS

    def read(self) -> Frame | None:
        """Give the next frame."""
        if not self.answered.acquire(timeout=0.05):
            return None
        self._given += 1
        somebody = self._given % MINUTE < self._visit
        pixels = (self._pictures[self._given % len(self._pictures)] if somebody else self._empty).copy()
        # No two frames of a camera are the same.
        pixels[::8, ::8, 0] = self._given % 251
        return Frame(pixels, self.label, 1000 + self._given / FPS)

    def close(self) -> None:
        """Stop."""
        self.closed += 1


def main() -> None:
    """Print what grew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=60_000, help="432,000 are eight hours of 15 a second")
    parser.add_argument("--cycles", type=int, default=100)
    parser.add_argument("--shrink", type=int, default=1, help="frames this many times smaller, to get through more")
    parser.add_argument("--present", type=float, default=1.0, help="share of each minute in which anybody is there")
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    pictures = [picture[:: options.shrink, :: options.shrink].copy() for picture in _pictures(options.shared)]
    camera = MadeUpCamera(pictures, options.present)
    cameras.open_source = lambda _spec, _options=None: camera
    application = QApplication([])
    store = SettingsStore(Settings(camera=SPEC, page="live"), folder / "settings.toml")
    THEME.install(application, "light")
    client = EngineClient(store.value, folder / "gallery.db")
    window = MainWindow(client, store)
    window.resize(1200, 800)
    window.show()
    client.start()
    run = _Run(options.frames, options.cycles, window, camera)
    client.live_result.connect(run.on_result)
    application.exec()
    run.report()


class _Run:
    """Counts frames, looks at the process now and then, and starts and stops at the end."""

    def __init__(self, frames: int, cycles: int, window: MainWindow, camera: MadeUpCamera) -> None:
        self._frames, self._cycles, self._window, self._camera = frames, cycles, window, camera
        self._done, self._begun = 0, perf_counter()
        self._took_s = 0.0
        self._marks = [round(frames * (WARM_UP + (1 - WARM_UP) * look / LOOKS)) for look in range(LOOKS + 1)]
        self._seen: list[tuple[int, ...]] = []
        self._after: list[tuple[int, ...]] = []
        self._deepest = self._faces = 0
        self._timer = QTimer(window)
        self._timer.timeout.connect(self._cycle)

    def on_result(self, result: LiveResult) -> None:
        """One more."""
        self._done += 1
        self._faces += len(result.tracked)
        stream, client = self._window.feed._stream, self._window.client
        waiting = int(stream is not None and stream._box is not None) + int(client._waiting_frame is not None)
        self._deepest = max(self._deepest, waiting)
        self._camera.answered.release()
        while len(self._seen) < len(self._marks) and self._done >= self._marks[len(self._seen)]:
            self._seen.append(_state(self._window))
            print(f"{self._done:,} frames in {perf_counter() - self._begun:.0f} s: {self._seen[-1]}", flush=True)
        if self._done == self._frames:
            self._took_s = perf_counter() - self._begun
            self._timer.start(60)

    def _cycle(self) -> None:
        if self._cycles > 0:
            self._cycles -= 1
            self._window.page._toggle()
            self._window.page._toggle()
            self._camera.answered.release()
            return
        self._timer.stop()
        self._window.feed.stop()
        QTimer.singleShot(3000, self._end)

    def _end(self) -> None:
        self._after.append(_state(self._window))
        self._window.close()

    def report(self) -> None:
        """Print it."""
        names = ("MB", "files", "threads", "Qt objects")
        hours = self._frames / FPS / 3600
        print(f"{self._frames:,} frames, {hours:.1f} simulated hours, in {self._took_s:.0f} s; {self._faces:,} faces")
        print(f"waiting at most {self._deepest} frames")
        rows = zip(names, self._seen[0], self._seen[-1], map(max, zip(*self._seen, strict=True)), strict=True)
        for name, first, last, most in rows:
            print(f"{name}: {first} after warming up, {last} at the end, {most} at most, {last - first:+}")
        rss = [seen[0] for seen in self._seen]
        slope = np.polyfit(np.arange(len(rss)) * hours * (1 - WARM_UP) / LOOKS, rss, 1)[0]
        print(f"memory grows by {slope:.2f} MB a simulated hour")
        (after,) = self._after
        left = sum(thread.name.startswith("camera") for thread in threading.enumerate())
        print(f"after the starts and stops: {dict(zip(names, after, strict=True))}")
        print(f"camera opened {self._camera.opened} and closed {self._camera.closed} times")
        print(f"{len(CameraStream.parked)} threads parked, {left} camera threads left")


def _state(window: MainWindow) -> tuple[int, ...]:
    gc.collect()
    process = psutil.Process()
    objects = len(window.findChildren(QObject))
    return round(process.memory_info().rss / 1e6), process.num_fds(), process.num_threads(), objects


def _pictures(shared: Path) -> list[np.ndarray]:
    """A few seconds of the clip where it is, of noise where not."""
    clip = shared / "data" / "clips" / "hamilton.mp4"
    if not clip.is_file():
        rng = np.random.default_rng(0)
        return [rng.integers(0, 255, (360, 640, 3), np.uint8) for _ in range(30)]
    from engine.capture.sources import VideoSource  # noqa: PLC0415 - only here

    source = VideoSource(clip)
    source.open()
    read = [frame.pixels for frame in (source.read() for _ in range(270)) if frame is not None]
    source.close()
    return read[::3]


if __name__ == "__main__":
    main()
