"""A liveness check or a trial under way: what to do now, how far it is, the colours that belong to it, its end."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QProgressBar, QWidget

from engine.liveness_values import CheckPhase, CheckState, FlashPlan
from gui.context import Context
from gui.engine_client import Job
from gui.widgets.basics import button, label, set_look
from gui.widgets.flash_cover import FlashCover

_NO_FRAMES_MS = 4000
_LOOKS = {CheckPhase.PASSED: "title-good", CheckPhase.FAILED: "title-bad"}


class CheckRun(QObject):
    """Follows one check after another. Whoever shows them lays its widgets out."""

    changed = Signal()
    """There is something else to be shown."""

    def __init__(self, context: Context, owner: QWidget, what: str) -> None:
        """Follow nothing yet.

        Args:
            context: the window's.
            owner: shows the widgets; colours cover its window.
            what: is followed, for people: "liveness check" or "trial".
        """
        super().__init__(owner)
        self._context, self._owner, self._what = context, owner, what
        self.prompt = label("", "title", wrap=True)
        self.prompt.setAccessibleName("What to do now")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(f"Steps of the {what}")
        self.left = label("", "caption")
        self.cancel = button("Cancel", self.end, "", "close")
        self.state: CheckState | None = None
        self._kind = ""
        self._begun = False
        self._played: FlashPlan | None = None
        self._cover: FlashCover | None = None
        # Without frames the engine cannot say that the time ran out.
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_NO_FRAMES_MS)
        self._patience.timeout.connect(self.interrupt)
        self.show(None)

    @property
    def running(self) -> bool:
        """Whether one is under way."""
        return bool(self._kind)

    @property
    def begun(self) -> bool:
        """Whether the engine has heard of it."""
        return self._begun

    def begin(self, kind: str, job: Job) -> None:
        """Follow a check from when a job has begun it.

        Args:
            kind: as its states have it.
            job: of its first CheckState, or of the FlashPlan of colours.
        """
        self._kind = kind
        self._context.tell_failure(job)
        job.succeeded.connect(self._on_begun)
        job.failed.connect(lambda *_: self.end())
        self._patience.start()
        self.show(None)

    def _on_begun(self, begun: CheckState | FlashPlan) -> None:
        if isinstance(begun, FlashPlan):
            if self._kind == "flash":
                self._begun = True
                self._play(begun)
        elif self._kind == begun.kind:
            self._begun = True
            self.show(begun)

    def _play(self, plan: FlashPlan) -> None:
        if plan == self._played:
            return
        self._played = plan
        if self._cover is None:
            self._cover = FlashCover(self._owner.window())
            self._cover.stopped.connect(self.end)
        self._cover.play(plan)

    def end(self) -> None:
        """Give up what is under way."""
        if self.running:
            self._context.client.end_check()
        self._stop()
        self.show(None)

    def _stop(self) -> None:
        self._kind, self._begun = "", False
        self._patience.stop()
        if self._cover is not None:
            self._cover.stop()

    def interrupt(self) -> None:
        """Give up what is under way because the camera gives no pictures, and say so."""
        if self.running:
            self.end()
            said = f"The camera gives no pictures, so the {self._what} was ended. Try it again."
            self._context.toasts.show(said, "bad")

    def follow(self, state: CheckState | None) -> None:
        """Show what the latest frame made of it."""
        if not self._begun:
            # Frames from before it began are still on their way; it may have to wait for other work.
            if self.running:
                self._patience.start()
            return
        if state is None:
            # Another camera or another face: the engine has let go of it.
            self.end()
            return
        if state.kind != self._kind:
            return
        self._patience.start()
        if state.over:
            self._stop()
        elif state.plan is not None:
            self._play(state.plan)
        self.show(state)

    def show(self, state: CheckState | None) -> None:
        """Show how far it is; None shows nothing."""
        self.state = state
        for widget in (self.bar, self.left, self.cancel):
            widget.setVisible(self.running)
        self.prompt.setVisible(state is not None)
        if state is None:
            # How long it takes is not known yet.
            self.bar.setRange(0, 0)
            self.left.setText("")
        else:
            if state.prompt != self.prompt.text():
                self.prompt.setText(state.prompt)
                self.prompt.setAccessibleDescription(state.prompt)
            # A trial's answer is neither good nor bad: that depends on what was shown.
            set_look(self.prompt, "title" if state.kind == "trial" else _LOOKS.get(state.phase, "title"))
            self.bar.setRange(0, state.steps)
            self.bar.setValue(state.step)
            self.left.setText(f"{state.left_s:.0f} s left")
        self.changed.emit()


def keep_room(widget: QWidget) -> None:
    """Let nothing move where a widget comes and goes."""
    policy = widget.sizePolicy()
    policy.setRetainSizeWhenHidden(True)
    widget.setSizePolicy(policy)
