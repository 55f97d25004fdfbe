"""Whether a gallery's file is on a network drive: SQLite's write-ahead log cannot be shared between computers there."""

from __future__ import annotations

import logging
from pathlib import Path

import psutil

from engine.errors import shown

log = logging.getLogger(__name__)

_KINDS = (
    "nfs", "cifs", "smb", "sshfs", "9p", "afs", "afp", "ceph", "gluster", "lustre", "webdav", "davfs", "ncpfs",
)  # fmt: skip
"""What the types of file systems begin with that are on another computer."""
_FUSE = (
    "sshfs",
    "rclone",
    "s3fs",
    "glusterfs",
    "gvfs",
    "google-drive",
    "onedrive",
    "goofys",
    "gcsfuse",
    "davfs",
    "ceph",
)
"""The same for those that a program provides; most others of these are local."""


def network_drive(path: Path) -> str:
    """The type of the network drive that a file is on; empty where it is on this machine, or nobody can say."""
    place = path.absolute()
    try:
        mounted = psutil.disk_partitions(all=True)
        place = place.resolve()
    except OSError as error:
        log.info("What drive the gallery is on cannot be said: %s", error.strerror)
        return ""
    # Of several that were mounted at one place the last one counts.
    over = [one for one in mounted if place.is_relative_to(one.mountpoint)]
    nearest = max(reversed(over), key=lambda one: len(Path(one.mountpoint).parts), default=None)
    if nearest is None:
        return ""
    kind = nearest.fstype.lower()
    remote = kind.startswith(_KINDS) or kind.removeprefix("fuse.").startswith(_FUSE)
    return nearest.fstype if remote or "remote" in nearest.opts.split(",") else ""


def network_notice(path: Path) -> str:
    """What is to be said of a gallery on a network drive; empty where it is on none."""
    kind = network_drive(path)
    return kind and (
        f"The gallery “{shown(path)}” is on a network drive ({kind}), where two computers at once damage it. Keep it "
        "on this machine, or use a server."
    )
