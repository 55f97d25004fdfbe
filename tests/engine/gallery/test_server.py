"""Galleries on a server: who may do what, what the others hear, and what is said when something fails."""

from __future__ import annotations

import os
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from engine.errors import GalleryError
from engine.gallery import server_connection, server_index, server_listener, server_setup
from engine.gallery.exchange import Arrivals, Leaving, PortablePerson, PortableTemplate, bring
from engine.gallery.schema import PersonRow
from engine.gallery.server_backend import ServerBackend
from engine.gallery.server_connection import connect, parameters
from engine.gallery.server_setup import set_up
from engine.gallery.server_vacuum import NOT_ALLOWED
from engine.gallery.sorting_layout import KeptFace, LookedAt, Placed
from engine.gallery.sorting_store import add_group, put
from engine.gallery.store import Gallery
from engine.server_address import Place, ServerAddress, gallery_place
from engine.sorting_values import GroupKind
from tests.postgres import Server
from tests.tls_proxy import certificate, encrypting

from .conftest import PACK, template

WITHIN_S = 30
SECRET = "s3cret-pass"


@pytest.fixture
def kind() -> str:
    return "server"


@pytest.fixture
def people(postgres: Server, database: str) -> Iterator[None]:
    """Users: ada may write, bob may read, eve is a stranger."""
    for name in ("ada", "bob", "eve"):
        postgres.execute(f"DROP ROLE IF EXISTS {name}")
        postgres.execute(f"CREATE ROLE {name} LOGIN")
    postgres.execute("GRANT visavis_writer TO ada")
    postgres.execute("GRANT visavis_reader TO bob")
    yield
    for name in ("ada", "bob", "eve"):
        postgres.execute(f"DROP ROLE {name}")


# --- addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["gallery.db", "/home/ada/gallery.db", "C:\\faces\\gallery.db", "postgresql.db"])
def test_that_a_path_is_a_path(text: str) -> None:
    assert gallery_place(text) == Path(text)


@pytest.mark.parametrize(
    ("url", "shown", "here"),
    [
        (f"postgresql://ada:{SECRET}@faces.example:5433/staff", "postgresql://faces.example/staff", False),
        (f"postgres://ada:{SECRET}@one.example:1,two.example:2/x", "postgresql://one.example,two.example/x", False),
        (f"postgresql://localhost/staff?user=ada&password={SECRET}", "postgresql://localhost/staff", True),
        (f"postgresql:///staff?host=/run/postgresql&password={SECRET}", "postgresql:///staff", True),
        (f"postgresql://ada:{SECRET}@[::1]:5432/staff", "postgresql://::1/staff", True),
        (f"postgresql://ada:{SECRET}@127.0.0.1/staff?hostaddr=10.0.0.1", "postgresql://10.0.0.1/staff", False),
        (f"postgresql://localhost,far.example/x?password={SECRET}", "postgresql://localhost,far.example/x", False),
    ],
)  # fmt: skip
def test_that_an_address_shows_neither_user_nor_password(url: str, shown: str, here: bool) -> None:
    address = gallery_place(url)
    assert isinstance(address, ServerAddress)
    assert str(address) == shown
    assert SECRET not in repr(address)
    assert address.here is here


def test_that_a_connection_that_leaves_the_machine_is_encrypted_unless_the_url_says_otherwise() -> None:
    assert parameters(ServerAddress("postgresql://far.example/x"))["sslmode"] == "verify-full"
    assert parameters(ServerAddress("postgresql://far.example/x?sslmode=disable"))["sslmode"] == "disable"
    assert "sslmode" not in parameters(ServerAddress("postgresql://localhost/x"))
    assert "sslmode" not in parameters(ServerAddress("postgresql:///x?host=/tmp"))


# --- several at once --------------------------------------------------------------------------------------------------


