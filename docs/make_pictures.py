"""Make the pictures in docs/pictures from the real window: python docs/make_pictures.py [PAGE ...].

The faces come with scikit-image and Matplotlib (both in the test extra): Eileen Collins and Grace Hopper.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from time import monotonic
from typing import TypeVar

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import matplotlib as mpl  # noqa: E402 - the platform is chosen first
import skimage.data  # noqa: E402
from PIL import Image  # noqa: E402
from PySide6.QtWidgets import QApplication, QWidget  # noqa: E402

from engine.service import FaceService  # noqa: E402
from engine.settings import Settings  # noqa: E402
from engine.training.run import begin  # noqa: E402
from engine.training.session import runs_folder  # noqa: E402
from gui.engine_client import EngineClient  # noqa: E402
from gui.main_window import MainWindow  # noqa: E402
from gui.pages.enroll import EnrollPage  # noqa: E402
from gui.pages.evaluate import EvaluatePage  # noqa: E402
from gui.pages.gallery import GalleryPage  # noqa: E402
from gui.pages.identify import IdentifyPage  # noqa: E402
from gui.pages.live import LivePage  # noqa: E402
from gui.pages.models import ModelsPage  # noqa: E402
from gui.pages.sort import SortPage  # noqa: E402
from gui.pages.train import TrainPage  # noqa: E402
from gui.pages.verify import VerifyPage  # noqa: E402
from gui.settings_store import SettingsStore  # noqa: E402
from gui.theme.style import THEME  # noqa: E402
from tests.engine.training.conftest import QUICK, texture_people  # noqa: E402
from tests.sittings import sitting  # noqa: E402

PageKind = TypeVar("PageKind")
WITHIN_S = 200.0
QUIET_S = 0.3


def main() -> None:
    """Open every page, or those named, in both schemes."""
    with tempfile.TemporaryDirectory() as folder:
        for place in ("CONFIG", "DATA", "CACHE"):
            os.environ[f"XDG_{place}_HOME"] = str(Path(folder) / place.lower())
        studio = Studio(Path(folder))
        studio.take(sys.argv[1:])
        studio.window.close()


class Studio:
    """The window, and the pictures it is shown with."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.application = QApplication([])
        self._make_pictures()
        gallery = folder / "gallery.db"
        service = FaceService(Settings(), gallery)
        for name, files in (("Eileen Collins", ["eileen.jpg", "eileen-crop.png"]), ("Grace Hopper", ["grace.jpg"])):
            service.enroll(name, service.judge([folder / file for file in files]), date(2026, 3, 1))
        service.close()
        store = SettingsStore(Settings(), folder / "settings.toml")
        THEME.install(self.application, "light")
        self.window = MainWindow(EngineClient(store.value, gallery), store)
        self.window.resize(1200, 800)
        self.window.show()
        self.window.client.start()
        self._settle()

    def take(self, names: Sequence[str]) -> None:
        """Visit the pages named, or all of them."""
        pages = {
            "enroll": self._take_enroll,
            "gallery": self._take_gallery,
            "identify": self._take_identify,
            "sort": self._take_sort,
            "verify": self._take_verify,
            "live": self._take_live,
            "log": self._take_log,
            "train": self._take_train,
            "evaluate": self._take_evaluate,
            "models": self._take_models,
            "settings": self._take_settings,
        }
        for name in names or pages:
            pages[name]()

    def _take_enroll(self) -> None:
        folder = self.folder
        page = self._open("enroll", EnrollPage)
        page.name.setText("Eileen Collins")
        page.take_pictures([folder / "eileen-turned.jpg", folder / "coffee.png", folder / "both.jpg"])
        self._take("enroll")
        self._take_guided(page)

    def _take_gallery(self) -> None:
        self._open("gallery", GalleryPage).choose(self.window.context.people.people[0].id)
        self._take("gallery")

    def _take_identify(self) -> None:
        folder = self.folder
        identify = self._open("identify", IdentifyPage)
        identify.take_pictures([folder / "both.jpg", folder / "eileen-turned.jpg", folder / "coffee.png"])
        self._take("identify")

    def _take_sort(self) -> None:
        folder = self.folder
        sort = self._open("sort", SortPage)
        album = folder / "Holiday"
        album.mkdir()
        for name in ("both.jpg", "eileen-turned.jpg", "eileen-crop.png", "grace-crop.jpg", "coffee.png"):
            shutil.copy(folder / name, album / name)
        sort.take_pictures([album])
        self._until(lambda: sort.result is not None and bool(sort.groups.faces.faces))
        self._take("sort")

    def _take_verify(self) -> None:
        verify = self._open("verify", VerifyPage)
        verify.take_pictures([self.folder / "eileen-turned.jpg"])
        self._settle()
        verify.person.choose(self.window.context.people.people[0].id)
        self._take("verify")

    def _take_live(self) -> None:
        self._use_camera()
        live = self._open("live", LivePage)
        self._until(lambda: len(live.view.canvas.marks) == 2)
        live.panel.readout.toggle.click()
        self._take("live")

    def _take_models(self) -> None:
        self._open("models", ModelsPage)
        self._take("models")

    def _take_settings(self) -> None:
        self.window.open_page("settings")
        self._take("settings")

    def _use_camera(self) -> None:
        """Let a folder with a picture stand in for a camera, on every page that looks through one."""
        camera = self.folder / "camera"
        if not camera.is_dir():
            camera.mkdir()
            shutil.copy(self.folder / "both.jpg", camera / "both.jpg")
            self._open("live", LivePage).source.use(str(camera))

    def _take_guided(self, page: EnrollPage) -> None:
        guided, folder = page.guided, self.folder / "Sitting"
        folder.mkdir()
        page.clear.click()
        page.name.setText("Eileen Collins")
        page.consent.setChecked(True)
        page.guide.click()
        guided.source.use(str(sitting(folder, self.folder / "eileen.jpg")))
        guided.start.click()
        self._until(lambda: guided.guidance is not None and len(guided.guidance.covered) >= 3)
        self._take("guided", settle=False)
        guided.done.click()
        self._until(lambda: bool(guided.report.cards))
        self._take("guided-report")
        page.guide.click()

    def _take_log(self) -> None:
        gallery = self._open("gallery", GalleryPage)
        log = gallery.open_log()
        self._settle()
        log.verify.click()
        self._take("log", log)
        log.accept()

    def _take_train(self) -> None:
        """Train on people made of textures: there are only two faces at hand."""
        begin(runs_folder() / "people-triplet", texture_people(self.folder / "textures"), QUICK, ())
        train = self._open("train", TrainPage)
        train.show_step(3)
        self._until(lambda: bool(train.runs.runs))
        train.resume(train.runs.runs[0])
        self._until(train.progress.verdict.isVisible)
        self._take("train")
        self._use_camera()
        train = self._open("train", TrainPage)
        train.show_step(4)
        train.liveness.record.click()
        recorder, clips = train.liveness.recorder, self.folder / "Liveness clips"
        for place in ("live/EC", "live/GH", "spoof/EC"):
            (clips / place).mkdir(parents=True)
            (clips / place / "clip.mp4").write_bytes(place.encode())
        recorder.use(clips)
        recorder.who.setText("EC")
        self._until(recorder.record.isEnabled)
        recorder.record.click()
        self._until(lambda: recorder.bar.value() > 0)
        self._take("clips", settle=False)
        recorder.back.click()

    def _take_evaluate(self) -> None:
        people = self.folder / "people"
        for name, files in (
            ("Eileen Collins", ("eileen.jpg", "eileen-crop.png", "eileen-turned.jpg")),
            ("Grace Hopper", ("grace.jpg", "grace-crop.jpg")),
        ):
            (people / name).mkdir(parents=True)
            for file in files:
                shutil.copy(self.folder / file, people / name / file)
        evaluate = self._open("evaluate", EvaluatePage)
        evaluate.evaluate_folder(people)
        self._until(lambda: evaluate.evaluation is not None and not self.window.context.tasks.busy)
        self._take("evaluate")
        self._use_camera()
        evaluate = self._open("evaluate", EvaluatePage)
        evaluate.what.setCurrentIndex(1)
        self._until(lambda: len(evaluate.bench.view.canvas.marks) == 2)
        self._take("spoof-bench")

    def _open(self, key: str, kind: type[PageKind]) -> PageKind:
        self.window.open_page(key)
        self._settle()
        if not isinstance(self.window.page, kind):
            raise TypeError(f"{key} is another page")
        return self.window.page

    def _take(self, name: str, shown: QWidget | None = None, *, settle: bool = True) -> None:
        """Save the window, or one of its dialogs, in both schemes; a camera that is looked at never settles."""
        for scheme in ("light", "dark"):
            if settle:
                self._settle()
            THEME.choose(scheme)
            if settle:
                self._settle()
            self.application.processEvents()
            place = ROOT / "docs" / "pictures" / f"{name}-{scheme}.png"
            place.parent.mkdir(exist_ok=True)
            (shown or self.window).grab().save(str(place))
            print(place.relative_to(ROOT))
        THEME.choose("light")

    def _settle(self) -> None:
        """Wait until nothing has been going on for a moment."""
        quiet_since = monotonic()

        def quiet() -> bool:
            nonlocal quiet_since
            if self.window.client.busy:
                quiet_since = monotonic()
            return monotonic() - quiet_since > QUIET_S

        self._until(quiet)

    def _until(self, condition: Callable[[], bool]) -> None:
        deadline = monotonic() + WITHIN_S
        while not condition():
            self.application.processEvents()
            if monotonic() > deadline:
                raise TimeoutError

    def _make_pictures(self) -> None:
        eileen = Image.fromarray(skimage.data.astronaut())
        grace = Image.open(Path(mpl.get_data_path()) / "sample_data" / "grace_hopper.jpg")
        eileen.save(self.folder / "eileen.jpg", quality=95)
        eileen.crop((90, 0, 390, 300)).resize((450, 450)).save(self.folder / "eileen-crop.png")
        eileen.crop((40, 0, 440, 400)).resize((620, 620)).rotate(7).save(self.folder / "eileen-turned.jpg", quality=92)
        grace.save(self.folder / "grace.jpg")
        grace.crop((60, 40, 460, 480)).resize((480, 528)).save(self.folder / "grace-crop.jpg")
        Image.fromarray(skimage.data.coffee()).save(self.folder / "coffee.png")
        both = Image.new("RGB", (1024, 600))
        both.paste(eileen.resize((600, 600)).crop((0, 0, 512, 600)), (0, 0))
        both.paste(grace, (512, 0))
        both.save(self.folder / "both.jpg", quality=92)


if __name__ == "__main__":
    main()
