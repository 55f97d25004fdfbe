"""Faces against the gallery: verification, comparison, identification, each with the numbers it was made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.capture.images import decode_jpeg
from engine.errors import PackMismatchError, shown
from engine.gallery.store import Gallery
from engine.matching.calibration import Calibration
from engine.matching.distances import distances
from engine.matching.fusion import FUSION, fuse
from engine.matching.identification import match_faces
from engine.matching.learned import LearnedVerifier
from engine.matching.own_strangers import OwnStrangers
from engine.matching.people_index import PeopleIndex
from engine.matching.rejections import barred
from engine.settings import Settings
from engine.types import (
    RESEMBLES_RATE,
    Candidate,
    Comparison,
    Decided,
    Face,
    FalseMatchRate,
    FloatArray,
    Identification,
    Limits,
    Metric,
    Person,
    Resemblance,
    Verification,
)

UNSURE_TIMES = 10
"""How many times the strangers of the limit are within the limit of being sure that it is nobody."""
BREAK_RATE = 0.03
"""Share of strangers who are closer than the distance at which a followed face is taken to be another one."""


@dataclass(frozen=True, slots=True)
class Decider:
    """Decides for one pack by the settings in force.

    Attributes:
        index: the gallery's people, for searching.
        pack_id: templates of other packs are never looked at.
        strangers: the pack's calibration, and what the gallery's own people say of it.
        verifier: verifies instead of the distance where one was chosen.
    """

    gallery: Gallery
    strangers: OwnStrangers
    index: PeopleIndex
    pack_id: str
    settings: Settings
    verifier: LearnedVerifier | None = None

    @property
    def calibration(self) -> Calibration:
        """Turns the wanted false match rate into a distance, and a distance into a rate."""
        return self.strangers.calibration(self.gallery.references(self.pack_id))

    @property
    def metric(self) -> Metric:
        """The distance in use."""
        return Metric(self.settings.metric)

    def verification_threshold(self, templates: int = 1) -> float:
        """Largest distance that is a match, 1:1, to a person of so many templates."""
        return self.calibration.threshold(self.metric, self.settings.false_match_rate, templates)

    @property
    def unsure_limit(self) -> float:
        """Largest distance at which it is not sure that a face is nobody, 1:N."""
        references = self.gallery.references(self.pack_id)
        people, templates = len(references.names), len(references.person_ids)
        each = self.calibration.per_template(self.settings.false_match_rate, people, templates)
        return self.calibration.threshold(self.metric, min(0.5, UNSURE_TIMES * each))

    @property
    def break_limit(self) -> float:
        """Cosine distance of two looks at one face in a stream beyond which it is taken to be another one's."""
        return self.strangers.shipped.threshold(Metric.COSINE, BREAK_RATE)

    def verify(self, probe: Face, person: Person) -> Verification:
        """Decide whether a face is the person claimed.

        Raises:
            PackMismatchError: the person has no template of this pack.
        """
        templates = [t for t in self.gallery.templates(person.id) if self.pack_id in t.embeddings]
        if not templates:
            if person.id in self.gallery.references(self.pack_id).left_out.values():
                raise PackMismatchError(self.gallery.left_out(self.pack_id))
            raise PackMismatchError(
                f"“{shown(person.name)}” has no template of the pack in use. Enroll them again with new pictures."
            )
        references = np.stack([template.embeddings[self.pack_id] for template in templates])
        fused, _ = fuse(references, np.zeros(len(references), np.int64))
        *apart, distance = self._apart(embedding_of(probe), np.concatenate([references, fused]))
        threshold, rate = self._judged(distance, len(templates))
        rejected_at = barred(embedding_of(probe)[None], self.gallery.rejections.of_pack(self.pack_id)).get(
            (0, person.id)
        )
        return Verification(
            person_id=person.id,
            name=person.name,
            match=distance <= threshold and rejected_at is None,
            distance=distance,
            threshold=threshold,
            metric=self.metric,
            template_distances=tuple(sorted(apart)),
            fusion=FUSION,
            probe=probe,
            reference_crop=decode_jpeg(templates[int(np.argmin(apart))].crop_jpeg),
            false_match=rate,
            verifier=self.verifier.title if self.verifier else "",
            rejected_at=rejected_at,
        )

    def _judged(self, distance: float, templates: int) -> tuple[float, FalseMatchRate]:
        """The limit for a person of so many templates, and how often a stranger gets that close, by the verifier."""
        if self.verifier is None:
            threshold = self.verification_threshold(templates)
            return threshold, self.calibration.false_match_rate(self.metric, distance, templates)
        threshold = self.verifier.threshold(self.settings.false_match_rate, templates)
        return threshold, self.verifier.false_match_rate(distance, templates)

    def _apart(self, probe: FloatArray, references: FloatArray) -> list[float]:
        """Distance of a probe to each reference, by the verifier in use."""
        if self.verifier is None:
            apart = distances(probe[None], references, self.metric)[0]
        else:
            apart = self.verifier.distances(np.broadcast_to(probe, references.shape), references)
        return [float(one) for one in apart]

    def compare(self, first: Face, second: Face) -> Comparison:
        """Decide whether two faces are one person."""
        (distance,) = self._apart(embedding_of(first), embedding_of(second)[None])
        threshold, rate = self._judged(distance, 1)
        title = self.verifier.title if self.verifier else ""
        return Comparison(distance <= threshold, distance, threshold, self.metric, first, second, rate, title)

    def identify(self, faces: Sequence[Face]) -> list[Identification]:
        """Decide who the faces of one picture are; nobody is found twice."""
        if not faces:
            return []
        references = self.gallery.references(self.pack_id)
        threshold = self.calibration.identification_threshold(
            self.metric, self.settings.false_match_rate, len(references.names), len(references.person_ids)
        )
        probes = np.stack([embedding_of(face) for face in faces])
        out = barred(probes, self.gallery.rejections.of_pack(self.pack_id))
        matches = match_faces(probes, references, self.metric, threshold, index=self.index, barred=out)
        return [
            Identification(
                face, _marked(match.candidates, number, out), match.person, threshold, self.metric, match.margin
            )
            for number, (face, match) in enumerate(zip(faces, matches, strict=True))
        ]

    def identify_without(self, probe: FloatArray, person_id: int) -> str:
        """Whom a probe, (D,), would be taken for if it were no match for a person; empty for nobody."""
        references = self.gallery.references(self.pack_id)
        threshold = self.calibration.identification_threshold(
            self.metric, self.settings.false_match_rate, len(references.names), len(references.person_ids)
        )
        out = {*barred(probe[None], self.gallery.rejections.of_pack(self.pack_id)), (0, person_id)}
        match = match_faces(probe[None], references, self.metric, threshold, index=self.index, barred=out)[0]
        return match.person.name if match.person else ""

    def limits(self, false_match_rate: float) -> Limits:
        """What a false match rate means for this gallery, in distances and in pairs."""
        references, calibration = self.gallery.references(self.pack_id), self.calibration
        people, templates = len(references.names), len(references.person_ids)
        verification = calibration.threshold(self.metric, false_match_rate)
        identification = calibration.identification_threshold(self.metric, false_match_rate, people, templates)
        each = calibration.per_template(false_match_rate, people, templates)
        return Limits(
            false_match_rate=false_match_rate,
            metric=self.metric,
            verification=verification,
            identification=identification,
            people=people,
            bound=calibration.false_match_rate(self.metric, verification),
            own_pairs=calibration.own_pairs,
            own_close=calibration.own_close,
            supported=calibration.shows(false_match_rate),
            identification_rate=min(1.0, each * templates),
            identification_bound=calibration.false_match_rate(self.metric, identification, max(templates, 1)).upper,
            identification_supported=calibration.shows(each),
        )

    def again(self, record: Decided, false_match_rate: float) -> bool:
        """Whether a decision of before would be a match at another false match rate."""
        if record.rejected:
            return False
        if record.people:
            limit = self.calibration.identification_threshold(
                record.metric, false_match_rate, record.people, record.templates
            )
        elif not record.verifier:
            limit = self.calibration.threshold(record.metric, false_match_rate, record.templates)
        elif self.verifier is not None and self.verifier.title == record.verifier:
            limit = self.verifier.threshold(false_match_rate, record.templates)
        else:
            # The verifier of then is not in use any more.
            return record.match
        return record.distance <= limit

    def look_alike(self, face: Face, name: str) -> Candidate | Resemblance | None:
        """The nearest of another name: a candidate if the face would be taken for them, whom it resembles if not.

        Each comes with how often strangers get that close; None where that is more often than 1 in 100.
        """
        identification = self.identify([face])[0]
        own = name.strip().casefold()
        for near in identification.candidates:
            # Where the user has said that the two are not the same, they need not be told again.
            if near.name.casefold() != own and near.rejected_at is None:
                if near.distance <= identification.threshold:
                    rate = self.calibration.false_match_rate(self.metric, near.distance)
                    return replace(near, false_match=rate)
                return self._resemblance(near)
        return None

    def _resemblance(self, near: Candidate) -> Resemblance | None:
        references = self.gallery.references(self.pack_id)
        templates = int(np.count_nonzero(references.person_ids == near.person_id))
        if near.distance > self.calibration.threshold(self.metric, RESEMBLES_RATE, templates):
            return None
        rate = self.calibration.false_match_rate(self.metric, near.distance, templates)
        return Resemblance(near.person_id, near.name, near.distance, rate, len(references.names))


def _marked(candidates: Sequence[Candidate], number: int, out: dict[tuple[int, int], float]) -> tuple[Candidate, ...]:
    """Say of each candidate whether a rejected face bars them."""
    return tuple(replace(one, rejected_at=out.get((number, one.person_id))) for one in candidates)


def embedding_of(face: Face) -> FloatArray:
    """Return a face's embedding, (D,).

    Raises:
        ValueError: the pipeline was not asked for it.
    """
    if face.embedding is None:
        raise ValueError("the face was found without an embedding")
    return face.embedding
