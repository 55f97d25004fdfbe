"""Packs are installed whole and as published, or not at all."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import socket
import zipfile
from collections.abc import Callable, Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.errors import BadInputError, OperationCancelledError, PackError
from engine.networks.architectures import ARCHITECTURES
from engine.pack_values import PackFile, PackKind
from engine.packs import download as downloading
from engine.packs.catalogue import CATALOGUE, MINIFASNET, Published
from engine.packs.installed import find_pack, installed_files, is_installed, list_packs, packs_folder
from engine.packs.installing import PARTS, install_by_download, install_from_files, partial_bytes
from engine.types import CancelToken, Progress, silent
from tests.pack_server import Answer, Server, cut_after, serving, well
from tests.proxy import Proxy, passing_on
from tests.tls_proxy import certificate

FIRST = np.random.default_rng(1).bytes(300_000)
ELSEWHERE = "192.0.2.1"
SECOND = np.random.default_rng(2).bytes(70_000)


def published(**changes: object) -> Published:
    files = tuple(
        PackFile(name, hashlib.sha256(content).hexdigest(), len(content), f"https://example.invalid/{name}")
        for name, content in (("first.bin", FIRST), ("second.bin", SECOND))
    )
    about: dict[str, object] = {
        "id": "small", "kind": PackKind.PAD, "title": "Small", "architecture": "None", "licence": "CC0",
        "commercial_use": True, "source": "https://example.invalid", "files": files,
    }  # fmt: skip
    return Published(**(about | changes))  # type: ignore[arg-type]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Published:
    """A pack of two small files, in the catalogue."""
    made = published()
    monkeypatch.setitem(CATALOGUE, made.id, made)
    return made


@pytest.fixture
def server(small: Published) -> Iterator[Server]:
    with serving({"first.bin": FIRST, "second.bin": SECOND}) as served:
        yield served


def get(server: Server, report: Callable[[Progress], None] = silent, token: CancelToken | None = None) -> None:
    install_by_download("small", report, token or CancelToken(), source=server.url)


def left_behind() -> set[str]:
    """Everything in the folder of packs that is neither a lock nor a part to go on from."""
    return {
        one.relative_to(packs_folder()).as_posix()
        for one in packs_folder().rglob("*")
        if one.is_file() and one.suffix != ".lock" and one.parent.name != PARTS
    }


def parts() -> list[str]:
    return sorted(one.name for one in (packs_folder() / PARTS).iterdir() if one.suffix != ".lock")


def test_that_a_downloaded_pack_holds_the_published_files(server: Server) -> None:
    told: list[Progress] = []
    get(server, told.append)
    files = installed_files("small")
    assert {name: file.read() for name, file in files.items()} == {"first.bin": FIRST, "second.bin": SECOND}
    assert is_installed("small")
    assert told[-1].done == told[-1].total == (len(FIRST) + len(SECOND)) // 1024
    assert [one.done for one in told] == sorted(one.done for one in told)
    assert parts() == []
    assert all(one.stat().st_mode & 0o077 == 0 for one in (packs_folder() / "small").iterdir())
    with pytest.raises(PackError, match="installed already"):
        get(server)


def test_that_nothing_is_asked_for_before_it_is_installed(server: Server) -> None:
    with pytest.raises(PackError, match="“Small” is not installed. Install it"):
        installed_files("small")
    assert not is_installed("small")
    assert server.asked == []


def test_that_a_cut_download_goes_on_where_it_was(server: Server, small: Published) -> None:
    server.answer = cut_after(100_000)
    with pytest.raises(PackError, match="was cut.* goes on where it was"):
        get(server)
    assert left_behind() == set()
    there = partial_bytes(small)
    assert 0 < there <= 100_000
    get(server)
    ranges = [headers.get("Range") for _, headers in server.asked]
    assert f"bytes={there}-" in ranges
    assert installed_files("small")["first.bin"].read() == FIRST


def test_that_a_cancelled_download_goes_on_where_it_was(server: Server, small: Published) -> None:
    token = CancelToken()

    def stop(progress: Progress) -> None:
        if progress.done > 100:
            token.cancel()

    with pytest.raises(OperationCancelledError):
        get(server, stop, token)
    assert partial_bytes(small) > 0
    get(server)
    assert is_installed("small")


def test_that_a_changed_file_on_the_server_is_fetched_anew(server: Server, small: Published) -> None:
    server.answer = cut_after(100_000)
    with pytest.raises(PackError):
        get(server)
    part = next((packs_folder() / PARTS).glob("*.part"))
    # What came was of another version.
    part.write_bytes(b"\0" * part.stat().st_size)
    part.with_name(f"{part.name}.json").write_text(json.dumps({"validator": '"older"'}))
    server.answer = well
    get(server)
    assert installed_files("small")["first.bin"].read() == FIRST


def test_that_a_part_without_a_validator_is_not_trusted(server: Server, small: Published) -> None:
    folder = packs_folder() / PARTS
    folder.mkdir(parents=True)
    (folder / f"{small.files[0].sha256[:16]}.part").write_bytes(b"\0" * 1000)
    get(server)
    assert "Range" not in server.asked[0][1]
    assert is_installed("small")


def test_that_a_wrong_checksum_leaves_nothing_behind(server: Server) -> None:
    altered = bytearray(FIRST)
    altered[1000] ^= 1
    server.files = {"first.bin": bytes(altered), "second.bin": SECOND}
    with pytest.raises(PackError, match="is not the published file: its SHA-256 begins with"):
        get(server)
    assert left_behind() == set()
    assert parts() == []
    assert not is_installed("small")


def _html(handler: BaseHTTPRequestHandler, _content: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "text/html; charset=utf-8")
    handler.send_header("Content-Length", "6")
    handler.end_headers()
    handler.wfile.write(b"<html>")


def _redirect_to(url: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler, _content: bytes) -> None:
        handler.send_response(302)
        handler.send_header("Location", url)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def _endless(handler: BaseHTTPRequestHandler, content: bytes) -> None:
    """Sends more than the file has, without saying how much."""
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(content + content)
    handler.close_connection = True


def _lying(handler: BaseHTTPRequestHandler, content: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content) + 5))
    handler.end_headers()
    handler.wfile.write(content + b"12345")


def _other_part(handler: BaseHTTPRequestHandler, content: bytes) -> None:
    handler.send_response(206)
    handler.send_header("Content-Range", f"bytes 7-{len(content) - 1}/{len(content)}")
    handler.send_header("Content-Length", str(len(content) - 7))
    handler.end_headers()
    handler.wfile.write(content[7:])


def _busy(handler: BaseHTTPRequestHandler, _content: bytes) -> None:
    handler.send_error(503)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (_html, "sent a web page in place of “first.bin”"),
        (_redirect_to("http://example.invalid/first.bin"), "Packs come over https only"),
        (_redirect_to("file:///etc/hostname"), "Packs come over https only"),
        (_redirect_to("first.bin"), "from one address to the next"),
        (_endless, "sent more than the 300,000 bytes"),
        (_lying, "offers 300,005 bytes as “first.bin”, which has 300,000"),
        (_other_part, "another part of “first.bin” than asked for"),
        (_busy, "does not give out “first.bin” .503"),
    ],
    ids=["web page", "http", "file", "loop", "endless", "lying", "other part", "busy"],
)
def test_that_a_bad_server_gets_nothing_installed(server: Server, answer: Answer, sentence: str) -> None:
    server.answer = answer
    with pytest.raises(PackError, match=sentence) as refused:
        get(server)
    assert len(str(refused.value)) < 260
    assert left_behind() == set()
    assert parts() == []


def test_that_a_missing_server_is_said(small: Published) -> None:
    with serving({}) as gone:
        url = gone.url
    with pytest.raises(
        PackError, match=r"127.0.0.1:\d+ cannot be reached.*try again; or install “first.bin” from a file"
    ):
        install_by_download("small", silent, CancelToken(), source=url)
    assert left_behind() == set()


@pytest.fixture
def proxied(small: Published, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Server, Proxy]]:
    """A server that only the environment's proxy reaches: its address, of those for documents, is nobody's."""
    key = certificate(tmp_path, ELSEWHERE)
    monkeypatch.setenv("SSL_CERT_FILE", str(key[0]))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    with (
        serving({"first.bin": FIRST, "second.bin": SECOND}, key) as server,
        passing_on(int(server.url.rpartition(":")[2])) as proxy,
    ):
        server.url = f"https://{ELSEWHERE}"
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        yield server, proxy


def test_that_a_pack_comes_through_the_proxy_and_is_looked_at_by_nobody(proxied: tuple[Server, Proxy]) -> None:
    server, proxy = proxied
    server.answer = cut_after(100_000)
    with pytest.raises(PackError, match="was cut.* goes on where it was"):
        get(server)
    get(server)
    assert installed_files("small")["first.bin"].read() == FIRST
    assert set(proxy.asked) == {f"{ELSEWHERE}:443"}, "it is told where to, and the rest is encrypted"
    assert any(headers.get("Range") for _, headers in server.asked)
    assert parts() == []


@pytest.mark.parametrize("status", [HTTPStatus.PROXY_AUTHENTICATION_REQUIRED, HTTPStatus.FORBIDDEN])
def test_that_a_proxy_that_refuses_is_said_and_leaves_nothing(
    proxied: tuple[Server, Proxy], status: HTTPStatus
) -> None:
    server, proxy = proxied
    proxy.refuses = status
    with pytest.raises(PackError, match="The proxy refused to fetch “first.bin”. Check the system's proxy settings."):
        get(server)
    assert len(proxy.asked) == 1
    assert server.asked == []
    assert left_behind() == set()
    assert parts() == []
    assert not is_installed("small")


def test_that_a_proxy_that_is_not_there_is_said_and_leaves_nothing(
    proxied: tuple[Server, Proxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, _ = proxied
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{nobody.getsockname()[1]}")
        with pytest.raises(PackError, match="cannot be reached. Check the network"):
            get(server)
    assert left_behind() == set()
    assert parts() == []


def test_that_this_machine_is_asked_without_the_proxy(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://192.0.2.7:9")
    get(server)
    assert is_installed("small")


def test_that_a_redirect_on_the_way_is_followed(server: Server) -> None:
    def answer(handler: BaseHTTPRequestHandler, content: bytes) -> None:
        if handler.path.startswith("/elsewhere/"):
            well(handler, content)
        else:
            _redirect_to(f"/elsewhere{handler.path}")(handler, content)

    server.files = dict(server.files) | {f"elsewhere/{name}": content for name, content in server.files.items()}
    server.answer = answer
    get(server)
    assert is_installed("small")


def test_that_plain_http_is_only_for_this_machine(small: Published) -> None:
    with pytest.raises(PackError, match="asked without encryption"):
        install_by_download("small", silent, CancelToken(), source="http://example.invalid/packs")


def test_that_a_full_disk_is_noticed_before(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloading, "_ROOM", 1 << 60)
    with pytest.raises(PackError, match="The disk has .* MB left"):
        get(server)
    assert server.asked == []


def test_that_a_disk_that_fills_up_leaves_nothing_behind(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(downloading, "_copy", full)
    with pytest.raises(PackError, match="cannot be stored: No space left on device. Make room"):
        get(server)
    assert parts() == []
    assert left_behind() == set()


def test_that_what_a_killed_installation_left_is_swept(server: Server) -> None:
    (packs_folder() / ".installing-small").mkdir(parents=True)
    (packs_folder() / ".installing-small" / "first.bin").write_bytes(b"half")
    get(server)
    assert left_behind() == {"small/first.bin", "small/second.bin", "small/pack.json"}


def test_that_an_altered_file_is_refused_at_its_next_use(server: Server) -> None:
    get(server)
    place = packs_folder() / "small" / "second.bin"
    place.chmod(0o600)
    place.write_bytes(SECOND[:-1] + b"x")
    with pytest.raises(PackError, match="“second.bin” of the pack “small” is damaged or was altered. Install “Small”"):
        installed_files("small")["second.bin"].read()
    place.unlink()
    with pytest.raises(PackError, match="cannot be read: No such file"):
        installed_files("small")["second.bin"].read()
    assert not is_installed("small")


def test_that_the_folders_own_list_cannot_change_a_published_digest(server: Server) -> None:
    get(server)
    place = packs_folder() / "small"
    (place / "second.bin").write_bytes(b"evil")
    about = json.loads((place / "pack.json").read_text())
    about["files"]["second.bin"] = hashlib.sha256(b"evil").hexdigest()
    (place / "pack.json").write_text(json.dumps(about))
    with pytest.raises(PackError, match="altered"):
        installed_files("small")["second.bin"].read()


# --- local files -------------------------------------------------------------------------------------------------


def test_that_local_files_are_told_by_what_they_hold(small: Published, tmp_path: Path) -> None:
    # Browsers rename what is there already.
    (tmp_path / "first (1).bin").write_bytes(FIRST)
    (tmp_path / "other.bin").write_bytes(SECOND)
    (tmp_path / "notes.txt").write_text("mine")
    install_from_files("small", tmp_path)
    assert installed_files("small")["second.bin"].read() == SECOND


def test_that_another_file_is_refused(small: Published, tmp_path: Path) -> None:
    (tmp_path / "first.bin").write_bytes(FIRST)
    (tmp_path / "second.bin").write_bytes(SECOND[:-1] + b"x")
    with pytest.raises(PackError, match="does not hold the published “second.bin” of “Small”"):
        install_from_files("small", tmp_path)
    with pytest.raises(PackError, match="There is no file “nowhere”"):
        install_from_files("small", tmp_path / "nowhere")
    assert left_behind() == set()


def _archive(place: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return place


def test_that_an_archive_of_the_files_will_do(small: Published, tmp_path: Path) -> None:
    place = _archive(tmp_path / "packed.zip", {"inside/first.bin": FIRST, "inside/second.bin": SECOND, "LICENSE": b"x"})
    install_from_files("small", place)
    assert is_installed("small")


@pytest.mark.parametrize("name", ["../first.bin", "/etc/first.bin", "a/../../first.bin", "..\\first.bin"])
def test_that_an_archive_that_points_outside_is_refused(small: Published, tmp_path: Path, name: str) -> None:
    place = _archive(tmp_path / "packed.zip", {name: FIRST, "second.bin": SECOND})
    with pytest.raises(PackError, match="is no plain ZIP archive"):
        install_from_files("small", place)
    assert left_behind() == set()
    assert not (tmp_path.parent / "first.bin").exists()


def test_that_bombs_and_damaged_archives_are_refused(small: Published, tmp_path: Path) -> None:
    bomb = _archive(tmp_path / "bomb.zip", {"first.bin": b"\0" * len(FIRST), "more": b"\0" * 50_000_000})
    with pytest.raises(PackError, match="does not hold the published"):
        install_from_files("small", bomb)
    many = _archive(tmp_path / "many.zip", {f"{number}": b"" for number in range(2000)})
    with pytest.raises(PackError, match="is no plain ZIP archive"):
        install_from_files("small", many)
    whole = _archive(tmp_path / "whole.zip", {"first.bin": FIRST, "second.bin": SECOND}).read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(PackError, match="is no plain ZIP archive"):
        install_from_files("small", tmp_path / "cut.zip")
    assert left_behind() == set()


def test_that_a_file_without_a_published_digest_is_tried_and_its_own_kept(tmp_path: Path) -> None:
    place = tmp_path / "weights.pt"
    torch.save(ARCHITECTURES["facenet"].build().state_dict(), place)
    install_from_files("facenet-casia", place)
    about = json.loads((packs_folder() / "facenet-casia" / "pack.json").read_text())
    assert list(about["files"].values()) == [hashlib.sha256(place.read_bytes()).hexdigest()]
    pack = find_pack("facenet-casia")
    assert pack.dimension == 512
    assert not pack.commercial_use
    assert "facenet-casia" in [one.id for one in list_packs()]
    stored = packs_folder() / "facenet-casia" / "20180408-102900-casia-webface.pt"
    stored.write_bytes(stored.read_bytes()[:-1])
    with pytest.raises(PackError, match="altered. Install “FaceNet, CASIA-WebFace” again"):
        pack.network()


def test_that_a_file_without_a_published_digest_must_be_the_network(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (str(tmp_path / "canary"),)

    place = tmp_path / "weights.pt"
    for content in (ARCHITECTURES["mobilefacenet"].build().state_dict(), {"weight": Evil()}):
        buffer = io.BytesIO()
        torch.save(content, buffer)
        place.write_bytes(buffer.getvalue())
        with pytest.raises(PackError, match="is not the network of “FaceNet, CASIA-WebFace”"):
            install_from_files("facenet-casia", place)
    assert not (tmp_path / "canary").exists()
    assert left_behind() == set()


def test_that_what_has_no_digest_is_not_downloaded() -> None:
    with pytest.raises(PackError, match="is not downloaded. Get its file from https://"):
        install_by_download("facenet-casia", silent, CancelToken())
    with pytest.raises(BadInputError, match="“nobody” is no pack"):
        install_by_download("nobody", silent, CancelToken())


# --- the published files themselves -------------------------------------------------------------------------------


@pytest.mark.parametrize("pack_id", ["mobilefacenet", "yunet", MINIFASNET])
def test_that_the_published_files_install_over_the_network(shared: Path, pack_id: str) -> None:
    files = {file.name: (shared / "weights" / file.name).read_bytes() for file in CATALOGUE[pack_id].files}
    with serving(files) as served:
        install_by_download(pack_id, silent, CancelToken(), source=served.url)
    assert {name: len(file.read()) for name, file in installed_files(pack_id).items()} == {
        file.name: file.size for file in CATALOGUE[pack_id].files
    }


def test_that_every_pack_says_what_it_is() -> None:
    for pack_id, pack in CATALOGUE.items():
        assert pack.id == pack_id
        assert pack.source.startswith("https://")
        assert pack.licence
        assert "ommercial use" in pack.licence
        assert bool(pack.dimension) == (pack.kind is PackKind.EMBEDDER)
        assert all(len(file.sha256) in (0, 64) and file.url.startswith(("https://", "")) for file in pack.files)
        assert not pack.bundled or len(pack.bundled) == len(pack.files)
