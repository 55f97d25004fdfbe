"""Which pictures are compared with which: a pairs file in LFW's format, or a folder of people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.capture.folders import PICTURE_SUFFIXES, find_pictures
from engine.capture.images import read_image
from engine.errors import BadInputError, ImageError, shown
from engine.evaluation.metrics import FOLDS, Flags
from engine.pipeline import Only, Pipeline
from engine.types import CancelToken, FloatArray, Frame, Progress, Report

_AT_ONCE = 8
SMALLEST_FACE_PX = 40


@dataclass(frozen=True, slots=True, eq=False)
class PairsProtocol:
    """Pairs of pictures.

    Attributes:
        pictures: every picture once.
        places: (N, 2) of both pictures of each pair in `pictures`.
        genuine: (N,) whether both show one person.
        folds: (N,) which fold each pair belongs to.
        people: (N, 2) number of the person in each picture.
    """

    pictures: tuple[Path, ...]
    places: NDArray[np.int64]
    genuine: Flags
    folds: NDArray[np.int64]
    people: NDArray[np.int64]


def read_pairs(file: Path, images: Path) -> PairsProtocol:
    """Read a pairs file in the format of LFW View 2 (Huang et al. 2007).

    Its first line says how many folds there are and how many genuine and as many impostor pairs each holds. Lines of
    three fields (name, number, number) are genuine, of four (name, number, name, number) impostor.

    Args:
        file: the pairs.
        images: holds NAME/NAME_0001.jpg and so on.

    Raises:
        BadInputError: the file cannot be read, a line makes no sense, or a picture is missing; with the line's number.
    """
    try:
        lines = file.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(f"The pairs file “{shown(file)}” cannot be read. Choose a file in LFW's format.") from error
    if not images.is_dir():
        raise BadInputError(f"There is no folder “{shown(images)}”. Choose the one that holds a folder per person.")
    rows = [(number, line.split("\t") if "\t" in line else line.split()) for number, line in enumerate(lines, 1)]
    rows = [(number, [field.strip() for field in fields]) for number, fields in rows if "".join(fields).strip()]
    folds, each = _header(file, rows)
    if len(rows) - 1 != 2 * folds * each:
        raise BadInputError(
            f"“{shown(file)}” announces {2 * folds * each:,} pairs and holds {len(rows) - 1:,}. Use the whole file."
        )
    number_of: dict[Path, int] = {}
    people: dict[str, int] = {}
    places, owners, genuine = [], [], []
    for number, fields in rows[1:]:
        pair = _pair(file, number, fields)
        places.append([number_of.setdefault(_picture(file, number, images, *one), len(number_of)) for one in pair])
        owners.append([people.setdefault(name, len(people)) for name, _ in pair])
        genuine.append(len(fields) == 3)
    fold = np.repeat(np.arange(folds), 2 * each)
    return PairsProtocol(tuple(number_of), np.array(places), np.array(genuine), fold, np.array(owners))


def _header(file: Path, rows: Sequence[tuple[int, list[str]]]) -> tuple[int, int]:
    try:
        numbers = [int(field) for field in rows[0][1]]
    except (IndexError, ValueError) as error:
        raise BadInputError(
            f"Line 1 of “{shown(file)}” does not say how many folds and pairs there are. Use a file in LFW's format."
        ) from error
    folds, each = numbers if len(numbers) == 2 else (1, numbers[0])
    if folds < 1 or each < 1:
        raise BadInputError(f"Line 1 of “{shown(file)}” announces no pairs. Use a file in LFW's format.")
    return folds, each


def _pair(file: Path, number: int, fields: list[str]) -> list[tuple[str, int]]:
    try:
        if len(fields) == 3:
            return [(fields[0], int(fields[1])), (fields[0], int(fields[2]))]
        first, one, second, two = fields
        return [(first, int(one)), (second, int(two))]
    except ValueError as error:
        raise BadInputError(
            f"Line {number} of “{shown(file)}” is no pair: a name and two numbers, or two names with a number each."
        ) from error


def _picture(file: Path, line: int, images: Path, name: str, number: int) -> Path:
    # A name that leads out of the folder would read somebody else's files.
    if Path(name).name != name:
        raise BadInputError(f"Line {line} of “{shown(file)}” names “{shown(name)}”, which is no person's folder.")
    stem = images / name / f"{name}_{number:04}"
    for suffix in (".jpg", *PICTURE_SUFFIXES):
        if (place := stem.with_name(stem.name + suffix)).is_file():
            return place
    raise BadInputError(f"Line {line} of “{shown(file)}” names “{stem.name}”, which is not in “{shown(images)}”.")


@dataclass(frozen=True, slots=True)
class FolderProtocol:
    """A folder of people.

    Attributes:
        pictures: of everyone.
        labels: number of the person in each picture.
        people: their names.
    """

    pictures: tuple[Path, ...]
    labels: tuple[int, ...]
    people: tuple[str, ...]


def read_folder(folder: Path, token: CancelToken) -> FolderProtocol:
    """List the pictures of a folder that holds one folder per person.

    Raises:
        BadInputError: there are fewer than two people, or nobody has two pictures.
    """
    if not folder.is_dir():
        raise BadInputError(f"There is no folder “{shown(folder)}”. Choose one that holds a folder per person.")
    of: dict[str, list[Path]] = defaultdict(list)
    for person in sorted(one for one in folder.iterdir() if one.is_dir() and not one.name.startswith(".")):
        of[person.name] += find_pictures([person], token)
    people = {name: pictures for name, pictures in of.items() if pictures}
    if not people:
        raise BadInputError(
            f"“{shown(folder)}” holds no folders with pictures. Put each person's pictures into a folder of their own."
        )
    if len(people) < 2 or max(map(len, people.values())) < 2:
        raise BadInputError(
            f"“{shown(folder)}” does not hold two people, one of them with two pictures. Put each person's pictures "
            "into a folder of their own."
        )
    pictures = [(path, number) for number, paths in enumerate(people.values()) for path in paths]
    return FolderProtocol(tuple(path for path, _ in pictures), tuple(label for _, label in pictures), tuple(people))


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """Embeddings of pictures.

    Attributes:
        embeddings: (N, D) float32 of unit length; NaN where there is none.
        failures: why there is none, by place.
    """

    embeddings: FloatArray
    failures: dict[int, str]


def embed_pictures(
    pipeline: Pipeline,
    pictures: Sequence[Path],
    report: Report,
    token: CancelToken,
    *,
    central: bool = True,
    averaging: bool = True,
) -> Embedded:
    """Embed one face of each picture.

    Args:
        pipeline: as for pictures.
        pictures: files.
        report: hears how far it is.
        token: stops it.
        central: take the face nearest to the middle, as collections of people are cut; else the largest.
        averaging: over the pack's views (test-time averaging), as the gallery is embedded.

    Raises:
        OperationCancelledError: the token was turned.
    """
    embeddings = np.full((len(pictures), pipeline.embedder.pack.dimension), np.nan, np.float32)
    failures: dict[int, str] = {}
    for start in range(0, len(pictures), _AT_ONCE):
        token.check()
        report(Progress(start, len(pictures), pictures[start].name))
        frames: dict[int, Frame] = {}
        for place, picture in enumerate(pictures[start : start + _AT_ONCE], start):
            try:
                frames[place] = read_image(picture)
            except ImageError as error:
                failures[place] = str(error)
        only: Only = "central" if central else "largest"
        found = pipeline.faces(list(frames.values()), smallest_face_px=SMALLEST_FACE_PX, averaging=averaging, only=only)
        for place, faces in zip(frames, found, strict=True):
            if not faces or faces[0].embedding is None:
                failures[place] = f"No face was found in “{shown(pictures[place])}”."
            else:
                embeddings[place] = faces[0].embedding
    report(Progress(len(pictures), len(pictures)))
    return Embedded(embeddings, failures)


def deal_people(labels: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Deal people out to LFW's number of folds, or fewer: each gets two, one of them with two pictures.

    What is learned from the other folds has then never seen anybody of this one.

    Args:
        labels: (N,) whose each picture is.
        seed: of the order.

    Returns:
        (N,) the fold of each picture; all -1 where there are not enough people for two folds.
    """
    people, counts = np.unique(labels, return_counts=True)
    folds = min(FOLDS, int((counts > 1).sum()), len(people) // 2)
    if folds < 2:
        return np.full(len(labels), -1)
    shuffled = np.random.default_rng(seed).permutation(len(people))
    # Those with several pictures are dealt first.
    order = shuffled[np.argsort(counts[shuffled] < 2, kind="stable")]
    fold = np.empty(len(people), np.int64)
    fold[order] = np.arange(len(people)) % folds
    return fold[np.searchsorted(people, labels)]
