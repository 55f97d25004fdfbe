"""A list that follows what has changed keeps what is chosen, what is current, and where it was scrolled to."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QItemSelectionModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester, QSignalSpy
from PySide6.QtWidgets import QListView
from pytestqt.qtbot import QtBot
from typing_extensions import override

from gui.itemmodels.following import FollowingRows

Value = tuple[int, str]
CHOOSE = QItemSelectionModel.SelectionFlag.Select


class Rows(FollowingRows[Value]):
    """Numbers with words."""

    @staticmethod
    def key(value: Value) -> int:
        """The number."""
        return value[0]

    @override
    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.values)

    @override
    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        shown = index.isValid() and role == Qt.ItemDataRole.DisplayRole
        return "{} {}".format(*self.values[index.row()]) if shown else None


VALUES = st.lists(st.tuples(st.integers(0, 12), st.sampled_from(["a", "b"])), unique_by=lambda one: one[0])


@given(before=VALUES, after=VALUES)
def test_that_rows_become_others_and_what_is_chosen_stays_chosen(
    qapp: object, before: list[Value], after: list[Value]
) -> None:
    parent = QObject()
    rows = Rows(parent)
    QAbstractItemModelTester(rows, QAbstractItemModelTester.FailureReportingMode.Fatal, parent)
    rows.follow(before)
    watched = {one[0]: QPersistentModelIndex(rows.index(row)) for row, one in enumerate(before)}
    selection = QItemSelectionModel(rows, parent)
    for row in range(0, len(before), 2):
        selection.select(rows.index(row), CHOOSE)
    rows.follow(after)
    assert [rows.index(row).data() for row in range(rows.rowCount())] == [f"{key} {word}" for key, word in after]
    stay = {one[0] for one in after} & watched.keys()
    assert all(after[watched[key].row()][0] == key for key in stay)
    chosen = {one[0] for one in before[::2]} & stay
    assert {after[index.row()][0] for index in selection.selectedIndexes()} == chosen


def test_that_only_changed_rows_are_said_to_have_changed(qapp: object) -> None:
    parent = QObject()
    rows = Rows(parent)
    rows.follow([(number, "a") for number in range(1000)])
    changed, reset = QSignalSpy(rows.dataChanged), QSignalSpy(rows.modelReset)
    rows.follow([(number, "b" if number in {7, 8, 500} else "a") for number in range(1000)])
    told = [(changed.at(number)[0].row(), changed.at(number)[1].row()) for number in range(changed.count())]
    assert told == [(7, 8), (500, 500)]
    assert reset.count() == 0


def test_that_a_long_list_stays_where_it_was_scrolled_to(qtbot: QtBot) -> None:
    view = QListView()
    qtbot.addWidget(view)
    rows = Rows(view)
    view.setModel(rows)
    rows.follow([(number, "a") for number in range(1000)])
    view.resize(200, 300)
    view.show()
    view.setCurrentIndex(rows.index(900))
    view.scrollTo(rows.index(500), QListView.ScrollHint.PositionAtTop)
    place = view.verticalScrollBar().value()
    assert place > 0
    rows.follow([(number, "a") for number in range(1000) if number != 700])
    assert view.verticalScrollBar().value() == place
    assert view.currentIndex().data() == "900 a"
