"""What may be typed after `visavis`. Imports nothing heavy, so that --help answers at once."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

from typing_extensions import override

from engine.journal import KINDS
from engine.learning import RECIPE_OPTIONS, Recipe
from engine.liveness_values import BONA_FIDE, SPECIES
from engine.options import Option
from engine.pack_values import SCALING_WORDS
from engine.server_address import gallery_place

EXIT_CODES = (
    "Exit codes: 0 done or match, 1 no match (or a check found something), 2 wrong usage, "
    "3 bad input (no face, unreadable, unknown person), 128 and the signal's number when it was asked to end."
)


class _Version(argparse.Action):
    """Looks the version up only where it is asked for."""

    @override
    def __call__(self, parser: argparse.ArgumentParser, *_given: object) -> None:
        print(f"visavis {version('visavis')}")
        parser.exit()


_PACK_ACTIONS = {
    "list": "all packs, those in use with a * (without an action too)",
    "show ID": "licence, origin, digests and accuracy of one",
    "install ID": "download it, or take it --from a file or an address",
    "use ID": "let it decide, or find the faces; `use default` goes back to how the program comes",
    "remove ID": "delete its files, and what it made of the gallery",
    "add FILE": "weights of a known --architecture, or an ONNX network; with --calibrate",
    "calibrate ID": "find out with --calibrate what its distances mean",
    "join ONE OTHER": "make one pack of two networks",
    "measure ID": "how fast it is on this machine",
}


def _day(text: str) -> date:
    """A day as it is typed."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{text}” is no day. Write it as {date.today().isoformat()}.") from None


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
    parser.add_argument("--version", action=_Version, nargs=0, help="say which version this is")
    parser.add_argument("--camera", metavar="FILE", help="a video or a folder of pictures that stands in for a camera")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    enroll = commands.add_parser("enroll", parents=[everywhere], help="enroll a person from pictures")
    enroll.add_argument("name")
    enroll.add_argument("images", nargs="*", type=Path, metavar="IMAGE", help="a picture, or a folder of them")
    enroll.add_argument("--consent", type=_day, metavar="YYYY-MM-DD", help="when the person consented")
    enroll.add_argument("--guided", action="store_true", help="choose the best views of a camera, a video or a folder")
    # Not to be mixed up with the window's own option of the same name, which comes before the command.
    enroll.add_argument("--camera", dest="source", metavar="SOURCE", help="what --guided looks at")
    enroll.add_argument("--purpose", default="", help="what the person is enrolled for, with --guided")

    verify = commands.add_parser("verify", parents=[everywhere], help="is this the person they claim to be? (1:1)")
    verify.add_argument("name")
    verify.add_argument("image", type=Path)

    compare = commands.add_parser("compare", parents=[everywhere], help="do two pictures show the same person?")
    compare.add_argument("first", type=Path)
    compare.add_argument("second", type=Path)

    identify = commands.add_parser("identify", parents=[everywhere], help="who is in these pictures? (1:N)")
    identify.add_argument("images", nargs="+", type=Path, metavar="IMAGE", help="a picture, or a folder of them")

    reject = commands.add_parser("reject", parents=[everywhere], help="the face in this picture is not NAME")
    reject.add_argument("name")
    reject.add_argument("image", type=Path)
    sort = commands.add_parser(
        "sort", parents=[everywhere], help="find every face in a folder and group them by person"
    )
    sort.add_argument("folder", type=Path)
    again = sort.add_mutually_exclusive_group()
    again.add_argument("--resume", action="store_true", help="go on; only new and changed pictures are looked at")
    again.add_argument("--anew", action="store_true", help="forget what was found and decided before, and start over")
    again.add_argument("--forget", action="store_true", help="delete what was found; people who were enrolled stay")

    _add_gallery_commands(commands.add_parser("gallery", parents=[everywhere], help="look at and change the gallery"))
    _add_learning_commands(commands)
    _add_transfer_commands(commands)
    _add_server_commands(commands.add_parser("server", parents=[everywhere], help="for the owner of a gallery server"))
    _add_liveness_commands(commands)
    commands.add_parser("info", parents=[everywhere], help="device, precision, pack, gallery, versions")
    request = parser.parse_args(arguments)
    if request.command == "enroll" and bool(request.images) == request.guided:
        enroll.error("name pictures, or --guided with --camera SOURCE; one of the two")
    return request


