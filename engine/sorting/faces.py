"""Found faces as the pipeline makes them <-> as a sorting keeps them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.alignment.chips import DLIB_FRAME, chip_of_crop
from engine.capture.images import decode_jpeg, encode_jpeg
from engine.gallery.sorting_layout import Found, KeptFace
from engine.types import Box, EnrollmentCandidate, Face, Measure, Pose, Quality


def kept(face: Face) -> KeptFace:
    """Turn a found face into what is kept of it.

    Raises:
        ValueError: it has no embedding.
    """
    if face.embedding is None:
        raise ValueError("the face was found without an embedding")
    return KeptFace(
        box=tuple(round(float(value), 2) for value in face.box),
        score=float(face.score),
        landmarks=np.ascontiguousarray(face.landmarks, "<f4").tobytes(),
        quality=tuple((one.key, float(one.value), one.unit, one.reason) for one in face.quality.measures),
        views=face.views,
        embedding=face.embedding,
        crop_jpeg=encode_jpeg(face.crop),
    )


def face_of(found: Found) -> Face:
    """Turn a kept face back into a face; its crop has been a JPEG meanwhile.

    Raises:
        ImageError: its crop is damaged.
    """
    one, crop = found.face, decode_jpeg(found.face.crop_jpeg)
    measures = tuple(Measure(*measure) for measure in one.quality)
    turned = {measure.key: measure.value for measure in measures}
    pose = Pose(*(turned.get(key, 0.0) for key in ("yaw", "pitch", "roll")))
    return Face(
        box=Box(*one.box),
        score=one.score,
        landmarks=np.frombuffer(one.landmarks, "<f4").astype(np.float32).reshape(-1, 2),
        chip=chip_of_crop(crop, DLIB_FRAME),
        crop=crop,
        quality=Quality(measures, pose),
        embedding=one.embedding.copy(),
        pack_id=found.pack_id,
        views=one.views,
    )


def candidate(found: Found) -> EnrollmentCandidate:
    """Turn a kept face into a candidate for enrollment; its picture may be gone, only its name is used.

    Raises:
        ImageError: its crop is damaged.
    """
    face = face_of(found)
    return EnrollmentCandidate(str(Path(found.folder, found.path)), face, face.quality.reasons)
