"""The data check on the whole of LFW: how long it takes, first and again, and what it finds.

LFW's own page lists a few dozen known errors; the findings are printed so that they can be held against it.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path
from time import perf_counter

from common import ROOT, file_pipeline

from engine.matching.calibration import Calibration
from engine.packs.pack import DEFAULT_PACK
from engine.training.check import check
from engine.training.faces import look_at
from engine.types import CancelToken, silent


def main() -> None:
    """Print times and findings."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    options = parser.parse_args()
    folder, pipeline = options.shared / "data" / "lfw", file_pipeline()
    with tempfile.TemporaryDirectory() as cache:
        times = []
        for _ in range(2):
            start = perf_counter()
            faces = look_at(folder, pipeline, Path(cache), silent, CancelToken())
            report = check(faces, Calibration.load(DEFAULT_PACK.id))
            times.append(perf_counter() - start)
    counts = Counter(finding.kind for finding in report.findings)
    print(f"{report.pictures:,} pictures of {report.people:,} people: {times[0]:.0f} s, again {times[1]:.1f} s")
    print(dict(counts))
    for finding in report.findings:
        if finding.suggested:
            print(f"{finding.picture}: {finding.sentence}")


if __name__ == "__main__":
    main()
