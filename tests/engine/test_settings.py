"""Settings: declared once, checked always, saved whole."""

from __future__ import annotations

import stat
import sys
import tomllib
from pathlib import Path

import pytest

from engine import settings as settings_file
from engine.errors import SettingsError
from engine.settings import OPTIONS, Settings


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "settings.toml"


def test_that_a_missing_file_gives_the_defaults(place: Path) -> None:
    assert settings_file.load(place) == Settings()


def test_that_what_is_saved_is_what_is_loaded(place: Path) -> None:
    changed = Settings().with_value("metric", "l1").with_value("smallest_face_px", 64).with_value("mirror", False)
    settings_file.save(changed, place)
    assert settings_file.load(place) == changed


def test_that_only_changes_are_written(place: Path) -> None:
    settings_file.save(Settings().with_value("device", "cpu"), place)
    assert tomllib.loads(place.read_text()) == {"device": "cpu"}
    assert [entry.name for entry in place.parent.iterdir()] == ["settings.toml"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_that_only_the_owner_may_read_the_settings(tmp_path: Path) -> None:
    place = tmp_path / "config" / "visavis" / "settings.toml"
    settings_file.save(Settings().with_value("device", "cpu"), place)
    modes = [stat.S_IMODE(file.stat().st_mode) for file in (place, place.parent, place.parent.parent)]
    assert modes == [0o600, 0o700, 0o700]


@pytest.mark.parametrize(
    ("key", "value"),
    [("metric", "chebyshev"), ("smallest_face_px", 5), ("smallest_face_px", True), ("mirror", "yes"), ("nothing", 1)],
)
def test_that_a_value_an_option_cannot_have_is_refused_by_name(key: str, value: str | int) -> None:
    with pytest.raises(SettingsError, match=key):
        Settings().with_value(key, value)


def test_that_bad_values_fall_back_and_the_file_is_kept(place: Path) -> None:
    place.parent.mkdir()
    text = 'metric = "l2"\nsmallest_face_px = "huge"\nfrom_the_future = 1\n'
    place.write_text(text)
    assert settings_file.load(place) == Settings().with_value("metric", "l2")
    assert place.with_suffix(".bad").read_text() == text


@pytest.mark.parametrize("content", [b"metric = ", b"\xff\xfe\x00", b"= = ="])
def test_that_a_damaged_file_gives_the_defaults_and_is_kept(place: Path, content: bytes) -> None:
    place.parent.mkdir()
    place.write_bytes(content)
    assert settings_file.load(place) == Settings()
    assert place.with_suffix(".bad").read_bytes() == content


def test_that_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match=r"settings\.toml"):
        settings_file.save(Settings(), tmp_path / "file" / "settings.toml")


def test_that_every_default_is_one_of_its_choices() -> None:
    for key, option in OPTIONS.items():
        assert not option.choices or getattr(Settings(), key) in [value for value, _ in option.choices]
        assert option.label
