"""`sort`: a folder of photographs, headless. What it finds is in the gallery's file, where the window shows it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from typing import Any

from engine.cli.signals import stopped_by_signals
from engine.errors import BadInputError
from engine.service import FaceService
from engine.sorting_desk import SortingDesk
from engine.sorting_values import GroupKind, Sorted, SortedFace
from engine.types import CancelToken
from engine.wording import counted, pictures

DONE = 0
_STEP_S = 1.0


def sort(service: FaceService, request: argparse.Namespace) -> int:
    """Look through a folder, group the faces, and print the groups."""
    desk = service.sorting
    known = desk.known(request.folder)
    if request.forget:
        return _forget(desk, request)
    if known is not None and request.anew:
        desk.delete(known.id)
    elif known is not None and not request.resume:
        raise BadInputError(
            f"This folder was sorted before: {known.done:,} of {pictures(known.total)}, "
            f"{counted(known.faces, 'face')}. Go on with --resume, or start over with --anew."
        )
    elif known is None and request.resume:
        raise BadInputError("This folder was not sorted before. Leave out --resume.")
    token = CancelToken()
    with stopped_by_signals(token, "Stopped. What was found is kept; go on with --resume."):
        sorting_id = _look(desk, request, token)
    result = desk.arrange(sorting_id)
    faces = desk.all_faces(sorting_id)
    text = json.dumps(_json(result, faces), ensure_ascii=False, indent=2) if request.json else _text(result, faces)
    sys.stdout.write(text + "\n")
    for _, problem in result.problems:
        print(problem, file=sys.stderr)
    return DONE


def _look(desk: SortingDesk, request: argparse.Namespace, token: CancelToken) -> int:
    step = desk.begin(request.folder, token)
    told = sys.stderr.isatty()
    while not step.finished:
        step = desk.go_on(step.sorting_id, _STEP_S, token)
        if told:
            print(f"\r{step.done:,} of {pictures(step.total)}", end="", file=sys.stderr)
    if told:
        print(file=sys.stderr)
    return step.sorting_id


def _forget(desk: SortingDesk, request: argparse.Namespace) -> int:
    known = desk.known(request.folder)
    if known is None:
        raise BadInputError("This folder was not sorted before; there is nothing to delete.")
    desk.delete(known.id)
    text = f"{counted(known.faces, 'face')} found in {counted(known.done, 'picture is', 'pictures are')} deleted."
    print(json.dumps({"deleted": known.faces}) if request.json else text)
    return DONE


def _json(result: Sorted, faces: Mapping[int, list[SortedFace]]) -> dict[str, Any]:
    sorting = result.sorting
    return {
        "folder": sorting.folder,
        "pictures": sorting.done,
        "faces": sorting.faces,
        "unreadable": [{"image": path, "problem": problem} for path, problem in result.problems],
        "groups": [
            {
                "name": group.name if group.named else None,
                "called": group.name,
                "kind": group.kind.value,
                "faces": [
                    {
                        "image": face.picture,
                        "box": [round(value, 1) for value in face.box],
                        "distance": round(face.distance, 6),
                    }
                    for face in faces.get(group.id, ())
                ],
            }
            for group in result.groups
        ],
    }


def _text(result: Sorted, faces: Mapping[int, list[SortedFace]]) -> str:
    sorting = result.sorting
    lines = [f"{counted(sorting.faces, 'face')} in {pictures(sorting.done)}."]
    for group in result.groups:
        proposed = ", proposed" if group.kind is GroupKind.KNOWN else ""
        confirmed = ", confirmed" if group.kind is GroupKind.CONFIRMED else ""
        lines.append(f"{group.name}: {counted(group.count, 'face')}{proposed}{confirmed}")
        lines += [f"  {face.picture}" for face in faces.get(group.id, ())]
    return "\n".join(lines).encode("utf-8", "backslashreplace").decode()
