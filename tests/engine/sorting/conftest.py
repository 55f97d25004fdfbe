"""A folder that has been sorted once, and desks over copies of what was found."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from engine.loaded import Networks
from engine.service import FaceService
from engine.settings import Settings
from engine.sorting_desk import SortingDesk
from engine.sorting_values import GroupKind, Sorted, SortedGroup

QUICK = Settings(precision="fp32", file_detector="mtcnn", averaging="never")
"""Finds and embeds these faces as well as the defaults do, in a fraction of the time."""
EILEEN, GRACE = 3, 2
"""How many faces of each are in the folder of pictures."""


def look_through(desk: SortingDesk, folder: Path) -> Sorted:
    """Sort a folder to its end."""
    step = desk.begin(folder)
    while not step.finished:
        step = desk.go_on(step.sorting_id, 0)
    return desk.arrange(step.sorting_id)


def group(result: Sorted, count: int, kind: GroupKind = GroupKind.CLUSTER) -> SortedGroup:
    """The one group of a kind with so many faces."""
    (found,) = [one for one in result.groups if one.count == count and one.kind is kind]
    return found


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> Path:
    """`grace.jpg` and `both.jpg` at a third of their size, for being looked at many times."""
    folder = tmp_path_factory.mktemp("small")
    for name in ("grace.jpg", "both.jpg"):
        picture = Image.open(pictures / name)
        picture.resize((picture.width * 2 // 5, picture.height * 2 // 5)).save(folder / name, quality=92)
    return folder


@pytest.fixture(scope="session")
def _networks() -> Networks:
    return Networks(QUICK)


@pytest.fixture(autouse=True)
def _loaded_once(_networks: Networks, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loading the networks takes longer than most of these tests."""

    class Kept(Networks):
        def __init__(self, _settings: Settings) -> None:
            self.__dict__.update(_networks.__dict__)

    monkeypatch.setattr("engine.service.in_force.Networks", Kept)


@pytest.fixture(scope="session")
def sorted_gallery(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> Path:
    """A gallery of nobody, with the folder of pictures sorted."""
    path = tmp_path_factory.mktemp("sorted") / "gallery.db"
    service = FaceService(QUICK, path)
    look_through(service.sorting, pictures)
    service.close()
    return path


@pytest.fixture
def open_service(tmp_path: Path) -> Iterator[Callable[[], FaceService]]:
    """Opens the test's own gallery, as often as wanted."""
    made: list[FaceService] = []

    def open_it() -> FaceService:
        made.append(FaceService(QUICK, tmp_path / "gallery.db"))
        return made[-1]

    yield open_it
    for service in made:
        service.close()


@pytest.fixture
def service(tmp_path: Path, sorted_gallery: Path, open_service: Callable[[], FaceService]) -> FaceService:
    """The engine with the folder of pictures sorted, and nobody enrolled."""
    shutil.copy(sorted_gallery, tmp_path / "gallery.db")
    return open_service()


@pytest.fixture
def desk(service: FaceService) -> SortingDesk:
    return service.sorting


@pytest.fixture
def found(desk: SortingDesk) -> Sorted:
    """What was found in the folder of pictures."""
    return desk.show(desk.sortings()[0].id)
