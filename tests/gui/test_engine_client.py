"""The background worker's GUI side."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QThread
from pytestqt.qtbot import QtBot
from sqlalchemy import text

from engine.capture.images import read_image
from engine.errors import GalleryError
from engine.gallery.store import Gallery
from engine.live_values import LiveResult
from engine.service import FaceService
from engine.settings import Settings
from engine.types import Frame, Progress
from gui.engine_client import UNFORESEEN, EngineClient, Job

from .conftest import WITHIN_MS, result_of


def events_of(job: Job) -> list[str]:
    """The names of a job's signals, as they come."""
    seen: list[str] = []
    for name in ("progressed", "partial", "succeeded", "failed", "cancelled", "finished"):
        getattr(job, name).connect(lambda *_values, name=name: seen.append(name))
    return seen


def test_that_a_result_is_never_lost_however_late_one_listens(qtbot: QtBot, client: EngineClient) -> None:
    results: list[int] = []
    for number in range(60):
        job = client.submit(lambda _service, _job, number=number: number)
        threading.Event().wait(0.001)
        job.succeeded.connect(results.append)
    qtbot.waitUntil(lambda: len(results) == 60, timeout=WITHIN_MS)
    assert results == list(range(60))


def test_that_all_signals_come_on_the_gui_thread(qtbot: QtBot, client: EngineClient) -> None:
    threads: list[QThread] = []
    job = client.submit(lambda _service, job: job.report(Progress(1, 2)))
    for signal in (job.progressed, job.succeeded, job.finished):
        signal.connect(lambda *_values: threads.append(QThread.currentThread()))
    qtbot.waitUntil(lambda: len(threads) == 3, timeout=WITHIN_MS)
    assert set(threads) == {client.thread()}


def _raise(error: BaseException) -> object:
    raise error


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (lambda _service, job: (job.report(Progress(1, 1)), job.give(1)), ["progressed", "partial", "succeeded"]),
        (lambda _service, _job: _raise(GalleryError("The disk is full.")), ["failed"]),
        (lambda _service, _job: _raise(ZeroDivisionError("no")), ["failed"]),
        (lambda _service, job: (job.cancel(), job.token.check()), ["cancelled"]),
    ],
)
def test_that_finished_comes_always_and_last(
    qtbot: QtBot, client: EngineClient, operation: Callable[[object, Job], object], expected: list[str]
) -> None:
    seen = events_of(client.submit(operation))
    qtbot.waitUntil(lambda: "finished" in seen, timeout=WITHIN_MS)
    assert seen == [*expected, "finished"]


def test_that_a_foreseen_failure_is_its_sentence_and_an_unforeseen_one_has_details(
    qtbot: QtBot, client: EngineClient
) -> None:
    with qtbot.waitSignal(
        client.submit(lambda _service, _job: _raise(GalleryError("It is full."))).failed, timeout=WITHIN_MS
    ) as foreseen:
        pass
    assert foreseen.args == ["It is full.", ""]
    with qtbot.waitSignal(
        client.submit(lambda _service, _job: _raise(ZeroDivisionError("no"))).failed, timeout=WITHIN_MS
    ) as unforeseen:
        pass
    assert unforeseen.args[0] == UNFORESEEN
    assert "ZeroDivisionError" in unforeseen.args[1]


def test_that_the_log_of_an_unforeseen_failure_does_not_quote_what_was_worked_on(
    qtbot: QtBot, client: EngineClient, caplog: pytest.LogCaptureFixture
) -> None:
    def work(service: FaceService, _job: Job) -> None:
        passphrase = "".join(("correct", " horse"))
        with service._now.gallery._write(erases=False) as session:
            session.execute(
                text("INSERT INTO people (id, name, notes) VALUES (:id, :name, :notes)"),
                {"id": 1, "name": "".join(("Eileen", " Collins")), "notes": passphrase},
            )

    with qtbot.waitSignal(client.submit(work).failed, timeout=WITHIN_MS) as told:
        pass
    for said in (caplog.text, *told.args):
        assert "correct horse" not in said
        assert "Eileen Collins" not in said
    caplog.clear()

    def fail(_service: FaceService, _job: Job) -> None:
        passphrase, name = "".join(("correct", " horse")), "".join(("Eileen", " Collins"))
        raise ZeroDivisionError(len(passphrase) + len(name))

    with qtbot.waitSignal(client.submit(fail).failed, timeout=WITHIN_MS) as unforeseen:
        pass
    assert "ZeroDivisionError" in caplog.text
    for said in (caplog.text, *unforeseen.args):
        assert "correct horse" not in said
        assert "Eileen Collins" not in said


def test_that_waiting_jobs_can_be_cancelled(qtbot: QtBot, client: EngineClient) -> None:
    go = threading.Event()
    first = client.submit(lambda _service, _job: go.wait(10))
    waiting = [client.submit(lambda _service, _job: 1) for _ in range(5)]
    seen = [events_of(job) for job in waiting]
    for job in waiting:
        job.cancel()
    with qtbot.waitSignal(first.finished, timeout=WITHIN_MS):
        go.set()
    qtbot.waitUntil(lambda: all("finished" in one for one in seen), timeout=WITHIN_MS)
    assert all(one == ["cancelled", "finished"] for one in seen)


