"""Everything at once in the real window: the live page, a training beside it, and an import on the engine's thread.

A timer of 5 ms beats in the window's thread; late beats are its stalls. The other side is the same timer in an empty
Qt window, in a process that does nothing else, at the same time beside the same loads: what it is late, the machine is
to blame for. Of each gap it is noted too how long the window's own thread was at work, and how long it was ready for
work and had to wait for a processor (Linux says so).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from time import perf_counter

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import psutil
from common import ROOT, LfwFaces
from folder_import import make_tree
from large_window import BEAT_MS, Heart, _wait
from live import _enroll, _two_faces
from PySide6.QtWidgets import QApplication, QWidget

from engine.learning.training import Validated
from engine.settings import Settings
from gui.engine_client import EngineClient
from gui.main_window import MainWindow
from gui.settings_store import SettingsStore
from gui.theme.style import THEME

LATE_MS, LONG_MS = 16, 100
LOADS = ("live", "live and training", "live, training and importing")
READY_S = 120.0
_SCHEDULED = Path("/proc/thread-self/schedstat")


class Waits(Heart):
    """Knows of each gap besides how many milliseconds the thread was ready for work and had no processor."""

    def __init__(self) -> None:
        self.queued: dict[str, list[float]] = {}
        self._queued = _queued_ms()
        super().__init__()

    def _beat(self) -> None:
        now = _queued_ms()
        self.queued.setdefault(self.doing, []).append(now - self._queued)
        self._queued = now
        super()._beat()


def _queued_ms() -> float:
    return int(_SCHEDULED.read_text().split()[1]) / 1e6 if _SCHEDULED.exists() else 0.0


def main() -> None:
    """Print both sides of every phase."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared", help="folder with data/lfw, data/people")
    parser.add_argument("--seconds", type=float, default=25.0, help="of each phase")
    parser.add_argument("--pictures", type=int, default=1500, help="to import; more than can be while it is measured")
    parser.add_argument("--empty", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.empty:
        _empty()
        return
    with tempfile.TemporaryDirectory() as folder:
        _measure(Path(folder), options.shared, options.seconds, options.pictures)


def _measure(folder: Path, shared: Path, seconds: float, pictures: int) -> None:
    gallery, clip = folder / "gallery.db", _two_faces(shared, folder / "two.avi")
    _enroll(shared, gallery)
    make_tree(LfwFaces(shared), folder / "tree", pictures)
    make_tree(LfwFaces(shared), folder / "train", 400)
    application = QApplication([])
    store = SettingsStore(Settings(camera=str(clip), page="live"), folder / "settings.toml")
    THEME.install(application, "light")
    client = EngineClient(store.value, gallery)
    window = MainWindow(client, store)
    window.resize(1200, 800)
    window.show()
    heart = Waits()
    beside = subprocess.Popen(
        [sys.executable, __file__, "--empty"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    answered: dict[str, int] = {}

    def doing(what: str) -> None:
        heart.doing = what
        assert beside.stdin
        beside.stdin.write(f"{what}\n")
        beside.stdin.flush()

    client.live_result.connect(lambda _result: answered.update({heart.doing: answered.get(heart.doing, 0) + 1}))
    doing("starting")
    client.start()
    _wait(lambda: answered.get("starting", 0) > 60, READY_S)
    busy: dict[str, float] = {}

    def measured(load: str) -> None:
        psutil.cpu_percent()
        doing(load)
        _wait(lambda: False, seconds)
        doing("between")
        busy[load] = psutil.cpu_percent()

    measured(LOADS[0])
    epochs: list[Validated] = []
    task = window.tasks.start(
        ["train", str(folder / "train"), "--minutes", "10", "--epochs", "1000", "--patience", "1000",
         "--runs", str(folder / "runs")]
    )  # fmt: skip
    task.failed.connect(lambda sentence, details: print("training:", sentence, details[-500:]))
    task.happened.connect(lambda event: epochs.append(event) if isinstance(event, Validated) else None)
    _wait(lambda: bool(epochs) or not task.running, READY_S)
    measured(LOADS[1])
    client.import_from([folder / "tree"], None, None)
    _wait(lambda: False, 2)
    measured(LOADS[2])
    assert client.busy, "the import was done before the end: give it more --pictures"
    assert task.running, "the training was done before the end"
    print(f"training: {len(epochs)} epochs meanwhile")
    heart.stop()
    start = perf_counter()
    window.close()
    print(f"closed in the middle of it in {perf_counter() - start:.2f} s")
    told, _ = beside.communicate()
    _report(heart, json.loads(told), answered, busy, seconds)


def _report(
    heart: Waits, empty: dict[str, list[float]], answered: dict[str, int], busy: dict[str, float], seconds: float
) -> None:
    for load in LOADS:
        gaps, worked = heart.gaps[load], heart.worked[load]
        queued = np.maximum(np.array(gaps) - heart.queued[load], 0).tolist()
        print(f"{load}: {answered.get(load, 0) / seconds:.1f} frames answered a second; cores {busy[load]:.0f} % busy")
        print(f"  window: {_line(gaps)}")
        print(f"  the same without its thread's waiting for a processor: {_line(queued)}")
        print(
            f"  its thread's own work between two beats: p99 {np.percentile(worked, 99):.1f}, most {max(worked):.1f} ms"
        )
        print(f"  empty window in another process: {_line(empty[load])}")


def _line(gaps: list[float]) -> str:
    p50, p99 = np.percentile(gaps, [50, 99])
    return (
        f"late by {p50:.1f} ms, p99 {p99:.1f}, most {max(gaps):.1f}; over {LATE_MS} ms"
        f" {np.mean(np.array(gaps) > LATE_MS):.2%}, over {LONG_MS} ms {sum(gap > LONG_MS for gap in gaps)}"
        f" of {len(gaps):,}"
    )


def _empty() -> None:
    """A window with nothing in it; what is going on elsewhere comes line by line, and the end of it ends this."""
    application = QApplication([])
    widget = QWidget()
    widget.resize(1200, 800)
    widget.show()
    heart, ended = Heart(), threading.Event()

    def listen() -> None:
        for line in sys.stdin:
            heart.doing = line.strip()
        ended.set()

    threading.Thread(target=listen, daemon=True).start()
    _wait(ended.is_set, 3600)
    heart.stop()
    assert application
    print(json.dumps(heart.gaps))


if __name__ == "__main__":
    assert BEAT_MS == 5
    main()