def test_that_many_clients_enroll_at_once_and_nothing_is_lost(gallery: Gallery, place: Place) -> None:
    failures: list[Exception] = []

    def client(number: int) -> None:
        mine = Gallery.open(place)
        try:
            for step in range(5):
                mine.enroll(f"Person {number} {step}", [template(100 * number + step)])
                mine.enroll("Everybody", [template(1000 + 100 * number + step)])
        except GalleryError as error:
            failures.append(error)
        finally:
            mine.close()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WITHIN_S)
    assert failures == []
    assert gallery.counts() == (26, 50)
    assert gallery.find("Everybody").template_count == 25
    ids = gallery.references(PACK).template_ids
    assert len(np.unique(ids)) == 50


def test_that_who_changes_the_gallery_for_too_long_does_not_block_others_for_ever(
    gallery: Gallery, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_connection, "_BUSY_SECONDS", 0.2)
    assert isinstance(place, ServerAddress)
    other = Gallery.open(place)
    with connect(place) as blocker, blocker.transaction():
        blocker.execute("UPDATE gallery_state SET version = version + 1")
        with pytest.raises(GalleryError, match="Somebody else is changing"):
            other.enroll("Ada", [template(1)])
        assert other.people() == [], "reading goes on"
    assert other.enroll("Ada", [template(1)]).template_count == 1
    other.close()


def test_that_an_edit_whose_connection_is_cut_is_not_there_and_the_next_one_works(
    gallery: Gallery, postgres: Server, database: str
) -> None:
    gallery.enroll("Ada", [template(1)])

    def cut(session: Session, ids: set[int]) -> None:
        session.execute(delete(PersonRow))
        postgres.cut(database, "state = 'idle in transaction'")

    with pytest.raises(GalleryError, match="was lost"):
        gallery.edit_many("Cut off", set(), cut)
    assert [person.name for person in gallery.people()] == ["Ada"]
    assert gallery.enroll("Grace", [template(2)]).template_count == 1


def test_that_numbers_are_never_given_twice(gallery: Gallery, another_window: Callable[[], Gallery]) -> None:
    first = gallery.enroll("Ada", [template(1)]).id
    gallery.delete_person(first)
    assert another_window().enroll("Grace", [template(2)]).id > first


# --- changes are heard ------------------------------------------------------------------------------------------------


def test_that_others_hear_whose_rows_were_changed(gallery: Gallery, another_window: Callable[[], Gallery]) -> None:
    other = another_window()
    ada = gallery.enroll("Ada", [template(1)]).id
    grace = gallery.enroll("Grace", [template(2)]).id
    found = other._backend.changes()
    assert found is not None
    assert found.people == {ada, grace}
    assert gallery._backend.changes() is None, "one's own changes are no news"
    gallery.add_embeddings("other", {gallery.templates(ada)[0].id: template(3, dimension=64).embedding})
    found = other._backend.changes()
    assert found is not None
    assert found.people == {ada}
    gallery.forget_pack("other")
    found = other._backend.changes()
    assert found is not None
    assert found.people is None


def test_that_who_has_missed_too_much_reads_everything_again(
    gallery: Gallery, another_window: Callable[[], Gallery], postgres: Server, database: str
) -> None:
    other = another_window()
    other.references(PACK)
    gallery.enroll("Ada", [template(1)])
    postgres.execute("DELETE FROM visavis.gallery_changes", database)
    assert len(other.references(PACK).matrix) == 1


def test_that_everybody_is_told_at_once(gallery: Gallery, another_window: Callable[[], Gallery]) -> None:
    other, told = another_window(), threading.Semaphore(0)
    other.watch(told.release)
    assert told.acquire(timeout=WITHIN_S), "once when it begins to listen"
    ada = gallery.enroll("Ada", [template(1)]).id
    assert told.acquire(timeout=WITHIN_S)
    assert other.changed_elsewhere()
    gallery.delete_person(ada)
    assert told.acquire(timeout=WITHIN_S)
    assert len(other.references(PACK).matrix) == 0


