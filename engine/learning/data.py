"""What a look at a folder of people finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about one picture of the folder that a person should look at.

    Attributes:
        kind: "unreadable", "no_face", "several_faces", "duplicate", "near_duplicate", "mislabelled" or "few_pictures".
        picture: path inside the folder; empty where it is about a whole person.
        person: whose folder it lies in.
        sentence: what it is, for people.
        crop: file of the aligned crop, for showing; empty without a face.
        other_crop: crop of the picture it is compared with.
        other_picture: path of that picture inside the folder.
        unusable: whether it is left out whatever the user says.
        suggested: whether leaving it out is proposed.
    """

    kind: str
    picture: str
    person: str
    sentence: str
    crop: str = ""
    other_crop: str = ""
    unusable: bool = False
    suggested: bool = False
    other_picture: str = ""


@dataclass(frozen=True, slots=True)
class DataReport:
    """What is in a folder of people.

    Attributes:
        usable_people: who have at least two usable pictures.
        crops: of some people, one aligned crop each, for showing.
        faces_of: everybody with the number of pictures in which a face was found, whether left out or not.
    """

    folder: str
    people: int
    pictures: int
    usable_people: int
    usable_pictures: int
    findings: tuple[Finding, ...]
    seconds: float
    crops: tuple[str, ...] = ()
    faces_of: tuple[tuple[str, int], ...] = ()

    def usable(self, left_out: Collection[str], least_pictures: int) -> tuple[int, int]:
        """How many people with how many pictures there are to learn from when some pictures are left out."""
        out = Counter(
            person for picture, person in {(one.picture, one.person) for one in self.findings if not one.unusable}
            if picture in left_out
        )  # fmt: skip
        counts = [faces - out[person] for person, faces in self.faces_of]
        enough = [count for count in counts if count >= least_pictures]
        return len(enough), sum(enough)
