"""Check-up: people who may be confused, doubles, and pictures under a wrong name, each with what can be done."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtWidgets import QFrame, QPushButton, QStackedWidget, QWidget

from engine.care import Finding, FindingKind, Review
from engine.types import PixelArray
from engine.wording import counted
from gui.context import Context
from gui.engine_client import Job
from gui.theme import tokens as t
from gui.widgets.basics import RoundedPicture, button, clear, column, icon_label, label, row, scrolled, set_look
from gui.widgets.empty_state import EmptyState
from gui.widgets.job_bar import JobBar

_SHOWN = 40
_SHORTEST = 14
_TITLES = {
    FindingKind.SAME_PERSON: ("merge", "One person under two names?"),
    FindingKind.OUTLIER: ("unknown", "A picture that does not belong?"),
    FindingKind.LOOK_ALIKE: ("warning", "Look-alikes"),
}


class CheckUpView(QFrame):
    """The findings as cards, most urgent first; looks again whenever the gallery has changed."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.active = False
        self.cards: list[FindingCard] = []
        self.jobs = JobBar()
        self.summary = label("", "muted", wrap=True)
        self._list = column(spacing=t.GAP)
        around = column(self._list, None)
        around.setContentsMargins(0, 0, t.GAP, 0)
        scroll = scrolled(around, "Findings")
        self.fine = EmptyState(
            "check", "Nothing stands out", "Nobody looks like somebody else, and every picture looks like its person."
        )
        self._stack = QStackedWidget()
        for widget in (QWidget(), self.fine, scroll):
            self._stack.addWidget(widget)
        self._scroll = scroll
        layout = column(self.jobs, self.summary, spacing=t.GUTTER)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack, 1)
        self.setLayout(layout)
        self._job: Job | None = None
        context.client.gallery_changed.connect(self._look_again)

    def open(self) -> None:
        """Look through the gallery."""
        self.active = True
        self._look_again()

    def leave(self) -> None:
        """The view is out of sight."""
        self.active = False
        if self._job is not None:
            self._job.cancel()

    def _look_again(self) -> None:
        if not self.active:
            return
        if self._job is not None:
            self._job.cancel()
        job = self._job = self._context.tell_failure(self._context.client.review())
        if not self.cards:
            self.summary.setText("Comparing everyone with everyone …")
            self.jobs.follow(job, "Looking through the gallery")
        job.succeeded.connect(lambda review: self._show(job, review))
        job.cancelled.connect(lambda: self._on_cancelled(job))

    def _on_cancelled(self, job: Job) -> None:
        if job is self._job:
            self.summary.setText("The check-up was stopped.")

    def _show(self, job: Job, review: Review) -> None:
        if job is not self._job:
            return
        clear(self._list)
        self.cards = [FindingCard(self._context, finding) for finding in review.findings[:_SHOWN]]
        for card in self.cards:
            self._list.addWidget(card)
        count, more = len(review.findings) + review.left_out, len(review.findings) + review.left_out - len(self.cards)
        findings = counted(count, "finding")
        rest = f"; the {len(self.cards)} most urgent are shown" if more else ""
        self.summary.setText(
            f"{counted(review.people, 'person was', 'people were')} compared with one another: {findings}{rest}."
        )
        self._stack.setCurrentWidget(self._scroll if self.cards else self.fine)
        self._fetch(review.findings[:_SHOWN])

    def _fetch(self, findings: Sequence[Finding]) -> None:
        wanted = {id_ for one in findings for id_ in (one.template_id, one.other_template_id)}
        self._context.client.crops(list(wanted)).succeeded.connect(self._show_crops)

    def _show_crops(self, crops: dict[int, PixelArray]) -> None:
        for card in self.cards:
            card.show_crops(crops)


