"""Backups of the gallery and the check of everything in it: the dialogs behind two buttons of the Settings page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QDateTime, QLocale, Qt
from PySide6.QtWidgets import QDialog, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from engine.wording import counted, people, pictures
from gui.context import Context
from gui.engine_client import Job
from gui.theme import tokens as t
from gui.widgets.basics import button, label, row
from gui.widgets.job_bar import JobBar


class Backup(Protocol):
    """A backup as the engine describes it."""

    path: Path
    made_at: datetime
    size_bytes: int


class Found(Protocol):
    """What a check found, as the engine describes it."""

    people: int
    templates: int
    embeddings: int
    problems: Sequence[object]
    repaired: Sequence[str]


def backup_in_words(backup: Backup) -> str:
    """When a backup was made, and how large it is."""
    made_at = QDateTime.fromSecsSinceEpoch(int(backup.made_at.timestamp()))
    return f"{QLocale().toString(made_at, QLocale.FormatType.ShortFormat)}   {backup.size_bytes / 2**20:,.1f} MB"


class BackupsDialog(QDialog):
    """Lists the backups; makes one, or goes back to one."""

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Backups")
        self.resize(t.FORM_PX, t.FORM_PX - 10 * t.UNIT)
        self._context = context
        self.words = label("", "muted", wrap=True)
        self.list = QListWidget()
        self.list.setAccessibleName("Backups")
        self.list.itemSelectionChanged.connect(self._update)
        self.make = button("Make one now", self._make)
        self.restore = button("Go back to this one", self._restore, "primary")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(t.MARGIN, t.MARGIN, t.MARGIN, t.MARGIN)
        layout.setSpacing(t.GUTTER)
        layout.addWidget(label("Backups of the gallery", "title"))
        layout.addWidget(self.words)
        layout.addWidget(self.list, 1)
        layout.addLayout(row(self.make, None, button("Close", self.reject), self.restore))
        self._load()

    def _load(self) -> None:
        self._context.tell_failure(self._context.client.backups()).succeeded.connect(self._show)

    def _show(self, backups: Sequence[Backup]) -> None:
        self.list.clear()
        for backup in backups:
            item = QListWidgetItem(backup_in_words(backup))
            item.setData(Qt.ItemDataRole.UserRole, backup.path)
            self.list.addItem(item)
        self.words.setText(
            "One is made each day on which the gallery changed; a week of days and a month of weeks are kept. "
            "Going back makes a backup of what is there now first."
            if backups
            else "There is none yet. One is made each day on which the gallery changed."
        )
        self.list.setCurrentRow(0)
        self._update()

    def _update(self) -> None:
        self.restore.setEnabled(bool(self.list.selectedItems()))

    def _make(self) -> None:
        self._while_busy(self._context.client.back_up()).succeeded.connect(self._on_made)

    def _on_made(self, _backup: object) -> None:
        self._load()

    def _restore(self) -> None:
        (chosen,) = self.list.selectedItems()
        job = self._context.client.restore(chosen.data(Qt.ItemDataRole.UserRole))
        self._while_busy(job).succeeded.connect(self._on_restored)

    def _on_restored(self, _nothing: object) -> None:
        self._context.toasts.show("The gallery is as it was then. What was there before is the newest backup.", "good")
        self.accept()

    def _while_busy(self, job: Job) -> Job:
        for control in (self.make, self.restore):
            control.setEnabled(False)
        job.finished.connect(self._on_finished)
        return self._context.tell_failure(job)

    def _on_finished(self) -> None:
        self.make.setEnabled(True)
        self._update()


class CheckDialog(QDialog):
    """Checks everything in the gallery, says what it found, and repairs what can be."""

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Check")
        self.resize(t.FORM_PX, t.PANEL_PX)
        self._context = context
        self.words = label("Every page, picture and embedding is read …", wrap=True)
        self.list = QListWidget()
        self.list.setAccessibleName("What was found")
        self.list.hide()
        self.bar = JobBar()
        self.repair = button("Repair what can be", self._repair, "primary")
        self.repair.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(t.MARGIN, t.MARGIN, t.MARGIN, t.MARGIN)
        layout.setSpacing(t.GUTTER)
        layout.addWidget(label("Check of the gallery", "title"))
        layout.addWidget(self.words)
        layout.addWidget(self.list, 1)
        layout.addStretch(0)
        layout.addWidget(self.bar)
        layout.addLayout(row(None, button("Close", self.reject), self.repair))
        self._run(repair=False)

    def _repair(self) -> None:
        self._run(repair=True)

    def _run(self, *, repair: bool) -> None:
        self.repair.setEnabled(False)
        job = self._context.tell_failure(self._context.client.check(repair=repair))
        self.bar.follow(job, "Checking")
        self.finished.connect(job.cancel)
        job.succeeded.connect(self._show)

    def _show(self, found: Found) -> None:
        looked = f"{people(found.people)}, {pictures(found.templates)}, {counted(found.embeddings, 'embedding')}"
        problems = len(found.problems)
        verdict = f"{counted(problems, 'problem')}." if problems else "all sound."
        self.words.setText(f"{looked}: {verdict}")
        self.list.clear()
        self.list.addItems([*found.repaired, *(str(getattr(one, "sentence", "")) for one in found.problems)])
        self.list.setVisible(self.list.count() > 0)
        curable = any(getattr(one, "kind", "") in ("embedding", "link") for one in found.problems)
        self.repair.setVisible(curable)
        self.repair.setEnabled(curable)
