"""Names in pictures: face regions that digiKam, Lightroom and others have written are read, and ours written for them.

A sidecar lies beside its picture: `photo.jpg.xmp` as digiKam names it, or `photo.xmp` as Adobe does.
"""

from __future__ import annotations

import io
import stat
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from engine.capture.folders import find_pictures
from engine.capture.images import FORMATS, register_heif
from engine.errors import BadInputError, shown
from engine.exchange import DamagedFileError, NamedBox, NamedPicture, RegionPlace, RegionsWritten, Tally
from engine.transfer.files import content_of, replacing
from engine.transfer.jpeg_xmp import with_packet
from engine.transfer.judged import Offer, unusable_source
from engine.transfer.xmp import MOST_BYTES, Packet, Region
from engine.types import Box, CancelToken
from engine.wording import pictures

_LARGEST_PICTURE_BYTES = 512 * 2**20
_ORIENTATION = 0x0112


@dataclass(frozen=True, slots=True)
class _Stored:
    """A picture as it is stored.

    Attributes:
        orientation: EXIF's, 1 to 8: how the stored picture is to be turned to be upright.
    """

    width: int
    height: int
    orientation: int
    form: str
    packet: bytes


def offers_of(places: Sequence[Path], tally: Tally, token: CancelToken) -> list[Offer]:
    """List the pictures in which faces have names.

    Raises:
        BadInputError: there are none.
        OperationCancelledError: the token was turned.
    """
    offers, looked_at = [], 0
    for picture in find_pictures(places, token):
        token.check()
        looked_at += 1
        try:
            people = named_faces(picture)
        except BadInputError as error:
            tally.leave_out(str(picture), str(error))
            continue
        if people:
            offers.append(Offer(picture, tuple((one.name, one.box) for one in people)))
    if not offers and not tally.left_out_count:
        place = places[0] if places else Path()
        raise unusable_source(place, f"no face has a name in any of its {pictures(looked_at)}.")
    return offers


def named_faces(picture: Path) -> list[NamedBox]:
    """Who is marked in a picture, by its sidecar or else by the picture itself, in pixels of the upright picture.

    Raises:
        BadInputError: the picture or its XMP cannot be read.
    """
    stored = _stored(picture)
    contents = [content_of(beside, MOST_BYTES) for beside in _sidecars(picture) if beside.is_file()]
    for content in (*contents, stored.packet):
        if content and (named := [region for region in _regions(picture, content) if region.name]):
            return [NamedBox(region.name, _upright(region, stored)) for region in named]
    return []


def write_regions(
    pictures: Sequence[NamedPicture], place: RegionPlace, token: CancelToken | None = None
) -> RegionsWritten:
    """Write who was found where, beside the pictures or into those that are JPEG.

    What other programs have written stays: a face that has a name keeps it, and all else in a packet is kept.

    Raises:
        OperationCancelledError: the token was turned; pictures done so far stay written.
    """
    tally = Tally()
    done = added = kept = 0
    for one in pictures:
        if token:
            token.check()
        try:
            new, other = _write_one(one, place)
        except BadInputError as error:
            tally.leave_out(str(one.picture), str(error))
            continue
        done += 1
        added += new
        kept += other
    return RegionsWritten(done, added, kept, tuple(tally.left_out))


def _write_one(named: NamedPicture, place: RegionPlace) -> tuple[int, int]:
    stored = _stored(named.picture)
    regions = [_region(one, stored) for one in named.people]
    if place is RegionPlace.SIDECAR:
        beside = _sidecars(named.picture)[0]
        before = content_of(beside, MOST_BYTES) if beside.is_file() else stored.packet
        packet = _packet(beside if beside.is_file() else named.picture, before)
        added, kept = packet.add(regions)
        if added:
            with replacing(beside, _mode(named.picture)) as file:
                file.write(packet.packed())
        return added, kept
    if stored.form != "JPEG":
        raise BadInputError(
            f"“{shown(named.picture)}” is no JPEG. Names can be written into JPEG only; write them beside it."
        )
    packet = _packet(named.picture, stored.packet)
    added, kept = packet.add(regions)
    if added:
        content = with_packet(content_of(named.picture, _LARGEST_PICTURE_BYTES), packet.packed(), named.picture)
        with replacing(named.picture, _mode(named.picture)) as file:
            file.write(content)
    return added, kept


