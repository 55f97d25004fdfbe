"""Every option, declared once: the file, the Settings page and the command line follow from it."""

from __future__ import annotations

import logging
import tomllib
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import platformdirs
import tomli_w

from engine.errors import SettingsError
from engine.files import private_folder, write_whole
from engine.options import Option, Value, check_options, option, options_of

log = logging.getLogger(__name__)

_DETECTORS = (
    ("mtcnn", "MTCNN"),
    ("mmod", "MMOD"),
    ("mtcnn_mmod", "MTCNN, then MMOD where it finds nobody"),
    ("yunet", "YuNet (to be installed on the Models page)"),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """All options with their defaults. Change one with `with_value`."""

    colour_scheme: str = option(
        "system",
        Option("Window", "Colours", choices=(("system", "As the system"), ("light", "Light"), ("dark", "Dark"))),
    )
    text_size: int = option(
        100, Option("Window", "Size of text", choices=((100, "Usual"), (115, "Larger"), (133, "Largest")))
    )
    mirror: bool = option(
        True, Option("Camera", "Mirror the camera picture", "Like a mirror. Stored pictures are not mirrored.")
    )
    camera_rotation: int = option(
        0,
        Option(
            "Camera",
            "Turn the camera picture",
            "For a camera that stands on its side.",
            ((0, "Not at all"), (90, "90° clockwise"), (180, "Upside down"), (270, "90° anticlockwise")),
        ),
    )
    camera_size: str = option(
        "auto",
        Option(
            "Camera",
            "Resolution",
            "What the camera cannot do it leaves out. Larger pictures show people further away, and take longer.",
            (("auto", "As the camera likes"), ("640x480", "640 × 480"), ("1280x720", "1280 × 720"),
             ("1920x1080", "1920 × 1080")),
        ),
    )  # fmt: skip
    camera_fps: int = option(
        0,
        Option(
            "Camera",
            "Pictures a second",
            choices=((0, "As the camera likes"), (15, "15"), (25, "25"), (30, "30"), (60, "60")),
        ),
    )
    camera_exposure: int = option(
        0,
        Option(
            "Camera",
            "Exposure",
            "A short one freezes movement, a long one sees in the dark. Not every camera lets it be set.",
            ((0, "Automatic"), (250, "1/250 s"), (125, "1/125 s"), (60, "1/60 s"), (30, "1/30 s"), (15, "1/15 s")),
        ),
    )
    recording_blur: str = option(
        "strangers",
        Option(
            "Camera",
            "In clips and snapshots, blur",
            "Only a face that is found can be blurred.",
            (("strangers", "Everyone who is not in the gallery"), ("everyone", "Everyone"), ("nobody", "Nobody")),
        ),
    )
    lock_after_minutes: int = option(
        0,
        Option(
            "Window",
            "Lock when nobody is there",
            "An encrypted gallery is closed once nothing was typed or moved for so long, and the camera is off.",
            ((0, "Never"), (5, "After 5 minutes"), (15, "After 15 minutes"), (60, "After an hour")),
        ),
    )
    camera: str = option("", Option("Window", "Camera", hidden=True))
    clips_folder: str = option("", Option("Window", "Folder of clips to train liveness on", hidden=True))
    speak_hints: bool = option(False, Option("Window", "Say the hints of guided enrollment aloud", hidden=True))
    page: str = option("gallery", Option("Window", "Page shown last", hidden=True))
    pack: str = option(
        "dlib-resnet-v1", Option("Engine", "Embedding network", "Which model pack embeds faces.", hidden=True)
    )
    pack_source: str = option(
        "",
        Option(
            "Window",
            "Where packs are downloaded from",
            "An address that holds all files. Empty: their own.",
            hidden=True,
        ),
    )
    previous_pack: str = option(
        "", Option("Window", "Embedding network before this one", "What “Go back” goes back to.", hidden=True)
    )
    geometry: str = option("", Option("Window", "Place and size, as Qt saves them, in hexadecimal", hidden=True))
    device: str = option(
        "auto",
        Option(
            "Engine",
            "Device",
            "Where the networks run.",
            (("auto", "The fastest there is"), ("cuda", "CUDA GPU"), ("mps", "Apple GPU"), ("cpu", "CPU")),
        ),
    )
    precision: str = option(
        "auto",
        Option(
            "Engine",
            "Precision",
            "bf16 is faster where the hardware has it.",
            (("auto", "The fastest there is"), ("fp32", "fp32"), ("bf16", "bf16")),
        ),
    )
    live_detector: str = option("mtcnn", Option("Engine", "Detector for the camera", choices=_DETECTORS))
    file_detector: str = option("mtcnn_mmod", Option("Engine", "Detector for pictures", choices=_DETECTORS))
    averaging: str = option(
        "files",
        Option(
            "Engine",
            "Average over flips and crops",
            "Embeds each face several times: more accurate, slower.",
            (("files", "For pictures and enrollment"), ("always", "Always"), ("never", "Never")),
        ),
    )
    smallest_face_px: int = option(
        40, Option("Engine", "Smallest face", "In the picture as it is.", low=20, high=400, unit="px")
    )
    largest_picture_mpx: int = option(
        64, Option("Engine", "Largest picture", "Larger ones are refused unread.", low=1, high=400, unit="megapixels")
    )
    metric: str = option(
        "cosine",
        Option(
            "Decisions",
            "Distance",
            "How two embeddings are compared.",
            (("cosine", "Cosine"), ("l2", "L2"), ("squared_l2", "Squared L2"), ("l1", "L1")),
        ),
    )
    verifier: str = option(
        "distance",
        Option(
            "Decisions",
            "Verification by",
            "The learned ones are there once a folder of people has been evaluated with the network in use.",
            (
                ("distance", "The distance"),
                ("weighted_l1", "Weighted L1, learned (Siamese head)"),
                ("weighted_chi_square", "Weighted chi-square, learned (DeepFace)"),
            ),
        ),
    )
    liveness: str = option(
        "off",
        Option(
            "Decisions",
            "Liveness",
            "What a verification needs besides a small distance. Pictures, videos and virtual cameras never have it.",
            (
                ("off", "Not asked for"),
                ("passive", "Passive: the look of the face"),
                ("challenge", "Passive, and a movement or flash on demand"),
            ),
        ),
    )
    false_match_rate: float = option(
        1e-3,
        Option(
            "Decisions",
            "How strict",
            "The limit follows from it; for identification it also tightens as the gallery grows.",
            (
                (1e-2, "About 1 stranger in 100 would match"),
                (1e-3, "About 1 stranger in 1,000 would match"),
                (1e-4, "About 1 stranger in 10,000 would match"),
                (1e-5, "About 1 stranger in 100,000 would match"),
            ),
            hidden=True,
        ),
    )
    history_log: str = option(
        "decisions",
        Option(
            "History",
            "The history log has",
            "It is kept in the gallery, protected as the gallery is. Nobody's face or embedding is in it.",
            (
                ("off", "Nothing"),
                ("changes", "Changes of the gallery"),
                ("decisions", "Changes and decisions"),
                ("live", "Changes, decisions and who is seen live"),
            ),
        ),
    )
    log_days: int = option(
        365,
        Option(
            "History",
            "Keep its entries",
            "Older ones are dropped when the gallery is closed.",
            ((30, "30 days"), (90, "90 days"), (365, "A year"), (0, "For ever")),
        ),
    )
    limit_attempts: bool = option(
        True,
        Option(
            "History",
            "Pause after five failed attempts",
            "When somebody claims to be a person and is not, in a picture or live. Passphrases are always limited.",
        ),
    )

    def __post_init__(self) -> None:
        """Check every value.

        Raises:
            SettingsError: a value has another type, is out of range, or is none of the choices.
        """
        check_options(self)

    def with_value(self, key: str, value: Value) -> Settings:
        """Return settings in which one option has another value.

        Raises:
            SettingsError: there is no such option, or it cannot have that value.
        """
        if key not in OPTIONS:
            raise SettingsError(f"There is no setting “{key}”.")
        changed: dict[str, Any] = {key: value}
        return replace(self, **changed)


OPTIONS = options_of(Settings)


def default_path() -> Path:
    """Return where settings are kept."""
    return platformdirs.user_config_path("visavis", appauthor=False) / "settings.toml"


def default_gallery_path() -> Path:
    """Return where the gallery is kept unless another one is named."""
    return platformdirs.user_data_path("visavis", appauthor=False) / "gallery.db"


def load(path: Path) -> Settings:
    """Read settings; a missing file gives the defaults, a bad value its default.

    A file with anything bad in it is kept beside as `.bad`, so that nothing the user wrote is lost.
    """
    settings = Settings()
    try:
        stored = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return settings
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        log.warning("The settings could not be read, so the defaults are used: %s", error)
        _set_aside(path)
        return settings
    complaints = []
    for key, value in stored.items():
        try:
            settings = settings.with_value(key, value)
        except SettingsError as error:
            complaints.append(str(error))
    if complaints:
        log.warning("Some settings could not be used: %s", " ".join(complaints))
        _set_aside(path)
    return settings


def save(settings: Settings, path: Path) -> None:
    """Write what differs from the defaults, whole or not at all.

    Raises:
        SettingsError: the file cannot be written.
    """
    defaults = asdict(Settings())
    changed = {key: value for key, value in asdict(settings).items() if value != defaults[key]}
    try:
        private_folder(path.parent)
        write_whole(path, tomli_w.dumps(changed).encode())
    except OSError as error:
        raise SettingsError(
            f"The settings could not be saved to “{path.name}”: {error.strerror}. Check that folder and try again."
        ) from error


def _set_aside(path: Path) -> None:
    try:
        path.replace(path.with_suffix(".bad"))
    except OSError as error:
        log.warning("The unreadable settings file could not be set aside: %s", error)
