"""A gallery on a network drive is opened, and said to be there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from engine.gallery.network_drive import network_drive, network_notice

Mount = Callable[..., None]


@pytest.fixture
def mount(monkeypatch: pytest.MonkeyPatch) -> Mount:
    """Says what is mounted where."""

    def mount(*mounts: tuple[Path | str, str]) -> None:
        found = [SimpleNamespace(mountpoint=str(place), fstype=kind, opts="rw") for place, kind in mounts]
        monkeypatch.setattr(psutil, "disk_partitions", lambda **_: found)

    return mount


@pytest.mark.parametrize(
    "kind", ["nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "fuse.rclone", "fuse.gvfsd-fuse", "afpfs"]
)
def test_that_a_gallery_on_a_network_drive_is_said_to_be_there(tmp_path: Path, mount: Mount, kind: str) -> None:
    mount(("/", "ext4"), (tmp_path, kind), (tmp_path / "other", "ext4"))
    assert network_drive(tmp_path / "own" / "gallery.db") == kind
    assert f"is on a network drive ({kind})" in network_notice(tmp_path / "own" / "gallery.db")


@pytest.mark.parametrize("kind", ["ext4", "btrfs", "apfs", "NTFS", "exfat", "fuseblk", "fuse.gocryptfs", "overlay"])
def test_that_a_gallery_on_this_machine_is_not(tmp_path: Path, mount: Mount, kind: str) -> None:
    mount(("/", "nfs"), (tmp_path, kind), (tmp_path / "own2", "nfs"))
    assert network_notice(tmp_path / "own" / "gallery.db") == ""


def test_that_what_was_mounted_last_and_where_a_link_leads_counts(tmp_path: Path, mount: Mount) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there")
    mount(("/", "ext4"), (tmp_path / "there", "ext4"), (tmp_path / "there", "nfs"))
    assert network_drive(tmp_path / "link" / "gallery.db") == "nfs"


def test_that_a_machine_that_does_not_say_is_not_doubted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(psutil, "disk_partitions", refuse)
    assert network_drive(tmp_path / "gallery.db") == ""
