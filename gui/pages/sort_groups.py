"""Groups on the left, the faces of one on the right, and all that can be done with them, by mouse and by key."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QListView, QPushButton, QWidget
from shiboken6 import isValid

from engine.sorting_values import ALONE, GroupKind, Sorted, SortedGroup
from engine.wording import counted
from gui.context import Context
from gui.engine_client import Job
from gui.itemmodels.sorted import VALUE, FacesModel, GroupsModel, group_note
from gui.pages.sort_dialogs import GroupDialog, NameDialog
from gui.theme import tokens as t
from gui.widgets.basics import button, card, column, label, row
from gui.widgets.face_wall import FaceWall
from gui.widgets.sides import SidesLayout
from gui.widgets.toast import Toast

_KEYS = (
    "↑ ↓ ← → move · Space choose · Ctrl+A all · Esc none · Tab groups or faces · C confirm · N name · "
    "X not this person · S split off · V move · M merge · I ignore · U undo · R redo"
)
_LOOKS = {"name": "", "confirm": "primary"}
"""The looks of what is done most, beside the title; the rest stands below it."""


class SortGroups(QWidget):
    """One sorted folder. Actions are about the chosen faces, or where none is chosen about the chosen groups."""

    changed = Signal(object)
    """A Sorted, after each action."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._client = context.client
        self.result: Sorted | None = None
        self._said: Toast | None = None
        self._showing = False
        self.groups = GroupsModel(context.client, self)
        self.faces = FacesModel(context.client, self)
        self.list = QListView()
        self.list.setAccessibleName("Groups")
        self.list.setModel(self.groups)
        self.list.setIconSize(QSize(t.SMALL_THUMBNAIL_PX, t.SMALL_THUMBNAIL_PX))
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.wall = FaceWall(self.faces, "Faces of the group")
        self.title = label("", "title")
        self.note = label("", "caption")
        self.buttons: dict[str, QPushButton] = {}
        side, listing = card()
        side.setFixedWidth(t.PANEL_PX - 6 * t.UNIT)
        listing.setContentsMargins(t.GAP, t.GAP, t.GAP, t.GAP)
        listing.addWidget(self.list)
        work, inside = card()
        self._make_buttons()
        heading, actions = SidesLayout(), SidesLayout()
        who = QWidget()
        lines = column(self.title, self.note, spacing=0)
        lines.setContentsMargins(0, 0, 0, 0)
        who.setLayout(lines)
        heading.lead(who)
        for key in _LOOKS:
            heading.addWidget(self.buttons[key])
        for key, made in self.buttons.items():
            if key not in _LOOKS:
                actions.lead(made)
        inside.addLayout(heading)
        inside.addLayout(actions)
        inside.addWidget(self.wall, 1)
        keys = label(_KEYS, "caption", wrap=True)
        keys.setAccessibleName("Keys")
        inside.addWidget(keys)
        layout = row(side, work, spacing=t.GUTTER)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setStretch(1, 1)
        self.setLayout(layout)
        self.list.selectionModel().currentChanged.connect(self._on_current)
        self.list.selectionModel().selectionChanged.connect(self._update)
        self.wall.selectionModel().selectionChanged.connect(self._update)
        self.faces.shown.connect(self._on_faces)

    def _make_buttons(self) -> None:
        actions: tuple[tuple[str, str, str, Callable[[], object], str, str], ...] = (
            ("confirm", "Confirm", "check", self.confirm, "C", "Yes, this is who it says: enrolls the best faces"),
            ("name", "Name …", "edit", self.name, "N", "Say who this is"),
            ("reject", "Not them", "close", self.reject, "X", "Not this person: takes faces out, or refuses the name"),
            ("split", "Split off", "split", self.split, "S", "Make a group of its own of the chosen faces"),
            ("move", "Move …", "move", self.move_faces, "V", "Put into another group"),
            ("merge", "Merge …", "merge", self.merge, "M", "Make one group of the chosen ones"),
            ("ignore", "Ignore", "hide", self.ignore, "I", "Put aside"),
        )
        for key, text, icon_name, act, letter, note in actions:
            made = button(text, act, _LOOKS.get(key, "quiet"), icon_name)
            made.setToolTip(f"{note} ({letter})")
            self.buttons[key] = made
            self._shortcut(QKeySequence(letter), partial(self._press, key))
        self._shortcut(QKeySequence(Qt.Key.Key_Return), partial(self._press, "confirm"))
        self._shortcut(QKeySequence("U"), self.undo)
        self._shortcut(QKeySequence("R"), self.redo)

    def _shortcut(self, keys: QKeySequence, act: Callable[[], object]) -> None:
        shortcut = QShortcut(keys, self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(act)

    def _press(self, key: str) -> None:
        if self.buttons[key].isEnabled():
            self.buttons[key].click()

    # --- what is shown ------------------------------------------------------------------------------------------

    def show_result(self, result: Sorted) -> None:
        """Show a sorted folder; the group in sight stays in sight, or the next one once it is settled."""
        same = self.result is not None and self.result.sorting.id == result.sorting.id
        before, place = self.current if same else None, max(0, self.list.currentIndex().row())
        chosen = self.chosen_groups
        self._showing, self.result = True, result
        self.groups.follow(result.groups)
        self._showing = False
        now = result.group(before.id) if before else None
        if now is None or (before and now.kind is not before.kind and now.kind is GroupKind.CONFIRMED):
            where = place if same else 0
        else:
            where = self.groups.row_of(now.id)
        where = min(where, len(result.groups) - 1)
        if where < 0:
            self.faces.show_nothing()
        index = self.groups.index(max(where, 0))
        if self.list.currentIndex() != index or not all(_as_before(result, one) for one in chosen):
            self.list.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
            self.list.scrollTo(index)
        self._show_faces(index)

    @property
    def current(self) -> SortedGroup | None:
        """The group in sight."""
        group: SortedGroup | None = self.list.currentIndex().data(VALUE)
        return group

    @property
    def chosen_groups(self) -> list[SortedGroup]:
        """The groups that are chosen in the list, in its order."""
        return [self.groups.groups[row_] for row_ in _chosen_rows(self.list)]

    @property
    def chosen_faces(self) -> list[int]:
        """The faces that are chosen on the wall."""
        return sorted(self.faces.faces[row_].id for row_ in _chosen_rows(self.wall))

    def _on_current(self, current: QModelIndex, _previous: QModelIndex | None = None) -> None:
        # While the list follows a result, what is current may be so for a moment only.
        if not self._showing:
            self.wall.clearSelection()
            self._show_faces(current)

    def _show_faces(self, index: QModelIndex) -> None:
        group: SortedGroup | None = index.data(VALUE)
        if group is not None and self.result is not None:
            self.faces.show_group(self.result.sorting.id, group.id)
        self._update()

    def _on_faces(self) -> None:
        if self.faces.faces and not self.wall.currentIndex().isValid():
            no_update = QItemSelectionModel.SelectionFlag.NoUpdate
            self.wall.selectionModel().setCurrentIndex(self.faces.index(0), no_update)
        self._update()

    def _update(self) -> None:
        if self._showing:
            return
        groups, faces = self.chosen_groups, self.chosen_faces
        group = self.current
        if len(groups) > 1 and not faces:
            self.title.setText(f"{len(groups):,} groups chosen")
            self.note.setText(counted(sum(one.count for one in groups), "face"))
        elif group is not None:
            self.title.setText(group.name)
            chosen = f" · {len(faces):,} chosen" if faces else ""
            self.note.setText(group_note(group) + chosen)
        else:
            self.title.setText("")
            self.note.setText("")
        open_ = [one for one in groups if one.kind is GroupKind.KNOWN]
        whole = bool(groups) and all(one.id != ALONE for one in groups)
        enabled = {
            "confirm": bool(faces) or whole,
            "name": bool(faces) or whole,
            "reject": bool(faces and group and group.id != ALONE) or bool(not faces and open_),
            "split": bool(faces),
            "move": bool(faces) or whole,
            "merge": whole and not faces and len(self.groups.groups) > 1,
            "ignore": bool(faces) or bool(groups),
        }
        for key, value in enabled.items():
            self.buttons[key].setEnabled(value)

    # --- what is done -------------------------------------------------------------------------------------------

    def confirm(self) -> None:
        """The chosen are who they are proposed to be; where nobody is proposed, ask."""
        groups = [self.current] if self.chosen_faces and self.current else self.chosen_groups
        if all(one.kind is GroupKind.KNOWN for one in groups):
            self._confirm("", self._names(groups))
        else:
            self.name()

    def name(self) -> None:
        """Ask who the chosen are."""
        groups = self.chosen_groups
        count = len(self.chosen_faces) or sum(one.count for one in groups)
        proposed = groups[0].name if groups and groups[0].named else ""
        NameDialog(self._context, count, proposed, lambda name: self._confirm(name, f"“{name}”"), self).open()

    def _confirm(self, name: str, who: str) -> None:
        job = self._client.sort_confirm(self._sorting_id, self._group_ids, self.chosen_faces, name)
        self._do(job, f"Confirmed as {who}.")

    def reject(self) -> None:
        """The chosen faces do not belong here, or the group is not who is proposed."""
        said = "They stand alone now." if self.chosen_faces else "The name is refused."
        self._do(self._client.sort_reject(self._sorting_id, self._group_ids, self.chosen_faces), said)

    def split(self) -> None:
        """Make a new group of the chosen faces."""
        self._do(self._client.sort_split(self._sorting_id, self.chosen_faces), "They have a group of their own now.")

    def move_faces(self) -> None:
        """Put the chosen into another group."""
        groups, faces = self._group_ids, self.chosen_faces
        but = {self.current.id} if faces and self.current else set(groups)

        def move(into: SortedGroup) -> None:
            self._do(self._client.sort_move(self._sorting_id, into.id, groups, faces), f"Moved to “{into.name}”.")

        GroupDialog("Move to which group?", "Move", self.groups, but=but, chosen=move, parent=self).open()

    def merge(self) -> None:
        """Make one group of the chosen ones; of a single one and another that is asked for."""
        chosen = self._group_ids

        def merge(groups: list[int]) -> None:
            self._do(self._client.sort_merge(self._sorting_id, groups), f"{len(groups)} groups are one now.")

        if len(chosen) > 1:
            merge(chosen)
        else:
            but = {*chosen, ALONE}
            title = "Merge with which group?"
            dialog = GroupDialog(
                title, "Merge", self.groups, but=but, chosen=lambda into: merge([*chosen, into.id]), parent=self
            )
            dialog.open()

    def ignore(self) -> None:
        """Put the chosen aside."""
        count = len(self.chosen_faces) or sum(one.count for one in self.chosen_groups)
        job = self._client.sort_ignore(self._sorting_id, self._group_ids, self.chosen_faces)
        self._do(job, f"{counted(count, 'face')} put aside.")

    def undo(self) -> None:
        """Take back the latest action here; where there is none, the latest edit of the gallery."""
        if self.result is None or not self.result.undo_text:
            self._context.undo()
            return
        text = self.result.undo_text
        job = self._context.tell_failure(self._client.sort_undo(self._sorting_id))
        job.succeeded.connect(self._on_done)
        job.succeeded.connect(lambda _result: self._say(f"Undone: {text}.", "Redo", self.redo))

    def redo(self) -> None:
        """Do again what was taken back last here; where there is nothing, the gallery's latest."""
        if self.result is None or not self.result.redo_text:
            self._context.redo()
            return
        self._do(self._client.sort_redo(self._sorting_id), f"Done again: {self.result.redo_text}.")

    @property
    def _sorting_id(self) -> int:
        return self.result.sorting.id if self.result is not None else 0

    @property
    def _group_ids(self) -> list[int]:
        return [group.id for group in self.chosen_groups]

    def _names(self, groups: list[SortedGroup]) -> str:
        return f"“{groups[0].name}”" if len(groups) == 1 else f"{len(groups)} people"

    def _do(self, job: Job, said: str) -> None:
        """Follow an action: show what it made of the groups, with a way back."""
        self._context.tell_failure(job)
        job.succeeded.connect(self._on_done)
        job.succeeded.connect(lambda _result: self._say(said, "Undo", self.undo))

    def _say(self, text: str, action: str = "", act: Callable[[], object] | None = None) -> None:
        """Say what was done, in place of what was said before: many actions follow one another here."""
        if self._said is not None and isValid(self._said):
            self._said.dismiss()
        self._said = self._context.toasts.show(text, "good", action=action, act=act)

    def _on_done(self, result: Sorted) -> None:
        if self.result is not None and result.sorting.id == self.result.sorting.id:
            self.wall.clearSelection()
            self.show_result(result)
            self.changed.emit(result)


def _chosen_rows(view: QListView) -> list[int]:
    """Rows that are chosen, ascending; a range of thousands is one step."""
    ranges = view.selectionModel().selection()
    runs = [ranges.at(number) for number in range(ranges.count())]
    return sorted({row_ for one in runs for row_ in range(one.top(), one.bottom() + 1)})


def _as_before(result: Sorted, group: SortedGroup) -> bool:
    """Whether a group is still there, and what it was."""
    now = result.group(group.id)
    return now is not None and now.kind is group.kind
