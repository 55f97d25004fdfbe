"""Models: every network there is or could be, where it comes from, what may be done with it, and which are in use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFileDialog, QScrollArea, QVBoxLayout, QWidget
from typing_extensions import override

from engine.learning import Said
from engine.pack_values import PackCard, PackKind
from gui.context import Context
from gui.networks import use_network
from gui.pages.add_model import AddModelDialog, JoinModelsDialog
from gui.pages.model_card import KINDS, ModelCard
from gui.pages.page import Page
from gui.tasks import Task
from gui.theme import tokens as t
from gui.widgets.basics import button, clear, label
from gui.widgets.job_bar import JobBar
from gui.widgets.menu_button import MenuButton

_MEASURE_S = 10
_BRING, _JOIN = "Bring a network …", "Join two networks …"
_NETWORKS = "Networks (*.onnx *.safetensors *.pt *.pth)"


class ModelsPage(Page):
    """One card a pack. Whatever takes a while runs in a process of its own, one at a time."""

    title = "Models"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.packs: list[PackCard] = []
        self.cards: dict[str, ModelCard] = {}
        self.task: Task | None = None
        self._speeds: dict[str, str] = {}
        self.kind = QComboBox()
        self.kind.setAccessibleName("Which models to show")
        self.kind.addItem("All models", None)
        for kind, text in KINDS.items():
            self.kind.addItem(f"{text.removesuffix(' (PAD)')}s" if kind is not PackKind.PAD else "Liveness", kind)
        self.kind.currentIndexChanged.connect(self._show_cards)
        self.back = button("Go back", self._go_back, "", "undo")
        self.back.hide()
        self.add = MenuButton(
            "Add",
            "add",
            (
                (
                    _BRING,
                    "An ONNX network, or weights of a known one: safetensors, a state dict.",
                    self._choose_network,
                ),
                (_JOIN, "Their embeddings side by side, which are templates of their own.", self.open_join),
            ),
        )
        for widget in (self.back, self.kind, self.add):
            self.header.addWidget(widget)
        self.body.addWidget(
            label(
                "Nothing is downloaded before you ask for it; each file's checksum is checked when it is installed and "
                "at every use. Another embedding network embeds the gallery again from its stored pictures, once.",
                "muted",
                wrap=True,
            )
        )
        self.jobs = JobBar()
        self.body.addWidget(self.jobs)
        inside = QWidget()
        self._list = QVBoxLayout(inside)
        self._list.setContentsMargins(0, 0, t.GAP, 0)
        self._list.setSpacing(t.GAP)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(inside)
        scroll.setAccessibleName("Models")
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.body.addWidget(scroll, 1)
        context.client.ready.connect(self._on_ready)
        self.refresh()

    @override
    def entered(self) -> None:
        self.refresh()

    def _on_ready(self, _info: object) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Ask how all packs stand."""
        self.context.client.pack_cards().succeeded.connect(self._fill)

    def _fill(self, packs: list[PackCard]) -> None:
        self.packs = packs
        self._show_cards()
        former = self._former()
        self.back.setVisible(former is not None)
        if former is not None:
            self.back.setText(f"Go back to {former.title}")
        self.add.allow(_JOIN, len(self._networks()) > 1)

    def _show_cards(self) -> None:
        unfolded = {pack_id for pack_id, one in self.cards.items() if one.unfolded}
        kind = self.kind.currentData()
        focused = next((pack_id for pack_id, one in self.cards.items() if one.isAncestorOf(self.focusWidget())), "")
        clear(self._list)
        self.cards = {}
        for pack in self.packs:
            if kind not in (None, pack.kind):
                continue
            speed = self._speeds.get(pack.id, "")
            made = ModelCard(pack, speed, busy=self.task is not None, unfolded=pack.id in unfolded)
            made.install.connect(self.install)
            made.from_file.connect(self._choose_file)
            made.use.connect(self.use)
            made.calibrate.connect(self._choose_people)
            made.measure.connect(self.measure)
            made.remove.connect(self.remove)
            self.cards[pack.id] = made
            self._list.addWidget(made)
        self._list.addStretch(1)
        if focused in self.cards:
            self.cards[focused].take_focus()

    # --- work in a process of its own ---------------------------------------------------------------------------

    def _run(self, arguments: list[str], doing: str, done: Callable[[str], object], unit: str = "") -> None:
        if self.task is not None:
            return
        task = self.context.tasks.start(["packs", *arguments])
        self.task = task

        def on_event(event: object) -> None:
            if isinstance(event, Said):
                done(event.sentence)

        def on_finished() -> None:
            self.task = None
            self.refresh()

        task.happened.connect(on_event)
        task.failed.connect(lambda sentence, details: self.context.toasts.show(sentence, "bad", details))
        task.finished.connect(on_finished)
        self.jobs.follow(task, doing, unit=unit)
        self._show_cards()

    def install(self, pack: PackCard, place: Path | None = None) -> None:
        """Install a pack: downloaded, or from a file or folder."""
        source = str(place) if place is not None else self.context.settings.value.pack_source
        arguments = ["install", pack.id, *(["--from", source] if source else [])]
        self._run(arguments, f"Installing {pack.title}:", lambda said: self._on_installed(pack, said), "KB")

    def _on_installed(self, pack: PackCard, said: str) -> None:
        if pack.kind is PackKind.PAD:
            self.context.toasts.show(said, "good")
            return

        def go_on() -> None:
            now = next((one for one in self.packs if one.id == pack.id and one.installed), None)
            if now is not None:
                (self.use if now.calibrated else self._choose_people)(now)

        self.context.toasts.show(said, "good", action="Use" if pack.calibrated else "Calibrate …", act=go_on)

    def calibrate(self, pack: PackCard, people: Path) -> None:
        """Measure what a pack's distances mean on a folder of people."""
        self._run(
            ["calibrate", pack.id, "--calibrate", str(people)],
            f"Calibrating {pack.title}:",
            lambda said: self.context.toasts.show(said, "good"),
        )

    def measure(self, pack: PackCard) -> None:
        """Measure how fast a pack is here, for ten seconds."""

        def on_measured(said: str) -> None:
            self._speeds[pack.id] = said

        self._run(["measure", pack.id, "--seconds", str(_MEASURE_S)], f"Measuring {pack.title} …", on_measured)

    def bring(self, arguments: list[str], name: str) -> None:
        """Add a network from a file, or join two."""
        self._run(arguments, f"{name} …", lambda said: self.context.toasts.show(said, "good"))

    # --- using and removing -------------------------------------------------------------------------------------

    def use(self, pack: PackCard) -> None:
        """Put a pack to use; the way back is offered."""
        if pack.kind is PackKind.DETECTOR:
            self._use_detector(pack)
            return
        commercial = "" if pack.commercial_use or pack.own else " Its licence forbids commercial use."
        said = f"“{pack.title}” is put to use; the gallery is embedded again.{commercial}"
        use_network(self.context, pack.id, said, self._in_use_title())

    def _use_detector(self, pack: PackCard) -> None:
        settings = self.context.settings
        before = {key: getattr(settings.value, key) for key in ("live_detector", "file_detector")}

        def set_all(values: dict[str, str]) -> None:
            for key, value in values.items():
                settings.change(key, value)

        set_all(dict.fromkeys(before, pack.id))
        self.context.toasts.show(
            f"“{pack.title}” finds the faces from now on.", "good", action="Go back", act=lambda: set_all(before)
        )

    def _former(self) -> PackCard | None:
        former = self.context.settings.value.previous_pack
        return next((one for one in self.packs if one.id == former and one.installed and not one.uses), None)

    def _in_use_title(self) -> str:
        in_use = self.context.settings.value.pack
        return next((one.title for one in self.packs if one.id == in_use), "the network before")

    def _go_back(self) -> None:
        former = self._former()
        if former is not None:
            self.use(former)

    def remove(self, pack: PackCard) -> None:
        """Remove a pack; it can be put back until the window closes."""
        context = self.context

        def put_back() -> None:
            context.tell_failure(context.client.restore_pack(pack.id)).finished.connect(self.refresh)

        def on_removed(_none: object) -> None:
            context.toasts.show(f"“{pack.title}” is removed.", "good", action="Undo", act=put_back)

        job = context.tell_failure(context.client.remove_pack(pack.id))
        job.succeeded.connect(on_removed)
        job.finished.connect(self.refresh)

    # --- dialogs ------------------------------------------------------------------------------------------------

    def _networks(self) -> list[PackCard]:
        """What can be joined."""
        return [
            one
            for one in self.packs
            if one.kind is PackKind.EMBEDDER and one.installed and one.calibrated and not one.made_of
        ]

    def _choose_file(self, pack: PackCard) -> None:
        names = ", ".join(file.name for file in pack.files)
        dialog = QFileDialog(self, f"Files of {pack.title}: {names}")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if len(pack.files) > 1:
            dialog.setFileMode(QFileDialog.FileMode.Directory)
        else:
            dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda name: self.install(pack, Path(name)))
        dialog.open()

    def _choose_people(self, pack: PackCard) -> None:
        dialog = QFileDialog(self, "A folder that holds one folder of pictures per person")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(lambda name: self.calibrate(pack, Path(name)))
        dialog.open()

    def _choose_network(self) -> None:
        dialog = QFileDialog(self, "A network", "", _NETWORKS)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda name: self.open_add(Path(name)))
        dialog.open()

    def open_add(self, network: Path) -> AddModelDialog:
        """Ask what is to be known of a network that is brought along."""
        dialog = AddModelDialog(network, self)
        dialog.asked.connect(self.bring)
        dialog.open()
        return dialog

    def open_join(self) -> JoinModelsDialog:
        """Ask which two networks are to be joined."""
        dialog = JoinModelsDialog(self._networks(), self)
        dialog.asked.connect(self.bring)
        dialog.open()
        return dialog
