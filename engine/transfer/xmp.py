"""XMP packets: found in pictures and beside them, and face regions in them as the Metadata Working Group laid down.

Guidelines For Handling Image Metadata 2.0 (2010), section 5.9. A region's area is normalised to the picture as it is
stored, before its EXIF orientation is applied; its x and y are those of its middle.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from defusedxml import DefusedXmlException
from defusedxml import ElementTree as SafeET

from engine.exchange import DamagedFileError
from engine.types import Box

MOST_BYTES = 16 * 2**20
MOST_REGIONS = 1000
_X = "adobe:ns:meta/"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_REGIONS = "http://www.metadataworkinggroup.com/schemas/regions/"
_AREA = "http://ns.adobe.com/xmp/sType/Area#"
_DIMENSIONS = "http://ns.adobe.com/xap/1.0/sType/Dimensions#"
_PREFIXES = {"x": _X, "rdf": _RDF, "mwg-rs": _REGIONS, "stArea": _AREA, "stDim": _DIMENSIONS}
_SAME_REGION = 0.3
_PACKET_ID = "W5M0MpCehiHzreSzNTczkc9d"
_PADDING = (" " * 99 + "\n") * 20
"""Room for programs that change a packet where it lies."""


@dataclass(frozen=True, slots=True)
class Region:
    """A marked face.

    Attributes:
        name: empty where nobody has been named.
        area: of the stored picture, each value 0..1; left, top, width and height.
        applied_to: width and height of the picture that it was marked in, in pixels; None where it does not say.
    """

    name: str
    area: Box
    applied_to: tuple[float, float] | None = None


class Packet:
    """An XMP packet that can be added to without losing what else is in it."""

    def __init__(self, content: bytes = b"") -> None:
        """Parse a packet; without content, begin one.

        Raises:
            DamagedFileError: it is no XMP, or tries to make its reader read other files or fill the memory.
        """
        if not content:
            self._root = ET.Element(_q(_X, "xmpmeta"))
            ET.SubElement(self._root, _q(_RDF, "RDF"))
            return
        if len(content) > MOST_BYTES:
            raise DamagedFileError("The XMP packet is too large. It was not read.")
        try:
            self._keep_prefixes(content)
            self._root = SafeET.fromstring(content.strip(b"\0 \t\r\n"), forbid_dtd=True)
        except (ET.ParseError, DefusedXmlException, ValueError, RecursionError) as error:
            raise DamagedFileError("The XMP packet is damaged. It was not read.") from error
        if self._rdf is None:
            raise DamagedFileError("There is no RDF in the XMP packet. It was not read.")

    @staticmethod
    def _keep_prefixes(content: bytes) -> None:
        """Let a foreign packet's namespaces keep the names that their programs gave them."""
        for _, (prefix, space) in SafeET.iterparse(io.BytesIO(content.strip(b"\0 \t\r\n")), events=["start-ns"]):
            if prefix and space not in _PREFIXES.values() and prefix not in _PREFIXES:
                try:
                    ET.register_namespace(prefix, space)
                except ValueError:
                    # Python keeps "ns1" and the like for itself; the names do not matter to readers.
                    continue

    @property
    def _rdf(self) -> ET.Element | None:
        if self._root.tag == _q(_RDF, "RDF"):
            return self._root
        return self._root.find(f".//{_q(_RDF, 'RDF')}")

    @property
    def regions(self) -> list[Region]:
        """The faces that are marked; what is no face, or makes no sense, is passed over."""
        found: list[Region] = []
        for info in self._infos():
            applied_to = _dimensions(info)
            for item in _items(info):
                if len(found) < MOST_REGIONS and (region := _region(item, applied_to)) is not None:
                    found.append(region)
        return found

    def add(self, regions: Sequence[Region]) -> tuple[int, int]:
        """Add named faces. A region that is there without a name gets it; one with another name keeps that.

        Returns:
            How many names were added, and how many regions kept another name.
        """
        added = kept = 0
        for region in regions:
            there = self._item_at(region.area)
            if there is None:
                self._bag(region.applied_to).append(_element(region))
                added += 1
                continue
            name = _value(there, _REGIONS, "Name") or ""
            if not name.strip():
                _set(there, _REGIONS, "Name", region.name)
                added += 1
            elif name != region.name:
                kept += 1
        return added, kept

    def packed(self) -> bytes:
        """The packet as it is stored."""
        for prefix, space in _PREFIXES.items():
            ET.register_namespace(prefix, space)
        body = ET.tostring(self._root, "unicode")
        start = f'<?xpacket begin="\ufeff" id="{_PACKET_ID}"?>\n'
        return f'{start}{body}\n{_PADDING}<?xpacket end="w"?>'.encode()

    def _infos(self) -> list[ET.Element]:
        return list(self._root.iter(_q(_REGIONS, "Regions")))

    def _item_at(self, area: Box) -> ET.Element | None:
        for info in self._infos():
            for item in _items(info):
                region = _region(item, None)
                if region is not None and region.area.iou(area) >= _SAME_REGION:
                    return item
        return None

    def _bag(self, applied_to: tuple[float, float] | None) -> ET.Element:
        """The list that regions are added to, made where there is none."""
        infos = self._infos()
        bag = infos[0].find(f".//{_q(_RDF, 'Bag')}") if infos else None
        if bag is not None:
            return bag
        rdf = self._rdf
        description = ET.SubElement(self._root if rdf is None else rdf, _q(_RDF, "Description"))
        description.set(_q(_RDF, "about"), "")
        info = ET.SubElement(description, _q(_REGIONS, "Regions"), {_q(_RDF, "parseType"): "Resource"})
        if applied_to is not None:
            width, height = (f"{side:.0f}" for side in applied_to)
            names = {"w": width, "h": height, "unit": "pixel"}
            applied = {_q(_DIMENSIONS, key): value for key, value in names.items()}
            ET.SubElement(info, _q(_REGIONS, "AppliedToDimensions"), applied)
        return ET.SubElement(ET.SubElement(info, _q(_REGIONS, "RegionList")), _q(_RDF, "Bag"))


