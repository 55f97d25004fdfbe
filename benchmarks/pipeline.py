"""Photograph to identified faces against dlib's own pipeline (HOG, landmarks, descriptor), gallery of 1,000 people.

dlib's side is what `face_recognition` 1.3 runs: `face_locations` with its one enlargement, `face_encodings`, and the
distance to every known encoding with its tolerance of 0.6; here through dlib itself, on the same pictures and cores.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from time import perf_counter

import dlib
import numpy as np
from common import LfwFaces, arguments, averaged

from engine.capture.images import read_image
from engine.gallery.store import Gallery
from engine.packs.pack import DEFAULT_PACK, DLIB_FIVE_POINTS, DLIB_RESNET
from engine.service import FaceService
from engine.settings import Settings
from engine.types import NewTemplate

PEOPLE = 1000
PROBES = 100
TOLERANCE = 0.6


def main() -> None:
    """Print both sides and their ratio."""
    options = arguments(__doc__, cache=True)
    faces = LfwFaces(options.shared, options.cache)
    counts = faces.people()
    # The first hundred people with several pictures are looked for; others fill the gallery up.
    wanted = [name for name, count in counts.items() if count > 1][:PROBES]
    filler = [name for name, count in counts.items() if count == 1][: PEOPLE - PROBES]
    others = [name for name, count in counts.items() if count == 1][PEOPLE - PROBES :]
    strangers = others[:: len(others) // PROBES][:PROBES]
    probes = [faces.path(name, 2) for name in wanted]
    scenes = sorted((options.shared / "data" / "scenes").iterdir())
    known = wanted + filler
    theirs = Dlib([faces.path(name, 1) for name in known], known)
    with tempfile.TemporaryDirectory() as folder:
        ours = Ours(Path(folder) / "gallery.db", faces, known)
        for side in (ours, theirs):
            side.names(probes[:4])
        ours_s, theirs_s = [], []
        for _ in range(3):
            for side, times in ((ours, ours_s), (theirs, theirs_s)):
                start = perf_counter()
                side.names(probes + scenes)
                times.append(perf_counter() - start)
        ours_median, theirs_median = sorted(ours_s)[1], sorted(theirs_s)[1]
        for title, side, spent in (("Visavis", ours, ours_median), ("dlib", theirs, theirs_median)):
            right = sum(name in found for name, found in zip(wanted, side.names(probes), strict=True))
            alarms = sum(bool(found) for found in side.names([faces.path(name, 1) for name in strangers]))
            first = sum(name in nearest for name, nearest in zip(wanted, side.nearest(probes), strict=True))
            print(
                f"{title}: {spent:.1f} s for {len(probes) + len(scenes)} pictures; {right} of {PROBES} people found,"
                f" {alarms} of {PROBES} strangers taken for somebody, {first} of {PROBES} nearest to themselves"
            )
        print(f"Visavis is {theirs_median / ours_median:.1f} times as fast")
        ours.service.close()


class Ours:
    """The service, as the window uses it."""

    def __init__(self, path: Path, faces: LfwFaces, known: list[str]) -> None:
        embeddings = averaged(faces.embed([(name, 1) for name in known]))
        gallery = Gallery.open(path)
        for name, embedding in zip(known, embeddings, strict=True):
            gallery.enroll(name, [NewTemplate(embedding, DEFAULT_PACK.id, b"", "")])
        gallery.close()
        self.service = FaceService(Settings(), path)

    def names(self, pictures: list[Path]) -> list[set[str]]:
        """Everyone found in each picture."""
        answers = self.service.identify(pictures)
        return [{found.person.name for found in answer.identifications if found.person} for answer in answers]

    def nearest(self, pictures: list[Path]) -> list[set[str]]:
        """Whoever is nearest to each face, however far."""
        answers = self.service.identify(pictures)
        return [{found.candidates[0].name for found in answer.identifications} for answer in answers]


class Dlib:
    """What face_recognition does, step by step."""

    def __init__(self, pictures: list[Path], names: list[str]) -> None:
        self.detector = dlib.get_frontal_face_detector()
        self.predictor = dlib.shape_predictor(str(DLIB_FIVE_POINTS.locate()))
        self.network = dlib.face_recognition_model_v1(str(DLIB_RESNET.locate()))
        encodings = [self.encode(picture)[:1] for picture in pictures]
        self.known_names = [name for name, found in zip(names, encodings, strict=True) if found]
        self.known = np.stack([found[0] for found in encodings if found])

    def encode(self, picture: Path) -> list[np.ndarray]:
        """All faces' descriptors."""
        pixels = read_image(picture).pixels
        shapes = [self.predictor(pixels, box) for box in self.detector(pixels, 1)]
        return [np.array(self.network.compute_face_descriptor(pixels, shape, 1)) for shape in shapes]

    def names(self, pictures: list[Path]) -> list[set[str]]:
        """Everyone found in each picture."""
        return [self._within(picture, TOLERANCE) for picture in pictures]

    def nearest(self, pictures: list[Path]) -> list[set[str]]:
        """Whoever is nearest to each face, however far."""
        return [self._within(picture, np.inf) for picture in pictures]

    def _within(self, picture: Path, tolerance: float) -> set[str]:
        found = set()
        for encoding in self.encode(picture):
            apart = np.linalg.norm(self.known - encoding, axis=1)
            if apart.min() <= tolerance:
                found.add(self.known_names[int(apart.argmin())])
        return found


if __name__ == "__main__":
    main()
