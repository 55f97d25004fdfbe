"""A web server on this machine that gives out files, well or badly."""

from __future__ import annotations

import hashlib
import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

Answer = Callable[[BaseHTTPRequestHandler, bytes], None]


def well(handler: BaseHTTPRequestHandler, content: bytes) -> None:
    """As a good server does: ranges, and If-Range by a strong tag."""
    tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
    start = 0
    wanted = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
    if wanted and handler.headers.get("If-Range") == tag:
        start = int(wanted[1])
    handler.send_response(206 if start else 200)
    if start:
        handler.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
    handler.send_header("Content-Length", str(len(content) - start))
    handler.send_header("Content-Type", "application/octet-stream")
    handler.send_header("ETag", tag)
    handler.end_headers()
    handler.wfile.write(content[start:])


def cut_after(count: int) -> Answer:
    """Promises everything and hangs up after some bytes, unless it is asked to go on."""

    def answer(handler: BaseHTTPRequestHandler, content: bytes) -> None:
        if handler.headers.get("Range"):
            well(handler, content)
            return
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()[:16]}"')
        handler.end_headers()
        handler.wfile.write(content[:count])
        handler.wfile.flush()
        handler.close_connection = True

    return answer


@dataclass
class Server:
    """What it gives out, and what it was asked for.

    Attributes:
        answer: how it answers; well, with ranges and validators, by default.
        asked: the path and headers of each request.
    """

    files: Mapping[str, bytes]
    answer: Answer = well
    asked: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(files: Mapping[str, bytes], key: tuple[Path, Path] | None = None) -> Iterator[Server]:
    """Serve files on the loopback interface; with a certificate and its key, over TLS."""
    served = Server(files)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append((self.path, dict(self.headers.items())))
            content = served.files.get(self.path.lstrip("/"))
            if content is None:
                self.send_error(404)
                return
            served.answer(self, content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if key is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    served.url = f"http{'s' if key else ''}://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
