"""Sorting folders of photographs, as the window and the command line ask for it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from engine.capture.images import decode_jpeg, reduced
from engine.care_desk import CareDesk
from engine.decisions import Decider
from engine.enrollment import Enroller
from engine.errors import BadInputError, ImageError
from engine.gallery.sorting_layout import Change, Layout
from engine.gallery.store import Gallery
from engine.pipeline import views_of_crop
from engine.sorting import actions
from engine.sorting.actions import Chosen, Work
from engine.sorting.grouping import apply, arrange, looking_like
from engine.sorting.history import Enrolled, History, Step
from engine.sorting.listing import in_order, list_groups, rows_by_group
from engine.sorting.people import People
from engine.sorting.walk import FindFaces, ReadPicture, Walk
from engine.sorting_values import GroupKind, Sorted, SortedFace, Sorting, SortStep
from engine.types import CancelToken, FloatArray, PixelArray, Progress, Report, silent

_CROPS_AT_ONCE = 64


@dataclass(slots=True)
class SortingDesk:
    """Sorts folders into the gallery's file. Synchronous, as the service.

    Attributes:
        decider: decides by the settings in force.
        enroller: enrolls by them.
        care: keeps rejected faces.
        read: reads a picture.
        find: finds and embeds every face of some pictures.
    """

    gallery: Gallery
    decider: Callable[[], Decider]
    enroller: Callable[[], Enroller]
    care: Callable[[], CareDesk]
    read: ReadPicture
    find: FindFaces
    _walks: dict[int, Walk] = field(default_factory=dict)
    _layouts: dict[int, tuple[object, Layout]] = field(default_factory=dict)
    """Each with the stamp of the gallery when it was read."""
    _histories: dict[int, History] = field(default_factory=dict)

    @property
    def _people(self) -> People:
        return People(self.gallery, self.decider, self.enroller, self.care)

    # --- looking through a folder -------------------------------------------------------------------------------

    def sortings(self) -> list[Sorting]:
        """Folders that were sorted, latest first."""
        return self.gallery.sorting.sortings()

    def known(self, folder: Path) -> Sorting | None:
        """What is known of a folder; None where it was never sorted."""
        return self.gallery.sorting.find(folder)

    def begin(self, folder: Path, token: CancelToken | None = None, report: Report = silent) -> SortStep:
        """Begin to look through a folder, or go on where it was left; `go_on` does the looking.

        Raises:
            BadInputError: there is no such folder, or no picture in it.
            OperationCancelledError: the token was turned.
        """
        token, store = token or CancelToken(), self.gallery.sorting
        if not folder.is_dir():
            # Nothing is noted about a folder that is not there.
            Walk(folder, store, 0, read=self.read, find=self.find, token=token)
        fresh = store.find(folder) is None
        sorting_id = store.begin(folder, self.decider().pack_id)
        try:
            walk = Walk(folder, store, sorting_id, read=self.read, find=self.find, token=token)
        except BadInputError:
            if fresh:
                store.delete(sorting_id)
            raise
        self._embed_again(sorting_id, token, report)
        self._walks[sorting_id] = walk
        return walk.step

    def go_on(self, sorting_id: int, seconds: float, token: CancelToken | None = None) -> SortStep:
        """Look at more pictures for about so long; what was found is stored.

        Raises:
            BadInputError: the folder was not begun, or its sorting was deleted.
            OperationCancelledError: the token was turned; what was found before is kept.
            GalleryError: it cannot be stored.
        """
        walk = self._walks.get(sorting_id)
        if walk is None:
            raise BadInputError("This folder is not being looked through. Choose it again.")
        return walk.go_on(seconds, token or CancelToken())

    def arrange(self, sorting_id: int, token: CancelToken | None = None) -> Sorted:
        """Group what was found, as far as nobody has said where it belongs; nothing where nothing is new.

        Raises:
            OperationCancelledError: the token was turned; groups are as they were.
        """
        self._walks.pop(sorting_id, None)
        if not self.gallery.sorting.arranged(sorting_id):
            layout = self._layout(sorting_id)
            made = arrange(layout, self.decider(), token or CancelToken())
            self.gallery.sorting.change(sorting_id, lambda session: apply(sorting_id, layout, made, session))
            self._histories.pop(sorting_id, None)
        return self.show(sorting_id)

    def delete(self, sorting_id: int) -> None:
        """Delete all faces found in a folder, from the disk too. People and their templates stay."""
        self.gallery.sorting.delete(sorting_id)
        for kept in (self._walks, self._layouts, self._histories):
            kept.pop(sorting_id, None)

    def _embed_again(self, sorting_id: int, token: CancelToken, report: Report) -> None:
        """After a change of packs: embed what was found from its crops."""
        store, pipeline = self.gallery.sorting, self.enroller().pipeline
        pack = pipeline.embedder.pack
        if store.pack_id(sorting_id) == pack.id:
            return
        face_ids = list(store.places(sorting_id)[0])
        made: dict[int, FloatArray] = {}
        for start in range(0, len(face_ids), _CROPS_AT_ONCE):
            token.check()
            report(Progress(start, len(face_ids), "Embedding with the network in use"))
            crops = self.crops(face_ids[start : start + _CROPS_AT_ONCE])
            if crops:
                views = np.stack([views_of_crop(crop, pack, averaging=True) for crop in crops.values()])
                made |= dict(zip(crops, pipeline.embed(views), strict=True))
        store.embed_again(sorting_id, pack.id, made)
        self._layouts.pop(sorting_id, None)

    # --- looking at what was found ------------------------------------------------------------------------------

    def show(self, sorting_id: int) -> Sorted:
        """How a folder is sorted so far.

        Raises:
            BadInputError: it was deleted.
        """
        store = self.gallery.sorting
        sorting, layout = store.sorting(sorting_id), self._layout(sorting_id)
        history = self._history(sorting_id)
        names = {person.id: person.name for person in self.gallery.people()}
        return Sorted(
            sorting, list_groups(layout, names), history.undo_text, history.redo_text, store.problems(sorting_id)
        )

    def faces(self, sorting_id: int, group_id: int) -> list[SortedFace]:
        """The faces of a group, nearest to its middle first, so that doubtful ones are at the end."""
        layout = self._layout(sorting_id)
        rows = layout.rows_of(group_id or None)
        return in_order(layout, group_id, rows, self.gallery.sorting.particulars(layout.face_ids[rows].tolist()))

    def all_faces(self, sorting_id: int) -> dict[int, list[SortedFace]]:
        """The faces of every group, as `faces` has them, at the price of about one group."""
        layout = self._layout(sorting_id)
        about = self.gallery.sorting.particulars(layout.face_ids.tolist())
        return {group_id: in_order(layout, group_id, rows, about) for group_id, rows in rows_by_group(layout).items()}

    def crops(self, face_ids: Sequence[int], longest_px: int = 256) -> dict[int, PixelArray]:
        """Aligned crops of faces, (256, 256, 3) uint8 RGB each; damaged ones and those that are gone are left out.

        Args:
            face_ids: of any sortings.
            longest_px: shrink them to this side, for showing.
        """
        made = {}
        for id_, jpeg in self.gallery.sorting.crops(face_ids).items():
            try:
                made[id_] = reduced(decode_jpeg(jpeg), longest_px)[0]
            except ImageError:
                continue
        return made

    # --- deciding -----------------------------------------------------------------------------------------------

    def confirm(
        self, sorting_id: int, group_ids: Sequence[int] = (), face_ids: Collection[int] = (), name: str = ""
    ) -> Sorted:
        """Say who faces, or all faces of groups, are; the best few that differ are enrolled.

        Args:
            sorting_id: of the folder.
            group_ids: whole groups, where no faces are named.
            face_ids: single faces.
            name: of a new person or somebody enrolled; without one each group is who it is proposed to be.

        Raises:
            BadInputError: there is no name, or a new person has no face that is good enough; nothing was changed.
            InvalidNameError: nobody can have this name.
            GalleryError: it cannot be stored.
        """
        chosen = Chosen.of(self._layout(sorting_id), face_ids, group_ids)
        enrolled: list[Enrolled] = []
        changes: list[Change] = []
        try:
            for own_name, rows in self._by_name(sorting_id, chosen, name).items():
                one = self._people.enroll(self._layout(sorting_id), own_name, rows)
                enrolled.append(one)
                layout = self._layout(sorting_id)
                alike = looking_like(layout, one.person_id, self.decider())
                work = actions.confirm(sorting_id, layout, rows, one.person_id, alike)
                changes.append(self.gallery.sorting.change(sorting_id, work))
        except BaseException:
            # All or nothing: a name that cannot be given must not leave the others half done.
            for change in reversed(changes):
                self.gallery.sorting.revert(sorting_id, change)
            self._people.withdraw(enrolled)
            raise
        text = f"Confirm {len(chosen.rows):,} faces" if len(chosen.rows) > 1 else "Confirm a face"
        self._history(sorting_id).add(
            Step(
                text,
                tuple(changes),
                tuple(enrolled),
                again=lambda: self.confirm(sorting_id, group_ids, face_ids, name),
            )
        )
        return self.show(sorting_id)

    def reject(self, sorting_id: int, group_ids: Sequence[int] = (), face_ids: Collection[int] = ()) -> Sorted:
        """Say that faces do not belong to their group, or that a group is not who is proposed.

        Where the group has a name, the best few that differ are kept as faces that are not this person.

        Raises:
            BadInputError: nothing is said of them that could be wrong.
            OwnPictureError: a single face is enrolled as the person; nothing was changed.
            GalleryError: it cannot be stored; nothing was changed.
        """
        layout = self._layout(sorting_id)
        chosen = Chosen.of(layout, face_ids, group_ids)
        work = actions.reject(layout, chosen)
        rejected: list[int] = []
        try:
            for person_id, rows in actions.taken_for(layout, chosen).items():
                self._people.keep_as_rejected(layout, person_id, rows, rejected, singled_out=bool(face_ids))
            change = self.gallery.sorting.change(sorting_id, work)
        except BaseException:
            self._people.forget_rejections(rejected)
            raise
        self._history(sorting_id).add(
            Step(
                "Not this person",
                (change,),
                rejected=tuple(rejected),
                again=(lambda: self.reject(sorting_id, group_ids, face_ids)) if rejected else None,
            )
        )
        return self.show(sorting_id)

    def split(self, sorting_id: int, face_ids: Collection[int]) -> Sorted:
        """Make a group of its own of some faces."""
        layout = self._layout(sorting_id)
        return self._do(sorting_id, "Split off", actions.split(sorting_id, layout, Chosen.of(layout, face_ids, ())))

    def merge(self, sorting_id: int, group_ids: Sequence[int]) -> Sorted:
        """Make one group of several.

        Raises:
            BadInputError: they have different names.
        """
        work, _ = actions.merge(self._layout(sorting_id), group_ids)
        return self._do(sorting_id, "Merge", work)

    def move(
        self, sorting_id: int, target: int, group_ids: Sequence[int] = (), face_ids: Collection[int] = ()
    ) -> Sorted:
        """Put faces into another group.

        Raises:
            BadInputError: it is gone.
        """
        layout = self._layout(sorting_id)
        return self._do(sorting_id, "Move", actions.move(layout, Chosen.of(layout, face_ids, group_ids), target))

    def ignore(self, sorting_id: int, group_ids: Sequence[int] = (), face_ids: Collection[int] = ()) -> Sorted:
        """Put faces aside."""
        layout = self._layout(sorting_id)
        chosen = Chosen.of(layout, face_ids, group_ids)
        return self._do(sorting_id, "Ignore", actions.ignore(sorting_id, layout, chosen))

    def undo(self, sorting_id: int) -> Sorted:
        """Take back the latest action on a folder's faces; what it enrolled or rejected is deleted again.

        Raises:
            GalleryError: there is none, or the same faces have been changed elsewhere since.
        """
        self._history(sorting_id).undo(lambda step: self._take_back(sorting_id, step))
        return self.show(sorting_id)

    def redo(self, sorting_id: int) -> Sorted:
        """Do again what was taken back last.

        Raises:
            GalleryError: there is nothing, or the same faces have been changed elsewhere since.
        """
        self._history(sorting_id).redo(lambda step: self._put_back(sorting_id, step))
        return self.show(sorting_id)

    # --- underneath ---------------------------------------------------------------------------------------------

    def _do(self, sorting_id: int, text: str, work: Work) -> Sorted:
        change = self.gallery.sorting.change(sorting_id, work)
        if not change.empty:
            self._history(sorting_id).add(Step(text, (change,)))
        return self.show(sorting_id)

    def _history(self, sorting_id: int) -> History:
        return self._histories.setdefault(sorting_id, History())

    def _take_back(self, sorting_id: int, step: Step) -> None:
        for change in reversed(step.changes):
            self.gallery.sorting.revert(sorting_id, change)
        self._people.withdraw(step.enrolled)
        self._people.forget_rejections(step.rejected)

    def _layout(self, sorting_id: int) -> Layout:
        """All faces, as they were read last while nothing is written into the gallery.

        After that their places are read again, and embeddings where there are other faces than before.
        """
        store, kept = self.gallery.sorting, self._layouts.get(sorting_id)
        stamp = store.stamp()
        if kept is None or kept[0] != stamp:
            layout = store.layout(sorting_id) if kept is None else self._brought_up_to_date(sorting_id, kept[1])
            kept = self._layouts[sorting_id] = stamp, layout
        return kept[1]

    def _brought_up_to_date(self, sorting_id: int, layout: Layout) -> Layout:
        placed, groups = self.gallery.sorting.places(sorting_id)
        if not np.array_equal(np.fromiter(placed, np.int64, len(placed)), layout.face_ids):
            return self.gallery.sorting.layout(sorting_id)
        return replace(layout, placed=tuple(placed.values()), groups=groups)

    def _by_name(self, sorting_id: int, chosen: Chosen, name: str) -> Mapping[str, list[int]]:
        """Rows of the chosen faces by the name they get."""
        if name.strip():
            return {name: list(chosen.rows)}
        layout = self._layout(sorting_id)
        names = {person.id: person.name for person in self.gallery.people()}
        by_name: dict[str, list[int]] = {}
        for row in chosen.rows:
            group = layout.groups.get(layout.placed[row].group_id or 0)
            proposed = names.get(group["person_id"]) if group else None
            if group is None or proposed is None:
                raise BadInputError("Nobody knows yet who this is. Give the group a name.")
            if group["kind"] == GroupKind.KNOWN.value:
                by_name.setdefault(proposed, []).append(row)
        if not by_name:
            raise BadInputError("These faces are confirmed already.")
        return by_name

    def _put_back(self, sorting_id: int, step: Step) -> None:
        for change in step.changes:
            self.gallery.sorting.revert(sorting_id, change.reversed)
