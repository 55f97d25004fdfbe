"""What each command does: a thin layer over `FaceService` that prints and chooses the exit code."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from typing import cast

from engine import settings as settings_file
from engine.cli import care, guided, learning, liveness, log, output, packs, protection, server, sorting, transfer
from engine.cli.signals import EndedError, ended_by_signals
from engine.detection import DETECTORS
from engine.errors import BadInputError, VisavisError, shown
from engine.service import FaceService
from engine.settings import Settings
from engine.types import Described
from engine.wording import counted

DONE, NO_MATCH, BAD_INPUT = 0, 1, 3
_DEFAULTS = "default"
_DETECTOR_KEYS = "live_detector", "file_detector"


def run(request: argparse.Namespace) -> int:
    """Carry out a parsed command line and return the exit code."""
    logging.basicConfig(level=(request.log_level or "warning").upper(), format="%(levelname)s %(name)s: %(message)s")
    settings = settings_file.load(settings_file.default_path())
    try:
        if request.device:
            settings = settings.with_value("device", request.device)
        if request.command in LEARNING and not (request.command == "packs" and request.action in PACK_ACTIONS):
            with ended_by_signals():
                return LEARNING[request.command](settings, request)
        with ended_by_signals():
            return _with_gallery(settings, request)
    except EndedError as ended:
        return ended.code
    except VisavisError as error:
        learning.failed(request, error)
        _fail(request, str(error))
        return learning.exit_code(error)
    except BrokenPipeError:
        # The reader (a pager, `head`) has seen enough; nothing may be flushed into the closed pipe at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE


@contextmanager
def _hurried(service: FaceService) -> Iterator[None]:
    """Let nothing be waited for by whoever asked for the end."""
    try:
        yield
    except EndedError:
        service.hurry()
        raise


def _with_gallery(settings: Settings, request: argparse.Namespace) -> int:
    if request.command == "server":
        output.tell(request, *server.ACTIONS[request.action](request))
        return DONE
    if request.command == "gallery" and request.action == "restore":
        return protection.restore_backup(request)
    with closing(FaceService(settings, request.gallery)) as service, _hurried(service):
        protection.open_gallery(service, request)
        log.warn(service, request)
        return COMMANDS[request.command](service, request)


def _enroll(service: FaceService, request: argparse.Namespace) -> int:
    if request.guided:
        output.tell(request, *guided.enroll(service, request.name, request.source, request.consent, request.purpose))
        return DONE
    candidates = service.judge(request.images, request.name)
    result = service.enroll(request.name, candidates, consent_date=request.consent)
    output.tell(request, output.enrollment(result, candidates), output.enrollment_text(result, candidates))
    return DONE if result.added else BAD_INPUT


def _verify(service: FaceService, request: argparse.Namespace) -> int:
    result = service.verify(service.person_named(request.name).id, request.image)
    output.tell(request, output.verification(result), output.verification_text(result))
    return DONE if result.match else NO_MATCH


def _compare(service: FaceService, request: argparse.Namespace) -> int:
    result = service.compare(request.first, request.second)
    output.tell(request, output.comparison(result), output.comparison_text(result))
    return DONE if result.match else NO_MATCH


def _identify(service: FaceService, request: argparse.Namespace) -> int:
    pictures = service.identify(request.images)
    output.tell(request, [output.identified(picture) for picture in pictures], output.identified_text(pictures))
    for picture in pictures:
        if picture.error:
            print(picture.error, file=sys.stderr)
    usable = any(picture.identifications for picture in pictures) and not any(picture.error for picture in pictures)
    return DONE if usable else BAD_INPUT


def _info(service: FaceService, request: argparse.Namespace) -> int:
    info = service.info()
    output.tell(request, asdict(info), output.info_text(info))
    return DONE


def _gallery(service: FaceService, request: argparse.Namespace) -> int:
    return GALLERY_ACTIONS[request.action](service, request)


def _list(service: FaceService, request: argparse.Namespace) -> int:
    people = service.people(request.search)
    people = care.due(people) if request.due else people
    output.tell(request, [output.person(someone) for someone in people], output.people_text(people))
    return DONE


def _show(service: FaceService, request: argparse.Namespace) -> int:
    someone = service.person_named(request.name)
    templates = service.templates(someone.id)
    output.tell(request, output.person_details(someone, templates), output.person_text(someone, templates))
    return DONE


def _rename(service: FaceService, request: argparse.Namespace) -> int:
    someone = service.rename(service.person_named(request.name).id, request.new_name)
    output.tell(request, output.person(someone), f"“{request.name}” is now “{someone.name}”.")
    return DONE


def _merge(service: FaceService, request: argparse.Namespace) -> int:
    source, target = service.person_named(request.name), service.person_named(request.into)
    if source.id == target.id:
        raise BadInputError(f"“{source.name}” cannot be merged into the same person. Name two different people.")
    merged = service.merge(source.id, target.id)
    text = f"“{source.name}” is merged into “{merged.name}”, who now has {counted(merged.template_count, 'template')}."
    output.tell(request, output.person(merged), text)
    return DONE


def _split(service: FaceService, request: argparse.Namespace) -> int:
    source = service.person_named(request.name)
    made = service.split(source.id, request.templates, request.into)
    text = f"“{made.name}” is made of {counted(made.template_count, 'template')} of “{source.name}”."
    output.tell(request, output.person(made), text)
    return DONE


def _undo(service: FaceService, request: argparse.Namespace) -> int:
    text = service.undo_text if request.show else service.undo()
    said = f"Would be taken back: {text}." if request.show else f"Taken back: {text}."
    output.tell(request, {"edit": text or None}, said if text else "There is nothing to undo.")
    return DONE


def _delete(service: FaceService, request: argparse.Namespace) -> int:
    if request.erase:
        return log.erase(service, request)
    if request.backups or request.receipt:
        raise BadInputError("--backups and --receipt belong to --erase. Nothing was deleted.")
    someone = service.person_named(request.name)
    service.delete_person(someone.id)
    text = f"“{someone.name}” and {counted(someone.template_count, 'template')} are deleted."
    output.tell(request, {"deleted": output.person(someone)}, text)
    return DONE


def _reject(service: FaceService, request: argparse.Namespace) -> int:
    output.tell(request, *care.reject(service, request.name, request.image))
    return DONE


def _rejections(service: FaceService, request: argparse.Namespace) -> int:
    output.tell(request, *care.rejections(service, request.name, request.remove))
    return DONE


def _review(service: FaceService, request: argparse.Namespace) -> int:
    output.tell(request, *care.review(service))
    return DONE


def _describe(service: FaceService, request: argparse.Namespace) -> int:
    given = {name: value for name, value in vars(request).items() if name in Described.__annotations__}
    someone = service.describe(service.person_named(request.name).id, **cast("Described", given))
    output.tell(request, output.person(someone), output.person_text(someone, service.templates(someone.id)))
    return DONE


def _use_pack(service: FaceService, request: argparse.Namespace) -> int:
    if not request.id:
        raise BadInputError("Name the pack to use; `visavis packs list` shows them.")
    path = settings_file.default_path()
    settings = settings_file.load(path)
    if request.other:
        raise BadInputError(f"Only one pack at a time can be put to use; “{shown(request.other)}” is one too many.")
    if request.id == _DEFAULTS:
        for key in ("pack", *_DETECTOR_KEYS):
            settings = settings.with_value(key, getattr(Settings(), key))
    elif request.id in DETECTORS:
        for key in _DETECTOR_KEYS:
            settings = settings.with_value(key, request.id)
    else:
        settings = settings.with_value("pack", request.id)
    service.apply(settings)
    settings_file.save(settings, path)
    info = service.info()
    found = f"“{info.detector}” finds the faces"
    if request.id == _DEFAULTS:
        text = f"“{info.pack}” is in use and {found} in pictures, as the program comes."
        output.tell(request, {"pack": info.pack_id, "detector": settings.file_detector}, text)
        return DONE
    if request.id in DETECTORS:
        output.tell(request, {"detector": request.id}, f"{found} from now on.")
        return DONE
    output.tell(
        request,
        {"pack": info.pack_id},
        f"“{info.pack}” is in use; {counted(info.templates, 'template is', 'templates are')} embedded by it.",
    )
    return DONE


def _remove_pack(service: FaceService, request: argparse.Namespace) -> int:
    if not request.id:
        raise BadInputError("Name the pack to remove; `visavis packs list` shows them.")
    service.remove_pack(request.id)
    output.tell(
        request, {"removed": request.id}, f"The pack “{request.id}” and what it made of the gallery are deleted."
    )
    return DONE


def _packs(service: FaceService, request: argparse.Namespace) -> int:
    return PACK_ACTIONS[request.action](service, request)


LEARNING: dict[str, Callable[[Settings, argparse.Namespace], int]] = {
    "train": learning.train,
    "evaluate": learning.evaluate,
    "packs": packs.packs,
    "liveness": liveness.liveness,
}
"""Commands that need no gallery."""
COMMANDS: dict[str, Callable[[FaceService, argparse.Namespace], int]] = {
    "enroll": _enroll,
    "verify": _verify,
    "compare": _compare,
    "identify": _identify,
    "reject": _reject,
    "gallery": _gallery,
    "info": _info,
    "export": transfer.export,
    "import": transfer.bring,
    "packs": _packs,
    "sort": sorting.sort,
}
PACK_ACTIONS: dict[str, Callable[[FaceService, argparse.Namespace], int]] = {
    "use": _use_pack,
    "remove": _remove_pack,
}
"""What is done to packs that the gallery has to follow."""
GALLERY_ACTIONS: dict[str, Callable[[FaceService, argparse.Namespace], int]] = {
    "list": _list,
    "show": _show,
    "rename": _rename,
    "merge": _merge,
    "split": _split,
    "undo": _undo,
    "delete": _delete,
    "log": log.show,
    "protect": protection.protect,
    "check": protection.check,
    "compact": protection.compact,
    "backup": protection.backup,
    "describe": _describe,
    "rejections": _rejections,
    "review": _review,
}


def _fail(request: argparse.Namespace, sentence: str) -> None:
    if request.json:
        print(json.dumps({"error": sentence}, ensure_ascii=False))
    print(sentence, file=sys.stderr)
