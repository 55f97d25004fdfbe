"""Before against after, the guard, and packs made of runs."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from engine.errors import BadInputError, PackError, TrainingError
from engine.learning import RunEnded
from engine.matching import learned
from engine.matching.learned import find_verifier
from engine.networks.mobilefacenet import MobileFaceNet
from engine.packs.embedder import Embedder
from engine.packs.installed import find_pack, list_packs, pack_from_weights
from engine.packs.pack import DEFAULT_PACK
from engine.training.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from engine.training.faces import FolderFaces
from engine.training.maps import neighbour_map
from engine.training.promotion import compare, embed_crops, promote, stored_pack, trained_pack
from engine.training.run import Run, begin, load_run
from engine.types import CancelToken
from tests.engine.training.conftest import CPU, QUICK, trainer

Begun = Callable[..., Run]


def nothing() -> None:
    """There is nothing to stop."""


@pytest.fixture(scope="module")
def trained_once(textures: FolderFaces, tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = begin(tmp_path_factory.mktemp("trained") / "run", textures, QUICK.with_values({"epochs": 6}), ())
    trainer(run).train()
    return run


@pytest.fixture
def trained(trained_once: Run, tmp_path: Path) -> Run:
    """A run of its own for each test."""
    shutil.copytree(trained_once.place, tmp_path / "runs" / "run")
    return load_run(tmp_path / "runs" / "run")


def judged(run: Run) -> RunEnded:
    after = Embedder(trained_pack(run), CPU)
    ended = RunEnded(str(run.place), "Done.", 6, 1.0, compare(run, Embedder(DEFAULT_PACK, CPU), after, nothing))
    run.note(ended)
    return ended


def test_that_a_comparison_is_over_people_who_were_held_out(trained: Run) -> None:
    found = judged(trained).comparison
    assert found is not None
    assert found.people == 4
    assert found.genuine_pairs == 4 * 28
    assert found.impostor_pairs == 6 * 64
    assert found.before.low <= found.before.value <= found.before.high
    assert found.difference.value == pytest.approx(found.after.value - found.before.value)
    assert not found.enough_people
    assert not found.better_beyond_chance
    assert found.difference.text.endswith("(too few people to tell: 4 people)")


def test_that_the_guard_refuses_what_is_not_better_unless_told_otherwise(trained: Run, tmp_path: Path) -> None:
    embedder = Embedder(trained_pack(trained), CPU)
    with pytest.raises(TrainingError, match="all the same"):
        promote(trained, tmp_path / "packs", embedder, nothing)
    judged(trained)
    with pytest.raises(TrainingError, match="too few to tell whether .* is better: 4, and at least 6"):
        promote(trained, tmp_path / "packs", embedder, nothing)
    assert not (tmp_path / "packs").exists()
    pack = promote(trained, tmp_path / "packs", embedder, nothing, anyway=True)
    assert find_pack(pack.id, tmp_path / "packs").title == pack.title
    assert [one.id for one in list_packs(tmp_path / "packs")] == [DEFAULT_PACK.id, pack.id]
    chips = np.random.default_rng(0).integers(0, 256, (2, 96, 96, 3), np.uint8)
    np.testing.assert_allclose(Embedder(pack, CPU).embed(chips), embedder.embed(chips), atol=1e-5)


def test_that_a_run_whose_name_is_used_again_gives_another_pack(begun: Begun, tmp_path: Path) -> None:
    packs = tmp_path / "packs"
    made = []
    for epochs, loss in ((1, "triplet"), (2, "softmax")):
        run = begun("again", epochs=epochs, loss=loss, seed=epochs)
        trainer(run).train()
        assert stored_pack(run.place, packs) == ""
        made.append(promote(run, packs, Embedder(trained_pack(run), CPU), nothing, anyway=True))
        assert stored_pack(run.place, packs) == made[-1].id
        shutil.rmtree(run.place)
    assert made[0].id != made[1].id
    assert "Triplet (FaceNet), trained 20" in made[0].title
    assert made[0].title != made[1].title
    # Of a deleted run the latest pack is still there.
    assert stored_pack(tmp_path / "again", packs) in [pack.id for pack in made]
    assert stored_pack(tmp_path / "never", packs) == ""


def test_that_a_pack_that_is_there_already_is_a_sentence(trained: Run, tmp_path: Path) -> None:
    embedder = Embedder(trained_pack(trained), CPU)
    promote(trained, tmp_path, embedder, nothing, anyway=True)
    with pytest.raises(PackError, match="already. Use it"):
        promote(trained, tmp_path, embedder, nothing, anyway=True)


def test_that_the_head_a_siamese_network_was_trained_with_verifies_for_its_pack(
    begun: Begun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learned, "LEAST_PEOPLE", 8)
    run = begun(loss="siamese_l1", epochs=6, learning_rate=3e-3)
    made = trainer(run)
    made.train()
    embedder = Embedder(trained_pack(run), CPU)
    pack = promote(run, tmp_path, embedder, nothing, anyway=True)
    found = find_verifier("weighted_l1", pack.id)
    stored = read_checkpoint(run.place, "best")
    assert stored is not None
    assert found.weight == tuple(stored.state["head"]["weight"])
    assert found.people == 8
    crops = run.part(run.split.test)
    embeddings = embed_crops(embedder, crops, nothing)
    labels = np.array(crops.labels)
    same = labels[:-1] == labels[1:]
    apart = found.distances(embeddings[:-1], embeddings[1:])
    assert apart[same].mean() < apart[~same].mean()


def test_that_a_stored_network_that_was_altered_is_refused(trained: Run, tmp_path: Path) -> None:
    pack = promote(trained, tmp_path, Embedder(trained_pack(trained), CPU), nothing, anyway=True)
    file = tmp_path / pack.id / "network.safetensors"
    content = bytearray(file.read_bytes())
    content[-3] ^= 1
    file.write_bytes(content)
    with pytest.raises(PackError, match="damaged or was altered"):
        find_pack(pack.id, tmp_path).network()
    (tmp_path / pack.id / "pack.json").write_text("{")
    with pytest.raises(PackError, match="cannot be read"):
        find_pack(pack.id, tmp_path)


def test_that_a_pack_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="no pack “../../x”"):
        find_pack("../../x", tmp_path)


def test_that_a_run_without_a_network_cannot_be_promoted(begun: Begun) -> None:
    with pytest.raises(BadInputError, match="no finished network"):
        trained_pack(begun())


def test_that_a_map_has_a_place_for_every_face(trained: Run) -> None:
    places = neighbour_map(trained, CPU, CancelToken())
    assert len(places) == len(trained.part(trained.split.validation))
    assert {person for _, _, person in places} == set(range(4))


# --- checkpoints --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["cut", "flipped", "gone", "json", "version"])
def test_that_a_damaged_checkpoint_is_a_sentence(tmp_path: Path, how: str) -> None:
    write_checkpoint(tmp_path, "last", Checkpoint({"a": torch.ones(100)}, {"step": 3}))
    stored = read_checkpoint(tmp_path, "last")
    assert stored is not None
    assert stored.state == {"step": 3}
    (tensors,) = tmp_path.glob("*.safetensors")
    content = tensors.read_bytes()
    description = tmp_path / "last.json"
    if how == "cut":
        tensors.write_bytes(content[:50])
    elif how == "flipped":
        tensors.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif how == "gone":
        tensors.unlink()
    elif how == "json":
        description.write_text("{")
    else:
        description.write_text(description.read_text().replace('"format": 1', '"format": 9'))
    with pytest.raises(BadInputError, match="last.json"):
        read_checkpoint(tmp_path, "last")


def test_that_the_latest_checkpoint_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    assert read_checkpoint(tmp_path, "last") is None
    for value in (1.0, 2.0):
        write_checkpoint(tmp_path, "last", Checkpoint({"a": torch.full((3,), value)}))
    stored = read_checkpoint(tmp_path, "last")
    assert stored is not None
    assert stored.tensors["a"].tolist() == [2.0, 2.0, 2.0]
    assert len(list(tmp_path.iterdir())) == 2


# --- weights brought along ----------------------------------------------------------------------------------------


class Canary:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.place,))


def test_that_a_pickle_with_code_in_it_is_refused_unread(tmp_path: Path) -> None:
    torch.save({"conv1.0.weight": Canary(tmp_path / "canary")}, tmp_path / "evil.pt")
    with pytest.raises(PackError, match="more than tensors"):
        pack_from_weights(tmp_path / "evil.pt", "mobilefacenet").network()
    assert not (tmp_path / "canary").exists()


def test_that_weights_load_from_safetensors_and_from_a_state_dict(tmp_path: Path) -> None:
    network = MobileFaceNet().eval()
    torch.save(network.state_dict(), tmp_path / "net.pt")
    save_file(network.state_dict(), tmp_path / "net.safetensors")
    chips = np.random.default_rng(0).integers(0, 256, (2, 112, 112, 3), np.uint8)
    packs = [pack_from_weights(tmp_path / name, "mobilefacenet") for name in ("net.pt", "net.safetensors")]
    first, second = (Embedder(pack, CPU).embed(chips) for pack in packs)
    np.testing.assert_allclose(first, second, atol=1e-5)
    assert not packs[0].commercial_use, "a file of unknown licence"


def test_that_the_weights_inside_another_tools_checkpoint_are_found(tmp_path: Path) -> None:
    torch.save({"epoch": 3, "state_dict": MobileFaceNet().state_dict()}, tmp_path / "theirs.pt")
    pack_from_weights(tmp_path / "theirs.pt", "mobilefacenet").network()
    for number, content in enumerate(
        ({"epoch": 3, "model": {}}, {"epoch": 3}, [torch.zeros(2)], {"state_dict": {"a": 1}})
    ):
        torch.save(content, tmp_path / f"{number}.pt")
        with pytest.raises(PackError, match="no weights by name"):
            pack_from_weights(tmp_path / f"{number}.pt", "mobilefacenet").network()


@pytest.mark.parametrize("how", ["missing", "rubbish", "other", "nan", "architecture"])
def test_that_weights_that_are_none_are_a_sentence(tmp_path: Path, how: str) -> None:
    tensors = MobileFaceNet().state_dict()
    key = "mobilefacenet"
    place = tmp_path / "net.safetensors"
    if how == "rubbish":
        place.write_bytes(b"nothing")
    elif how == "nan":
        tensors["conv3.bias"][0] = float("nan")
        save_file(tensors, place)
    elif how in ("other", "architecture"):
        key = "siamese" if how == "other" else "magic"
        save_file(tensors, place)
    with pytest.raises(PackError):
        pack_from_weights(place, key).network()
