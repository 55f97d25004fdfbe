"""Names in pictures: what other programs have written is read and kept, ours is where they look for it."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from engine.exchange import DamagedFileError, NamedBox, NamedPicture, RegionPlace, SourceKind
from engine.gallery.store import Gallery
from engine.transfer.regions import named_faces, write_regions
from engine.transfer.xmp import Packet, Region
from engine.transfer_desk import TransferDesk
from engine.types import Box, PixelArray

# As digiKam writes it: structures as parseType="Resource", values as attributes; and much else in the packet.
DIGIKAM = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:digiKam="http://www.digikam.org/ns/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/"
    xmlns:stDim="http://ns.adobe.com/xap/1.0/sType/Dimensions#" xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#"
    digiKam:ColorLabel="3">
   <dc:subject><rdf:Bag><rdf:li>People</rdf:li></rdf:Bag></dc:subject>
   <mwg-rs:Regions rdf:parseType="Resource">
    <mwg-rs:AppliedToDimensions stDim:w="1024" stDim:h="600" stDim:unit="pixel"/>
    <mwg-rs:RegionList><rdf:Bag>
      <rdf:li><rdf:Description mwg-rs:Name="Eileen Collins" mwg-rs:Type="Face">
       <mwg-rs:Area stArea:x="0.218" stArea:y="0.19" stArea:w="0.12" stArea:h="0.22" stArea:unit="normalized"/>
      </rdf:Description></rdf:li>
      <rdf:li><rdf:Description mwg-rs:Name="A dog" mwg-rs:Type="Pet">
       <mwg-rs:Area stArea:x="0.5" stArea:y="0.5" stArea:w="0.1" stArea:h="0.1" stArea:unit="normalized"/>
      </rdf:Description></rdf:li>
      {more}
    </rdf:Bag></mwg-rs:RegionList>
   </mwg-rs:Regions>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"""

# As Lightroom writes it: everything as elements.
LIGHTROOM_ITEM = """<rdf:li rdf:parseType="Resource">
  <mwg-rs:Area rdf:parseType="Resource"><stArea:h>0.40</stArea:h><stArea:w>0.18</stArea:w>
    <stArea:x>0.745</stArea:x><stArea:y>0.415</stArea:y></mwg-rs:Area>
  <mwg-rs:Name>{name}</mwg-rs:Name><mwg-rs:Rotation>0.1</mwg-rs:Rotation><mwg-rs:Type>Face</mwg-rs:Type></rdf:li>"""


def packet(name: str = "Grace Hopper") -> str:
    return DIGIKAM.format(more=LIGHTROOM_ITEM.format(name=name))


@pytest.fixture
def both(tmp_path: Path, pictures: Path) -> Path:
    """A picture of two people, Eileen on the left."""
    return Path(shutil.copy(pictures / "both.jpg", tmp_path / "both.jpg"))


@pytest.mark.parametrize("place", ["both.jpg.xmp", "both.xmp", "jpeg", "png", "webp", "tiff", "heic"])
def test_that_named_faces_become_people(desk: TransferDesk, empty: Gallery, both: Path, place: str) -> None:
    if place.endswith(".xmp"):
        both.with_name(place).write_text(packet(), "utf-8")
        picture = both
    else:
        picture = _marked(both, both.with_name(f"marked.{place}"))
    done = desk.import_from([picture], SourceKind.REGIONS)
    assert (done.added, done.templates, done.left_out_count) == (2, 2, 0), done.left_out
    assert [person.name for person in empty.people()] == ["Eileen Collins", "Grace Hopper"]
    alone = desk.import_from([both.parent], SourceKind.REGIONS)
    assert alone.templates == 0


def _marked(source: Path, target: Path) -> Path:
    """The same picture with a packet inside."""
    about = PngInfo()
    about.add_itxt("XML:com.adobe.xmp", packet())
    how: dict[str, dict[str, Any]] = {
        ".png": {"pnginfo": about},
        ".tiff": {"tiffinfo": {700: packet().encode()}},
        ".heic": {"xmp": packet().encode(), "quality": 90},
    }
    Image.open(source).save(target, **how.get(target.suffix, {"xmp": packet().encode(), "quality": 92}))
    return target


def test_that_the_faces_are_the_ones_that_are_marked(
    desk: TransferDesk, empty: Gallery, both: Path, pictures: Path
) -> None:
    both.with_name("both.jpg.xmp").write_text(packet(), "utf-8")
    desk.import_from([both], SourceKind.REGIONS)
    stored = {person.name: empty.templates(person.id)[0] for person in empty.people()}
    assert stored["Eileen Collins"].source == str(both)
    (pictures_of_grace := both.with_name("people") / "Grace Hopper").mkdir(parents=True)
    shutil.copy(pictures / "grace.jpg", pictures_of_grace)
    again = desk.import_from([pictures_of_grace.parent])
    assert again.templates + again.left_out_count == 1
    assert not again.warnings, "Grace's own picture looks like nobody else"


