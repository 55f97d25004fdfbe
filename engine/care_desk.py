"""Getting people right: 'not this person', and the check-up of the gallery. Synchronous, as the service."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.capture.images import decode_jpeg, encode_jpeg
from engine.care import (
    ENOUGH_PICTURES,
    ChangedDecision,
    Finding,
    FindingKind,
    Rejection,
    RejectionEffect,
    Review,
)
from engine.decisions import embedding_of
from engine.enrollment import Enroller
from engine.errors import BadInputError
from engine.gallery.references import References
from engine.gallery.store import Gallery
from engine.matching.confusion import near_pairs, strays
from engine.matching.fusion import fuse
from engine.matching.rejections import MARGIN
from engine.past import PastDecisions
from engine.settings import OPTIONS
from engine.types import CancelToken, Face, FloatArray, Metric, NewTemplate, PixelArray, Progress, Report, silent

SAME_CHANCE = 0.05
"""People are proposed for merging where among all the gallery's pairs of strangers so near a one is this unlikely."""
SAME_RATES = 1e-6, 1e-5
"""Within these false match rates, since the calibration says nothing of rarer ones and a small gallery is no proof."""
SUSPECT_RATE, FAR_RATE = 1e-3, 0.05
"""Templates are looked at from the first false match rate on, and are pointed out in any case from the second."""
MOST_PAIRS = 2000
MOST_FINDINGS = 200


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
        own, _ = fuse(references.matrix[references.person_ids == person_id], np.zeros(person.template_count, np.int64))
        changed = []
        rejected = self._embedding(face)
        for past in self._past:
            about = past.record.match and past.person_id == person_id and past.pack_id == pack_id
            if about and 1 - past.probe @ rejected <= 1 - float((own @ past.probe)[0]) + MARGIN:
                identified = past.record.what == "identification"
                now = self._decider.identify_without(past.probe, person_id) if identified else ""
                changed.append(ChangedDecision(past.record, now))
        return RejectionEffect(person.name, len(self._past), tuple(reversed(changed)))

    def reject(self, person_id: int, face: Face, source: str) -> Rejection:
        """Remember that a face is not a person.

        Raises:
            UnknownPersonError: there is no such person.
            GalleryError: it is one of the person's own pictures.
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

    def rejection_counts(self) -> dict[int, int]:
        """How many rejected faces each person has; those without are left out."""
        return self._gallery.rejections.counts()

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
        if self._reviewed is None or self._reviewed[0] is not references:
            self._reviewed = references, _Reviewer(self._gallery, self._enroller, references).review(report, token)
        return self._reviewed[1]


class _Reviewer:
    """One look through the gallery."""

    def __init__(self, gallery: Gallery, enroller: Enroller, references: References) -> None:
        self._gallery, self._references = gallery, references
        self._calibration, self._settings = enroller.decider.calibration, enroller.decider.settings
        self._fused, self._people = fuse(references.matrix, references.person_ids)
        self._order = np.argsort(references.person_ids, kind="stable")
        self._starts = np.searchsorted(references.person_ids[self._order], self._people)
        self._counts = np.diff(np.append(self._starts, len(self._order)))

    def review(self, report: Report, token: CancelToken | None) -> Review:
        count = len(self._people)
        if not count:
            return Review((), 0)

        def step(done: int, total: int) -> None:
            if token:
                token.check()
            report(Progress(done, total, "Comparing everyone with everyone"))

        limit = self._limit(self._settings.false_match_rate)
        same = self._same_limit()
        pairs = near_pairs(self._fused, max(limit, same), MOST_PAIRS, step)
        kept_apart = self._gallery.rejections.kept_apart()
        findings = []
        for first, second, apart in zip(pairs.first, pairs.second, pairs.apart, strict=True):
            ids = int(self._people[first]), int(self._people[second])
            is_same = float(apart) <= same
            if ids not in kept_apart:
                findings.append(self._pair(int(first), int(second), float(apart), same if is_same else limit, is_same))
        step(count, count)
        findings += self._strays()
        urgency = list(FindingKind)
        findings.sort(key=lambda found: (urgency.index(found.kind), found.distance))
        return Review(tuple(findings[:MOST_FINDINGS]), count, max(0, len(findings) - MOST_FINDINGS))

    def _limit(self, rate: float) -> float:
        count = len(self._people)
        return self._calibration.identification_threshold(Metric.COSINE, rate, count, count)

    def _same_limit(self) -> float:
        pairs = max(len(self._people) * (len(self._people) - 1) / 2, 1)
        rate = float(np.clip(SAME_CHANCE / pairs, *SAME_RATES))
        return self._calibration.threshold(Metric.COSINE, rate)

    def _rows(self, person: int) -> NDArray[np.int64]:
        """Numbers of a person's templates."""
        rows: NDArray[np.int64] = self._order[self._starts[person] : self._starts[person] + self._counts[person]]
        return rows

    def _pair(self, first: int, second: int, apart: float, limit: float, is_same: bool) -> Finding:
        ids = self._people[[first, second]].tolist()
        names = [self._references.names[id_] for id_ in ids]
        rows = self._rows(first), self._rows(second)
        vectors = [self._references.matrix[own] for own in rows]
        nearest = np.unravel_index(np.argmax(vectors[0] @ vectors[1].T), (len(rows[0]), len(rows[1])))
        nearest_ids = [int(self._references.template_ids[own[at]]) for own, at in zip(rows, nearest, strict=True)]
        rate = self._settings.false_match_rate
        passing = 0
        for own, other in ((0, second), (1, first)):
            passes = self._calibration.threshold(Metric.COSINE, rate, int(self._counts[other]))
            passing += int((1 - vectors[own] @ self._fused[other] <= passes).sum())
        counts = [len(own) for own in rows]
        return Finding(
            kind=FindingKind.SAME_PERSON if is_same else FindingKind.LOOK_ALIKE,
            person_id=ids[0],
            name=names[0],
            other_id=ids[1],
            other_name=names[1],
            template_id=nearest_ids[0],
            other_template_id=nearest_ids[1],
            distance=apart,
            limit=limit,
            false_match=self._calibration.false_match_rate(Metric.COSINE, apart),
            passing=passing,
            pictures=sum(counts),
            few=tuple((n, c) for n, c in zip(names, counts, strict=True) if c < ENOUGH_PICTURES),
            stricter=self._stricter(apart),
        )

    def _stricter(self, apart: float) -> float | None:
        """The nearest stricter position of the dial that keeps two people apart."""
        rates = sorted((float(rate) for rate, _ in OPTIONS["false_match_rate"].choices), reverse=True)
        return next(
            (rate for rate in rates if rate < self._settings.false_match_rate and self._limit(rate) < apart), None
        )

    def _strays(self) -> list[Finding]:
        suspect, far = (self._calibration.threshold(Metric.COSINE, rate) for rate in (SUSPECT_RATE, FAR_RATE))
        found = strays(
            self._references.matrix, self._references.person_ids, self._fused, self._people, suspect=suspect, far=far
        )
        right = self._gallery.rejections.confirmed()
        findings = []
        for row, own, other, other_row in zip(found.rows, found.own, found.other, found.other_person, strict=True):
            template_id = int(self._references.template_ids[row])
            if template_id not in right:
                findings.append(self._stray(int(row), float(own), float(other), int(other_row), far))
        return findings

    def _stray(self, row: int, own: float, other: float, other_row: int, far: float) -> Finding:
        person_id = int(self._references.person_ids[row])
        vector = self._references.matrix[row]
        nearer = other < own and other_row >= 0
        shown = self._rows(other_row) if nearer else self._others(row)
        beside = shown[int(np.argmax(self._references.matrix[shown] @ vector))]
        other_id = int(self._people[other_row]) if nearer else None
        return Finding(
            kind=FindingKind.OUTLIER,
            person_id=person_id,
            name=self._references.names[person_id],
            other_id=other_id,
            other_name="" if other_id is None else self._references.names[other_id],
            template_id=int(self._references.template_ids[row]),
            other_template_id=int(self._references.template_ids[beside]),
            distance=own,
            limit=far,
            false_match=self._calibration.false_match_rate(Metric.COSINE, own),
            other_distance=other,
        )

    def _others(self, row: int) -> NDArray[np.int64]:
        rows = self._rows(int(np.searchsorted(self._people, self._references.person_ids[row])))
        others: NDArray[np.int64] = rows[rows != row]
        return others


_SAME_FACE = 5e-4
"""Cosine distance under which two embeddings come from one picture."""
