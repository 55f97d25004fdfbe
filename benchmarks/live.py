"""Live on a video at its own rate: frames processed, capture-to-result latency, and how long the GUI thread stalls.

The other side of the latency is the plain loop: the same frames, one after another, with no window.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from pathlib import Path
from time import monotonic, perf_counter

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from common import arguments
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from engine.capture.sources import VideoSource
from engine.live_values import LiveResult
from engine.service import FaceService
from engine.settings import Settings
from gui.engine_client import EngineClient
from gui.main_window import MainWindow
from gui.settings_store import SettingsStore
from gui.theme.style import THEME

WARM_UP_S, MEASURE_S = 5.0, 20.0
BEAT_MS = 1


def main() -> None:
    """Print the figures."""
    options = arguments(__doc__)
    clip = options.shared / "data" / "clips" / "hamilton.mp4"
    folder = Path(tempfile.mkdtemp())
    _enroll(options.shared, folder / "gallery.db")
    plain_ms = _plain(clip, folder / "gallery.db")
    application = QApplication([])
    store = SettingsStore(Settings(camera=str(clip), page="live"), folder / "settings.toml")
    THEME.install(application, "light")
    client = EngineClient(store.value, folder / "gallery.db")
    window = MainWindow(client, store)
    window.resize(1200, 800)
    window.show()
    client.start()
    latencies: list[float] = []
    gaps: list[float] = []
    state = {"last": perf_counter(), "measuring": False}

    def on_result(result: LiveResult) -> None:
        if state["measuring"]:
            latencies.append((monotonic() - result.frame.time_s) * 1e3)

    def beat() -> None:
        now = perf_counter()
        if state["measuring"]:
            gaps.append((now - state["last"]) * 1e3 - BEAT_MS)
        state["last"] = now

    client.live_result.connect(on_result)
    heart = QTimer()
    heart.timeout.connect(beat)
    heart.start(BEAT_MS)
    client.ready.connect(
        lambda _info: QTimer.singleShot(round(WARM_UP_S * 1e3), lambda: state.update(measuring=True)),
    )
    QTimer.singleShot(round((WARM_UP_S + MEASURE_S + 3) * 1e3), window.close)
    application.exec()
    heart.stop()
    print(f"plain loop without a window: {plain_ms:.1f} ms per frame")
    print(
        f"window: {len(latencies) / MEASURE_S:.1f} frames processed a second, capture to result"
        f" median {statistics.median(latencies):.1f} ms, p95 {np.percentile(latencies, 95):.1f} ms"
    )
    print(f"GUI thread: stall median {statistics.median(gaps):.1f} ms, p99 {np.percentile(gaps, 99):.1f} ms,"
          f" longest {max(gaps):.1f} ms, over {len(gaps):,} beats")  # fmt: skip


def _enroll(shared: Path, gallery: Path) -> None:
    service = FaceService(Settings(), gallery)
    for person in sorted((shared / "data" / "people").iterdir()):
        service.enroll(person.name, service.judge([person]))
    service.close()


def _plain(clip: Path, gallery: Path) -> float:
    service, source = FaceService(Settings(), gallery), VideoSource(clip)
    source.open()
    times = []
    for _ in range(100):
        frame = source.read()
        if frame is not None:
            start = perf_counter()
            service.watch(frame)
            times.append((perf_counter() - start) * 1e3)
    source.close()
    service.close()
    return statistics.median(times)


if __name__ == "__main__":
    main()