def test_that_listening_goes_on_after_the_connection_was_cut(
    gallery: Gallery, postgres: Server, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_listener, "_PAUSES_S", (0.05,))
    told = threading.Semaphore(0)
    gallery.watch(told.release)
    assert told.acquire(timeout=WITHIN_S)
    postgres.cut(database, "query LIKE 'LISTEN%'")
    assert told.acquire(timeout=WITHIN_S), "it listens again, and looks whether something was missed"


@pytest.fixture
def many_files() -> Iterator[None]:
    """So many files are open that the next one's number is above 1023."""
    resource = pytest.importorskip("resource", reason="POSIX has these limits")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    if before[1] != resource.RLIM_INFINITY and before[1] < 2048:
        pytest.skip("no more files may be opened")
    resource.setrlimit(resource.RLIMIT_NOFILE, (2048, before[1]))
    opened = [os.open(os.devnull, os.O_RDONLY)]
    while opened[-1] < 1024:
        opened.append(os.dup(opened[0]))
    yield
    for number in opened:
        os.close(number)
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_that_a_program_with_many_files_open_is_told_too(
    gallery: Gallery, place: Place, many_files: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_listener, "_ASK_EVERY_S", 0.05)
    asked, ask = threading.Semaphore(0), server_listener._ask
    monkeypatch.setattr(server_listener, "_ask", lambda raw: (ask(raw), asked.release()))
    words: list[str] = []
    told = threading.Semaphore(0)
    other = Gallery.open(place)
    other.watch(told.release, words.append)
    assert told.acquire(timeout=WITHIN_S)
    assert asked.acquire(timeout=WITHIN_S), "it asks whether the server is there"
    gallery.enroll("Ada", [template(1)])
    assert told.acquire(timeout=WITHIN_S)
    other.close()
    assert words == []


# --- rights -----------------------------------------------------------------------------------------------------------


def test_that_a_reader_reads_and_is_told_that_this_is_all(
    gallery: Gallery, people: None, postgres: Server, database: str
) -> None:
    ada = gallery.enroll("Ada", [template(1)]).id
    reader = Gallery.open(ServerAddress(postgres.url(database, "bob")))
    assert not reader.writable
    assert "not change it" in reader.protection.sentence
    assert reader.references(PACK).names[ada] == "Ada"
    for edit in (lambda: reader.delete_person(ada), lambda: reader.enroll("Eve", [template(2)])):
        with pytest.raises(GalleryError, match="visavis_writer"):
            edit()
    assert gallery.counts() == (1, 1)
    reader.close()


