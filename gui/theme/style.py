"""The stylesheet, and the switch between light and dark."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from gui.theme import tokens as t
from gui.theme.tokens import DARK, LIGHT, Palette


class Theme(QObject):
    """The scheme in use. Widgets that paint themselves ask it for colours and repaint when it changes."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._scheme = "system"
        self.text_scale = 1.0
        self.palette = LIGHT

    def install(self, application: QApplication, scheme: str, text_percent: int = 100) -> None:
        """Style the application and follow the system from now on."""
        self._application = application
        self.text_scale = text_percent / 100
        application.setStyle("Fusion")
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow)
        self.choose(scheme)

    def choose(self, scheme: str) -> None:
        """Use "light", "dark", or what the system says ("system")."""
        self._scheme = scheme
        self._follow()

    def size_text(self, percent: int) -> None:
        """Use text of so many percent of its usual size."""
        self.text_scale = percent / 100
        self._follow()

    @property
    def is_dark(self) -> bool:
        """Whether the dark scheme is in use."""
        return self.palette is DARK

    def _follow(self) -> None:
        system_dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
        dark = self._scheme == "dark" or (self._scheme == "system" and system_dark)
        self.palette = DARK if dark else LIGHT
        font = QFont(self._application.font())
        font.setPointSizeF(t.BODY_PT * self.text_scale)
        self._application.setFont(font)
        self._application.setPalette(_qt_palette(self.palette))
        self._application.setStyleSheet(stylesheet(self.palette, self.text_scale))
        self.changed.emit()


THEME = Theme()
"""The application has one look."""


def _qt_palette(p: Palette) -> QPalette:
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: p.window,
        QPalette.ColorRole.WindowText: p.text,
        QPalette.ColorRole.Base: p.surface,
        QPalette.ColorRole.AlternateBase: p.raised,
        QPalette.ColorRole.Text: p.text,
        QPalette.ColorRole.PlaceholderText: p.muted,
        QPalette.ColorRole.Button: p.surface,
        QPalette.ColorRole.ButtonText: p.text,
        QPalette.ColorRole.ToolTipBase: p.raised,
        QPalette.ColorRole.ToolTipText: p.text,
        QPalette.ColorRole.Highlight: p.accent,
        QPalette.ColorRole.HighlightedText: p.on_accent,
        QPalette.ColorRole.Link: p.accent,
    }
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText, QPalette.ColorRole.WindowText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(p.muted))
    return palette


def stylesheet(p: Palette, text_scale: float = 1.0) -> str:
    """Return the application's stylesheet for a palette and a size of text, where 1.0 is the usual one.

    Widgets choose their look with the dynamic property "look", whose values are the names in brackets below.
    """
    caption, title, display = (f"{text_scale * size:g}pt" for size in (t.CAPTION_PT, t.TITLE_PT, t.DISPLAY_PT))
    return f"""
    QWidget {{ color: {p.text}; }}
    QMainWindow, QDialog {{ background: {p.window}; }}
    QToolTip {{ background: {p.raised}; color: {p.text}; border: 1px solid {p.border}; padding: 4px 6px; }}
    *[look="card"] {{ background: {p.surface}; border: 1px solid {p.border}; border-radius: {t.RADIUS}px; }}
    *[look="sidebar"] {{ background: {p.surface}; border: none; border-right: 1px solid {p.border}; }}
    *[look="drop"] {{ background: {p.surface}; border: 2px dashed {p.border}; border-radius: {t.RADIUS}px; }}
    *[look="drop-over"] {{ background: {p.accent_soft}; border: 2px dashed {p.accent}; border-radius: {t.RADIUS}px; }}
    *[look="good"] {{ background: {p.good_soft}; border: none; border-radius: {t.RADIUS_SMALL}px; }}
    *[look="warning"] {{ background: {p.warning_soft}; border: none; border-radius: {t.RADIUS_SMALL}px; }}
    *[look="bad"] {{ background: {p.bad_soft}; border: none; border-radius: {t.RADIUS_SMALL}px; }}
    *[look="scrim"] {{ background: {p.scrim}; border: none; border-radius: {t.RADIUS}px; }}
    QLineEdit[look="title"] {{ font-size: {title}; font-weight: 600; }}
    QLabel {{ background: transparent; border: none; }}
    QLabel[look="display"] {{ font-size: {display}; font-weight: 600; }}
    QLabel[look="title"] {{ font-size: {title}; font-weight: 600; }}
    QLabel[look="title-good"] {{ font-size: {title}; font-weight: 600; color: {p.good}; }}
    QLabel[look="title-bad"] {{ font-size: {title}; font-weight: 600; color: {p.bad}; }}
    QLabel[look="strong"] {{ font-weight: 600; }}
    QLabel[look="muted"] {{ color: {p.muted}; }}
    QLabel[look="caption"] {{ color: {p.muted}; font-size: {caption}; }}
    QLabel[look="on-scrim"] {{ color: {p.on_scrim}; }}
    QLabel[look="good-text"] {{ color: {p.good}; font-weight: 600; }}
    QLabel[look="warning-text"] {{ color: {p.warning}; }}
    QLabel[look="warning-strong"] {{ color: {p.warning}; font-weight: 600; }}
    QLabel[look="bad-text"] {{ color: {p.bad}; font-weight: 600; }}
    {_buttons(p)}
    {_inputs(p)}
    {_views(p)}
    """


