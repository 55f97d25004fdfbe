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
from monkey_hands import PASSPHRASE, Hands
from PySide6.QtCore import QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from engine.capture import cameras
from engine.errors import CameraError
from engine.service import FaceService
from engine.settings import Settings
from gui.engine_client import EngineClient
from gui.main_window import PAGES, MainWindow
from gui.settings_store import SettingsStore
from gui.theme.style import THEME

CLOSE_WITHIN_S = 5.0
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
        pictures = _pictures(shared, folder)
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
        self.hands = Hands(self.window, self.draw, pictures, self.devices, self.until)

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
        weights = [weight for weight, _ in self.hands.actions]
        while monotonic() < end_s and len(self.found) < 5:
            ((_, act),) = self.draw.choices(self.hands.actions, weights)
            before = len(self.found)
            told = act()
            self.live_for(self.draw.choice((0.0, 0.02, 0.1, 0.4)))
            if told:
                self.count += 1
                self.done.append(told)
            if len(self.found) > before:
                self.done.append("^ found")
        idle = self.draw.random() < 0.5
        self.hands.free_disk()
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
