"""Galleries to move about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from engine.alignment.landmarks import Landmarker
from engine.capture.images import read_image
from engine.decisions import Decider
from engine.detection import DETECTORS
from engine.device import choose_device
from engine.enrollment import Enroller
from engine.gallery.store import Gallery
from engine.loaded import calibration_of
from engine.matching.own_strangers import OwnStrangers
from engine.matching.people_index import PeopleIndex
from engine.packs.embedder import Embedder
from engine.packs.pack import DEFAULT_PACK
from engine.pipeline import Only, Pipeline
from engine.settings import Settings
from engine.transfer.judged import Bench
from engine.transfer.sealed import Cost
from engine.transfer_desk import TransferDesk
from engine.types import Face, Frame, NewTemplate

CHEAP = Cost(memory_kib=32, passes=1, lanes=4)
"""So that tests may try many files."""
PASSPHRASE = "correct horse"
PACK, OTHER_PACK = "test-pack", "other-pack"


def template(seed: int, *, pack_id: str = PACK, dimension: int = 128) -> NewTemplate:
    """A template whose embedding and crop follow from a number."""
    rng = np.random.default_rng(seed)
    embedding = rng.normal(size=dimension).astype(np.float32)
    embedding /= np.linalg.norm(embedding)
    return NewTemplate(embedding, pack_id, rng.bytes(5000), f"picture{seed}.jpg", {"sharpness": 0.1 + seed})


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Gallery]:
    """A gallery of two people with everything that can be said of them, embedded by two packs."""
    gallery = Gallery.open(tmp_path / "full.db")
    ada = gallery.enroll("Ada Lovelace", [template(1), template(2), template(3)], consent_date=date(2026, 1, 2))
    gallery.describe(ada.id, notes="Wrote\nthe first “program”.", tags=["maths", "émigré", "🦆"])
    gallery.enroll("=HYPERLINK(1)", [template(4)])
    ids = [one.id for person in gallery.people() for one in gallery.templates(person.id)]
    gallery.add_embeddings(OTHER_PACK, {id_: template(100 + id_, dimension=64).embedding for id_ in ids})
    yield gallery
    gallery.close()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Gallery]:
    """A gallery of nobody."""
    gallery = Gallery.open(tmp_path / "empty.db")
    yield gallery
    gallery.close()


@pytest.fixture(scope="session")
def quick_pipeline() -> Pipeline:
    """One detector and no second look: the flow is what is tested, not the networks."""
    device = choose_device("cpu", "fp32")
    return Pipeline(DETECTORS["mtcnn"](device), Landmarker(), Embedder(DEFAULT_PACK, device))


@pytest.fixture
def desk(empty: Gallery, quick_pipeline: Pipeline) -> TransferDesk:
    """Imports into the gallery of nobody, and exports from it."""
    settings = Settings(averaging="never")
    decider = Decider(empty, OwnStrangers(calibration_of(DEFAULT_PACK)), PeopleIndex(), DEFAULT_PACK.id, settings)
    enroller = Enroller(decider, quick_pipeline)

    def faces(frames: Sequence[Frame], largest: bool) -> list[tuple[Face, ...]]:
        only: Only | None = "largest" if largest else None
        return quick_pipeline.faces(frames, smallest_face_px=60, averaging=False, only=only)

    bench = Bench(empty, lambda: enroller, lambda place: read_image(place, name=str(place)), faces)
    return TransferDesk(bench, lambda _report, _token: None)


def everything(gallery: Gallery) -> list[object]:
    """All that is kept of everyone, to the byte, without the numbers that a gallery gives itself."""
    return [
        (
            (person.name, person.notes, person.tags, person.consent_date, person.created_at),
            [
                (
                    one.crop_jpeg, one.source, one.quality, one.created_at,
                    sorted((pack, vector.tobytes()) for pack, vector in one.embeddings.items()),
                )
                for one in gallery.templates(person.id)
            ],
        )
        for person in gallery.people()
    ]  # fmt: skip
