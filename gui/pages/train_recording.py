"""Recording clips to train a liveness network on: living faces, and pictures of faces, before this camera."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QLineEdit, QProgressBar, QVBoxLayout, QWidget

from engine.clip_values import RECORD_S, ClipCount, ClipSetup, ClipState
from engine.errors import shown
from engine.types import Frame
from gui.camera import Phase, StreamState
from gui.context import Context
from gui.engine_client import Job
from gui.theme import tokens as t
from gui.widgets.basics import button, card, give_key, label, row, scrolled, set_look
from gui.widgets.camera_view import CameraView
from gui.widgets.check_run import keep_room
from gui.widgets.drop_zone import browse
from gui.widgets.one_line import Choice
from gui.widgets.source_picker import SourcePicker

_ABOUT = (
    f"A clip is {RECORD_S:.0f} seconds long. These are faces: nobody is blurred in them, as nothing could be learned "
    "from a blurred one. They stay in the folder that you choose, for training only, until you delete them there. Ask "
    "whoever else is to be seen."
)
_CHOOSE = "Choose a folder to keep the clips in."
_NAME_FITS = 18
_LOST = "The camera gave no more pictures, so nothing of the clip is kept. Record it again."


class ClipRecorder(QWidget):
    """The camera's picture on the left; what is recorded, and how much there is, on the right."""

    train_wanted = Signal(object)
    """The folder, a Path."""
    closed = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.count: ClipCount | None = None
        self._round = 0
        self._running = self._looking = False
        self._waiting: Frame | None = None
        self.source = SourcePicker(context.cameras, context.settings)
        self.view = CameraView(context.feed, context.settings)
        self.view.setMinimumHeight(t.PLOT_PX)
        self.what = Choice()
        self.what.addItem("A living face", True)
        self.what.addItem("A picture of a face (print, phone, screen)", False)
        self.who = QLineEdit()
        self.who.setPlaceholderText("Initials will do")
        self.choose = button("", self._browse, "", "folder")
        self.prompt = label("", "title", wrap=True)
        self.prompt.setAccessibleName("What to do now")
        self.prompt.setMinimumHeight(t.PROMPT_PX)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("How much of the clip is recorded")
        keep_room(self.bar)
        self.record = button("Record", self.start, "primary", "record")
        give_key(self.record, "Ctrl+Return", "Record a clip")
        self.cancel = button("Cancel", self.end, "", "close")
        self.told = label("", "strong", wrap=True)
        self.told.setAccessibleName("What the folder holds")
        self.train = button("Train on these", self._train, "", "train")
        self.back = button("Back", self._close, "", "undo")
        self._lay_out()
        self.source.source_chosen.connect(context.feed.start)
        self.view.start_wanted.connect(self._start_camera)
        self.view.video_wanted.connect(self.source.open_video)
        self.view.frame_shown.connect(self._on_frame)
        context.feed.state_changed.connect(self._on_state)
        context.settings.changed.connect(self._on_setting)
        self.who.textChanged.connect(self._show_buttons)
        self._show_place()
        self._show_buttons()

    def _lay_out(self) -> None:
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        line = row(spacing=t.GUTTER)
        line.addWidget(self.view, 1)
        side = QWidget()
        lines = QVBoxLayout(side)
        lines.setContentsMargins(0, 0, t.GAP, 0)
        lines.setSpacing(t.GUTTER)
        lines.addWidget(self._form())
        lines.addWidget(self._summary())
        lines.addStretch(1)
        scroll = scrolled(side, "Recording clips")
        scroll.setFixedWidth(t.PANEL_PX + t.GUTTER)
        line.addWidget(scroll)
        outer.addLayout(line, 1)

    def _form(self) -> QWidget:
        frame, layout = card()
        form = QGridLayout()
        form.setSpacing(t.GAP)
        names = ("Camera", "Shown is", "Who it shows")
        for number, (name, field) in enumerate(zip(names, (self.source, self.what, self.who), strict=True)):
            field.setAccessibleName(name)
            if isinstance(field, QComboBox):
                field.setMinimumContentsLength(12)
            form.addWidget(label(name), number, 0)
            form.addWidget(field, number, 1)
        form.addWidget(label("Folder"), len(names), 0)
        form.addWidget(self.choose, len(names), 1)
        form.setColumnStretch(1, 1)
        layout.addLayout(form)
        layout.addWidget(label(_ABOUT, "caption", wrap=True))
        layout.addWidget(self.prompt)
        layout.addWidget(self.bar)
        layout.addLayout(row(self.record, self.cancel, None))
        return frame

    def _summary(self) -> QWidget:
        frame, layout = card()
        layout.addWidget(self.told)
        layout.addLayout(row(self.train, self.back, None))
        return frame

    # --- coming and going ---------------------------------------------------------------------------------------

    def entered(self) -> None:
        """It has come into sight."""
        self.view.active = True
        self._context.cameras.refresh()
        self.refresh()
        if self.source.spec:
            self._start_camera()

    def left(self) -> None:
        """It is about to go out of sight."""
        if self.view.active:
            self.view.active = False
            self.end()
            self._context.feed.stop()

    def _close(self) -> None:
        self.left()
        self.closed.emit()

    def _train(self) -> None:
        folder = self.folder
        if folder is not None:
            self._close()
            self.train_wanted.emit(folder)

    def _start_camera(self) -> None:
        if self.source.spec:
            self._context.feed.start(self.source.spec)
        else:
            self._context.toasts.show("No camera was found. Plug one in, or open a video in its place.", "bad")

    def _on_state(self, state: StreamState) -> None:
        if self.running and state.phase is not Phase.RUNNING:
            self.end()
            self._context.toasts.show(_LOST, "bad")
        self._show_buttons()

    # --- the folder ---------------------------------------------------------------------------------------------

    @property
    def folder(self) -> Path | None:
        """Where the clips are kept; None until somebody has chosen."""
        kept = self._context.settings.value.clips_folder
        return Path(kept) if kept else None

    def _browse(self) -> None:
        browse(self, lambda places: self.use(places[0]), several=False, folder=True)

    def use(self, folder: Path) -> None:
        """Keep the clips in a folder from now on."""
        self._context.settings.change("clips_folder", str(folder))

    def _on_setting(self, key: str) -> None:
        if key == "clips_folder":
            self._show_place()
            self.refresh()

    def _show_place(self) -> None:
        folder = self.folder
        self.choose.setText(shown(folder, _NAME_FITS) if folder else "Choose …")
        self.choose.setToolTip(str(folder) if folder else _CHOOSE)
        self.choose.setAccessibleName(f"Choose the folder of the clips; now {shown(folder) if folder else 'none'}")

    def refresh(self) -> None:
        """Count what the folder holds."""
        folder = self.folder
        if folder is None:
            self._show_count(None)
        else:
            job = self._context.tell_failure(self._context.client.count_clips(folder))
            job.succeeded.connect(partial(self._on_counted, folder))

    def _on_counted(self, folder: Path, count: ClipCount) -> None:
        if folder == self.folder:
            self._show_count(count)

    def _show_count(self, count: ClipCount | None) -> None:
        self.count = count
        self.told.setText("No clips yet." if count is None else count.text)
        self._show_buttons()

    # --- one clip -----------------------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Whether a clip is being recorded."""
        return self._running

    def start(self) -> None:
        """Count down, and record."""
        folder = self.folder
        if self.running or folder is None or self._missing:
            return
        self._round += 1
        self._running, self._looking, self._waiting = True, True, None
        setup = ClipSetup(folder, self.what.currentData(), self.who.text().strip())
        self._follow(self._context.client.begin_clip(setup))
        self._show_state(None)

    def end(self) -> None:
        """Give up the clip under way; nothing is kept of it."""
        if self.running:
            self._context.client.cancel_clip()
            self._stop()

    def _stop(self) -> None:
        self._round += 1
        self._running, self._looking, self._waiting = False, False, None
        self._show_state(None)

    def _follow(self, job: Job) -> None:
        self._context.tell_failure(job)
        job.succeeded.connect(partial(self._on_seen, self._round))
        job.failed.connect(partial(self._on_failed, self._round))

    def _on_failed(self, number: int, _sentence: str, _details: str) -> None:
        if number == self._round:
            self._stop()

    def _on_frame(self, frame: Frame) -> None:
        # One is worked on and one waits; a newer one takes the place of the one that waits.
        if self.running and self._looking:
            self._waiting = frame
        elif self.running:
            self._look(frame)

    def _look(self, frame: Frame) -> None:
        self._looking = True
        self._follow(self._context.client.see_clip(frame))

    def _on_seen(self, number: int, state: ClipState | None) -> None:
        if number != self._round:
            return
        self._looking = False
        if state is None:
            self._stop()
        elif state.saved is not None:
            self._stop()
            self._on_saved(state.saved)
        else:
            self._show_state(state)
        if self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            self._look(waiting)

    def _on_saved(self, clip: Path) -> None:
        kind = "living face" if clip.parent.parent.name == "live" else "picture of a face"
        said = f"A clip of “{clip.parent.name}” is kept as a {kind}."
        self._context.toasts.show(said, "good", action="Undo", act=partial(self._take_back, clip))
        self.refresh()

    def _take_back(self, clip: Path) -> None:
        self._context.tell_failure(self._context.client.discard_clip(clip)).finished.connect(self.refresh)

    def _show_state(self, state: ClipState | None) -> None:
        self.bar.setRange(0, state.steps if state is not None else 1)
        self.bar.setValue(state.step if state is not None else 0)
        self._prompt(state.prompt if state is not None else "")
        self._show_buttons()

    def _prompt(self, text: str) -> None:
        set_look(self.prompt, "title" if self.running else "muted")
        if text != self.prompt.text():
            self.prompt.setText(text)
            self.prompt.setAccessibleDescription(text)

    @property
    def _missing(self) -> str:
        """What keeps a clip from being recorded; empty where nothing does."""
        if self.view.state.phase is not Phase.RUNNING:
            return "Start the camera first."
        if self.folder is None:
            return _CHOOSE
        return "" if self.who.text().strip() else "Say whom it shows. All clips of one person belong together."

    def _show_buttons(self) -> None:
        fields: tuple[QWidget, ...] = (self.source, self.what, self.who, self.choose)
        goes = (self.record, *fields) if self.running else (self.cancel,)
        moved = any(one.hasFocus() for one in goes)
        for field in fields:
            field.setEnabled(not self.running)
        if not self.running:
            self._prompt(self._missing)
        self.record.setEnabled(not self._missing)
        self.record.setVisible(not self.running)
        self.cancel.setVisible(self.running)
        self.bar.setVisible(self.running)
        self.train.setEnabled(not self.running and self.count is not None and self.count.enough)
        if moved:
            (self.cancel if self.running else self.record).setFocus(Qt.FocusReason.OtherFocusReason)
