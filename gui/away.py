"""Tells that the gallery's server has gone, and that it is back."""

from __future__ import annotations

from PySide6.QtCore import QObject

from gui.engine_client import EngineClient
from gui.status_line import StatusLine
from gui.widgets.toast import ToastHost


class AwayNews(QObject):
    """Says it once in a message, and in the status line for as long as it lasts; the engine tries again by itself."""

    def __init__(self, client: EngineClient, status: StatusLine, toasts: ToastHost, parent: QObject) -> None:
        """Watch; lives as long as its parent."""
        super().__init__(parent)
        self._client, self._status, self._toasts = client, status, toasts
        self._said = ""
        client.server_away.connect(self._on_away)
        client.server_back.connect(self._on_back)
        client.untold.connect(self._on_untold)
        status.asked.connect(self._try_now)

    def _on_away(self, why: str) -> None:
        self._toasts.dismiss(self._said)
        self._said = why
        self._toasts.show(why, "bad", action="Try now", act=self._try_now)
        self._status.show_away(why)

    def _on_back(self, changed: bool) -> None:
        self._toasts.dismiss(self._said)
        read = "What others changed meanwhile is shown." if changed else "Nobody changed anything meanwhile."
        self._toasts.show(f"The gallery's server is back. {read}", "good")
        self._status.show_away("")

    def _on_untold(self, sentence: str) -> None:
        self._toasts.show(sentence, "bad")

    def _try_now(self) -> None:
        self._client.try_server()
