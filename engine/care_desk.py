"""Getting people right: 'not this person', and the check-up of the gallery. Synchronous, as the service."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.capture.images import decode_jpeg, encode_jpeg
from engine.care import ChangedDecision, Rejection, RejectionEffect, Review
from engine.decisions import embedding_of
from engine.enrollment import Enroller
from engine.errors import BadInputError
from engine.gallery.references import References
from engine.gallery.rejections import Rejected
from engine.gallery.store import Gallery
from engine.matching.checkup import CheckUp
from engine.matching.fusion import fuse
from engine.matching.rejections import barred
from engine.past import PastDecisions
from engine.types import CancelToken, Face, FloatArray, NewTemplate, PixelArray, Progress, Report, silent

_SAME_FACE = 5e-4
"""Cosine distance under which two embeddings come from one picture."""


class CareDesk:
    """Rejected faces and the check-up, for the pack and settings in force."""

    def __init__(self, gallery: Gallery, enroller: Enroller, past: PastDecisions) -> None:
        self._gallery, self._enroller, self._past = gallery, enroller, past
        self._decider = enroller.decider
        self._reviewed: tuple[References, Review] | None = None

    # --- not this person ------------------------------------------------------------------------------------------

    def effect(self, person_id: int, face: Face) -> RejectionEffect:
        """Say which of this session's decisions would have been different had a face been rejected for a person.

        Raises:
            UnknownPersonError: there is no such person.
        """
        person, pack_id = self._gallery.person(person_id), self._decider.pack_id
        references = self._gallery.references(pack_id)
        templates = references.matrix[references.person_ids == person_id]
        own, _ = fuse(templates, np.zeros(len(templates), np.int64))
        rejected = Rejected(self._embedding(face)[None].copy(), own, np.full(len(own), person_id))
        changed = []
        for past in self._past if len(own) else ():
            about = past.record.match and past.person_id == person_id and past.pack_id == pack_id
            if about and barred(past.probe[None], rejected):
                identified = past.record.what == "identification"
                now = self._decider.identify_without(past.probe, person_id) if identified else ""
                changed.append(ChangedDecision(past.record, now))
        return RejectionEffect(person.name, len(self._past), tuple(reversed(changed)))

    def reject(self, person_id: int, face: Face, source: str) -> Rejection:
        """Remember that a face is not a person.

        Raises:
            UnknownPersonError: there is no such person.
            OwnPictureError: it is one of the person's own pictures.
            BadInputError: the very face is rejected already.
        """
        rejected = self._gallery.rejections.of_pack(self._decider.pack_id)
        embedding = self._embedding(face)
        mine = rejected.faces[rejected.person_ids == person_id]
        if len(mine) and float((mine @ embedding).max()) > 1 - _SAME_FACE:
            name = self._gallery.person(person_id).name
            raise BadInputError(f"This face is already kept as not being “{name}”.")
        crop = encode_jpeg(face.crop)
        id_ = self._gallery.rejections.add(person_id, NewTemplate(embedding, self._decider.pack_id, crop, source))
        return next(one for one in self.rejections(person_id) if one.id == id_)

    def rejections(self, person_id: int) -> list[Rejection]:
        """The faces that are not a person, oldest first."""
        return self._gallery.rejections.of_person(person_id)

    def rejection_crops(self, rejection_ids: Sequence[int]) -> dict[int, PixelArray]:
        """Decoded crops, (256, 256, 3) uint8 RGB each; those that are gone are left out."""
        return {id_: decode_jpeg(jpeg) for id_, jpeg in self._gallery.rejections.crops(rejection_ids).items()}

    def forget_rejection(self, rejection_id: int) -> None:
        """Take a rejection back, crop and all.

        Raises:
            GalleryError: there is no such rejection.
        """
        self._gallery.rejections.remove(rejection_id)

    def _embedding(self, face: Face) -> FloatArray:
        embedding_of(face)
        return self._enroller.enrolled_embedding(face)

    # --- the check-up ---------------------------------------------------------------------------------------------

    def keep_apart(self, one_id: int, other_id: int) -> None:
        """Remember that two people are not the same, so that it is not proposed again."""
        self._gallery.rejections.keep_apart(one_id, other_id)

    def confirm(self, template_id: int) -> None:
        """Remember that a picture is right, so that it is not pointed out again."""
        self._gallery.rejections.confirm(template_id)

    def review(self, report: Report = silent, token: CancelToken | None = None) -> Review:
        """Look through the whole gallery: one person under two names, pictures astray, people who look alike.

        Raises:
            OperationCancelledError: the token was turned.
        """
        references = self._gallery.references(self._decider.pack_id)
        if self._reviewed is not None and self._reviewed[0] is references:
            return self._reviewed[1]

        def step(done: int, total: int) -> None:
            if token:
                token.check()
            report(Progress(done, total, "Comparing everyone with everyone"))

        found = CheckUp(
            references,
            self._decider.calibration,
            self._decider.settings.false_match_rate,
            kept_apart=self._gallery.rejections.kept_apart(),
            confirmed=self._gallery.rejections.confirmed(),
        ).review(step)
        self._reviewed = references, found
        return found
