"""What may be typed after `visavis`. Imports nothing heavy, so that --help answers at once."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import date
from pathlib import Path

EXIT_CODES = (
    "Exit codes: 0 done or match, 1 no match, 2 wrong usage, 3 bad input (no face, unreadable, unknown person)."
)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line; wrong usage ends the process with code 2.

    Returns:
        A namespace with `command` (None for the window), the common options and the command's own.
    """
    everywhere = _common_options(argparse.SUPPRESS)
    parser = argparse.ArgumentParser(
        prog="visavis",
        description="Enroll, verify and identify people on your own machine. Without a command the window opens.",
        epilog=EXIT_CODES,
        parents=[_common_options(None)],
    )
    parser.add_argument("--camera", metavar="FILE", help="a video or a folder of pictures that stands in for a camera")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    enroll = commands.add_parser("enroll", parents=[everywhere], help="enroll a person from pictures")
    enroll.add_argument("name")
    enroll.add_argument("images", nargs="+", type=Path, metavar="IMAGE", help="a picture, or a folder of them")
    enroll.add_argument("--consent", type=date.fromisoformat, metavar="YYYY-MM-DD", help="when the person consented")

    verify = commands.add_parser("verify", parents=[everywhere], help="is this the person they claim to be? (1:1)")
    verify.add_argument("name")
    verify.add_argument("image", type=Path)

    compare = commands.add_parser("compare", parents=[everywhere], help="do two pictures show the same person?")
    compare.add_argument("first", type=Path)
    compare.add_argument("second", type=Path)

    identify = commands.add_parser("identify", parents=[everywhere], help="who is in these pictures? (1:N)")
    identify.add_argument("images", nargs="+", type=Path, metavar="IMAGE", help="a picture, or a folder of them")

    _add_gallery_commands(commands.add_parser("gallery", parents=[everywhere], help="look at and change the gallery"))
    commands.add_parser("info", parents=[everywhere], help="device, precision, pack, gallery, versions")
    return parser.parse_args(arguments)


def _add_gallery_commands(gallery: argparse.ArgumentParser) -> None:
    everywhere = _common_options(argparse.SUPPRESS)
    actions = gallery.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", parents=[everywhere], help="everyone in the gallery")
    listing.add_argument("search", nargs="?", default="", help="only people whose name, tags or notes contain this")
    show = actions.add_parser("show", parents=[everywhere], help="one person and their templates")
    show.add_argument("name")
    rename = actions.add_parser("rename", parents=[everywhere], help="give a person another name")
    rename.add_argument("name")
    rename.add_argument("new_name")
    merge = actions.add_parser("merge", parents=[everywhere], help="move all templates of NAME to INTO, and drop NAME")
    merge.add_argument("name")
    merge.add_argument("into")
    delete = actions.add_parser("delete", parents=[everywhere], help="delete a person with all templates and crops")
    delete.add_argument("name")


def _common_options(default: object) -> argparse.ArgumentParser:
    """Options that may stand before the command or after it; after it they have no default that would overrule."""
    options = argparse.ArgumentParser(add_help=False)

    def add(name: str, **arguments: object) -> None:
        options.add_argument(name, default=default, **arguments)  # type: ignore[arg-type]  # argparse's own keywords

    add("--gallery", type=Path, metavar="PATH", help="the gallery's file")
    add("--device", choices=("auto", "cuda", "mps", "cpu"), help="where the networks run")
    add("--log-level", choices=("debug", "info", "warning", "error"), help="how much is logged to the error stream")
    options.add_argument(
        "--json",
        action="store_true",
        default=False if default is None else default,
        help="print the result as JSON",
    )
    return options
