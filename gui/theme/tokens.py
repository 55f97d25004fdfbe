"""What the look is made of."""

from __future__ import annotations

from dataclasses import dataclass

UNIT = 8
"""Everything lies on this grid, in pixels."""
GAP = UNIT
GUTTER = 2 * UNIT
MARGIN = 3 * UNIT

RADIUS = 10
RADIUS_SMALL = 6
ICON_PX = 20
ICON_GAP = UNIT // 2
SIDEBAR_PX = 208
PANEL_PX = 336
SOURCE_PX = 41 * UNIT
CROP_PX = 136
THUMBNAIL_PX = 96
SMALL_THUMBNAIL_PX = 40
CONTROL_PX = 36
BOX_LINE_PX = 2.5
ILLUSTRATION_PX = 64
FORM_PX = 640
FIELD_PX = 384
PLOT_PX = 220
LOW_PLOT_PX = 128
TRIPLET_PX = 56
PROMPT_PX = 6 * UNIT

CAPTION_PT, BODY_PT, TITLE_PT, DISPLAY_PT = 9.5, 10.5, 14.0, 21.0


@dataclass(frozen=True, slots=True)
class Palette:
    """One scheme's colours, as #rrggbb. Text on its ground has a contrast of at least 4.5 (WCAG AA)."""

    window: str
    surface: str
    raised: str
    border: str
    text: str
    muted: str
    accent: str
    accent_hover: str
    on_accent: str
    accent_soft: str
    good: str
    good_soft: str
    warning: str
    warning_soft: str
    bad: str
    bad_soft: str
    scrim: str
    on_scrim: str


LIGHT = Palette(
    window="#f5f6f8",
    surface="#ffffff",
    raised="#eef0f4",
    border="#dcdfe6",
    text="#1a1d24",
    muted="#5b6270",
    accent="#3454d1",
    accent_hover="#2a45b3",
    on_accent="#ffffff",
    accent_soft="#e6ebfb",
    good="#177245",
    good_soft="#e0f3e8",
    warning="#8a5800",
    warning_soft="#fbf0d9",
    bad="#b3261e",
    bad_soft="#fbe6e4",
    scrim="#11141b",
    on_scrim="#ffffff",
)
DARK = Palette(
    window="#14161b",
    surface="#1c1f26",
    raised="#272b34",
    border="#343945",
    text="#eceef3",
    muted="#a3aab8",
    accent="#8fa5ff",
    accent_hover="#a9baff",
    on_accent="#10131c",
    accent_soft="#262e4d",
    good="#5fd39a",
    good_soft="#1b3529",
    warning="#f0bd5e",
    warning_soft="#3a2f18",
    bad="#ff8a80",
    bad_soft="#412322",
    scrim="#0b0d11",
    on_scrim="#ffffff",
)
