"""Sealed streams: bytes under a passphrase, in chunks none of which can be changed, moved, dropped or added unnoticed.

The layout is in docs/gallery-file.md. The chunks follow the STREAM construction (Hoang, Reyhanitabar, Rogaway and Vizár
2015): the nonce is the chunk's number and whether it is the last one.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import struct
import unicodedata
from dataclasses import dataclass
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from engine.exchange import DamagedFileError, WrongPassphraseError

MAGIC = b"VISAVIS\x1a"
VERSION = 1
CHUNK_BYTES = 64 * 1024
TAG_BYTES = 16
_FIXED = struct.Struct("<8sHHIII16s")
_CHECK_BYTES = 32
HEADER_BYTES = _FIXED.size + 2 * _CHECK_BYTES
_KEY_LABEL, _CHECK_LABEL = b"visavis gallery file: content", b"visavis gallery file: key check"
MOST_MEMORY_KIB, MOST_PASSES, MOST_LANES = 1024 * 1024, 64, 64


@dataclass(frozen=True, slots=True)
class Cost:
    """How dear it is to try a passphrase (Argon2id, RFC 9106)."""

    memory_kib: int = 64 * 1024
    passes: int = 3
    lanes: int = 4

    def reasonable(self) -> bool:
        """Whether a file may ask for this without wearing the machine out."""
        return (
            1 <= self.passes <= MOST_PASSES
            and 1 <= self.lanes <= MOST_LANES
            and 8 * self.lanes <= self.memory_kib <= MOST_MEMORY_KIB
        )


@dataclass(frozen=True, slots=True)
class _Header:
    """The file's first bytes: how the key is made, and a check of the key."""

    cost: Cost
    salt: bytes
    check: bytes = b""
    version: int = VERSION

    def fixed(self) -> bytes:
        cost = self.cost
        return _FIXED.pack(MAGIC, self.version, 0, cost.memory_kib, cost.passes, cost.lanes, self.salt)

    def packed(self) -> bytes:
        body = self.fixed() + self.check
        return body + hashlib.sha256(body).digest()

    @classmethod
    def parse(cls, raw: bytes) -> _Header:
        if len(raw) < len(MAGIC) or not raw.startswith(MAGIC):
            raise DamagedFileError("This is not a Visavis gallery file. Choose one that ends in .visavis.")
        # The version's place never moves, so that a newer file is recognised whatever follows.
        if len(raw) >= 10 and int.from_bytes(raw[8:10], "little") > VERSION:
            raise DamagedFileError("This gallery file was made by a newer Visavis. Update Visavis to open it.")
        if len(raw) < HEADER_BYTES or hashlib.sha256(raw[:-_CHECK_BYTES]).digest() != raw[-_CHECK_BYTES:]:
            raise DamagedFileError(_DAMAGED)
        _, version, _, memory_kib, passes, lanes, salt = _FIXED.unpack(raw[: _FIXED.size])
        cost = Cost(memory_kib, passes, lanes)
        if version != VERSION or not cost.reasonable():
            raise DamagedFileError(_DAMAGED)
        return cls(cost, salt, raw[_FIXED.size : -_CHECK_BYTES], version)


_DAMAGED = "This gallery file is damaged or cut short. Nothing was imported; copy it again from where it came."


class SealedWriter:
    """Seals what is written to it."""

    def __init__(self, file: BinaryIO, passphrase: str, cost: Cost = Cost()) -> None:
        """Write the header; takes a moment, as trying passphrases must."""
        header = _Header(cost, os.urandom(16))
        key, check = _keys(passphrase, header)
        self._header = _Header(cost, header.salt, check).packed()
        self._cipher = ChaCha20Poly1305(key)
        self._file, self._waiting, self._number = file, bytearray(), 0
        file.write(self._header)

    def write(self, content: bytes) -> None:
        """Add bytes."""
        self._waiting += content
        # A full chunk waits until more follows: only then is it known not to be the last.
        start = 0
        while len(self._waiting) - start > CHUNK_BYTES:
            self._seal(bytes(self._waiting[start : start + CHUNK_BYTES]), last=False)
            start += CHUNK_BYTES
        del self._waiting[:start]

    def finish(self) -> None:
        """Seal the end. Without it the file is not valid."""
        self._seal(bytes(self._waiting), last=True)
        self._waiting.clear()

    def _seal(self, content: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._number, last=last), content, self._header))
        self._number += 1


class SealedReader:
    """Reads what was sealed, from the start to the end; every byte handed out is proved to be the writer's."""

    def __init__(self, file: BinaryIO, passphrase: str) -> None:
        """Read the header and make the key.

        Raises:
            WrongPassphraseError: the passphrase is not the one it was sealed with.
            DamagedFileError: it is no gallery file, of a newer Visavis, or damaged.
        """
        file.seek(0, os.SEEK_END)
        self._left = file.tell() - HEADER_BYTES
        file.seek(0)
        self._header = file.read(HEADER_BYTES)
        header = _Header.parse(self._header)
        key, check = _keys(passphrase, header)
        if not hmac.compare_digest(check, header.check):
            raise WrongPassphraseError("This passphrase does not open the gallery file. Type it again.")
        self._cipher = ChaCha20Poly1305(key)
        self._file, self._ready, self._number = file, bytearray(), 0

    @property
    def at_end(self) -> bool:
        """Whether everything has been read."""
        return not self._ready and self._left <= 0

    def read(self, count: int) -> bytes:
        """Return exactly so many bytes.

        Raises:
            DamagedFileError: they are not there, or not what was written.
        """
        while len(self._ready) < count:
            self._ready += self._next_chunk()
        content = bytes(self._ready[:count])
        del self._ready[:count]
        return content

    def _next_chunk(self) -> bytes:
        if self._left < TAG_BYTES:
            raise DamagedFileError(_DAMAGED)
        sealed = self._file.read(min(self._left, CHUNK_BYTES + TAG_BYTES))
        last = self._left <= CHUNK_BYTES + TAG_BYTES
        self._left -= CHUNK_BYTES + TAG_BYTES
        try:
            content = self._cipher.decrypt(_nonce(self._number, last=last), sealed, self._header)
        except InvalidTag as error:
            raise DamagedFileError(_DAMAGED) from error
        self._number += 1
        return content


def is_sealed(start: bytes) -> bool:
    """Whether a file that starts like this is a gallery file, of whatever version."""
    return start.startswith(MAGIC)


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _keys(passphrase: str, header: _Header) -> tuple[bytes, bytes]:
    """Make the content key and the key check. The same characters typed on another keyboard give the same key."""
    typed = unicodedata.normalize("NFC", passphrase).encode("utf-8", "surrogatepass")
    cost = header.cost
    kdf = Argon2id(salt=header.salt, length=32, iterations=cost.passes, lanes=cost.lanes, memory_cost=cost.memory_kib)
    master = kdf.derive(typed)
    return hmac.digest(master, _KEY_LABEL, "sha256"), hmac.digest(master, _CHECK_LABEL + header.fixed(), "sha256")
