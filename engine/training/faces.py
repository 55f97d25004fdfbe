"""The faces of a folder of people: found once, kept as aligned crops, found again only where a picture changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from engine.capture.folders import find_pictures
from engine.capture.images import encode_jpeg, read_image
from engine.errors import BadInputError, ImageError, shown
from engine.files import write_whole
from engine.pipeline import RIVAL_AREA, Pipeline
from engine.types import CancelToken, Face, FloatArray, Frame, Progress, Report

_VERSION = 1
_AT_ONCE = 16
_SAVE_EVERY = 512
SMALLEST_FACE_PX = 20
"""Training folders hold pictures that were cut and reduced already."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of the folder, as it was when its face was looked for.

    Attributes:
        path: inside the folder, with forward slashes.
        person: whose folder it lies in.
        size, modified_ns: of the file, to notice a change.
        sha256: of the file's content; empty where it cannot be read. Names the crop.
        faces: how many were found.
        rivals: how many others are nearly as large as the chosen one.
        problem: why it cannot be used, as a sentence; empty when it can.
        kind: "unreadable" or "no_face" with a problem.
    """

    path: str
    person: str
    size: int
    modified_ns: int
    sha256: str = ""
    faces: int = 0
    rivals: int = 0
    problem: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class FolderFaces:
    """What was found in a folder.

    Attributes:
        pictures: all of them, by person, then by name.
        embeddings: (N, D) float32 of unit length in the order of `pictures`; NaN without a face.
        crops: where the crops lie.
    """

    folder: Path
    pictures: tuple[Picture, ...]
    embeddings: FloatArray
    crops: Path

    def crop(self, number: int) -> Path:
        """File of the aligned crop of a picture."""
        return self.crops / f"{self.pictures[number].sha256}.jpg"


def find_people(folder: Path, token: CancelToken) -> Iterator[tuple[str, Path]]:
    """Yield each picture with the person it belongs to: the name of the subfolder it lies in.

    Raises:
        BadInputError: there is no such folder.
        OperationCancelledError: the token was turned.
    """
    if not folder.is_dir():
        raise BadInputError(f"There is no folder “{shown(folder)}”. Choose a folder that holds one folder per person.")
    for person in sorted(one for one in folder.iterdir() if one.is_dir() and not one.name.startswith(".")):
        # A link to elsewhere would bring somebody else's pictures in.
        if not person.is_symlink():
            for picture in find_pictures([person], token):
                yield person.name, picture


def look_at(folder: Path, pipeline: Pipeline, cache: Path, report: Report, token: CancelToken) -> FolderFaces:
    """Find, align and embed the face of every picture; what is known from last time is taken from the cache.

    Of several faces that are nearly as large the one nearest to the picture's middle is taken.

    Args:
        folder: holds one folder per person.
        pipeline: finds and embeds; the embeddings are those of its pack, not averaged.
        cache: folder for this folder's crops; made where there is none, readable to its owner only.

    Raises:
        BadInputError: there is no such folder, or nothing in it.
        OperationCancelledError: the token was turned; what was found so far is kept.
    """
    found = list(find_people(folder, token))
    if not found:
        raise BadInputError(
            f"“{shown(folder)}” holds no folders with pictures. Put each person's pictures into a folder of their own."
        )
    index = _Index(cache, pipeline.embedder.pack.id)
    pictures: list[Picture] = []
    waiting: list[tuple[int, Picture]] = []
    for done, (person, path) in enumerate(found):
        token.check()
        relative = path.relative_to(folder).as_posix()
        known = index.known(relative, path, person)
        pictures.append(known or _fresh(relative, path, person))
        if known is None:
            waiting.append((len(pictures) - 1, pictures[-1]))
        if len(waiting) >= _AT_ONCE or (waiting and done == len(found) - 1):
            report(Progress(done, len(found), f"{person}"))
            for (place, _), looked in zip(waiting, _look(folder, waiting, pipeline, index), strict=True):
                pictures[place] = looked
            waiting.clear()
            index.save_sometimes()
    index.save()
    report(Progress(len(found), len(found)))
    return FolderFaces(folder, tuple(pictures), index.matrix(pictures, pipeline.embedder.pack.dimension), index.crops)


def _fresh(relative: str, path: Path, person: str) -> Picture:
    try:
        status = path.stat()
    except OSError:
        return Picture(relative, person, 0, 0)
    return Picture(relative, person, status.st_size, status.st_mtime_ns)


def _look(folder: Path, waiting: Sequence[tuple[int, Picture]], pipeline: Pipeline, index: _Index) -> Iterator[Picture]:
    """Read, detect, align and embed a few pictures."""
    frames: dict[int, Frame] = {}
    looked: dict[int, Picture] = {}
    for place, (_, picture) in enumerate(waiting):
        try:
            content = (folder / picture.path).read_bytes()
            frames[place] = read_image(content, name=picture.path)
            looked[place] = _with(picture, sha256=hashlib.sha256(content).hexdigest())
        except (ImageError, OSError) as error:
            sentence = str(error) if isinstance(error, ImageError) else f"“{shown(picture.path)}” cannot be read."
            looked[place] = _with(picture, problem=sentence, kind="unreadable")
    found = pipeline.faces(list(frames.values()), smallest_face_px=SMALLEST_FACE_PX, averaging=False, only="central")
    for place, faces in zip(frames, found, strict=True):
        picture = looked[place]
        if not faces:
            looked[place] = _with(picture, problem=f"No face was found in “{shown(picture.path)}”.", kind="no_face")
            continue
        chosen, *others = faces
        rivals = sum(other.box.area >= RIVAL_AREA * chosen.box.area for other in others)
        looked[place] = _with(picture, faces=len(faces), rivals=rivals)
        index.keep(picture.sha256, chosen)
    for place in range(len(waiting)):
        index.remember(looked[place])
        yield looked[place]


def _with(picture: Picture, **changes: object) -> Picture:
    return Picture(**{**asdict(picture), **changes})


class _Index:
    """What is known of a folder's pictures, in one JSON file, one array file and a folder of crops."""

    def __init__(self, cache: Path, pack_id: str) -> None:
        self.crops = cache / "crops"
        self.crops.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file, self._arrays = cache / "index.json", cache / f"embeddings-{pack_id}.npz"
        self._unsaved = 0
        self._pictures: dict[str, Picture] = {}
        self._embeddings: dict[str, FloatArray] = {}
        try:
            stored = json.loads(self._file.read_text("utf-8"))
            with np.load(self._arrays) as arrays:
                self._embeddings = dict(zip(arrays["names"].tolist(), arrays["embeddings"], strict=True))
            if stored["version"] == _VERSION:
                self._pictures = {one["path"]: Picture(**one) for one in stored["pictures"]}
        except (OSError, ValueError, KeyError, TypeError):
            # A cache that cannot be read is made again.
            self._pictures, self._embeddings = {}, {}

    def known(self, relative: str, path: Path, person: str) -> Picture | None:
        """What was found last time, unless the file has changed since or the cache is incomplete."""
        picture, now = self._pictures.get(relative), _fresh(relative, path, person)
        if picture is None or (picture.size, picture.modified_ns) != (now.size, now.modified_ns):
            return None
        complete = picture.problem or (
            picture.sha256 in self._embeddings and (self.crops / f"{picture.sha256}.jpg").is_file()
        )
        return picture if complete else None

    def keep(self, sha256: str, face: Face) -> None:
        """Store the crop and the embedding of a face."""
        if face.embedding is not None:
            self._embeddings[sha256] = face.embedding
        place = self.crops / f"{sha256}.jpg"
        write_whole(place, encode_jpeg(face.crop), durable=False)

    def remember(self, picture: Picture) -> None:
        """Take note of a picture."""
        self._pictures[picture.path] = picture
        self._unsaved += 1

    def save_sometimes(self) -> None:
        """Save when much would be lost."""
        if self._unsaved >= _SAVE_EVERY:
            self.save()

    def save(self) -> None:
        """Write everything, each file whole or not at all."""
        if not self._unsaved:
            return
        stored = {"version": _VERSION, "pictures": [asdict(picture) for picture in self._pictures.values()]}
        temporary = self._arrays.with_name("embeddings.tmp.npz")
        with temporary.open("wb") as file:
            names = np.array(list(self._embeddings), "U64")
            np.savez(file, names=names, embeddings=np.array(list(self._embeddings.values()), np.float32))
        temporary.chmod(0o600)
        temporary.replace(self._arrays)
        write_whole(self._file, json.dumps(stored).encode())
        self._unsaved = 0

    def matrix(self, pictures: Sequence[Picture], dimension: int) -> FloatArray:
        """The embeddings of some pictures, NaN where there is none."""
        nothing = np.full(dimension, np.nan, np.float32)
        rows = [nothing if one.problem else self._embeddings[one.sha256] for one in pictures]
        return np.stack(rows).astype(np.float32)