def test_that_a_writer_changes_people_but_not_tables(
    gallery: Gallery, people: None, postgres: Server, database: str
) -> None:
    writer = Gallery.open(ServerAddress(postgres.url(database, "ada")))
    ada = writer.enroll("Ada", [template(1)]).id
    writer.rename(ada, "Augusta")
    writer.delete_person(ada)
    assert writer.undo()
    may = postgres.execute("SHOW server_version_num")[0][0] >= "170000"
    assert writer.compact().problem == ("" if may else NOT_ALLOWED)
    import psycopg  # noqa: PLC0415

    for statement in (
        "DROP TABLE visavis.people",
        "CREATE TABLE visavis.more (id integer)",
        "UPDATE visavis.alembic_version SET version_num = '0001'",
        "DELETE FROM visavis.gallery_state",
        "TRUNCATE visavis.people",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            postgres.execute(statement, database, "ada")
    writer.close()


def test_that_a_stranger_and_who_is_no_owner_are_refused(people: None, postgres: Server, database: str) -> None:
    with pytest.raises(GalleryError, match="may not look"):
        Gallery.open(ServerAddress(postgres.url(database, "eve")))
    with pytest.raises(GalleryError, match="Only the owner"):
        set_up(ServerAddress(postgres.url(database, "bob")))
    with pytest.raises(GalleryError, match="cannot start"):
        set_up(ServerAddress(postgres.url(database)), "x; DROP TABLE people")


def test_that_setting_up_twice_changes_nothing(gallery: Gallery, place: Place) -> None:
    gallery.enroll("Ada", [template(1)])
    assert isinstance(place, ServerAddress)
    assert set_up(place) == ("visavis_reader", "visavis_writer")
    assert gallery.counts() == (1, 1)


# --- what fails -------------------------------------------------------------------------------------------------------


def test_that_a_database_without_a_gallery_says_how_to_make_one(postgres: Server) -> None:
    name = postgres.new_database("template1")
    with pytest.raises(GalleryError, match="visavis server setup"):
        Gallery.open(ServerAddress(postgres.url(name)))
    postgres.drop(name)
    with pytest.raises(GalleryError, match="no Visavis gallery"):
        Gallery.open(ServerAddress(postgres.url("nowhere")))


def test_that_a_server_without_pgvector_is_a_sentence(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    name = postgres.new_database("template1")
    monkeypatch.setattr(server_setup, "_EXTENSION", "not_there")
    with pytest.raises(GalleryError, match="no pgvector"):
        set_up(ServerAddress(postgres.url(name)))
    postgres.drop(name)


def test_that_a_pgvector_that_is_there_already_is_used_wherever_it_is(postgres: Server) -> None:
    name = postgres.new_database("template1")
    postgres.execute("CREATE SCHEMA elsewhere", name)
    postgres.execute("CREATE EXTENSION vector SCHEMA elsewhere", name)
    address = ServerAddress(postgres.url(name))
    set_up(address)
    other = Gallery.open(address)
    ada = other.enroll("Ada", [template(1)]).id
    np.testing.assert_array_equal(other.templates(ada)[0].embeddings[PACK], template(1).embedding)
    other.close()
    postgres.drop(name)


@pytest.mark.parametrize(("version", "says"), [("9999", "newer Visavis"), ("0003", "older Visavis")])
def test_that_a_gallery_of_another_version_is_left_as_it_is(
    postgres: Server, database: str, place: Place, version: str, says: str
) -> None:
    postgres.execute(f"UPDATE visavis.alembic_version SET version_num = '{version}'", database)
    with pytest.raises(GalleryError, match=says):
        Gallery.open(place)


def test_that_missing_packages_are_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "engine.gallery.server_backend", None)
    with pytest.raises(GalleryError, match=r'pip install "visavis\[server\]"'):
        Gallery.open(ServerAddress("postgresql:///x"))


@pytest.mark.parametrize(
    "url", [f"postgresql://ada:{SECRET}@127.0.0.1:1/x", f"postgresql://ada:{SECRET}@/x?host=/nowhere"]
)
def test_that_a_server_that_is_not_there_is_a_sentence_without_the_password(url: str) -> None:
    with pytest.raises(GalleryError, match="cannot be reached") as failure:
        Gallery.open(ServerAddress(url))
    assert SECRET not in "".join(traceback.format_exception(failure.value))


def test_that_an_address_that_is_none_is_a_sentence_without_the_password() -> None:
    with pytest.raises(GalleryError, match="no address") as failure:
        Gallery.open(ServerAddress(f"postgresql://ada:{SECRET}%zz@far.example/x"))
    assert SECRET not in "".join(traceback.format_exception(failure.value))


def test_that_a_wrong_password_is_a_sentence_and_the_right_one_is_found_as_libpq_finds_it(
    gallery: Gallery, postgres: Server, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres.ask_for_password("locked", SECRET)
    postgres.execute("GRANT visavis_reader TO locked")
    url = postgres.url(database, "locked")
    for address in (url, url.replace("locked@", "locked:wrong@")):
        with pytest.raises(GalleryError, match="the user or the password") as failure:
            Gallery.open(ServerAddress(address))
        assert "wrong" not in str(failure.value)
    passwords = tmp_path / "pgpass"
    passwords.write_text(f"*:*:*:locked:{SECRET}\n")
    passwords.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(passwords))
    Gallery.open(ServerAddress(url)).close()


def test_that_a_character_that_a_server_cannot_keep_is_a_sentence(gallery: Gallery) -> None:
    ada = gallery.enroll("Ada", [template(1)]).id
    with pytest.raises(GalleryError, match="cannot keep"):
        gallery.describe(ada, notes="zero \0 byte")
    assert gallery.person(ada).notes == ""


def test_that_what_only_a_file_has_is_refused_with_the_reason(gallery: Gallery, tmp_path: Path) -> None:
    for ask in (gallery.back_up, gallery.recovery_code, lambda: gallery.restore(tmp_path), lambda: gallery.path):
        with pytest.raises(GalleryError, match="on a server"):
            ask()


# --- encryption on the way --------------------------------------------------------------------------------------------


@pytest.fixture
def socket_file(postgres: Server) -> str:
    return f"{postgres.folder}/.s.PGSQL.5432"


def test_that_the_right_server_is_trusted_and_the_window_says_that_it_is_encrypted(
    gallery: Gallery, database: str, socket_file: str, tmp_path: Path
) -> None:
    files = certificate(tmp_path, "127.0.0.1")
    with encrypting(socket_file, files) as port:
        url = f"postgresql://postgres@127.0.0.1:{port}/{database}?sslmode=verify-full&sslrootcert={files[0]}"
        other = Gallery.open(ServerAddress(url))
        assert "is encrypted" in other.protection.sentence
        assert other.enroll("Ada", [template(1)]).template_count == 1
        other.close()


@pytest.mark.parametrize("problem", ["another name", "another authority"])
def test_that_a_server_that_cannot_prove_who_it_is_gets_nothing(
    place: Place, database: str, socket_file: str, tmp_path: Path, problem: str
) -> None:
    files = certificate(tmp_path, "127.0.0.1" if problem == "another authority" else "10.9.8.7")
    trusted = files[0]
    if problem == "another authority":
        (tmp_path / "other").mkdir()
        trusted = certificate(tmp_path / "other", "127.0.0.1")[0]
    with encrypting(socket_file, files) as port:
        url = f"postgresql://postgres@127.0.0.1:{port}/{database}?sslmode=verify-full&sslrootcert={trusted}"
        with pytest.raises(GalleryError, match="could not prove who it is"):
            Gallery.open(ServerAddress(url))


# --- the database itself ----------------------------------------------------------------------------------------------


def test_that_the_servers_index_never_finds_who_was_deleted(
    gallery: Gallery, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_index, "INDEX_FROM", 1)
    assert isinstance(place, ServerAddress)
    ids = [gallery.enroll(f"Person {number}", [template(number)]).id for number in range(30)]
    assert server_index.make_indexes(place, memory_mb=32) == {PACK: 30}

    def nearest(number: int) -> list[int]:
        probe = "[" + ",".join(map(str, template(number).embedding.tolist())) + "]"
        with connect(place) as connection:
            connection.execute("SET enable_seqscan = off; SET enable_sort = off")
            query = (
                "SELECT template_id FROM embeddings WHERE pack_id = 'test-pack'"
                f" ORDER BY embedding::vector(128) <#> '{probe}'::vector(128) LIMIT 1"
            )
            plan = "\n".join(row[0] for row in connection.execute("EXPLAIN " + query).fetchall())
            assert "near_" in plan
            return [row[0] for row in connection.execute(query).fetchall()]

    own = [one.id for one in gallery.templates(ids[7])]
    assert nearest(7) == own
    gallery.delete_person(ids[7])
    assert nearest(7) != own
    gallery.undo()
    assert nearest(7) == own


def test_that_people_go_from_a_file_to_a_server_and_back_unchanged(gallery: Gallery, tmp_path: Path) -> None:
    here = Gallery.open(tmp_path / "gallery.db")
    ada = here.enroll("Ada Lovelace", [template(1), template(2)]).id
    here.describe(ada, notes="Countess", tags=["maths"])
    _carry(here, gallery)
    back = Gallery.open(tmp_path / "back.db")
    _carry(gallery, back)
    for one, other in zip(here.templates(ada), back.templates(back.find("Ada Lovelace").id), strict=True):
        assert one.crop_jpeg == other.crop_jpeg
        assert one.embeddings[PACK].tobytes() == other.embeddings[PACK].tobytes()
        assert (one.quality, one.created_at) == (other.quality, other.created_at)
    assert back.find("Ada Lovelace").tags == ("maths",)
    here.close()
    back.close()


def _carry(source: Gallery, target: Gallery) -> None:
    with source.reading() as session:
        for person, _, templates in Leaving(session, None).people():
            portable = [
                PortableTemplate(
                    {made.pack_id: np.frombuffer(made.embedding, "<f4") for made in row.embeddings},
                    row.crop_jpeg,
                    {"source": row.source, "quality": row.quality, "created_at": row.created_at},
                )
                for row in templates
            ]
            moving = PortablePerson(person.name, portable, {"notes": person.notes, "tags": person.tags})
            bring(target, "Import", [moving], names=[person.name], conflict="merge", arrivals=Arrivals())


def test_that_a_sorting_is_kept_and_changed_on_a_server(gallery: Gallery, tmp_path: Path) -> None:
    store = gallery.sorting
    number = store.begin(tmp_path, PACK)
    face = KeptFace(
        (1.0, 2.0, 3.0, 4.0), 0.9, b"\0" * 40, (("sharpness", 0.5, "", ""),), 1, template(1).embedding, b"x"
    )
    store.keep(number, [LookedAt("a.jpg", 5_000_000_000, 1_800_000_000_000_000_000, faces=(face, face))])
    layout = store.layout(number)
    np.testing.assert_array_equal(layout.embeddings[0], template(1).embedding)
    assert store.looked_at(number) == {"a.jpg": (5_000_000_000, 1_800_000_000_000_000_000)}

    def group(session: Session) -> None:
        made = add_group(session, number, GroupKind.CLUSTER, number=1)
        put(session, {int(id_): Placed(made, True, (3,)) for id_ in layout.face_ids})

    change = store.change(number, group)
    assert len(store.places(number)[1]) == 1
    store.revert(number, change)
    assert store.places(number)[1] == {}
    store.delete(number)
    assert store.sortings() == []


def test_that_a_picture_that_was_altered_on_the_server_is_found(
    gallery: Gallery, postgres: Server, database: str
) -> None:
    gallery.enroll("Ada", [template(1), template(2)])
    assert gallery.check().sound
    postgres.execute("UPDATE visavis.templates SET crop_jpeg = 'other' WHERE id = 1", database)
    found = gallery.check()
    assert [problem.kind for problem in found.problems] == ["crop"]


def test_that_a_server_gallery_is_never_closed_halfway(place: Place) -> None:
    assert isinstance(place, ServerAddress)
    opened = ServerBackend.open(place)
    opened.watch(lambda: None)
    opened.watch(lambda: None)
    opened.close()
    opened.close()


def test_that_the_rows_of_who_was_erased_are_cleaned_up(gallery: Gallery, postgres: Server, database: str) -> None:
    gallery.enroll("Ada", [template(1)])
    gallery.erase_person(gallery.find("Ada").id, "abc")
    done = gallery.compact()
    assert (done.before, done.after, done.problem) == (None, None, "")
    counted = postgres.execute(
        "SELECT relname, n_dead_tup FROM pg_stat_user_tables WHERE schemaname = 'visavis' AND relname = 'people'"
        " AND last_vacuum IS NOT NULL",
        database,
    )
    assert counted == [("people", 0)]
