"""`train` and `evaluate`: learning and measuring, headless. The window runs these same commands."""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import sleep

from engine.alignment.landmarks import Landmarker
from engine.cli.learning_words import evaluation_text, event_text
from engine.cli.signals import handle
from engine.detection import DETECTORS
from engine.device import choose_device
from engine.errors import BadInputError, OperationCancelledError, VisavisError
from engine.evaluation.report import write_report
from engine.evaluation.run import Evaluator
from engine.learning import (
    RECIPE_OPTIONS,
    BenchResult,
    Checked,
    DataReport,
    Evaluated,
    Event,
    Failed,
    Progressed,
    Recipe,
    RunEnded,
    to_line,
)
from engine.options import Value
from engine.packs.embedder import Embedder
from engine.packs.installed import find_pack, pack_from_weights, packs_folder
from engine.packs.pack import DEFAULT_PACK, Pack
from engine.pipeline import Pipeline
from engine.settings import Settings
from engine.training.control import Control
from engine.training.promotion import promote, stored_pack, trained_pack
from engine.training.run import load_run
from engine.training.session import Session, runs_folder
from engine.types import Progress
from engine.wording import people, pictures

DONE, BAD_INPUT = 0, 3
_END_WITHIN_S = 60.0
"""How long work goes on at most whose window has gone."""
_asked_to_end: list[int] = []
"""Signals that came since a command began to listen."""


def train(settings: Settings, request: argparse.Namespace) -> int:
    """Check a folder, train on it, go on with a run, bench losses, or put a run's network to use."""
    control = Control()
    tell = speaker(request)
    listen(control, commands=request.events)
    session = Session(pipeline_of(settings, DEFAULT_PACK), tell, control, request.runs or runs_folder())
    if request.promote:
        return _promote(session, request)
    if request.resume:
        session.resume(_place(session, request.resume))
        return DONE
    if request.folder is None:
        raise BadInputError("Name a folder that holds one folder per person, or a run with --resume or --promote.")
    recipe = recipe_of(request)
    if request.check:
        _, report = session.look(request.folder, recipe.least_pictures)
        _print_report(request, report)
        return DONE
    chosen = left_out(request.leave_out) if request.leave_out else None
    if request.bench:
        session.bench(request.folder, recipe, request.bench.split(","), request.seconds, chosen)
        return DONE
    place = session.runs / request.name if request.name else None
    session.train(session.begin(request.folder, recipe, chosen, place))
    return DONE


def evaluate(settings: Settings, request: argparse.Namespace) -> int:
    """Measure a pack on a pairs file or a folder of people."""
    control = Control()
    tell = speaker(request)
    listen(control, commands=request.events)
    pack = find_pack(request.pack or settings.pack)
    given: tuple[str, ...] = ()
    if request.weights:
        pack = pack_from_weights(request.weights, request.architecture)
        given = ("--weights", str(request.weights), "--architecture", request.architecture)

    def report(progress: Progress) -> None:
        tell(Progressed(progress.done, progress.total, f"Embedding {progress.text}"))

    evaluator = Evaluator(pipeline_of(settings, pack), report, control, request.seed, given)
    if request.pairs:
        if request.images is None:
            raise BadInputError("Say with --images which folder the pairs are from.")
        result = evaluator.pairs(request.pairs, request.images)
    elif request.folder:
        result = evaluator.folder(request.folder)
    else:
        raise BadInputError("Name a pairs file with --pairs, or a folder of people with --folder.")
    for place in request.report or ():
        write_report(result, place)
    if request.events:
        tell(Evaluated(result))
    elif request.json:
        print(json.dumps(result.as_json(), indent=2))
    else:
        print(evaluation_text(result))
    return DONE


def pipeline_of(settings: Settings, pack: Pack) -> Pipeline:
    """The pipeline for pictures with a pack's network.

    Raises:
        DeviceError: the device asked for is not there.
        PackError: a model file is missing or altered.
    """
    device = choose_device(settings.device, settings.precision)
    return Pipeline(DETECTORS[settings.file_detector](device), Landmarker(), Embedder(pack, device))


