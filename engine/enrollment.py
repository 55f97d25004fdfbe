"""From pictures to templates: what is good enough, what is a copy, who looks alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from engine.capture.images import encode_jpeg
from engine.decisions import Decider
from engine.errors import BadInputError, NoFaceError, UnknownPersonError, shown
from engine.matching.distances import distances
from engine.pipeline import RIVAL_AREA, Pipeline, views_of_crop
from engine.types import Enrollment, EnrollmentCandidate, Face, FloatArray, Frame, Metric, NewTemplate, Resemblance

SAME_PICTURE = 5e-4
"""Cosine distance under which two embeddings come from copies of one picture."""


@dataclass(frozen=True, slots=True)
class Enroller:
    """Judges faces for enrollment and stores the good ones."""

    decider: Decider
    pipeline: Pipeline

    def judge(self, frame: Frame, faces: Sequence[Face], name: str) -> EnrollmentCandidate:
        """Judge one picture for the enrollment of `name`.

        Args:
            frame: the picture.
            faces: all faces found in it, largest first, of which the largest has an embedding.
        """
        if not faces:
            return EnrollmentCandidate(frame.source, refusals=(str(NoFaceError(frame.source)),), notes=frame.notes)
        face, *others = faces
        refusals, notes = face.quality.reasons, frame.notes
        if others and others[0].box.area >= RIVAL_AREA * face.box.area:
            refusals = (f"{len(faces)} faces were found. Use a picture of one person, or crop it.", *refusals)
        elif others:
            notes = (*notes, f"The largest of {len(faces)} faces is used.")
        near = self.decider.look_alike(face, name)
        if isinstance(near, Resemblance):
            return EnrollmentCandidate(frame.source, face, refusals, None, notes, near)
        return EnrollmentCandidate(frame.source, face, refusals, near, notes)

    def enroll(
        self, name: str, candidates: Sequence[EnrollmentCandidate], consent_date: date | None, *, purpose: str = ""
    ) -> Enrollment:
        """Store the acceptable candidates in one transaction; list the rest.

        Raises:
            BadInputError: none of them can be enrolled; the sentence says why.
            InvalidNameError: nobody can have this name.
            GalleryError: the gallery cannot be written; nothing was.
        """
        accepted: list[NewTemplate] = []
        skipped: list[EnrollmentCandidate] = []
        known = self.embeddings_of(name)
        for candidate in candidates:
            template, refusals = self.template(candidate, known)
            if template is None:
                skipped.append(replace(candidate, refusals=refusals))
            else:
                accepted.append(template)
                known.append(template.embedding)
        if not accepted:
            reasons = dict.fromkeys(reason for candidate in skipped for reason in candidate.refusals)
            raise BadInputError(" ".join(list(reasons)[:3]) or "There is no picture to enroll. Add at least one.")
        person = self.decider.gallery.enroll(name, accepted, consent_date=consent_date, purpose=purpose)
        return Enrollment(person, len(accepted), tuple(skipped))

    def template(
        self, candidate: EnrollmentCandidate, known: Sequence[FloatArray]
    ) -> tuple[NewTemplate | None, tuple[str, ...]]:
        """Return the candidate's template, or None and why not.

        Args:
            candidate: as `judge` made it.
            known: embeddings that the person has already; a copy of one of these is refused.
        """
        face = candidate.face
        if face is None or candidate.refusals or not face.quality.acceptable:
            return None, candidate.refusals or (face.quality.reasons if face else ())
        embedding = self.enrolled_embedding(face)
        if known and distances(embedding[None], np.stack(known), Metric.COSINE).min() < SAME_PICTURE:
            return None, (f"“{shown(Path(candidate.source))}” is a copy of a picture that is already enrolled.",)
        quality = {measure.key: measure.value for measure in face.quality.measures}
        quality |= {f"component_{key}": float(score) for key, score in face.quality.components if score >= 0}
        crop = encode_jpeg(face.crop)
        return NewTemplate(embedding, self.decider.pack_id, crop, candidate.source, quality), ()

    def enrolled_embedding(self, face: Face) -> FloatArray:
        """The face's embedding by the pack in force, averaged for enrollment even where the live view does not average.

        A face that was found before another pack was chosen is embedded again.
        """
        fits = face.pack_id == self.decider.pack_id and (face.views > 1 or self.decider.settings.averaging == "never")
        if face.embedding is not None and fits:
            return face.embedding
        embedding: FloatArray = self.pipeline.embed(
            views_of_crop(face.crop, self.pipeline.embedder.pack, averaging=True)[None]
        )[0]
        return embedding

    def embeddings_of(self, name: str) -> list[FloatArray]:
        """Embeddings that the person of this name has already; empty where there is nobody."""
        gallery = self.decider.gallery
        try:
            templates = gallery.templates(gallery.find(name).id)
        except UnknownPersonError:
            return []
        embeddings = (template.embeddings.get(self.decider.pack_id) for template in templates)
        return [embedding for embedding in embeddings if embedding is not None]
