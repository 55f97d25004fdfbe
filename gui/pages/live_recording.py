"""Clips and snapshots of the live picture, and what the camera is asked for: buttons and dialogs of the Live page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QObject, QStandardPaths
from PySide6.QtWidgets import QDialog, QFileDialog, QVBoxLayout, QWidget

from engine.live_values import Blur, Clip, LiveResult
from engine.settings import OPTIONS
from gui.camera import Phase, StreamState
from gui.context import Context
from gui.theme import tokens as t
from gui.widgets.basics import button, give_key, label, row, set_icon
from gui.widgets.option_form import OptionForm

_CLIP, _SHOT = ("Clip (*.mp4)", ".mp4"), ("Picture (*.png *.jpg)", ".png")


class LiveRecording(QObject):
    """Begins and ends clips and takes snapshots."""

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(parent)
        self._context, self._parent = context, parent
        self.recording = self._running = False
        self._path = Path()
        self.snap = button("Snapshot", self.ask_snapshot, "", "snap")
        give_key(self.snap, "Ctrl+Shift+S", "Save the picture of this moment")
        self.record = button("Record", self.toggle, "", "record")
        give_key(self.record, "Ctrl+Shift+R", "Begins or ends a clip")
        self.allow(running=False)

    def allow(self, *, running: bool) -> None:
        """Offer clips and snapshots while there is a picture; a clip ends with it."""
        if not running and self.recording:
            self._stop()
        self._running = running
        self.snap.setEnabled(running)
        self.record.setEnabled(running)

    def show_result(self, result: LiveResult) -> None:
        """Say how long the clip is, or why it ended."""
        if result.record_problem:
            self._show(recording=False)
            self._context.toasts.show(result.record_problem, "bad")
        elif self.recording and result.recorded_s is not None:
            seconds = int(result.recorded_s)
            text = f"Stop  {seconds // 60}:{seconds % 60:02}"
            if self.record.text() != text:
                self.record.setText(text)

    def toggle(self) -> None:
        """Begin a clip, or end it."""
        if self.recording:
            self._stop()
        else:
            self._ask("Record a clip", "Clip", _CLIP, self.begin)

    def ask_snapshot(self) -> None:
        """Let the user choose where the picture goes."""
        self._ask("Save a snapshot", "Snapshot", _SHOT, self.take)

    def begin(self, path: Path) -> None:
        """Record into a file."""
        self._path = path
        job = self._context.tell_failure(self._context.client.record(path, self._blur))
        job.succeeded.connect(self._on_begun)

    def take(self, path: Path) -> None:
        """Save the picture of this moment."""
        job = self._context.tell_failure(self._context.client.snapshot(path, self._blur))
        job.succeeded.connect(
            lambda _: self._context.toasts.show(f"“{path.name}” is saved. {self._blur_words}", "good")
        )

    def _on_begun(self, _result: object) -> None:
        self._show(recording=True)
        if not self._running:
            self._stop()

    def _stop(self) -> None:
        self._show(recording=False)
        name = self._path.name
        job = self._context.tell_failure(self._context.client.stop_recording())
        job.succeeded.connect(lambda clip: self._say_saved(name, clip))

    def _say_saved(self, name: str, clip: Clip) -> None:
        self._context.toasts.show(f"“{name}” is saved, {clip.words} {self._blur_words}", "good")

    @property
    def _blur(self) -> Blur:
        return Blur(self._context.settings.value.recording_blur)

    @property
    def _blur_words(self) -> str:
        words = {
            Blur.STRANGERS: "Faces of people who are not in the gallery are blurred where they were found.",
            Blur.EVERYONE: "Faces are blurred where they were found.",
            Blur.NOBODY: "Nobody is blurred.",
        }
        return words[self._blur]

    def _show(self, *, recording: bool) -> None:
        self.recording = recording
        self.record.setText("Stop  0:00" if recording else "Record")
        set_icon(self.record, "stop" if recording else "record")

    def _ask(self, title: str, word: str, kind: tuple[str, str], act: Callable[[Path], None]) -> None:
        dialog = QFileDialog(self._parent, title)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter(kind[0])
        dialog.setDefaultSuffix(kind[1].removeprefix("."))
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.MoviesLocation)
        if Path(folder).is_dir():
            dialog.setDirectory(folder)
        dialog.selectFile(f"{word} {datetime.now().astimezone():%Y-%m-%d %H.%M.%S}{kind[1]}")
        dialog.fileSelected.connect(lambda name: act(Path(name)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()


class CameraDialog(QDialog):
    """What the camera is asked for; a change counts at once."""

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Camera")
        self._context = context
        shown = {key: option for key, option in OPTIONS.items() if option.section == "Camera" and not option.hidden}
        self.form = OptionForm(shown, asdict(context.settings.value))
        self.form.changed.connect(context.settings.change)
        self.instead = label("", "muted", wrap=True)
        self.instead.setAccessibleName("What the camera gives instead")
        close = button("Close", self.accept, "primary")
        close.setDefault(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(t.MARGIN, t.MARGIN, t.MARGIN, t.MARGIN)
        layout.setSpacing(t.MARGIN)
        layout.addWidget(label("Camera", "title"))
        layout.addWidget(self.form)
        layout.addWidget(self.instead)
        if not context.feed.is_camera:
            layout.addWidget(label("A video or folder is shown as it is; this is for cameras.", "caption", wrap=True))
        layout.addLayout(row(None, close))
        # Wrapped lines are as high as the width makes them, which a dialog does not ask for by itself.
        self._layout = layout
        self.setFixedWidth(t.FORM_PX + 20 * t.UNIT)
        context.feed.state_changed.connect(self._on_state)
        self._show_instead()

    def _on_state(self, state: StreamState) -> None:
        # While it is opened again the last word stays, so that the dialog does not jump.
        if state.phase is not Phase.OPENING:
            self._show_instead()

    def _show_instead(self) -> None:
        """Say what the camera gives where it is not what was asked for."""
        self.instead.setText(self._context.feed.instead)
        self.instead.setVisible(bool(self._context.feed.instead))
        self.setMinimumHeight(self._layout.totalHeightForWidth(self.width()))
        self.adjustSize()