class FindingCard(QFrame):
    """One finding: both crops, the sentence, what would help, and the buttons."""

    def __init__(self, context: Context, finding: Finding) -> None:
        super().__init__()
        set_look(self, "card")
        self.finding = finding
        self._context = context
        icon, title = _TITLES[finding.kind]
        self.setAccessibleName(f"{title} {finding.sentence}")
        outlier = finding.kind is FindingKind.OUTLIER
        beside = finding.other_name or finding.name
        self.first = RoundedPicture(t.THUMBNAIL_PX, f"A picture of {finding.name}")
        self.second = RoundedPicture(t.THUMBNAIL_PX, f"A picture of {beside}")
        sides = row(
            column(self.first, _caption(finding.name), None, spacing=t.GAP // 2),
            column(self.second, _caption(beside), None, spacing=t.GAP // 2),
        )
        words = column(
            row(icon_label(icon, t.ICON_PX, "accent"), label(title, "strong"), None),
            label(finding.sentence, "", wrap=True, selectable=True),
            label(finding.advice, "muted", wrap=True),
            spacing=t.GAP // 2,
        )
        self.buttons = self._outlier_buttons() if outlier else self._pair_buttons()
        words.addLayout(row(*self.buttons.values(), None))
        words.addStretch(1)
        layout = row(spacing=t.GUTTER)
        layout.setContentsMargins(t.GUTTER, t.GUTTER, t.GUTTER, t.GUTTER)
        layout.addLayout(sides)
        layout.addLayout(words, 1)
        self.setLayout(layout)

    def show_crops(self, crops: dict[int, PixelArray]) -> None:
        """Show the pictures that are meant, once they are there."""
        for picture, id_ in ((self.first, self.finding.template_id), (self.second, self.finding.other_template_id)):
            if id_ in crops:
                picture.show_pixels(crops[id_])

    def _pair_buttons(self) -> dict[str, QPushButton]:
        likely = self.finding.kind is FindingKind.SAME_PERSON
        made = {
            "merge": button("Merge", self._merge, "primary" if likely else "quiet", "merge"),
            "apart": button("Not the same", self._keep_apart, "" if likely else "quiet", "close"),
        }
        for id_, name in [] if likely else self._few():
            made[f"add {id_}"] = button(_short(name, _SHORTEST), partial(self._add, id_), "quiet", "add")
            made[f"add {id_}"].setToolTip(f"Add pictures of {name}")
            made[f"add {id_}"].setAccessibleName(f"Add pictures of {name}")
        return made

    def _few(self) -> list[tuple[int, str]]:
        """Of whom more pictures would help."""
        ids = {self.finding.name: self.finding.person_id, self.finding.other_name: self.finding.other_id}
        return [(id_, name) for name, _ in self.finding.few if (id_ := ids.get(name)) is not None]

    def _outlier_buttons(self) -> dict[str, QPushButton]:
        made = {}
        if self.finding.other_id is not None:
            made["move"] = button(f"Move to {_short(self.finding.other_name)}", self._move, "", "move")
        made["delete"] = button("Delete picture", self._delete, "quiet", "delete")
        made["right"] = button("It is right", self._confirm, "quiet", "check")
        return made

    def _merge(self) -> None:
        one = self.finding
        if one.other_id is not None:
            job = self._context.client.merge(one.other_id, one.person_id)
            self._edit(job, f"“{one.other_name}” is now part of “{one.name}”.")

    def _keep_apart(self) -> None:
        one = self.finding
        if one.other_id is not None:
            job = self._context.client.keep_apart(one.person_id, one.other_id)
            self._edit(job, f"Remembered: “{one.name}” and “{one.other_name}” are not the same.")

    def _move(self) -> None:
        one = self.finding
        if one.other_id is not None:
            job = self._context.client.move_template(one.template_id, one.other_id)
            self._edit(job, f"The picture now belongs to “{one.other_name}”.")

    def _delete(self) -> None:
        self._edit(self._context.client.delete_template(self.finding.template_id), "The picture is deleted.")

    def _confirm(self) -> None:
        job = self._context.client.confirm_template(self.finding.template_id)
        self._edit(job, f"Remembered: the picture of “{self.finding.name}” is right.")

    def _add(self, person_id: int) -> None:
        place = self._context.people.row_of(person_id)
        if place >= 0:
            self._context.open_page("enroll", self._context.people.people[place])

    def _edit(self, job: Job, done: str) -> None:
        for control in self.buttons.values():
            control.setEnabled(False)
        self._context.edit(job, done)
        job.failed.connect(self._enable)

    def _enable(self) -> None:
        for control in self.buttons.values():
            control.setEnabled(True)


def _caption(name: str) -> QWidget:
    made = label(_short(name, _SHORTEST - 1), "caption", wrap=True)
    made.setToolTip(name)
    made.setFixedWidth(t.THUMBNAIL_PX)
    return made


def _short(name: str, most: int = 18) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"
