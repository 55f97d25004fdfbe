"""Two engines over one gallery on a server, on real faces."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import GalleryError
from engine.server_address import ServerAddress
from engine.service import FaceService
from engine.settings import Settings
from tests.postgres import Server

QUICK = Settings(precision="fp32", file_detector="mtcnn", averaging="never")
WITHIN_S = 30


@pytest.fixture
def database(postgres: Server) -> Iterator[str]:
    name = postgres.new_database()
    yield name
    postgres.drop(name)


@pytest.fixture
def here(postgres: Server, database: str) -> Iterator[FaceService]:
    made = FaceService(QUICK, ServerAddress(postgres.url(database)))
    yield made
    made.close()


def test_that_what_one_enrolls_or_deletes_counts_at_once_for_the_other(
    here: FaceService, postgres: Server, database: str, pictures: Path
) -> None:
    elsewhere = FaceService(QUICK, ServerAddress(postgres.url(database)))
    told = threading.Semaphore(0)
    elsewhere.listen(told.release)
    assert told.acquire(timeout=WITHIN_S)

    def found() -> list[str | None]:
        answer = elsewhere.identify([pictures / "eileen2.png"])[0]
        return [one.person.name if one.person else None for one in answer.identifications]

    assert found() == [None]
    eileen = here.enroll("Eileen Collins", here.judge([pictures / "eileen1.jpg"])).person
    assert told.acquire(timeout=WITHIN_S)
    assert elsewhere.gallery_changed()
    assert found() == ["Eileen Collins"]
    here.rename(eileen.id, "Colonel Collins")
    assert found() == ["Colonel Collins"]
    here.delete_person(eileen.id)
    assert found() == [None]
    here.undo()
    assert found() == ["Colonel Collins"]
    elsewhere.close()


def test_that_info_says_where_it_is_and_who_protects_it_and_no_password(
    postgres: Server, database: str, here: FaceService
) -> None:
    address = postgres.url(database).replace("postgres@", "postgres:s3cret@")
    service = FaceService(QUICK, ServerAddress(address))
    info = service.info()
    assert info.on_server
    assert info.gallery_path == f"postgresql:///{database}"
    assert "does not leave this computer" in info.protection
    assert "s3cret" not in repr(info)
    with pytest.raises(GalleryError, match="not locked from here"):
        service.lock()
    with pytest.raises(GalleryError, match="on a server"):
        service.vault.backups()
    assert service.vault.check().sound
    service.close()


def test_that_a_reader_is_told_which_pictures_nobody_has_embedded_yet(
    here: FaceService, postgres: Server, database: str, pictures: Path
) -> None:
    here.enroll("Eileen Collins", here.judge([pictures / "eileen1.jpg"]))
    postgres.execute("UPDATE visavis.embeddings SET pack_id = 'another'", database)
    postgres.execute("CREATE ROLE looker LOGIN IN ROLE visavis_reader")
    reader = FaceService(QUICK, ServerAddress(postgres.url(database, "looker")))
    assert "may not change this gallery" in reader.info().pack_problem
    assert reader.identify([pictures / "eileen2.png"])[0].identifications[0].person is None
    reader.close()
    postgres.execute("DROP ROLE looker")
