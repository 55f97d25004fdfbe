"""The check-up of a gallery: one person under two names, pictures that are astray, people who look alike.

`benchmarks/look_alikes.py` has it measured with duplicates and mislabelled pictures planted.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.care import ENOUGH_PICTURES, Finding, FindingKind, Review
from engine.matching.calibration import Calibration
from engine.matching.confusion import Step, near_pairs, strays
from engine.matching.fusion import fuse
from engine.matching.people_index import References
from engine.settings import OPTIONS
from engine.types import Metric

SAME_CHANCE = 0.05
"""People are proposed for merging where among all the gallery's pairs of strangers so near a one is this unlikely."""
SAME_RATES = 1e-6, 1e-4
"""Within these false match rates, since the calibration says nothing of rarer ones and a small gallery is no proof."""
SUSPECT_RATE, FAR_RATE = 0.01, 0.02
"""Templates are looked at from the first false match rate on, and are pointed out in any case from the second."""
MOST_PAIRS = 2000
MOST_FINDINGS = 200


class AllTemplates(References, Protocol):
    """The templates of one pack with their ids."""

    @property
    def template_ids(self) -> NDArray[np.int64]:
        """(N,)."""


class CheckUp:
    """One look through all templates of a pack."""

    def __init__(
        self,
        references: AllTemplates,
        calibration: Calibration,
        false_match_rate: float,
        *,
        kept_apart: Collection[tuple[int, int]] = (),
        confirmed: Collection[int] = (),
    ) -> None:
        """Look at a gallery.

        Args:
            references: all templates.
            calibration: of their pack.
            false_match_rate: the one in force.
            kept_apart: pairs of people, smaller id first, who are not the same: not proposed.
            confirmed: templates that are right: not pointed out.
        """
        self._references, self._calibration, self._rate = references, calibration, false_match_rate
        self._kept_apart, self._confirmed = kept_apart, confirmed
        self._fused, self._people = fuse(references.matrix, references.person_ids)
        self._belongs = np.ones(len(references.person_ids), bool)
        self._order = np.argsort(references.person_ids, kind="stable")
        self._starts = np.searchsorted(references.person_ids[self._order], self._people)
        self._counts = np.diff(np.append(self._starts, len(self._order)))

    def review(self, step: Step | None = None) -> Review:
        """Find everything, most urgent first.

        Args:
            step: is told of progress; may raise to stop.
        """
        count = len(self._people)
        if not count:
            return Review((), 0)
        findings = self._strays()
        # A picture of somebody else makes two people look alike who are not.
        self._fused, _ = fuse(self._references.matrix[self._belongs], self._references.person_ids[self._belongs])
        limit = self._limit(self._rate)
        same = self._same_limit()
        pairs = near_pairs(self._fused, max(limit, same), MOST_PAIRS, step)
        for first, second, apart in zip(pairs.first, pairs.second, pairs.apart, strict=True):
            ids = int(self._people[first]), int(self._people[second])
            is_same = float(apart) <= same
            if ids not in self._kept_apart:
                findings.append(self._pair(int(first), int(second), float(apart), same if is_same else limit, is_same))
        if step:
            step(count, count)
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
        return rows[self._belongs[rows]]

    def _pair(self, first: int, second: int, apart: float, limit: float, is_same: bool) -> Finding:
        ids = self._people[[first, second]].tolist()
        names = [self._references.names[id_] for id_ in ids]
        rows = self._rows(first), self._rows(second)
        vectors = [self._references.matrix[own] for own in rows]
        nearest = np.unravel_index(np.argmax(vectors[0] @ vectors[1].T), (len(rows[0]), len(rows[1])))
        nearest_ids = [int(self._references.template_ids[own[at]]) for own, at in zip(rows, nearest, strict=True)]
        passing = 0
        for own, other in ((0, second), (1, first)):
            passes = self._calibration.threshold(Metric.COSINE, self._rate, int(self._counts[other]))
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
        return next((rate for rate in rates if rate < self._rate and self._limit(rate) < apart), None)

    def _strays(self) -> list[Finding]:
        suspect, far = (self._calibration.threshold(Metric.COSINE, rate) for rate in (SUSPECT_RATE, FAR_RATE))
        found = strays(
            self._references.matrix, self._references.person_ids, self._fused, self._people, suspect=suspect, far=far
        )
        findings = []
        for row, own, other, other_row in zip(found.rows, found.own, found.other, found.other_person, strict=True):
            template_id = int(self._references.template_ids[row])
            if template_id not in self._confirmed:
                self._belongs[row] = False
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
