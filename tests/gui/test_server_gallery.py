"""The window over a gallery on a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.gallery import server_listener
from engine.gallery.store import Gallery
from engine.server_address import ServerAddress
from engine.types import NewTemplate
from gui.main_window import MainWindow
from gui.pages.settings import SettingsPage
from tests.postgres import Server

from .conftest import WITHIN_MS, settle


@pytest.fixture
def database(postgres: Server) -> Iterator[str]:
    name = postgres.new_database()
    yield name
    postgres.drop(name)


@pytest.fixture
def stoppable(postgres: Server) -> Iterator[Server]:
    """The server, which runs again at the end."""
    yield postgres
    postgres.start()


@pytest.fixture
def gallery_path(postgres: Server, database: str, two_people: Path) -> ServerAddress:
    """The two people, on a server."""
    address = ServerAddress(postgres.url(database))
    source, target = Gallery.open(two_people), Gallery.open(address)
    for person in source.people():
        for one in source.templates(person.id):
            for pack_id, embedding in one.embeddings.items():
                target.enroll(person.name, [NewTemplate(embedding, pack_id, one.crop_jpeg, one.source, one.quality)])
    source.close()
    target.close()
    return address


def test_that_the_window_says_that_the_gallery_is_on_a_server_and_offers_what_goes_there(
    qtbot: QtBot, open_window: Callable[..., MainWindow], database: str
) -> None:
    window = open_window()
    text = window.status.gallery.text()
    assert text == f"Gallery: postgresql:///{database}, on a server, 2 people"
    window.open_page("settings")
    settle(qtbot, window)
    page = window.page
    assert isinstance(page, SettingsPage)
    card = page.protection
    assert "its owner protects" in card.sentence.text()
    for button in (card.passphrase, card.keyring, card.recovery, card.lock, card.backups, card.compact):
        assert button.isHidden()
    assert not card.check.isHidden()
    assert page.about.open.isHidden()


def test_that_the_window_shows_what_another_one_changes_without_looking_for_it(
    qtbot: QtBot, open_window: Callable[..., MainWindow], gallery_path: ServerAddress
) -> None:
    window = open_window()
    window.client._look.stop()
    settle(qtbot, window)
    other = Gallery.open(gallery_path)
    with qtbot.waitSignal(window.client.gallery_changed, timeout=WITHIN_MS):
        other.rename(other.find("Grace Hopper").id, "Admiral Hopper")
    qtbot.waitUntil(lambda: "Admiral Hopper" in _names(window), timeout=WITHIN_MS)
    other.close()


def test_that_the_window_goes_on_after_the_connection_was_cut(
    qtbot: QtBot, open_window: Callable[..., MainWindow], postgres: Server, database: str
) -> None:
    window = open_window()
    postgres.cut(database, "true")
    person = window.context.people.find("Grace Hopper")
    assert person is not None
    with qtbot.waitSignal(window.client.rename(person.id, "Admiral Hopper").succeeded, timeout=WITHIN_MS):
        pass
    qtbot.waitUntil(lambda: "Admiral Hopper" in _names(window), timeout=WITHIN_MS)
    settle(qtbot, window)


def test_that_the_window_says_that_the_server_has_gone_loses_no_action_silently_and_says_when_it_is_back(
    qtbot: QtBot,
    open_window: Callable[..., MainWindow],
    gallery_path: ServerAddress,
    stoppable: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server_listener, "_PAUSES_S", (0.05, 3600.0))
    window = open_window()
    assert window.status.try_now.isHidden()
    stoppable.stop()
    qtbot.waitUntil(lambda: any("goes on trying" in text for text in window.toasts.texts), timeout=WITHIN_MS)
    settle(qtbot, window)
    assert "its server cannot be reached" in window.status.gallery.text()
    assert window.status.try_now.isVisible()
    window.toasts.clear()
    grace = window.context.people.find("Grace Hopper")
    assert grace is not None
    window.context.edit(window.client.rename(grace.id, "Captain Hopper"), "Renamed.")
    qtbot.waitUntil(lambda: any("cannot be reached" in text for text in window.toasts.texts), timeout=WITHIN_MS)
    window.toasts.clear()
    # Nobody connects to the failure of this one.
    window.client.templates(grace.id)
    qtbot.waitUntil(lambda: any("cannot be reached" in text for text in window.toasts.texts), timeout=WITHIN_MS)
    assert "Grace Hopper" in _names(window), "what was read is still shown"
    stoppable.start()
    other = Gallery.open(gallery_path)
    other.rename(grace.id, "Admiral Hopper")
    other.close()
    window.status.try_now.click()
    qtbot.waitUntil(
        lambda: "The gallery's server is back. What others changed meanwhile is shown." in window.toasts.texts,
        timeout=WITHIN_MS,
    )
    qtbot.waitUntil(lambda: "Admiral Hopper" in _names(window), timeout=WITHIN_MS)
    settle(qtbot, window)
    assert window.status.gallery.text().endswith("on a server, 2 people")
    assert window.status.try_now.isHidden()


def _names(window: MainWindow) -> list[str]:
    return [person.name for person in window.context.people.people]