def test_that_a_region_without_a_face_is_listed(desk: TransferDesk, both: Path) -> None:
    item = LIGHTROOM_ITEM.format(name="A wall").replace("0.745", "0.95").replace("0.415", "0.9").replace("0.40", "0.1")
    both.with_name("both.jpg.xmp").write_text(DIGIKAM.format(more=item), "utf-8")
    done = desk.import_from([both], SourceKind.REGIONS)
    assert (done.templates, done.left_out_count) == (1, 1)
    assert "“A wall” is marked" in done.left_out[0].reason


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("place", RegionPlace)
def test_that_regions_are_of_the_stored_picture_however_it_is_turned(
    tmp_path: Path, orientation: int, place: RegionPlace
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    marked: PixelArray = np.zeros((40, 60, 3), np.uint8)
    picture = tmp_path / "p.jpg"
    Image.fromarray(marked).save(picture, exif=exif)
    box = Box(3, 5, 8, 10)
    write_regions([NamedPicture(picture, (NamedBox("Ada", box),))], place)
    (found,) = named_faces(picture)
    assert found.box == pytest.approx(box, abs=0.01)
    written = picture if place is RegionPlace.PICTURE else tmp_path / "p.jpg.xmp"
    content = written.read_bytes()
    start = content.index(b"<?xpacket begin")
    (region,) = Packet(content[start : content.index(b'end="w"?>') + 9]).regions
    area = region.area
    rows = slice(round(area.y * 40), round((area.y + area.height) * 40))
    marked[rows, round(area.x * 60) : round((area.x + area.width) * 60)] = 255
    turned = Image.fromarray(marked)
    turned.getexif()[0x0112] = orientation
    upright = np.asarray(ImageOps.exif_transpose(turned))[..., 0]
    ys, xs = np.nonzero(upright)
    assert (xs.min(), ys.min(), np.ptp(xs) + 1, np.ptp(ys) + 1) == (3, 5, 8, 10)
    assert region.applied_to == (60, 40)


def test_that_regions_marked_in_the_upright_picture_are_taken_as_such(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.zeros((40, 60, 3), np.uint8)).save(tmp_path / "p.jpg", exif=exif)
    text = packet().replace('stDim:w="1024" stDim:h="600"', 'stDim:w="40" stDim:h="60"')
    (tmp_path / "p.jpg.xmp").write_text(text, "utf-8")
    assert named_faces(tmp_path / "p.jpg")[0].box.centre == pytest.approx((0.218 * 40, 0.19 * 60))


def test_that_a_foreign_packet_keeps_everything_else_and_its_names(both: Path) -> None:
    sidecar = both.with_name("both.jpg.xmp")
    sidecar.write_text(packet("Admiral Hopper"), "utf-8")
    boxes = {one.name: one.box for one in named_faces(both)}
    people = (
        NamedBox("Grace", boxes["Admiral Hopper"]),
        NamedBox("Eileen Collins", boxes["Eileen Collins"]),
        NamedBox("New & <odd>", Box(10, 500, 60, 60)),
    )
    done = write_regions([NamedPicture(both, people)], RegionPlace.SIDECAR)
    assert (done.regions, done.kept) == (1, 1)
    text = sidecar.read_text("utf-8")
    for kept in ('digiKam:ColorLabel="3"', "<rdf:li>People</rdf:li>", "A dog", "Admiral Hopper", "0.1</mwg-rs:Rot"):
        assert kept in text
    assert {one.name for one in named_faces(both)} == {"Admiral Hopper", "Eileen Collins", "New & <odd>"}
    before = sidecar.read_bytes()
    assert write_regions([NamedPicture(both, people)], RegionPlace.SIDECAR).regions == 0
    assert sidecar.read_bytes() == before


def test_that_a_region_without_a_name_gets_one(both: Path) -> None:
    both.with_name("both.jpg.xmp").write_text(packet(""), "utf-8")
    unnamed = Region("", Box(0.655, 0.215, 0.18, 0.40))
    box = Box(unnamed.area.x * 1024, unnamed.area.y * 600, 0.18 * 1024, 0.4 * 600)
    assert write_regions([NamedPicture(both, (NamedBox("Grace", box),))], RegionPlace.SIDECAR).regions == 1
    assert {one.name for one in named_faces(both)} == {"Eileen Collins", "Grace"}


@pytest.mark.parametrize("embedded", [False, True])
def test_that_a_jpeg_stays_the_same_outside_of_its_packet(both: Path, embedded: bool) -> None:
    if embedded:
        Image.open(both).save(both, quality=92, xmp=packet().encode(), exif=Image.Exif())
    before, pixels = both.read_bytes(), np.asarray(Image.open(both))
    os.chmod(both, 0o644)  # noqa: PTH101 - as a user's picture is
    assert write_regions([NamedPicture(both, (NamedBox("New", Box(10, 500, 60, 60)),))], RegionPlace.PICTURE).regions
    after = both.read_bytes()
    scan = before.index(b"\xff\xda")
    assert after[after.index(b"\xff\xda") :] == before[scan:]
    assert np.array_equal(np.asarray(Image.open(both)), pixels)
    assert _without_xmp(after) == _without_xmp(before)
    assert both.stat().st_mode & 0o777 == 0o644
    assert "New" in {one.name for one in named_faces(both)}
    assert ("Grace Hopper" in {one.name for one in named_faces(both)}) == embedded
    assert [one.name for one in both.parent.iterdir()] == ["both.jpg"]


def _without_xmp(jpeg: bytes) -> bytes:
    mark = b"http://ns.adobe.com/xap/1.0/\0"
    if mark not in jpeg:
        return jpeg
    start = jpeg.index(mark) - 4
    return jpeg[:start] + jpeg[start + 2 + int.from_bytes(jpeg[start + 2 : start + 4], "big") :]


def test_that_only_jpegs_are_written_into_and_the_rest_is_listed(both: Path, pictures: Path) -> None:
    png, broken = both.with_name("a.png"), both.with_name("broken.jpg")
    shutil.copy(pictures / "eileen2.png", png)
    broken.write_bytes(both.read_bytes()[:40])
    digest = hashlib.sha256(png.read_bytes()).digest()
    person = (NamedBox("New", Box(10, 100, 60, 60)),)
    named = [NamedPicture(place, person) for place in (png, broken, both, both.with_name("gone.jpg"))]
    done = write_regions(named, RegionPlace.PICTURE)
    assert (done.pictures, done.regions, len(done.left_out)) == (1, 1, 3)
    assert hashlib.sha256(png.read_bytes()).digest() == digest


BOMB = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>'
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><x>&a;</x>'


@pytest.mark.parametrize(
    "text", [BOMB, OUTSIDE, "<x", "", "not xml", "<x/>", "<a>" * 50_000, "\0\0", packet()[:900]], ids=range(9)
)
def test_that_a_hostile_packet_is_refused_and_the_picture_is_listed(desk: TransferDesk, both: Path, text: str) -> None:
    if text:
        with pytest.raises(DamagedFileError):
            Packet(text.encode())
    both.with_name("both.jpg.xmp").write_text(text, "utf-8")
    shutil.copy(both, both.with_name("good.jpg"))
    both.with_name("good.xmp").write_text(packet(), "utf-8")
    done = desk.import_from([both.parent], SourceKind.REGIONS)
    assert done.templates == 2
    before = both.with_name("both.jpg.xmp").read_bytes()
    written = write_regions([NamedPicture(both, (NamedBox("A", Box(10, 500, 60, 60)),))], RegionPlace.SIDECAR)
    if text:
        assert len(written.left_out) == 1
        assert both.with_name("both.jpg.xmp").read_bytes() == before, "what cannot be read is not overwritten"


@pytest.mark.parametrize(
    "area",
    ['stArea:x="nan" stArea:y="0.5" stArea:w="0.1" stArea:h="0.1"', 'stArea:x="0.5" stArea:y="0.5" stArea:w="-1"',
     'stArea:x="1e300" stArea:y="0.5" stArea:w="0.1" stArea:h="0.1"', 'stArea:x="a"', "",
     'stArea:x="10" stArea:y="10" stArea:w="9" stArea:h="9" stArea:unit="pixel"'],
)  # fmt: skip
def test_that_an_area_that_makes_no_sense_is_passed_over(both: Path, area: str) -> None:
    inside = f'mwg-rs:Name="Odd" mwg-rs:Type="Face"><mwg-rs:Area {area}/>'
    item = f"<rdf:li><rdf:Description {inside}</rdf:Description></rdf:li>"
    both.with_name("both.jpg.xmp").write_text(DIGIKAM.format(more=item), "utf-8")
    assert [one.name for one in named_faces(both)] == ["Eileen Collins"]
