"""One person: name, tags, notes, consent, and the wall of their pictures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Unpack

from PySide6.QtCore import QDate, QModelIndex, QPoint, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDateEdit,
    QFrame,
    QGridLayout,
    QMenu,
    QPushButton,
    QWidget,
)

from engine.care import Rejection
from engine.types import Described, Person, Template
from engine.wording import counted, pictures
from gui.context import Context
from gui.engine_client import Job
from gui.itemmodels.templates import TEMPLATE, TemplatesModel
from gui.pages.person_dialog import PersonDialog
from gui.pages.rejections_dialog import RejectionsDialog
from gui.pages.split_dialog import SplitDialog
from gui.theme import tokens as t
from gui.widgets.basics import button, column, label, scrolled, set_look
from gui.widgets.commit_edits import LineCommit, TextCommit
from gui.widgets.keep_until import KeepUntil
from gui.widgets.picture_wall import PictureWall
from gui.widgets.sides import SidesLayout


class PersonPanel(QFrame):
    """Shows and edits one person. An edit is stored when its field is left."""

    chosen = Signal(int)
    """Another person should be shown: their id."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        set_look(self, "card")
        self._context = context
        self.person: Person | None = None
        self.name = LineCommit("Name")
        self.name.setMaxLength(200)
        set_look(self.name, "title")
        self._facts = label("", "caption")
        self._hint = label("Choose pictures to move, delete or split them off.", "caption")
        self.tags = LineCommit("Tags, separated by commas")
        self.tags.setPlaceholderText("family, team, …")
        self.notes = TextCommit("Notes")
        self.notes.setFixedHeight(9 * t.UNIT)
        self.purpose = LineCommit("Purpose")
        self.purpose.setPlaceholderText("What they are enrolled for")
        self.keep_until = KeepUntil()
        self.consented = QCheckBox("They consented on")
        self.consent = QDateEdit()
        self.consent.setAccessibleName("Date of consent")
        self.consent.setCalendarPopup(True)
        self.consent.setDisplayFormat("d MMM yyyy")
        self.consent.setMaximumDate(QDate.currentDate())
        self.add = button("Add pictures …", lambda: context.open_page("enroll", self.person), "", "add")
        self.check = button("Verify …", lambda: context.open_page("verify", self.person), "", "verify")
        self.merge = button("Merge into …", self._merge, "quiet", "merge")
        self.delete = button("Delete", self._delete, "quiet", "delete")
        self.rejections = button("", self._show_rejections, "quiet", "close")
        self.rejections.hide()
        self._pictures = TemplatesModel(context.client, self)
        self.wall = PictureWall(self._pictures)
        self.wall.delete_wanted.connect(self._delete_picture)
        self.wall.customContextMenuRequested.connect(self._open_menu)
        self.split = self._make_split()
        self.move_picture = button("Move to …", self._move_picture, "quiet", "move")
        self.delete_picture = button("Delete picture", self._delete_picture, "quiet", "delete")
        self._lay_out()
        self.name.committed.connect(self._rename)
        self.tags.committed.connect(lambda text: self._describe(tags=text.split(",")))
        self.notes.committed.connect(lambda text: self._describe(notes=text))
        self.purpose.committed.connect(lambda text: self._describe(purpose=text))
        self.keep_until.chosen.connect(self._on_keep_until)
        self.consented.toggled.connect(self._on_consent)
        self.consent.dateChanged.connect(self._on_consent)
        self.wall.selectionModel().selectionChanged.connect(self._update)
        self._pictures.modelReset.connect(self._update)
        self._update()

    def _lay_out(self) -> None:
        heading, about, chosen = SidesLayout(), SidesLayout(), SidesLayout()
        heading.lead(self.name)
        about.lead(self._facts)
        chosen.lead(self._hint)
        # As high as the buttons beside it once pictures are chosen, so that nothing moves then.
        self._hint.setMinimumHeight(t.CONTROL_PX)
        for controls, line in (
            ((self.add, self.check), heading),
            ((self.rejections, self.merge, self.delete), about),
            ((self.split, self.move_picture, self.delete_picture), chosen),
        ):
            for control in controls:
                line.addWidget(control)
        lines = column(heading, self._fields(), about, self.wall, chosen, spacing=t.GUTTER)
        lines.setContentsMargins(t.GUTTER, t.GUTTER, t.GUTTER, t.GUTTER)
        lines.setStretch(3, 1)
        # In a low window or with large text the pictures would be squeezed out.
        scroll = scrolled(lines, "The person")
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        around = column(scroll)
        around.setContentsMargins(0, 0, 0, 0)
        self.setLayout(around)

    def _make_split(self) -> QPushButton:
        split = button("Split into a new person …", self._split, "quiet", "split")
        split.setToolTip("The chosen pictures show somebody else: make them a person of their own")
        return split

    def _fields(self) -> QGridLayout:
        fields = QGridLayout()
        fields.setHorizontalSpacing(t.GUTTER)
        fields.setVerticalSpacing(t.GAP)
        consent = SidesLayout()
        consent.lead(self.consented)
        consent.lead(self.consent)
        for line, (text, field) in enumerate((("Tags", self.tags), ("Notes", self.notes), ("Purpose", self.purpose))):
            name = label(text, "muted")
            name.setBuddy(field)
            name.setContentsMargins(0, t.GAP, 0, 0)
            fields.addWidget(name, line, 0, Qt.AlignmentFlag.AlignTop)
            fields.addWidget(field, line, 1)
        fields.addLayout(consent, 3, 1)
        fields.addWidget(self.keep_until, 4, 1)
        return fields

    def show_person(self, person: Person | None) -> None:
        """Show someone; None shows nobody. What was being typed about another person is kept first."""
        if self.person is not None and (person is None or person.id != self.person.id):
            self.commit()
        before, self.person = self.person, person
        self.setEnabled(person is not None)
        if person is None:
            self._pictures.show_person(None)
            return
        for field, text, old in (
            (self.name, person.name, before.name if before else ""),
            (self.tags, ", ".join(person.tags), ", ".join(before.tags) if before else ""),
            (self.notes, person.notes, before.notes if before else ""),
            (self.purpose, person.purpose, before.purpose if before else ""),
        ):
            same_person = before is not None and before.id == person.id
            if not (same_person and text == old and field.hasFocus()):
                field.show_text(text)
        with QSignalBlocker(self.consented), QSignalBlocker(self.consent):
            self.consented.setChecked(person.consent_date is not None)
            self.consent.setDate(_qt_date(person))
            self.consent.setEnabled(person.consent_date is not None)
        self.keep_until.show_person(person)
        self._count_rejections(person)
        self._facts.setText(f"{pictures(person.template_count)} · enrolled {person.created_at:%d %B %Y}")
        self._pictures.show_person(person.id)

    def commit(self) -> None:
        """Keep what is being typed."""
        for field in (self.name, self.tags, self.notes, self.purpose):
            field.commit()

    @property
    def template(self) -> Template | None:
        """The chosen picture; None where there is none, or more than one."""
        chosen = self.templates
        return chosen[0] if len(chosen) == 1 else None

    @property
    def templates(self) -> list[Template]:
        """The chosen pictures."""
        chosen: list[QModelIndex] = self.wall.selectionModel().selectedIndexes()
        return [index.data(TEMPLATE) for index in chosen]

    def _update(self) -> None:
        for control in (self.move_picture, self.delete_picture):
            control.setVisible(self.template is not None)
        self.split.setVisible(self._splits)
        self._hint.setVisible(not self.templates and bool(self._pictures.templates))

    @property
    def _splits(self) -> bool:
        """Whether some pictures are chosen, and some are not."""
        return 0 < len(self.templates) < len(self._pictures.templates)

    # --- edits --------------------------------------------------------------------------------------------------

    def _rename(self, name: str) -> None:
        if self.person is not None:
            self._edit(self._context.client.rename(self.person.id, name), f"“{self.person.name}” is renamed.")

    def _describe(self, **changes: Unpack[Described]) -> None:
        if self.person is not None:
            job = self._context.client.describe(self.person.id, **changes)
            self._edit(job, f"“{self.person.name}” is updated.")

    def _on_keep_until(self, day: date | None) -> None:
        if self.person is not None:
            job = self._context.client.describe(self.person.id, expires_on=day)
            until = f"until {day:%d %B %Y}" if day else "without a last day"
            self._edit(job, f"“{self.person.name}” is kept {until}.")

    def _on_consent(self, _value: object = None) -> None:
        if self.person is None:
            return
        chosen = self.consent.date().toPython() if self.consented.isChecked() else None
        self.consent.setEnabled(self.consented.isChecked())
        if chosen != self.person.consent_date:
            job = self._context.client.describe(self.person.id, consent_date=chosen)  # type: ignore[arg-type]  # Qt's stub says object
            self._edit(job, f"The consent of “{self.person.name}” is updated.")

    def _edit(self, job: Job, done: str) -> None:
        """Follow an edit; what is shown goes back to what is stored when it fails."""
        self._context.edit(job, done)
        job.failed.connect(self._show_again)

    def _show_again(self) -> None:
        if self.person is not None:
            self.name.show_text(self.person.name)
            self.tags.show_text(", ".join(self.person.tags))
            self.notes.show_text(self.person.notes)
            self.purpose.show_text(self.person.purpose)
            self.keep_until.show_person(self.person)

    def _count_rejections(self, person: Person) -> None:
        def show(kept: list[Rejection]) -> None:
            if self.person is not None and self.person.id == person.id:
                self.rejections.setText(f"{counted(len(kept), 'face')} rejected …")
                self.rejections.setVisible(bool(kept))

        self._context.client.rejections(person.id).succeeded.connect(show)

    def _show_rejections(self) -> None:
        if self.person is not None:
            RejectionsDialog(self._context, self.person, self).open()

    def _merge(self) -> None:
        if self.person is not None:
            source = self.person

            def merge(into: Person) -> None:
                job = self._context.client.merge(source.id, into.id)
                self._context.edit(job, f"“{source.name}” is now part of “{into.name}”.")
                job.succeeded.connect(lambda _person: self.chosen.emit(into.id))

            self._ask(f"Merge {source.name} into", "Merge", source, merge)

    def _ask(self, title: str, action: str, but: Person, chosen: Callable[[Person], object]) -> None:
        PersonDialog(self._context, title, action=action, but=but, chosen=chosen, parent=self).open()

    def _delete(self) -> None:
        if self.person is not None:
            gone = self.person
            self.person = None
            job = self._context.client.delete_person(gone.id)
            self._context.edit(job, f"“{gone.name}” and {pictures(gone.template_count)} are deleted.")
            job.failed.connect(lambda *_: self.show_person(gone))

    def _move_picture(self) -> None:
        template, source = self.template, self.person
        if template is not None and source is not None:

            def move(into: Person) -> None:
                job = self._context.client.move_template(template.id, into.id)
                self._context.edit(job, f"The picture now belongs to “{into.name}”.")

            self._ask("Move the picture to", "Move", source, move)

    def _split(self) -> None:
        source, chosen = self.person, [template.id for template in self.templates]
        if source is None or not self._splits:
            return

        def split(name: str) -> Job:
            job = self._context.client.split(source.id, chosen, name)
            done = f"“{name}” is made of {pictures(len(chosen))} of “{source.name}”."
            return self._context.say_done(job, done)

        SplitDialog(source.name, len(chosen), split, self).open()

    def _delete_picture(self) -> None:
        template = self.template
        if template is not None:
            self._context.edit(self._context.client.delete_template(template.id), "The picture is deleted.")

    def _open_menu(self, place: QPoint) -> None:
        if not self.templates:
            return
        menu = QMenu(self.wall)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if self._splits:
            menu.addAction("Split into a new person …", self._split)
        if self.template is not None:
            menu.addAction("Move to …", self._move_picture)
            menu.addAction("Delete picture", self._delete_picture)
        widget: QWidget = self.wall.viewport()
        menu.popup(widget.mapToGlobal(place))


def _qt_date(person: Person) -> QDate:
    day = person.consent_date
    return QDate.currentDate() if day is None else QDate(day.year, day.month, day.day)
