"""How fast a pack is on this machine."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from time import perf_counter

import numpy as np

from engine.detection import DETECTORS
from engine.device import Device, choose_device
from engine.errors import PackError
from engine.liveness.passive import PassiveScorer
from engine.liveness.weights import load_passive
from engine.pack_values import PackKind, PackSpeed
from engine.packs.catalogue import MINIFASNET
from engine.packs.embedder import Embedder
from engine.packs.installed import find_pack, is_installed, not_installed, packs_folder
from engine.packs.installing import published
from engine.types import Box, CancelToken, PixelArray, Progress, Report

SECONDS = 10.0
_LEAST, _MOST = 3, 2000
_PICTURE = 480, 640
_SMALLEST_PX = 40
_FACE = Box(260, 160, 110, 140)


def speed_of(pack_id: str, device: Device, report: Report, token: CancelToken, seconds: float = SECONDS) -> PackSpeed:
    """Measure for some seconds.

    Args:
        pack_id: an embedder, which embeds one face at a time, a detector, which looks at one picture at a time, or the
            passive liveness networks, which score one face at a time.
        device: where it is to run.
        report: told of tenths of seconds.
        token: stops it.
        seconds: how long.

    Raises:
        BadInputError: there is no such pack.
        PackError: it is not installed, or altered.
        OperationCancelledError: the token was turned.
    """
    if pack_id == MINIFASNET:
        return _speed_of_passive(report, token, seconds)
    if pack_id in DETECTORS and published(pack_id).kind is PackKind.DETECTOR:
        detector = DETECTORS[pack_id](device)
        picture = _picture()
        of = f"a picture of {_PICTURE[1]}x{_PICTURE[0]} without a face"
        return PackSpeed(
            _median(lambda: detector.detect([picture], _SMALLEST_PX), report, token, seconds), of, device.label
        )
    embedder = Embedder(find_pack(pack_id), device)
    side = embedder.pack.frame.size_px
    chip = np.random.default_rng(0).integers(0, 256, (1, side, side, 3), np.uint8)
    return PackSpeed(_median(lambda: embedder.embed(chip), report, token, seconds), "a face", embedder.device.label)


def _speed_of_passive(report: Report, token: CancelToken, seconds: float) -> PackSpeed:
    """Of both networks and their crops, on the CPU, where live faces are scored."""
    if not is_installed(MINIFASNET):
        raise PackError(not_installed(MINIFASNET))
    scorer, picture = PassiveScorer(load_passive(packs_folder() / MINIFASNET)), _picture()
    milliseconds = _median(lambda: scorer.score(picture, [_FACE]), report, token, seconds)
    return PackSpeed(milliseconds, "a face by both networks", choose_device("cpu", "fp32").label)


def _picture() -> PixelArray:
    """A smooth picture: noise would look like faces to a detector's first stage."""
    rows, columns = np.mgrid[: _PICTURE[0], : _PICTURE[1]]
    waves = 127 + 60 * np.sin(rows / 40)[..., None] + 60 * np.cos(columns / 55)[..., None] * np.array([1, 0.6, 0.3])
    picture: PixelArray = np.clip(waves, 0, 255).astype(np.uint8)
    return picture


def _median(work: Callable[[], object], report: Report, token: CancelToken, seconds: float) -> float:
    """Median of the milliseconds of a piece of work, after one that warms up."""
    work()
    times: list[float] = []
    begun = perf_counter()
    while len(times) < _MOST and (len(times) < _LEAST or perf_counter() - begun < seconds):
        token.check()
        report(Progress(min(int(10 * (perf_counter() - begun)), int(10 * seconds)), int(10 * seconds), "Measuring"))
        start = perf_counter()
        work()
        times.append((perf_counter() - start) * 1000)
    return statistics.median(times)
