"""The Sort page over a large sorted folder: how long the GUI thread stalls while it opens, scrolls and obeys keys.

python benchmarks/sorting_window.py GALLERY PICTURES

GALLERY is a copy: people are enrolled in it. PICTURES is where two pictures of the page are left.
"""

from __future__ import annotations

import os
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from large_window import STEP_MS, Heart, _each, _wait
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.settings import Settings
from engine.sorting_values import GroupKind
from gui.engine_client import EngineClient
from gui.main_window import MainWindow
from gui.pages.sort import SortPage
from gui.pages.sort_dialogs import NameDialog
from gui.settings_store import SettingsStore
from gui.theme.style import THEME

LONGEST_S = 60.0
LONG_MS = 100


class Hand:
    """Works the page by key, and notes how long each action takes until its result is in sight."""

    def __init__(self, page: SortPage, heart: Heart) -> None:
        self.page, self.heart = page, heart
        self.took: dict[str, float] = {}

    def press(self, doing: str, key: Qt.Key, *, answer: Callable[[], None] = lambda: None) -> None:
        """Press a key on the list of groups, and wait for what comes of it."""
        groups = self.page.groups
        if not groups.list.hasFocus() and not groups.wall.hasFocus():
            groups.list.setFocus()
        before, self.heart.doing, start = self.page.result, doing, perf_counter()
        QTest.keyClick(QApplication.focusWidget() or groups.list, key)
        answer()
        _wait(lambda: self.page.result is not before, LONGEST_S)
        assert self.page.result is not before, doing
        _wait(self.faces_shown, LONGEST_S)
        self.took[doing] = perf_counter() - start

    def go_to(self, kind: GroupKind, doing: str) -> None:
        """Show the first group of a kind."""
        groups = self.page.groups
        # After a dialog the keys go to nobody until the window is the active one again.
        self.page.window().activateWindow()
        _wait(self.page.window().isActiveWindow, LONGEST_S)
        row = next(row for row, one in enumerate(groups.groups.groups) if one.kind is kind)
        self.heart.doing, start = doing, perf_counter()
        groups.list.setFocus()
        groups.list.setCurrentIndex(groups.groups.index(row))
        _wait(self.faces_shown, LONGEST_S)
        self.took[doing] = perf_counter() - start

    def faces_shown(self) -> bool:
        """Whether the group in sight has its faces on the wall."""
        current = self.page.groups.current
        return current is None or len(self.page.groups.faces.faces) == current.count


def measure(gallery: Path, place: Path) -> None:
    """Print the figures, and leave pictures of the page in both schemes."""
    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)
    store = SettingsStore(Settings(page="sort"), place / "settings.toml")
    THEME.install(application, "light")
    client = EngineClient(store.value, gallery)
    window = MainWindow(client, store)
    window.resize(1200, 800)
    window.show()
    client.start()
    page = window.page
    assert isinstance(page, SortPage)
    _wait(lambda: bool(page.start.lines) and not client.busy, LONGEST_S)
    heart = Heart()
    hand = Hand(page, heart)
    heart.doing, start = "opening the folder", perf_counter()
    page.start.lines[0].open.click()
    _wait(lambda: page.result is not None and hand.faces_shown(), LONGEST_S)
    assert page.result is not None
    faces, count = page.result.sorting.faces, len(page.result.groups)
    print(f"{faces:,} faces, {count:,} groups: open in {perf_counter() - start:.2f} s")
    _work(hand)
    heart.stop()
    for scheme in ("light", "dark"):
        THEME.install(application, scheme)
        _wait(lambda: not client.busy, LONGEST_S)
        _wait(lambda: False, 1.0)
        window.grab().save(str(place / f"sort-{scheme}.png"))
    window.close()
    print("until the result is in sight: " + ", ".join(f"{doing} {took:.2f} s" for doing, took in hand.took.items()))
    everything = sorted(gap for gaps in heart.gaps.values() for gap in gaps)
    work = [gap for gaps in heart.worked.values() for gap in gaps]
    print(
        f"GUI thread, all of it: stall median {statistics.median(everything):.1f} ms, "
        f"p99 {np.percentile(everything, 99):.1f} ms, longest {everything[-1]:.1f} ms, "
        f"{sum(gap > LONG_MS for gap in everything)} over {LONG_MS} ms of {len(everything):,}; "
        f"of the processor p99 {np.percentile(work, 99):.1f} ms, most {max(work):.1f} ms"
    )
    for doing, gaps in heart.gaps.items():
        work = heart.worked[doing]
        print(
            f"GUI thread, {doing}: stall median {statistics.median(gaps):.1f} ms, "
            f"p99 {np.percentile(gaps, 99):.1f} ms, longest {max(gaps):.1f} ms, over {len(gaps):,} beats; "
            f"of the processor p99 {np.percentile(work, 99):.1f} ms, most {max(work):.1f} ms"
        )


def _work(hand: Hand) -> None:
    page, heart = hand.page, hand.heart
    groups = page.groups
    for doing, view in (("scrolling the groups", groups.list), ("scrolling the faces on their own", groups.wall)):
        if view is groups.wall:
            hand.go_to(GroupKind.ALONE, "showing the faces on their own")
        heart.doing = doing
        bar = view.verticalScrollBar()
        _each(STEP_MS, (lambda at=at, bar=bar: bar.setValue(at * bar.maximum() // 200) for at in range(201)))
    heart.doing = "choosing all faces on their own"
    groups.wall.setFocus()
    QTest.keyClick(groups.wall, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    _wait(lambda: False, 0.5)
    heart.doing = "letting go of them"
    QTest.keyClick(groups.wall, Qt.Key.Key_Escape)
    _wait(lambda: False, 0.5)

    def give_name() -> None:
        asked = next(one for one in QApplication.topLevelWidgets() if isinstance(one, NameDialog) and one.isVisible())
        asked.name.setText("Ada Lovelace")
        asked.accept_button.click()

    if any(one.kind is GroupKind.KNOWN for one in groups.groups.groups):
        hand.go_to(GroupKind.KNOWN, "showing a proposed name")
        hand.press("confirming", Qt.Key.Key_C)
        hand.press("undoing that", Qt.Key.Key_U)
        hand.press("doing it again", Qt.Key.Key_R)
        if any(one.kind is GroupKind.KNOWN for one in groups.groups.groups):
            hand.go_to(GroupKind.KNOWN, "showing another")
            hand.press("refusing a name", Qt.Key.Key_X)
    hand.go_to(GroupKind.CLUSTER, "showing unknown people")
    hand.press("naming", Qt.Key.Key_N, answer=give_name)
    hand.go_to(GroupKind.CLUSTER, "showing the next")
    groups.wall.setFocus()
    QTest.keyClick(groups.wall, Qt.Key.Key_Space)
    hand.press("splitting off", Qt.Key.Key_S)
    hand.go_to(GroupKind.CLUSTER, "showing the next but one")
    QTest.keyClick(groups.list, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    hand.press("merging", Qt.Key.Key_M)
    hand.go_to(GroupKind.CLUSTER, "showing another one")
    hand.press("ignoring", Qt.Key.Key_I)
    for number in range(4):
        hand.press(f"undo {number + 1}", Qt.Key.Key_U)
    hand.press("redo", Qt.Key.Key_R)


if __name__ == "__main__":
    measure(Path(sys.argv[1]), Path(sys.argv[2]))
