"""Fixtures for every test: real faces, a place for files, and a guard on the log."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import keyring
import numpy as np
import pytest
import skimage.data
import torch
from hypothesis import settings
from keyring.backends.null import Keyring as NoKeyring
from PIL import Image

from engine.alignment.landmarks import Landmarker
from engine.detection import DETECTORS
from engine.device import choose_device
from engine.packs.embedder import Embedder
from engine.packs.pack import DEFAULT_PACK
from engine.pipeline import Pipeline
from engine.service import FaceService
from engine.settings import Settings
from engine.types import PixelArray
from tests.keyrings import FileKeyring
from tests.postgres import Server, started

os.environ["QT_QPA_PLATFORM"] = "offscreen"
# How long an example takes says how busy the machine is.
settings.register_profile("busy", deadline=None)
settings.load_profile("busy")
if "PYTEST_XDIST_WORKER" in os.environ:
    # Workers, and the processes that they start, share the cores: threads that fight for them slow all down.
    torch.set_num_threads(1)
    os.environ["OMP_NUM_THREADS"] = "1"
# No test may touch the keyring of whoever runs it. The `system_keyring` fixture brings one.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
keyring.set_keyring(NoKeyring())


def wheel_file(package: str, *parts: str) -> Path:
    """Path of a file inside an installed package, without importing it."""
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0]).joinpath(*parts)


@pytest.fixture(scope="session")
def astronaut_file() -> Path:
    """A PNG of one person, 512x512."""
    return wheel_file("skimage", "data", "astronaut.png")


@pytest.fixture(scope="session")
def hopper_file() -> Path:
    """A JPEG of another person, 512x600."""
    return wheel_file("matplotlib", "mpl-data", "sample_data", "grace_hopper.jpg")


@pytest.fixture(scope="session")
def astronaut() -> PixelArray:
    """Pixels of the first person."""
    return np.ascontiguousarray(skimage.data.astronaut())


@pytest.fixture(scope="session")
def faceless_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photograph without a face."""
    return wheel_file("skimage", "data", "coffee.png")


@pytest.fixture(scope="session")
def pictures(
    tmp_path_factory: pytest.TempPathFactory, astronaut_file: Path, hopper_file: Path, faceless_file: Path
) -> Iterator[Path]:
    """A folder of pictures.

    `eileen1.jpg`, `eileen2.png` (another crop and size), `grace.jpg`, `both.jpg`, `faceless.png`, `broken.jpg`.
    """
    folder = tmp_path_factory.mktemp("pictures")
    eileen, grace = (Image.open(file).convert("RGB") for file in (astronaut_file, hopper_file))
    eileen.save(folder / "eileen1.jpg", quality=92)
    eileen.crop((40, 0, 440, 400)).resize((620, 620)).rotate(4).save(folder / "eileen2.png")
    grace.save(folder / "grace.jpg")
    both = Image.new("RGB", (1024, 600))
    both.paste(eileen, (0, 0))
    both.paste(grace, (512, 0))
    both.save(folder / "both.jpg", quality=92)
    (folder / "faceless.png").write_bytes(faceless_file.read_bytes())
    (folder / "broken.jpg").write_bytes((folder / "grace.jpg").read_bytes()[:9000])
    there = sorted(folder.rglob("*"))
    yield folder
    assert sorted(folder.rglob("*")) == there, "a test has changed the pictures that all share"


@pytest.fixture(scope="session")
def pipeline() -> Pipeline:
    """The pipeline for pictures on the CPU in fp32, so that figures repeat."""
    device = choose_device("cpu", "fp32")
    return Pipeline(DETECTORS[Settings().file_detector](device), Landmarker(), Embedder(DEFAULT_PACK, device))


@pytest.fixture
def service(tmp_path: Path) -> Iterator[FaceService]:
    """The engine with an empty gallery."""
    made = FaceService(Settings(precision="fp32"), tmp_path / "gallery.db")
    yield made
    made.close()


@pytest.fixture
def system_keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A system with a keyring: the file it keeps secrets in. With the suffix `.locked` beside it, it is locked."""
    file = tmp_path / "keyring" / "secrets.json"
    file.parent.mkdir()
    monkeypatch.setenv("VISAVIS_TEST_KEYRING", str(file))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "tests.keyrings.FileKeyring")
    before = keyring.get_keyring()
    keyring.set_keyring(FileKeyring())
    yield file
    keyring.set_keyring(before)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server; tests of galleries on a server are skipped where none can be started."""
    yield from started()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The development data; the test is skipped where there is none."""
    place = Path(os.environ.get("VISAVIS_SHARED", Path(__file__).parents[2] / "shared"))
    if not (place / "data" / "lfw_pairs.txt").is_file():
        pytest.skip("the development data (VISAVIS_SHARED, or ../shared) is not here")
    return place


@pytest.fixture(autouse=True)
def _own_user_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every test away from the real settings and gallery."""
    home = tmp_path_factory.mktemp("home")
    for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(variable, str(home / variable.lower()))
