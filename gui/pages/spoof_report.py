"""The spoof bench's report in words and tables: one way of being judged after the other, never two in one rate."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from engine.liveness_values import CUE_TITLES, BenchReport, SpeciesResult, WayResult
from engine.wording import counted
from gui.widgets.table import table


def was_tried(way: WayResult) -> bool:
    """Whether there are trials of it."""
    return bool(way.attacks or way.bona_fide.presented)


def tables(way: WayResult) -> list[QWidget]:
    """The attacks that were tried, and the living faces; what Settings do not ask for says itself what it lacks."""
    title = f"{way.title}, as Settings ask" if way.in_force else way.title
    note = " ".join(("Species are never averaged.", *([] if way.in_force else _missing(way))))
    made: list[QWidget] = []
    headings: tuple[str, ...]
    if way.attacks:
        alone = _alone(way.attacks[0])
        headings = (
            "Species", "Tried", "Refused", "Taken for living (APCER)", *alone, "Accepted (IAPAR)", "May be called"
        )  # fmt: skip
        rows = [(*_figures(one.title, one), one.label) for one in way.attacks]
        widths = (3, 1, 1, *[3] * (len(headings) - 3))
        made.append(table(f"Attacks, worst first: {title}", note, headings, rows, widths))
    if way.bona_fide.presented:
        alone = _alone(way.bona_fide)
        headings = ("", "Tried", "Refused", "Not taken for living (BPCER)", *alone, "Not accepted")
        rows = [_figures("Living faces", way.bona_fide)]
        made.append(table(f"Living faces: {title}", "", headings, rows, (3, 1, 1, *[3] * (len(headings) - 3))))
    return made


def _alone(one: SpeciesResult) -> list[str]:
    return [f"{CUE_TITLES[cue.key]} alone" for cue in one.cues]


def _figures(title: str, one: SpeciesResult) -> tuple[str, ...]:
    cues = [cue.error.text for cue in one.cues]
    return title, str(one.presented), str(one.refused), one.error.text, *cues, one.accepted.text


def sentences(found: BenchReport) -> list[str]:
    """What is missing for what Settings ask for, or for the look alone where they ask for nothing.

    Of two ways one that was never tried is left to the headline.
    """
    told = [way for way in found.ways if way.in_force and was_tried(way)] or found.ways[:1]
    said: list[str] = []
    for way in told:
        missing = _missing(way)
        if len(told) > 1 and missing:
            missing[0] = f"{way.title}. {missing[0]}"
        said += missing
    if found.from_files:
        said.append(f"Not counted: {counted(found.from_files, 'trial')} with files or virtual cameras.")
    return said


def _missing(way: WayResult) -> list[str]:
    said = []
    if way.untested:
        said.append(f"Never tried: {', '.join(way.untested)}.")
    if way.shortfalls:
        said.append("Still missing: " + " ".join(way.shortfalls))
    if way.cameras:
        said.append(f"Cameras: {', '.join(way.cameras)}. Networks: {', '.join(way.models)}.")
    return said
