"""The window over a gallery on a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

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
    for button in (card.passphrase, card.keyring, card.recovery, card.lock, card.backups):
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


def _names(window: MainWindow) -> list[str]:
    return [person.name for person in window.context.people.people]
