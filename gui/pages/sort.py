"""Sort: a folder of photographs becomes groups of faces, and groups become people."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QStackedWidget
from typing_extensions import override

from engine.errors import shown
from engine.sorting_values import Sorted, Sorting, SortStep
from engine.wording import counted, pictures
from gui.context import Context
from gui.pages.page import Page
from gui.pages.sort_dialogs import DeleteDialog
from gui.pages.sort_groups import SortGroups
from gui.pages.sort_start import SortStart
from gui.sort_run import SortRun
from gui.widgets.basics import button
from gui.widgets.empty_state import EmptyState
from gui.widgets.job_bar import JobBar
from gui.widgets.one_line import OneLine


class SortPage(Page):
    """An invitation; then progress; then the groups of one folder."""

    title = "Sort"
    takes_pictures = True

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.folder = OneLine("", "muted")
        self.undo = button("", self.take_back, "quiet", "undo")
        self.undo.setAccessibleName("Undo")
        self.redo = button("", self.do_again, "quiet", "redo")
        self.redo.setAccessibleName("Redo")
        self.look_again = button("Look again", self._look_again, "quiet", "retry")
        self.look_again.setToolTip("Look for new and changed pictures; the others are not looked at again")
        self.unreadable = button("", self._show_problems, "quiet", "warning")
        self.delete = button("Delete …", self._ask_to_delete, "quiet", "delete")
        self.delete.setToolTip("Delete what was found in this folder; photographs and enrolled people stay")
        self.other = button("Another folder …", self._close, "", "folder")
        self.header.lead(self.folder)
        self._controls = (self.unreadable, self.undo, self.redo, self.look_again, self.delete, self.other)
        for control in self._controls:
            self.header.addWidget(control)
        self.jobs = JobBar()
        self.body.addWidget(self.jobs)
        self.start = SortStart()
        self.groups = SortGroups(context)
        self.looking = EmptyState("sort", "Looking for faces", "")
        self.nothing = EmptyState(
            "search", "No face was found", "There is no face in these pictures that is large enough."
        )
        self._stack = QStackedWidget()
        for widget in (self.start, self.looking, self.nothing, self.groups):
            self._stack.addWidget(widget)
        self.body.addWidget(self._stack, 1)
        self.run: SortRun | None = None
        self.start.chosen.connect(self._on_chosen)
        self.start.opened.connect(lambda sorting: self._open(sorting.id))
        self.start.unwanted.connect(self._ask_to_delete)
        self.groups.changed.connect(self._on_result)
        context.client.gallery_changed.connect(self._on_gallery_changed)
        self._show_start()

    @property
    def result(self) -> Sorted | None:
        """The sorted folder in sight."""
        return self.groups.result

    @override
    def entered(self) -> None:
        if self._stack.currentWidget() is self.start:
            self._list_sortings()

    @override
    def take_pictures(self, pictures: Sequence[Path | bytes]) -> None:
        folder = next((one for one in pictures if isinstance(one, Path)), None)
        if folder is None:
            self.context.toasts.show("Drop a folder of photographs here. One picture is for the Identify page.")
        else:
            self._on_chosen(folder)

    @override
    def choose_pictures(self) -> None:
        self.start.zone.choose.click()

    @override
    def take_back(self) -> None:
        self.groups.undo()

    @override
    def do_again(self) -> None:
        self.groups.redo()

    # --- looking through a folder -------------------------------------------------------------------------------

    def _on_chosen(self, place: object) -> None:
        if self.run is not None:
            self.context.toasts.show("Another folder is being looked through. Cancel that first.", "bad")
        elif isinstance(place, Path):
            self._look(place)

    def _look(self, folder: Path) -> None:
        run = SortRun(self.context.client, folder, self)
        self.run = run
        known = self.result is not None and Path(self.result.sorting.folder) == folder
        if not known:
            self.groups.result = None
            self._stack.setCurrentWidget(self.looking)
        self._show_folder(folder)
        self.looking.text.setText(f"Every picture in “{folder.name}” is looked at. You can go on working elsewhere.")
        self.jobs.follow(run, "Looking for faces")
        run.stepped.connect(self._on_step)
        run.failed.connect(lambda sentence, details: self.context.toasts.show(sentence, "bad", details))
        run.finished.connect(self._on_looked)
        self._update()
        run.start()

    def _look_again(self) -> None:
        if self.result is not None and self.run is None:
            self._look(Path(self.result.sorting.folder))

    def _on_step(self, step: SortStep) -> None:
        self.looking.headline.setText(f"{counted(step.faces, 'face')} found so far")

    def _on_looked(self) -> None:
        run, self.run = self.run, None
        if run is None:
            return
        run.deleteLater()
        if run.step is None:
            self._show_start()
            return
        job = self.context.tell_failure(self.context.client.sort_arrange(run.step.sorting_id))
        self.jobs.follow(job, "Grouping faces")
        job.succeeded.connect(self._on_sorted)
        self._update()

    def _on_sorted(self, result: Sorted) -> None:
        self._on_result(result)
        self.groups.show_result(result)
        if self._stack.currentWidget() is self.groups:
            self.groups.list.setFocus()
        if not result.sorting.complete:
            left = result.sorting.total - result.sorting.done
            waiting = counted(left, "picture has", "pictures have")
            self.context.toasts.show(f"{waiting} not been looked at yet. “Go on” looks for faces there.")

    # --- one folder ---------------------------------------------------------------------------------------------

    def _open(self, sorting_id: int) -> None:
        job = self.context.tell_failure(self.context.client.sort_arrange(sorting_id))
        job.succeeded.connect(self._on_sorted)

    def _on_result(self, result: Sorted) -> None:
        self._show_folder(Path(result.sorting.folder))
        self._stack.setCurrentWidget(self.groups if result.sorting.faces else self.nothing)
        self.groups.result = self.groups.result or result
        self._update(result)

    def _update(self, result: Sorted | None = None) -> None:
        result = result or self.result
        at_start = self._stack.currentWidget() is self.start
        for control in self._controls:
            control.setVisible(not at_start and self.run is None)
        self.folder.setVisible(not at_start)
        if result is None or at_start:
            return
        problems = len(result.problems)
        self.unreadable.setVisible(bool(problems) and self.run is None)
        self.unreadable.setText(f"{problems:,} unreadable")
        self.unreadable.setToolTip(f"{pictures(problems)} could not be read; say which and why")
        self.unreadable.setAccessibleName(f"{pictures(problems)} unreadable")
        for control, text, verb, key in (
            (self.undo, result.undo_text, "Undo", "U"),
            (self.redo, result.redo_text, "Do again", "R"),
        ):
            control.setEnabled(bool(text))
            control.setToolTip(f"{verb}: {text} ({key})" if text else f"Nothing to {verb.lower()}")
        self.look_again.setText("Look again" if result.sorting.complete else "Go on")

    def _show_folder(self, folder: Path) -> None:
        self.folder.setText(shown(folder))
        self.folder.setToolTip(str(folder))

    def _show_problems(self) -> None:
        if self.result is not None:
            said = f"{pictures(len(self.result.problems))} could not be read."
            self.context.toasts.show(said, "bad", "\n".join(problem for _, problem in self.result.problems))

    def _on_gallery_changed(self) -> None:
        """Names follow the gallery."""
        if self.result is None or self.run is not None or self._stack.currentWidget() is not self.groups:
            return
        sorting_id = self.result.sorting.id

        def on_result(result: Sorted) -> None:
            if self.result is not None and self.result.sorting.id == sorting_id and result.groups != self.result.groups:
                self.groups.show_result(result)
                self._update(result)

        self.context.client.sorted(sorting_id).succeeded.connect(on_result)

    def _ask_to_delete(self, sorting: Sorting | None = None) -> None:
        unwanted = sorting or (self.result.sorting if self.result is not None else None)
        if unwanted is not None:
            DeleteDialog(unwanted.faces, lambda: self._delete(unwanted.id), self).open()

    def _delete(self, sorting_id: int) -> None:
        job = self.context.tell_failure(self.context.client.sort_delete(sorting_id))
        job.succeeded.connect(lambda _: self._show_start())
        job.succeeded.connect(lambda _: self.context.toasts.show("What was found in the folder is deleted.", "good"))

    # --- the beginning ------------------------------------------------------------------------------------------

    def _close(self) -> None:
        self._show_start()
        self.start.zone.choose.setFocus()

    def _show_start(self) -> None:
        self.groups.result = None
        self.groups.faces.show_nothing()
        self._stack.setCurrentWidget(self.start)
        self._update()
        self._list_sortings()

    def _list_sortings(self) -> None:
        self.context.client.sortings().succeeded.connect(self.start.show_sortings)
