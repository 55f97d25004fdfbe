"""Decisions as this session's past keeps them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.decisions import embedding_of
from engine.past import Past
from engine.service.in_force import InForce
from engine.types import Comparison, Decided, Identification, Verification


def verified(found: Verification) -> Past:
    """A verification as it is remembered."""
    rejected = found.rejected_at is not None or bool(found.refused_as_not_live)
    templates = len(found.template_distances)
    record = Decided(
        "verification", found.name, found.metric, found.distance, templates, 0, found.match, rejected, found.verifier
    )
    return Past(record, embedding_of(found.probe), found.probe.pack_id, found.person_id)


def compared(found: Comparison, about: str) -> Past:
    """A comparison as it is remembered.

    Args:
        found: what was decided.
        about: what the two pictures are called.
    """
    record = Decided("comparison", about, found.metric, found.distance, 1, 0, found.match, False, found.verifier)
    return Past(record, embedding_of(found.first), found.first.pack_id, None)


def identified(now: InForce, identifications: Sequence[Identification]) -> Iterator[Past]:
    """Identifications as they are remembered; those in an empty gallery are left out."""
    references = now.gallery.references(now.networks.embedder.pack.id)
    people, templates = len(references.names), len(references.person_ids)
    for one in identifications:
        if one.candidates:
            nearest = one.candidates[0]
            match = one.person is not None and one.person.person_id == nearest.person_id
            out = nearest.rejected_at is not None
            record = Decided(
                "identification", nearest.name, one.metric, nearest.distance, templates, people, match, out
            )
            yield Past(record, embedding_of(one.face), one.face.pack_id, nearest.person_id)
