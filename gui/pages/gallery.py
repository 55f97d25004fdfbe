"""Gallery: everyone enrolled, searchable; one person's pictures and particulars; every edit can be undone."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QSize, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QLineEdit, QListView, QStackedWidget
from typing_extensions import override

from engine.care import due_in_words, is_due
from engine.types import Person
from engine.wording import people
from gui.context import Context
from gui.itemmodels.found_people import FoundPeople
from gui.itemmodels.people import PERSON
from gui.pages.checkup import CheckUpView
from gui.pages.erase_dialog import EraseDialog
from gui.pages.log_dialog import LogDialog
from gui.pages.page import Page
from gui.pages.person_panel import PersonPanel
from gui.pages.transfer_menus import TransferMenus
from gui.theme import tokens as t
from gui.widgets.basics import button, column, icon_button, label, row, set_look
from gui.widgets.empty_state import EmptyState
from gui.widgets.keep_until import DueBanner
from gui.widgets.menu_button import MenuButton

LOG, ERASE = "History log …", "Erase for good …"


class GalleryPage(Page):
    """The list of people on the left, the chosen one on the right; an invitation while there is nobody."""

    title = "Gallery"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._make_header()
        self.search = QLineEdit()
        self.search.setAccessibleName("Search people")
        self.search.setPlaceholderText("Search names, tags, notes")
        self.search.setClearButtonEnabled(True)
        self._count = label("", "caption")
        self._found = FoundPeople(context.people, self)
        self.list = QListView()
        self.list.setAccessibleName("People")
        self.list.setModel(self._found)
        self.list.setIconSize(QSize(t.SMALL_THUMBNAIL_PX, t.SMALL_THUMBNAIL_PX))
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.panel = PersonPanel(context)
        self._nobody = EmptyState("search", "Nobody found", "Nobody's name, tags or notes contain that.")
        self._detail = QStackedWidget()
        self._detail.addWidget(self.panel)
        self._detail.addWidget(self._nobody)
        content = row(self._side(), self._detail, spacing=t.GUTTER)
        content.setStretch(1, 1)
        content.setContentsMargins(0, 0, 0, 0)
        self._people = QFrame()
        self._people.setLayout(content)
        self.invitation = EmptyState(
            "enroll",
            "Enroll the first person",
            "A few photographs or webcam pictures are enough. Everything stays on this computer.",
            "Enroll the first person",
            lambda: context.open_page("enroll"),
        )
        self._loading = EmptyState("gallery", "Opening the gallery …", "The networks are loaded meanwhile.")
        self.findings = CheckUpView(context)
        self._stack = QStackedWidget()
        for widget in (self._loading, self.invitation, self._people, self.findings):
            self._stack.addWidget(widget)
        self.banner = DueBanner()
        self.banner.toggled.connect(self._show_only_due)
        self.body.addWidget(self.banner)
        self.body.addWidget(self._stack, 1)
        self._chosen: int | None = None
        self._row = 0
        self.search.textChanged.connect(self._search)
        self.list.selectionModel().currentChanged.connect(self._on_current)
        self.panel.chosen.connect(self.choose)
        context.people.modelAboutToBeReset.connect(self._remember_row)
        context.people.modelReset.connect(self._on_people)
        context.client.history_changed.connect(self._on_history)
        find = QShortcut(QKeySequence.StandardKey.Find, self)
        find.activated.connect(self.search.setFocus)
        self._on_history(*context.client.history)
        self._on_people()

    def _make_header(self) -> None:
        context = self.context
        # Their names are in their tips, with what they would do: the header is full of words already.
        self.undo = icon_button("Undo", context.undo, "undo")
        self.redo = icon_button("Redo", context.redo, "redo")
        self.check_up = button("Check-up", self._toggle_check_up, "", "search")
        self.check_up.setCheckable(True)
        self.check_up.setToolTip("Look-alikes, doubles, and pictures under a wrong name")
        self.header.addWidget(self.check_up)
        self.header.addWidget(self.undo)
        self.header.addWidget(self.redo)
        self.transfer = TransferMenus(context, self, lambda: self.person if context.people.people else None)
        self.header.addWidget(self.transfer.bring)
        self.header.addWidget(self.transfer.hand_out)
        self.more = MenuButton(
            "More",
            "log",
            (
                (LOG, "What was changed and decided, and when", self.open_log),
                (ERASE, "The chosen person, wherever they are, with a receipt", self._erase),
            ),
        )
        self.header.addWidget(self.more)
        self.enroll = button("Enroll …", lambda: context.open_page("enroll"), "", "add")
        self.header.addWidget(self.enroll)

    def _side(self) -> QFrame:
        side = QFrame()
        set_look(side, "card")
        side.setFixedWidth(t.PANEL_PX - 6 * t.UNIT)
        listing = column(self.search, self.list, self._count)
        listing.setContentsMargins(t.GAP, t.GAP, t.GAP, t.GAP)
        listing.setStretch(1, 1)
        side.setLayout(listing)
        return side

    @property
    def person(self) -> Person | None:
        """Who is chosen."""
        return self.panel.person

    @override
    def entered(self) -> None:
        if self.context.people.people:
            self.list.setFocus()

    @override
    def left(self) -> None:
        self.panel.commit()
        if self.check_up.isChecked():
            self.check_up.click()

    def show_due(self) -> None:
        """Show only people who have expired or do so soon."""
        if not self.banner.only.isChecked() and self.banner.message.text():
            self.banner.only.click()

    def _show_only_due(self, only: bool) -> None:
        self._found.keep_only(_due_today if only else None)
        self._select()
        self._show_count()

    def open_log(self) -> LogDialog:
        """Show the history log."""
        dialog = LogDialog(self.context, self)
        dialog.open()
        return dialog

    def _erase(self) -> None:
        if self.person is not None:
            self.panel.commit()
            EraseDialog(self.context, self.person, self).open()

    def _toggle_check_up(self) -> None:
        if self.check_up.isChecked():
            self.panel.commit()
            self.findings.open()
        else:
            self.findings.leave()
        self._on_people()

    def choose(self, person_id: int) -> None:
        """Show someone."""
        self._chosen = person_id
        self._select()

    def _search(self, text: str) -> None:
        self._found.search(text)
        self._select()
        self._show_count()

    def _on_current(self, current: QModelIndex, _previous: QModelIndex) -> None:
        person: Person | None = current.data(PERSON)
        if person is not None:
            self._chosen = person.id
            self.panel.show_person(person)

    def _remember_row(self) -> None:
        self._row = max(0, self.list.currentIndex().row())

    def _on_people(self) -> None:
        people = self.context.people
        self.transfer.show_whether_anybody(bool(people.people))
        self.more.allow(ERASE, bool(people.people))
        if people.people:
            self._stack.setCurrentWidget(self.findings if self.check_up.isChecked() else self._people)
            self.banner.say(due_in_words(people.people, date.today()))
            self._select()
        else:
            self.panel.show_person(None)
            self.banner.say("")
            self._stack.setCurrentWidget(self.invitation if people.loaded else self._loading)
        # Where nobody is there, the invitation says it.
        for control in (self.check_up, self.enroll):
            control.setVisible(len(people.people) > 0)
        self._show_count()

    def _select(self) -> None:
        """Keep the chosen person chosen; whoever stands in their place when they are gone."""
        found = self._found.rowCount()
        self._detail.setCurrentWidget(self.panel if found else self._nobody)
        if not found:
            return
        index = self._found.index(self._found.row_of(self._chosen) if self._chosen else -1)
        if not index.isValid():
            index = self._found.index(min(self._row, found - 1), 0)
        flag = QItemSelectionModel.SelectionFlag.ClearAndSelect
        self.list.selectionModel().setCurrentIndex(index, flag)
        self.list.scrollTo(index)
        self._on_current(index, index)

    def _show_count(self) -> None:
        found, everyone = self._found.rowCount(), len(self.context.people.people)
        self._count.setText(people(everyone) if found == everyone else f"{found:,} of {people(everyone)}")

    def _on_history(self, undo: str, redo: str) -> None:
        standard = QKeySequence.StandardKey
        for control, text, verb, key in (
            (self.undo, undo, "Undo", standard.Undo),
            (self.redo, redo, "Do again", standard.Redo),
        ):
            control.setEnabled(bool(text))
            keys = QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
            control.setToolTip(f"{verb}: {text} ({keys})" if text else f"Nothing to {verb.lower()}")


def _due_today(person: Person) -> bool:
    return is_due(person, date.today())
