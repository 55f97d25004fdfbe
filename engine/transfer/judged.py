"""Pictures on their way into the gallery under the names they came with, each judged as in enrollment."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from engine.enrollment import Enroller
from engine.errors import BadInputError, ImageError, UnknownPersonError, shown
from engine.exchange import Conflict, Imported, SourceKind, Tally
from engine.gallery.exchange import Arrivals, PortablePerson, PortableTemplate, bring
from engine.gallery.names import name_key
from engine.gallery.store import Gallery
from engine.transfer.gallery_file import summary
from engine.types import Box, CancelToken, EnrollmentCandidate, Face, FloatArray, Frame, NewTemplate, Progress, Report

PICTURES_AT_ONCE = 8
"""How many pictures share one pass through the pipeline."""
STORED_AT_ONCE = 64
"""How many pictures are stored in one transaction: what a crash can cost."""
SAME_PLACE = 0.25
"""Least overlap (intersection over union) of a marked region and the face that is found in it."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A picture and whom it shows.

    Attributes:
        people: names, each with the face's box in pixels of the upright picture; None where the largest face is meant.
        fields: notes, tags and the like of the person, where only one is shown.
    """

    picture: Path
    people: tuple[tuple[str, Box | None], ...]
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bench:
    """What it takes to judge pictures; the service lends it."""

    gallery: Gallery
    enroller: Callable[[], Enroller]
    read: Callable[[Path], Frame]
    faces: Callable[[Sequence[Frame], bool], list[tuple[Face, ...]]]
    """Finds the faces of frames, largest first; with True only the largest gets an embedding."""


@dataclass(slots=True)
class _Person:
    """What is known of someone while their pictures come in."""

    sources: set[str] = field(default_factory=set)
    embeddings: list[FloatArray] = field(default_factory=list)


_Waiting: TypeAlias = tuple[str, Mapping[str, Any], NewTemplate]


class Intake:
    """One import of pictures. Stores as it goes, so that it can be stopped and resumed; is undone as one edit."""

    def __init__(self, bench: Bench, kind: SourceKind, text: str, conflict: Conflict) -> None:
        """Begin an import.

        Args:
            bench: judges and stores.
            kind: what it is from.
            text: what the edit is called.
            conflict: what to do with people whose name is taken. Resuming needs MERGE.
        """
        self._bench, self._kind, self._text, self._conflict = bench, kind, text, conflict
        self.tally = Tally()
        self._arrivals = Arrivals()
        self._people: dict[str, _Person] = {}
        self._waiting: list[_Waiting] = []
        self._files: dict[bytes, tuple[str, str]] = {}
        self._skipped: dict[str, str] = {}
        self._known = 0

    def run(
        self, offers: Sequence[Offer], report: Report, token: CancelToken, between: Callable[[], None] = lambda: None
    ) -> Imported:
        """Take all offers; when the token is turned, what was stored stays and the summary says so.

        Args:
            offers: the pictures.
            report: told before each few of them.
            token: stops it before the next few.
            between: called then too; the gallery is in no transaction meanwhile.

        Raises:
            GalleryError: the gallery cannot be written; what was stored before stays.
        """
        with self._bench.gallery.together(self._text):
            try:
                for done, batch in _batches(offers, PICTURES_AT_ONCE):
                    if token.cancelled:
                        break
                    report(Progress(done, len(offers), shown(batch[0].picture)))
                    between()
                    self._take(batch)
                    if len(self._waiting) >= STORED_AT_ONCE:
                        self._store()
            finally:
                self._store()
        if not token.cancelled:
            report(Progress(len(offers), len(offers)))
        for name, reason in self._arrivals.refused:
            self.tally.leave_out(name, reason)
        self._arrivals.known += self._known
        self._arrivals.skipped.extend(self._skipped.values())
        return summary(self._kind, self._arrivals, self.tally, cancelled=token.cancelled)

    # --- judging ------------------------------------------------------------------------------------------------

    def _take(self, offers: Sequence[Offer]) -> None:
        readable: list[tuple[Offer, Frame]] = []
        for offer in offers:
            wanted = self._wanted(offer)
            if wanted.people and (frame := self._read(wanted)) is not None:
                readable.append((wanted, frame))
        for marked in (False, True):
            some = [(offer, frame) for offer, frame in readable if (offer.people[0][1] is not None) == marked]
            if not some:
                continue
            found = self._bench.faces([frame for _, frame in some], not marked)
            for (offer, frame), faces in zip(some, found, strict=True):
                for name, box in offer.people:
                    self._judge(offer, frame, faces, name, box)

    def _wanted(self, offer: Offer) -> Offer:
        """Leave out whom the picture has been stored for already, so that resuming is quick."""
        people = []
        for name, box in offer.people:
            if self._passed_over(name):
                continue
            if str(offer.picture) in self._person(name).sources:
                self._known += 1
            else:
                people.append((name, box))
        return replace(offer, people=tuple(people))

    def _passed_over(self, name: str) -> bool:
        key = name_key(name)
        if self._conflict is Conflict.SKIP and key not in self._arrivals.placed and key not in self._people:
            with suppress(UnknownPersonError):
                self._skipped.setdefault(key, self._bench.gallery.find(name).name)
        return key in self._skipped

    def _read(self, offer: Offer) -> Frame | None:
        try:
            return self._bench.read(offer.picture)
        except ImageError as error:
            self.tally.leave_out(str(offer.picture), str(error))
            return None

    def _judge(self, offer: Offer, frame: Frame, faces: Sequence[Face], name: str, box: Box | None) -> None:
        if box is not None:
            face = _face_in(faces, box)
            if face is None:
                reason = f"No face was found where “{shown(name)}” is marked in “{shown(offer.picture)}”."
                self.tally.leave_out(str(offer.picture), reason)
                return
            faces = [face]
        enroller = self._bench.enroller()
        candidate = enroller.judge(frame, faces, name)
        person = self._person(name)
        template, refusals = enroller.template(candidate, person.embeddings)
        if template is None:
            self.tally.leave_out(str(offer.picture), " ".join(refusals))
            return
        self._compare(name, offer, candidate, template)
        person.embeddings.append(template.embedding)
        person.sources.add(str(offer.picture))
        self._waiting.append((name, offer.fields, template))

    def _compare(self, name: str, offer: Offer, candidate: EnrollmentCandidate, template: NewTemplate) -> None:
        """Warn of one face under two names."""
        digest = hashlib.sha256(template.crop_jpeg).digest()
        other = self._files.setdefault(digest, (name, offer.picture.name))
        if name_key(other[0]) != name_key(name):
            self.tally.warn(
                f"“{shown(other[0])}” and “{shown(name)}” have the same picture, “{shown(offer.picture)}”. "
                "One of them is wrong; look at both."
            )
        elif candidate.look_alike is not None:
            self.tally.warn(
                f"“{shown(offer.picture)}” of “{shown(name)}” looks like “{shown(candidate.look_alike.name)}”. "
                "If they are one person, merge them."
            )

    def _person(self, name: str) -> _Person:
        key = name_key(name)
        if key not in self._people:
            self._people[key] = _Person()
            gallery, pack_id = self._bench.gallery, self._bench.enroller().decider.pack_id
            target = self._arrivals.placed.get(key)
            try:
                if target is None and self._conflict is Conflict.MERGE:
                    target = gallery.find(name).id
            except UnknownPersonError:
                target = None
            for template in gallery.templates(target) if target is not None else []:
                self._people[key].sources.add(template.source)
                if pack_id in template.embeddings:
                    self._people[key].embeddings.append(np.array(template.embeddings[pack_id]))
        return self._people[key]

    # --- storing ------------------------------------------------------------------------------------------------

    def _store(self) -> None:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        by_name: dict[str, PortablePerson] = {}
        for name, fields, template in waiting:
            person = by_name.setdefault(name_key(name), PortablePerson(name, [], fields))
            person.templates.append(portable(template))  # type: ignore[attr-defined]  # made as a list above
        names = [person.name for person in by_name.values()]
        people = by_name.values()
        gallery = self._bench.gallery
        bring(gallery, self._text, people, names=names, conflict=self._conflict, arrivals=self._arrivals)


def portable(template: NewTemplate) -> PortableTemplate:
    """Return an enrolled template as one that travels."""
    fields = {"source": template.source, "quality": dict(template.quality)}
    return PortableTemplate({template.pack_id: template.embedding}, template.crop_jpeg, fields)


def _face_in(faces: Sequence[Face], box: Box) -> Face | None:
    """The face that a region marks: the one that overlaps it most, or the only one whose middle lies within."""
    if not faces:
        return None
    best = max(faces, key=lambda face: face.box.iou(box))
    if best.box.iou(box) >= SAME_PLACE:
        return best
    inside = [face for face in faces if _within(face.box.centre, box) and _within(box.centre, face.box)]
    return inside[0] if len(inside) == 1 else None


def _within(point: tuple[float, float], box: Box) -> bool:
    return box.x <= point[0] <= box.x + box.width and box.y <= point[1] <= box.y + box.height


def _batches(offers: Sequence[Offer], size: int) -> Iterator[tuple[int, list[Offer]]]:
    waiting, done = iter(offers), 0
    while batch := list(islice(waiting, size)):
        yield done, batch
        done += len(batch)


def unusable_source(place: Path, problem: str) -> BadInputError:
    """The error for something that cannot be imported at all."""
    return BadInputError(f"“{shown(place)}” cannot be imported: {problem}")
