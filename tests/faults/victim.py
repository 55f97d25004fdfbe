"""A process whose children are killed: it loads the gallery once, and forks for each trial.

It reads one JSON object a line: `operation`, `path`, and `after_s`, how long the child may work (null: to its end). It
answers with `done`, whether the child said that it was done, and `took_s`. With `until_it_stands_still` it answers with
the `child` once that has stopped itself, which `go on` lets go on. Run by `Victims` in conftest.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from time import monotonic

from engine.errors import GalleryLockedError, VisavisError
from engine.gallery import keys, vault
from engine.gallery.backups import list_backups
from engine.gallery.exchange import Arrivals, PortablePerson, PortableTemplate, bring
from engine.gallery.rekeying import change_key
from engine.gallery.store import Gallery
from tests.engine.gallery.conftest import PACK, template

PASSPHRASE = "correct horse battery staple"


def opened(path: Path) -> Gallery:
    """Open a gallery, with the passphrase where it has one."""
    try:
        return Gallery.open(path)
    except GalleryLockedError:
        return Gallery.open(path, vault.Typed(PASSPHRASE))


def _import(gallery: Gallery, *, standing_still: bool = False) -> None:
    people = [
        PortablePerson(f"Person {n}", [PortableTemplate({PACK: template(n).embedding}, template(n).crop_jpeg, {})])
        for n in range(200, 230)
    ]
    names = [person.name for person in people]

    def coming() -> Iterator[PortablePerson]:
        for number, person in enumerate(people):
            if standing_still and number == 15:
                os.kill(os.getpid(), signal.SIGSTOP)
            yield person

    bring(gallery, "Import 30 people", coming(), names=names, conflict="skip", arrivals=Arrivals())


def _embed(gallery: Gallery) -> None:
    made = {id_: template(500 + id_).embedding for id_ in gallery.without_embedding("other")}
    gallery.add_embeddings("other", made)


def _split(gallery: Gallery) -> None:
    ada = gallery.find("Ada Lovelace").id
    gallery.split(ada, [gallery.templates(ada)[0].id], "Lord Byron")


def _protect(gallery: Gallery) -> None:
    gallery.protect(partial(vault.set_passphrase, passphrase=PASSPHRASE, ask_at_start=True))


def _rekey(gallery: Gallery) -> None:
    gallery.protect(lambda path, key: change_key(path, key, PASSPHRASE).key)


def _erase(gallery: Gallery) -> None:
    gallery.erase_person(gallery.find("Ada Lovelace").id, "receipt")
    gallery.compact()


OPERATIONS: dict[str, Callable[[Gallery], object]] = {
    "enroll": lambda g: g.enroll("Alan Turing", [template(number) for number in range(90, 95)]),
    "delete": lambda g: g.delete_person(g.find("Ada Lovelace").id),
    "erase": _erase,
    "compact": lambda g: g.compact(),
    "merge": lambda g: g.merge(g.find("Ada Lovelace").id, g.find("Grace Hopper").id),
    "rename": lambda g: g.rename(g.find("Ada Lovelace").id, "Augusta Ada King"),
    "split": _split,
    "undo": lambda g: g.undo(),
    "import": _import,
    "import, and stand still": partial(_import, standing_still=True),
    "embed": _embed,
    "back up": lambda g: g.back_up(),
    "protect": _protect,
    "rekey": _rekey,
    "restore": lambda g: g.restore(list_backups(g.path)[-1].path),
    "migrate": lambda g: None,
}
"""What a child does to a gallery. Opening migrates an old one."""


def _work(operation: str, path: Path, said: int) -> None:
    os.write(said, b"r")
    gallery = opened(path)
    OPERATIONS[operation](gallery)
    os.write(said, b"d")
    gallery.close()


def _trial(operation: str, path: Path, after_s: float | None) -> dict[str, object]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            _work(operation, path, writing)
            os._exit(0)
        except BaseException as error:  # noqa: BLE001 - a child must not run on as if it were the parent
            sys.stderr.write(f"{error!r}\n")
            os._exit(1)
    os.close(writing)
    os.read(reading, 1)
    begun, said = monotonic(), b""
    if after_s is not None:
        if select.select([reading], [], [], after_s)[0]:
            # It is done, and is closing the gallery.
            said = os.read(reading, 1)
            select.select([reading], [], [], max(0.0, after_s - (monotonic() - begun)))
        os.kill(child, signal.SIGKILL)
    while part := os.read(reading, 1):
        said += part
    took_s = monotonic() - begun
    os.close(reading)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return {"done": said == b"d", "took_s": took_s, "code": code}


def _stopped(operation: str, path: Path) -> dict[str, object]:
    """Have a child begin, until it stands still."""
    child = os.fork()
    if child == 0:
        try:
            with open(os.devnull, "wb") as said:  # noqa: PTH123 - its number is what counts
                _work(operation, path, said.fileno())
            os._exit(0)
        except BaseException as error:  # noqa: BLE001 - as above
            sys.stderr.write(f"{error!r}\n")
            os._exit(1)
    _, status = os.waitpid(child, os.WUNTRACED)
    return {"child": child, "stopped": os.WIFSTOPPED(status)}


def _go_on(child: int) -> dict[str, object]:
    """Let it go on to its end."""
    os.kill(child, signal.SIGCONT)
    return {"code": os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}


def _as_nobody(path: Path, what: str) -> dict[str, object]:
    """Open and change a gallery as somebody who may not write its folder, or the file itself, or whose it is not."""
    nobody, folder = 65534, path.parent
    for file in (*folder.iterdir(), folder):
        if os.geteuid() == 0 and what != "another's":
            os.chown(file, nobody, nobody)
    if what == "another's":
        folder.chmod(0o700)
    elif what == "file":
        path.chmod(0o400)
    else:
        folder.chmod(0o500)
    reading, writing = os.pipe()
    if os.fork() == 0:
        if os.geteuid() == 0:
            os.setuid(nobody)
        try:
            Gallery.open(path).rename(1, "Augusta")
            os.write(writing, b"It was done.")
        except VisavisError as error:
            os.write(writing, str(error).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as told:
        said = told.read().decode()
    os.wait()
    folder.chmod(0o700)
    return {"said": said}


def seal_quickly(cls: type[keys.Sealed], key: bytes, secret: str, gallery: str, way: keys.Way) -> keys.Sealed:
    """As `Sealed.of`, at the lowest cost there is: hundreds of galleries are encrypted here."""
    made = cls(os.urandom(16), os.urandom(12), b"", 64, 1, 4)
    sealed = made._cipher(secret).encrypt(made.nonce, key, f"visavis {gallery} {way}".encode())
    return cls(made.salt, made.nonce, sealed, 64, 1, 4)


def main() -> None:
    """Warm up, then carry out trials."""
    keys.Sealed.of = classmethod(seal_quickly)  # type: ignore[assignment, method-assign]
    with tempfile.TemporaryDirectory() as folder:
        gallery = Gallery.open(Path(folder) / "gallery.db")
        gallery.enroll("Ada Lovelace", [template(1), template(2)])
        gallery.close()
    for line in sys.stdin:
        request = json.loads(line)
        if request["operation"] == "as nobody":
            answer = _as_nobody(Path(request["path"]), request["what"])
        elif request["operation"] == "go on":
            answer = _go_on(request["child"])
        elif request.get("until_it_stands_still"):
            answer = _stopped(request["operation"], Path(request["path"]))
        else:
            answer = _trial(request["operation"], Path(request["path"]), request["after_s"])
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
