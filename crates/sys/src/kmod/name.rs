//! Names of kernel modules, in which `-` and `_` are the same letter.
//!
//! File names use either (`usb-storage.ko`, `virtio_blk.ko`), the kernel itself only `_`, and
//! modprobe(8) accepts both: "there is no difference between _ and - in module names".

use std::cmp::Ordering;

/// `-` as `_`, all else as it is.
pub(super) fn fold(byte: u8) -> u8 {
    if byte == b'-' { b'_' } else { byte }
}

/// Whether two names mean the same module.
pub fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && compare(a, b) == Ordering::Equal
}

/// The order of two names with `-` and `_` equal.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    a.bytes().map(fold).cmp(b.bytes().map(fold))
}

/// The name as the kernel writes it, below `/sys/module` for example: with `_` only.
pub fn canonical(name: &str) -> String {
    name.replace('-', "_")
}

/// The module's name in the path of its file: `kernel/drivers/usb/storage/usb-storage.ko.xz` holds
/// `usb-storage`. A path without `.ko` gives its whole last component.
pub fn of_file(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.find(".ko")
        .and_then(|at| file.get(..at))
        .unwrap_or(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dash_and_underscore_are_one_letter() {
        for (a, b, want) in [
            ("usb-storage", "usb_storage", true),
            ("usb_storage", "usb-storage", true),
            ("a-b_c", "a_b-c", true),
            ("ext4", "ext4", true),
            ("ext4", "ext", false),
            ("ext", "ext4", false),
            ("", "", true),
            ("Ext4", "ext4", false),
        ] {
            assert_eq!(same(a, b), want, "{a:?} and {b:?}");
        }
        assert_eq!(canonical("a-b_c-"), "a_b_c_");
    }

    #[test]
    fn the_name_is_the_file_name_up_to_its_ending() {
        for (path, want) in [
            ("kernel/fs/ext4/ext4.ko", "ext4"),
            ("kernel/fs/ext4/ext4.ko.zst", "ext4"),
            ("kernel/x/usb-storage.ko.xz", "usb-storage"),
            ("ext4.ko", "ext4"),
            ("ext4", "ext4"),
            ("", ""),
            ("/", ""),
            ("é.ko", "é"),
        ] {
            assert_eq!(of_file(path), want, "path {path:?}");
        }
    }
}