def _sidecars(picture: Path) -> tuple[Path, Path]:
    return picture.with_name(f"{picture.name}.xmp"), picture.with_suffix(".xmp")


def _mode(picture: Path) -> int:
    """Whoever may read the picture may read its names."""
    return stat.S_IMODE(picture.stat().st_mode) & ~0o111


def _packet(place: Path, content: bytes) -> Packet:
    try:
        return Packet(content)
    except DamagedFileError as error:
        raise BadInputError(f"“{shown(place)}”: {error}") from error


def _regions(picture: Path, content: bytes) -> list[Region]:
    return _packet(picture, content).regions


def _stored(picture: Path) -> _Stored:
    """Look at a picture's header, without decoding it."""
    content = content_of(picture, _LARGEST_PICTURE_BYTES)
    register_heif()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
                width, height = opened.size
                packet = opened.info.get("xmp") or opened.info.get("XML:com.adobe.xmp") or b""
                orientation = int(opened.getexif().get(_ORIENTATION, 1))
                form = opened.format or ""
    except Exception as error:
        raise BadInputError(f"“{shown(picture)}” is not a picture that can be read.") from error
    text = packet.encode() if isinstance(packet, str) else bytes(packet)
    return _Stored(width, height, orientation if 1 <= orientation <= 8 else 1, form, text)


def is_picture(place: Path) -> bool:
    """Whether a file is a picture."""
    try:
        _stored(place)
    except BadInputError:
        return False
    return True


# --- stored and upright -----------------------------------------------------------------------------------------


def _upright(region: Region, stored: _Stored) -> Box:
    """Where a region is in the upright picture, in pixels."""
    area = region.area
    if not _applies_to_upright(region, stored):
        area = _turned(area, stored.orientation)
    width, height = _upright_size(stored)
    return Box(area.x * width, area.y * height, area.width * width, area.height * height)


def _region(named: NamedBox, stored: _Stored) -> Region:
    """The region of a face, of the stored picture."""
    width, height = _upright_size(stored)
    left, top = max(0.0, named.box.x / width), max(0.0, named.box.y / height)
    right = min(1.0, (named.box.x + named.box.width) / width)
    bottom = min(1.0, (named.box.y + named.box.height) / height)
    area = _turned(Box(left, top, right - left, bottom - top), _INVERSE[stored.orientation])
    return Region(named.name, area, (stored.width, stored.height))


def _applies_to_upright(region: Region, stored: _Stored) -> bool:
    """Some programs mark the upright picture; where its sides are swapped, the dimensions they write say so."""
    if region.applied_to is None or stored.orientation < 5 or stored.width == stored.height:
        return False
    width, height = region.applied_to
    return width != height and (width > height) != (stored.width > stored.height)


def _upright_size(stored: _Stored) -> tuple[int, int]:
    swapped = stored.orientation >= 5
    return (stored.height, stored.width) if swapped else (stored.width, stored.height)


_INVERSE = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}


def _turned(area: Box, orientation: int) -> Box:
    """Turn a normalised area as an EXIF orientation turns its picture."""
    x, y, width, height = area
    right, bottom = 1 - x - width, 1 - y - height
    return {
        1: Box(x, y, width, height),
        2: Box(right, y, width, height),
        3: Box(right, bottom, width, height),
        4: Box(x, bottom, width, height),
        5: Box(y, x, height, width),
        6: Box(bottom, x, height, width),
        7: Box(bottom, right, height, width),
        8: Box(y, right, height, width),
    }[orientation]