def _items(info: ET.Element) -> Iterator[ET.Element]:
    """The structures of a list: an rdf:li holds one, or is one."""
    for item in info.iter(_q(_RDF, "li")):
        inner = item.find(_q(_RDF, "Description"))
        yield item if inner is None else inner


def _region(item: ET.Element, applied_to: tuple[float, float] | None) -> Region | None:
    kind = _value(item, _REGIONS, "Type")
    area = item.find(_q(_REGIONS, "Area"))
    if area is None or (kind or "Face").strip().casefold() != "face":
        return None
    inner = area.find(_q(_RDF, "Description"))
    holder = area if inner is None else inner
    if (_value(holder, _AREA, "unit") or "normalized").strip() != "normalized":
        return None
    sides = [_number(_value(holder, _AREA, key)) for key in ("x", "y", "w", "h")]
    known = [side for side in sides if side is not None and -1 <= side <= 2]
    if len(known) < 4 or known[2] <= 0 or known[3] <= 0:
        return None
    x, y, width, height = known
    name = " ".join((_value(item, _REGIONS, "Name") or "").split())
    return Region(name, Box(x - width / 2, y - height / 2, width, height), applied_to)


def _dimensions(info: ET.Element) -> tuple[float, float] | None:
    applied = info.find(f".//{_q(_REGIONS, 'AppliedToDimensions')}")
    if applied is None:
        return None
    inner = applied.find(_q(_RDF, "Description"))
    width, height = (_number(_value(applied if inner is None else inner, _DIMENSIONS, key)) for key in ("w", "h"))
    return (width, height) if width and height and width > 0 and height > 0 else None


def _element(region: Region) -> ET.Element:
    item = ET.Element(_q(_RDF, "li"))
    about = {_q(_REGIONS, "Name"): region.name, _q(_REGIONS, "Type"): "Face"}
    description = ET.SubElement(item, _q(_RDF, "Description"), about)
    (x, y), area = region.area.centre, region.area
    values = {"x": x, "y": y, "w": area.width, "h": area.height}
    attributes = {_q(_AREA, key): f"{value:.6f}" for key, value in values.items()}
    ET.SubElement(description, _q(_REGIONS, "Area"), {**attributes, _q(_AREA, "unit"): "normalized"})
    return item


def _value(holder: ET.Element, space: str, name: str) -> str | None:
    """A property's value: XMP writes it as an attribute or as an element, which may hold alternatives by language."""
    if (attribute := holder.get(_q(space, name))) is not None:
        return attribute
    element = holder.find(_q(space, name))
    if element is None:
        return None
    first = element.find(f".//{_q(_RDF, 'li')}")
    return (element if first is None else first).text


def _set(holder: ET.Element, space: str, name: str, value: str) -> None:
    element = holder.find(_q(space, name))
    if element is not None:
        holder.remove(element)
    holder.set(_q(space, name), value)


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _q(space: str, name: str) -> str:
    return f"{{{space}}}{name}"