def recipe_of(request: argparse.Namespace) -> Recipe:
    """The recipe that a command line asks for.

    Raises:
        SettingsError: an option cannot have its value.
    """
    given: dict[str, Value] = {
        key: getattr(request, key) for key in RECIPE_OPTIONS if getattr(request, key) is not None
    }
    return Recipe().with_values(given)


def _promote(session: Session, request: argparse.Namespace) -> int:
    place = _place(session, request.promote)
    pack_id = stored_pack(place, packs_folder())
    if not pack_id:
        run = load_run(place)
        embedder = Embedder(trained_pack(run), session.device)
        pack_id = promote(run, packs_folder(), embedder, session.control.check, anyway=request.anyway).id
    print(json.dumps({"pack": pack_id}) if request.json else f"The network is stored as the pack “{pack_id}”.")
    return DONE


def _place(session: Session, named: Path) -> Path:
    return named if named.is_dir() else session.runs / named


def left_out(file: Path) -> list[str]:
    """Read a list of pictures that are not to be used, one a line.

    Raises:
        BadInputError: it cannot be read.
    """
    try:
        # Names may hold bytes that are no UTF-8, and signs at which splitlines would cut them.
        lines = file.read_bytes().decode("utf-8", "surrogateescape").split("\n")
        return [line.removesuffix("\r") for line in lines if line.strip()]
    except OSError as error:
        raise BadInputError(
            f"The list “{file.name}” of pictures to leave out cannot be read. Check the file."
        ) from error


# --- speaking and listening ---------------------------------------------------------------------------------------


def speaker(request: argparse.Namespace) -> Callable[[Event], None]:
    """Return what tells whoever asked: events for a window, else sentences."""
    if request.events:
        # Work for a window must not slow the window down.
        with suppress(OSError, AttributeError):
            os.nice(5)
        return _send
    quiet = request.json

    def tell(event: Event) -> None:
        text = event_text(event)
        if text and not quiet:
            print(text, file=sys.stderr if isinstance(event, Progressed) else sys.stdout, flush=True)
        if quiet and isinstance(event, RunEnded | BenchResult | Checked):
            print(to_line(event), flush=True)

    return tell


def listen(control: Control, *, commands: bool) -> None:
    """Stop cleanly on polite signals; with `commands` also obey "pause", "resume" and "stop" on standard input."""
    _asked_to_end.clear()

    def stop(number: int, _frame: object) -> None:
        _asked_to_end.append(number)
        control.cancel()

    handle(stop)
    if commands:
        threading.Thread(target=_obey, args=(control,), name="commands", daemon=True).start()


def exit_code(error: VisavisError) -> int:
    """What a command that could not do its work exits with: as shells have it where a signal asked it to end."""
    if isinstance(error, OperationCancelledError) and _asked_to_end:
        return 128 + _asked_to_end[0]
    return BAD_INPUT


def _send(event: Event) -> None:
    # Where the window has gone nobody reads any more: `_obey` notices, and what there is must still be saved.
    with suppress(OSError):
        print(to_line(event), flush=True)


def _obey(control: Control) -> None:
    for line in sys.stdin:
        word = line.strip()
        if word in ("pause", "resume"):
            control.pause(word == "pause")
        elif word == "stop":
            control.cancel()
    # The window that began this has gone. What there is, is saved at the next step; nobody could stop it after that.
    control.cancel()
    sleep(_END_WITHIN_S)
    os._exit(DONE)


def failed(request: argparse.Namespace, error: VisavisError) -> None:
    """Tell the window of a failure."""
    if getattr(request, "events", False):
        _send(Failed(str(error)))


def _print_report(request: argparse.Namespace, report: DataReport) -> None:
    if request.json or request.events:
        return
    print(
        f"{people(report.people)}, {pictures(report.pictures)}; {people(report.usable_people)} with "
        f"{pictures(report.usable_pictures)} can be learned from."
    )
    for finding in report.findings:
        if finding.kind != "few_pictures":
            print(f"{finding.picture}: {finding.sentence}")
