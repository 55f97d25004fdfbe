"""Second step: how to train."""

from __future__ import annotations

from dataclasses import asdict

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QFrame, QSpinBox, QVBoxLayout, QWidget

from engine.learning import FINE_TUNE, RECIPE_OPTIONS, Recipe
from engine.options import Option, Value
from engine.wording import counted, people, pictures
from gui.theme import tokens as t
from gui.widgets.basics import button, card, label, row, scrolled, set_look
from gui.widgets.job_bar import duration
from gui.widgets.option_form import OptionForm

_FIRST = ("start", "freeze", "loss", "miner", "epochs", "minutes")
"""What most people decide; the rest is unfolded."""


class RecipeStep(QWidget):
    """The recipe's options, the button that starts, and the loss bench."""

    start = Signal(object)
    bench = Signal(object, list, int)
    changed = Signal()
    """The recipe is another one."""

    def __init__(self) -> None:
        super().__init__()
        self.recipe = Recipe()
        values = asdict(self.recipe)
        inside = QWidget()
        inside.setMaximumWidth(t.FORM_PX + 20 * t.UNIT)
        cards = QVBoxLayout(inside)
        cards.setContentsMargins(0, 0, t.GAP, 0)
        cards.setSpacing(t.GUTTER)
        self._lacking = ""
        self.data = label("", "muted", wrap=True)
        self.go = button("Start training", lambda: self.start.emit(self.recipe), "primary", "play")
        self.reset = button("Defaults", self._reset, "quiet")
        head, layout = card()
        line = row(self.data, self.reset, self.go)
        line.setStretch(0, 1)
        layout.addLayout(line)
        cards.addWidget(head)
        self.basics = self._form("How to train", {key: RECIPE_OPTIONS[key] for key in _FIRST}, values, cards)
        self.unfold = button("More options", self._unfold, "quiet", "settings")
        cards.addLayout(row(self.unfold, None))
        rest = {key: option for key, option in RECIPE_OPTIONS.items() if key not in _FIRST}
        self.more = self._form("More options", rest, values, cards)
        self._more_card = self.more.parentWidget()
        if self._more_card is not None:
            self._more_card.hide()
        cards.addWidget(self._bench_card())
        cards.addStretch(1)
        scroll = scrolled(inside, "Recipe")
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll)
        self._follow()

    def show_data(self, usable: tuple[int, int], lacking: str) -> None:
        """Say what would be trained on: so many people with so many pictures, or why that is not enough."""
        self._lacking = lacking
        self.data.setText(lacking or f"{people(usable[0])} with {pictures(usable[1])}.")
        set_look(self.data, "warning-text" if lacking and usable[0] else "muted")
        self.go.setEnabled(not lacking)
        self._follow_bench()

    def _form(self, title: str, options: dict[str, Option], values: dict[str, Value], cards: QVBoxLayout) -> OptionForm:
        frame, layout = card()
        layout.addWidget(label(title, "title"))
        form = OptionForm(options, values)
        form.changed.connect(self._change)
        layout.addWidget(form)
        cards.addWidget(frame)
        return form

    def _bench_card(self) -> QFrame:
        frame, layout = card()
        layout.addWidget(label("Loss bench", "title"))
        layout.addWidget(
            label(
                "Trains the same network on the same people for the same time with each ticked loss, and lays their "
                "error curves over one another.",
                "muted",
                wrap=True,
            )
        )
        self.losses: dict[str, QCheckBox] = {}
        for key, text in RECIPE_OPTIONS["loss"].choices:
            box = QCheckBox(text)
            box.setChecked(key in ("triplet", "cosface", "softmax"))
            box.toggled.connect(lambda _checked: self._follow_bench())
            self.losses[str(key)] = box
            layout.addWidget(box)
        self.seconds = QSpinBox()
        self.seconds.setRange(5, 36_000)
        self.seconds.setValue(60)
        self.seconds.setSuffix(" s each")
        self.seconds.setAccessibleName("Seconds for each loss")
        self.seconds.valueChanged.connect(lambda _seconds: self._follow_bench())
        self.bench_time = label("", "muted", wrap=True)
        self.bench_go = button("Compare losses", self._bench, "", "play")
        line = row(self.seconds, self.bench_time, self.bench_go)
        line.setStretch(1, 1)
        layout.addLayout(line)
        return frame

    @property
    def chosen_losses(self) -> list[str]:
        """The losses that are ticked for the bench."""
        return [key for key, box in self.losses.items() if box.isChecked()]

    def _bench(self) -> None:
        self.bench.emit(self.recipe, self.chosen_losses, self.seconds.value())

    def _follow_bench(self) -> None:
        number = len(self.chosen_losses)
        whole = duration(number * self.seconds.value())
        self.bench_time.setText(
            f"{counted(number, 'loss', 'losses')}: {whole} of training, and after each some time for judging."
            if number
            else "Tick the losses to compare."
        )
        self.bench_go.setEnabled(number > 0 and not self._lacking)

    def _change(self, key: str, value: Value) -> None:
        self.recipe = self.recipe.with_values({key: value})
        self._follow()
        self.changed.emit()

    def _reset(self) -> None:
        self.recipe = Recipe()
        for form in (self.basics, self.more):
            for key in form.controls:
                form.show_value(key, getattr(self.recipe, key))
        self._follow()
        self.changed.emit()

    def _follow(self) -> None:
        """Some options matter only with others."""
        self.basics.controls["miner"].setEnabled(self.recipe.loss in ("triplet", "cosine_triplet"))
        self.basics.controls["freeze"].setEnabled(self.recipe.start == FINE_TUNE)

    def _unfold(self) -> None:
        if self._more_card is not None:
            hidden = self._more_card.isHidden()
            self._more_card.setVisible(hidden)
            self.unfold.setText("Fewer options" if hidden else "More options")
