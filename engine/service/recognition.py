"""Recognizing: pictures judged for enrollment, and decisions about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from engine import minutes
from engine.capture.images import reduced
from engine.errors import ImageError, NoFaceError, shown
from engine.gallery.journal import Note
from engine.liveness_desk import LivenessDesk
from engine.service.in_force import InForce
from engine.service.remembering import compared, identified, verified
from engine.service.sight import Sight, each_picture, source_of
from engine.types import (
    CancelToken,
    Comparison,
    Decided,
    Enrollment,
    EnrollmentCandidate,
    Face,
    Frame,
    IdentifiedPicture,
    Person,
    Picture,
    PixelArray,
    Progress,
    Replay,
    Report,
    Verification,
    silent,
)

PREVIEW_PX = 1600
"""Longest side of the pictures handed back for showing."""
PICTURES_AT_ONCE = 8
"""How many pictures share one pass through the pipeline."""


class Recognition:
    """The part of the service that enrolls, verifies, compares and identifies."""

    _now: InForce
    _sight: Sight
    liveness: LivenessDesk

    # --- enrollment ---------------------------------------------------------------------------------------------

    def judge(
        self,
        pictures: Sequence[Picture],
        name: str = "",
        report: Report = silent,
        token: CancelToken | None = None,
        each: Callable[[EnrollmentCandidate], None] | None = None,
    ) -> list[EnrollmentCandidate]:
        """Look at pictures for enrollment, one answer for each; nothing is stored.

        Args:
            pictures: files, encoded bytes or frames; a folder stands for the pictures in it.
            name: who they show; other people who look alike are pointed out.
            each: receives every picture's answer as soon as it is there.

        Raises:
            OperationCancelledError: the token was turned.
        """
        token = token or CancelToken()
        pictures = list(each_picture(pictures, token))
        candidates = []
        for done, picture in enumerate(pictures):
            token.check()
            report(Progress(done, len(pictures), source_of(picture)))
            candidates.append(self._judge(picture, name))
            if each:
                each(candidates[-1])
        report(Progress(len(pictures), len(pictures)))
        return candidates

    def enroll(
        self, name: str, candidates: Sequence[EnrollmentCandidate], consent_date: date | None = None
    ) -> Enrollment:
        """Store the acceptable candidates as templates of a person, new or already enrolled, in one transaction.

        Poor faces, and copies of a picture that is already a template, are left out and listed.

        Raises:
            BadInputError: none of the candidates can be enrolled; the sentence says why.
            InvalidNameError: nobody can have this name.
            GalleryError: the gallery cannot be written; nothing was.
        """
        return self._now.enroller.enroll(name, candidates, consent_date)

    def assign(self, face: Face, person_id: int, source: str) -> Person:
        """Make a found face a template of a person.

        Raises:
            BadInputError: the face is too poor, or already enrolled.
            UnknownPersonError: there is no such person.
        """
        person = self._now.gallery.person(person_id)
        return self.enroll(person.name, [EnrollmentCandidate(source, face)]).person

    def _judge(self, picture: Picture, name: str) -> EnrollmentCandidate:
        try:
            frame = self._sight.read(picture)
        except ImageError as error:
            return EnrollmentCandidate(source_of(picture), refusals=(str(error),))
        return self._now.enroller.judge(frame, self._sight.faces([frame], only="largest")[0], name)

    # --- decisions ----------------------------------------------------------------------------------------------

    def verify(self, person_id: int, picture: Picture) -> Verification:
        """Decide whether the largest face in a picture is the person claimed (1:1).

        Raises:
            ImageError: the picture cannot be read.
            NoFaceError: it shows no face.
            UnknownPersonError: there is no such person.
            PackMismatchError: the person has no template of this pack.
            TooManyAttemptsError: too many others have failed; this one was not looked at.
        """
        person = self._now.gallery.person(person_id)
        self._now.claiming.check(person_id)
        frame = self._sight.read(picture)
        found = self._now.decider.verify(self.probe(frame), person)
        found = self.liveness.judged(found, self.liveness.unseen(frame))
        # The same picture again, because something else has changed, is no other attempt.
        if self._now.past.add(verified(found)):
            failed = self._now.claiming.answered(found)
            self._now.gallery.journal.note(minutes.verification(found, source_of(picture), failed=failed))
        return found

    def compare(self, first: Picture, second: Picture) -> Comparison:
        """Decide whether the largest faces of two pictures are one person.

        Raises:
            ImageError: a picture cannot be read.
            NoFaceError: one shows no face.
        """
        found = self._now.decider.compare(self.probe(first), self.probe(second))
        about = f"{shown(source_of(first))}, {shown(source_of(second))}"
        if self._now.past.add(compared(found, about)):
            self._now.gallery.journal.note(minutes.comparison(found, source_of(first), source_of(second)))
        return found

    def identify(
        self,
        pictures: Sequence[Picture],
        report: Report = silent,
        token: CancelToken | None = None,
        each: Callable[[IdentifiedPicture], None] | None = None,
    ) -> list[IdentifiedPicture]:
        """Find everyone in every picture (1:N, open set); a picture that cannot be read carries its error.

        Args:
            pictures: files, encoded bytes or frames; a folder stands for the pictures in it.
            each: receives every picture's answer as soon as it is there.

        Raises:
            OperationCancelledError: the token was turned.
        """
        token = token or CancelToken()
        pictures = list(each_picture(pictures, token))
        answers: list[IdentifiedPicture] = []
        for start in range(0, len(pictures), PICTURES_AT_ONCE):
            token.check()
            batch = pictures[start : start + PICTURES_AT_ONCE]
            report(Progress(start, len(pictures), source_of(batch[0])))
            for answer in self._identify(batch):
                answers.append(answer)
                if each:
                    each(answer)
        report(Progress(len(pictures), len(pictures)))
        return answers

    def preview(self, picture: Picture) -> tuple[PixelArray, float]:
        """Decode a picture for showing.

        Returns:
            Pixels, (H, W, 3) uint8 RGB, at most 1600 on the longer side; and how many there are per picture pixel.

        Raises:
            ImageError: it cannot be read.
        """
        return reduced(self._sight.read(picture).pixels, PREVIEW_PX)

    def replay(self, false_match_rate: float) -> Replay:
        """What this session's decisions would have been at another false match rate, with the limits that follow."""
        # Distances of another pack say nothing by this one's limits.
        pack_id = self._now.networks.embedder.pack.id
        records = [past.record for past in self._now.past if past.pack_id == pack_id]
        changed = [record for record in records if self._now.decider.again(record, false_match_rate) != record.match]
        return Replay(self._now.decider.limits(false_match_rate), len(records), tuple(reversed(changed)))

    @property
    def decided(self) -> tuple[Decided, ...]:
        """This session's decisions, oldest first."""
        return tuple(past.record for past in self._now.past)

    def claim_pause_s(self, person_id: int) -> float:
        """How long nobody may claim to be a person yet, after too many failed attempts."""
        return self._now.claiming.pause_s(person_id)

    def probe(self, picture: Picture) -> Face:
        """The largest face of a picture.

        Raises:
            ImageError: the picture cannot be read.
            NoFaceError: it shows no face.
        """
        faces = self._sight.faces([self._sight.read(picture)], only="largest")[0]
        if not faces:
            raise NoFaceError(source_of(picture))
        return faces[0]

    def _identify(self, pictures: Sequence[Picture]) -> list[IdentifiedPicture]:
        answers: dict[int, IdentifiedPicture] = {}
        frames: dict[int, Frame] = {}
        for place, picture in enumerate(pictures):
            try:
                frames[place] = self._sight.read(picture)
            except ImageError as error:
                answers[place] = IdentifiedPicture(source_of(picture), error=str(error))
        found = self._sight.faces(list(frames.values()))
        notes: list[Note] = []
        for (place, frame), faces in zip(frames.items(), found, strict=True):
            preview, scale = reduced(frame.pixels, PREVIEW_PX)
            identifications = tuple(self._now.decider.identify(faces))
            news = [self._now.past.add(past) for past in identified(self._now, identifications)]
            told = filter(None, (minutes.identification(one, frame.source) for one in identifications))
            notes += [note for note, new in zip(told, news, strict=True) if new]
            answers[place] = IdentifiedPicture(source_of(pictures[place]), identifications, preview, scale, frame.notes)
        self._now.gallery.journal.note(*notes)
        return [answers[place] for place in range(len(pictures))]
