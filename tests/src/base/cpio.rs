//! Small initramfs segments in the "newc" cpio format (Linux, `Documentation/driver-api/early-userspace/buffer-format.rst`).
//!
//! The kernel unpacks every segment of an initramfs in turn, so a segment appended to an image replaces single files.

/// Returns a segment with one text file, preceded by the directories above it; `path` has no leading slash.
pub fn segment(path: &str, text: &str) -> Vec<u8> {
    segment_with(path, text.as_bytes(), 0o644)
}

/// Returns the same for any file with these permissions.
pub fn segment_with(path: &str, bytes: &[u8], permissions: u32) -> Vec<u8> {
    let mut out = Vec::new();
    for (at, _) in path.match_indices('/') {
        entry(&mut out, &path[..at], 0o040_755, b"");
    }
    entry(&mut out, path, 0o100_000 | permissions, bytes);
    entry(&mut out, "TRAILER!!!", 0, b"");
    out
}

/// Appends `segment` to `image` where the kernel looks for it: at a multiple of four, padded with zeroes.
pub fn append(image: &mut Vec<u8>, segment: &[u8]) {
    pad(image);
    image.extend_from_slice(segment);
}

fn entry(out: &mut Vec<u8>, name: &str, mode: u32, data: &[u8]) {
    out.extend_from_slice(b"070701");
    let links = 1;
    let (inode, uid, gid, mtime, device, check) = (0, 0, 0, 0, 0, 0);
    let name_size = name.len() + 1;
    let fields: [usize; 13] = [
        inode,
        mode as usize,
        uid,
        gid,
        links,
        mtime,
        data.len(),
        device,
        device,
        device,
        device,
        name_size,
        check,
    ];
    for field in fields {
        out.extend_from_slice(format!("{field:08X}").as_bytes());
    }
    out.extend_from_slice(name.as_bytes());
    out.push(0);
    pad(out);
    out.extend_from_slice(data);
    pad(out);
}

/// Entries start at multiples of four, counted from the start of their segment, which starts at one itself.
fn pad(out: &mut Vec<u8>) {
    out.resize(out.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{command, packages, run};
    use std::fs::{self, File};

    #[test]
    fn the_field_tool_reads_it() {
        packages::ensure(&["cpio"]).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("segment");
        fs::write(&file, segment("etc/minios-release", "VERSION=\"5.0\"\n")).unwrap();
        let mut cpio = command("cpio");
        cpio.args(["-idm", "--quiet"])
            .current_dir(dir.path())
            .stdin(File::open(&file).unwrap());
        run(&mut cpio).unwrap();
        let text = fs::read_to_string(dir.path().join("etc/minios-release")).unwrap();
        assert_eq!(text, "VERSION=\"5.0\"\n");
    }
}
