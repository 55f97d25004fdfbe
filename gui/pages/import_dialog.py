"""Bringing people in: what to do about names that are taken, the passphrase, how far it is, and what came."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QDialog, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget
from typing_extensions import override

from engine.errors import shown
from engine.exchange import Conflict, Imported, SourceKind
from gui.context import Context
from gui.engine_client import Job
from gui.theme import tokens as t
from gui.widgets.basics import button, column, label, row
from gui.widgets.job_bar import JobBar

_ABOUT = {
    SourceKind.GALLERY_FILE: "An encrypted Visavis gallery: people with their pictures and everything noted of them.",
    SourceKind.FOLDER: "One folder of pictures for each person. Every picture is judged as in enrollment; poor ones "
    "are listed. You can stop at any time and go on later.",
    SourceKind.REGIONS: "Pictures in which digiKam, Lightroom or another program has named faces. These faces are "
    "enrolled under those names.",
    SourceKind.HOWDY: "One user's face models of Howdy. They come without pictures.",
    SourceKind.ENCODINGS: "Encodings of the face_recognition package. They come without pictures.",
    SourceKind.STUDIO: "InsightFace Studio's library. Its people's pictures are embedded again here.",
}
_CONFLICTS = (
    (Conflict.MERGE, "Add their pictures to them"),
    (Conflict.SKIP, "Leave them as they are"),
    (Conflict.RENAME, "Keep both, the new one under another name"),
)
_DETAILS_PX = 28 * t.UNIT


class ImportDialog(QDialog):
    """Imports one source. Opens without blocking; stays until the summary has been read."""

    def __init__(self, context: Context, sources: Sequence[Path], kind: SourceKind, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Import")
        self.setMinimumWidth(t.FORM_PX - 10 * t.UNIT)
        self._context, self._sources, self._kind = context, list(sources), kind
        self._job: Job | None = None
        self.passphrase = QLineEdit()
        self.passphrase.setEchoMode(QLineEdit.EchoMode.Password)
        self.passphrase.setAccessibleName("Passphrase")
        self.conflict = QComboBox()
        self.conflict.setAccessibleName("If somebody of the same name is in the gallery")
        for value, text in _CONFLICTS:
            self.conflict.addItem(text, value)
        self.message = label("", "bad-text", wrap=True)
        self.message.hide()
        self.jobs = JobBar()
        self.details = QPlainTextEdit()
        self.details.setReadOnly(True)
        self.details.setAccessibleName("What came in and what did not")
        self.details.setMinimumHeight(_DETAILS_PX)
        self.details.hide()
        self._title = label(f"Import “{shown(self._sources[0])}”", "title", wrap=True)
        self._about = label(_ABOUT[kind], "muted", wrap=True)
        self._form = QWidget()
        self._form.setLayout(self._fields())
        self.undo = button("Undo", self._undo, "", "undo")
        self.undo.hide()
        self.close_button = button("Cancel", self.reject)
        self.start = button("Import", self._import, "primary", "import")
        self.start.setDefault(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(t.MARGIN, t.MARGIN, t.MARGIN, t.MARGIN)
        layout.setSpacing(t.GUTTER)
        for widget in (self._title, self._about, self._form, self.message, self.jobs, self.details):
            layout.addWidget(widget)
        layout.addLayout(row(None, self.undo, self.close_button, self.start))
        self.passphrase.textChanged.connect(self._update)
        self._update()
        (self.passphrase if kind is SourceKind.GALLERY_FILE else self.start).setFocus()

    def _fields(self) -> QVBoxLayout:
        fields = column(spacing=t.GAP)
        fields.setContentsMargins(0, 0, 0, 0)
        secret = label("Passphrase")
        secret.setBuddy(self.passphrase)
        for widget in (secret, self.passphrase):
            widget.setVisible(self._kind is SourceKind.GALLERY_FILE)
            fields.addWidget(widget)
        namesakes = label("If somebody of the same name is in the gallery")
        namesakes.setBuddy(self.conflict)
        fields.addWidget(namesakes)
        fields.addWidget(self.conflict)
        return fields

    def _update(self) -> None:
        secret = self._kind is SourceKind.GALLERY_FILE
        self.start.setEnabled(self._job is None and (not secret or bool(self.passphrase.text())))

    def _import(self) -> None:
        self.message.hide()
        conflict = self.conflict.currentData()
        job = self._context.client.import_from(self._sources, self._kind, conflict, self.passphrase.text())
        self._job = job
        self._form.setEnabled(False)
        self._update()
        self.jobs.follow(job, "Importing")
        job.succeeded.connect(self._on_done)
        job.failed.connect(self._on_failed)
        job.cancelled.connect(self._on_cancelled)

    def _on_done(self, done: Imported) -> None:
        self._job = None
        self.passphrase.clear()
        self._title.setText(done.headline)
        self._about.setVisible(not done.details)
        self._about.setText("Everything came in." if done.templates else "Everybody is in the gallery already.")
        self._form.hide()
        self.start.hide()
        if done.details:
            self.details.setPlainText("\n".join(done.details))
            self.details.show()
            self.adjustSize()
        self.undo.setVisible(bool(done.templates or done.added or done.rejections))
        self.close_button.setText("Close")
        self.close_button.setDefault(True)
        self.close_button.setFocus()

    def _on_failed(self, sentence: str, details: str) -> None:
        self._again(sentence)
        if details:
            self._context.toasts.show(sentence, "bad", details)

    def _on_cancelled(self) -> None:
        self._again("Cancelled. Nothing was changed.")

    def _again(self, sentence: str) -> None:
        """Say what went wrong, and let the user try again."""
        self._job = None
        self.message.setText(sentence)
        self.message.show()
        self._form.setEnabled(True)
        self._update()
        self.passphrase.selectAll()
        self.passphrase.setFocus()

    def _undo(self) -> None:
        self._context.undo()
        self.accept()

    @override
    def reject(self) -> None:
        if self._job is None:
            super().reject()
        else:
            self.jobs.stop.click()
