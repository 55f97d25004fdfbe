"""An XMP packet put into a JPEG, byte by byte the same otherwise."""

from __future__ import annotations

from pathlib import Path

from engine.errors import BadInputError, shown

_START = b"\xff\xd8"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_MOST = 65_533 - len(_XMP)
"""A segment's length has two bytes, and counts them."""
_APP0, _APP1, _SCAN = 0xE0, 0xE1, 0xDA
_ALONE = {0x01, *range(0xD0, 0xD8)}


def with_packet(jpeg: bytes, packet: bytes, name: Path) -> bytes:
    """Return a JPEG with another XMP packet: in the place of the one that it has, or after its EXIF.

    Raises:
        BadInputError: it is no sound JPEG, or the packet is too long for one.
    """
    if len(packet) > _MOST:
        raise BadInputError(f"The names are too long for “{shown(name)}” itself. Write them beside it.")
    segment = b"\xff\xe1" + (len(_XMP) + len(packet) + 2).to_bytes(2, "big") + _XMP + packet
    start, end = _place(jpeg, name)
    return jpeg[:start] + segment + jpeg[end:]


def _place(jpeg: bytes, name: Path) -> tuple[int, int]:
    """Where the packet's segment is, from and to; equal where it is to be put in."""
    damaged = BadInputError(f"“{shown(name)}” is damaged. Nothing was written into it; write the names beside it.")
    if not jpeg.startswith(_START):
        raise damaged
    place = free = len(_START)
    while place + 4 <= len(jpeg) and jpeg[place] == 0xFF:
        marker = jpeg[place + 1]
        if marker == 0xFF:
            place += 1
            continue
        if marker == _SCAN:
            return free, free
        if marker in _ALONE:
            place += 2
            continue
        length = int.from_bytes(jpeg[place + 2 : place + 4], "big")
        end = place + 2 + length
        if length < 2 or end > len(jpeg):
            raise damaged
        if marker == _APP1 and jpeg[place + 4 : place + 4 + len(_XMP)] == _XMP:
            return place, end
        if marker in (_APP0, _APP1):
            free = end
        place = end
    raise damaged