def _add_gallery_commands(gallery: argparse.ArgumentParser) -> None:
    everywhere = _common_options(argparse.SUPPRESS)
    actions = gallery.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", parents=[everywhere], help="everyone in the gallery")
    listing.add_argument("search", nargs="?", default="", help="only people whose name, tags or notes contain this")
    listing.add_argument("--due", action="store_true", help="only people who have expired or do so within 30 days")
    show = actions.add_parser("show", parents=[everywhere], help="one person and their templates")
    show.add_argument("name")
    rename = actions.add_parser("rename", parents=[everywhere], help="give a person another name")
    rename.add_argument("name")
    rename.add_argument("new_name")
    merge = actions.add_parser("merge", parents=[everywhere], help="move all templates of NAME to INTO, and drop NAME")
    merge.add_argument("name")
    merge.add_argument("into")
    split = actions.add_parser("split", parents=[everywhere], help="make somebody new of some of NAME's templates")
    split.add_argument("name")
    split.add_argument("--templates", nargs="+", type=int, required=True, metavar="NUMBER", help="`show` lists them")
    split.add_argument("--into", required=True, metavar="NEW_NAME", help="what the new person is called")
    undo = actions.add_parser("undo", parents=[everywhere], help="take back the latest edit; deletions stay deleted")
    undo.add_argument("--show", action="store_true", help="only say what would be taken back")
    delete = actions.add_parser("delete", parents=[everywhere], help="delete a person with all templates and crops")
    delete.add_argument("name")
    delete.add_argument("--erase", action="store_true", help="for good, wherever they are; prints a receipt")
    delete.add_argument("--backups", action="store_true", help="with --erase: backups that hold them are deleted too")
    delete.add_argument(
        "--receipt", type=Path, metavar="FILE", help="with --erase: write the receipt here (.txt, .json)"
    )
    describe = actions.add_parser(
        "describe", parents=[everywhere], help="change what is noted about a person", argument_default=argparse.SUPPRESS
    )
    describe.add_argument("name")
    describe.add_argument("--notes")
    describe.add_argument("--tags", type=lambda tags: tags.split(","), help="separated by commas")
    describe.add_argument("--purpose", help="what the person is enrolled for")
    for name, key, note in (
        ("--consent", "consent_date", "when the person consented"),
        ("--expires", "expires_on", "the last day they are to be kept"),
    ):
        describe.add_argument(name, dest=key, type=_day_or_never, metavar="YYYY-MM-DD|never", help=note)
    rejections = actions.add_parser("rejections", parents=[everywhere], help="faces that are not NAME; take one back")
    rejections.add_argument("name")
    rejections.add_argument("--remove", type=int, metavar="NUMBER", help="this face no longer counts as not being NAME")
    actions.add_parser("review", parents=[everywhere], help="look-alikes, doubles and pictures under a wrong name")
    _add_safekeeping_commands(actions)


