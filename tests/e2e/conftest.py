"""Pictures of people for whole journeys."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory, astronaut_file: Path, hopper_file: Path) -> Path:
    """A folder: `eileen1.jpg`, `eileen2.png` (another crop and size), `grace.jpg`, `both.jpg`, `broken.jpg`."""
    folder = tmp_path_factory.mktemp("pictures")
    eileen, grace = (Image.open(file).convert("RGB") for file in (astronaut_file, hopper_file))
    eileen.save(folder / "eileen1.jpg", quality=92)
    eileen.crop((40, 0, 440, 400)).resize((620, 620)).rotate(4).save(folder / "eileen2.png")
    grace.save(folder / "grace.jpg")
    both = Image.new("RGB", (1024, 600))
    both.paste(eileen, (0, 0))
    both.paste(grace, (512, 0))
    both.save(folder / "both.jpg", quality=92)
    (folder / "broken.jpg").write_bytes((folder / "grace.jpg").read_bytes()[:9000])
    return folder
