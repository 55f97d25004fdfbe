"""What binds an embedding to its picture, its person and its pack, and a person to their pictures.

Where the gallery is encrypted a seal is an HMAC-SHA-256 under a key derived (HKDF) from the gallery's own; where it is
not, it is a SHA-256 of the same content, and finds accidents, not somebody who rewrites the gallery and knows of it.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Callable, Sequence

import numpy as np
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from numpy.typing import NDArray

from engine.types import FloatArray

SEAL_BYTES = 16
"""Of an embedding's 32: nobody can try 2 to the 128 in a file, and a million of them are 16 MB less."""
NO_SEAL = bytes(SEAL_BYTES)
_LABEL = b"visavis gallery: whose embeddings are whose"
_AT_ONCE = 512


class Seals:
    """Makes the seals of one gallery."""

    def __init__(self, key: bytes | None) -> None:
        """Seal under a gallery's data key; None where it is not encrypted."""
        self._key = None if key is None else HKDF(SHA256(), 32, salt=None, info=_LABEL).derive(key)

    def of_embedding(self, person_id: int, template_id: int, pack_id: str, embedding: bytes) -> bytes:
        """The seal of what a pack has made of a person's template."""
        return self.digest(_head(pack_id) + struct.pack(">qq", person_id, template_id) + embedding)[:SEAL_BYTES]

    def digest(self, content: bytes) -> bytes:
        """Seal anything, in 32 bytes."""
        if self._key is None:
            return hashlib.sha256(content).digest()
        return hmac.digest(self._key, content, "sha256")

    def broken(
        self, pack_id: str, owners: NDArray[np.int64], ids: NDArray[np.int64], vectors: FloatArray,
        seals: NDArray[np.uint8], *, proceed: Callable[[], None] = lambda: None,
    ) -> NDArray[np.bool_]:  # fmt: skip
        """Which of many embeddings of a pack do not have the seal that they should have, (N,).

        Args:
            pack_id: the pack.
            owners: (N,) person of each.
            ids: (N,) template of each.
            vectors: (N, D) float32.
            seals: (N, 16) what was stored with each.
            proceed: called now and then; may raise, to end it.
        """
        head, digest = _head(pack_id), self.digest
        found = np.empty(len(ids), np.bool_)
        for start in range(0, len(ids), _AT_ONCE):
            proceed()
            part = slice(start, start + _AT_ONCE)
            whose = np.stack([owners[part], ids[part]], axis=1).astype(">i8").tobytes()
            content, stored = vectors[part].astype("<f4", copy=False).tobytes(), seals[part].tobytes()
            size, each = vectors.shape[1] * 4, SEAL_BYTES
            found[part] = [
                digest(head + whose[16 * at : 16 * at + 16] + content[size * at : size * at + size])[:each]
                != stored[each * at : each * at + each]
                for at in range(len(ids[part]))
            ]
        return found


def seal_array(seals: Sequence[bytes | None]) -> NDArray[np.uint8]:
    """Seals as they were stored, (N, 16); one that is missing or of another length is one that never holds."""
    whole = b"".join(seal if seal is not None and len(seal) == SEAL_BYTES else NO_SEAL for seal in seals)
    return np.frombuffer(whole, np.uint8).reshape(-1, SEAL_BYTES)


def _head(pack_id: str) -> bytes:
    pack = pack_id.encode()
    return b"embedding" + struct.pack(">H", len(pack)) + pack
