//! Why the kernel refused a mount of aufs: it says so only in its log.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;

use rustix::fs::OFlags;

/// The most records that are looked at: the kernel may be talkative while aufs fails.
const MAX_RECORDS: usize = 200;
/// The longest record that the kernel hands out, in bytes (kernel/printk, `PRINTK_MESSAGE_MAX`).
const MAX_RECORD: usize = 8192;

/// Reads the kernel's log from a point in time on.
#[derive(Debug)]
pub(super) struct Listener(Option<File>);

impl Listener {
    /// Listens from now on; to nothing, where the log cannot be read.
    pub(super) fn start() -> Self {
        let opened = OpenOptions::new()
            .read(true)
            .custom_flags(OFlags::NONBLOCK.bits() as i32)
            .open("/dev/kmsg")
            .and_then(|mut log| log.seek(SeekFrom::End(0)).map(|_| log));
        Self(opened.ok())
    }

    /// What aufs said since then. Never waits.
    pub(super) fn heard(&mut self) -> Complaint {
        let mut complaint = Complaint::default();
        let Some(log) = &mut self.0 else {
            return complaint;
        };
        let mut record = vec![0; MAX_RECORD];
        for _ in 0..MAX_RECORDS {
            match log.read(&mut record) {
                Ok(length) => {
                    let text = String::from_utf8_lossy(record.get(..length).unwrap_or_default());
                    if let Some(words) = words(&text) {
                        complaint.add(words);
                    }
                }
                // EPIPE: records were lost, the next one is there.
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
                Err(_) => break,
            }
        }
        complaint
    }
}

/// The kernel's own words; empty if it said nothing.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Complaint(Vec<String>);

impl Complaint {
    /// How many sentences are kept: the first ones tell the cause.
    const MOST: usize = 2;

    fn add(&mut self, words: &str) {
        if self.0.len() < Self::MOST && !self.0.iter().any(|known| known == words) {
            self.0.push(words.to_owned());
        }
    }
}

/// `: first: second`, or nothing.
impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|words| write!(f, ": {words}"))
    }
}

/// What aufs says in a record of `/dev/kmsg` (`Documentation/ABI/testing/dev-kmsg`):
/// `3,5,6;aufs au_opts_parse:812:init[1]: lookup failed /x (-2)`, where that function, line and
/// process go before the words (`fs/aufs/debug.h`, `pr_fmt`), or `3,5,6;aufs: words`.
fn words(record: &str) -> Option<&str> {
    let (_, message) = record.split_once(';')?;
    let said = message.lines().next()?.strip_prefix("aufs")?;
    let words = match said.strip_prefix(':') {
        Some(words) => words,
        None => said.strip_prefix(' ')?.split_once("]: ")?.1,
    };
    let words = words.trim();
    (!words.is_empty()).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aufs_is_understood_and_others_are_not() {
        for (record, want) in [
            (
                "3,1205,5163,-;aufs au_opts_parse:812:perch-init[1]: lookup failed /x (-2)\n SUBSYSTEM=x\n",
                Some("lookup failed /x (-2)"),
            ),
            ("3,5,6,-;aufs: bad arg in add:x\n", Some("bad arg in add:x")),
            ("6,5,6,-;aufs 6.1.100-20240701\n", None),
            ("6,5,6,-;perch: aufs: a line of our own\n", None),
            ("3,5,6,-;EXT4-fs (vda): error\n", None),
            ("6,5,6,-;aufs:\n", None),
            ("no record", None),
            ("", None),
        ] {
            assert_eq!(words(record), want, "{record:?}");
        }
    }

    #[test]
    fn the_first_two_sentences_are_told_once_each() {
        let mut complaint = Complaint::default();
        assert_eq!(complaint.to_string(), "");
        for words in ["one", "one", "two", "three"] {
            complaint.add(words);
        }
        assert_eq!(complaint.to_string(), ": one: two");
    }
}
