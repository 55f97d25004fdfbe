"""Where pictures come in: dropped, pasted or browsed for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QMimeData, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QGuiApplication, QImage, QImageWriter
from PySide6.QtWidgets import QFileDialog, QFrame, QVBoxLayout, QWidget
from typing_extensions import override

from gui.theme import tokens as t
from gui.widgets.basics import button, icon_label, label, row, set_look
from gui.widgets.sides import SidesLayout

PICTURE_FILTER = "Pictures (*.jpg *.jpeg *.png *.webp *.tif *.tiff *.bmp *.gif *.heic *.heif *.avif);;All files (*)"


def pictures_in(data: QMimeData | None) -> list[Path | bytes]:
    """The files, folders or picture in a drop or on the clipboard, which holds None while it is empty."""
    if data is None:
        return []
    paths: list[Path | bytes] = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
    if paths or not data.hasImage():
        return paths
    image = data.imageData()
    return [_encoded(image)] if isinstance(image, QImage) and not image.isNull() else []


def _encoded(image: QImage) -> bytes:
    """Pack a pasted picture so that the engine reads it like any file; BMP costs no compression."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, b"BMP").write(image)
    return bytes(buffer.data().data())


def browse(parent: QWidget, chosen: Callable[[list[Path]], object], *, several: bool, folder: bool = False) -> None:
    """Let the user choose pictures or a folder; returns at once."""
    dialog = QFileDialog(parent, "Choose a folder" if folder else "Choose pictures")
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    if folder:
        dialog.setFileMode(QFileDialog.FileMode.Directory)
    else:
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles if several else QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilter(PICTURE_FILTER)
    dialog.filesSelected.connect(lambda names: chosen([Path(name) for name in names]))
    dialog.open()


class DropZone(QFrame):
    """An inviting area that takes pictures. Emits files, folders and encoded bytes."""

    dropped = Signal(list)

    def __init__(
        self,
        text: str,
        *,
        several: bool = True,
        folders: bool = False,
        compact: bool = False,
        folder_only: bool = False,
    ) -> None:
        super().__init__()
        set_look(self, "drop")
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(t.GUTTER, t.GUTTER, t.GUTTER, t.GUTTER)
        layout.setSpacing(t.GAP)
        centre = Qt.AlignmentFlag.AlignHCenter
        layout.addStretch(1)
        if not compact:
            layout.addWidget(icon_label("picture", 5 * t.UNIT), alignment=centre)
        self.text = label(text, "muted", wrap=True)
        self.text.setAlignment(centre)
        self.text.setMaximumWidth(t.FORM_PX - 10 * t.UNIT)
        line = row(None, self.text, None)
        line.setStretch(1, 100)
        layout.addLayout(line)
        self.choose = button("Pictures …" if several else "Choose a picture …", self._browse)
        if folder_only:
            self.choose = button("Choose a folder …", self._browse_folder, "primary", "folder")
        self.paste = button("Paste", self.paste_clipboard, "quiet")
        buttons = [self.choose]
        if folders:
            buttons.append(button("Folder …", self._browse_folder))
        self._several = several
        if folder_only:
            self.paste.hide()
        line_of_buttons = SidesLayout(centred=True)
        for one in (*buttons, self.paste):
            line_of_buttons.addWidget(one)
        layout.addLayout(line_of_buttons)
        layout.addStretch(1)

    def paste_clipboard(self) -> None:
        """Take the picture or files on the clipboard."""
        self._take(pictures_in(QGuiApplication.clipboard().mimeData()))

    def _browse(self) -> None:
        browse(self, self._take_paths, several=self._several)

    def _browse_folder(self) -> None:
        browse(self, self._take_paths, several=False, folder=True)

    def _take_paths(self, paths: list[Path]) -> None:
        self._take(list(paths))

    def _take(self, pictures: list[Path | bytes]) -> None:
        if pictures:
            self.dropped.emit(pictures if self._several else pictures[:1])

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls() or event.mimeData().hasImage():
            event.acceptProposedAction()
            set_look(self, "drop-over")

    @override
    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        set_look(self, "drop")

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        set_look(self, "drop")
        event.acceptProposedAction()
        self._take(pictures_in(event.mimeData()))