def _add_safekeeping_commands(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    everywhere = _common_options(argparse.SUPPRESS)
    protect = actions.add_parser("protect", parents=[everywhere], help="what protects the gallery, and what opens it")
    how = protect.add_mutually_exclusive_group()
    how.add_argument("--set-passphrase", action="store_true", help="encrypt the gallery, and ask for a passphrase")
    how.add_argument("--use-keyring", action="store_true", help="encrypt it, and let the system's keyring open it")
    how.add_argument("--recovery-code", action="store_true", help="make a recovery code and print it, once")
    how.add_argument("--new-key", action="store_true", help="encrypt it under a new key, which the same ways open")
    protect.add_argument("--new-passphrase-file", type=Path, metavar="FILE", help="holds the passphrase to set")
    check = actions.add_parser("check", parents=[everywhere], help="is every page, picture and embedding as stored?")
    check.add_argument("--repair", action="store_true", help="put right what can be")
    actions.add_parser("compact", parents=[everywhere], help="write the file anew, without what was deleted")
    backup = actions.add_parser("backup", parents=[everywhere], help="make a backup now")
    backup.add_argument("--list", action="store_true", help="list the backups there are instead")
    restore = actions.add_parser("restore", parents=[everywhere], help="go back to a backup; what is there is kept")
    restore.add_argument("backup", nargs="?", help="its name; the newest by default")
    log = actions.add_parser("log", parents=[everywhere], help="what was changed and decided, and when")
    log.add_argument("--person", metavar="NAME", help="only about this person")
    log.add_argument("--kind", choices=sorted(KINDS), metavar="KIND", help=f"one of: {', '.join(sorted(KINDS))}")
    for name, note in (("--since", "from this day on"), ("--until", "up to this day")):
        log.add_argument(name, type=_day, metavar="YYYY-MM-DD", help=note)
    log.add_argument("--text", help="only entries that contain this")
    how = log.add_mutually_exclusive_group()
    how.add_argument("--export", type=Path, metavar="FILE", help="write them into a .csv or .json table instead")
    how.add_argument("--verify", action="store_true", help="is every entry as it was written? Exit code 1 if not")
    how.add_argument("--accept", action="store_true", help="an older copy of the gallery is in its place on purpose")


def _day_or_never(text: str) -> date | None:
    return None if text == "never" else _day(text)


def _add_server_commands(server: argparse.ArgumentParser) -> None:
    everywhere = _common_options(argparse.SUPPRESS)
    actions = server.add_subparsers(dest="action", required=True, metavar="ACTION")
    setup = actions.add_parser(
        "setup", parents=[everywhere], help="make a gallery in a PostgreSQL database, or bring one up to date"
    )
    setup.add_argument("url", metavar="URL", help="postgresql://OWNER@HOST/DATABASE")
    setup.add_argument(
        "--roles", default="visavis", metavar="WORD", help="what the roles for readers and writers start with"
    )
    index = actions.add_parser(
        "index", parents=[everywhere], help="make pgvector's index (HNSW) for other programs that search the server"
    )
    index.add_argument("url", metavar="URL", help="postgresql://OWNER@HOST/DATABASE")


def _add_learning_commands(commands: Any) -> None:
    everywhere = _common_options(argparse.SUPPRESS)
    train = commands.add_parser(
        "train", parents=[everywhere], help="train or fine-tune a network on a folder of people"
    )
    train.add_argument("folder", nargs="?", type=Path, help="holds one folder of pictures per person")
    train.add_argument("--check", action="store_true", help="only look at the data")
    train.add_argument("--leave-out", type=Path, metavar="FILE", help="pictures not to use, one a line")
    train.add_argument("--name", help="what to call the run")
    train.add_argument("--resume", type=Path, metavar="RUN", help="go on with a run that was stopped")
    train.add_argument("--promote", type=Path, metavar="RUN", help="store a run's network as a pack, if it is better")
    train.add_argument("--anyway", action="store_true", help="promote even what is not better beyond chance")
    train.add_argument("--bench", metavar="LOSS,LOSS", help="train with several losses for the same time")
    train.add_argument("--seconds", type=float, default=60.0, help="for each loss of a bench")
    train.add_argument("--runs", type=Path, metavar="FOLDER", help="where runs are kept")
    train.add_argument("--events", action="store_true", help=argparse.SUPPRESS)
    recipe = train.add_argument_group("recipe")
    for key, option in RECIPE_OPTIONS.items():
        _add_option(recipe, key, option, getattr(Recipe(), key))

    evaluate = commands.add_parser("evaluate", parents=[everywhere], help="measure a network on your own pictures")
    evaluate.add_argument("--pairs", type=Path, metavar="FILE", help="a pairs file in LFW's format")
    evaluate.add_argument("--images", type=Path, metavar="DIR", help="the pictures that the pairs are of")
    evaluate.add_argument("--folder", type=Path, metavar="DIR", help="a folder that holds one folder per person")
    evaluate.add_argument("--pack", help="which pack; the one in use by default")
    evaluate.add_argument("--weights", type=Path, metavar="FILE", help="a file of weights instead of a pack")
    evaluate.add_argument("--architecture", default="mobilefacenet", help="whose weights they are")
    evaluate.add_argument(
        "--report", type=Path, action="append", metavar="FILE", help="write a report: .html or .pdf; can be repeated"
    )
    evaluate.add_argument("--seed", type=int, default=0, help="of everything that is drawn")
    evaluate.add_argument("--events", action="store_true", help=argparse.SUPPRESS)

    packs = commands.add_parser(
        "packs",
        parents=[everywhere],
        help="the networks there are, or could be",
        description="The networks there are, or could be.\n\nactions:\n"
        + "\n".join(f"  {action:<16}{note}" for action, note in _PACK_ACTIONS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    choices = tuple(action.split()[0] for action in _PACK_ACTIONS)
    packs.add_argument(
        "action", choices=choices, nargs="?", default="list", metavar="ACTION", help="one of those above"
    )
    packs.add_argument("id", nargs="?", metavar="ID|FILE", help="which pack; the weights or ONNX network to add")
    packs.add_argument("other", nargs="?", metavar="ID", help="the pack to join with")
    packs.add_argument(
        "--from", dest="source", metavar="FILE|URL", help="install from a file, a folder, a ZIP archive or an address"
    )
    packs.add_argument("--architecture", help="whose weights they are")
    packs.add_argument("--scaling", choices=SCALING_WORDS, help="what an ONNX network takes; found out by default")
    packs.add_argument("--calibrate", type=Path, metavar="DIR", help="a folder of people: what do distances mean?")
    packs.add_argument("--licence", default="unknown", metavar="TEXT", help="of the weights (default: unknown)")
    packs.add_argument("--title", help="what to call the pack")
    packs.add_argument("--seconds", type=float, default=10.0, help="how long to measure")
    packs.add_argument("--events", action="store_true", help=argparse.SUPPRESS)


def _add_liveness_commands(commands: Any) -> None:
    everywhere = _common_options(argparse.SUPPRESS)
    alive = commands.add_parser("liveness", parents=[everywhere], help="is it a living face, or a picture of one?")
    actions = alive.add_subparsers(dest="action", required=True, metavar="ACTION")
    check = actions.add_parser(
        "check", parents=[everywhere], help="how pictures and videos look to the passive networks"
    )
    check.add_argument("files", nargs="*", type=Path, metavar="FILE", help="pictures or videos")
    train = actions.add_parser(
        "train", parents=[everywhere], help="train a network over time on clips in “live” and “spoof”"
    )
    train.add_argument("folder", nargs="?", type=Path, help="holds “live” and “spoof”: videos, or folders of frames")
    train.add_argument("--name", default="", help="what to call the run while it is under way")
    train.add_argument("--resume", default="", metavar="RUN", help="go on with a training that was stopped")
    train.add_argument("--kind", choices=("clip", "series"), default="clip", help="3-D on pixels, or 1-D on landmarks")
    train.add_argument("--seed", type=int, default=0, help="of everything that is drawn")
    train.add_argument("--events", action="store_true", help=argparse.SUPPRESS)
    bench = actions.add_parser("bench", parents=[everywhere], help="the spoof bench: what may be claimed here")
    bench.add_argument("--report", action="store_true", help="print the report (as without)")
    bench.add_argument("--video", type=Path, metavar="FILE", help="make a trial of a video; it counts nowhere")
    bench.add_argument("--species", choices=(*SPECIES, BONA_FIDE), help="what the video shows")
    bench.add_argument("--light", default="", help="in your words")
    bench.add_argument("--distance", default="", help="in your words")
    bench.add_argument("--subject", default="", help="who holds it, in your words")


def _add_transfer_commands(commands: Any) -> None:
    everywhere = _common_options(argparse.SUPPRESS)
    out = commands.add_parser("export", parents=[everywhere], help="write people into an encrypted file or a table")
    out.add_argument("file", type=Path, help="ends in .visavis (everything, encrypted), .csv or .json (a table)")
    out.add_argument("--people", nargs="+", metavar="NAME", help="only these; everybody by default")
    out.add_argument("--format", choices=("visavis", "csv", "json"), help="where the file's name does not say it")
    bring = commands.add_parser(
        "import",
        parents=[everywhere],
        help="bring people in: a gallery file, a folder of people, pictures with names, other programs' galleries",
    )
    bring.add_argument("source", nargs="+", type=Path, help="what it is, is found out by its content")
    bring.add_argument("--regions", action="store_true", help="take the names that digiKam or Lightroom wrote")
    bring.add_argument(
        "--conflict",
        choices=("skip", "merge", "rename"),
        help="for names that are in the gallery: leave them (default for gallery files), add to them (default for "
        "all else), or keep both under a new name",
    )
    for command in (out, bring):
        command.add_argument("--passphrase-file", type=Path, metavar="FILE", help="holds the passphrase, on one line")


def _add_option(group: Any, key: str, option: Option, default: object) -> None:
    """Offer an option of the recipe on the command line."""
    name, note = "--" + key.replace("_", "-"), f"{option.label} (default: {default})".replace("%", "%%")
    if isinstance(default, bool):
        group.add_argument(name, action=argparse.BooleanOptionalAction, default=None, help=note)
    else:
        choices = [value for value, _ in option.choices] or None
        group.add_argument(name, type=type(default), choices=choices, default=None, help=note)


def _common_options(default: object) -> argparse.ArgumentParser:
    """Options that may stand before the command or after it; after it they have no default that would overrule."""
    options = argparse.ArgumentParser(add_help=False)

    def add(name: str, **arguments: object) -> None:
        options.add_argument(name, default=default, **arguments)  # type: ignore[arg-type]  # argparse's own keywords

    add(
        "--gallery", type=gallery_place, metavar="PATH|URL",
        help="the gallery's file, or where it is on a server: postgresql://USER@HOST/DATABASE",
    )  # fmt: skip
    add("--gallery-passphrase-file", type=Path, metavar="FILE", help="holds the passphrase of an encrypted gallery")
    add("--device", choices=("auto", "cuda", "mps", "cpu"), help="where the networks run")
    add("--log-level", choices=("debug", "info", "warning", "error"), help="how much is logged to the error stream")
    options.add_argument(
        "--json",
        action="store_true",
        default=False if default is None else default,
        help="print the result as JSON",
    )
    return options
