"""FaceService: the one door that the window and the command line knock on."""

from __future__ import annotations

import logging
import platform
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from importlib.metadata import version
from pathlib import Path
from threading import Thread
from types import EllipsisType
from typing import TYPE_CHECKING

import torch

from engine import minutes
from engine.capture.folders import find_pictures
from engine.capture.images import decode_jpeg, read_image, reduced
from engine.care_desk import CareDesk
from engine.claims import Claims
from engine.decisions import Decider, embedding_of
from engine.enrollment import Enroller
from engine.errors import (
    CameraError,
    GalleryError,
    GalleryLockedError,
    ImageError,
    NoFaceError,
    PackError,
    WrongSecretError,
    shown,
)
from engine.gallery.backups import due
from engine.gallery.database import followed
from engine.gallery.journal import Note
from engine.gallery.keys import Way
from engine.gallery.store import Gallery
from engine.gallery.system_keyring import keyring_name
from engine.gallery.vault import Typed, protection, unlock_pause_s
from engine.journal import LogPolicy
from engine.journal_desk import JournalDesk
from engine.live_desk import LiveDesk
from engine.live_values import LiveResult, Visit
from engine.liveness_desk import LivenessDesk
from engine.liveness_values import Policy
from engine.loaded import PACK_KEYS, Networks, embed_missing
from engine.matching.learned import find_verifier
from engine.packs.embedder import left_device
from engine.packs.installed import list_packs
from engine.packs.pack import PACKS
from engine.past import Past, PastDecisions
from engine.pipeline import Only
from engine.rescue_desk import RescueDesk
from engine.server_address import Place
from engine.settings import Settings, default_gallery_path
from engine.types import (
    CancelToken,
    Comparison,
    Decided,
    EngineInfo,
    Enrollment,
    EnrollmentCandidate,
    Face,
    Frame,
    Identification,
    IdentifiedPicture,
    Metric,
    PackInfo,
    Person,
    Picture,
    PixelArray,
    Progress,
    Replay,
    Report,
    Template,
    Verification,
    silent,
)
from engine.vault_desk import VaultDesk

if TYPE_CHECKING:
    from engine.erasure_desk import ErasureDesk
    from engine.guided_desk import GuidedDesk
    from engine.learning_desk import LearningDesk
    from engine.packs_desk import PacksDesk
    from engine.sorting_desk import SortingDesk
    from engine.transfer_desk import TransferDesk

log = logging.getLogger(__name__)

PREVIEW_PX = 1600
"""Longest side of the pictures handed back for showing."""
PICTURES_AT_ONCE = 8
"""How many pictures share one pass through the pipeline."""
SAME_FACE_RATE = 1e-3
"""How often a stranger might be taken for the face that a check on demand began with."""
PASTED = "pasted picture"
"""What a picture without a name is called."""


