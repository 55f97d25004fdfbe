"""What the owner of a gallery server does."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from engine.errors import BadInputError, GalleryError
from engine.server_address import PACKAGES_MISSING, ServerAddress, gallery_place
from engine.wording import counted


def _setup(request: argparse.Namespace) -> tuple[dict[str, Any], str]:
    address = _address(request)
    from engine.gallery.server_setup import set_up  # noqa: PLC0415 - needs what [server] installs

    reader, writer = set_up(address, request.roles)
    text = (
        f"The gallery is ready: {address}\n"
        f"Let people look at it with “GRANT {reader} TO name;” and change it with “GRANT {writer} TO name;”."
    )
    return {"gallery": str(address), "reader": reader, "writer": writer}, text


def _index(request: argparse.Namespace) -> tuple[dict[str, Any], str]:
    address = _address(request)
    from engine.gallery.server_index import make_indexes  # noqa: PLC0415 - needs what [server] installs

    made = make_indexes(address)
    lines = [
        f"“{pack_id}”: {counted(count, 'template is', 'templates are')} indexed." for pack_id, count in made.items()
    ]
    return {"indexed": made}, "\n".join(lines) or "No pack has so many templates that an index would help."


def _address(request: argparse.Namespace) -> ServerAddress:
    if find_spec("psycopg") is None:
        raise GalleryError(PACKAGES_MISSING)
    address = gallery_place(request.url)
    if not isinstance(address, ServerAddress):
        raise BadInputError("This is no address of a server. Write it as postgresql://OWNER@HOST/DATABASE.")
    return address


ACTIONS: dict[str, Callable[[argparse.Namespace], tuple[dict[str, Any], str]]] = {"setup": _setup, "index": _index}
