"""Start: time until the window is on screen and until the first result, against loading torch first."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
from time import perf_counter

from common import ROOT, arguments

RUNS = 5


def main() -> None:
    """Print the medians."""
    arguments(__doc__)
    marks: dict[str, list[float]] = {"on screen": [], "ready": []}
    for _ in range(RUNS):
        for mark, seconds in _run().items():
            marks[mark].append(seconds)
    torch_s = statistics.median(_import_torch() for _ in range(RUNS))
    window_s, ready_s = (statistics.median(marks[mark]) for mark in marks)
    print(f"window on screen after {window_s:.2f} s; python with torch imported alone takes {torch_s:.2f} s")
    print(f"engine ready and the gallery shown after {ready_s:.2f} s")


def _run() -> dict[str, float]:
    with tempfile.TemporaryDirectory() as home:
        kinds = ("CONFIG", "DATA", "STATE", "CACHE")
        environment = os.environ | {f"XDG_{kind}_HOME": f"{home}/{kind}" for kind in kinds}
        environment.setdefault("QT_QPA_PLATFORM", "offscreen")
        start = perf_counter()
        program = subprocess.Popen(
            [sys.executable, str(ROOT / "main.py")], stderr=subprocess.PIPE, text=True, env=environment
        )
        marks = {}
        if program.stderr is not None:
            for line in program.stderr:
                for mark in ("on screen", "ready"):
                    if mark in line:
                        marks[mark] = perf_counter() - start
                if "ready" in marks:
                    break
        program.send_signal(signal.SIGTERM)
        program.communicate()
    return marks


def _import_torch() -> float:
    start = perf_counter()
    subprocess.run([sys.executable, "-c", "import torch"], check=True)
    return perf_counter() - start


if __name__ == "__main__":
    main()
