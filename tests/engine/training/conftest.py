"""People made of textures: enough to learn from in seconds, and nobody's face."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.capture.images import encode_jpeg
from engine.device import choose_device
from engine.learning import Event, Recipe
from engine.networks.architectures import ARCHITECTURES
from engine.training.control import Control
from engine.training.faces import FolderFaces, Picture
from engine.training.promotion import architecture_key
from engine.training.run import Run, begin
from engine.training.session import start_network
from engine.training.trainer import Trainer

CPU = choose_device("cpu", "fp32")
QUICK = Recipe(
    start="siamese", freeze="none", loss="triplet", epochs=4, people_per_batch=4, pictures_per_person=4,
    learning_rate=1e-3, augment=False, false_match_rate=1e-2, validation_share=0.25, test_share=0.25,
)  # fmt: skip


def texture_people(folder: Path, people: int = 16, pictures: int = 8) -> FolderFaces:
    """Crops of people: each person is a coarse pattern, each picture a noisy, shifted copy of it."""
    random = np.random.default_rng(7)
    crops = folder / "crops"
    crops.mkdir(parents=True)
    known = []
    for person in range(people):
        pattern = random.integers(60, 196, (6, 6, 3)).astype(np.float32)
        for number in range(pictures):
            shifted = np.roll(cv2.resize(pattern, (256, 256)), random.integers(-12, 13, 2), axis=(0, 1))
            crop = np.clip(shifted * random.uniform(0.7, 1.3) + random.normal(0, 25, (256, 256, 3)), 0, 255)
            content = encode_jpeg(crop.astype(np.uint8))
            sha256 = hashlib.sha256(content).hexdigest()
            (crops / f"{sha256}.jpg").write_bytes(content)
            known.append(Picture(f"p{person:02}/{number}.jpg", f"p{person:02}", 1, 1, sha256, faces=1))
    return FolderFaces(folder, tuple(known), np.zeros((len(known), 1), np.float32), crops)


@pytest.fixture(scope="session")
def textures(tmp_path_factory: pytest.TempPathFactory) -> FolderFaces:
    """Sixteen people of eight pictures."""
    return texture_people(tmp_path_factory.mktemp("textures"))


@pytest.fixture
def begun(textures: FolderFaces, tmp_path: Path) -> Callable[..., Run]:
    """Begins a run on the textures."""

    def make(name: str = "run", **changes: object) -> Run:
        return begin(tmp_path / name, textures, QUICK.with_values(changes), ())  # type: ignore[arg-type]

    return make


def trainer(run: Run, events: list[Event] | None = None, control: Control | None = None) -> Trainer:
    """A trainer on the CPU that keeps its events."""
    network = start_network(run.recipe)
    tell = (lambda _event: None) if events is None else events.append
    return Trainer(run, network, ARCHITECTURES[architecture_key(run)], CPU, tell=tell, control=control or Control())
