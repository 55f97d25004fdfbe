"""The file that keeps an encrypted gallery's graph of people, beside it: `gallery.db.graph`.

It holds nothing that the gallery does not hold, and can always be made again from it; whatever is wrong with it, it is
passed over. It is sealed in chunks, none of which can be changed, moved, dropped or added unnoticed (the STREAM
construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015), under a key derived (HKDF) from the gallery's own, the
pack, and a salt that the file begins with: without these first bytes it is noise to everybody.
"""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from glob import escape
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from engine.files import cut, replacing, write_whole

MAGIC = b"VVGRAPH\x01"
_SALT_BYTES = 32
HEADER_BYTES = len(MAGIC) + _SALT_BYTES
CHUNK_BYTES = 1 << 20
TAG_BYTES = 16
log = logging.getLogger(__name__)


def graph_path(gallery: Path) -> Path:
    """Return where the graph of a gallery lies."""
    return gallery.with_name(f"{gallery.name}.graph")


def remove_graph(gallery: Path) -> None:
    """Delete a gallery's graph, first what its key is made with, and any that is being written, by whomever."""
    place = graph_path(gallery)
    for path in (place, *place.parent.glob(f".{escape(cut(place.name, 100))}.*.part")):
        with suppress(OSError):
            with path.open("rb+") as file:
                file.write(secrets.token_bytes(HEADER_BYTES))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()


def holds_graph(gallery: Path) -> bool:
    """Whether a graph lies beside a gallery, and not only noise that keeps its place."""
    with suppress(OSError):
        return graph_path(gallery).stat().st_size > HEADER_BYTES
    return False


class GraphFile:
    """Keeps what a pack makes of an encrypted gallery's people."""

    def __init__(self, gallery: Path, key: Callable[[], bytes], pack_id: str) -> None:
        """Keep a graph beside a gallery, under its data key, which may change."""
        self._gallery, self._key, self._pack_id = gallery, key, pack_id

    @property
    def kept(self) -> bool:
        """Whether there is a graph."""
        return holds_graph(self._gallery)

    @property
    def claimed(self) -> bytes | None:
        """How the file begins; None where there is none. Removing takes it away, whoever does it."""
        try:
            with graph_path(self._gallery).open("rb") as file:
                return file.read(HEADER_BYTES)
        except OSError:
            return None

    def claim(self) -> bytes | None:
        """The same, after noise was put at its place where there was nothing; None where nothing can be."""
        if (claimed := self.claimed) is None:
            with suppress(OSError):
                write_whole(graph_path(self._gallery), secrets.token_bytes(HEADER_BYTES))
            claimed = self.claimed
        return claimed

    def read(self, proceed: Callable[[], None]) -> memoryview | None:
        """What was written; None where there is nothing, or anything wrong with it. `proceed` may raise, to end it."""
        try:
            with graph_path(self._gallery).open("rb") as file:
                size = os.fstat(file.fileno()).st_size - HEADER_BYTES
                header = file.read(HEADER_BYTES)
                if not size:
                    return None
                if not header.startswith(MAGIC) or size < TAG_BYTES:
                    raise InvalidTag
                cipher, content = self._cipher(header), bytearray()
                for number, start in enumerate(range(0, size, CHUNK_BYTES + TAG_BYTES)):
                    proceed()
                    last = start + CHUNK_BYTES + TAG_BYTES >= size
                    content += cipher.decrypt(_nonce(number, last=last), file.read(CHUNK_BYTES + TAG_BYTES), header)
        except FileNotFoundError:
            return None
        except (OSError, InvalidTag) as error:
            log.info("The stored graph is not used: %s.", type(error).__name__)
            return None
        return memoryview(content)

    def write(self, parts: tuple[bytes, memoryview], proceed: Callable[[], None]) -> None:
        """Keep this instead of what there was; where `proceed` raises, nothing is changed.

        Raises:
            OSError: it cannot be written.
        """
        header = MAGIC + secrets.token_bytes(_SALT_BYTES)
        cipher = self._cipher(header)
        with replacing(graph_path(self._gallery)) as file:
            file.write(header)
            for number, (chunk, last) in enumerate(_chunks(parts)):
                proceed()
                file.write(cipher.encrypt(_nonce(number, last=last), chunk, header))
            proceed()

    def remove(self) -> None:
        """Keep nothing."""
        remove_graph(self._gallery)

    def _cipher(self, header: bytes) -> AESGCM:
        bound = b"visavis graph of " + self._pack_id.encode()
        return AESGCM(HKDF(SHA256(), 32, salt=header[len(MAGIC) :], info=bound).derive(self._key()))


def _chunks(parts: tuple[bytes, memoryview]) -> Iterator[tuple[bytes, bool]]:
    """The parts as one, cut into chunks, and whether each is the last."""
    head, rest = parts[0], parts[1]
    length = len(head) + len(rest)
    for start in range(0, length, CHUNK_BYTES):
        end = start + CHUNK_BYTES
        chunk = head[start:end] + bytes(rest[max(start - len(head), 0) : max(end - len(head), 0)])
        yield chunk, end >= length


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
