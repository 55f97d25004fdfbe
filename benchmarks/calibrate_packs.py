"""Measure how close strangers get for MobileFaceNet, and for it joined with the default pack; written where they ship.

One picture of each of the people of LFW that View 2 does not test, every pair of people. `--people` limits how many;
`--cache` keeps embeddings in between, so that it can be run in pieces.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from time import monotonic

import numpy as np
import numpy.typing as npt
from common import PICTURES_AT_ONCE, ROOT, _off_centre, file_pipeline

from engine.capture.images import read_image
from engine.matching.calibration import RATES, Calibration
from engine.matching.distances import distances
from engine.packs.joined import joined, weights_of
from engine.packs.pack import DEFAULT_PACK, Pack
from engine.packs.published import embedder
from engine.pipeline import Pipeline
from engine.settings import Settings
from engine.types import Metric

CALIBRATIONS = ROOT / "assets" / "calibrations"


def main() -> None:
    """Write assets/calibrations/PACK.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--people", type=int, default=6000)
    parser.add_argument("--cache", type=Path, required=True, help="a folder to keep embeddings in between runs")
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after so many, and go on the next time")
    parser.add_argument("--pack", choices=("mobilefacenet", "joined"), required=True)
    options = parser.parse_args()
    pack = mobilefacenet(options.shared) if options.pack == "mobilefacenet" else both(options.shared)
    people = strangers(options.shared)[: options.people]
    embeddings = embedded(pack, people, options)
    if embeddings is None:
        return
    found = embeddings[np.isfinite(embeddings).all(axis=1)]
    pairs = np.triu_indices(len(found), 1)
    made = Calibration.measured({metric: distances(found, found, metric)[pairs] for metric in Metric})
    for metric, table in made.distances.items():
        print(f"{metric.value}: 1e-3 of {made.pairs:,} pairs at {table[RATES.index(1e-3)]}")
    (CALIBRATIONS / f"{pack.id}.json").write_text(made.as_json(), "utf-8")


def mobilefacenet(shared: Path) -> Pack:
    """MobileFaceNet as it is when it is installed."""
    place = shared / "weights"
    return embedder("mobilefacenet", place, {"files": {}})


def both(shared: Path) -> Pack:
    """The default pack and MobileFaceNet, joined as `visavis packs join` does."""
    parts = DEFAULT_PACK, mobilefacenet(shared)
    limits = [Calibration.load(part.id).threshold(Metric.COSINE, 1e-3) for part in parts]
    return joined("+".join(part.id for part in parts), "both", parts, weights_of(limits))


def strangers(shared: Path) -> list[Path]:
    """The first picture of each person of LFW who is in no pair of View 2."""
    lines = (shared / "data" / "lfw_pairs.txt").read_text("utf-8").splitlines()[1:]
    tested = {part for line in lines for part in line.split("\t") if not part.isdecimal()}
    folders = sorted(folder for folder in (shared / "data" / "lfw").iterdir() if folder.name not in tested)
    return [folder / f"{folder.name}_0001.jpg" for folder in folders]


def embedded(pack: Pack, pictures: list[Path], options: argparse.Namespace) -> npt.NDArray[np.float32] | None:
    """Embed a face of each picture; None where the time was up."""
    kept = options.cache / f"strangers-{pack.id}.npz"
    known: dict[str, npt.NDArray[np.float32]] = {}
    if kept.is_file():
        with np.load(kept) as stored:
            known = dict(zip(stored["names"].tolist(), stored["values"], strict=True))
    pipeline = file_pipeline(pack=pack)
    until = monotonic() + options.seconds
    missing = [picture for picture in pictures if picture.name not in known]
    for start in range(0, len(missing), PICTURES_AT_ONCE):
        if monotonic() > until:
            break
        batch = missing[start : start + PICTURES_AT_ONCE]
        known.update(zip((one.name for one in batch), embed(pipeline, batch), strict=True))
    kept.parent.mkdir(parents=True, exist_ok=True)
    np.savez(kept, names=np.array(list(known)), values=np.stack(list(known.values())))
    lacking = [picture for picture in pictures if picture.name not in known]
    print(f"{pack.id}: {len(pictures) - len(lacking):,} of {len(pictures):,} pictures", file=sys.stderr)
    return None if lacking else np.stack([known[picture.name] for picture in pictures])


def embed(pipeline: Pipeline, pictures: list[Path]) -> list[npt.NDArray[np.float32]]:
    """The averaged embedding of the face in each picture's middle; NaN without one."""
    frames = [read_image(picture) for picture in pictures]
    found = pipeline.detector.detect([frame.pixels for frame in frames], Settings().smallest_face_px)
    dimension = pipeline.embedder.pack.dimension
    views = []
    for frame, detections in zip(frames, found, strict=True):
        if detections:
            named = min(detections, key=lambda detection: _off_centre(detection, frame))
            landmarks = pipeline.landmarker.locate(frame.pixels, [named])
            views.append(pipeline.views(frame.pixels, landmarks, averaging=True)[0])
    made = iter(pipeline.embed(np.stack(views))) if views else iter(())
    return [next(made) if detections else np.full(dimension, np.nan, np.float32) for detections in found]


if __name__ == "__main__":
    main()
