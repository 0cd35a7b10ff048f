//! Help is read before anything else, so its words are kept.

use crate::golden::assert_golden;
use crate::perch::Place;

#[test]
fn help_of_every_command_is_as_written() {
    let place = Place::new();
    for (name, args) in [
        ("help-perch.txt", "--help"),
        ("help-list.txt", "list --help"),
        ("help-create.txt", "create --help"),
        ("help-activate.txt", "activate --help"),
        ("help-resize.txt", "resize --help"),
        ("help-convert.txt", "convert --help"),
        ("help-snapshot.txt", "snapshot --help"),
        ("help-snapshot-delete.txt", "snapshot delete --help"),
        ("help-rollback.txt", "rollback --help"),
        ("help-rename.txt", "rename --help"),
        ("help-delete.txt", "delete --help"),
        ("help-copy.txt", "copy --help"),
        ("help-export.txt", "export --help"),
        ("help-import-session.txt", "import --help"),
        ("help-cleanup.txt", "cleanup --help"),
        ("help-trash.txt", "trash --help"),
        ("help-trash-empty.txt", "trash empty --help"),
        ("help-dynfilefs.txt", "dynfilefs --help"),
        ("help-check-sessions.txt", "check --help"),
        ("help-commit.txt", "commit --help"),
        ("help-diff.txt", "diff --help"),
        ("help-why.txt", "why --help"),
        ("help-mark-good.txt", "mark-good --help"),
        ("help-info.txt", "dynfilefs info --help"),
        ("help-check.txt", "dynfilefs check --help"),
        ("help-repair.txt", "dynfilefs repair --help"),
        ("help-compact.txt", "dynfilefs compact --help"),
        ("help-dynfilefs-create.txt", "dynfilefs create --help"),
        ("help-mount.txt", "dynfilefs mount --help"),
        ("help-umount.txt", "dynfilefs umount --help"),
        ("help-import.txt", "dynfilefs import --help"),
        ("help-mkinitramfs.txt", "mkinitramfs --help"),
        ("help-image.txt", "image --help"),
    ] {
        let said = place.perch(args);
        assert_eq!(said.err, "", "{args}");
        assert_golden(name, &said.ok());
    }
}

/// Help is no failure, and needs neither root nor a store.
#[test]
fn no_command_is_a_question_for_help() {
    let place = Place::new();
    for args in ["", "dynfilefs", "trash", "-h", "dynfilefs -h"] {
        let said = place.perch(args).ok();
        assert!(said.contains("Usage: perch"), "{args}: {said}");
    }
    assert!(place.perch("--version").ok().starts_with("perch "));
}
