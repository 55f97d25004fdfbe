"""Writing who was identified where into or beside the pictures, for digiKam, Lightroom and others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from engine.exchange import NamedBox, NamedPicture, RegionPlace, RegionsWritten
from engine.types import IdentifiedPicture
from engine.wording import counted, pictures
from gui.context import Context
from gui.widgets.menu_button import MenuButton

BESIDE, INSIDE = "Beside the pictures (.xmp)", "Into the JPEG files"


def named_pictures(answers: Sequence[IdentifiedPicture]) -> list[NamedPicture]:
    """Return the files in which somebody was recognised; pasted pictures are none."""
    named = []
    for answer in answers:
        people = tuple(
            NamedBox(found.person.name, found.face.box) for found in answer.identifications if found.person is not None
        )
        picture = Path(answer.source)
        if people and picture.is_absolute():
            named.append(NamedPicture(picture, people))
    return named


def names_button(context: Context, answers: Callable[[], Sequence[IdentifiedPicture]]) -> MenuButton:
    """Make the button that writes names."""

    def write(place: RegionPlace) -> None:
        job = context.tell_failure(context.client.write_regions(named_pictures(answers()), place))

        def told(done: RegionsWritten) -> None:
            details = "\n".join(one.reason for one in done.left_out)
            context.toasts.show(_sentence(done), "bad" if done.left_out else "good", details)

        job.succeeded.connect(told)

    return MenuButton(
        "Write names",
        "edit",
        (
            (
                BESIDE,
                "A small file beside each picture, which digiKam and others read; the picture stays as it is",
                lambda: write(RegionPlace.SIDECAR),
            ),
            (
                INSIDE,
                "Into each JPEG's own metadata; the picture in it stays as it is, byte for byte",
                lambda: write(RegionPlace.PICTURE),
            ),
        ),
    )


def _sentence(done: RegionsWritten) -> str:
    names = counted(done.regions, "name was", "names were")
    parts = [f"{names} written for {pictures(done.pictures)}."]
    if done.kept:
        kept = counted(done.kept, "face bears", "faces bear")
        parts.append(f"{kept} another name already, which stays.")
    if done.left_out:
        parts.append(f"{pictures(len(done.left_out))} could not be written.")
    return " ".join(parts)
