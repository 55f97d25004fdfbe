"""Is it a living face: what is asked for, what is seen, and a check on demand."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, QTimer
from PySide6.QtWidgets import QComboBox, QFrame, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from engine.liveness_values import POLICY_TITLES, Answer, CheckState, Cue, LivenessDecision, Policy
from gui.context import Context
from gui.theme import tokens as t
from gui.widgets.basics import button, give_key, label, row, set_look
from gui.widgets.check_run import CheckRun
from gui.widgets.face_canvas import FaceMark
from gui.widgets.flash_cover import ask_to_flash
from gui.widgets.sides import SidesLayout

ANSWERS = {Answer.LIVE: "living face", Answer.UNSURE: "not sure", Answer.ATTACK: "picture of a face"}
_LOOKS = {Answer.LIVE: "good-text", Answer.UNSURE: "warning-text", Answer.ATTACK: "bad-text"}
_OUTCOME_MS = 8000


def with_liveness(mark: FaceMark, cue: Cue | None) -> FaceMark:
    """Add to a face's mark whether it is alive; a picture of a face is never marked as good."""
    if cue is None:
        return mark
    tone = "bad" if cue.answer is Answer.ATTACK else mark.tone
    return FaceMark(mark.box, mark.text, ANSWERS[cue.answer], tone)


class LivenessCheck(QFrame):
    """A card below the live picture: the policy, the largest face, and prompts while a check is under way."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.policy = QComboBox()
        self.policy.setAccessibleName("Liveness that a verification needs")
        for policy, title in POLICY_TITLES.items():
            self.policy.addItem(title.split(":")[0], policy.value)
        self.policy.currentIndexChanged.connect(self._on_policy)
        self.word = label("", "", wrap=True)
        self.hint = label("", "caption", wrap=True)
        self.check = button("Check liveness", self.begin_challenge)
        give_key(self.check, "Ctrl+Shift+L", "Asks for three movements")
        self.flash = button("Colours …", self._ask_flash, "quiet")
        self.flash.setToolTip("For who cannot or will not move: the window flashes, and the face must reflect it")
        self.run = CheckRun(context, self, "liveness check")
        self.prompt, self.cancel = self.run.prompt, self.run.cancel
        set_look(self, "card")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(t.GUTTER, t.GAP, t.GUTTER, t.GAP)
        layout.setSpacing(t.GAP)
        sides = SidesLayout()
        for leading in (label("Liveness", "strong"), self.policy):
            sides.lead(leading)
        # Together, so that a narrow window does not leave one of them behind on its line.
        acting = QWidget()
        acting_row = row(self.flash, self.check, self.cancel)
        acting_row.setContentsMargins(0, 0, 0, 0)
        acting.setLayout(acting_row)
        sides.addWidget(acting)
        layout.addLayout(sides)
        for widget in (self.word, self.hint, self.prompt):
            layout.addWidget(widget)
        layout.addLayout(row(self.run.bar, self.run.left))
        self._forget = QTimer(self)
        self._forget.setSingleShot(True)
        self._forget.setInterval(_OUTCOME_MS)
        self._forget.timeout.connect(lambda: self.run.show(None))
        self.run.changed.connect(self._on_run)
        context.settings.changed.connect(self._on_setting)
        self._show_policy()
        self._on_run()
        self.show_cues((), None)

    # --- the policy ---------------------------------------------------------------------------------------------

    def _on_policy(self, _row: int) -> None:
        self._context.settings.change("liveness", self.policy.currentData())

    def _on_setting(self, key: str) -> None:
        if key == "liveness":
            self._show_policy()

    def _show_policy(self) -> None:
        with QSignalBlocker(self.policy):
            self.policy.setCurrentIndex(self.policy.findData(self._context.settings.value.liveness))
        self._show_words()

    def _show_words(self) -> None:
        """Either what is seen or what is to be done: there is little room, and one of them counts."""
        told = self._context.settings.value.liveness != Policy.OFF and self.state is None
        self.word.setVisible(told)
        self.hint.setVisible(told)

    # --- what is seen -------------------------------------------------------------------------------------------

    def show_cues(self, cues: Sequence[Cue], decision: LivenessDecision | None) -> None:
        """Say what the largest face is, and what the policy makes of it."""
        if decision is not None:
            self.word.setText("Liveness shown" if decision.met else "Liveness not shown")
            set_look(self.word, "good-text" if decision.met else "bad-text")
            self.hint.setText(decision.reason)
        elif cues:
            self.word.setText(f"Largest face: {ANSWERS[cues[0].answer]}")
            set_look(self.word, _LOOKS[cues[0].answer])
            self.hint.setText(cues[0].hint)
        else:
            self.word.setText("No face to judge yet")
            set_look(self.word, "muted")
            self.hint.setText("")

    # --- the check on demand ------------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Whether a check is under way."""
        return self.run.running

    @property
    def state(self) -> CheckState | None:
        """How far it is, or how it ended; None where there was none."""
        return self.run.state

    def begin_challenge(self) -> None:
        """Ask for movements."""
        if self._can_begin():
            self._forget.stop()
            self.run.begin("challenge", self._context.client.begin_challenge())

    def _ask_flash(self) -> None:
        if self._can_begin():
            ask_to_flash(self.window()).accepted.connect(self.begin_flash)

    def begin_flash(self) -> None:
        """Show colours."""
        if self._can_begin():
            self._forget.stop()
            self.run.begin("flash", self._context.client.begin_flash())

    def _can_begin(self) -> bool:
        if not self._context.feed.running:
            self._context.toasts.show("Start the camera first: there is nobody to check.", "bad")
        return self._context.feed.running and not self.running

    def end(self) -> None:
        """Give up the check that is under way."""
        self.run.end()

    def interrupt(self) -> None:
        """Give it up because the camera gives no pictures, and say so."""
        self.run.interrupt()

    def follow(self, state: CheckState | None) -> None:
        """Show what the latest frame made of the check."""
        self.run.follow(state)

    def _on_run(self) -> None:
        under_way, over = self.running, self.state is not None and self.state.over
        if under_way and self.check.hasFocus():
            self.cancel.setFocus(Qt.FocusReason.OtherFocusReason)
        self.check.setVisible(not under_way)
        self.flash.setVisible(not under_way)
        self.check.setText("Check liveness again" if over else "Check liveness")
        self._show_words()
        if over and not under_way:
            self._forget.start()

    @override
    def setVisible(self, visible: bool) -> None:
        if not visible and self.running:
            self.end()
        super().setVisible(visible)
