"""Random actions of a user on the real window, with random faults beside them: nothing may crash or break.

Each seed is a process of its own: it clicks, types, opens pages, enrolls, deletes, undoes, locks and films for a while,
before cameras that fail, with pictures that are broken and a disk that fills up, then closes the window, now and then
in the middle of work. It must end with 0, in time, without an error that was not foreseen or a warning of Qt, and its
gallery must be sound. A seed that finds something is kept in a file, with what was done last.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import logging
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections import deque
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from camera_faults import Device, MadeUpCamera, _picture
from common import ROOT
from PySide6.QtCore import Qt, QtMsgType, qInstallMessageHandler
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QFileDialog,
    QLineEdit,
    QWidget,
)

from engine.capture import cameras
from engine.errors import CameraError
from engine.service import FaceService
from engine.settings import Settings
from gui.engine_client import EngineClient
from gui.main_window import PAGES, MainWindow
from gui.settings_store import SettingsStore
from gui.theme.style import THEME

CLOSE_WITHIN_S = 5.0
PASSPHRASE = "correct horse battery staple"  # noqa: S105 - of a made-up gallery
FAULTS = ("unplugged", "hangs", "repeats one picture", "raises", "in use elsewhere", "hangs while opening")
NOT_TOUCHED = re.compile(r"folder|install|download|look for|update|website|start training|begin|measure", re.IGNORECASE)
"""What leads out of the window, to the network, or into minutes of work."""
EXPECTED = ("A camera failed.", "A camera hangs")
"""What the log may say of faults that are made here."""
REMEMBERED = 25


class Monkey:
    """One seed's life."""

    def __init__(self, seed: int, shared: Path, folder: Path) -> None:
        self.draw, self.folder = random.Random(seed), folder  # noqa: S311 - nothing secret
        self.found: list[str] = []
        self.done: deque[str] = deque(maxlen=REMEMBERED)
        self.count, self.longest_s = 0, 0.0
        self.pictures = _pictures(shared, folder)
        self.devices = {f"camera:{name}||": Device(name, _picture(shared, place)) for place, name in enumerate("AB")}
        cameras.open_source = self._find
        cameras.list_cameras = lambda: [cameras.CameraInfo(spec, one.name) for spec, one in self.devices.items()]
        sys.excepthook = self._on_exception
        qInstallMessageHandler(self._on_message)
        logging.getLogger().addHandler(_Listener(self.found))
        self.application = QApplication([])
        store = SettingsStore(Settings(camera="camera:A||", page=self.draw.choice(list(PAGES))), folder / "s.toml")
        THEME.install(self.application, "light")
        self.client = EngineClient(store.value, folder / "gallery.db")
        self.window = MainWindow(self.client, store)
        self.window.resize(1200, 800)
        self.window.show()
        self.client.start()
        self.actions: list[tuple[int, Callable[[], str | None]]] = [
            (10, self._click), (4, self._type), (3, self._choose), (2, self._key), (4, self._page), (4, self._feed),
            (3, self._enroll), (2, self._look), (2, self._undo), (1, self._delete), (1, self._lock), (1, self._back_up),
            (3, self._break_camera), (3, self._mend_camera), (1, self._fill_disk), (2, self._free_disk),
            (1, self._cancel),
        ]  # fmt: skip

    def _find(self, spec: str, _options: object = None) -> Any:
        device = self.devices.get(spec)
        if device is None:
            return self.real_source(spec, _options)
        if device.fault == "unplugged":
            raise CameraError(f"The camera “{device.name}” is not there. Plug it in, or choose another one.")
        return MadeUpCamera(device)

    real_source = staticmethod(cameras.open_source)

    # --- what may not happen ------------------------------------------------------------------------------------

    def _on_exception(self, kind: Any, error: Any, where: Any) -> None:
        self.found.append("unhandled: " + "".join(traceback.format_exception(kind, error, where))[-1500:])

    def _on_message(self, kind: QtMsgType, _context: object, text: str) -> None:
        print(text, file=sys.stderr, flush=True)
        if kind is not QtMsgType.QtDebugMsg and "This plugin does not support" not in text:
            self.found.append(f"Qt: {text}")

    # --- living -------------------------------------------------------------------------------------------------

    def live_for(self, seconds: float) -> None:
        """Let the window live, and notice how long it does not answer."""
        end_s = monotonic() + seconds
        while monotonic() < end_s:
            begun = monotonic()
            self.application.processEvents()
            self.longest_s = max(self.longest_s, monotonic() - begun)
            sleep(0.002)

    def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait for something; says whether it came."""
        end_s = monotonic() + seconds
        while not condition() and monotonic() < end_s:
            self.live_for(0.02)
        return condition()

    def run(self, seconds: float) -> dict[str, Any]:
        """Do as users do for a while, and close."""
        self.until(lambda: self.window.context.people.loaded, 60)
        end_s = monotonic() + seconds
        weights = [weight for weight, _ in self.actions]
        while monotonic() < end_s and len(self.found) < 5:
            ((_, act),) = self.draw.choices(self.actions, weights)
            before = len(self.found)
            told = act()
            self.live_for(self.draw.choice((0.0, 0.02, 0.1, 0.4)))
            if told:
                self.count += 1
                self.done.append(told)
            if len(self.found) > before:
                self.done.append("^ found")
        idle = self.draw.random() < 0.5
        self._free_disk()
        if idle:
            self.until(lambda: not self.client.busy, 60)
        begun = monotonic()
        self.window.close()
        closed_s = monotonic() - begun
        if closed_s > (CLOSE_WITHIN_S if not idle else 1.0) * 2:
            self.found.append(f"closing took {closed_s:.1f} s, {'idle' if idle else 'busy'}")
        for device in self.devices.values():
            device.mend()
        return {
            "found": self.found, "actions": self.count, "closed_s": closed_s, "idle": idle,
            "longest_s": self.longest_s, "last": list(self.done),
        }  # fmt: skip

    # --- what users do ------------------------------------------------------------------------------------------

    def _place(self) -> QWidget:
        modal = QApplication.activeModalWidget()
        if isinstance(modal, QFileDialog):
            modal.reject()
            modal = None
        return modal or self.window

    def _some(self, *kinds: type[QWidget]) -> QWidget | None:
        """One of the widgets of these kinds that a user could reach."""
        found = [one for kind in kinds for one in self._place().findChildren(kind)]
        usable = [one for one in found if one.isVisible() and one.isEnabled() and not NOT_TOUCHED.search(_name(one))]
        return self.draw.choice(usable) if usable else None

    def _click(self) -> str | None:
        found = self._some(QAbstractButton)
        if not isinstance(found, QAbstractButton):
            return None
        told = f"click {_name(found)!r}"
        found.click()
        return told

    def _type(self) -> str | None:
        found = self._some(QLineEdit)
        if not isinstance(found, QLineEdit) or found.isReadOnly():
            return None
        text = self.draw.choice(("Ada", "Eileen", "", "2", PASSPHRASE, "=1+1", "\u202eade", "x" * 300))
        found.clear()
        # Qt's tests have no keys for other letters.
        QTest.keyClicks(found, text) if text.isascii() else found.insert(text)
        if self.draw.random() < 0.3:
            QTest.keyClick(found, Qt.Key.Key_Return)
        return f"type {text[:12]!r} into {_name(found)!r}"

    def _choose(self) -> str | None:
        found = self._some(QComboBox, QAbstractItemView)
        if isinstance(found, QComboBox) and found.count() and not NOT_TOUCHED.search(found.accessibleName()):
            place = self.draw.randrange(found.count())
            if _leads_out(found.itemText(place)):
                return None
            found.setCurrentIndex(place)
            found.activated.emit(place)
            return f"choose {found.currentText()!r} of {_name(found)!r}"
        if isinstance(found, QAbstractItemView) and found.model() and found.model().rowCount():
            found.setCurrentIndex(found.model().index(self.draw.randrange(found.model().rowCount()), 0))
            return f"row of {_name(found)!r}"
        return None

    def _key(self) -> str | None:
        key = self.draw.choice(
            (Qt.Key.Key_Escape, Qt.Key.Key_Tab, Qt.Key.Key_Return, Qt.Key.Key_Space, Qt.Key.Key_Delete)
        )
        at = QApplication.focusWidget() or self._place()
        if NOT_TOUCHED.search(_name(at)):
            return None
        QTest.keyClick(at, key)
        return f"key {key.name} at {_name(at)!r}"

    def _page(self) -> str | None:
        if QApplication.activeModalWidget() or self.window._locked:
            return None
        key = self.draw.choice(list(PAGES))
        self.window.open_page(key)
        return f"page {key}"

    def _feed(self) -> str | None:
        if QApplication.activeModalWidget() or self.window._locked:
            return None
        self.window.open_page("live")
        spec = self.draw.choice([*self.devices, *self.devices, str(self.folder / "pictures"), "camera:Gone||"])
        page: Any = self.window.page
        page.source.use(spec)
        if self.draw.random() < 0.3:
            page.recording.begin(self.folder / "clip.mp4")
        return f"live before {Path(spec).name}"

    def _enroll(self) -> str | None:
        if QApplication.activeModalWidget() or self.window._locked:
            return None
        self.window.open_page("enroll")
        page: Any = self.window.page
        if page.is_guided:
            page.guide.click()
        names = self.draw.sample(self.pictures, self.draw.randint(1, 3))
        page.take_pictures(names)
        page.name.setText(self.draw.choice(("Ada", "Eileen", "Grace", "Mae")))
        self.until(lambda: not self.client.busy, self.draw.choice((0, 0.3, 20)))
        if page.enroll.isEnabled():
            page.enroll.click()
        return f"enroll {[one.name for one in names]}"

    def _look(self) -> str | None:
        if QApplication.activeModalWidget() or self.window._locked:
            return None
        key = self.draw.choice(("identify", "verify"))
        self.window.open_page(key)
        page: Any = self.window.page
        page.take_pictures(self.draw.sample(self.pictures, 1 if key == "verify" else 2))
        return key

    def _undo(self) -> str | None:
        if QApplication.activeModalWidget() or self.window._locked:
            return None
        forth = self.draw.random() < 0.3
        (self.window.context.redo if forth else self.window.context.undo)()
        return "redo" if forth else "undo"

    def _delete(self) -> str | None:
        people = self.window.context.people.people
        if not people or self.window._locked:
            return None
        self.window.context.edit(self.client.delete_person(self.draw.choice(people).id), "Deleted.")
        return "delete a person"

    def _lock(self) -> str | None:
        if QApplication.activeModalWidget():
            return None
        if self.window._locked:
            self.window.lock_screen.secret.setText(self.draw.choice((PASSPHRASE, PASSPHRASE, "wrong")))
            self.window.lock_screen.unlock.click()
            return "unlock"
        if self.window._encrypted:
            self.window._lock()
            return "lock"
        self.window.context.tell_failure(self.client.set_passphrase(PASSPHRASE, ask_at_start=True))
        return "set a passphrase"

    def _back_up(self) -> str | None:
        check = self.draw.random() < 0.5
        self.window.context.tell_failure(self.client.check() if check else self.client.back_up())
        return "check" if check else "back up"

    def _cancel(self) -> str | None:
        jobs = list(self.client._jobs)
        for job in jobs:
            job.cancel()
        return f"cancel {len(jobs)} jobs"

    # --- what goes wrong ----------------------------------------------------------------------------------------

    def _break_camera(self) -> str | None:
        fault = self.draw.choice(FAULTS)
        self.draw.choice(list(self.devices.values())).break_(fault)
        return f"a camera: {fault}"

    def _mend_camera(self) -> str | None:
        for device in self.devices.values():
            device.mend()
        return "cameras well again"

    def _fill_disk(self) -> str | None:
        """No file may grow beyond a size: writing fails as on a full disk."""
        kb = self.draw.choice((4, 64, 400))
        resource.setrlimit(resource.RLIMIT_FSIZE, (kb * 1024, resource.RLIM_INFINITY))
        return f"disk full beyond {kb} KB"

    def _free_disk(self) -> str | None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        return None


class _Listener(logging.Handler):
    """Hears every error that was not foreseen."""

    def __init__(self, found: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._found = found

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        if not record.getMessage().startswith(EXPECTED):
            trace = logging.Formatter().formatException(record.exc_info) if record.exc_info else ""
            self._found.append(f"log: {record.getMessage()} {trace[-1500:]}")


def _name(widget: QWidget) -> str:
    text = widget.text() if isinstance(widget, QAbstractButton | QLineEdit) else ""
    return " ".join(part for part in (text, widget.accessibleName(), type(widget).__name__) if part)


def _leads_out(text: str) -> bool:
    return "…" in text or bool(NOT_TOUCHED.search(text))


def _pictures(shared: Path, folder: Path) -> list[Path]:
    """Good pictures and bad ones."""
    there = folder / "pictures"
    there.mkdir()
    good = [path for person in sorted((shared / "data" / "people").iterdir()) for path in sorted(person.iterdir())][:6]
    for number, path in enumerate(good):
        shutil.copy(path, there / f"good{number}{path.suffix}")
    whole = good[0].read_bytes()
    (there / "cut.jpg").write_bytes(whole[: len(whole) // 3])
    (there / "empty.jpg").write_bytes(b"")
    (there / "text.png").write_bytes(b"no picture")
    return [*sorted(there.iterdir()), there / "gone.jpg"]


def _one(seed: int, seconds: float, shared: Path, folder: Path) -> None:
    """Live one seed's life, and print what came of it."""
    faulthandler.enable()
    for place in ("CONFIG", "DATA", "CACHE", "STATE"):
        os.environ[f"XDG_{place}_HOME"] = str(folder / place.lower())
    monkey = Monkey(seed, shared, folder)
    print(json.dumps(monkey.run(seconds)), flush=True)


