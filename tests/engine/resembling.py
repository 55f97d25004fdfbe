"""People made up to be so far from a face as a test wants."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.capture.images import encode_jpeg
from engine.decisions import embedding_of
from engine.service import FaceService
from engine.types import RESEMBLES_RATE, Metric, NewTemplate, Person


def enroll_at(service: FaceService, picture: Path, name: str, distance: float, *, seed: int = 0) -> Person:
    """Enroll somebody whose only template is at a cosine distance from the face in a picture."""
    face = service.probe(picture)
    own = embedding_of(face)
    aside = np.random.default_rng(seed).normal(size=own.shape)
    aside -= (aside @ own) * own
    aside /= np.linalg.norm(aside)
    near = 1 - distance
    embedding = (near * own + np.sqrt(1 - near**2) * aside).astype(np.float32)
    template = NewTemplate(embedding, service._now.decider.pack_id, encode_jpeg(face.crop), f"{name}.jpg")
    return service._now.gallery.enroll(name, [template])


def band(service: FaceService) -> tuple[float, float]:
    """The cosine distances between which a face is told apart from one person, and yet resembles them."""
    calibration, rate = service._now.decider.calibration, service._now.settings.false_match_rate
    return (
        calibration.identification_threshold(Metric.COSINE, rate, 2, 2),
        calibration.threshold(Metric.COSINE, RESEMBLES_RATE),
    )
