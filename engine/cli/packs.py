"""`visavis packs`: what there is, installing, bringing, joining, calibrating and measuring, as the window does it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from engine.cli.learning import DONE, listen, pipeline_of, speaker
from engine.device import Device, choose_device
from engine.errors import BadInputError, PackError, shown
from engine.evaluation.scaling import Tried, best_scaling
from engine.evaluation.strangers import calibrated_on
from engine.learning import Event, Progressed, Said
from engine.loaded import calibration_of
from engine.networks.architectures import ARCHITECTURES
from engine.pack_speed import speed_of
from engine.pack_values import SHIPPED_CALIBRATIONS, PackCard, PackKind
from engine.packs.installed import (
    find_pack,
    install,
    keep_calibration,
    pack_from_weights,
    packs_folder,
)
from engine.packs.installing import install_by_download, install_from_files, published
from engine.packs.joined import joined, weights_of
from engine.packs.onnx_network import probe
from engine.packs.own import brought_onnx, joined_id, store_joined, store_onnx
from engine.packs.pack import DEFAULT_PACK, Pack
from engine.packs.shelf import cards
from engine.settings import Settings
from engine.training.control import Control
from engine.types import Metric, Progress, Report, silent
from engine.wording import counted

_AT_RATE = 1e-3
_ONNX = ".onnx"


class Work:
    """A command at work: its settings and request, whom it tells, and what stops it."""

    def __init__(self, settings: Settings, request: argparse.Namespace) -> None:
        self.settings, self.request = settings, request
        self.control = Control()
        self._tell: Callable[[Event], None] = speaker(request)
        self._tenth = -1
        listen(self.control, commands=request.events)

    def report(self, progress: Progress) -> None:
        """Tell how far it is."""
        self._tell(Progressed(progress.done, progress.total, progress.text))

    def in_units(self, unit: str) -> Report:
        """What tells how far it is in units, not in things: people are told each tenth of it, a window everything."""

        def report(progress: Progress) -> None:
            tenth = 10 * progress.done // max(1, progress.total)
            if self.request.events or tenth != self._tenth:
                self._tenth = tenth
                self._tell(Progressed(progress.done, progress.total, progress.text, unit))

        return report

    def embedding(self, progress: Progress) -> None:
        """Tell how far the embedding of a folder is."""
        self._tell(Progressed(progress.done, progress.total, f"Embedding {progress.text}"))

    def done(self, sentence: str, values: dict[str, object]) -> int:
        """Say what was done."""
        if self.request.json:
            print(json.dumps(values))
        else:
            self._tell(Said(sentence))
        return DONE

    @property
    def device(self) -> Device:
        """Where networks run."""
        return choose_device(self.settings.device, self.settings.precision)

    def calibration(self, pack: Pack) -> str:
        """Measure what a pack's distances mean on the folder of people that was named.

        Raises:
            BadInputError: none was named, or it holds too few people.
        """
        folder = self.request.calibrate
        if folder is None:
            raise BadInputError(
                "What this network's distances mean has to be measured first: name a folder of people with --calibrate."
            )
        pipeline = pipeline_of(self.settings, pack)
        return calibrated_on(folder, pipeline, self.embedding, self.control).as_json()


def packs(settings: Settings, request: argparse.Namespace) -> int:
    """Carry out what needs no gallery."""
    return _ACTIONS[request.action](settings, request)


def _list(settings: Settings, request: argparse.Namespace) -> int:
    shown_cards = cards()
    if request.json:
        rows = [asdict(card) | {"in_use": _in_use(card, settings)} for card in shown_cards]
        print(json.dumps(rows, indent=2))
        return DONE
    for card in shown_cards:
        print(f"{'*' if _in_use(card, settings) else ' '} {card.id}: {card.title}, {_what(card)}. {_state(card)}")
    return DONE


def _show(settings: Settings, request: argparse.Namespace) -> int:
    wanted = _named(request)
    card = next((one for one in cards() if one.id == wanted), None)
    if card is None:
        raise BadInputError(f"There is no pack “{shown(wanted)}”; `visavis packs list` shows them all.")
    if request.json:
        print(json.dumps(asdict(card) | {"in_use": _in_use(card, settings)}, indent=2))
        return DONE
    lines = [
        ("Pack", f"{card.title} ({card.id}), {_what(card)}"), ("State", _state(card)),
        ("Network", card.architecture), ("Licence", card.licence),
        ("Commercial use", "yes" if card.commercial_use else "no"), ("Source", card.source),
        ("Accuracy", f"{card.accuracy.text} Measured on {card.accuracy.on}." if card.accuracy else "not measured"),
    ]  # fmt: skip
    lines += [
        ("File", f"{file.name}, {_bytes(file.size)}, SHA-256 {file.sha256 or 'not published'}") for file in card.files
    ]
    for name, value in lines:
        print(f"{name + ':':<16}{value}")
    return DONE


def _what(card: PackCard) -> str:
    words = {PackKind.EMBEDDER: "embedding network", PackKind.DETECTOR: "detector", PackKind.PAD: "liveness (PAD)"}
    return f"{words[card.kind]}, {card.dimension:,} values" if card.dimension else words[card.kind]


def _state(card: PackCard) -> str:
    if card.bundled:
        return "Came with the installation."
    if not card.installed:
        how = "" if card.downloadable else ", from a file"
        return f"Not installed ({_bytes(card.size)}{how})."
    return "Installed." if card.calibrated else "Installed, not calibrated yet."


def _bytes(size: int) -> str:
    if not size:
        return "size not known"
    return f"{size / 1024:,.0f} KB" if size < 1 << 20 else f"{size / (1 << 20):,.1f} MB"


def _in_use(card: PackCard, settings: Settings) -> bool:
    detectors = {settings.live_detector, settings.file_detector}
    return card.id == settings.pack or any(card.id in name.split("_") for name in detectors)


def _install(settings: Settings, request: argparse.Namespace) -> int:
    work = Work(settings, request)
    pack = published(_named(request))
    source = request.source or settings.pack_source
    if source and "://" not in source:
        install_from_files(pack.id, Path(source))
    else:
        install_by_download(pack.id, work.in_units("KB"), work.control, source=source)
    if request.calibrate is not None and pack.kind is PackKind.EMBEDDER:
        keep_calibration(pack.id, work.calibration(find_pack(pack.id)))
    return work.done(f"“{pack.title}” is installed.", {"installed": pack.id})


def _calibrate(settings: Settings, request: argparse.Namespace) -> int:
    work = Work(settings, request)
    pack = find_pack(_named(request))
    if pack.id in SHIPPED_CALIBRATIONS:
        raise PackError(f"“{pack.title}” came with its calibration; it needs no other.")
    keep_calibration(pack.id, work.calibration(pack))
    return work.done(f"“{pack.title}” is calibrated and can be used.", {"calibrated": pack.id})


def _measure(settings: Settings, request: argparse.Namespace) -> int:
    work = Work(settings, request)
    if not (request.events or request.json):
        print(f"Measuring for {request.seconds:g} s.", file=sys.stderr)
    report = work.report if request.events else silent
    speed = speed_of(_named(request), work.device, report, work.control, request.seconds)
    return work.done(f"{speed.milliseconds:.3g} ms for {speed.of}, on {speed.device}", asdict(speed))


def _join(settings: Settings, request: argparse.Namespace) -> int:
    work = Work(settings, request)
    names = [name for name in (request.id, request.other) if name]
    if len(names) != 2:
        raise BadInputError("Name the two packs to join; `visavis packs list` shows them all.")
    # In one order, so that the same two are the same pack.
    names.sort(key=lambda name: (name != DEFAULT_PACK.id, name))
    parts = [find_pack(name) for name in names]
    limits = [calibration_of(part).threshold(Metric.COSINE, _AT_RATE) for part in parts]
    offered = joined(joined_id(names), " and ".join(part.title for part in parts), parts, weights_of(limits))
    known = None if offered.id in SHIPPED_CALIBRATIONS else work.calibration(offered)
    made = store_joined(names, limits, known)
    return work.done(f"“{made.title}” are joined as “{made.id}”.", {"pack": made.id})


def _add(settings: Settings, request: argparse.Namespace) -> int:
    """Make a pack of weights or of a whole network that the user brings along."""
    if not request.id:
        raise BadInputError("Name the file of weights, or an ONNX network.")
    path = Path(request.id)
    if path.suffix.lower() == _ONNX:
        return _add_onnx(settings, request, path)
    if not request.architecture:
        raise BadInputError(f"Name with --architecture whose weights they are: {', '.join(ARCHITECTURES)}.")
    if request.calibrate is None:
        raise BadInputError(
            "What this network's distances mean has to be measured first: name a folder of people with --calibrate."
        )
    work = Work(settings, request)
    brought = pack_from_weights(path, request.architecture)
    about = {
        "title": request.title or brought.title, "licence": request.licence, "calibration": work.calibration(brought),
        "from": path.name,
    }  # fmt: skip
    pack = install(packs_folder(), brought.id, request.architecture, brought.network(), about)
    return _added(work, pack)


def _add_onnx(settings: Settings, request: argparse.Namespace, path: Path) -> int:
    if request.calibrate is None:
        raise BadInputError("Name a folder of people with --calibrate: the network is tried and calibrated on it.")
    work = Work(settings, request)
    shape = probe(path)
    scaling = request.scaling or best_scaling(
        request.calibrate,
        Tried(path, shape, work.device),
        pipeline_of(settings, DEFAULT_PACK),
        work.report,
        work.control,
    )
    brought = brought_onnx(path, shape, scaling)
    calibration = work.calibration(brought)
    pack = store_onnx(
        brought, path, shape, scaling, title=request.title or "", licence=request.licence, calibration=calibration
    )
    return _added(work, pack)


def _added(work: Work, pack: Pack) -> int:
    pairs = calibration_of(pack).pairs
    said = f"“{pack.title}” is added as “{pack.id}”, calibrated on {counted(pairs, 'pair')} of strangers."
    return work.done(said, {"pack": pack.id, "pairs": pairs})


def _named(request: argparse.Namespace) -> str:
    if not request.id:
        raise BadInputError("Name a pack; `visavis packs list` shows them all.")
    return str(request.id)


_ACTIONS: dict[str, Callable[[Settings, argparse.Namespace], int]] = {
    "list": _list,
    "show": _show,
    "install": _install,
    "add": _add,
    "calibrate": _calibrate,
    "join": _join,
    "measure": _measure,
}
