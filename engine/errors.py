"""One tree of errors. Each message is for the user: what happened, to which file or camera, what to do next."""

from __future__ import annotations

from pathlib import Path


class VisavisError(Exception):
    """Base of every foreseen failure; `str(error)` is the sentence shown to the user."""


class OperationCancelledError(VisavisError):
    """The user cancelled; nothing was stored, unless the sentence says what was."""

    def __init__(self, sentence: str = "Cancelled. Nothing was changed.") -> None:
        super().__init__(sentence)


class BadInputError(VisavisError):
    """What the user handed over cannot be used; another picture, name or path can."""


class ImageError(BadInputError):
    """A picture that cannot be read."""

    def __init__(self, source: str | Path, problem: str, advice: str) -> None:
        super().__init__(f"“{shown(source)}” {problem}. {advice}")
        self.source = source
        self.problem = problem


class NoFaceError(BadInputError):
    """A picture in which no face was found."""

    def __init__(self, source: str | Path) -> None:
        super().__init__(
            f"No face was found in “{shown(Path(source))}”. Use a picture where the face is larger and clear."
        )
        self.source = source


class UnknownPersonError(BadInputError):
    """A person who is not in the gallery."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Nobody named “{shown(name)}” is in the gallery. Check the spelling, or enroll them first.")
        self.name = name


class InvalidNameError(BadInputError):
    """A name that cannot be given to a person."""


class NameTakenError(BadInputError):
    """A name that another person already has."""

    def __init__(self, name: str) -> None:
        super().__init__(f"“{shown(name)}” is already in the gallery. Choose another name, or merge the two people.")
        self.name = name


class CameraError(VisavisError):
    """A camera, video file or folder that gives no frames."""


class GalleryError(VisavisError):
    """The gallery cannot be opened, read or written."""


class OwnPictureError(GalleryError):
    """A face that is enrolled as the very person it is said not to be."""


class GalleryLockedError(GalleryError):
    """The gallery is encrypted, and what opens it has not been given."""

    def __init__(self, sentence: str, asks: tuple[str, ...]) -> None:
        """Say why.

        Args:
            sentence: for the user.
            asks: what can be typed to open it: "passphrase", "recovery"; nothing where only the keyring can help.
        """
        super().__init__(sentence)
        self.asks = asks


class WrongSecretError(GalleryError):
    """A passphrase or recovery code that does not open the gallery, or cannot be one."""


class TooManyAttemptsError(VisavisError):
    """Too many attempts failed; nothing may be tried for a while."""

    def __init__(self, sentence: str, left_s: float) -> None:
        """Say so.

        Args:
            sentence: for the user.
            left_s: how long nothing may be tried yet.
        """
        super().__init__(sentence)
        self.left_s = left_s


class PackError(VisavisError):
    """A model pack is missing, damaged or does not fit."""


class PackMismatchError(PackError):
    """Templates of one pack were about to be compared with those of another."""


class TrainingError(VisavisError):
    """Training cannot go on; the best checkpoint so far is kept."""


class SettingsError(VisavisError):
    """A setting has a value that it cannot have."""


class DeviceError(VisavisError):
    """The requested computing device is not available."""


def shown(text: str | Path, limit: int = 80) -> str:
    """Return a file or person name as it can be put into a sentence: printable, one line, at most `limit` characters.

    Of a path only the last part is shown. Undecodable bytes, control and direction characters are escaped.
    """
    raw = text.name or str(text) if isinstance(text, Path) else text
    safe = "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode("ascii") for c in raw)
    return safe if len(safe) <= limit else f"{safe[: limit // 2]}…{safe[-limit // 2 + 1 :]}"
