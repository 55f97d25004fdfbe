"""What the engine says of itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PackInfo:
    """A model pack, for choosing.

    Attributes:
        own: whether the user made or brought it.
    """

    id: str
    title: str
    dimension: int
    licence: str
    in_use: bool
    own: bool


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What the engine runs on, for the status bar and `info`.

    Attributes:
        device_reason: why this device, as a sentence.
        fell_back: whether the device it started on gave out.
        pack_problem: why the pack that was chosen is not the one in use, or what it cannot embed or is not to
            compare, as sentences; empty when all is well.
        protection: what protects the gallery's file, as sentences.
        on_server: whether the gallery is on a server rather than in a file.
        keyring: what the system's keyring is called; empty where there is none.
        opened_by_keyring: whether it opens the gallery by itself.
        opened_by_passphrase: whether a passphrase opens it.
        recoverable: whether a recovery code opens it.
        locked: why the gallery is not open, as a sentence; empty when it is.
        asks: what can be typed to open it: "passphrase", "recovery".
    """

    device: str
    device_reason: str
    fell_back: bool
    precision: str
    pack: str
    pack_id: str
    pack_problem: str
    pack_licence: str
    detector: str
    gallery_path: str
    people: int
    templates: int
    versions: dict[str, str]
    encrypted: bool = False
    protection: str = ""
    on_server: bool = False
    keyring: str = ""
    opened_by_keyring: bool = False
    opened_by_passphrase: bool = False
    recoverable: bool = False
    locked: str = ""
    asks: tuple[str, ...] = ()

    @property
    def hangs_by_keyring(self) -> bool:
        """Whether people would be lost with what the system's keyring holds, for nothing else opens the gallery."""
        return self.opened_by_keyring and bool(self.people) and not (self.opened_by_passphrase or self.recoverable)
