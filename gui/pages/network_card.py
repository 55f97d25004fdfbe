"""Which network embeds faces: all there are, the one in use, and the way back to the one before."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from engine.types import PackInfo
from gui.context import Context
from gui.networks import use_network
from gui.theme import tokens as t
from gui.widgets.basics import button, clear, column, label, row


class NetworkCard(QFrame):
    """One line a pack. A trained one can be removed while it is not in use."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setProperty("look", "card")
        self._context = context
        self.packs: list[PackInfo] = []
        self.back = button("Go back", self._go_back, "", "undo")
        self._lines = QVBoxLayout()
        self._lines.setSpacing(t.GUTTER)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(t.GUTTER, t.GUTTER, t.GUTTER, t.GUTTER)
        layout.setSpacing(t.GUTTER)
        layout.addLayout(row(label("Network", "title"), None, self.back))
        layout.addWidget(
            label(
                "Embeds every face. Another one embeds the gallery again from its stored pictures, which takes a while "
                "once; what the former one made of it is kept for going back.",
                "muted",
                wrap=True,
            )
        )
        layout.addLayout(self._lines)
        self.back.hide()
        context.client.ready.connect(self._on_ready)
        self.refresh()

    def _on_ready(self, _info: object) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Ask which networks there are."""
        self._context.client.packs().succeeded.connect(self._fill)

    def _fill(self, packs: list[PackInfo]) -> None:
        self.packs = packs
        clear(self._lines)
        for pack in packs:
            self._lines.addWidget(self._line(pack))
        former = self._former()
        self.back.setVisible(former is not None)
        if former is not None:
            self.back.setText(f"Go back to {former.title}")

    def _line(self, pack: PackInfo) -> QWidget:
        words = column(
            label(pack.title, "strong", wrap=True),
            label(f"{pack.dimension:,} values a face. {pack.licence}", "caption", wrap=True),
            spacing=0,
        )
        buttons: list[QWidget] = []
        if pack.in_use:
            buttons.append(label("In use", "good-text"))
        else:
            use = button("Use", lambda: self._use(pack))
            use.setAccessibleName(f"Use {pack.title}")
            buttons.append(use)
            if pack.own:
                remove = button("Remove", lambda: self._remove(pack), "danger", "delete")
                remove.setAccessibleName(f"Remove {pack.title}")
                buttons.append(remove)
        line = row(words, *buttons)
        line.setContentsMargins(0, 0, 0, 0)
        line.setStretch(0, 1)
        holder = QWidget()
        holder.setLayout(line)
        return holder

    def _former(self) -> PackInfo | None:
        former = self._context.settings.value.previous_pack
        return next((pack for pack in self.packs if pack.id == former and not pack.in_use), None)

    def _in_use_title(self) -> str:
        return next((pack.title for pack in self.packs if pack.in_use), "the network before")

    def _use(self, pack: PackInfo) -> None:
        said = f"“{pack.title}” is put to use; the gallery is embedded again."
        use_network(self._context, pack.id, said, self._in_use_title())

    def _go_back(self) -> None:
        former = self._former()
        if former is not None:
            self._use(former)

    def _remove(self, pack: PackInfo) -> None:
        context = self._context

        def put_back() -> None:
            context.tell_failure(context.client.restore_pack(pack.id)).finished.connect(self.refresh)

        def on_removed(_none: object) -> None:
            context.toasts.show(f"“{pack.title}” is removed.", "good", action="Undo", act=put_back)

        job = context.tell_failure(context.client.remove_pack(pack.id))
        job.succeeded.connect(on_removed)
        job.finished.connect(self.refresh)
