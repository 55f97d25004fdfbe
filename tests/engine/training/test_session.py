"""From a folder to a verdict, and the loss bench, on people made of textures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import BadInputError, OperationCancelledError
from engine.learning import BenchResult, DataReport, Event, Finding, Progressed, RunEnded
from engine.packs.embedder import Embedder
from engine.packs.pack import DEFAULT_PACK
from engine.pipeline import Pipeline
from engine.training.control import Control
from engine.training.faces import FolderFaces
from engine.training.run import load_run
from engine.training.session import Session, proposed
from tests.engine.training.conftest import CPU, QUICK


class TextureSession(Session):
    """Looks at textures instead of faces."""

    faces: FolderFaces

    def look(self, folder: Path, _least_pictures: int = 2) -> tuple[FolderFaces, DataReport]:
        return TextureSession.faces, DataReport(str(folder), 16, 128, 16, 128, (), 0.0)


@pytest.fixture
def events() -> list[Event]:
    return []


@pytest.fixture
def session(tmp_path: Path, pipeline: Pipeline, textures: FolderFaces, events: list[Event]) -> TextureSession:
    TextureSession.faces = textures
    on_cpu = replace(pipeline, embedder=Embedder(DEFAULT_PACK, CPU))
    return TextureSession(on_cpu, events.append, Control(), tmp_path / "runs")


def test_that_a_run_ends_in_a_verdict_that_is_kept(
    session: TextureSession, events: list[Event], tmp_path: Path
) -> None:
    run = session.begin(tmp_path, QUICK.with_values({"epochs": 2}), None)
    ended = session.train(run)
    assert ended.comparison is not None
    assert ended.comparison.before_title == DEFAULT_PACK.title
    assert events[-1] == ended
    judging = [event for event in events if isinstance(event, Progressed) and event.text.startswith("Judging")]
    assert [(event.done, event.total) for event in judging] == [(0, 2), (1, 2)]
    assert load_run(run.place).end() == ended
    with pytest.raises(BadInputError, match="has ended"):
        session.resume(run.place)


def test_that_a_bench_gives_each_loss_the_same_people_and_time(
    session: TextureSession, events: list[Event], tmp_path: Path
) -> None:
    results = session.bench(tmp_path, QUICK, ["triplet", "softmax"], seconds=3.0)
    assert [one.loss for one in results] == ["triplet", "softmax"]
    assert [event for event in events if isinstance(event, BenchResult)] == results
    runs = [load_run(Path(one.run)) for one in results]
    assert runs[0].split == runs[1].split
    for one in results:
        assert one.steps > 0
        assert one.seconds >= 3.0
        assert one.det[0][1] == 1.0
    assert sum(isinstance(event, RunEnded) for event in events) == 2


def test_that_a_bench_leaves_out_what_the_user_does(session: TextureSession, tmp_path: Path) -> None:
    out = [f"p{person:02}/{number}.jpg" for person in range(16) for number in range(4)]
    (result,) = session.bench(tmp_path, QUICK, ["triplet"], seconds=0.5, left_out=out)
    run = load_run(Path(result.run))
    assert run.left_out == tuple(sorted(out))
    assert len(run.crops) == 16 * 4


def test_that_a_bench_knows_all_its_losses_before_it_begins(session: TextureSession, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="“magic” is no loss. Choose from: triplet, "):
        session.bench(tmp_path, QUICK, ["triplet", "magic"], seconds=60.0)
    assert not session.runs.exists()


def test_that_a_bench_can_be_stopped(session: TextureSession, tmp_path: Path) -> None:
    session.control.cancel()
    with pytest.raises(OperationCancelledError):
        session.bench(tmp_path, QUICK, ["triplet"], seconds=3.0)


def test_that_what_the_check_proposes_is_left_out() -> None:
    findings = (
        Finding("duplicate", "a", "p", "x", suggested=True),
        Finding("unreadable", "b", "p", "x", unusable=True),
        Finding("several_faces", "c", "p", "x"),
    )
    assert proposed(findings) == {"a", "b"}
