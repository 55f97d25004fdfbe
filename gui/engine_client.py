"""The window's side of the engine: one worker thread, jobs with signals, newest live frame wins."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from pathlib import Path
from types import EllipsisType
from typing import TYPE_CHECKING, Any, TypeAlias
from weakref import WeakMethod

from PySide6.QtCore import QObject, Qt, QTimer, Signal, SignalInstance

from engine.erasure import Receipt
from engine.errors import OperationCancelledError, VisavisError
from engine.exchange import Conflict, NamedPicture, RegionPlace, SourceKind, TableFormat
from engine.guided import Sector
from engine.journal import LogQuery
from engine.learning import Evaluation
from engine.live_values import Blur, LiveResult
from engine.liveness_values import Trial, TrialSetup
from engine.server_address import Place
from engine.settings import Settings
from engine.types import (
    CancelToken,
    EngineInfo,
    EnrollmentCandidate,
    Face,
    Frame,
    Picture,
    Progress,
)

if TYPE_CHECKING:
    from engine.service import FaceService

log = logging.getLogger(__name__)

Operation: TypeAlias = "Callable[[FaceService, Job], Any]"

LOOK_EVERY_MS = 2000
"""How often to look whether another window has changed the gallery."""
CLOSE_WITHIN_S = 5.0
UNFORESEEN = "Something went wrong that was not foreseen. Nothing was changed; the details are in the log."


class Job(QObject):
    """One piece of work. Its signals are emitted on the GUI thread; `finished` always and last."""

    progressed = Signal(object)
    partial = Signal(object)
    succeeded = Signal(object)
    failed = Signal(str, str)
    """The sentence for the user, and details to unfold (empty for a foreseen error)."""
    cancelled = Signal()
    finished = Signal()

    def __init__(self, post: Callable[[Callable[[], None]], None], parent: QObject) -> None:
        super().__init__(parent)
        self.token = CancelToken()
        # The client owns its jobs. Were they to own it too, the last one would take it along while being deleted.
        self._post = WeakMethod(post)

    def cancel(self) -> None:
        """Ask the work to stop at its next step."""
        self.token.cancel()

    def report(self, progress: Progress) -> None:
        """Tell how far the work is; called on the worker thread."""
        self._deliver(lambda: self.progressed.emit(progress))

    def give(self, part: object) -> None:
        """Hand over a part of the result; called on the worker thread."""
        self._deliver(lambda: self.partial.emit(part))

    def _deliver(self, call: Callable[[], None]) -> None:
        post = self._post()
        if post is not None:
            post(call)


class EngineClient(QObject):
    """Submits work to the engine. Every method returns at once; all signals come on the GUI thread."""

    ready = Signal(object)
    """EngineInfo, whenever it may have changed."""
    unavailable = Signal(str)
    """The engine could not be started: the sentence for the user."""
    gallery_changed = Signal()
    history_changed = Signal(str, str)
    """What undo and redo would do, in words; empty when nothing."""
    live_result = Signal(object)
    live_failed = Signal(str)
    _posted = Signal(object)

    def __init__(self, settings: Settings, gallery_path: Place | None = None, parent: QObject | None = None) -> None:
        """Start the worker thread, which loads the engine in the background."""
        super().__init__(parent)
        self._gallery_path = gallery_path
        self.settings = settings
        self._service: FaceService | None = None
        self._jobs: set[Job] = set()
        self._closed = self._locked = False
        self._waiting_frame: tuple[Frame, int | None] | None = None
        self._live_in_flight = False
        self.dropped_frames = 0
        self.history = ("", "")
        """What undo and redo would do, as `history_changed` last said it."""
        self._posted.connect(self._call, Qt.ConnectionType.QueuedConnection)
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="engine")
        self.ready.connect(self._on_info)
        self._look = QTimer(self)
        self._look.setInterval(LOOK_EVERY_MS)
        self._look.timeout.connect(self._look_for_changes)

    def start(self) -> Job:
        """Load the engine; also the way to try again after a failure."""
        job = self.submit(lambda service, _job: service.info())
        job.succeeded.connect(self._on_ready)
        job.failed.connect(self._on_unavailable)
        return job

    @property
    def busy(self) -> bool:
        """Whether any job is waiting or running."""
        return bool(self._jobs)

    # --- work, one line each, as in FaceService -----------------------------------------------------------------

    def info(self) -> Job:
        """Job of EngineInfo."""
        return self.submit(lambda service, _job: service.info())

    def apply(self, settings: Settings) -> Job:
        """Use other settings."""
        self.settings = settings

        def work(service: FaceService, job: Job) -> EngineInfo:
            service.apply(settings, job.report, job.token)
            return service.info()

        job = self.submit(work)
        job.succeeded.connect(self.ready)
        return job

    def judge(self, pictures: Sequence[Picture], name: str = "") -> Job:
        """Job of list[EnrollmentCandidate]; each also comes as a part."""

        def work(service: FaceService, job: Job) -> list[EnrollmentCandidate]:
            return service.judge(pictures, name, job.report, job.token, job.give)

        return self.submit(work)

    def enroll(self, name: str, candidates: Sequence[EnrollmentCandidate], consent_date: date | None = None) -> Job:
        """Job of Enrollment."""
        return self._edit(lambda service: service.enroll(name, candidates, consent_date))

    def assign(self, face: Face, person_id: int, source: str) -> Job:
        """Job of Person."""
        return self._edit(lambda service: service.assign(face, person_id, source))

    def verify(self, person_id: int, picture: Picture) -> Job:
        """Job of Verification."""
        return self.submit(lambda service, _job: service.verify(person_id, picture))

    def compare(self, first: Picture, second: Picture) -> Job:
        """Job of Comparison."""
        return self.submit(lambda service, _job: service.compare(first, second))

    def identify(self, pictures: Sequence[Picture]) -> Job:
        """Job of list[IdentifiedPicture]; each also comes as a part as soon as it is there."""
        return self.submit(lambda service, job: service.identify(pictures, job.report, job.token, job.give))

    def look_at(self, picture: Picture) -> Job:
        """Job of the picture's pixels, (H, W, 3) uint8, reduced to screen size, and their scale."""
        return self.submit(lambda service, _job: service.preview(picture))

    def replay(self, false_match_rate: float) -> Job:
        """Job of Replay."""
        return self.submit(lambda service, _job: service.replay(false_match_rate))

    def people(self, search: str = "") -> Job:
        """Job of list[Person]."""
        return self.submit(lambda service, _job: service.people(search))

    def person(self, person_id: int) -> Job:
        """Job of Person."""
        return self.submit(lambda service, _job: service.person(person_id))

    def templates(self, person_id: int) -> Job:
        """Job of list[Template]."""
        return self.submit(lambda service, _job: service.templates(person_id))

    def crops(self, template_ids: Sequence[int]) -> Job:
        """Job of dict[int, PixelArray]."""
        return self.submit(lambda service, _job: service.crops(template_ids))

    def rename(self, person_id: int, name: str) -> Job:
        """Job of Person."""
        return self._edit(lambda service: service.rename(person_id, name))

    def describe(
        self,
        person_id: int,
        *,
        notes: str | None = None,
        tags: Sequence[str] | None = None,
        consent_date: date | EllipsisType | None = ...,
        purpose: str | None = None,
        expires_on: date | EllipsisType | None = ...,
    ) -> Job:
        """Job of Person."""
        return self._edit(
            lambda service: service.describe(
                person_id, notes=notes, tags=tags, consent_date=consent_date, purpose=purpose, expires_on=expires_on
            )
        )

    def merge(self, source_id: int, target_id: int) -> Job:
        """Job of Person."""
        return self._edit(lambda service: service.merge(source_id, target_id))

    def move_template(self, template_id: int, target_id: int) -> Job:
        """Job of Person."""
        return self._edit(lambda service: service.move_template(template_id, target_id))

    def split(self, person_id: int, template_ids: Sequence[int], name: str) -> Job:
        """Job of Person: the new one."""
        return self._edit(lambda service: service.split(person_id, template_ids, name))

    def delete_template(self, template_id: int) -> Job:
        """Job of None."""
        return self._edit(lambda service: service.delete_template(template_id))

    def delete_person(self, person_id: int) -> Job:
        """Job of None."""
        return self._edit(lambda service: service.delete_person(person_id))

    # --- guided enrollment --------------------------------------------------------------------------------------

    def guided_begin(self, name: str, consent: date | None, purpose: str, plan: Sequence[Sector], live: bool) -> Job:
        """Job of Guidance."""
        return self.submit(lambda s, _job: s.guided.begin(name, consent, purpose=purpose, plan=plan, live=live))

    def guided_see(self, frame: Frame) -> Job:
        """Job of Guidance."""
        return self.submit(lambda service, _job: service.guided.see(frame))

    def guided_snap(self) -> Job:
        """Job of Guidance."""
        return self.submit(lambda service, _job: service.guided.snap())

    def guided_report(self, left_out: Sequence[int] | None = None) -> Job:
        """Job of GuidedReport."""
        return self.submit(lambda service, _job: service.guided.report(left_out))

    def guided_finish(self, left_out: Sequence[int]) -> Job:
        """Job of Enrollment."""
        return self._edit(lambda service: service.guided.finish(left_out))

    def guided_stop(self) -> Job:
        """Job of None."""
        return self.submit(lambda service, _job: service.guided.stop())

    # --- protection ---------------------------------------------------------------------------------------------

    def unlock(self, secret: str, way: str) -> Job:
        """Open a locked gallery; without a secret the keyring is asked again."""

        def work(service: FaceService, _job: Job) -> EngineInfo:
            service.unlock(secret, way)
            return service.info()

        job = self.submit(work)
        job.succeeded.connect(self._on_ready)
        return job

    def rescue_backups(self) -> Job:
        """Job of list[Backup]: what a gallery that does not open can go back to."""
        return self.submit(lambda service, _job: service.rescue.backups())

    def rescue(self, backup: Path, secret: str, way: str) -> Job:
        """Put a backup in the place of a gallery that does not open, and open it."""

        def work(service: FaceService, _job: Job) -> EngineInfo:
            service.rescue.restore(backup, secret, way)
            return service.info()

        job = self.submit(work)
        job.succeeded.connect(self._on_ready)
        return job

    def lock(self) -> Job:
        """Close an encrypted gallery and forget its key."""
        return self._protect(lambda service: service.lock())

    def set_passphrase(self, passphrase: str, *, ask_at_start: bool) -> Job:
        """Let a passphrase open the gallery; a plain one is encrypted."""
        return self._protect(lambda service: service.vault.set_passphrase(passphrase, ask_at_start=ask_at_start))

    def use_keyring(self) -> Job:
        """Let the system's keyring open the gallery; a plain one is encrypted."""
        return self._protect(lambda service: service.vault.use_keyring())

    def make_recovery_code(self) -> Job:
        """Job of the recovery code."""
        return self._protect(lambda service: service.vault.make_recovery_code())

    def backups(self) -> Job:
        """Job of list[Backup], newest first."""
        return self.submit(lambda service, _job: service.vault.backups())

    def back_up(self) -> Job:
        """Job of Backup: one made now."""
        return self.submit(lambda service, _job: service.vault.back_up())

    def restore(self, backup: Path) -> Job:
        """Go back to a backup."""
        return self._edit(lambda service: service.vault.restore(backup))

    def check(self, *, repair: bool = False) -> Job:
        """Job of CheckUp: whether everything in the gallery is as it was stored."""
        return self.submit(lambda service, job: service.vault.check(job.report, job.token, repair=repair))

    def _protect(self, operation: Callable[[FaceService], Any]) -> Job:
        job = self.submit(lambda service, _job: operation(service))
        job.succeeded.connect(lambda _result: self._refresh_info())
        return job

    # --- getting people right -----------------------------------------------------------------------------------

    def rejection_effect(self, person_id: int, face: Face) -> Job:
        """Job of RejectionEffect."""
        return self.submit(lambda service, _job: service.care.effect(person_id, face))

    def reject(self, person_id: int, face: Face, source: str) -> Job:
        """Job of Rejection."""
        return self._edit(lambda service: service.care.reject(person_id, face, source))

    def rejections(self, person_id: int) -> Job:
        """Job of list[Rejection]."""
        return self.submit(lambda service, _job: service.care.rejections(person_id))

    def rejection_crops(self, rejection_ids: Sequence[int]) -> Job:
        """Job of dict[int, PixelArray]."""
        return self.submit(lambda service, _job: service.care.rejection_crops(rejection_ids))

    def forget_rejection(self, rejection_id: int) -> Job:
        """Job of None."""
        return self._edit(lambda service: service.care.forget_rejection(rejection_id))

    def review(self) -> Job:
        """Job of Review."""
        return self.submit(lambda service, job: service.care.review(job.report, job.token))

    def keep_apart(self, one_id: int, other_id: int) -> Job:
        """Job of None."""
        return self._edit(lambda service: service.care.keep_apart(one_id, other_id))

    def confirm_template(self, template_id: int) -> Job:
        """Job of None."""
        return self._edit(lambda service: service.care.confirm(template_id))

    # --- learning -----------------------------------------------------------------------------------------------

    def packs(self) -> Job:
        """Job of list[PackInfo]."""
        return self.submit(lambda service, _job: service.packs())

    def pack_cards(self) -> Job:
        """Job of list[PackCard]: all packs there are or could be."""
        return self.submit(lambda service, _job: service.shelf.cards())

    def remove_pack(self, pack_id: str) -> Job:
        """Job of None."""
        return self.submit(lambda service, _job: service.remove_pack(pack_id))

    def restore_pack(self, pack_id: str) -> Job:
        """Job of None."""
        return self.submit(lambda service, _job: service.shelf.restore(pack_id))

    def promote(self, run: Path, *, anyway: bool = False) -> Job:
        """Job of the new pack's id."""
        return self.submit(lambda service, job: service.learning.promote(run, job.token, anyway=anyway))

    def runs(self) -> Job:
        """Job of list[RunInfo]."""
        return self.submit(lambda service, _job: service.learning.runs())

    def run_events(self, run: Path) -> Job:
        """Job of list[Event]."""
        return self.submit(lambda service, _job: service.learning.run_events(run))

    def delete_run(self, run: Path) -> Job:
        """Job of None."""
        return self.submit(lambda service, _job: service.learning.delete_run(run))

    def restore_run(self, name: str) -> Job:
        """Job of None."""
        return self.submit(lambda service, _job: service.learning.restore_run(name))

    def deleted_runs(self) -> Job:
        """Job of list[str]."""
        return self.submit(lambda service, _job: service.learning.deleted_runs())

    def leave_out(self, pictures: Sequence[str]) -> Job:
        """Job of the file that lists the pictures."""
        return self.submit(lambda service, _job: service.learning.leave_out(pictures))

    def thumbnails(self, pictures: Sequence[str]) -> Job:
        """Job of dict[str, PixelArray]."""
        return self.submit(lambda service, _job: service.learning.thumbnails(pictures))

    def embedding_map(self, run: Path) -> Job:
        """Job of the faces' places in the plane."""
        return self.submit(lambda service, job: service.learning.embedding_map(run, job.token))

    def save_report(self, evaluation: Evaluation, place: Path) -> Job:
        """Job of None."""
        return self.submit(lambda service, _job: service.learning.save_report(evaluation, place))

    # --- in and out ---------------------------------------------------------------------------------------------

    def kind_of(self, source: Path) -> Job:
        """Job of SourceKind."""
        return self.submit(lambda service, _job: service.transfer.kind_of(source))

    def import_from(
        self, sources: Sequence[Path], kind: SourceKind | None, conflict: Conflict | None, passphrase: str = ""
    ) -> Job:
        """Job of Imported."""
        return self._edit_long(
            lambda service, job: service.transfer.import_from(
                sources, kind, conflict=conflict, passphrase=passphrase, report=job.report, token=job.token
            )
        )

    def export_gallery(self, place: Path, passphrase: str, people: Sequence[int] | None) -> Job:
        """Job of Exported."""
        return self.submit(
            lambda service, job: service.transfer.export_gallery(place, passphrase, people, job.report, job.token)
        )

    def export_people(self, place: Path, form: TableFormat, people: Sequence[int] | None) -> Job:
        """Job of Exported."""
        return self.submit(lambda service, job: service.transfer.export_people(place, form, people, job.token))

    def export_decisions(self, place: Path, form: TableFormat) -> Job:
        """Job of how many there are."""
        return self.submit(
            lambda service, job: service.transfer.export_decisions(place, form, service.decided, job.token)
        )

    def write_regions(self, pictures: Sequence[NamedPicture], place: RegionPlace) -> Job:
        """Job of RegionsWritten."""
        return self.submit(lambda service, job: service.transfer.write_regions(pictures, place, job.token))

    # --- the history log, limits, erasing ---------------------------------------------------------------------

    def log_numbers(self, query: LogQuery) -> Job:
        """Job of list[int], newest first."""
        return self.submit(lambda service, _job: service.journal.numbers(query))

    def log_entries(self, numbers: Sequence[int]) -> Job:
        """Job of list[LogEntry]."""
        return self.submit(lambda service, _job: service.journal.entries(numbers))

    def log_verify(self) -> Job:
        """Job of LogVerdict."""
        return self.submit(lambda service, _job: service.journal.verify())

    def log_notice(self) -> Job:
        """Job of what is odd about the gallery as a whole, as a sentence."""
        return self.submit(lambda service, _job: service.journal.notice)

    def log_accept(self) -> Job:
        """Take the gallery as it is, though it is not the one last used here."""
        return self.submit(lambda service, _job: service.journal.accept())

    def log_export(self, place: Path, form: TableFormat, query: LogQuery) -> Job:
        """Job of how many entries were written."""
        return self.submit(lambda service, job: service.journal.export(place, form, query, job.token))

    def unlock_pause(self) -> Job:
        """Job of how many seconds no passphrase is looked at yet."""
        return self.submit(lambda service, _job: service.unlock_pause_s())

    def claim_pause(self, person_id: int) -> Job:
        """Job of how many seconds nobody may claim to be a person yet."""
        return self.submit(lambda service, _job: service.claim_pause_s(person_id))

    def holding(self, person_id: int) -> Job:
        """Job of Holding: what there is of a person."""
        return self.submit(lambda service, _job: service.erasure.holding(person_id))

    def erase(self, person_id: int, *, copies: bool) -> Job:
        """Job of Receipt."""
        return self._edit(lambda service: service.erasure.erase(person_id, copies=copies))

    def save_receipt(self, receipt: Receipt, place: Path) -> Job:
        """Write a receipt of what was erased."""
        return self.submit(lambda service, _job: service.erasure.save(receipt, place))

    # --- sorting ------------------------------------------------------------------------------------------------

    def sortings(self) -> Job:
        """Job of list[Sorting]."""
        return self.submit(lambda service, _job: service.sorting.sortings())

    def sort_begin(self, folder: Path) -> Job:
        """Job of SortStep."""
        return self.submit(lambda service, job: service.sorting.begin(folder, job.token, job.report))

    def sort_on(self, sorting_id: int, seconds: float) -> Job:
        """Job of SortStep."""
        return self.submit(lambda service, job: service.sorting.go_on(sorting_id, seconds, job.token))

    def sort_arrange(self, sorting_id: int) -> Job:
        """Job of Sorted."""
        return self.submit(lambda service, job: service.sorting.arrange(sorting_id, job.token))

    def sorted(self, sorting_id: int) -> Job:
        """Job of Sorted."""
        return self.submit(lambda service, _job: service.sorting.show(sorting_id))

    def sorted_faces(self, sorting_id: int, group_id: int) -> Job:
        """Job of list[SortedFace]."""
        return self.submit(lambda service, _job: service.sorting.faces(sorting_id, group_id))

    def sorted_crops(self, face_ids: Sequence[int]) -> Job:
        """Job of dict[int, PixelArray]."""
        return self.submit(lambda service, _job: service.sorting.crops(face_ids))

    def sort_confirm(self, sorting_id: int, group_ids: Sequence[int], face_ids: Sequence[int], name: str = "") -> Job:
        """Job of Sorted."""
        return self._edit(lambda service: service.sorting.confirm(sorting_id, group_ids, face_ids, name))

    def sort_reject(self, sorting_id: int, group_ids: Sequence[int], face_ids: Sequence[int]) -> Job:
        """Job of Sorted."""
        return self._edit(lambda service: service.sorting.reject(sorting_id, group_ids, face_ids))

    def sort_split(self, sorting_id: int, face_ids: Sequence[int]) -> Job:
        """Job of Sorted."""
        return self.submit(lambda service, _job: service.sorting.split(sorting_id, face_ids))

    def sort_merge(self, sorting_id: int, group_ids: Sequence[int]) -> Job:
        """Job of Sorted."""
        return self.submit(lambda service, _job: service.sorting.merge(sorting_id, group_ids))

    def sort_move(self, sorting_id: int, target: int, group_ids: Sequence[int], face_ids: Sequence[int]) -> Job:
        """Job of Sorted."""
        return self.submit(lambda service, _job: service.sorting.move(sorting_id, target, group_ids, face_ids))

    def sort_ignore(self, sorting_id: int, group_ids: Sequence[int], face_ids: Sequence[int]) -> Job:
        """Job of Sorted."""
        return self.submit(lambda service, _job: service.sorting.ignore(sorting_id, group_ids, face_ids))

    def sort_undo(self, sorting_id: int) -> Job:
        """Job of Sorted."""
        return self._edit(lambda service: service.sorting.undo(sorting_id))

    def sort_redo(self, sorting_id: int) -> Job:
        """Job of Sorted."""
        return self._edit(lambda service: service.sorting.redo(sorting_id))

    def sort_delete(self, sorting_id: int) -> Job:
        """Job of None."""
        return self.submit(lambda service, _job: service.sorting.delete(sorting_id))

    # --- liveness -----------------------------------------------------------------------------------------------

    def begin_challenge(self) -> Job:
        """Job of CheckState."""
        return self.submit(lambda service, _job: service.liveness.begin_challenge())

    def begin_flash(self) -> Job:
        """Job of FlashPlan."""
        return self.submit(lambda service, _job: service.liveness.begin_flash())

    def end_check(self) -> Job:
        """Job of None."""
        return self.submit(lambda service, _job: service.liveness.end_check())

    def begin_trial(self, setup: TrialSetup) -> Job:
        """Job of CheckState."""
        return self.submit(lambda service, _job: service.liveness.begin_trial(setup))

    def take_back_trial(self) -> Job:
        """Job of the Trial that was taken back; of None where there is none."""
        return self.submit(lambda service, _job: service.liveness.take_back_trial())

    def keep_trial(self, trial: Trial) -> Job:
        """Job of None."""
        return self.submit(lambda service, _job: service.liveness.keep_trial(trial))

    def use_temporal(self) -> Job:
        """Job of None: a network over time was put to use, or is to be looked for again."""
        return self.submit(lambda service, _job: service.liveness.look_again())

    def bench(self) -> Job:
        """Job of BenchReport."""
        return self.submit(lambda service, _job: service.liveness.bench())

    # --- history ------------------------------------------------------------------------------------------------

    def undo(self) -> Job:
        """Job of what was undone, in words."""
        return self._edit(lambda service: service.undo())

    def redo(self) -> Job:
        """Job of what was done again, in words."""
        return self._edit(lambda service: service.redo())

    # --- clips and snapshots ------------------------------------------------------------------------------------

    def record(self, path: Path, blur: Blur) -> Job:
        """Job of None: a clip of the live picture has begun."""
        return self.submit(lambda service, _job: service.live.record(path, blur))

    def stop_recording(self) -> Job:
        """Job of the seconds that the clip is long."""
        return self.submit(lambda service, _job: service.live.stop_recording())

    def leave_live(self) -> Job:
        """Job of None: nobody is followed any more."""
        return self.submit(lambda service, _job: service.live.forget())

    def snapshot(self, path: Path, blur: Blur) -> Job:
        """Job of None: the live picture was saved."""
        return self.submit(lambda service, _job: service.live.snapshot(path, blur))

    # --- live frames --------------------------------------------------------------------------------------------

    def offer(self, frame: Frame, claimed: int | None = None) -> None:
        """Hand over a live frame. One is worked on and one waits; a newer one takes the place of the one that waits."""
        if self._closed:
            return
        if self._live_in_flight:
            self.dropped_frames += self._waiting_frame is not None
            self._waiting_frame = (frame, claimed)
            return
        self._live_in_flight = True
        self._worker.submit(self._watch, frame, claimed)

    def _watch(self, frame: Frame, claimed: int | None) -> None:
        try:
            result = self._engine().watch(frame, claimed)
        except VisavisError as error:
            sentence = str(error)
            self.post(lambda: self._live_done(None, sentence))
        except Exception:
            log.exception("A live frame failed.")
            self.post(lambda: self._live_done(None, UNFORESEEN))
        else:
            self.post(lambda: self._live_done(result, ""))

    def _live_done(self, result: LiveResult | None, sentence: str) -> None:
        self._live_in_flight = False
        if self._waiting_frame is not None:
            waiting, self._waiting_frame = self._waiting_frame, None
            self.offer(*waiting)
        if result is not None:
            self.live_result.emit(result)
        else:
            self.live_failed.emit(sentence)

    # --- machinery ----------------------------------------------------------------------------------------------

    def submit(self, operation: Operation) -> Job:
        """Queue work for the engine thread."""
        job = Job(self.post, self)
        if self._closed:
            return job
        self._jobs.add(job)
        self._worker.submit(self._run, job, operation)
        return job

    def _edit(self, operation: Callable[[FaceService], Any]) -> Job:
        """Queue work that changes the gallery."""
        return self._edit_long(lambda service, _job: operation(service))

    def _edit_long(self, operation: Operation) -> Job:
        """Queue work that changes the gallery, and reports and can be stopped."""

        def work(service: FaceService, job: Job) -> Any:
            try:
                return operation(service, job)
            finally:
                texts = service.undo_text, service.redo_text
                self.post(lambda: self._tell_history(texts))

        job = self.submit(work)
        job.succeeded.connect(self._on_edited)
        return job

    def _ask_history(self) -> None:
        job = self.submit(lambda service, _job: (service.undo_text, service.redo_text))
        job.succeeded.connect(self._tell_history)

    def _tell_history(self, texts: tuple[str, str]) -> None:
        self.history = texts
        self.history_changed.emit(*texts)

    def _engine(self) -> FaceService:
        if self._service is None:
            from engine.service import FaceService  # noqa: PLC0415 - loads torch, on this thread and not at start-up

            self._service = FaceService(self.settings, self._gallery_path)
            self._service.listen(lambda: self.post(self._look_for_changes))
        return self._service

    def _run(self, job: Job, operation: Operation) -> None:
        """Do one job, on the engine thread."""
        try:
            job.token.check()
            result = operation(self._engine(), job)
        except OperationCancelledError:
            self.post(lambda: self._end(job, job.cancelled))
        except VisavisError as error:
            sentence = str(error)
            log.info("A job ended with: %s", type(error).__name__)
            self.post(lambda: self._end(job, job.failed, sentence, ""))
        except Exception:
            log.exception("A job failed.")
            details = traceback.format_exc()
            self.post(lambda: self._end(job, job.failed, UNFORESEEN, details))
        else:
            self.post(lambda: self._end(job, job.succeeded, result))

    def post(self, call: Callable[[], None]) -> None:
        """Have something called on the GUI thread, after everything posted before."""
        self._posted.emit(call)

    def _call(self, call: Callable[[], None]) -> None:
        if not self._closed:
            call()

    def _end(self, job: Job, signal: SignalInstance, *values: object) -> None:
        self._jobs.discard(job)
        signal.emit(*values)
        job.finished.emit()
        job.deleteLater()

    def _on_ready(self, info: EngineInfo) -> None:
        self.ready.emit(info)
        if not info.locked:
            self._look.start()
            self.gallery_changed.emit()
            self._ask_history()

    def _on_info(self, info: EngineInfo) -> None:
        self._locked = bool(info.locked)
        if self._locked:
            # It names people.
            self._tell_history(("", ""))

    def _on_unavailable(self, sentence: str, _details: str) -> None:
        self.unavailable.emit(sentence)

    def _on_edited(self, _result: object) -> None:
        self.gallery_changed.emit()
        self._refresh_info()

    def _refresh_info(self) -> None:
        self.info().succeeded.connect(self.ready)

    def _look_for_changes(self) -> None:
        if not self._jobs and not self._locked:
            self.submit(lambda service, _job: service.gallery_changed()).succeeded.connect(self._on_looked)

    def _on_looked(self, changed: bool) -> None:
        if changed:
            self.gallery_changed.emit()
            self._ask_history()
            self._refresh_info()

    def close(self) -> None:
        """Cancel everything, wait for the step in hand, and close the gallery."""
        if self._closed:
            return
        self._closed = True
        self._look.stop()
        for job in self._jobs:
            job.cancel()
        last: Future[None] = self._worker.submit(self._close_service)
        try:
            last.result(CLOSE_WITHIN_S)
        except TimeoutError:
            log.warning("The engine is still busy; it is left to finish its step.")
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _close_service(self) -> None:
        if self._service is not None:
            self._service.close()
            self._service = None
