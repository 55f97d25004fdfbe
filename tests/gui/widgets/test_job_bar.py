"""The bar that shows a job."""

from __future__ import annotations

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from gui.engine_client import Job
from gui.widgets.job_bar import JobBar


class Posts(QObject):
    """What a job posts to."""

    def post(self, call: object) -> None:
        pass


def test_that_a_job_may_end_after_its_bar_is_gone(qtbot: QtBot) -> None:
    owner, bar = Posts(), JobBar()
    job = Job(owner.post, owner)
    bar.follow(job, "Looking")
    delete(bar)
    job.finished.emit()
