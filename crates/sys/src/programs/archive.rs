//! Unpacking of a cpio archive in the "newc" format (Linux,
//! `Documentation/driver-api/early-userspace/buffer-format.rst`): directories and files, nothing else.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};

/// Why an archive could not be unpacked.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It ends too early or has no header where one must be.
    #[error("the archive is damaged at byte {at}")]
    Damaged {
        /// Where.
        at: usize,
    },
    /// A name that is absolute, or leads out of the directory.
    #[error("the archive holds the name {name:?}, which leads elsewhere")]
    Name {
        /// The name.
        name: String,
    },
    /// A link or a device.
    #[error("{name:?} in the archive is neither a file nor a directory")]
    Kind {
        /// Its name.
        name: String,
    },
    /// A file could not be written.
    #[error("cannot write {}", .path.display())]
    Write {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Length of a header: a magic number and thirteen fields of eight digits.
const HEADER: usize = 6 + 13 * 8;

/// One entry.
#[derive(Debug, PartialEq, Eq)]
struct Entry<'a> {
    name: &'a str,
    mode: u32,
    data: &'a [u8],
}

/// Unpacks `bytes` below `root`. A file that is there already stays as it is: on a system in use it
/// may be another version, and running.
pub(super) fn unpack(bytes: &[u8], root: &Path) -> Result<(), ArchiveError> {
    let mut at = 0;
    while let Some(entry) = next(bytes, &mut at)? {
        let name = Path::new(entry.name);
        let inside = |part| matches!(part, Component::Normal(_));
        if entry.name.is_empty() || !name.components().all(inside) {
            let name = entry.name.to_owned();
            return Err(ArchiveError::Name { name });
        }
        let path = root.join(name);
        let done = match entry.mode & 0o170_000 {
            0o040_000 => fs::create_dir_all(&path),
            0o100_000 => write(&path, entry.mode & 0o777, entry.data),
            _ => {
                let name = entry.name.to_owned();
                return Err(ArchiveError::Kind { name });
            }
        };
        done.map_err(|source| ArchiveError::Write { path, source })?;
    }
    Ok(())
}

fn write(path: &Path, mode: u32, data: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let file = match options.write(true).create_new(true).mode(mode).open(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(()),
        other => other?,
    };
    // Half a library would be taken for a whole one the next time.
    fill(file, data).inspect_err(|_| {
        let _ = fs::remove_file(path);
    })
}

fn fill(mut file: File, data: &[u8]) -> io::Result<()> {
    file.write_all(data)
}

/// The entry at `at`, which moves behind it; `None` at the trailer.
fn next<'a>(bytes: &'a [u8], at: &mut usize) -> Result<Option<Entry<'a>>, ArchiveError> {
    let damaged = ArchiveError::Damaged { at: *at };
    let Some((entry, end)) = read(bytes, *at) else {
        return Err(damaged);
    };
    *at = end;
    Ok((entry.name != "TRAILER!!!").then_some(entry))
}

fn read(bytes: &[u8], at: usize) -> Option<(Entry<'_>, usize)> {
    let header = bytes.get(at..at.checked_add(HEADER)?)?;
    let fields = header.strip_prefix(b"070701")?;
    let field = |number: usize| {
        let digits = fields.get(number * 8..number * 8 + 8)?;
        u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let (mode, data_len, name_len) = (field(1)?, field(6)?, field(11)?);
    let name_at = at.checked_add(HEADER)?;
    let name_end = name_at.checked_add(usize::try_from(name_len).ok()?)?;
    let name = bytes.get(name_at..name_end)?.strip_suffix(&[0])?;
    let data_at = name_end.checked_next_multiple_of(4)?;
    let data_end = data_at.checked_add(usize::try_from(data_len).ok()?)?;
    let entry = Entry {
        name: std::str::from_utf8(name).ok()?,
        mode,
        data: bytes.get(data_at..data_end)?,
    };
    Some((entry, data_end.checked_next_multiple_of(4)?))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An archive of these entries, written without the code under test.
    pub fn archive(entries: &[(&str, u32, &[u8])]) -> Vec<u8> {
        let mut out = Vec::new();
        for (name, mode, data) in entries.iter().chain(&[("TRAILER!!!", 0, &b""[..])]) {
            let (len, name_len) = (data.len(), name.len() + 1);
            let fields = [0, *mode as usize, 0, 0, 1, 0, len, 0, 0, 0, 0, name_len, 0];
            let fields: String = fields.iter().map(|it| format!("{it:08X}")).collect();
            out.extend_from_slice(format!("070701{fields}{name}\0").as_bytes());
            out.resize(out.len().next_multiple_of(4), 0);
            out.extend_from_slice(data);
            out.resize(out.len().next_multiple_of(4), 0);
        }
        out
    }

    #[test]
    fn files_and_directories_arrive_and_what_is_there_stays() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("old"), "mine").unwrap();
        let bytes = archive(&[
            ("usr", 0o040_755, b""),
            ("usr/tool", 0o100_755, b"program"),
            ("old", 0o100_644, b"theirs"),
        ]);
        unpack(&bytes, dir.path()).unwrap();
        let tool = dir.path().join("usr/tool");
        assert_eq!(fs::read(&tool).unwrap(), b"program");
        assert_eq!(
            fs::metadata(&tool).unwrap().permissions().mode() & 0o777,
            0o755
        );
        assert_eq!(fs::read(dir.path().join("old")).unwrap(), b"mine");
    }

    #[test]
    fn names_that_lead_elsewhere_and_other_kinds_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("inner");
        fs::create_dir(&inner).unwrap();
        for (name, mode) in [
            ("/etc/passwd", 0o100_644),
            ("../out", 0o100_644),
            ("a/../../out", 0o100_644),
            ("", 0o100_644),
            ("link", 0o120_777),
            ("node", 0o060_600),
        ] {
            let bytes = archive(&[(name, mode, b"x")]);
            assert!(unpack(&bytes, &inner).is_err(), "{name:?}");
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        assert_eq!(fs::read_dir(&inner).unwrap().count(), 0);
    }

    #[test]
    fn damage_is_an_error_wherever_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let whole = archive(&[("file", 0o100_644, b"content")]);
        unpack(&whole, dir.path()).unwrap();
        // Only the padding after the trailer's name may go.
        for cut in 0..whole.len() - 3 {
            assert!(unpack(&whole[..cut], dir.path()).is_err(), "cut at {cut}");
        }
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0xff;
            let _ = unpack(&damaged, dir.path());
        }
    }
}
