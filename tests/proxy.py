"""A proxy on this machine that passes connections on to one server, or refuses."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class Proxy:
    """Where it is, and what it was asked for.

    Attributes:
        url: as the environment names it.
        refuses: the status that it answers with in place of passing on.
        asked: the addresses that it was to connect to.
    """

    url: str = ""
    refuses: HTTPStatus | None = None
    asked: list[str] = field(default_factory=list)


@contextmanager
def passing_on(port: int) -> Iterator[Proxy]:
    """Pass every connection on to a port of this machine, whatever it was meant for."""
    proxy = Proxy()

    class Handler(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            proxy.asked.append(self.path)
            if proxy.refuses is not None:
                self.send_error(proxy.refuses)
                return
            with socket.create_connection(("127.0.0.1", port)) as server:
                self.send_response(HTTPStatus.OK)
                self.end_headers()
                back = Thread(target=_pump, args=(server, self.connection))
                back.start()
                _pump(self.connection, server)
                back.join()
            self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    """Hand on what comes until either side has had enough."""
    with suppress(OSError):
        while piece := source.recv(1 << 16):
            target.sendall(piece)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
