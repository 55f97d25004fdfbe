"""Choosing where the live picture comes from: a camera by its name, or a video or folder in its place."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QFileDialog

from gui.camera import CameraList, is_file_spec
from gui.settings_store import SettingsStore
from gui.widgets.drop_zone import browse
from gui.widgets.one_line import Choice

VIDEO_FILTER = "Videos (*.mp4 *.mov *.avi *.mkv *.webm *.m4v);;All files (*)"
_OPEN_VIDEO, _OPEN_FOLDER, _LOOK_AGAIN = "open video", "open folder", "look again"


class SourcePicker(Choice):
    """The cameras of this machine, the video or folder in use, and ways to open another. The choice is remembered."""

    source_chosen = Signal(str)

    def __init__(self, cameras: CameraList, settings: SettingsStore) -> None:
        super().__init__()
        self._cameras, self._settings = cameras, settings
        self._found: list[tuple[str, str]] = []
        self.setAccessibleName("Camera")
        self.setMinimumContentsLength(16)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.activated.connect(self._on_activated)
        cameras.found.connect(self._on_found)
        settings.changed.connect(self._on_setting)
        self._fill()

    @property
    def spec(self) -> str:
        """The source to use; empty when there is none."""
        remembered = self._settings.value.camera
        if remembered or not self._found:
            return remembered
        return self._found[0][0]

    def _on_setting(self, key: str) -> None:
        if key == "camera":
            self._fill()

    def _on_found(self, cameras: list[tuple[str, str]]) -> None:
        self._found = cameras
        self._fill()

    def _fill(self) -> None:
        with QSignalBlocker(self):
            self.clear()
            for spec, name in self._found:
                self.addItem(name, spec)
            remembered = self._settings.value.camera
            if remembered and self.findData(remembered) < 0:
                self.addItem(name_of(remembered), remembered)
            if not self.count():
                self.addItem("No camera found", "")
            self.insertSeparator(self.count())
            self.addItem("Open a video …", _OPEN_VIDEO)
            self.addItem("Open a folder of pictures …", _OPEN_FOLDER)
            self.addItem("Look for cameras again", _LOOK_AGAIN)
            self.setCurrentIndex(max(0, self.findData(self.spec)))

    def _on_activated(self, row: int) -> None:
        data = self.itemData(row)
        self.setCurrentIndex(max(0, self.findData(self.spec)))
        if data == _OPEN_VIDEO:
            self.open_video()
        elif data == _OPEN_FOLDER:
            browse(self, lambda paths: self.use(str(paths[0])), several=False, folder=True)
        elif data == _LOOK_AGAIN:
            self._cameras.refresh()
        elif data:
            self.use(data)

    def open_video(self) -> None:
        """Let the user choose a video that stands in for a camera."""
        dialog = QFileDialog(self, "Open a video")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilter(VIDEO_FILTER)
        dialog.fileSelected.connect(self.use)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def use(self, spec: str) -> None:
        """Take a source and remember it."""
        self._settings.change("camera", spec)
        self.source_chosen.emit(spec)


def name_of(spec: str) -> str:
    """What a remembered source is called."""
    return Path(spec).name if is_file_spec(spec) else spec.removeprefix("camera:").split("|")[0]