def test_that_an_engine_that_cannot_start_says_why_and_can_be_tried_again(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "gallery.db"
    path.write_bytes(b"no gallery")
    client = EngineClient(Settings(), path)
    with qtbot.waitSignal(client.unavailable, timeout=WITHIN_MS) as blocker:
        client.start()
    assert "gallery.db" in blocker.args[0]
    path.unlink()
    with qtbot.waitSignal(client.ready, timeout=WITHIN_MS):
        client.start()
    client.close()


def test_that_the_newest_live_frame_wins(qtbot: QtBot, client: EngineClient, pictures: Path) -> None:
    result_of(qtbot, client.info())
    pixels = read_image(pictures / "grace.jpg").pixels
    frames = [Frame(pixels, "camera", float(number)) for number in range(40)]
    results: list[LiveResult] = []
    client.live_result.connect(results.append)
    for frame in frames:
        client.offer(frame)
    qtbot.waitUntil(lambda: len(results) == 2, timeout=WITHIN_MS)
    assert [result.frame.time_s for result in results] == [0.0, 39.0]
    assert client.dropped_frames == 38


def test_that_live_frames_are_looked_at_in_the_midst_of_an_import(
    qtbot: QtBot, client: EngineClient, pictures: Path, tmp_path: Path
) -> None:
    frame, folder = read_image(pictures / "grace.jpg"), tmp_path / "people" / "Grace Hopper"
    folder.mkdir(parents=True)
    for number in range(17):
        shutil.copy(pictures / "grace.jpg", folder / f"{number}.jpg")
    job = client.import_from([folder.parent], None, None)
    seen = events_of(job)
    before: list[bool] = []
    client.live_result.connect(lambda _result: before.append("finished" not in seen))
    job.progressed.connect(lambda _progress: client.offer(frame))
    with qtbot.waitSignal(job.succeeded, timeout=WITHIN_MS) as blocker:
        pass
    assert blocker.args[0].templates == 1
    assert before[0]


def test_that_a_live_frame_that_fails_does_not_stop_the_next(
    qtbot: QtBot, client: EngineClient, pictures: Path
) -> None:
    frame = read_image(pictures / "grace.jpg")
    with qtbot.waitSignal(client.live_failed, timeout=WITHIN_MS) as blocker:
        client.offer(frame, claimed=42)
    assert "gallery" in blocker.args[0]
    with qtbot.waitSignal(client.live_result, timeout=WITHIN_MS):
        client.offer(frame)


def test_that_an_edit_by_another_process_is_noticed(
    qtbot: QtBot, enrolled: Path, client: EngineClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with qtbot.waitSignal(client.ready, timeout=WITHIN_MS):
        client.start()
    other = Gallery.open(enrolled)
    with qtbot.waitSignal(client.gallery_changed, timeout=WITHIN_MS):
        other.rename(other.find("Grace Hopper").id, "Admiral Hopper")
    other.close()


def test_that_an_edit_by_another_process_is_noticed_between_the_steps_of_long_work(
    qtbot: QtBot, client: EngineClient, enrolled: Path
) -> None:
    steps: list[bool] = []
    noticed: list[bool] = []
    client.gallery_changed.connect(lambda: noticed.append(True))

    def go_on(_result: object) -> None:
        steps.append(bool(noticed))
        if not noticed:
            client.submit(lambda _service, _job: None).succeeded.connect(go_on)

    with qtbot.waitSignal(client.ready, timeout=WITHIN_MS):
        client.start()
    qtbot.waitUntil(lambda: not client._jobs, timeout=WITHIN_MS)
    noticed.clear()
    other = Gallery.open(enrolled)
    other.rename(other.find("Grace Hopper").id, "Admiral Hopper")
    other.close()
    client._look.stop()
    go_on(None)
    client._look.timeout.emit()
    client._look.timeout.emit()
    assert len(client._jobs) == 2, "one look waits, and no other beside it"
    qtbot.waitUntil(lambda: steps[-1], timeout=WITHIN_MS)
    qtbot.waitUntil(lambda: not client._jobs, timeout=WITHIN_MS)


def test_that_closing_in_the_middle_of_work_ends_in_good_time(qtbot: QtBot, tmp_path: Path) -> None:
    client = EngineClient(Settings(), tmp_path / "gallery.db")
    started, ended = threading.Event(), threading.Event()

    def work(_service: object, job: Job) -> None:
        started.set()
        while not job.token.cancelled:
            ended.wait(0.005)
        ended.set()

    job = client.submit(work)
    seen = events_of(job)
    assert started.wait(30)
    client.close()
    client.close()
    assert ended.is_set()
    assert seen == []