def _buttons(p: Palette) -> str:
    return f"""
    QPushButton, QToolButton {{
        background: {p.surface}; border: 1px solid {p.border}; border-radius: {t.RADIUS_SMALL}px;
        padding: 7px 14px; min-height: 20px;
    }}
    QToolButton {{ padding: 7px; }}
    QPushButton:hover, QToolButton:hover {{ background: {p.raised}; }}
    QPushButton:pressed, QToolButton:pressed {{ background: {p.border}; }}
    QPushButton:disabled, QToolButton:disabled {{ color: {p.muted}; background: {p.window}; }}
    QPushButton:focus, QToolButton:focus {{ border: 2px solid {p.accent}; padding: 6px 13px; }}
    QToolButton:focus {{ padding: 6px; }}
    QPushButton:checked, QToolButton:checked {{ background: {p.accent_soft}; border-color: {p.accent}; }}
    QPushButton[look="primary"] {{
        background: {p.accent}; color: {p.on_accent}; border: 1px solid {p.accent}; font-weight: 600;
    }}
    QPushButton[look="primary"]:hover {{ background: {p.accent_hover}; }}
    QPushButton[look="primary"]:disabled {{ background: {p.raised}; color: {p.muted}; border-color: {p.border}; }}
    QPushButton[look="primary"]:focus {{ border: 2px solid {p.text}; padding: 6px 13px; }}
    QPushButton::menu-indicator {{
        image: url({drawn_in(p)}/down.svg); width: 14px; height: 14px;
        subcontrol-origin: padding; subcontrol-position: center right; right: 8px;
    }}
    QPushButton[menu="true"] {{ padding-right: 28px; }}
    QPushButton[menu="true"]:focus {{ padding-right: 27px; }}
    QPushButton[look="danger"] {{ color: {p.bad}; }}
    QPushButton[look="danger"]:disabled {{ color: {p.muted}; }}
    QPushButton[look="quiet"], QToolButton[look="quiet"] {{ background: transparent; border-color: transparent; }}
    QPushButton[look="quiet"]:hover, QToolButton[look="quiet"]:hover {{ background: {p.raised}; }}
    QPushButton[look="quiet"]:focus, QToolButton[look="quiet"]:focus {{ border: 2px solid {p.accent}; }}
    QPushButton[bare="true"] {{ padding: 7px; min-width: 20px; }}
    QPushButton[bare="true"]:focus {{ padding: 6px; }}
    QPushButton[look="choice"] {{ background: transparent; border-color: transparent; text-align: left; }}
    QPushButton[look="choice"]:hover {{ background: {p.raised}; }}
    QPushButton[look="choice"]:focus {{ border: 2px solid {p.accent}; }}
    QPushButton[look="navigation"] {{
        background: transparent; border: 1px solid transparent; text-align: left; padding: 9px 12px; font-weight: 500;
    }}
    QPushButton[look="link"] {{
        background: transparent; border: 1px solid transparent; padding: 7px 0; color: {p.accent}; text-align: left;
    }}
    QPushButton[look="link"]:hover, QPushButton[look="link"]:focus {{ text-decoration: underline; }}
    QPushButton[look="link"]:focus {{ border: 1px solid {p.accent}; }}
    QPushButton[look="step"] {{ background: transparent; border: 1px solid transparent; font-weight: 600; }}
    QPushButton[look="step"]:hover {{ background: {p.raised}; }}
    QPushButton[look="step"]:checked {{ background: {p.accent_soft}; color: {p.accent}; }}
    QPushButton[look="step"]:focus {{ border: 2px solid {p.accent}; }}
    QPushButton[look="navigation"]:hover {{ background: {p.raised}; }}
    QPushButton[look="navigation"]:checked {{ background: {p.accent_soft}; color: {p.accent}; font-weight: 600; }}
    QPushButton[look="navigation"]:focus {{ border: 1px solid {p.accent}; padding: 9px 12px; }}
    """


def drawn_in(p: Palette) -> Traversable:
    """Where the small pictures of a palette's controls are."""
    return files("assets").joinpath("icons", "controls", "dark" if p is DARK else "light")


