"""Live on a video at its own rate, everything on: frames a second, capture to result, stalls, embeddings, steadiness.

The other sides: every face detected, embedded and matched in every frame (how fast, how steady); the same frames one
after another with no window. How often names are right is asked by `films.py`.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from time import monotonic, perf_counter

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import cv2
import numpy as np
from common import arguments
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from engine.capture.images import read_image
from engine.capture.sources import VideoSource
from engine.live_values import LiveResult
from engine.service import FaceService
from engine.settings import Settings
from engine.types import Box, Frame
from gui.engine_client import EngineClient
from gui.main_window import MainWindow
from gui.settings_store import SettingsStore
from gui.theme.style import THEME

WARM_UP_S, MEASURE_S = 5.0, 20.0
BEAT_MS = 1
FPS = 29.97


def main() -> None:
    """Print the figures."""
    options = arguments(__doc__)
    clip = options.shared / "data" / "clips" / "hamilton.mp4"
    folder = Path(tempfile.mkdtemp())
    gallery = folder / "gallery.db"
    _enroll(options.shared, gallery)
    frames = _frames(clip)
    _steadiness("clip", frames, gallery)
    two = _two_faces(options.shared, folder / "two.avi")
    _window(two, folder, gallery)


# --- two sides: every frame by itself, and followed -----------------------------------------------------------------


def _every_frame(service: FaceService, frame: Frame) -> list[tuple[Box, str]]:
    """Detect, embed and match a frame as if there had been none before."""
    pipeline = service._now.networks.for_live
    (faces,) = pipeline.faces([frame], smallest_face_px=service._now.settings.smallest_face_px, averaging=False)
    found = service._now.decider.identify(faces)
    return [(one.face.box, one.person.name if one.person else "") for one in found]


def _followed(result: LiveResult) -> list[tuple[Box, str, int]]:
    return [
        (one.box, one.identification.person.name if one.identification.person else "", one.track_id)
        for one in result.tracked
    ]


def _steadiness(title: str, frames: Sequence[Frame], gallery: Path) -> None:
    """Names and their changes on the same faces, frame by frame and followed."""
    service = FaceService(Settings(), gallery)
    alone_ms, followed_ms = [], []
    alone: dict[int, list[str]] = {}
    followed: dict[int, list[str]] = {}
    for frame in frames:
        start = perf_counter()
        found = _every_frame(service, frame)
        alone_ms.append((perf_counter() - start) * 1e3)
        start = perf_counter()
        result = service.watch(frame)
        followed_ms.append((perf_counter() - start) * 1e3)
        for box, name, track_id in _followed(result):
            followed.setdefault(track_id, []).append(name)
            near = max(found, key=lambda one: one[0].iou(box), default=None)
            if near is not None and near[0].iou(box) > 0.3:
                alone.setdefault(track_id, []).append(near[1])
    for side, labels, spent in (("every frame by itself", alone, alone_ms), ("followed", followed, followed_ms)):
        changes = sum(sum(a != b for a, b in pairwise(one)) for one in labels.values())
        names = [len({name for name in one if name}) for one in labels.values()]
        unknown = sum(one.count("") for one in labels.values()) / max(sum(map(len, labels.values())), 1)
        print(
            f"{title}, {side}: {len(labels)} tracks, {changes} changes of label, {sum(n > 1 for n in names)} tracks"
            f" with more than one name, {unknown:.0%} of faces without one, median"
            f" {statistics.median(spent):.1f} ms a frame"
        )
    live = service.live
    print(
        f"{title}: {live.embedded} of {live.followed} followed faces embedded, 1 in {live.followed / live.embedded:.1f}"
    )
    service.close()


# --- the window -----------------------------------------------------------------------------------------------------


def _two_faces(shared: Path, path: Path) -> Path:
    """A clip of 640x360 at 30 a second with two faces in every frame, moving."""
    folders = sorted((shared / "data" / "people").iterdir())[:2]
    pictures = [read_image(sorted(folder.glob("*.*"))[0]).pixels for folder in folders]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 30, (640, 360))
    for number in range(240):
        halves = []
        for place, picture in enumerate(pictures):
            scale = 340 / picture.shape[0]
            turn = np.array([[scale, 0, 20 * np.sin(number / 12 + place)], [0, scale, 8 * np.cos(number / 17)]])
            halves.append(cv2.warpAffine(picture, turn, (320, 360), borderValue=(90, 90, 90)))
        writer.write(cv2.cvtColor(np.hstack(halves), cv2.COLOR_RGB2BGR))
    writer.release()
    return path


def _window(clip: Path, folder: Path, gallery: Path) -> None:
    plain_ms = _plain(clip, gallery)
    application = QApplication([])
    store = SettingsStore(Settings(camera=str(clip), page="live"), folder / "settings.toml")
    THEME.install(application, "light")
    client = EngineClient(store.value, gallery)
    window = MainWindow(client, store)
    window.resize(1200, 800)
    window.show()
    client.start()
    latencies: list[float] = []
    gaps: list[float] = []
    faces: list[int] = []
    state = {"last": perf_counter(), "measuring": False}

    def on_result(result: LiveResult) -> None:
        if state["measuring"]:
            latencies.append((monotonic() - result.frame.time_s) * 1e3)
            faces.append(len(result.tracked))

    def beat() -> None:
        now = perf_counter()
        if state["measuring"]:
            gaps.append((now - state["last"]) * 1e3 - BEAT_MS)
        state["last"] = now

    client.live_result.connect(on_result)
    heart = QTimer()
    heart.timeout.connect(beat)
    heart.start(BEAT_MS)
    client.ready.connect(_once(lambda: _measure(window, folder, state)))
    QTimer.singleShot(round((WARM_UP_S + MEASURE_S + 3) * 1e3), window.close)
    application.exec()
    heart.stop()
    print(f"plain loop without a window: {plain_ms:.1f} ms per frame")
    print(
        f"window, recording, {statistics.mean(faces):.1f} faces: {len(latencies) / MEASURE_S:.1f} frames processed a"
        f" second, capture to result median {statistics.median(latencies):.1f} ms, p95"
        f" {np.percentile(latencies, 95):.1f} ms"
    )
    print(f"GUI thread: stall median {statistics.median(gaps):.1f} ms, p99 {np.percentile(gaps, 99):.1f} ms,"
          f" longest {max(gaps):.1f} ms, over {len(gaps):,} beats")  # fmt: skip


def _once(act: Callable[[], None]) -> Callable[[object], None]:
    done: list[bool] = []
    return lambda _info: None if done else (done.append(True), act())[1]


def _measure(window: MainWindow, folder: Path, state: dict[str, float]) -> None:
    """Everything on: figures shown, a clip recorded."""
    page = window.page
    page.panel.readout.toggle.setChecked(True)
    QTimer.singleShot(round((WARM_UP_S - 2) * 1e3), lambda: page.recording.begin(folder / "clip.mp4"))
    QTimer.singleShot(round(WARM_UP_S * 1e3), lambda: state.update(measuring=True))
    QTimer.singleShot(round((WARM_UP_S + MEASURE_S) * 1e3), lambda: state.update(measuring=False))


def _enroll(shared: Path, gallery: Path) -> None:
    service = FaceService(Settings(), gallery)
    for person in sorted((shared / "data" / "people").iterdir()):
        service.enroll(person.name, service.judge([person]))
    service.close()


def _frames(clip: Path) -> list[Frame]:
    source = VideoSource(clip)
    source.open()
    count = int(cv2.VideoCapture(str(clip)).get(cv2.CAP_PROP_FRAME_COUNT))
    read = [source.read() for _ in range(count)]
    source.close()
    return [replace(frame, time_s=10 + number / FPS) for number, frame in enumerate(read) if frame is not None]


def _plain(clip: Path, gallery: Path) -> float:
    service = FaceService(Settings(), gallery)
    times = []
    for frame in _frames(clip)[:100]:
        start = perf_counter()
        service.watch(frame)
        times.append((perf_counter() - start) * 1e3)
    service.close()
    return statistics.median(times)


if __name__ == "__main__":
    main()
