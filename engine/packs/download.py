"""One published file over HTTPS: resumed where it was cut, and never longer, shorter or other than it was published.

What has arrived lies in a `.part` file, with the validator of the server's copy beside it. With `If-Range` the server
goes on only where its copy is still the same, and else starts again. Proxies are those of the environment or the
system.
"""

from __future__ import annotations

import errno
import hashlib
import ipaddress
import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO

import httpx2

from engine.errors import PackError
from engine.pack_values import PackFile
from engine.types import CancelToken

LARGEST_BYTES = 1 << 29
_CHUNK = 1 << 16
_MOST_REDIRECTS = 5
_TIMEOUT = httpx2.Timeout(30, connect=15)
_ROOM = 16 << 20
"""Left free on the disk, whatever is downloaded."""
Arrived = Callable[[int], None]
"""Told how many bytes of a file have arrived, now and then."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    file: PackFile
    part: Path
    arrived: Arrived
    token: CancelToken


def download(file: PackFile, part: Path, arrived: Arrived, token: CancelToken) -> None:
    """Fetch a file into `part`, which is whole and the published one when this returns.

    Args:
        file: with its address and digest.
        part: what came of it before stands in it; its folder exists.
        arrived: told of each piece.
        token: stops it; what has arrived stays for the next time.

    Raises:
        PackError: it cannot be had. Of the right file what has arrived stays for the next time; nothing else does.
        OperationCancelledError: the token was turned.
    """
    try:
        _fetch(_Wanted(file, part, arrived, token))
        _check(file, part)
    except httpx2.InvalidURL as error:
        raise PackError(f"“{file.url}” is no address. Check where packs are to come from.") from error
    except httpx2.ProxyError as error:
        raise PackError(f"The proxy refused to fetch “{file.name}”. Check the system's proxy settings.") from error
    except httpx2.TimeoutException as error:
        raise PackError(
            f"{_host(file)} did not answer in time. Try again: “{file.name}” goes on where it was."
        ) from error
    except httpx2.ConnectError as error:
        raise PackError(
            f"{_host(file)} cannot be reached. Check the network and the address, and try again; or install "
            f"“{file.name}” from a file."
        ) from error
    except httpx2.HTTPError as error:
        raise PackError(
            f"The connection to {_host(file)} was cut. Try again: “{file.name}” goes on where it was."
        ) from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            forget(part)
        raise PackError(f"“{file.name}” cannot be stored: {error.strerror}. Make room and try again.") from error


def forget(part: Path) -> None:
    """Delete what was downloaded of a file."""
    part.unlink(missing_ok=True)
    _validator_of(part).unlink(missing_ok=True)


def _validator_of(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _fetch(wanted: _Wanted) -> None:
    file, part = wanted.file, wanted.part
    there, validator = _so_far(part)
    if file.size and there >= file.size:
        return
    url = httpx2.URL(file.url)
    for _ in range(_MOST_REDIRECTS):
        _refuse_open(url)
        headers = {"Accept-Encoding": "identity", "User-Agent": "visavis"}
        if there:
            headers |= {"Range": f"bytes={there}-", "If-Range": validator}
        # A proxy is of no use for a server on this machine.
        with (
            httpx2.Client(timeout=_TIMEOUT, trust_env=not _loopback(url)) as client,
            client.stream("GET", url, headers=headers) as response,
        ):
            if response.has_redirect_location:
                url = url.join(response.headers["location"])
                continue
            if response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and there:
                forget(part)
                there = 0
                continue
            _receive(response, wanted, there)
            return
    raise PackError(f"{_host(file)} sends from one address to the next. Install “{file.name}” from a file instead.")


def _so_far(part: Path) -> tuple[int, str]:
    """How much is there, and the validator to go on with; nothing counts without one."""
    try:
        validator = str(json.loads(_validator_of(part).read_text("utf-8"))["validator"])
        return part.stat().st_size, validator
    except (OSError, ValueError, KeyError, TypeError):
        return 0, ""


def _receive(response: httpx2.Response, wanted: _Wanted, there: int) -> None:
    file, part = wanted.file, wanted.part
    start = _start(response, file, there)
    _refuse_page(response, file, part)
    announced = response.headers.get("content-length", "")
    if file.size and announced.isdecimal() and start + int(announced) != file.size:
        forget(part)
        raise PackError(
            f"{_host(file)} offers {start + int(announced):,} bytes as “{file.name}”, which has {file.size:,}. "
            "It is not the published file; install it from a file instead."
        )
    if not start:
        forget(part)
        _keep_validator(response, part)
    with part.open("r+b" if start else "wb") as out:
        out.truncate(start)
        out.seek(start)
        _copy(response, wanted, out, start)
    whole = part.stat().st_size
    if file.size and whole < file.size:
        raise PackError(
            f"The connection to {_host(file)} was cut after {whole:,} of {file.size:,} bytes. Try again: "
            f"“{file.name}” goes on where it was."
        )


def _start(response: httpx2.Response, file: PackFile, there: int) -> int:
    """Where the server goes on.

    Raises:
        PackError: it sends nothing.
    """
    if response.status_code == HTTPStatus.OK:
        return 0
    if response.status_code == HTTPStatus.PARTIAL_CONTENT:
        found = re.fullmatch(r"bytes (\d+)-\d+/(?:\d+|\*)", response.headers.get("content-range", ""))
        if found and int(found[1]) == there:
            return there
        raise PackError(f"{_host(file)} sent another part of “{file.name}” than asked for. Try again later.")
    reason = f"{response.status_code} {response.reason_phrase}".strip()
    raise PackError(
        f"{_host(file)} does not give out “{file.name}” ({reason}). Try again later, or install it from a file."
    )


def _copy(response: httpx2.Response, wanted: _Wanted, out: BinaryIO, start: int) -> None:
    file, done, most = wanted.file, start, wanted.file.size or LARGEST_BYTES
    wanted.arrived(done)
    for piece in response.iter_raw(_CHUNK):
        wanted.token.check()
        done += len(piece)
        if done > most:
            out.truncate(0)
            forget(wanted.part)
            raise PackError(
                f"{_host(file)} sent more than the {most:,} bytes of “{file.name}”. It is not the published file; "
                "nothing was installed."
            )
        out.write(piece)
        wanted.arrived(done)


def _keep_validator(response: httpx2.Response, part: Path) -> None:
    """Remember by what the server knows its copy; a weak tag says nothing of the bytes (RFC 9110, 13.1.5)."""
    tag, date = response.headers.get("etag", ""), response.headers.get("last-modified", "")
    validator = tag if tag and not tag.startswith("W/") else date
    if validator:
        _validator_of(part).write_text(json.dumps({"validator": validator}), "utf-8")


def _check(file: PackFile, part: Path) -> None:
    with part.open("rb") as stored:
        digest = hashlib.file_digest(stored, "sha256").hexdigest()
    if digest != file.sha256:
        forget(part)
        raise PackError(
            f"What {_host(file)} sent as “{file.name}” is not the published file: its SHA-256 begins with "
            f"{digest[:12]} and not with {file.sha256[:12]}. Nothing was installed."
        )


def _refuse_page(response: httpx2.Response, file: PackFile, part: Path) -> None:
    if response.headers.get("content-type", "").split(";")[0].strip().lower() in ("text/html", "application/xhtml+xml"):
        forget(part)
        raise PackError(
            f"{_host(file)} sent a web page in place of “{file.name}”. A network that asks to be signed in to does "
            "that, too. Open its page in a browser, or install the pack from a file."
        )


def _refuse_open(url: httpx2.URL) -> None:
    if url.scheme != "https" and not (url.scheme == "http" and _loopback(url)):
        raise PackError(
            f"{url.host or 'The address'} is to be asked without encryption ({url.scheme or 'no'} address). "
            "Packs come over https only; install it from a file instead."
        )


def _loopback(url: httpx2.URL) -> bool:
    if url.host == "localhost":
        return True
    with suppress(ValueError):
        return ipaddress.ip_address(url.host).is_loopback
    return False


def _host(file: PackFile) -> str:
    return httpx2.URL(file.url).netloc.decode("ascii", "replace").rpartition("@")[2] or "The server"


def room_for(size: int) -> int:
    """How many bytes must be free before so many are downloaded."""
    return size + _ROOM