class FaceService:
    """Enrolls, verifies and identifies against one gallery. Synchronous; used from one thread at a time."""

    def __init__(self, settings: Settings, gallery_path: Place | None = None) -> None:
        """Load the networks and open the gallery; a file is created where there is none.

        A gallery that asks for a passphrase stays locked until `unlock`.

        Raises:
            DeviceError: the device asked for is not there.
            PackError: a model file is missing or altered.
            GalleryError: the gallery cannot be opened.
        """
        self._networks = Networks(settings)
        self._learning: LearningDesk | None = None
        self._shelf: PacksDesk | None = None
        self._transfer: TransferDesk | None = None
        self._sorting: SortingDesk | None = None
        self._guided: GuidedDesk | None = None
        self._past = PastDecisions()
        self._live = LiveDesk(
            lambda: self._networks.for_live, lambda: self._decider, lambda: self._settings, self._remember_live
        )
        self.liveness = LivenessDesk(lambda: Policy(self._settings.liveness), self._same_face_distance)
        self._claims: Claims | None = None
        place = gallery_path or default_gallery_path()
        self._place = followed(place) if isinstance(place, Path) else place
        self._changed: Callable[[], None] | None = None
        self._opened: Gallery | None = None
        self._backup: Thread | None = None
        self._parts: tuple[Decider, Enroller, CareDesk] | None = None
        self.locked: GalleryLockedError | None = None
        self.rescue = RescueDesk(self._place, self._open)
        try:
            self._use(settings)
        except PackError as error:
            # A verifier that has gone must not keep the window from opening.
            self._networks.pack_problem = str(error)
            self._use(settings.with_value("verifier", "distance"))
        try:
            self._open()
        except GalleryLockedError as error:
            self.locked = error
        except GalleryError as error:
            if not self.rescue.backups():
                raise
            # It stays closed until a backup has taken its place.
            self.locked = GalleryLockedError(str(error), ())

    def close(self) -> None:
        """Close the gallery, and delete for good what can no longer be put back."""
        if self._learning is not None:
            self._learning.close()
        if self._shelf is not None:
            self._shelf.close()
        try:
            self._live.stop_recording()
        except CameraError as error:
            log.warning("The clip under way was not saved: %s", error)
        self._live.forget()
        self._close_gallery()

    def _close_gallery(self) -> None:
        # A backup under way is written first.
        if self._backup is not None:
            self._backup.join()
        if self._opened is not None:
            self._opened.close()
            self._opened = self._claims = None

    # --- locking ------------------------------------------------------------------------------------------------

    def unlock(self, secret: str = "", way: str = "passphrase") -> None:
        """Open a locked gallery.

        Args:
            secret: what was typed; without it the keyring is asked again.
            way: "passphrase" or "recovery": which of them it is.

        Raises:
            WrongSecretError: it does not open the gallery.
            TooManyAttemptsError: others did not either, too often; this one was not looked at.
            GalleryLockedError: something must be typed.
            GalleryError: the gallery cannot be opened.
        """
        if self._opened is None:
            self._open(Typed(secret, Way(way)) if secret else None)

    def lock(self) -> None:
        """Close the gallery, and forget its key and everything that was read from it.

        Raises:
            GalleryError: it is not encrypted, so that locking would protect nothing.
        """
        if self._gallery.protection.server:
            raise GalleryError("A gallery on a server is not locked from here. Close the window instead.")
        if not self._gallery.encrypted:
            raise GalleryError("The gallery is not encrypted, so it cannot be locked. Set a passphrase first.")
        # Who is before the camera is written down first.
        self._live.forget()
        self._close_gallery()
        self._parts = self._transfer = self._sorting = self._guided = None
        self._past.clear()
        self._networks.forget_gallery()
        ways = protection(self._file)
        asks = ("passphrase",) * ways.passphrase + ("recovery",) * ways.recovery
        self.locked = GalleryLockedError("The gallery is locked.", asks)

    def unlock_pause_s(self) -> float:
        """How long no passphrase is looked at yet, after too many wrong ones."""
        return unlock_pause_s(self._place) if isinstance(self._place, Path) else 0.0

    def claim_pause_s(self, person_id: int) -> float:
        """How long nobody may claim to be a person yet, after too many failed attempts."""
        return self._claiming.pause_s(person_id)

    @property
    def _claiming(self) -> Claims:
        if self._claims is None:
            raise self.locked or GalleryLockedError("The gallery is closed.", ())
        return self._claims

    @property
    def vault(self) -> VaultDesk:
        """Encryption, and what opens the gallery."""
        return VaultDesk(lambda: self._gallery, lambda: embed_missing(self._gallery, self._networks))

    def _open(self, typed: Typed | None = None) -> None:
        try:
            self._opened = Gallery.open(self._place, typed)
            embed_missing(self._opened, self._networks)
        except GalleryError as error:
            self.rescue.needed = not isinstance(error, (GalleryLockedError, WrongSecretError))
            if self._opened is not None:
                self._opened.abandon()
                self._opened = None
            raise
        if self._changed:
            self._opened.watch(self._changed)
        self._claims = Claims(self._opened)
        self._follow_settings()
        self._parts = self._transfer = self._sorting = self._guided = None
        self.locked, self.rescue.needed = None, False
        if isinstance(self._place, Path) and self._opened.counts()[0] and due(self._place):
            # A large gallery takes a while to copy, and nobody should have to wait for it.
            self._backup = Thread(target=self._back_up, args=(self._opened,), name="backup")
            self._backup.start()

    @staticmethod
    def _back_up(gallery: Gallery) -> None:
        try:
            gallery.back_up()
        except GalleryError as error:
            log.warning("No backup was made: %s", error)

    @property
    def _file(self) -> Path:
        """The gallery's file; only a file is ever locked."""
        if not isinstance(self._place, Path):
            raise GalleryError("The gallery is closed. Open the window again.")
        return self._place

    @property
    def _gallery(self) -> Gallery:
        if self._opened is None:
            raise self.locked or GalleryLockedError("The gallery is closed.", ())
        return self._opened

    @property
    def _decider(self) -> Decider:
        return self._deciding()[0]

    @property
    def _enroller(self) -> Enroller:
        return self._deciding()[1]

    @property
    def _care(self) -> CareDesk:
        return self._deciding()[2]

    def _deciding(self) -> tuple[Decider, Enroller, CareDesk]:
        if self._parts is None:
            networks = self._networks
            pack_id = networks.embedder.pack.id
            decider = Decider(
                self._gallery, networks.strangers, networks.index, pack_id, self._settings, self._verifier
            )
            enroller = Enroller(decider, networks.for_files)
            self._parts = decider, enroller, CareDesk(self._gallery, enroller, self._past)
        return self._parts

    def apply(self, settings: Settings, report: Report = silent, token: CancelToken | None = None) -> None:
        """Use other settings from now on. Where they cannot be used, the old ones stay in force.

        With another pack, the whole gallery is embedded again from its crops first; the old pack's embeddings stay, so
        that going back is quick.

        Raises:
            DeviceError: the device asked for is not there.
            PackError: the pack asked for is not there, or is damaged.
            OperationCancelledError: the token was turned.
        """
        if settings.pack != self._settings.pack and settings.verifier != "distance":
            find_verifier(settings.verifier, settings.pack)
        if Networks.key(settings) != Networks.key(self._settings):
            now = self._settings
            networks = Networks(settings, [key for key in PACK_KEYS if getattr(settings, key) != getattr(now, key)])
            if self._opened is not None:
                embed_missing(self._opened, networks, report, token)
            self._networks = networks
        self._use(settings)

    def _use(self, settings: Settings) -> None:
        pack_id = self._networks.embedder.pack.id
        self._verifier = None if settings.verifier == "distance" else find_verifier(settings.verifier, pack_id)
        self._settings = settings
        self._parts = None
        self._follow_settings()

    def _follow_settings(self) -> None:
        """Let the log and the limit of attempts be as the settings say."""
        if self._opened is not None and self._claims is not None:
            self._opened.journal.use(LogPolicy.of(self._settings.history_log, self._settings.log_days))
            self._live.tell_visits(self._write_down if self._opened.journal.policy.sightings else None)
            # Whoever may only look at a gallery on a server cannot count there, and can read all of it anyway.
            self._claims.limited = self._settings.limit_attempts and self._opened.writable

    def info(self) -> EngineInfo:
        """What the engine runs on."""
        people, templates = self._opened.counts() if self._opened else (0, 0)
        protected = self._opened.protection if self._opened else protection(self._file)
        device = self._networks.embedder.device
        libraries = ("visavis", "torch", "numpy", "opencv-python-headless", "PySide6-Essentials")
        return EngineInfo(
            device=device.label,
            device_reason=self._networks.embedder.fallback_reason or device.reason,
            fell_back=bool(self._networks.embedder.fallback_reason),
            pack_id=self._networks.embedder.pack.id,
            pack_problem=self._networks.problem,
            precision=device.precision,
            pack=self._networks.embedder.pack.title,
            pack_licence=self._networks.embedder.pack.licence,
            detector=self._networks.for_files.detector.name,
            gallery_path=str(self._place),
            people=people,
            templates=templates,
            encrypted=protected.encrypted,
            protection=protected.sentence,
            on_server=bool(protected.server),
            keyring=keyring_name(),
            opened_by_keyring=bool(protected.keyring),
            opened_by_passphrase=protected.passphrase,
            locked=str(self.locked or ""),
            asks=self.locked.asks if self.locked else (),
            versions={"python": platform.python_version()} | {name: version(name) for name in libraries},
        )

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
        pictures = list(_each_picture(pictures, token))
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
        return self._enroller.enroll(name, candidates, consent_date)

    def assign(self, face: Face, person_id: int, source: str) -> Person:
        """Make a found face a template of a person.

        Raises:
            BadInputError: the face is too poor, or already enrolled.
            UnknownPersonError: there is no such person.
        """
        person = self._gallery.person(person_id)
        return self.enroll(person.name, [EnrollmentCandidate(source, face)]).person

    def _judge(self, picture: Picture, name: str) -> EnrollmentCandidate:
        try:
            frame = self._read(picture)
        except ImageError as error:
            return EnrollmentCandidate(source_of(picture), refusals=(str(error),))
        return self._enroller.judge(frame, self._faces([frame], only="largest")[0], name)

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
        person = self._gallery.person(person_id)
        self._claiming.check(person_id)
        frame = self._read(picture)
        found = self._decider.verify(self.probe(frame), person)
        found = self.liveness.judged(found, self.liveness.unseen(frame))
        # The same picture again, because something else has changed, is no other attempt.
        if self._past.add(self._past_of("verification", person.name, found, found.probe, person.id)):
            failed = self._claiming.answered(found)
            self._gallery.journal.note(minutes.verification(found, source_of(picture), failed=failed))
        return found

    def compare(self, first: Picture, second: Picture) -> Comparison:
        """Decide whether the largest faces of two pictures are one person.

        Raises:
            ImageError: a picture cannot be read.
            NoFaceError: one shows no face.
        """
        found = self._decider.compare(self.probe(first), self.probe(second))
        about = f"{shown(source_of(first))}, {shown(source_of(second))}"
        if self._past.add(self._past_of("comparison", about, found, found.first)):
            self._gallery.journal.note(minutes.comparison(found, source_of(first), source_of(second)))
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
        pictures = list(_each_picture(pictures, token))
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
        return reduced(self._read(picture).pixels, PREVIEW_PX)

    def watch(self, frame: Frame, claimed: int | None = None) -> LiveResult:
        """Identify everyone in a live frame, and verify the largest face where an identity is claimed.

        Raises:
            UnknownPersonError: the claimed person is no longer there.
        """
        pause_s = 0.0 if claimed is None else self._claiming.pause_s(claimed)
        if pause_s:
            claimed = None
        try:
            result = self.live.watch(frame, claimed)
        except (torch.OutOfMemoryError, torch.AcceleratorError) as error:
            self._leave_device(error)
            self.live.forget()
            result = self.live.watch(frame, claimed)
        result = self.liveness.looked_at(result)
        self._count_attempts(result, claimed)
        return replace(result, pause_s=pause_s)

    @property
    def live(self) -> LiveDesk:
        """Everyone before the camera, followed from frame to frame."""
        return self._live

    def _remember_live(
        self, identifications: Sequence[Identification], verification: Verification | None, time_s: float
    ) -> None:
        for past in self._past_identified(identifications):
            self._past.add_live(past, time_s)
        if verification is not None:
            verification = self.liveness.judged_now(verification)
            past = self._past_of(
                "verification", verification.name, verification, verification.probe, verification.person_id
            )
            self._past.add_live(past, time_s)

    def _count_attempts(self, result: LiveResult, claimed: int | None) -> None:
        """Count attempts before the camera, and write down those that end."""
        found, frame = result.verification, result.frame
        ended = self._claiming.watched(claimed, found, frame.time_s)
        # An attempt that ends because nobody is there any more has no numbers of its own.
        notes = [
            minutes.verification(found, frame.source, failed=not success)
            for person_id, success in ended
            if found is not None and found.person_id == person_id
        ]
        self._gallery.journal.note(*notes)

    def _write_down(self, visit: Visit) -> None:
        self._gallery.journal.note(minutes.visit(visit, self._live.source))

    def replay(self, false_match_rate: float) -> Replay:
        """What this session's decisions would have been at another false match rate, with the limits that follow."""
        # Distances of another pack say nothing by this one's limits.
        records = [past.record for past in self._past if past.pack_id == self._networks.embedder.pack.id]
        changed = [record for record in records if self._decider.again(record, false_match_rate) != record.match]
        return Replay(self._decider.limits(false_match_rate), len(records), tuple(reversed(changed)))

    def _past_of(
        self, what: str, about: str, found: Verification | Comparison, probe: Face, person_id: int | None = None
    ) -> Past:
        templates, rejected = 1, False
        if isinstance(found, Verification):
            templates = len(found.template_distances)
            rejected = found.rejected_at is not None or bool(found.refused_as_not_live)
        record = Decided(what, about, found.metric, found.distance, templates, 0, found.match, rejected, found.verifier)
        return Past(record, embedding_of(probe), probe.pack_id, person_id)

    def _past_identified(self, identifications: Sequence[Identification]) -> Iterator[Past]:
        references = self._gallery.references(self._networks.embedder.pack.id)
        people, templates = len(references.names), len(references.person_ids)
        for one in identifications:
            if one.candidates:
                nearest = one.candidates[0]
                match = one.person is not None and one.person.person_id == nearest.person_id
                out = nearest.rejected_at is not None
                record = Decided(
                    "identification", nearest.name, one.metric, nearest.distance, templates, people, match, out
                )
                yield Past(record, embedding_of(one.face), one.face.pack_id, nearest.person_id)

    def _identify(self, pictures: Sequence[Picture]) -> list[IdentifiedPicture]:
        answers: dict[int, IdentifiedPicture] = {}
        frames: dict[int, Frame] = {}
        for place, picture in enumerate(pictures):
            try:
                frames[place] = self._read(picture)
            except ImageError as error:
                answers[place] = IdentifiedPicture(source_of(picture), error=str(error))
        found = self._faces(list(frames.values()))
        notes: list[Note] = []
        for (place, frame), faces in zip(frames.items(), found, strict=True):
            preview, scale = reduced(frame.pixels, PREVIEW_PX)
            identifications = tuple(self._decider.identify(faces))
            news = [self._past.add(past) for past in self._past_identified(identifications)]
            told = filter(None, (minutes.identification(one, frame.source) for one in identifications))
            notes += [note for note, new in zip(told, news, strict=True) if new]
            answers[place] = IdentifiedPicture(source_of(pictures[place]), identifications, preview, scale, frame.notes)
        self._gallery.journal.note(*notes)
        return [answers[place] for place in range(len(pictures))]

    # --- the gallery --------------------------------------------------------------------------------------------

    def people(self, search: str = "") -> list[Person]:
        """Everyone whose name, tags or notes contain the search text, by name."""
        return self._gallery.people(search)

    def person(self, person_id: int) -> Person:
        """One person.

        Raises:
            UnknownPersonError: there is no such person.
        """
        return self._gallery.person(person_id)

    def person_named(self, name: str) -> Person:
        """The person of this name, whatever its case.

        Raises:
            UnknownPersonError: there is nobody of this name.
        """
        return self._gallery.find(name)

    def templates(self, person_id: int) -> list[Template]:
        """All templates of a person, of any pack, oldest first."""
        return self._gallery.templates(person_id)

    def crops(self, template_ids: Sequence[int]) -> dict[int, PixelArray]:
        """Decoded crops, (256, 256, 3) uint8 RGB each; templates that are gone, or damaged, are left out."""
        decoded = {}
        for id_, jpeg in self._gallery.crops(template_ids).items():
            with suppress(ImageError):
                decoded[id_] = decode_jpeg(jpeg)
        return decoded

    def rename(self, person_id: int, name: str) -> Person:
        """Give a person another name.

        Raises:
            NameTakenError: someone else has it; merge the two instead.
            InvalidNameError: nobody can have it.
        """
        return self._gallery.rename(person_id, name)

    def describe(
        self,
        person_id: int,
        *,
        notes: str | None = None,
        tags: Sequence[str] | None = None,
        consent_date: date | EllipsisType | None = ...,
        purpose: str | None = None,
        expires_on: date | EllipsisType | None = ...,
    ) -> Person:
        """Change a person's notes, tags, consent date, purpose or last day; what is left out stays."""
        return self._gallery.describe(
            person_id, notes=notes, tags=tags, consent_date=consent_date, purpose=purpose, expires_on=expires_on
        )

    def merge(self, source_id: int, target_id: int) -> Person:
        """Move all templates of one person to another, and drop the first."""
        return self._gallery.merge(source_id, target_id)

    def move_template(self, template_id: int, target_id: int) -> Person:
        """Give a template to another person."""
        return self._gallery.move_template(template_id, target_id)

    def split(self, person_id: int, template_ids: Sequence[int], name: str) -> Person:
        """Give some of a person's templates to somebody new.

        Raises:
            NameTakenError: somebody has the name already.
            GalleryError: the templates are not the person's, or all of theirs.
        """
        return self._gallery.split(person_id, template_ids, name)

    def delete_template(self, template_id: int) -> None:
        """Delete a template and its crop, from the disk too."""
        self._gallery.delete_template(template_id)

    def delete_person(self, person_id: int) -> None:
        """Delete a person with all templates and crops, from the disk too."""
        self._gallery.delete_person(person_id)
        self._past.forget(person_id)

    @property
    def undo_text(self) -> str:
        """What `undo` would take back, in words, with when where that was before this start; empty for nothing."""
        return self._gallery.undo_text

    @property
    def redo_text(self) -> str:
        """What `redo` would do again, in words; empty when there is nothing."""
        return self._gallery.redo_text

    def undo(self) -> str:
        """Take back the latest edit of the gallery, also of a session before, and say what it was.

        Raises:
            GalleryError: there is none, or the gallery has moved on.
        """
        text = self._gallery.undo()
        embed_missing(self._gallery, self._networks)
        return text

    def redo(self) -> str:
        """Do again what was taken back last, and say what it was.

        Raises:
            GalleryError: there is nothing, or the gallery has moved on.
        """
        text = self._gallery.redo()
        embed_missing(self._gallery, self._networks)
        return text

    def gallery_changed(self) -> bool:
        """Whether another window or process has changed the gallery since the last look."""
        return self._gallery.changed_elsewhere()

    def listen(self, changed: Callable[[], None]) -> None:
        """Have something called, on another thread, when others may have changed the gallery; a file cannot call."""
        self._changed = changed
        if self._opened is not None:
            self._opened.watch(changed)

    # --- packs --------------------------------------------------------------------------------------------------

    def packs(self) -> list[PackInfo]:
        """The packs there are."""
        in_use = self._networks.embedder.pack.id
        return [
            PackInfo(pack.id, pack.title, pack.dimension, pack.licence, pack.id == in_use, pack.id not in PACKS)
            for pack in list_packs()
        ]

    def remove_pack(self, pack_id: str) -> None:
        """Delete one of the user's packs, and what it made of the gallery. `shelf.restore` puts it back.

        Raises:
            PackError: it ships with the program, or is in use.
            BadInputError: it cannot be deleted.
        """
        self.shelf.remove(pack_id)

    @property
    def shelf(self) -> PacksDesk:
        """All packs there are or could be, and how each stands."""
        if self._shelf is None:
            from engine.packs_desk import PacksDesk  # noqa: PLC0415 - loaded when it is first asked for

            self._shelf = PacksDesk(lambda: self._networks, lambda: self._settings, lambda: self._gallery)
        return self._shelf

    @property
    def journal(self) -> JournalDesk:
        """The history log."""
        return JournalDesk(lambda: self._gallery)

    @property
    def erasure(self) -> ErasureDesk:
        """Erasing people for good. Loaded when it is first asked for."""
        from engine.erasure_desk import ErasureDesk  # noqa: PLC0415 - said above

        def forget(person_id: int) -> None:
            self._past.forget(person_id)
            self._networks.forget_gallery()

        return ErasureDesk(self._gallery, forget)

    @property
    def care(self) -> CareDesk:
        """Rejected faces, and the check-up of the gallery."""
        return self._care

    @property
    def learning(self) -> LearningDesk:
        """Runs, promotion and reports. Loaded when it is first asked for: it takes as long as all the rest."""
        if self._learning is None:
            from engine.learning_desk import LearningDesk  # noqa: PLC0415 - said above

            self._learning = LearningDesk(lambda: self._networks.embedder.device)
        return self._learning

    @property
    def transfer(self) -> TransferDesk:
        """Imports and exports. Loaded when it is first asked for."""
        if self._transfer is None:
            from engine.transfer.judged import Bench  # noqa: PLC0415 - said above
            from engine.transfer_desk import TransferDesk  # noqa: PLC0415

            def faces(frames: Sequence[Frame], largest: bool) -> list[tuple[Face, ...]]:
                return self._faces(frames, only="largest" if largest else None)

            bench = Bench(self._gallery, lambda: self._enroller, self._read, faces)
            self._transfer = TransferDesk(bench, lambda *job: embed_missing(self._gallery, self._networks, *job))
        return self._transfer

    @property
    def decided(self) -> tuple[Decided, ...]:
        """This session's decisions, oldest first."""
        return tuple(past.record for past in self._past)

    @property
    def sorting(self) -> SortingDesk:
        """Folders of photographs: every face found, grouped, and given to people. Loaded when it is first asked for."""
        if self._sorting is None:
            from engine.sorting_desk import SortingDesk  # noqa: PLC0415 - said above

            self._sorting = SortingDesk(
                self._gallery,
                lambda: self._decider,
                lambda: self._enroller,
                lambda: self._care,
                self._read,
                self._faces,
            )
        return self._sorting

    @property
    def guided(self) -> GuidedDesk:
        """Guided enrollment. Loaded when it is first asked for."""
        if self._guided is None:
            from engine.guided_desk import GuidedDesk  # noqa: PLC0415 - said above

            def live_faces(frame: Frame) -> Sequence[Face]:
                return self._find([frame], live=True, averaging=False, only="largest")[0]

            self._guided = GuidedDesk(lambda: self._enroller, live_faces)
        return self._guided

    def _same_face_distance(self) -> float:
        """Largest cosine distance at which two frames still show one face."""
        return self._decider.calibration.threshold(Metric.COSINE, SAME_FACE_RATE)

    # --- pictures to faces ----------------------------------------------------------------------------------------

    def _read(self, picture: Picture) -> Frame:
        if isinstance(picture, Frame):
            return picture
        megapixels = self._settings.largest_picture_mpx
        return read_image(picture, max_megapixels=megapixels, name=source_of(picture))

    def _faces(self, frames: Sequence[Frame], *, only: Only | None = None) -> list[tuple[Face, ...]]:
        return self._find(frames, averaging=self._settings.averaging != "never", only=only)

    def _find(
        self, frames: Sequence[Frame], *, averaging: bool, live: bool = False, only: Only | None = None
    ) -> list[tuple[Face, ...]]:
        """Run the pipeline; a device that gives out is left for the CPU, and the work done again there."""
        pipeline = self._networks.for_live if live else self._networks.for_files
        smallest_px = self._settings.smallest_face_px
        try:
            return pipeline.faces(frames, smallest_face_px=smallest_px, averaging=averaging, only=only)
        except (torch.OutOfMemoryError, torch.AcceleratorError) as error:
            self._leave_device(error)
        return self._find(frames, averaging=averaging, live=live, only=only)

    def _leave_device(self, error: RuntimeError) -> None:
        """Go on with the CPU after the device gave out.

        Raises:
            PackError: it is the CPU already.
        """
        device = self._networks.embedder.device
        if device.torch_device.type == "cpu":
            raise PackError("There is not enough memory. Close other programs, or use a smaller picture.") from error
        log.warning("The device failed: %s", error)
        self._networks = Networks(replace(self._settings, device="cpu", precision="auto"))
        self._networks.embedder.fallback_reason = left_device(f"{device.label} gave out")
        self._use(self._settings)

    def probe(self, picture: Picture) -> Face:
        """The largest face of a picture.

        Raises:
            ImageError: the picture cannot be read.
            NoFaceError: it shows no face.
        """
        faces = self._faces([self._read(picture)], only="largest")[0]
        if not faces:
            raise NoFaceError(source_of(picture))
        return faces[0]


def _each_picture(pictures: Sequence[Picture], token: CancelToken) -> Iterator[Picture]:
    for picture in pictures:
        if isinstance(picture, Path):
            yield from find_pictures([picture], token)
        else:
            yield picture


def source_of(picture: Picture) -> str:
    """Return what a picture is called: the file as it was named, the camera, or that it was pasted."""
    if isinstance(picture, Frame):
        return picture.source
    return str(picture) if isinstance(picture, Path) else PASTED
