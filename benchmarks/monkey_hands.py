"""What the monkey does: all that a user does on the real window, and all that goes wrong beside it.

Each method does one thing and says what it was; it returns nothing where that could not be done just then.
"""

from __future__ import annotations

import random
import re
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

from camera_faults import Device
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QFileDialog,
    QLineEdit,
    QWidget,
)

from gui.main_window import PAGES, MainWindow

PASSPHRASE = "correct horse battery staple"  # noqa: S105 - of a made-up gallery
FAULTS = ("unplugged", "hangs", "repeats one picture", "raises", "in use elsewhere", "hangs while opening")
NOT_TOUCHED = re.compile(r"folder|install|download|look for|update|website|start training|begin|measure", re.IGNORECASE)
"""What leads out of the window, to the network, or into minutes of work."""
Until = Callable[[Callable[[], bool], float], bool]
"""Lets the window live until something is so, for so many seconds at most; says whether it came."""


class Hands:
    """Acts on a window.

    Attributes:
        actions: everything that can be done, and how often it is.
    """

    def __init__(
        self, window: MainWindow, draw: random.Random, pictures: list[Path], devices: dict[str, Device], until: Until
    ) -> None:
        """Take hold of a window.

        Args:
            window: to act on.
            draw: decides.
            pictures: to enroll and look at, in a folder of their own.
            devices: cameras, by their spec.
            until: waits.
        """
        self.window, self.client, self.draw = window, window.client, draw
        self.pictures, self.devices, self.until = pictures, devices, until
        self.folder = pictures[0].parents[1]
        self.actions: list[tuple[int, Callable[[], str | None]]] = [
            (10, self._click), (4, self._type), (3, self._choose), (2, self._key), (4, self._page), (4, self._feed),
            (3, self._enroll), (2, self._look), (2, self._undo), (1, self._delete), (1, self._lock), (1, self._back_up),
            (3, self._break_camera), (3, self._mend_camera), (1, self._fill_disk), (2, self.free_disk),
            (1, self._cancel),
        ]  # fmt: skip

    # --- what users do ------------------------------------------------------------------------------------------

    def _place(self) -> QWidget:
        modal = QApplication.activeModalWidget()
        if isinstance(modal, QFileDialog):
            modal.reject()
            modal = None
        return modal or self.window

    def _some(self, *kinds: type[QWidget]) -> QWidget | None:
        """One of the widgets of these kinds that a user could reach."""
        found = [one for kind in kinds for one in self._place().findChildren(kind)]
        usable = [one for one in found if one.isVisible() and one.isEnabled() and not NOT_TOUCHED.search(_name(one))]
        return self.draw.choice(usable) if usable else None

    def _click(self) -> str | None:
        found = self._some(QAbstractButton)
        if not isinstance(found, QAbstractButton):
            return None
        told = f"click {_name(found)!r}"
        found.click()
        return told

    def _type(self) -> str | None:
        found = self._some(QLineEdit)
        if not isinstance(found, QLineEdit) or found.isReadOnly():
            return None
        text = self.draw.choice(("Ada", "Eileen", "", "2", PASSPHRASE, "=1+1", "\u202eade", "x" * 300))
        found.clear()
        # Qt's tests have no keys for other letters.
        QTest.keyClicks(found, text) if text.isascii() else found.insert(text)
        if self.draw.random() < 0.3:
            QTest.keyClick(found, Qt.Key.Key_Return)
        return f"type {text[:12]!r} into {_name(found)!r}"

    def _choose(self) -> str | None:
        found = self._some(QComboBox, QAbstractItemView)
        if isinstance(found, QComboBox) and found.count() and not NOT_TOUCHED.search(found.accessibleName()):
            place = self.draw.randrange(found.count())
            if _leads_out(found.itemText(place)):
                return None
            found.setCurrentIndex(place)
            found.activated.emit(place)
            return f"choose {found.currentText()!r} of {_name(found)!r}"
        if isinstance(found, QAbstractItemView) and found.model() and found.model().rowCount():
            found.setCurrentIndex(found.model().index(self.draw.randrange(found.model().rowCount()), 0))
            return f"row of {_name(found)!r}"
        return None

    def _key(self) -> str | None:
        key = self.draw.choice(
            (Qt.Key.Key_Escape, Qt.Key.Key_Tab, Qt.Key.Key_Return, Qt.Key.Key_Space, Qt.Key.Key_Delete)
        )
        at = QApplication.focusWidget() or self._place()
        if NOT_TOUCHED.search(_name(at)):
            return None
        QTest.keyClick(at, key)
        return f"key {key.name} at {_name(at)!r}"

    def _page(self) -> str | None:
        if QApplication.activeModalWidget() or self.window._locked:
            return None
        key = self.draw.choice(list(PAGES))
        self.window.open_page(key)
        return f"page {key}"

    def _feed(self) -> str | None:
        if QApplication.activeModalWidget() or self.window._locked:
            return None
        self.window.open_page("live")
        spec = self.draw.choice([*self.devices, *self.devices, str(self.folder / "pictures"), "camera:Gone||"])
        page: Any = self.window.page
        page.source.use(spec)
        if self.draw.random() < 0.3:
            page.recording.begin(self.folder / "clip.mp4")
        return f"live before {Path(spec).name}"

    def _enroll(self) -> str | None:
        if QApplication.activeModalWidget() or self.window._locked:
            return None
        self.window.open_page("enroll")
        page: Any = self.window.page
        if page.is_guided:
            page.guide.click()
        names = self.draw.sample(self.pictures, self.draw.randint(1, 3))
        page.take_pictures(names)
        page.name.setText(self.draw.choice(("Ada", "Eileen", "Grace", "Mae")))
        self.until(lambda: not self.client.busy, self.draw.choice((0, 0.3, 20)))
        if page.enroll.isEnabled():
            page.enroll.click()
        return f"enroll {[one.name for one in names]}"

    def _look(self) -> str | None:
        if QApplication.activeModalWidget() or self.window._locked:
            return None
        key = self.draw.choice(("identify", "verify"))
        self.window.open_page(key)
        page: Any = self.window.page
        page.take_pictures(self.draw.sample(self.pictures, 1 if key == "verify" else 2))
        return key

    def _undo(self) -> str | None:
        if QApplication.activeModalWidget() or self.window._locked:
            return None
        forth = self.draw.random() < 0.3
        (self.window.context.redo if forth else self.window.context.undo)()
        return "redo" if forth else "undo"

    def _delete(self) -> str | None:
        people = self.window.context.people.people
        if not people or self.window._locked:
            return None
        self.window.context.edit(self.client.delete_person(self.draw.choice(people).id), "Deleted.")
        return "delete a person"

    def _lock(self) -> str | None:
        if QApplication.activeModalWidget():
            return None
        if self.window._locked:
            self.window.lock_screen.secret.setText(self.draw.choice((PASSPHRASE, PASSPHRASE, "wrong")))
            self.window.lock_screen.unlock.click()
            return "unlock"
        if self.window._encrypted:
            self.window._lock()
            return "lock"
        self.window.context.tell_failure(self.client.set_passphrase(PASSPHRASE, ask_at_start=True))
        return "set a passphrase"

    def _back_up(self) -> str | None:
        check = self.draw.random() < 0.5
        self.window.context.tell_failure(self.client.check() if check else self.client.back_up())
        return "check" if check else "back up"

    def _cancel(self) -> str | None:
        jobs = list(self.client._jobs)
        for job in jobs:
            job.cancel()
        return f"cancel {len(jobs)} jobs"

    # --- what goes wrong ----------------------------------------------------------------------------------------

    def _break_camera(self) -> str | None:
        fault = self.draw.choice(FAULTS)
        self.draw.choice(list(self.devices.values())).break_(fault)
        return f"a camera: {fault}"

    def _mend_camera(self) -> str | None:
        for device in self.devices.values():
            device.mend()
        return "cameras well again"

    def _fill_disk(self) -> str | None:
        """No file may grow beyond a size: writing fails as on a full disk."""
        kb = self.draw.choice((4, 64, 400))
        resource.setrlimit(resource.RLIMIT_FSIZE, (kb * 1024, resource.RLIM_INFINITY))
        return f"disk full beyond {kb} KB"

    def free_disk(self) -> str | None:
        """Files may grow again."""
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        return None


def _name(widget: QWidget) -> str:
    text = widget.text() if isinstance(widget, QAbstractButton | QLineEdit) else ""
    return " ".join(part for part in (text, widget.accessibleName(), type(widget).__name__) if part)


def _leads_out(text: str) -> bool:
    return "…" in text or bool(NOT_TOUCHED.search(text))
