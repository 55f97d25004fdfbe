"""Guided enrollment, from frames to a report and an enrollment. Synchronous, as the service; one person at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.decisions import Decider, embedding_of
from engine.enrollment import Enroller
from engine.errors import BadInputError
from engine.evaluation.metrics import error_rate
from engine.guided import STANDARD_PLAN, Guidance, GuidedReport, Sector, Shot, Worth
from engine.guided_capture import Capture, Taken
from engine.matching.contribution import Contribution, contributions, leave_one_out_distances
from engine.matching.distances import distances
from engine.matching.fusion import unit_length
from engine.matching.strangers import made_up_strangers
from engine.types import Candidate, Enrollment, EnrollmentCandidate, Face, FloatArray, Frame, Metric

SAME_RATE = 2e-2
"""A face that is as near to the pictures so far as 1 stranger in 50 may be the same person: views differ widely."""
ADDS, HURTS = 5e-4, -2e-3
"""Changes of the margin that count. Of random pictures of LFW's people half are between them, 1 in 10 is below."""
ENOUGH = 4
"""With fewer pictures each one more is worth having, if it is the same person."""
NEIGHBOURS = 100
"""So many of the gallery's nearest people stand for all of it."""


class Judged(NamedTuple):
    """What leaving a picture out changes, and what follows from it."""

    change: Contribution
    worth: Worth


class GuidedDesk:
    """One guided enrollment after another, against the gallery and the pack in force."""

    def __init__(
        self,
        enroller: Callable[[], Enroller],
        live_faces: Callable[[Frame], Sequence[Face]],
    ) -> None:
        """Use whatever the service uses.

        Args:
            enroller: the one in force.
            live_faces: finds and embeds the faces of a frame, largest first.
        """
        self._enroller, self._live_faces = enroller, live_faces
        self._capture: Capture | None = None
        self._judged: dict[Taken, EnrollmentCandidate] = {}
        self._name = self._purpose = self._pack_id = ""
        self._consent: date | None = None
        self._live = True

    # --- capture --------------------------------------------------------------------------------------------------

    def begin(
        self,
        name: str,
        consent_date: date | None,
        *,
        purpose: str = "",
        plan: Sequence[Sector] = STANDARD_PLAN,
        live: bool = True,
    ) -> Guidance:
        """Begin anew; what an unfinished enrollment had gathered is let go.

        Args:
            name: who is enrolled.
            consent_date: when they consented; stored with them.
            purpose: what for; stored with them where it is not empty.
            plan: which views are wanted.
            live: whether the frames come from a camera, and not from a file in its place.

        Raises:
            BadInputError: there is no consent.
        """
        if consent_date is None:
            raise BadInputError("Guided enrollment starts only once the person has consented. Say when they did.")
        limit = self._stray

        def alike(one: FloatArray, other: FloatArray) -> bool:
            return 1 - float(one @ other) <= limit

        self._capture, self._judged = Capture(plan, alike), {}
        self._name, self._consent, self._purpose, self._live = name, consent_date, purpose, live
        self._pack_id = self._decider.pack_id
        return self._capture.start()

    def see(self, frame: Frame) -> Guidance:
        """Look at a frame; what it is good for is captured by itself.

        Raises:
            BadInputError: no enrollment has begun.
        """
        return self._begun().see(frame, self._live_faces(frame))

    def snap(self) -> Guidance:
        """Capture the frame seen last, because somebody says so.

        Raises:
            BadInputError: no enrollment has begun.
        """
        return self._begun().snap()

    def stop(self) -> None:
        """Forget everything that was gathered."""
        self._capture, self._judged = None, {}

    # --- the report -----------------------------------------------------------------------------------------------

    def report(self, left_out: Collection[int] | None = None) -> GuidedReport:
        """Say what each picture adds, and what is to be expected of those that are kept.

        Args:
            left_out: ids of shots not to be kept; None leaves out those that hurt.

        Raises:
            BadInputError: no enrollment has begun, or no picture was taken; then it says what was in the way.
        """
        capture = self._begun()
        if not capture.taken:
            why = capture.problem or "Sit in front of the camera, in good light, and try again."
            raise BadInputError(f"No picture was taken. {why}")
        candidates = [(taken.sector, self._candidate(taken)) for taken in capture.shots]
        faces = [candidate.face for _, candidate in candidates if candidate.face is not None]
        embeddings = np.stack([embedding_of(face) for face in faces])
        strangers, look_alikes = self._strangers(embeddings)
        known = self._known()
        out = better_left_out(embeddings, known, strangers, self._stray) if left_out is None else set(left_out)
        kept = np.array([number not in out for number in range(len(candidates))])
        shots = self._shots(candidates, embeddings, kept, known, strangers)
        nearest = look_alikes[0] if look_alikes else None
        return self._summary(shots, embeddings[kept], known, nearest, len(strangers))

    def finish(self, left_out: Collection[int]) -> Enrollment:
        """Enroll what is kept, with consent and purpose, in one transaction.

        Raises:
            BadInputError: nothing is kept, or none of it can be enrolled.
            InvalidNameError: nobody can have this name.
            GalleryError: the gallery cannot be written; nothing was.
        """
        report = self.report(left_out)
        if not report.kept:
            raise BadInputError("Every picture is left out. Keep at least one.")
        candidates = [shot.candidate for shot in report.kept]
        enrolled = self._enroller().enroll(self._name, candidates, self._consent, purpose=self._purpose)
        self.stop()
        return enrolled

    def _begun(self) -> Capture:
        if self._capture is None:
            raise BadInputError("No guided enrollment has begun. Start one.")
        if self._pack_id != self._decider.pack_id:
            raise BadInputError(
                "Another network was chosen meanwhile; the pictures so far cannot be compared by it. Start again."
            )
        return self._capture

    @property
    def _decider(self) -> Decider:
        return self._enroller().decider

    @property
    def _stray(self) -> float:
        """From this distance on two faces are hardly one person's."""
        return self._decider.calibration.threshold(Metric.COSINE, SAME_RATE)

    def _candidate(self, taken: Taken) -> EnrollmentCandidate:
        """The shot as it would be enrolled, embedded in several views."""
        if taken in self._judged:
            return self._judged[taken]
        enroller = self._enroller()
        face = taken.face
        if self._decider.settings.averaging != "never":
            face = enroller.pipeline.averaged(taken.frame, face)
        made = enroller.judge(taken.frame, [face], self._name)
        self._judged[taken] = made
        return made

    def _known(self) -> FloatArray:
        """What the person has already, (T, D)."""
        known = self._enroller().embeddings_of(self._name)
        return np.stack(known) if known else np.empty((0, 0), np.float32)

    def _strangers(self, embeddings: FloatArray) -> tuple[FloatArray, list[Candidate]]:
        """Other people near these pictures, (S, D), and the gallery's among them, nearest first."""
        decider, middle = self._decider, unit_length(embeddings.sum(axis=0, keepdims=True))
        made_up = made_up_strangers(decider.pack_id)
        references = decider.gallery.references(decider.pack_id)
        if not len(references.person_ids):
            return made_up, []
        decider.index.follow(references)
        found = decider.index.search(middle, NEIGHBOURS + 1, Metric.COSINE)[0]
        own = self._name.strip().casefold()
        near = [
            Candidate(int(id_), references.names[int(id_)], float(apart))
            for id_, apart in zip(found.ids, found.distances, strict=True)
            if references.names[int(id_)].casefold() != own
        ]
        if not near:
            return made_up, []
        fused = decider.index.fused(np.array([one.person_id for one in near]))
        return (np.concatenate([fused, made_up]) if len(made_up) else fused), near

    def _shots(
        self,
        candidates: Sequence[tuple[Sector, EnrollmentCandidate]],
        embeddings: FloatArray,
        kept: NDArray[np.bool_],
        known: FloatArray,
        strangers: FloatArray,
    ) -> tuple[Shot, ...]:
        shots = []
        for number, (sector, candidate) in enumerate(candidates):
            # A shot that is left out is judged by what it would add.
            with_it = kept.copy()
            with_it[number] = True
            place = int(with_it[:number].sum())
            added, worth = judged(embeddings[with_it], known, strangers, self._stray)[place]
            own = None if np.isnan(added.own) else added.own
            shots.append(
                Shot(number, sector, candidate, worth, added.genuine, added.impostor, own, kept=bool(kept[number]))
            )
        return tuple(shots)

    def _summary(
        self,
        shots: tuple[Shot, ...],
        kept: FloatArray,
        known: FloatArray,
        nearest: Candidate | None,
        strangers: int,
    ) -> GuidedReport:
        every = np.concatenate([known, kept]) if len(known) and len(kept) else kept
        limit = self._decider.calibration.threshold(
            Metric.COSINE, self._decider.settings.false_match_rate, max(len(every) - 1, 1)
        )
        apart = leave_one_out_distances(every)[len(every) - len(kept) :]
        compared = int(np.isfinite(apart).sum())
        passing = int((apart <= limit).sum())
        bound = 1 - error_rate(compared - passing, compared).high if compared else 0.0
        if nearest is not None and len(every):
            fused = unit_length(every.sum(axis=0, keepdims=True))
            other = self._decider.index.fused(np.array([nearest.person_id]))
            distance = float(distances(fused, other, Metric.COSINE)[0, 0])
            rate = self._decider.calibration.false_match_rate(Metric.COSINE, distance)
            nearest = replace(nearest, distance=distance, false_match=rate)
        capture = self._begun()
        missing = tuple(sector for sector in capture.plan if sector not in capture.taken)
        return GuidedReport(self._name, shots, passing, compared, bound, limit, nearest, strangers, self._live, missing)


