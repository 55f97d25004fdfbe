"""From found faces to groups: known people by the gallery's own decision, the others by clustering."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import update
from sqlalchemy.orm import Session

from engine.decisions import Decider
from engine.gallery.sorting_layout import Layout, Placed, Row
from engine.gallery.sorting_schema import SortingRow
from engine.gallery.sorting_store import add_group, put
from engine.matching.distances import distances
from engine.matching.fusion import fuse
from engine.sorting.clustering import Limits, cluster
from engine.sorting_values import GroupKind
from engine.types import Box, CancelToken, Face, FloatArray, Pose, Quality

_SHARE = 0.5
"""A group of which at least this share is identified as one person is taken for that person."""
_OPEN = (GroupKind.CLUSTER, GroupKind.KNOWN)
_LOOK_EVERY = 256


@dataclass(slots=True)
class Arrangement:
    """Where faces are to go: by person, into new groups, into groups that are there, or alone."""

    known: dict[int, list[int]] = field(default_factory=dict)
    clusters: list[list[int]] = field(default_factory=list)
    joined: dict[int, list[int]] = field(default_factory=dict)
    alone: list[int] = field(default_factory=list)


def arrange(layout: Layout, decider: Decider, token: CancelToken) -> Arrangement:
    """Group all faces about which nobody has said anything yet.

    Faces that somebody has put into a group hold it together, and draw others that belong there.

    Raises:
        OperationCancelledError: the token was turned.
    """
    free = [row for row, one in enumerate(layout.placed) if not one.settled]
    seeds = [row for row, one in enumerate(layout.placed) if one.settled and _kind(layout, one) in _OPEN]
    people = identities(layout, free, decider, token)
    rows = free + seeds
    limits = Limits.of(decider.calibration, decider.settings.false_match_rate)
    group_of = [-1] * len(free) + [layout.placed[row].group_id or -1 for row in seeds]
    labels = cluster(layout.embeddings[rows], layout.picture_ids[rows].tolist(), limits, group_of, token)
    made = Arrangement()
    for members in _by_label(labels):
        group = next((group_of[one] for one in members if group_of[one] >= 0), None)
        fresh = [rows[one] for one in members if one < len(free)]
        if group is None:
            _place(made, fresh, people, layout)
        elif fresh:
            made.joined.setdefault(group, []).extend(fresh)
    return made


def _place(made: Arrangement, rows: list[int], people: Mapping[int, int], layout: Layout) -> None:
    """Decide what a cluster is: somebody known, somebody unknown, or a face alone."""
    votes = Counter(people[row] for row in rows if row in people)
    person, count = votes.most_common(1)[0] if votes else (0, 0)
    if count >= _SHARE * len(rows) and count:
        for row in rows:
            own = people.get(row, person)
            if own in layout.placed[row].refused:
                made.alone.append(row)
            else:
                made.known.setdefault(own, []).append(row)
    elif len(rows) > 1:
        made.clusters.append(rows)
    else:
        made.alone += rows


def identities(layout: Layout, rows: Sequence[int], decider: Decider, token: CancelToken) -> dict[int, int]:
    """Identify faces, those of one picture together; people that a face was said not to be are left out."""
    by_picture: dict[int, list[int]] = {}
    for row in rows:
        by_picture.setdefault(int(layout.picture_ids[row]), []).append(row)
    people: dict[int, int] = {}
    for number, together in enumerate(by_picture.values()):
        if number % _LOOK_EVERY == 0:
            token.check()
        answers = decider.identify([_bare_face(layout.embeddings[row], decider.pack_id) for row in together])
        for row, answer in zip(together, answers, strict=True):
            if answer.person is not None and answer.person.person_id not in layout.placed[row].refused:
                people[row] = answer.person.person_id
    return people


def apply(sorting_id: int, layout: Layout, made: Arrangement, session: Session) -> None:
    """Carry out an arrangement: new groups for what has none."""
    settled = {one.group_id for one in layout.placed if one.settled}
    kept = {id_: row for id_, row in layout.groups.items() if id_ in settled}
    theirs = {row["person_id"]: id_ for id_, row in kept.items() if row["kind"] == GroupKind.KNOWN.value}
    number = next_number(kept)
    placed: dict[int, Placed] = {}

    def move(rows: Iterable[int], group_id: int | None) -> None:
        for row in rows:
            placed[int(layout.face_ids[row])] = Placed(group_id, False, layout.placed[row].refused)

    for rows in made.clusters:
        move(rows, add_group(session, sorting_id, GroupKind.CLUSTER, number=number))
        number += 1
    for person_id, rows in made.known.items():
        known = theirs.get(person_id)
        if known is None:
            known = add_group(session, sorting_id, GroupKind.KNOWN, number=number, person_id=person_id)
            number += 1
        move(rows, known)
    for group_id, rows in made.joined.items():
        move(rows, group_id)
    move(made.alone, None)
    put(session, placed)
    session.execute(update(SortingRow).where(SortingRow.id == sorting_id).values(arranged=True))


def looking_like(layout: Layout, person_id: int, decider: Decider) -> tuple[list[int], list[int]]:
    """Find what looks like somebody who has just been confirmed.

    Returns:
        Unknown groups of which at least half look like them, and rows of faces alone that do.
    """
    references = decider.gallery.references(decider.pack_id)
    own = references.matrix[references.person_ids == person_id]
    if not len(own) or not len(layout.face_ids):
        return [], []
    fused, _ = fuse(own, np.zeros(len(own), np.int64))
    limit = decider.limits(decider.settings.false_match_rate).identification
    near = distances(layout.embeddings, fused, decider.metric)[:, 0] <= limit
    near &= np.array([person_id not in one.refused for one in layout.placed])
    groups: dict[int, list[bool]] = {}
    alone: list[int] = []
    for row, one in enumerate(layout.placed):
        if one.group_id is None and not one.settled and near[row]:
            alone.append(row)
        elif one.group_id is not None and _kind(layout, one) is GroupKind.CLUSTER:
            refused = person_id in one.refused
            groups.setdefault(one.group_id, []).append(bool(near[row]) and not refused)
    return [id_ for id_, votes in groups.items() if sum(votes) >= _SHARE * len(votes)], alone


def next_number(groups: Mapping[int, Row]) -> int:
    """The number that the next unknown person gets."""
    return 1 + max((int(row["number"]) for row in groups.values()), default=0)


def centred(embeddings: FloatArray) -> NDArray[np.float32]:
    """Cosine distance of each of a group's faces to their middle, (N,)."""
    if len(embeddings) < 2:
        return np.zeros(len(embeddings), np.float32)
    fused, _ = fuse(embeddings, np.zeros(len(embeddings), np.int64))
    return np.asarray(1 - embeddings @ fused[0], np.float32)


def _kind(layout: Layout, placed: Placed) -> GroupKind:
    return GroupKind.ALONE if placed.group_id is None else GroupKind(layout.groups[placed.group_id]["kind"])


def _by_label(labels: NDArray[np.int64]) -> list[list[int]]:
    order = np.argsort(labels, kind="stable")
    bounds = np.flatnonzero(np.diff(labels[order])) + 1
    return [part.tolist() for part in np.split(order, bounds)] if len(labels) else []


def _bare_face(embedding: FloatArray, pack_id: str) -> Face:
    """A face of which only the embedding is looked at: crops stay on the disk."""
    nothing = np.zeros((0, 0, 3), np.uint8)
    quality = Quality((), Pose(0, 0, 0))
    points = np.zeros((5, 2), np.float32)
    return Face(Box(0, 0, 0, 0), 0, points, nothing, nothing, quality, embedding.copy(), pack_id)
