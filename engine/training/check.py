"""The data check: what a person should look at before a network learns from a folder."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from engine.learning import DataReport, Finding
from engine.matching.calibration import Calibration
from engine.training.faces import FolderFaces
from engine.types import FloatArray, Metric

NEAR_DUPLICATE = 0.01
"""Cosine distance under which two pictures are the same photograph, cut or encoded differently (docs/learning.md)."""
_FAR_FMR, _NEAR_FMR = 1e-2, 1e-4
"""A mislabelled picture is farther from its own person than one stranger in 100 is, and nearer to somebody else than
one stranger in 10,000."""
_BLOCK = 1024
_SHOWN_CROPS = 48


def check(faces: FolderFaces, calibration: Calibration, seconds: float = 0.0, least_pictures: int = 2) -> DataReport:
    """Judge a folder's pictures.

    Args:
        faces: what was found in them.
        calibration: of the pack that embedded them.
        seconds: what finding the faces took.
        least_pictures: people with fewer usable pictures cannot be learned from.
    """
    start = perf_counter()
    findings = [
        *_unusable(faces),
        *_several(faces),
        *_copies(faces),
        *_near_copies(faces),
        *_mislabelled(faces, calibration),
    ]
    left_out = {finding.picture for finding in findings if finding.unusable or finding.suggested}
    usable = Counter(one.person for one in faces.pictures if one.path not in left_out)
    with_face = Counter(one.person for one in faces.pictures if not one.problem)
    everyone = dict.fromkeys(one.person for one in faces.pictures)
    trainable = [person for person in everyone if usable[person] >= least_pictures]
    first = {
        one.person: number for number, one in reversed(list(enumerate(faces.pictures))) if one.path not in left_out
    }
    anyhow = {one.person: number for number, one in reversed(list(enumerate(faces.pictures))) if not one.problem}
    crops = {person: str(faces.crop(number)) for person, number in (anyhow | first).items()}
    findings += [
        Finding("few_pictures", "", person, _few(usable[person], least_pictures), crops.get(person, ""))
        for person in everyone
        if usable[person] < least_pictures
    ]
    return DataReport(
        folder=str(faces.folder),
        people=len(everyone),
        pictures=len(faces.pictures),
        usable_people=len(trainable),
        usable_pictures=sum(usable[person] for person in trainable),
        findings=tuple(findings),
        seconds=seconds + perf_counter() - start,
        crops=tuple(crops[person] for person in trainable[:_SHOWN_CROPS]),
        faces_of=tuple((person, with_face[person]) for person in everyone),
    )


def _few(count: int, least: int) -> str:
    has = {0: "no usable picture", 1: "one usable picture"}.get(count, f"{count} usable pictures")
    return f"This person has {has}; at least {least} are needed to learn from."


def _unusable(faces: FolderFaces) -> Iterator[Finding]:
    for one in faces.pictures:
        if one.problem:
            yield Finding(one.kind, one.path, one.person, one.problem, unusable=True)


def _several(faces: FolderFaces) -> Iterator[Finding]:
    for number, one in enumerate(faces.pictures):
        if one.rivals:
            sentence = f"{one.faces} faces were found; the one in the middle is taken."
            yield Finding("several_faces", one.path, one.person, sentence, str(faces.crop(number)))


def _copies(faces: FolderFaces) -> Iterator[Finding]:
    """The same file more than once: within a person the later ones go, between people all do."""
    groups: dict[str, list[int]] = defaultdict(list)
    for number, one in enumerate(faces.pictures):
        if not one.problem:
            groups[one.sha256].append(number)
    for numbers in groups.values():
        people = {faces.pictures[number].person for number in numbers}
        for number in numbers if len(people) > 1 else numbers[1:]:
            one = faces.pictures[number]
            other = faces.pictures[next(n for n in numbers if n != number)]
            where = f"of {other.person}, too" if len(people) > 1 else "twice in this folder"
            sentence = f"The same file is {where} ({other.path})."
            crop = str(faces.crop(number))
            yield Finding(
                "duplicate", one.path, one.person, sentence, crop, crop, suggested=True, other_picture=other.path
            )


def _near_copies(faces: FolderFaces) -> Iterator[Finding]:
    """The same photograph under two people; within a person it does no harm."""
    valid = np.flatnonzero(np.isfinite(faces.embeddings).all(axis=1))
    embeddings, names = faces.embeddings[valid], np.array([faces.pictures[n].person for n in valid])
    hashes = np.array([faces.pictures[n].sha256 for n in valid])
    for start in range(0, len(valid), _BLOCK):
        rows = slice(start, start + _BLOCK)
        near = 1 - embeddings[rows] @ embeddings.T < NEAR_DUPLICATE
        near &= (names[rows, None] != names) & (hashes[rows, None] != hashes)
        for row, column in np.argwhere(near):
            own, other = int(valid[start + row]), int(valid[column])
            one, two = faces.pictures[own], faces.pictures[other]
            sentence = f"Nearly the same photograph is {two.person}'s ({two.path})."
            crops = str(faces.crop(own)), str(faces.crop(other))
            yield Finding(
                "near_duplicate", one.path, one.person, sentence, *crops, suggested=True, other_picture=two.path
            )


def _mislabelled(faces: FolderFaces, calibration: Calibration) -> Iterator[Finding]:
    """Pictures far from the mean of their own person's others and near another person's mean."""
    valid = np.flatnonzero(np.isfinite(faces.embeddings).all(axis=1))
    embeddings = faces.embeddings[valid]
    people, person = np.unique([faces.pictures[n].person for n in valid], return_inverse=True)
    if len(people) < 2:
        return
    sums = np.zeros((len(people), embeddings.shape[1]), np.float32)
    np.add.at(sums, person, embeddings)
    means = _unit(sums)
    others = _unit(sums[person] - embeddings)
    own = np.where(np.bincount(person)[person] > 1, 1 - (embeddings * others).sum(axis=1), np.nan)
    far = calibration.threshold(Metric.COSINE, _FAR_FMR)
    near = calibration.threshold(Metric.COSINE, _NEAR_FMR)
    for start in range(0, len(valid), _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, len(valid)))
        apart = 1 - embeddings[rows] @ means.T
        apart[np.arange(len(rows)), person[rows]] = np.inf
        nearest = apart.argmin(axis=1)
        doubtful = (own[rows] > far) & (apart.min(axis=1) < near)
        for row in np.flatnonzero(doubtful):
            yield _suspicion(faces, valid, int(rows[row]), str(people[nearest[row]]), embeddings)


def _suspicion(faces: FolderFaces, valid: NDArray[np.int64], place: int, other: str, embeddings: FloatArray) -> Finding:
    number = int(valid[place])
    theirs = [n for n, v in enumerate(valid) if faces.pictures[int(v)].person == other]
    nearest = int(valid[_nearest(embeddings, place, theirs)])
    one, two = faces.pictures[number], faces.pictures[nearest]
    sentence = (
        f"This face is far from the others of {one.person} and near {other} ({two.path}). It may lie in the wrong "
        "folder."
    )
    crops = str(faces.crop(number)), str(faces.crop(nearest))
    return Finding("mislabelled", one.path, one.person, sentence, *crops, suggested=True, other_picture=two.path)


def _nearest(embeddings: FloatArray, place: int, among: Sequence[int]) -> int:
    return among[int((embeddings[among] @ embeddings[place]).argmax())]


def _unit(vectors: FloatArray) -> FloatArray:
    scaled: FloatArray = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return scaled
