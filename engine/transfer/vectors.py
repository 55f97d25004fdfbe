"""Vectors of dlib's network that other programs have kept, without the pictures they are of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.capture.images import encode_jpeg
from engine.exchange import Conflict, Imported, SourceKind, Tally
from engine.gallery.exchange import Arrivals, PortablePerson, PortableTemplate, bring
from engine.gallery.schema import NO_PICTURE
from engine.gallery.store import Gallery
from engine.packs.pack import DEFAULT_PACK
from engine.transfer.gallery_file import summary
from engine.types import CancelToken, FloatArray, Frame, frozen

SHORTEST, LONGEST = 0.5, 2.0
"""Lengths that dlib's descriptors can have; most are 1.2 to 1.6."""


def unit_vector(values: object) -> tuple[FloatArray | None, str]:
    """Return a descriptor at unit length, or None and why not.

    dlib's descriptors are compared as they come; ours are of unit length, which keeps their order for one face and
    nearly so for all.

    Args:
        values: anything that a file held.

    Returns:
        (128,) float32.
    """
    try:
        vector: NDArray[np.float64] = np.asarray(values, np.float64)
    except (ValueError, TypeError, OverflowError):
        return None, "It is no list of numbers."
    if vector.shape != (DEFAULT_PACK.dimension,):
        shape = " × ".join(map(str, vector.shape)) or "no list"
        return None, f"It has {shape} numbers; dlib's network makes {DEFAULT_PACK.dimension}."
    if not np.isfinite(vector).all():
        return None, "It holds values that are no numbers."
    length = float(np.linalg.norm(vector))
    if not SHORTEST <= length <= LONGEST:
        return None, f"Its length is {length:.3g}; dlib's network makes vectors of {SHORTEST:g} to {LONGEST:g}."
    made = (vector / length).astype(np.float32)
    frozen(made)
    return made, ""


def pictureless(vector: FloatArray, source: str, created_at: datetime | None = None) -> PortableTemplate:
    """Return a template that shows a drawing, because there is no picture, and says so."""
    fields: dict[str, Any] = {
        "source": f"{source} (no picture)",
        "quality": {NO_PICTURE: 1.0},
        "created_at": created_at,
    }
    return PortableTemplate({DEFAULT_PACK.id: vector}, drawn_crop(), fields)


@cache
def drawn_crop() -> bytes:
    """Draw what stands for a face that nobody has a picture of, 256 by 256, as JPEG."""
    pixels = np.full((256, 256, 3), 216, np.uint8)
    grey = (168, 168, 168)
    cv2.circle(pixels, (128, 104), 48, grey, -1, cv2.LINE_AA)
    cv2.ellipse(pixels, (128, 256), (92, 84), 0, 180, 360, grey, -1, cv2.LINE_AA)
    return encode_jpeg(Frame(pixels, "drawing").pixels)


def import_vectors(
    gallery: Gallery,
    kind: SourceKind,
    text: str,
    people: Sequence[PortablePerson],
    *,
    tally: Tally,
    conflict: Conflict,
    token: CancelToken,
) -> Imported:
    """Store people who are vectors only, in one transaction that can be undone."""
    arrivals = Arrivals()
    if people:
        names = [person.name for person in people]
        bring(gallery, text, people, names=names, conflict=conflict, arrivals=arrivals, token=token)
    for name, reason in arrivals.refused:
        tally.leave_out(name, reason)
    if arrivals.templates:
        tally.warn(
            f"These people came without pictures: they can be recognised with “{DEFAULT_PACK.title}” only. "
            "Enroll them with pictures to use another network."
        )
    return summary(kind, arrivals, tally)


def grouped(templates: Iterable[tuple[str, PortableTemplate]]) -> list[PortablePerson]:
    """Gather templates by name, in the order in which the names come."""
    found: dict[str, list[PortableTemplate]] = {}
    for name, template in templates:
        found.setdefault(name, []).append(template)
    return [PortablePerson(name, made) for name, made in found.items()]
