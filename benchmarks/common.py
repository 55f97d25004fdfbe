"""What the scripts share: where the data is, timing, and LFW's faces through the real pipeline."""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

import numpy as np
import numpy.typing as npt

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from engine.alignment.landmarks import Landmarker  # noqa: E402
from engine.capture.images import read_image  # noqa: E402
from engine.detection import DETECTORS  # noqa: E402
from engine.device import choose_device  # noqa: E402
from engine.learning import Event  # noqa: E402
from engine.packs.embedder import Embedder  # noqa: E402
from engine.packs.pack import DEFAULT_PACK, Pack  # noqa: E402
from engine.pipeline import Pipeline, unit  # noqa: E402
from engine.settings import Settings  # noqa: E402
from engine.training.control import Control  # noqa: E402
from engine.training.faces import look_at  # noqa: E402
from engine.training.session import Session  # noqa: E402
from engine.types import CancelToken, Detection, Frame, silent  # noqa: E402

PICTURES_AT_ONCE = 16
VIEWS = 2 * len(DEFAULT_PACK.averaged_paddings)


def arguments(description: str | None, *, cache: bool = False) -> argparse.Namespace:
    """Read the options every script has."""
    parser = argparse.ArgumentParser(description=description)
    place = os.environ.get("VISAVIS_SHARED", str(ROOT.parent / "shared"))
    parser.add_argument("--shared", type=Path, default=Path(place), help="folder with data/lfw and more")
    parser.add_argument("--precision", choices=("auto", "fp32", "bf16"), default="auto")
    if cache:
        parser.add_argument("--cache", type=Path, help="an .npz file to keep embeddings in between runs")
    return parser.parse_args()


def median_s(work: Callable[[], object], repeats: int = 7) -> float:
    """Median wall time of some work, after one run that warms up."""
    work()
    times = []
    for _ in range(repeats):
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return statistics.median(times)


def file_pipeline(
    precision: str = "auto", detector: str = Settings().file_detector, pack: Pack = DEFAULT_PACK
) -> Pipeline:
    """The pipeline that pictures go through, with the default settings."""
    device = choose_device(precision=precision)
    return Pipeline(DETECTORS[detector](device), Landmarker(), Embedder(pack, device))


class LfwFaces:
    """The averaged views' unit embeddings of LFW's people, by (person, number of the picture)."""

    def __init__(self, shared: Path, cache: Path | None = None, precision: str = "auto") -> None:
        self._folder = shared / "data" / "lfw"
        self._cache = cache
        self._precision = precision
        self._views: dict[str, npt.NDArray[np.float32]] = {}
        if cache is not None and cache.is_file():
            with np.load(cache) as stored:
                self._views = dict(zip(stored["names"].tolist(), stored["views"], strict=True))

    def path(self, name: str, number: int) -> Path:
        """Where a picture is."""
        return self._folder / name / f"{name}_{number:04}.jpg"

    def people(self) -> dict[str, int]:
        """How many pictures each person has."""
        return {folder.name: len(list(folder.glob("*.jpg"))) for folder in sorted(self._folder.iterdir())}

    def embed(self, pictures: Sequence[tuple[str, int]]) -> npt.NDArray[np.float32]:
        """Embed pictures.

        Returns:
            (N, V, D) unit vectors; NaN where no face was found.
        """
        missing = [picture for picture in dict.fromkeys(pictures) if _key(*picture) not in self._views]
        if missing:
            self._embed(missing)
            if self._cache is not None:
                np.savez(self._cache, names=np.array(list(self._views)), views=np.stack(list(self._views.values())))
        return np.stack([self._views[_key(*picture)] for picture in pictures])

    def _embed(self, pictures: Sequence[tuple[str, int]]) -> None:
        pipeline = file_pipeline(self._precision)
        smallest = Settings().smallest_face_px
        for start in range(0, len(pictures), PICTURES_AT_ONCE):
            batch = pictures[start : start + PICTURES_AT_ONCE]
            frames = [read_image(self.path(*picture)) for picture in batch]
            found = pipeline.detector.detect([frame.pixels for frame in frames], smallest)
            for picture, frame, detections in zip(batch, frames, found, strict=True):
                views = np.full((VIEWS, DEFAULT_PACK.dimension), np.nan, np.float32)
                if detections:
                    named = min(detections, key=lambda detection: _off_centre(detection, frame))
                    landmarks = pipeline.landmarker.locate(frame.pixels, [named])
                    chips = pipeline.views(frame.pixels, landmarks, averaging=True)
                    views = unit(pipeline.embedder.embed(chips[0]))
                self._views[_key(*picture)] = views
            if sys.stderr.isatty():
                print(f"\r{start + len(batch):,} of {len(pictures):,} pictures", end="", file=sys.stderr)


def averaged(views: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The embedding with test-time averaging, as the pipeline makes it."""
    return unit(views.mean(axis=1))


def _off_centre(detection: Detection, frame: Frame) -> float:
    """How far a face is from the picture's middle, where LFW has the person it names."""
    (x, y), (width, height) = detection.box.centre, frame.size
    return float(np.hypot(x - width / 2, y - height / 2))


def _key(name: str, number: int) -> str:
    return f"{name} {number}"


def session(runs: Path, tell: Callable[[Event], None] = lambda _event: None) -> Session:
    """Training as the command line does it, with runs in a folder of the benchmark's own."""
    return Session(file_pipeline(), tell, Control(), runs)


def faces_arguments(description: str | None) -> argparse.Namespace:
    """Read the options of scripts over all of LFW's faces."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--faces", type=Path, help="a folder to keep crops and embeddings in between runs")
    return parser.parse_args()


def lfw_embeddings(options: argparse.Namespace) -> dict[str, npt.NDArray[np.float32]]:
    """Everyone's embeddings, (N, D) of one view each, by name, as the data check of training finds them."""
    with tempfile.TemporaryDirectory() as folder:
        cache = options.faces or Path(folder)
        found = look_at(options.shared / "data" / "lfw", file_pipeline(), cache, silent, CancelToken())
    usable = ~np.isnan(found.embeddings).any(axis=1)
    people: dict[str, list[npt.NDArray[np.float32]]] = {}
    for picture, embedding, use in zip(found.pictures, found.embeddings, usable, strict=True):
        if use:
            people.setdefault(picture.person, []).append(embedding)
    return {name: np.stack(embeddings) for name, embeddings in people.items()}