def _sound(gallery: Path) -> str:
    """What is wrong with a gallery; empty where it is sound or was never made."""
    if not gallery.exists():
        return ""
    service = FaceService(Settings(), gallery)
    try:
        if service.info().locked:
            service.unlock(PASSPHRASE)
        report = service.vault.check()
    finally:
        service.close()
    return "" if report.sound else f"gallery: {report}"


def main() -> None:
    """Print what every seed found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seconds", type=float, default=45.0, help="of one seed")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--seeds", type=Path, help="a file to keep the seeds in that found something, one JSON a line")
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        _one(options.first, options.seconds, options.shared, options.one)
        return
    end_s, seed, actions, failed, closings, longest = monotonic() + 60 * options.minutes, options.first, 0, 0, [], 0.0
    while monotonic() < end_s:
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, __file__, "--one", folder, "--first", str(seed),
                       "--seconds", str(options.seconds), "--shared", str(options.shared)]  # fmt: skip
            ended = subprocess.run(command, capture_output=True, text=True, timeout=options.seconds + 300, check=False)
            lines = [line for line in ended.stdout.splitlines() if line.startswith("{")]
            told = json.loads(lines[-1]) if lines else {"found": [], "actions": 0, "last": []}
            found = list(told["found"])
            if ended.returncode or not lines:
                found.append(f"ended with {ended.returncode}: {ended.stderr[-1500:]}")
            if problem := _sound(Path(folder) / "gallery.db"):
                found.append(problem)
        actions += told["actions"]
        if "closed_s" in told:
            closings.append((told["idle"], told["closed_s"]))
            longest = max(longest, told["longest_s"])
        failed += bool(found)
        print(
            f"seed {seed}: {told['actions']} actions, {'found: ' + found[0][-700:] if found else 'nothing'}", flush=True
        )
        if found and options.seeds:
            with options.seeds.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"seed": seed, "found": found, "last": told["last"]}) + "\n")
        seed += 1
    for idle, word in ((True, "idle"), (False, "busy")):
        times = [seconds for one, seconds in closings if one is idle]
        if times:
            print(f"closed {len(times)} times {word}: {max(times):.2f} s at most")
    print(f"{seed - options.first} seeds, {actions:,} actions, {failed} found something; the window did not answer for "
          f"{longest:.2f} s at most")  # fmt: skip


if __name__ == "__main__":
    main()