def _inputs(p: Palette) -> str:
    drawn = drawn_in(p)
    return f"""
    QLineEdit, QPlainTextEdit, QComboBox, QSpinBox, QDateEdit {{
        background: {p.surface}; border: 1px solid {p.border}; border-radius: {t.RADIUS_SMALL}px;
        padding: 6px 10px; min-height: 22px; selection-background-color: {p.accent};
        selection-color: {p.on_accent};
    }}
    QLineEdit:focus, QPlainTextEdit:focus, QComboBox:focus, QSpinBox:focus, QDateEdit:focus {{
        border: 2px solid {p.accent}; padding: 5px 9px;
    }}
    QLineEdit:disabled, QComboBox:disabled, QSpinBox:disabled {{ color: {p.muted}; background: {p.window}; }}
    QLineEdit[look="wrong"], QLineEdit[look="wrong"]:focus {{ border: 2px solid {p.bad}; padding: 5px 9px; }}
    QLineEdit > QToolButton {{ background: transparent; border: none; padding: 0; min-height: 0; }}
    QLineEdit {{ lineedit-clear-button-icon: url({drawn}/clear.svg); }}
    QComboBox::drop-down {{ border: none; width: 28px; }}
    QComboBox::down-arrow, QDateEdit::down-arrow {{ image: url({drawn}/down.svg); width: 16px; height: 16px; }}
    QComboBox QLineEdit {{ background: transparent; border: none; padding: 0; min-height: 0; }}
    QComboBox QLineEdit:focus {{ border: none; padding: 0; }}
    QDateEdit::drop-down {{ border: none; width: 28px; }}
    QSpinBox::up-button, QSpinBox::down-button {{ border: none; width: 28px; }}
    QSpinBox::up-arrow {{ image: url({drawn}/up.svg); width: 14px; height: 14px; }}
    QSpinBox::down-arrow {{ image: url({drawn}/down.svg); width: 14px; height: 14px; }}
    QComboBox QAbstractItemView {{
        background: {p.surface}; border: 1px solid {p.border}; selection-background-color: {p.accent_soft};
        selection-color: {p.text}; outline: none; padding: 4px;
    }}
    QCheckBox {{ spacing: {t.GAP}px; background: transparent; }}
    QCheckBox::indicator, QListView::indicator {{
        width: 16px; height: 16px; border: 1px solid {p.muted}; border-radius: 4px; background: {p.surface};
    }}
    QCheckBox::indicator:hover, QListView::indicator:hover {{ border-color: {p.accent}; }}
    QCheckBox::indicator:checked, QListView::indicator:checked {{
        background: {p.accent}; border-color: {p.accent}; image: url({drawn}/tick.svg);
    }}
    QCheckBox:disabled {{ color: {p.muted}; }}
    QCheckBox::indicator:disabled {{ background: {p.raised}; border-color: {p.border}; }}
    QCheckBox::indicator:checked:disabled {{ background: {p.muted}; border-color: {p.muted}; }}
    QCheckBox:focus {{ color: {p.accent}; }}
    QCheckBox::indicator:focus {{ border: 2px solid {p.accent}; }}
    QProgressBar {{
        background: {p.raised}; border: none; border-radius: 3px; max-height: 6px; min-height: 6px;
    }}
    QProgressBar::chunk {{ background: {p.accent}; border-radius: 3px; }}
    QMenu {{ background: {p.surface}; border: 1px solid {p.border}; padding: 4px; }}
    QMenu::item {{ padding: 6px 24px 6px 12px; border-radius: 4px; }}
    QMenu::item:selected {{ background: {p.accent_soft}; color: {p.text}; }}
    QMenu::item:disabled {{ color: {p.muted}; }}
    QMenu::separator {{ height: 1px; background: {p.border}; margin: 4px 8px; }}
    """


def _views(p: Palette) -> str:
    return f"""
    QListView, QScrollArea {{ background: transparent; border: none; outline: none; }}
    QScrollArea > QWidget > QWidget {{ background: transparent; }}
    QListView::item {{ border-radius: {t.RADIUS_SMALL}px; padding: 6px; color: {p.text}; }}
    QListView::item:hover {{ background: {p.raised}; }}
    QListView::item:selected {{ background: {p.accent_soft}; color: {p.text}; }}
    QListView:focus {{ border: 1px solid {p.accent}; border-radius: {t.RADIUS_SMALL}px; }}
    QTableView[look="listing"] {{
        background: {p.surface}; border: 1px solid {p.border}; border-radius: {t.RADIUS_SMALL}px; outline: none;
        color: {p.text}; selection-background-color: {p.accent_soft}; selection-color: {p.text};
    }}
    QTableView[look="listing"]:focus {{ border-color: {p.accent}; }}
    QTableView[look="listing"]::item {{ padding: 0 {t.GAP}px; border: none; }}
    QTableView[look="listing"] QHeaderView {{ background: transparent; }}
    QTableView[look="listing"] QHeaderView::section {{
        background: {p.raised}; color: {p.muted}; border: none; padding: {t.GAP}px;
    }}
    QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
    QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
    QScrollBar::handle {{ background: {p.border}; border-radius: 4px; min-height: 32px; min-width: 32px; margin: 1px; }}
    QScrollBar::handle:hover {{ background: {p.muted}; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ height: 0; width: 0; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    QStatusBar {{ background: {p.surface}; border-top: 1px solid {p.border}; color: {p.muted}; }}
    QStatusBar::item {{ border: none; }}
    QSplitter::handle {{ background: transparent; width: {t.GUTTER}px; }}
    """
