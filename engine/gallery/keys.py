"""The keys of an encrypted gallery: one random data key, wrapped once for each way to open the gallery.

Beside `gallery.db` lies `gallery.db.keys`, a JSON file that holds no secret by itself. In it the data key (256 random
bits) is sealed with AES-256-GCM under a key derived by Argon2id (RFC 9106, second recommended parameters: 64 MiB, three
passes, four lanes) from a passphrase, from a recovery code, or from a random secret that the system's keyring keeps.
A digest tells a wrong key from a damaged gallery, which SQLCipher's own error does not.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum, auto
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from engine.errors import GalleryError, GalleryLockedError, WrongSecretError, shown
from engine.files import write_whole

FORMAT = 1
KEY_BYTES = 32
LONGEST_PASSPHRASE = 4096
_CHECK = b"visavis gallery key check"
_FORMER = b"visavis gallery former keys"
_NONCE_BYTES = 12
_RECOVERY_BYTES = 20
_RECOVERY_GROUP = 4
_MEMORY_KIB, _PASSES, _LANES = 64 * 1024, 3, 4
_MOST_MEMORY_KIB, _MOST_PASSES = 1024 * 1024, 20
"""A key file that was tampered with must not be able to ask for all memory."""


class Way(StrEnum):
    """A way to open a gallery."""

    KEYRING = auto()
    PASSPHRASE = auto()
    RECOVERY = auto()


_WRONG = {
    Way.KEYRING: "The secret in the system's keyring is not this gallery's. Use the passphrase or the recovery code.",
    Way.PASSPHRASE: "This is not the passphrase of the gallery. Try again.",
    Way.RECOVERY: "This is not the recovery code of the gallery. Check each letter and try again.",
}


@dataclass(frozen=True, slots=True)
class Sealed:
    """The data key under one secret.

    Attributes:
        salt: of the key derivation, 16 bytes.
        nonce: of the cipher, 12 bytes.
        sealed: the data key and its tag, 48 bytes.
    """

    salt: bytes
    nonce: bytes
    sealed: bytes
    memory_kib: int = _MEMORY_KIB
    passes: int = _PASSES
    lanes: int = _LANES

    @classmethod
    def of(cls, key: bytes, secret: str, vault: str, way: Way) -> Sealed:
        """Seal a data key."""
        made = cls(secrets.token_bytes(16), secrets.token_bytes(12), b"")
        return replace(made, sealed=made._cipher(secret).encrypt(made.nonce, key, _bound(vault, way)))

    def open(self, secret: str, vault: str, way: Way) -> bytes:
        """Return the data key.

        Raises:
            WrongSecretError: it was sealed with another secret.
        """
        try:
            return self._cipher(secret).decrypt(self.nonce, self.sealed, _bound(vault, way))
        except InvalidTag as error:
            raise WrongSecretError(_WRONG[way]) from error

    def _cipher(self, secret: str) -> AESGCM:
        derive = Argon2id(
            salt=self.salt, length=KEY_BYTES, iterations=self.passes, lanes=self.lanes, memory_cost=self.memory_kib
        )
        return AESGCM(derive.derive(secret.encode("utf-8", "surrogatepass")))


@dataclass(frozen=True, slots=True)
class Keys:
    """The key file's content.

    Attributes:
        vault: names the gallery in the keyring.
        check: digest of the data key.
        ways: the data key under each secret; none where the gallery is not encrypted (yet).
        keyring: which keyring holds the secret, for people.
        coming: the keys that the gallery will have once a re-encryption under way is through.
        former: data keys of before, which its older backups have, each sealed under this one.
    """

    vault: str
    check: bytes
    ways: Mapping[Way, Sealed]
    keyring: str = ""
    coming: Keys | None = None
    former: tuple[bytes, ...] = ()

    @classmethod
    def new(cls, vault: str = "") -> tuple[Keys, bytes]:
        """A fresh data key, which nothing opens yet."""
        key = secrets.token_bytes(KEY_BYTES)
        return cls(vault or secrets.token_hex(16), _digest(key), {}), key

    def fits(self, key: bytes) -> bool:
        """Whether this is the data key."""
        return hmac.compare_digest(self.check, _digest(key))

    def with_way(self, way: Way, key: bytes, secret: str, keyring: str = "") -> Keys:
        """Add a way to open the gallery, or change its secret."""
        ways = {**self.ways, way: Sealed.of(key, _normal(way, secret), self.vault, way)}
        return replace(self, ways=ways, keyring=keyring or self.keyring)

    def without_way(self, way: Way) -> Keys:
        """Take a way away."""
        left = {kept: sealed for kept, sealed in self.ways.items() if kept is not way}
        return replace(self, ways=left, keyring="" if way is Way.KEYRING else self.keyring)

    def open(self, way: Way, secret: str) -> bytes:
        """Return the data key.

        Raises:
            GalleryLockedError: the gallery cannot be opened this way.
            WrongSecretError: it is not the secret.
        """
        if way not in self.ways:
            raise GalleryLockedError(f"This gallery has no {way}. Open it with: {self.words}.", self.asks)
        key = self.ways[way].open(_normal(way, secret), self.vault, way)
        if not self.fits(key):
            raise GalleryError("The gallery's key file is damaged. Put it back from a backup.")
        return key

    def with_former(self, key: bytes, former: Sequence[bytes]) -> Keys:
        """Keep data keys of before under this one, so that whoever opens the gallery can read its older backups."""
        cipher = AESGCM(hmac.digest(key, _FORMER, "sha256"))
        nonces = [secrets.token_bytes(_NONCE_BYTES) for _ in former]
        sealed = (nonce + cipher.encrypt(nonce, one, _FORMER) for nonce, one in zip(nonces, former, strict=True))
        return replace(self, former=tuple(sealed))

    def former_keys(self, key: bytes) -> list[bytes]:
        """The data keys of before, oldest first; one that was altered is passed over."""
        cipher, found = AESGCM(hmac.digest(key, _FORMER, "sha256")), []
        for sealed in self.former:
            with suppress(InvalidTag, ValueError):
                found.append(cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _FORMER))
        return found

    @property
    def asks(self) -> tuple[str, ...]:
        """What a person can type to open the gallery."""
        return tuple(way for way in (Way.PASSPHRASE, Way.RECOVERY) if way in self.ways)

    @property
    def words(self) -> str:
        """The ways to open the gallery, in words."""
        words = {Way.KEYRING: self.keyring, Way.PASSPHRASE: "its passphrase", Way.RECOVERY: "its recovery code"}
        return ", ".join(words[way] for way in Way if way in self.ways)


def keys_path(gallery: Path) -> Path:
    """Return where the keys of a gallery lie."""
    return gallery.with_name(f"{gallery.name}.keys")


def read_keys(gallery: Path) -> Keys | None:
    """Read a gallery's keys; None where it has none.

    Raises:
        GalleryError: the key file is damaged, or of a newer Visavis.
    """
    path = keys_path(gallery)
    try:
        stored = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise GalleryError(_DAMAGED.format(shown(path))) from error
    if isinstance(stored, dict) and stored.get("format", 0) != FORMAT:
        raise GalleryError(f"The key file “{shown(path)}” was made by a newer Visavis. Update Visavis to open it.")
    try:
        return _keys(stored)
    except (KeyError, TypeError, ValueError, binascii.Error, AttributeError) as error:
        raise GalleryError(_DAMAGED.format(shown(path))) from error


def write_keys(gallery: Path, keys: Keys) -> None:
    """Write a gallery's keys, whole or not at all.

    Raises:
        OSError: they cannot be written.
    """
    stored = {"format": FORMAT, **_stored(keys)}
    write_whole(keys_path(gallery), json.dumps(stored, indent=1).encode())


def key_of_copy(gallery: Path, copy: Path, key: bytes | None) -> bytes | None:
    """The data key of a backup or another copy of a gallery, which may have had another one then.

    Args:
        gallery: its file.
        copy: lies beside its own key file, or has the gallery's keys.
        key: the gallery's data key; None where it is plain.
    """
    try:
        keys, own = read_keys(gallery), read_keys(copy)
    except GalleryError:
        return key
    if key is None or keys is None or own is None or own.fits(key):
        return key
    return next((former for former in keys.former_keys(key) if own.fits(former)), key)


def new_recovery_code() -> str:
    """Make a recovery code: 160 random bits in groups of four letters and digits."""
    letters = base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode()
    return "-".join(letters[place : place + _RECOVERY_GROUP] for place in range(0, len(letters), _RECOVERY_GROUP))


def check_passphrase(passphrase: str) -> None:
    """Refuse what cannot be a passphrase.

    Raises:
        WrongSecretError: it is empty or far too long.
    """
    if not passphrase.strip():
        raise WrongSecretError("A passphrase cannot be empty. Type one.")
    if len(passphrase) > LONGEST_PASSPHRASE:
        raise WrongSecretError(f"A passphrase has at most {LONGEST_PASSPHRASE:,} characters. Type a shorter one.")


_DAMAGED = "The key file “{}” is damaged or cannot be read. Put it back from a backup."


def _normal(way: Way, secret: str) -> str:
    """One form for what people type: keyboards differ in how they compose letters."""
    if way is Way.RECOVERY:
        return "".join(letter for letter in secret.upper() if letter.isalnum())
    return unicodedata.normalize("NFKC", secret)


def _digest(key: bytes) -> bytes:
    return hmac.digest(key, _CHECK, "sha256")


def _bound(vault: str, way: Way) -> bytes:
    """Binds a sealed key to its gallery and way, so that neither can be exchanged for another."""
    return f"visavis {vault} {way}".encode()


def _stored(keys: Keys) -> dict[str, object]:
    return {
        "vault": keys.vault,
        "check": _text(keys.check),
        "keyring": keys.keyring,
        "ways": {
            way: {
                "salt": _text(sealed.salt), "nonce": _text(sealed.nonce), "sealed": _text(sealed.sealed),
                "argon2id": {"memory_kib": sealed.memory_kib, "passes": sealed.passes, "lanes": sealed.lanes},
            }
            for way, sealed in keys.ways.items()
        },
        "coming": _stored(keys.coming) if keys.coming else None,
        "former": [_text(sealed) for sealed in keys.former],
    }  # fmt: skip


def _keys(stored: Mapping[str, object]) -> Keys:
    ways, coming = stored["ways"], stored["coming"]
    # Key files of before have none.
    former = stored.get("former", [])
    if not isinstance(ways, dict) or not isinstance(former, list):
        raise TypeError("ways")
    return Keys(
        vault=str(stored["vault"]),
        check=_bytes(stored["check"]),
        ways={Way(way): _sealed(values) for way, values in ways.items()},
        keyring=str(stored["keyring"]),
        coming=_keys(coming) if isinstance(coming, dict) else None,
        former=tuple(_bytes(sealed) for sealed in former),
    )


def _sealed(stored: Mapping[str, object]) -> Sealed:
    costs = stored["argon2id"]
    if not isinstance(costs, dict):
        raise TypeError("argon2id")
    memory_kib, passes, lanes = int(costs["memory_kib"]), int(costs["passes"]), int(costs["lanes"])
    if not (8 * lanes <= memory_kib <= _MOST_MEMORY_KIB and 1 <= passes <= _MOST_PASSES and 1 <= lanes <= 64):
        raise ValueError("argon2id")
    return Sealed(_bytes(stored["salt"]), _bytes(stored["nonce"]), _bytes(stored["sealed"]), memory_kib, passes, lanes)


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _bytes(stored: object) -> bytes:
    return base64.b64decode(str(stored), validate=True)
