"""Where a gallery is: a file, or a database on a PostgreSQL server."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias
from urllib.parse import parse_qs, unquote, urlsplit

PACKAGES_MISSING = 'A gallery on a server needs another package. Install it with: pip install "visavis[server]"'
SCHEMES = ("postgresql", "postgres")
_HERE = re.compile(r"|/.*|@.*|localhost|127(\.\d+){3}|::1")


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """A database on a PostgreSQL server, as libpq's URL names it.

    `str()` leaves out everything but host and database, so that no password is ever shown or logged.

    Attributes:
        url: all of it; may hold a password.
    """

    url: str = field(repr=False)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that are tried; empty names and paths are sockets of this machine."""
        parts = urlsplit(self.url)
        named = parts.netloc.rpartition("@")[2]
        hosts = [re.sub(r":\d*$", "", one).strip("[]") for one in named.split(",")]
        asked = parse_qs(parts.query)
        more = [one for key in ("host", "hostaddr") for value in asked.get(key, []) for one in value.split(",")]
        return tuple(unquote(one) for one in (more or hosts))

    @property
    def database(self) -> str:
        """Its name; empty where libpq is to choose."""
        parts = urlsplit(self.url)
        return unquote(parts.path.lstrip("/")) or "".join(parse_qs(parts.query).get("dbname", [""])[0])

    @property
    def here(self) -> bool:
        """Whether nothing of it leaves this machine."""
        return all(_HERE.fullmatch(host) for host in self.hosts)

    @property
    def says_tls(self) -> bool:
        """Whether the URL itself says how the connection is to be encrypted."""
        return "sslmode" in parse_qs(urlsplit(self.url).query)

    def __str__(self) -> str:
        hosts = ",".join(dict.fromkeys(host for host in self.hosts if not host.startswith(("/", "@"))))
        return f"postgresql://{hosts}/{self.database}"


Place: TypeAlias = Path | ServerAddress


def gallery_place(text: str) -> Place:
    """Read what a user typed: a path, or a URL that starts with postgresql://."""
    scheme, found, _ = text.partition("://")
    return ServerAddress(text) if found and scheme.lower() in SCHEMES else Path(text)
