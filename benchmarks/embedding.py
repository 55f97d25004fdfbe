"""The embedding network in torch against dlib's C++: time per face and difference, same chips, same cores."""

from __future__ import annotations

import dlib
import numpy as np
import torch
from common import LfwFaces, arguments, file_pipeline, median_s

from engine.alignment.chips import extract_chips
from engine.capture.images import read_image
from engine.device import Device, choose_device
from engine.packs.embedder import Embedder
from engine.packs.pack import DEFAULT_PACK, DLIB_RESNET
from engine.types import PixelArray

CHIPS = 32
GPU_CHIPS = 256


def main() -> None:
    """Print both sides and their ratio."""
    options = arguments(__doc__)
    chips = _chips(options.shared, CHIPS)
    recogniser = dlib.face_recognition_model_v1(str(DLIB_RESNET.locate()))
    expected = np.stack([np.array(recogniser.compute_face_descriptor(chip)) for chip in chips])
    dlib_s = median_s(lambda: recogniser.compute_face_descriptor(chips[0]), 15)
    print(f"dlib C++, one chip: {dlib_s * 1e3:.1f} ms per face")
    devices = [choose_device("cpu", "fp32")]
    if choose_device("cpu").bf16:
        devices.append(choose_device("cpu", "bf16"))
    for device in devices:
        for count in (CHIPS, 1):
            _compare(device, chips[:count], expected[:count], dlib_s)
    if choose_device().torch_device.type != "cpu":
        cpu = Embedder(DEFAULT_PACK, choose_device("cpu", "fp32"))
        many = np.concatenate([chips] * (GPU_CHIPS // CHIPS))
        for precision in ("fp32", "bf16"):
            _on_gpu(choose_device("auto", precision), many, cpu)


def _compare(device: Device, chips: PixelArray, expected: np.ndarray, dlib_s: float) -> None:
    embedder = Embedder(DEFAULT_PACK, device)
    ours_s = median_s(lambda: embedder.embed(chips), 15) / len(chips)
    apart = np.abs(embedder.embed(chips) - expected).max()
    print(
        f"torch {device.precision}, batch {len(chips)}: {ours_s * 1e3:.2f} ms per face,"
        f" {dlib_s / ours_s:.1f} times as fast, largest difference {apart:.1e}"
    )


def _on_gpu(device: Device, chips: PixelArray, cpu: Embedder) -> None:
    embedder = Embedder(DEFAULT_PACK, device)

    def work() -> None:
        embedder.embed(chips)
        torch.cuda.synchronize()

    rate = len(chips) / median_s(work, 15)
    apart = np.abs(embedder.embed(chips) - cpu.embed(chips)).max()
    print(
        f"{device.label} {device.precision}, batch {len(chips)}: {rate:,.0f} faces a second, {apart:.1e} from the CPU"
    )


def _chips(shared: object, count: int) -> PixelArray:
    faces = LfwFaces(shared)  # type: ignore[arg-type]
    pipeline = file_pipeline()
    chips = []
    for name in faces.people():
        pixels = read_image(faces.path(name, 1)).pixels
        detections = pipeline.detector.detect([pixels], 40)[0]
        if detections:
            chips.append(extract_chips(pixels, pipeline.landmarker.locate(pixels, detections[:1]))[0])
        if len(chips) == count:
            break
    return np.stack(chips)


if __name__ == "__main__":
    main()
