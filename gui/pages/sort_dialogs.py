"""Who is this, which group, and is it really to go: the questions of the Sort page. None of them blocks."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QModelIndex, QSize, QSortFilterProxyModel, Qt
from PySide6.QtWidgets import QDialog, QLineEdit, QListView, QVBoxLayout, QWidget

from engine.sorting_values import SortedGroup
from engine.wording import counted, pictures
from gui.context import Context
from gui.itemmodels.sorted import VALUE, GroupsModel
from gui.theme import tokens as t
from gui.widgets.basics import button, label, row
from gui.widgets.person_picker import NameEdit


class _Question(QDialog):
    """A title, something in the middle, and two buttons."""

    def __init__(self, title: str, action: str, parent: QWidget, look: str = "primary") -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.accept_button = button(action, self.answer, look)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(t.MARGIN, t.MARGIN, t.MARGIN, t.MARGIN)
        self.body.setSpacing(t.GUTTER)
        self.body.addWidget(label(title, "title", wrap=True))

    def _finish(self) -> None:
        cancel = button("Cancel", self.reject)
        self.body.addLayout(row(None, cancel, self.accept_button))
        # Once they are in the dialog: before, it would take the first button for its default.
        cautious = self.accept_button.property("look") == "danger"
        default, other = (cancel, self.accept_button) if cautious else (self.accept_button, cancel)
        other.setAutoDefault(False)
        default.setDefault(True)
        if cautious:
            cancel.setFocus()

    def answer(self) -> None:
        """Say yes."""
        self.accept()


class NameDialog(_Question):
    """Asks for a name, new or of somebody enrolled."""

    def __init__(
        self, context: Context, count: int, proposed: str, named: Callable[[str], object], parent: QWidget
    ) -> None:
        super().__init__(f"Who is this? {counted(count, 'face')}", "Confirm", parent)
        self._named = named
        self.name = NameEdit(context.people)
        self.name.setMinimumWidth(t.PANEL_PX)
        self._hint = label("", "muted", wrap=True)
        self.body.addWidget(self.name)
        self.body.addWidget(self._hint)
        self._finish()
        self.name.textChanged.connect(self._on_name)
        self.name.setText(proposed)
        self.name.selectAll()
        self._on_name()
        self.name.setFocus()

    def answer(self) -> None:
        """Hand the name over."""
        if self.name.name:
            self._named(self.name.name)
            self.accept()

    def _on_name(self) -> None:
        person = self.name.person
        if person is not None:
            hint = f"“{person.name}” is enrolled with {pictures(person.template_count)}."
        elif self.name.name:
            hint = "A new person. The best faces that differ are enrolled."
        else:
            hint = "Type a name."
        self._hint.setText(hint)
        self.accept_button.setEnabled(bool(self.name.name))


class GroupDialog(_Question):
    """Asks for one of the groups other than some."""

    def __init__(
        self,
        title: str,
        action: str,
        groups: GroupsModel,
        *,
        but: set[int],
        chosen: Callable[[SortedGroup], object],
        parent: QWidget,
    ) -> None:
        super().__init__(title, action, parent)
        self._chosen = chosen
        self._found = _Others(but, self)
        self._found.setSourceModel(groups)
        self._found.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.search = QLineEdit()
        self.search.setAccessibleName("Search groups")
        self.search.setPlaceholderText("Search names")
        self.search.setClearButtonEnabled(True)
        self.list = QListView()
        self.list.setAccessibleName("Groups")
        # Rows are measured when the model is set; the look must be there by then.
        self.list.ensurePolished()
        self.list.setIconSize(QSize(t.SMALL_THUMBNAIL_PX, t.SMALL_THUMBNAIL_PX))
        self.list.setUniformItemSizes(True)
        self.list.setModel(self._found)
        self.list.setMinimumSize(t.PANEL_PX, t.PANEL_PX)
        self.body.addWidget(self.search)
        self.body.addWidget(self.list, 1)
        self._finish()
        self.search.textChanged.connect(self._search)
        self.list.doubleClicked.connect(self.answer)
        self.list.selectionModel().currentChanged.connect(self._update)
        self._search("")
        self.search.setFocus()

    def answer(self) -> None:
        """Hand the group over."""
        group: SortedGroup | None = self.list.currentIndex().data(VALUE)
        if group is not None:
            self._chosen(group)
            self.accept()

    def _search(self, text: str) -> None:
        self._found.setFilterFixedString(text.strip())
        self.list.setCurrentIndex(self._found.index(0, 0))
        self._update()

    def _update(self) -> None:
        self.accept_button.setEnabled(self.list.currentIndex().isValid())


class DeleteDialog(_Question):
    """Asks whether what was found in a folder is to be deleted, which cannot be taken back."""

    def __init__(self, count: int, agreed: Callable[[], object], parent: QWidget) -> None:
        super().__init__("Delete what was found in this folder?", "Delete", parent, "danger")
        self._agreed = agreed
        faces = counted(count, "face")
        text = (
            f"{faces} with all groups and decisions will be deleted from the disk. "
            "Photographs, and people who were enrolled, stay. Sorting the folder again finds the faces again."
        )
        said = label(text, "muted", wrap=True)
        said.setFixedWidth(t.PANEL_PX)
        self.body.addWidget(said)
        self._finish()

    def answer(self) -> None:
        """Delete."""
        self._agreed()
        self.accept()


class _Others(QSortFilterProxyModel):
    """All groups but some."""

    def __init__(self, but: set[int], parent: QWidget) -> None:
        super().__init__(parent)
        self._but = but

    def filterAcceptsRow(self, row_: int, parent: QModelIndex) -> bool:  # type: ignore[override]  # Qt's argument names
        group: SortedGroup | None = self.sourceModel().index(row_, 0).data(VALUE)
        return group is not None and group.id not in self._but and super().filterAcceptsRow(row_, parent)
