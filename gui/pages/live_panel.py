"""Beside the live picture: who is seen, in words; the claim; and on demand how the engine is doing."""

from __future__ import annotations

from collections import Counter, deque
from time import monotonic

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QScrollArea, QVBoxLayout, QWidget

from engine.journal_words import pause_in_words
from engine.live_values import LiveResult, TrackedFace, Verdict
from engine.types import Verification
from engine.wording import counted
from gui.camera import Phase, StreamState
from gui.context import Context
from gui.theme import tokens as t
from gui.widgets.basics import RoundedPicture, card, label, set_look
from gui.widgets.face_marks import words_of
from gui.widgets.person_picker import PersonPicker
from gui.widgets.score_gauge import ScoreGauge, rate_in_words

_NAME_CHARACTERS = 8
"""The panel is narrow, and says names in full elsewhere."""
_RATE_OVER = 60
"""Frames over which the rate and the shares are taken."""
_STAGES = {"light": "light", "detect": "find", "align": "align", "embed": "embed", "match": "match"}


class LivePanel:
    """What is seen, in words; and the claim."""

    def __init__(self, context: Context) -> None:
        self.frame, around = card()
        self.frame.setFixedWidth(t.PANEL_PX)
        around.setContentsMargins(0, 0, 0, 0)
        # In a low window or with large text there is more to say than room for it.
        scroll = QScrollArea()
        scroll.setAccessibleName("Who is seen")
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(t.GUTTER, t.GUTTER, t.GUTTER, t.GUTTER)
        layout.setSpacing(t.GUTTER)
        scroll.setWidget(inside)
        around.addWidget(scroll)
        self.mode = QComboBox()
        self.mode.setAccessibleName("What to do")
        self.mode.addItems(["Identify everyone", "Verify a claimed identity"])
        self.mode.currentIndexChanged.connect(self._on_mode)
        self.person = PersonPicker(context.people, "Who do they claim to be?")
        self.person.setMinimumContentsLength(_NAME_CHARACTERS)
        self._picture = RoundedPicture(t.CROP_PX, "The largest face")
        self.decision = label("", "title", wrap=True)
        self.decision.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.gauge = ScoreGauge()
        self.words = label("", "muted", wrap=True)
        self.light = label("", "warning-text", wrap=True)
        self._hint = label("", "caption", wrap=True)
        self.speed = label("", "caption", wrap=True)
        self.readout = Readout()
        layout.addWidget(self.mode)
        layout.addWidget(self.person)
        layout.addWidget(self._picture, alignment=Qt.AlignmentFlag.AlignHCenter)
        for widget in (self.decision, self.words, self.gauge, self.light):
            layout.addWidget(widget)
        layout.addStretch(1)
        for line in (self._hint, self.speed, self.readout.toggle, self.readout.text):
            layout.addWidget(line)
        self._source = ""
        self._on_mode(0)

    @property
    def claimed(self) -> int | None:
        """Id of the person claimed; None while everyone is identified."""
        person = self.person.person if self.mode.currentIndex() == 1 else None
        return person.id if person else None

    def _on_mode(self, mode: int) -> None:
        self.person.setVisible(mode == 1)
        self._clear("Nobody is in the picture yet.")
        self._hint.setText("Click a face to enroll it." if mode == 0 else "The largest face is compared.")

    def tell(self, sentence: str) -> None:
        """Say what went wrong with a frame."""
        self._clear(sentence)

    def show_source(self, state: StreamState) -> None:
        """Say where the picture comes from: a video that stands in for a camera is never called live."""
        kind = "Camera: " if state.live else "Not live. "
        self._source = kind + state.label if state.label else ""
        self.speed.setText(self._source)
        if state.phase is not Phase.RUNNING:
            self._clear("")
            self._say_light("")
            self.readout.clear()

    def show_result(self, result: LiveResult, dropped: int, device: str) -> None:
        """Say who is in the picture."""
        self.readout.show_result(result, dropped, device)
        self._say_light(result.light.sentence)
        if result.verification is not None:
            self._show_verification(result.verification)
        elif result.pause_s and self.claimed:
            self._clear(f"Too many attempts failed. Try again in {pause_in_words(result.pause_s)}.")
        elif self.mode.currentIndex() == 1:
            self._clear("No face is in the picture." if self.claimed else "Choose who they claim to be.")
        elif result.tracked:
            self._show_tracked(result.tracked)
        else:
            self._clear("" if result.light.sentence else "No face is in the picture.")

    def _say_light(self, sentence: str) -> None:
        self.light.setVisible(bool(sentence))
        if self.light.text() != sentence:
            self.light.setText(sentence)

    def _show_verification(self, verification: Verification) -> None:
        self._picture.show_pixels(verification.probe.crop)
        self._decide(_answer(verification))
        set_look(self.decision, "title-good" if verification.match else "title-bad")
        self._show_distance(verification.distance, verification.threshold)
        self.words.setText(rate_in_words(verification))

    def _show_tracked(self, tracked: tuple[TrackedFace, ...]) -> None:
        first = tracked[0]
        found = first.identification
        self._picture.show_pixels(found.face.crop)
        self._decide(_everyone(tracked))
        set_look(self.decision, "title")
        nearest = found.candidates[0] if found.candidates else None
        if nearest is None:
            self.gauge.hide()
            self.words.setText("Nobody is enrolled yet. Click the face to enroll it.")
            return
        self._show_distance(nearest.distance, found.threshold)
        others = "" if len(tracked) == 1 else f" The numbers are those of the largest of {len(tracked)} faces."
        help_ = f" Not sure: {first.hint}." if first.verdict is Verdict.NOT_SURE else ""
        self.words.setText(f"Nearest: {nearest.name}, distance {nearest.distance:.3f}.{help_}{others}")

    def _decide(self, text: str) -> None:
        self.decision.setText(text)
        self.decision.setVisible(bool(text))

    def _show_distance(self, distance: float, limit: float) -> None:
        self.gauge.show()
        self.gauge.show_distance(distance, limit)

    def _clear(self, sentence: str) -> None:
        self._picture.show_pixels(None)
        self._decide("")
        self.gauge.hide()
        self.words.setText(sentence)


