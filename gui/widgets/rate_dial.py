"""How strict: chosen as a rate of false matches, with the limits that follow and what they would have changed."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QSlider, QVBoxLayout

from engine.settings import OPTIONS
from engine.types import Decided, Limits, Replay
from engine.wording import counted, people
from gui.context import Context
from gui.theme import tokens as t
from gui.widgets.basics import button, label, row
from gui.widgets.score_gauge import METRIC_NAMES
from gui.wording import one_in

_SHOWN = 5


class RateDial(QFrame):
    """A dial from loose to strict. Nothing changes until it is applied."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setProperty("look", "card")
        self._context = context
        self._choices = OPTIONS["false_match_rate"].choices
        self.dial = QSlider(Qt.Orientation.Horizontal)
        self.dial.setRange(0, len(self._choices) - 1)
        self.dial.setPageStep(1)
        self.dial.setTickPosition(QSlider.TickPosition.TicksBelow)
        self.dial.setTickInterval(1)
        self.dial.setAccessibleName("How strict")
        self.dial.valueChanged.connect(lambda _place: self._ask())
        self.rate = label("", "strong")
        self.limits = label("", "muted", wrap=True)
        self.changes = label("", "muted", wrap=True)
        self.apply = button("Apply", self._apply, "primary", "check")
        self.keep = button("Keep as it is", self._show_setting, "quiet")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(t.GUTTER, t.GUTTER, t.GUTTER, t.GUTTER)
        layout.setSpacing(t.GAP)
        layout.addWidget(label("How strict", "title"))
        layout.addWidget(self.rate)
        layout.addWidget(self.dial)
        layout.addLayout(self._stops())
        layout.addWidget(self.limits)
        layout.addWidget(self.changes)
        layout.addLayout(row(None, self.keep, self.apply))
        context.settings.changed.connect(self._on_setting)
        context.client.gallery_changed.connect(self._ask)
        self._show_setting()
        self._ask()

    def _stops(self) -> QHBoxLayout:
        """A name below each place where the dial can stand: the outer ones at the ends, the others in the middle."""
        line = QHBoxLayout()
        line.setSpacing(0)
        last = len(self._choices) - 1
        sides = {0: Qt.AlignmentFlag.AlignLeft, last: Qt.AlignmentFlag.AlignRight}
        for number, (rate, _) in enumerate(self._choices):
            how = {0: "\nloosest", last: "\nstrictest"}.get(number, "")
            stop = label(f"{one_in(float(rate))}{how}", "caption")
            stop.setAlignment(sides.get(number, Qt.AlignmentFlag.AlignHCenter))
            stop.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            line.addWidget(stop, 1 if number in sides else 2)
        return line

    @property
    def chosen(self) -> float:
        """The rate that the dial stands at."""
        return float(self._choices[self.dial.value()][0])

    def _show_setting(self) -> None:
        rates = [rate for rate, _ in self._choices]
        self.dial.setValue(rates.index(self._context.settings.value.false_match_rate))
        self._follow()

    def _on_setting(self, key: str, _before: object) -> None:
        if key in ("false_match_rate", "metric", "pack"):
            self._show_setting()
            self._ask()

    def _follow(self) -> None:
        other = self.chosen != self._context.settings.value.false_match_rate
        self.rate.setText(self._choices[self.dial.value()][1])
        self.apply.setEnabled(other)
        self.keep.setVisible(other)
        self.changes.setVisible(other)

    def _ask(self) -> None:
        self._follow()
        self._context.client.replay(self.chosen).succeeded.connect(self._show)

    def _show(self, found: Replay) -> None:
        limits = found.limits
        if limits.false_match_rate != self.chosen:
            return
        own = ""
        if limits.own_pairs:
            own = (
                f" Of {counted(limits.own_pairs, 'pair')} of people in your gallery, {limits.own_close:,} "
                f"{'is' if limits.own_close == 1 else 'are'} nearer than 1 stranger in 100 is, which counts too."
            )
        most = max(1, int(1 / limits.bound.upper))
        self.limits.setText(
            f"A {METRIC_NAMES[limits.metric]} distance of up to {limits.verification:.3f} confirms who somebody says "
            f"they are; {_identifying(limits)} Measured on {limits.bound.pairs:,} pairs of strangers: at most 1 in "
            f"{most:,} comes as close as the first limit (95 %).{_unsupported(limits)}{own}"
        )
        self.changes.setText(_in_words(found))

    def _apply(self) -> None:
        self._context.settings.change("false_match_rate", self.chosen)


def _identifying(limits: Limits) -> str:
    if not limits.people:
        return "nobody is enrolled yet to be recognised."
    bound = ""
    if limits.identification_rate:
        most = max(1, int(1 / limits.identification_bound))
        bound = f", where at most 1 stranger in {most:,} is taken for one of them (95 %)"
    return f"up to {limits.identification:.3f} recognises somebody among {people(limits.people)}{bound}."


def _unsupported(limits: Limits) -> str:
    if limits.supported and limits.identification_supported:
        return ""
    return " These pairs are too few to show so small a rate; the limits are extrapolated, to the strict side."


def _in_words(found: Replay) -> str:
    if not found.decisions:
        return "There are no decisions of this session yet to try it on."
    all_ = counted(found.decisions, "decision")
    if not found.changed:
        return f"None of this session's {all_} would have been different."
    first = "; ".join(map(_one, found.changed[:_SHOWN]))
    more = f"; and {len(found.changed) - _SHOWN:,} more" if len(found.changed) > _SHOWN else ""
    return f"{len(found.changed):,} of this session's {all_} would be different: {first}{more}."


def _one(record: Decided) -> str:
    now = "no match" if record.match else "a match"
    return f"{record.what} of {record.about} at {record.distance:.3f} would be {now}"
