"""One model pack as a card: what it is, what may be done with it, how it stands, and what can be done now."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QFrame, QGridLayout, QPushButton, QVBoxLayout, QWidget

from engine.pack_values import PackCard, PackFile, PackKind
from gui.theme import tokens as t
from gui.widgets.basics import button, column, label, row

KINDS = {
    PackKind.EMBEDDER: "Embedding network",
    PackKind.DETECTOR: "Detector",
    PackKind.PAD: "Liveness (PAD)",
}
_NOT_DOWNLOADED = (
    "No trustworthy checksum of it is published, so it is not downloaded. Get the file from its project's page; its "
    "own checksum is kept, and checked from then on."
)
_NOT_CALIBRATED = "What its distances mean is measured first, on a folder of people: at least 1,000 pairs of strangers."


class ModelCard(QFrame):
    """Asks with its signals; does nothing by itself but unfold and copy."""

    install = Signal(object)
    from_file = Signal(object)
    use = Signal(object)
    calibrate = Signal(object)
    measure = Signal(object)
    remove = Signal(object)

    def __init__(self, pack: PackCard, speed: str, *, busy: bool, unfolded: bool) -> None:
        """Show a pack.

        Args:
            pack: as it stands.
            speed: as it was measured here; empty when it was not.
            busy: whether other work keeps installing and measuring from being started.
            unfolded: whether its files are shown.
        """
        super().__init__()
        self.setProperty("look", "card")
        self.setAccessibleName(pack.title)
        self.pack = pack
        self.buttons = self._make_buttons(busy)
        text, look = state_of(pack)
        self.state = label(text, look)
        line = row(label(pack.title, "strong"), self.state, None, *self.buttons.values())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(t.GUTTER, t.GUTTER, t.GUTTER, t.GUTTER)
        layout.setSpacing(t.GAP // 2)
        layout.addLayout(line)
        layout.addWidget(label(_what(pack), "muted", wrap=True))
        layout.addSpacing(t.GAP // 2)
        self.facts = QGridLayout()
        self.facts.setColumnStretch(1, 1)
        self.facts.setHorizontalSpacing(t.GUTTER)
        self.facts.setVerticalSpacing(t.GAP // 2)
        for name, value in self._facts(speed):
            number = self.facts.rowCount()
            self.facts.addWidget(label(name, "muted"), number, 0, Qt.AlignmentFlag.AlignTop)
            self.facts.addWidget(label(value, wrap=True, selectable=True), number, 1)
        layout.addLayout(self.facts)
        self.files = self._make_files()
        self.files.setVisible(unfolded)
        self.more = button("", self._fold, "link")
        self._name_more()
        layout.addWidget(self.files)
        layout.addLayout(row(self.more, None))

    def _make_buttons(self, busy: bool) -> dict[str, QPushButton]:
        pack = self.pack
        made: dict[str, QPushButton] = {}
        if not pack.installed:
            if pack.downloadable:
                verb = "Resume" if pack.partial else "Install"
                made["install"] = button(verb, lambda: self.install.emit(pack), "", "import")
            made["from_file"] = button("From file …", lambda: self.from_file.emit(pack), "", "folder")
        else:
            made["measure"] = button("Measure", lambda: self.measure.emit(pack), "", "evaluate")
            if not pack.bundled and not pack.uses:
                made["remove"] = button("Remove", lambda: self.remove.emit(pack), "danger", "delete")
            if not pack.calibrated:
                made["calibrate"] = button("Calibrate …", lambda: self.calibrate.emit(pack), "primary", "folder")
            elif not fully_used(pack) and pack.kind is not PackKind.PAD:
                made["use"] = button("Use", lambda: self.use.emit(pack), "", "check")
        for name, one in made.items():
            one.setAccessibleName(f"{one.text().removesuffix(' …')} {pack.title}")
            if busy and name not in ("use", "remove"):
                one.setEnabled(False)
                one.setToolTip("Something else is being installed or measured. Wait until it is done, or cancel it.")
        return made

    def _facts(self, speed: str) -> Sequence[tuple[str, str]]:
        pack, accuracy = self.pack, self.pack.accuracy
        facts = [
            ("Commercial use", "Yes" if pack.commercial_use else "No"),
            ("Licence", pack.licence),
            ("Size", size_text(pack.size)),
            ("Accuracy", f"{accuracy.text} Measured by us on {accuracy.on}." if accuracy else "Not measured"),
        ]
        if speed:
            facts.append(("Speed here", speed))
        if not pack.installed and not pack.downloadable:
            facts.append(("Installing", _NOT_DOWNLOADED))
        if pack.installed and not pack.calibrated:
            facts.append(("To be used", _NOT_CALIBRATED))
        return facts

    # --- source and files ---------------------------------------------------------------------------------------

    def _make_files(self) -> QWidget:
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(0, t.GAP, 0, 0)
        layout.setSpacing(t.GAP)
        source = row(label("Source", "muted"), label(self.pack.source, wrap=True, selectable=True))
        source.setStretch(1, 1)
        if self.pack.source.startswith("https://"):
            page = button("Open page", self._open_source, "quiet")
            page.setAccessibleName(f"Open the page of {self.pack.title}")
            source.addWidget(page)
        layout.addLayout(source)
        for file in self.pack.files:
            layout.addLayout(self._file_line(file))
        return inside

    def _file_line(self, file: PackFile) -> QVBoxLayout:
        digest = label(file.sha256 or "Not published", "caption", wrap=True, selectable=True)
        digest.setAccessibleName(f"SHA-256 of {file.name}")
        name = row(label(file.name), label(size_text(file.size), "muted"), None)
        if not file.sha256:
            return column(name, digest, spacing=0)
        copy = button("Copy SHA-256", lambda: QGuiApplication.clipboard().setText(file.sha256), "quiet")
        copy.setAccessibleName(f"Copy SHA-256 of {file.name}")
        name.addWidget(copy)
        return column(name, digest, spacing=0)

    def _open_source(self) -> None:
        QDesktopServices.openUrl(QUrl(self.pack.source))

    @property
    def unfolded(self) -> bool:
        """Whether its files are shown."""
        return not self.files.isHidden()

    def take_focus(self) -> None:
        """Give the focus to the first button that can be pressed."""
        next((one for one in self.buttons.values() if one.isEnabled()), self.more).setFocus()

    def _fold(self) -> None:
        self.files.setVisible(not self.unfolded)
        self._name_more()

    def _name_more(self) -> None:
        self.more.setText("Hide source and files" if self.unfolded else "Source and files")
        self.more.setAccessibleName(f"{self.more.text()} of {self.pack.title}")


def state_of(pack: PackCard) -> tuple[str, str]:
    """How a pack stands, and the look of these words."""
    if pack.uses:
        return f"In use for {' and '.join(pack.uses)}", "good-text"
    if not pack.installed:
        if pack.partial:
            return f"Not installed, {size_text(pack.partial)} downloaded", "muted"
        return "Not installed", "muted"
    if not pack.calibrated:
        return "Installed, not calibrated yet", "warning-text"
    return ("Came with the program" if pack.bundled else "Installed"), "muted"


def fully_used(pack: PackCard) -> bool:
    """Whether there is nothing more that it could be used for."""
    return len(pack.uses) == (2 if pack.kind is PackKind.DETECTOR else 1)


def size_text(size: int) -> str:
    """So many bytes."""
    if not size:
        return "Not known"
    return f"{size / 1024:,.0f} KB" if size < 1 << 20 else f"{size / (1 << 20):,.1f} MB"


def _what(pack: PackCard) -> str:
    values = f", {pack.dimension:,} values a face" if pack.dimension else ""
    return f"{KINDS[pack.kind]}{values}. {pack.architecture}."
