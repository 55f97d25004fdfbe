"""The window: a page for each task on the left, the page in the middle, what it all runs on below."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module

from PySide6.QtCore import QByteArray, QSize, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QIcon,
    QKeySequence,
    QPaintEvent,
    QPixmap,
    QShortcut,
)
from PySide6.QtWidgets import QButtonGroup, QFrame, QMainWindow, QPushButton, QStackedWidget, QVBoxLayout, QWidget
from typing_extensions import override

from engine.settings import OPTIONS
from engine.types import EngineInfo, Person
from gui.away import AwayNews
from gui.camera import CameraFeed, CameraList, CameraOptions
from gui.closing import close_together
from gui.context import Context
from gui.engine_client import EngineClient, Job
from gui.idle import IdleWatch
from gui.itemmodels.people import PeopleModel
from gui.pages.enroll import EnrollPage
from gui.pages.gallery import GalleryPage
from gui.pages.identify import IdentifyPage
from gui.pages.live import LivePage
from gui.pages.lock import LockScreen
from gui.pages.models import ModelsPage
from gui.pages.page import Page
from gui.pages.settings import SettingsPage
from gui.pages.verify import VerifyPage
from gui.reminder import Reminder
from gui.settings_store import SettingsStore
from gui.status_line import StatusLine
from gui.tasks import Tasks
from gui.theme import tokens as t
from gui.theme.icons import pixmap
from gui.theme.style import THEME
from gui.widgets.basics import button, icon_label, label, lead_tab_to, row, set_look
from gui.widgets.drop_zone import pictures_in
from gui.widgets.empty_state import EmptyState
from gui.widgets.toast import ToastHost


def _page(module: str, name: str, context: Context) -> Page:
    """Make a page whose module is loaded only now: plots take as long to load as the rest of the window."""
    made: Page = getattr(import_module(module), name)(context)
    return made


PAGES: dict[str, tuple[Callable[[Context], Page], str]] = {
    "live": (LivePage, LivePage.title),
    "verify": (VerifyPage, VerifyPage.title),
    "identify": (IdentifyPage, IdentifyPage.title),
    "enroll": (EnrollPage, EnrollPage.title),
    "gallery": (GalleryPage, GalleryPage.title),
    "sort": (partial(_page, "gui.pages.sort", "SortPage"), "Sort"),
    "train": (partial(_page, "gui.pages.train", "TrainPage"), "Train"),
    "evaluate": (partial(_page, "gui.pages.evaluate", "EvaluatePage"), "Evaluate"),
    "models": (ModelsPage, ModelsPage.title),
    "settings": (SettingsPage, SettingsPage.title),
}
"""Each page's class and title by key, which is its icon's name too, in the order of the sidebar."""
SHORTCUTS = {key: f"Ctrl+{number % 10}" for number, key in enumerate(PAGES, 1)}
"""The tenth page has Ctrl+0."""
_PRIVATE = PAGES.keys() - {"train", "evaluate", "models", "settings"}
"""Pages that show what is in the gallery."""
_FIRST_SIZE = QSize(1200, 800)
_LEAST_SIZE = QSize(1080, 680)


class MainWindow(QMainWindow):
    """Owns what pages share; makes each page when it is first opened."""

    painted = Signal()
    """The window has been on screen for the first time."""
    closing = Signal()
    """It is being closed: from now on all is a matter of seconds."""

    def __init__(self, client: EngineClient, settings: SettingsStore) -> None:
        super().__init__()
        self.setWindowTitle("Visavis")
        self.setWindowIcon(QIcon(_logo(64)))
        self.setMinimumSize(_LEAST_SIZE)
        self.setAcceptDrops(True)
        self._pages: dict[str, Page] = {}
        self._key = ""
        self._was_painted = self._closed = False
        self._told_problem = ""
        self.feed, self.cameras = CameraFeed(self), CameraList(self)
        self._unavailable = EmptyState("warning", "The engine could not start", "", "Try again", self._retry)
        self._unavailable.button.setIcon(QIcon())
        self._stack = QStackedWidget()
        self._stack.addWidget(self._unavailable)
        self.lock_screen = LockScreen(client)
        self._stack.addWidget(self.lock_screen)
        self._locked = self._encrypted = False
        self._navigation: dict[str, QPushButton] = {}
        centre = QWidget()
        layout = row(self._make_sidebar(), self._stack, spacing=0)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setStretch(1, 1)
        centre.setLayout(layout)
        self.setCentralWidget(centre)
        self.status = StatusLine()
        self.statusBar().addWidget(self.status, 1)
        self.statusBar().setSizeGripEnabled(False)
        self.client, self.settings = client, settings
        # Before any page is made: when a page hears of a change, the engine has been told already.
        settings.changed.connect(self._on_setting)
        self.feed.use(CameraOptions.of(settings.value))
        self.toasts = ToastHost(self._stack)
        people = PeopleModel(client, self)
        self.tasks = Tasks(self)
        self.context = Context(
            client, settings, self.feed, self.cameras, people, self.toasts, self.open_page, self.tasks
        )
        settings.failed.connect(lambda sentence: self.toasts.show(sentence, "bad"))
        client.ready.connect(self.status.show_info)
        client.ready.connect(self._on_ready)
        self._idle = IdleWatch(lambda: self.feed.running or client.busy, self)
        self._idle.idle.connect(self._lock)
        self._watch_idleness()
        client.unavailable.connect(self._on_unavailable)
        AwayNews(client, self.status, self.toasts, self)
        self.status.fell_back.connect(lambda sentence: self.toasts.show(sentence, "bad"))
        self.reminder = Reminder(
            self.context,
            show=self._show_due,
            show_log=self._show_log,
            make_code=self._make_code,
            in_sight=lambda: self._key == "gallery",
            parent=self,
        )
        self._make_shortcuts()
        self._restore_geometry()
        self.open_page(settings.value.page if settings.value.page in PAGES else "gallery")

    def _make_sidebar(self) -> QFrame:
        sidebar = QFrame()
        set_look(sidebar, "sidebar")
        sidebar.setFixedWidth(t.SIDEBAR_PX)
        layout = QVBoxLayout(sidebar)
        layout.setContentsMargins(t.GUTTER, t.MARGIN, t.GUTTER, t.GUTTER)
        layout.setSpacing(t.GAP // 2)
        layout.addLayout(row(icon_label("logo", 28, "accent"), label("Visavis", "title"), None))
        layout.addSpacing(t.GUTTER)
        group = QButtonGroup(self)
        for key, (_, title) in PAGES.items():
            if key == "settings":
                layout.addStretch(1)
            chooser = button(title, partial(self.open_page, key), "navigation", key)
            chooser.setCheckable(True)
            chooser.setToolTip(f"{title} ({SHORTCUTS[key]})")
            group.addButton(chooser)
            self._navigation[key] = chooser
            layout.addWidget(chooser)
        return sidebar

    def _make_shortcuts(self) -> None:
        for keys, act in (
            (QKeySequence(QKeySequence.StandardKey.Undo), self._undo),
            (QKeySequence(QKeySequence.StandardKey.Redo), self._redo),
            (QKeySequence(QKeySequence.StandardKey.Paste), self._paste),
            (QKeySequence(QKeySequence.StandardKey.Open), self._choose),
            (QKeySequence(QKeySequence.StandardKey.Quit), self.close),
            (QKeySequence("Ctrl+L"), self._lock),
            (QKeySequence("Ctrl+,"), partial(self.open_page, "settings")),
            *((QKeySequence(keys), partial(self.open_page, key)) for key, keys in SHORTCUTS.items()),
        ):
            QShortcut(keys, self).activated.connect(act)

    # --- pages --------------------------------------------------------------------------------------------------

    @property
    def page(self) -> Page:
        """The page in sight."""
        return self._pages[self._key]

    def open_page(self, key: str, person: Person | None = None) -> None:
        """Show a page, about a person if one is given."""
        if self._key and key != self._key:
            self.page.left()
        if key not in self._pages:
            self._pages[key] = PAGES[key][0](self.context)
            self._stack.addWidget(self._pages[key])
        entered, self._key = key != self._key, key
        self._navigation[key].setChecked(True)
        lead_tab_to(self._navigation[key])
        self._show_page()
        self.settings.change("page", key)
        if person is not None:
            self.page.receive(person)
        if entered:
            self.page.setFocus()
            self.page.entered()

    def _show_due(self) -> None:
        self.open_page("gallery")
        if isinstance(self.page, GalleryPage):
            self.page.show_due()

    def _show_log(self) -> None:
        self.open_page("gallery")
        if isinstance(self.page, GalleryPage):
            self.page.open_log()

    def _make_code(self) -> None:
        self.open_page("settings")
        if isinstance(self.page, SettingsPage):
            self.page.protection.recovery.click()

    def _show_page(self) -> None:
        locked = self._locked and self._key in _PRIVATE
        self._stack.setCurrentWidget(self.lock_screen if locked else self.page)

    # --- locking ------------------------------------------------------------------------------------------------

    def _lock(self) -> None:
        # Once it has emitted, the watch is over: where nothing was locked it begins anew.
        if not self._encrypted:
            self._watch_idleness()
        elif not self._locked:
            self.context.tell_failure(self.client.lock()).failed.connect(self._watch_idleness)

    def _watch_idleness(self) -> None:
        self._idle.watch(self.settings.value.lock_after_minutes)

    def _on_locked(self, info: EngineInfo) -> None:
        """Take away whatever shows a face or a name; those pages are made anew once the gallery is open."""
        self._locked = True
        self.feed.stop()
        if self.context.people.loaded:
            # Messages of while it was open may name people, and offer to take back what was done to them.
            self.toasts.clear()
        self.context.people.clear()
        for key in _PRIVATE & self._pages.keys() - {self._key}:
            self._drop(key)
        if self._key in _PRIVATE:
            self.page.left()
            self._drop(self._key)
            self._pages[self._key] = PAGES[self._key][0](self.context)
            self._stack.addWidget(self._pages[self._key])
        self.lock_screen.show_info(info)
        self._show_page()

    def _drop(self, key: str) -> None:
        page = self._pages.pop(key)
        self._stack.removeWidget(page)
        page.deleteLater()

    def _on_unavailable(self, sentence: str) -> None:
        self._unavailable.text.setText(sentence)
        self.status.show_unavailable()
        if self._key != "settings":
            self._stack.setCurrentWidget(self._unavailable)

    def _on_ready(self, info: EngineInfo) -> None:
        self._encrypted = info.encrypted
        if info.locked:
            self._on_locked(info)
            return
        if self._locked:
            self._watch_idleness()
        self._locked = False
        self._show_page()
        if info.pack_problem and info.pack_problem != self._told_problem:
            self.toasts.show(info.pack_problem, "bad")
        self._told_problem = info.pack_problem

    def _retry(self) -> None:
        self._show_page()
        self.client.start()

    def _on_setting(self, key: str, before: object) -> None:
        if key == "colour_scheme":
            THEME.choose(self.settings.value.colour_scheme)
        if key == "text_size":
            THEME.size_text(self.settings.value.text_size)
        if key == "lock_after_minutes":
            self._watch_idleness()
        if OPTIONS[key].section == "Camera":
            self.feed.use(CameraOptions.of(self.settings.value))
        if OPTIONS[key].section in ("Window", "Camera"):
            return

        def go_back() -> None:
            if getattr(self.settings.value, key) != before:
                self.settings.change(key, before)  # type: ignore[arg-type]  # it was this option's value

        job: Job = self.context.tell_failure(self.client.apply(self.settings.value))
        job.failed.connect(go_back)

    def _undo(self) -> None:
        self.page.take_back()

    def _redo(self) -> None:
        self.page.do_again()

    # --- pictures from anywhere ---------------------------------------------------------------------------------

    def _paste(self) -> None:
        pictures = pictures_in(QGuiApplication.clipboard().mimeData())
        if not self.page.takes_pictures:
            return
        if pictures:
            self.page.take_pictures(pictures)
        else:
            self.toasts.show("There is no picture on the clipboard. Copy one first.")

    def _choose(self) -> None:
        if self.page.takes_pictures:
            self.page.choose_pictures()

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        data = event.mimeData()
        if self.page.takes_pictures and (data.hasUrls() or data.hasImage()):
            event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        pictures = pictures_in(event.mimeData())
        if pictures and self.page.takes_pictures:
            event.acceptProposedAction()
            self.page.take_pictures(pictures)

    # --- the window itself --------------------------------------------------------------------------------------

    def _restore_geometry(self) -> None:
        stored = QByteArray.fromHex(self.settings.value.geometry.encode("ascii", "ignore"))
        if stored.isEmpty() or not self.restoreGeometry(stored):
            self.resize(_FIRST_SIZE)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._was_painted:
            self._was_painted = True
            self.painted.emit()

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        if self._closed:
            return
        self._closed = True
        self.closing.emit()
        try:
            self.settings.change("geometry", bytes(self.saveGeometry().toHex().data()).decode("ascii"))
            self.page.left()
            # Nobody need watch it stand still. What has the focus is left, and what was typed there kept.
            self.hide()
        finally:
            close_together((self.client, self.tasks, self.feed, self.cameras, self.settings))


def _logo(side_px: int) -> QPixmap:
    return pixmap("logo", side_px, THEME.palette.accent)
