"""Fixtures for every test: real faces, a place for files, and a guard on the log."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import numpy as np
import pytest
import skimage.data

from engine.types import PixelArray


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
