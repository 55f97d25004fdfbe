"""A gallery's server that goes and comes back: who listens is told, and what happened meanwhile is read."""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
from collections.abc import Iterator

import pytest

from engine.errors import GalleryError
from engine.gallery import server_listener
from engine.gallery.store import Gallery
from engine.server_address import Place
from tests.postgres import Server

from .conftest import PACK, template

WITHIN_S = 30


@pytest.fixture
def kind() -> str:
    return "server"


@pytest.fixture
def stoppable(postgres: Server) -> Iterator[Server]:
    """The server, which runs again at the end."""
    yield postgres
    postgres.start()


@pytest.fixture
def only_when_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that has gone is tried once at once, and then when somebody says so."""
    monkeypatch.setattr(server_listener, "_PAUSES_S", (0.05, 3600.0))


def test_that_who_listens_is_told_that_the_server_has_gone_and_that_it_is_back(
    gallery: Gallery, stoppable: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_listener, "_PAUSES_S", (0.05,))
    words: queue.Queue[str] = queue.Queue()
    told = threading.Semaphore(0)
    gallery.watch(told.release, words.put)
    assert told.acquire(timeout=WITHIN_S)
    stoppable.stop()
    sentence = words.get(timeout=WITHIN_S)
    assert "cannot be reached" in sentence
    assert "goes on trying" in sentence
    assert "postgres@" not in sentence
    stoppable.start()
    assert words.get(timeout=WITHIN_S) == ""
    assert told.acquire(timeout=WITHIN_S), "and looks what has happened meanwhile"


def test_that_what_others_changed_meanwhile_is_read(
    gallery: Gallery, place: Place, stoppable: Server, only_when_told: None
) -> None:
    words: queue.Queue[str] = queue.Queue()
    told = threading.Semaphore(0)
    gallery.watch(told.release, words.put)
    assert told.acquire(timeout=WITHIN_S)
    stoppable.stop()
    assert words.get(timeout=WITHIN_S)
    with pytest.raises(GalleryError, match="cannot be reached"):
        gallery.enroll("Ada", [template(1)])
    stoppable.start()
    other = Gallery.open(place)
    other.enroll("Grace", [template(2)])
    gallery.try_now()
    assert words.get(timeout=WITHIN_S) == ""
    assert told.acquire(timeout=WITHIN_S)
    assert gallery.changed_elsewhere()
    assert len(gallery.references(PACK).matrix) == 1
    gallery.enroll("Ada", [template(1)])
    assert {person.name for person in other.people()} == {"Ada", "Grace"}
    other.close()


def test_that_a_connection_that_was_merely_cut_is_made_anew_without_a_word(
    gallery: Gallery, postgres: Server, database: str, only_when_told: None
) -> None:
    words: list[str] = []
    told = threading.Semaphore(0)
    gallery.watch(told.release, words.append)
    assert told.acquire(timeout=WITHIN_S)
    postgres.cut(database, "query LIKE 'LISTEN%'")
    assert told.acquire(timeout=WITHIN_S)
    assert words == []


@pytest.mark.skipif(sys.platform == "win32", reason="no process can be held there")
def test_that_a_server_that_says_nothing_any_more_has_gone(
    gallery: Gallery, postgres: Server, database: str, monkeypatch: pytest.MonkeyPatch, only_when_told: None
) -> None:
    monkeypatch.setattr(server_listener, "_ASK_EVERY_S", 0.05)
    told = threading.Semaphore(0)
    gallery.watch(told.release)
    assert told.acquire(timeout=WITHIN_S)
    monkeypatch.setattr(server_listener, "_ANSWER_WITHIN_S", 0.2)
    asking = "query IN ('LISTEN visavis_gallery', 'SELECT 1')"
    (row,) = postgres.execute(f"SELECT pid FROM pg_stat_activity WHERE datname = '{database}' AND {asking}")
    os.kill(row[0], signal.SIGSTOP)
    try:
        assert told.acquire(timeout=WITHIN_S), "it listens on another connection"
    finally:
        os.kill(row[0], signal.SIGCONT)
    other = threading.Semaphore(0)
    gallery.watch(other.release)
    assert other.acquire(timeout=WITHIN_S)


def test_that_it_stops_at_once_while_the_server_is_away(
    gallery: Gallery, stoppable: Server, only_when_told: None
) -> None:
    words: queue.Queue[str] = queue.Queue()
    gallery.watch(lambda: None, words.put)
    stoppable.stop()
    assert words.get(timeout=WITHIN_S)
    gallery.close()
    assert not [one for one in threading.enumerate() if one.name == "gallery-listener"]