def _answer(verification: Verification) -> str:
    if verification.refused_as_not_live:
        return "Liveness not shown"
    return f"This is {verification.name}" if verification.match else f"Not {verification.name}"


def _everyone(tracked: tuple[TrackedFace, ...]) -> str:
    """Everyone's names; those without one are counted."""
    counted = Counter(words_of(one)[0] for one in tracked)
    return ", ".join(text if count == 1 else f"{count} × {text}" for text, count in counted.items())


class Readout:
    """Figures of the live picture, for whoever asks for them."""

    def __init__(self) -> None:
        self.toggle = QCheckBox("Show figures (F)")
        self.toggle.setAccessibleName("Show figures")
        self.toggle.setShortcut("F")
        self.toggle.toggled.connect(self._on_toggled)
        self.text = label("", "caption", wrap=True, selectable=True)
        self.text.setAccessibleName("Figures of the live picture")
        self.text.hide()
        self._times: deque[tuple[float, float]] = deque(maxlen=_RATE_OVER)
        self._stages: dict[str, float] = {}

    def clear(self) -> None:
        """Begin again."""
        self._times.clear()
        self._stages.clear()
        self.text.setText("")

    def show_result(self, result: LiveResult, dropped: int, device: str) -> None:
        """Take in a frame's figures, and show them where they were asked for."""
        now = monotonic()
        self._times.append((now, (now - result.frame.time_s) * 1e3))
        for stage, spent in result.stages_ms.items():
            self._stages[stage] = 0.9 * self._stages.get(stage, spent) + 0.1 * spent
        if not self.text.isHidden():
            self.text.setText(self._lines(result, dropped, device))

    def _lines(self, result: LiveResult, dropped: int, device: str) -> str:
        span = self._times[-1][0] - self._times[0][0]
        rate = (len(self._times) - 1) / span if span > 0 else 0.0
        latency = sorted(late for _, late in self._times)[len(self._times) // 2]
        stages = ", ".join(f"{word} {self._stages[key]:.1f}" for key, word in _STAGES.items() if key in self._stages)
        width, height = result.frame.size
        faces = "; ".join(f"{one.looks} of {one.frames} frames" for one in result.tracked) or "none"
        return (
            f"{counted(round(rate), 'picture')} a second of {width}×{height}; {dropped:,} passed over\n"
            f"Camera to result {latency:.0f} ms; {stages} ms\n"
            f"Embedded: {faces}\n{device}"
        )

    def _on_toggled(self, shown: bool) -> None:
        self.text.setVisible(shown)
