"""How far a guided enrollment is, view by view."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QLabel, QWidget

from engine.guided import ASKS, TITLES, Guidance, Sector
from gui.theme import tokens as t
from gui.widgets.basics import column, icon_label, label, row, set_look


class GuideSteps(QFrame):
    """The views by name: a tick where there is a picture, an arrow at the one that is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: dict[Sector, tuple[QWidget, QLabel, QLabel]] = {}
        self._list = column(spacing=t.GAP // 2)
        self._list.setContentsMargins(0, 0, 0, 0)
        self.setLayout(self._list)
        self.setAccessibleName("Views")
        for sector in ASKS:
            tick, text = icon_label("check", t.ICON_PX, "good"), label(TITLES[sector])
            tick.setFixedWidth(t.ICON_PX)
            policy = tick.sizePolicy()
            policy.setRetainSizeWhenHidden(True)
            tick.setSizePolicy(policy)
            line = QWidget()
            inside = row(tick, text, None)
            inside.setContentsMargins(0, 0, 0, 0)
            line.setLayout(inside)
            self._list.addWidget(line)
            self._lines[sector] = line, tick, text

    def show_guidance(self, guidance: Guidance) -> None:
        """Show how far it is."""
        for sector, (line, tick, text) in self._lines.items():
            there, wanted = sector in guidance.covered, sector is guidance.wanted
            line.setVisible(sector in guidance.plan)
            tick.setVisible(there)
            state = "taken" if there else "next" if wanted else ""
            text.setText(f"{TITLES[sector]} · {state}" if state else TITLES[sector])
            set_look(text, "good-text" if there else "strong" if wanted else "muted")
        self.setAccessibleDescription(guidance.progress)
