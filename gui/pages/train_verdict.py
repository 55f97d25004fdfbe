"""Before against after on the people held out, and the way to put the network to use or back."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFrame, QMessageBox, QPushButton, QVBoxLayout

from engine.learning import FINE_TUNE, Comparison
from engine.types import PackInfo
from engine.wording import people
from gui.context import Context
from gui.networks import use_network
from gui.theme import tokens as t
from gui.widgets.basics import button, label, row, set_look
from gui.wording import of_pairs, one_in, points

_USE, _ANYWAY, _WAIT = "Put to use", "Use it all the same", "Putting to use …"


class Verdict(QFrame):
    """What came of a training, in plain words, and what the guard allows."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        set_look(self, "card")
        self._context = context
        self._place = Path()
        self._pack = ""
        self._judged: Comparison | None = None
        self._titles: dict[str, str] = {}
        self._busy = False
        self.title = label("", "title", wrap=True)
        self.text = label("", wrap=True, selectable=True)
        self.details = label("", "muted", wrap=True, selectable=True)
        self.in_use = label("In use", "good-text")
        self.use = button(_USE, lambda: self._promote(anyway=False), "primary", "check")
        self.anyway = button(_ANYWAY, self._use_anyway, "danger")
        self.back = button("Go back", self._go_back, "", "undo")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(t.GUTTER, t.GUTTER, t.GUTTER, t.GUTTER)
        layout.setSpacing(t.GAP)
        line = row(self.title, self.in_use, self.back, self.anyway, self.use)
        line.setStretch(0, 1)
        layout.addLayout(line)
        layout.addWidget(self.text)
        layout.addWidget(self.details)
        context.settings.changed.connect(self._on_setting)
        self.hide()

    def show_comparison(self, run: Path, judged: Comparison, pack: str = "") -> None:
        """Show what came out, and offer what the guard allows; `pack` is the one that was made of the run already."""
        self._place, self._judged, self._pack = run, judged, pack
        title, look = called(judged)
        set_look(self.title, look)
        self.title.setText(title)
        out_of, before, after = of_pairs(judged.genuine_pairs, judged.before.value, judged.after.value)
        self.text.setText(
            f"Of {out_of:,} genuine pairs {judged.before_title} accepts {before:,}, the trained network {after:,}, "
            f"where {one_in(judged.false_match_rate)} strangers would match."
        )
        self.details.setText(_details(judged))
        self._ask_for_titles()
        self._follow()
        self.show()

    @property
    def next_button(self) -> QPushButton | None:
        """What can be done now, the most likely first."""
        return next((one for one in (self.use, self.anyway, self.back) if one.isVisibleTo(self)), None)

    # --- putting to use -----------------------------------------------------------------------------------------

    def _use_anyway(self) -> None:
        if self._judged is None or self._judged.difference.high >= 0:
            self._promote(anyway=True)
            return
        asked = QMessageBox(self)
        asked.setWindowTitle("Use a worse network?")
        asked.setText("The trained network is worse than the one before on the people held out.")
        asked.setInformativeText(f"{self.text.text()} You can go back at any time.")
        yes = asked.addButton(_ANYWAY, QMessageBox.ButtonRole.AcceptRole)
        asked.setDefaultButton(asked.addButton("Keep the network in use", QMessageBox.ButtonRole.RejectRole))
        asked.setObjectName("worse")
        asked.buttonClicked.connect(lambda pressed: self._promote(anyway=True) if pressed is yes else None)
        asked.finished.connect(asked.deleteLater)
        asked.open()

    def _promote(self, *, anyway: bool) -> None:
        # The pressed button stays enabled: disabling it would send the focus, and the view with it, elsewhere.
        if self._busy:
            return
        self._busy = True
        pressed, text = (self.anyway, _ANYWAY) if anyway else (self.use, _USE)
        pressed.setText(_WAIT)
        run = self._place
        job = self._context.tell_failure(self._context.client.promote(run, anyway=anyway))

        def on_stored(pack_id: str) -> None:
            before = self._titles.get(self._context.settings.value.pack, "the network before")
            if run == self._place:
                self._pack = pack_id
            use_network(
                self._context, pack_id, "The trained network is put to use; the gallery is embedded again.", before
            )
            self._follow()

        def on_finished() -> None:
            self._busy = False
            pressed.setText(text)

        job.succeeded.connect(on_stored)
        job.finished.connect(on_finished)

    def _go_back(self) -> None:
        former = self._former()
        title = self._titles.get(former, "the network before")
        now = self._titles.get(self._context.settings.value.pack, "the trained network")
        use_network(self._context, former, f"“{title}” is in use again.", now)

    def _former(self) -> str:
        settings = self._context.settings.value
        known = settings.previous_pack in self._titles and settings.previous_pack != settings.pack
        return settings.previous_pack if known else FINE_TUNE

    # --- what is in use -----------------------------------------------------------------------------------------

    def _ask_for_titles(self) -> None:
        self._context.client.packs().succeeded.connect(self._take_titles)

    def _take_titles(self, packs: list[PackInfo]) -> None:
        self._titles = {pack.id: pack.title for pack in packs}
        self._follow()

    def _on_setting(self, key: str, _before: object) -> None:
        if key in ("pack", "previous_pack") and self._judged is not None:
            self._follow()

    def _follow(self) -> None:
        if self._judged is None:
            return
        used = bool(self._pack) and self._context.settings.value.pack == self._pack
        better = self._judged.better_beyond_chance
        self.in_use.setVisible(used)
        self.back.setText(f"Go back to {self._titles.get(self._former(), 'the network before')}")
        self.back.setVisible(used)
        if used and (self.use.hasFocus() or self.anyway.hasFocus()):
            self.back.setFocus()
        again = self.back.hasFocus() and not used
        self.use.setVisible(better and not used)
        self.anyway.setVisible(not better and not used)
        if again:
            (self.use if better else self.anyway).setFocus()


def called(judged: Comparison) -> tuple[str, str]:
    """A judgement in a few words, and the look of its title."""
    if not judged.enough_people:
        return "Too few people to tell", "title"
    if judged.better_beyond_chance:
        return "Better", "title-good"
    return ("Worse", "title-bad") if judged.difference.high < 0 else ("No clear difference", "title")


def _details(judged: Comparison) -> str:
    change = judged.difference
    said = (
        f"Change {points(change.value)} (95 % interval {points(change.low)} to {points(change.high)}) over "
        f"{people(judged.people)} held out, with {judged.genuine_pairs:,} genuine and {judged.impostor_pairs:,} "
        "impostor pairs."
    )
    if not (judged.before.supported and judged.after.supported) or (
        judged.impostor_pairs * judged.false_match_rate < 1
    ):
        said += " There are too few strangers to show this rate; a stricter one was taken."
    return said