def worth_of(change: Contribution, pictures: int, stray: float) -> Worth:
    """Say what a picture adds.

    Args:
        change: by leaving it out.
        pictures: how many there are with it.
        stray: from this distance to the others on it may be somebody else.
    """
    if change.own > stray or (pictures >= ENOUGH and change.margin <= HURTS):
        return Worth.HURTS
    return Worth.ADDS if pictures < ENOUGH or change.margin >= ADDS else Worth.REDUNDANT


def judged(embeddings: FloatArray, known: FloatArray, strangers: FloatArray, stray: float) -> list[Judged]:
    """Say of each picture what it adds to the others and to those that the person has already."""
    every = np.concatenate([known, embeddings]) if len(known) else embeddings
    changes = contributions(every, strangers)[len(known) :]
    return [Judged(change, worth_of(change, len(every), stray)) for change in changes]


def better_left_out(embeddings: FloatArray, known: FloatArray, strangers: FloatArray, stray: float) -> set[int]:
    """Pictures that hurt; the worst is taken out before the next is looked for, since it pulls the mean along."""
    left = list(range(len(embeddings)))
    while len(left) > 1:
        added = judged(embeddings[left], known, strangers, stray)
        hurting = [place for place, one in enumerate(added) if one.worth is Worth.HURTS]
        if not hurting:
            break
        del left[min(hurting, key=lambda place: (added[place].change.margin, -added[place].change.own))]
    return set(range(len(embeddings))) - set(left)
