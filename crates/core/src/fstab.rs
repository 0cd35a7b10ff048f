//! `/etc/fstab` of the live system: written where nobody else has, left alone otherwise.
//!
//! fstab(5). A live system mounts its root itself, but programs that look `/` up in this file
//! (update-grub, some installers, `mount -a`) complain where it is missing.

use crate::session::UnionKind;

/// What the first line of a file of ours says. A user who takes the line away owns the file.
pub const MARKER: &str = "# Written by perch at boot. Remove this line to keep your own entries.";

/// The new text for a file that holds `now` (`None`: there is none); `None` if it is to be left as it is,
/// because it is somebody's or because it says the same already.
///
/// A file is ours to write if it is missing, has [`MARKER`] as its first line, or holds no entry at all.
/// `/tmp` is in RAM, as live systems have it: what is in it never reaches a session.
pub fn update(now: Option<&str>, union: UnionKind) -> Option<String> {
    if !now.is_none_or(|now| is_ours(now) || !has_entries(now)) {
        return None;
    }
    let root = match union {
        UnionKind::Overlayfs => "overlay",
        UnionKind::Aufs => "aufs",
    };
    let new = format!("{MARKER}\n{root} / {root} rw 0 0\ntmpfs /tmp tmpfs nosuid,nodev 0 0\n");
    (now != Some(new.as_str())).then_some(new)
}

fn is_ours(text: &str) -> bool {
    text.lines()
        .next()
        .is_some_and(|line| line.trim_end() == MARKER)
}

/// Whether there is an entry. What Debian's `base-files` ships until an installer fills it in
/// (`# UNCONFIGURED FSTAB FOR BASE SYSTEM`) is a comment too.
fn has_entries(text: &str) -> bool {
    text.lines()
        .map(str::trim)
        .any(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_file_that_nobody_wrote_is_written() {
        let overlay = update(None, UnionKind::Overlayfs).unwrap();
        let aufs = update(None, UnionKind::Aufs).unwrap();
        let with_marker = format!("{MARKER}\nUUID=1 / ext4 defaults 0 1\n");
        for (now, union, want) in [
            (None, UnionKind::Overlayfs, Some(&overlay)),
            (Some(""), UnionKind::Overlayfs, Some(&overlay)),
            (Some(" \n\n"), UnionKind::Aufs, Some(&aufs)),
            (
                Some("# UNCONFIGURED FSTAB FOR BASE SYSTEM\n"),
                UnionKind::Overlayfs,
                Some(&overlay),
            ),
            (
                Some("# one\n  # two\r\n"),
                UnionKind::Overlayfs,
                Some(&overlay),
            ),
            // The same already: not written again.
            (Some(overlay.as_str()), UnionKind::Overlayfs, None),
            // Ours, from a boot with the other union, or from another version.
            (Some(overlay.as_str()), UnionKind::Aufs, Some(&aufs)),
            (
                Some(with_marker.as_str()),
                UnionKind::Overlayfs,
                Some(&overlay),
            ),
            // A user's.
            (
                Some("UUID=1 /data ext4 defaults 0 2\n"),
                UnionKind::Overlayfs,
                None,
            ),
            (
                Some("# UNCONFIGURED FSTAB FOR BASE SYSTEM\n/dev/sdb1 /mnt auto noauto 0 0\n"),
                UnionKind::Overlayfs,
                None,
            ),
            // The marker counts in the first line only.
            (
                Some(&*format!("/dev/sdb1 /mnt auto\n{MARKER}\n")),
                UnionKind::Overlayfs,
                None,
            ),
            // A user who took the line away and left the rest.
            (
                Some("overlay / overlay rw 0 0\n"),
                UnionKind::Overlayfs,
                None,
            ),
        ] {
            assert_eq!(update(now, union).as_ref(), want, "{now:?} {union:?}");
        }
    }

    #[test]
    fn the_text_is_what_the_live_system_reads() {
        let text = update(None, UnionKind::Overlayfs).unwrap();
        let entries: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(
            entries,
            [
                "overlay / overlay rw 0 0",
                "tmpfs /tmp tmpfs nosuid,nodev 0 0"
            ]
        );
    }
}
