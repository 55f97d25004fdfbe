"""The Gallery page's ways in and out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from engine.errors import shown
from engine.exchange import SourceKind
from engine.types import Person
from engine.wording import counted
from gui.context import Context
from gui.pages.export_dialog import ExportDialog
from gui.pages.import_dialog import ImportDialog
from gui.widgets.drop_zone import browse
from gui.widgets.menu_button import MenuButton
from gui.widgets.save_as import TABLES, save_as

FROM_FILE, FROM_FOLDER, FROM_REGIONS = "From a file …", "Folder of people …", "Pictures with named faces …"
PEOPLE, DECISIONS = "People …", "This session's decisions …"
_FILTER = "Galleries (*.visavis *.dat *.json *.npy *.npz *.db *.sqlite *.sqlite3);;All files (*)"


class TransferMenus:
    """Two buttons with menus, and the dialogs that they open."""

    def __init__(self, context: Context, parent: QWidget, person: Callable[[], Person | None]) -> None:
        """Make the buttons.

        Args:
            context: the window's shared parts.
            parent: whose dialogs they are.
            person: who is chosen on the page.
        """
        self._context, self._parent, self._person = context, parent, person
        folder, regions = SourceKind.FOLDER, SourceKind.REGIONS
        self.bring = MenuButton(
            "Import",
            "import",
            (
                (
                    FROM_FILE,
                    "A Visavis gallery, Howdy's models, face_recognition's encodings, InsightFace Studio's library",
                    self._choose_file,
                ),
                (FROM_FOLDER, "One folder of pictures for each person", partial(self._choose_folder, folder)),
                (FROM_REGIONS, "Named by digiKam, Lightroom and others", partial(self._choose_folder, regions)),
            ),
        )
        self.hand_out = MenuButton(
            "Export",
            "export",
            (
                (PEOPLE, "Into an encrypted gallery file, or a table", self._export),
                (DECISIONS, "Whom was decided about, with which distance, as a table", self._choose_table),
            ),
        )

    def show_whether_anybody(self, anybody: bool) -> None:
        """There is somebody to export, or nobody."""
        self.hand_out.allow(PEOPLE, anybody)

    def _choose_file(self) -> None:
        dialog = QFileDialog(self._parent, "Import", "", _FILTER)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda name: self.import_file(Path(name)))
        dialog.open()

    def _choose_folder(self, kind: SourceKind) -> None:
        browse(self._parent, lambda paths: self.open_import(paths[0], kind), several=False, folder=True)

    def import_file(self, source: Path) -> None:
        """Find out what a file is, and offer to import it."""
        job = self._context.tell_failure(self._context.client.kind_of(source))
        job.succeeded.connect(lambda kind: self.open_import(source, kind))

    def open_import(self, source: Path, kind: SourceKind) -> ImportDialog:
        """Offer to import something."""
        dialog = ImportDialog(self._context, [source], kind, self._parent)
        dialog.open()
        return dialog

    def _export(self) -> None:
        ExportDialog(self._context, self._person(), self._parent).open()

    def _choose_table(self) -> None:
        save_as(self._parent, "Export to", "decisions.csv", TABLES, self.export_decisions)

    def export_decisions(self, place: Path) -> None:
        """Write this session's decisions; the file's name says how."""
        job = self._context.tell_failure(self._context.client.export_decisions(place))

        def told(count: int) -> None:
            decisions = counted(count, "decision is", "decisions are")
            self._context.toasts.show(f"{decisions} in “{shown(place)}”.", "good")

        job.succeeded.connect(told)
