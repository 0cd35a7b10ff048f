//! Several devices answer to one name: which one is meant.
//!
//! Labels and UUIDs are copied along with file systems, and anybody can make a stick that carries
//! somebody else's. So it is never the first one found: the boot medium's own disk vouches for what
//! is on it, else the user says, else none is used.

/// A device that answers to the name asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its name below `/dev/`: `sdb1`, `dm-0`.
    pub device: String,
    /// The disk that it is a partition of; absent for a device that is none.
    pub disk: Option<String>,
}

impl Candidate {
    /// The disk that it lies on, which may be itself.
    pub fn on(&self) -> &str {
        self.disk.as_deref().unwrap_or(&self.device)
    }
}

/// Which of the candidates is meant; numbers count from 0 in the list given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// No device answers, so far.
    Absent,
    /// One does, or one file system shows under two names.
    Only(usize),
    /// Several do, of which this one lies on the disk that the system was started from.
    OnBootDisk(usize),
    /// Several do; the user has to say which.
    Ask,
    /// Several do and there is nobody to ask: none is used, and the reason is said.
    Refuse,
}

/// Decides which candidate is meant. `boot_disk` is the disk of the boot medium ([`Candidate::on`] of
/// it), absent while that is not found or where it has none; `can_ask` says whether a console is there.
///
/// A disk and a partition of its own that both answer count once, as the partition: an image written to
/// a stick begins with the file system that its first partition shows too, and what is left of an old one
/// in front of newer partitions is not what is meant.
pub fn choose(candidates: &[Candidate], boot_disk: Option<&str>, can_ask: bool) -> Pick {
    let divided = |whole: &Candidate| {
        let part = |it: &Candidate| it.disk.as_deref() == Some(whole.device.as_str());
        candidates.iter().any(part)
    };
    let meant: Vec<(usize, &Candidate)> = candidates
        .iter()
        .enumerate()
        .filter(|(_, it)| !divided(it))
        .collect();
    match meant.as_slice() {
        [] => return Pick::Absent,
        [(only, _)] => return Pick::Only(*only),
        _ => {}
    }
    let mut at_home = meant.iter().filter(|(_, it)| Some(it.on()) == boot_disk);
    match (at_home.next(), at_home.next()) {
        (Some((one, _)), None) => Pick::OnBootDisk(*one),
        _ if can_ask => Pick::Ask,
        _ => Pick::Refuse,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `sdb1` lies on `sdb`; a name without a digit at its end is a disk.
    fn candidate(name: &str) -> Candidate {
        let disk = name.trim_end_matches(|c: char| c.is_ascii_digit());
        Candidate {
            device: name.to_owned(),
            disk: (disk != name).then(|| disk.to_owned()),
        }
    }

    #[test]
    fn one_name_and_several_devices() {
        for (devices, boot_disk, with_console, without) in [
            ("", Some("sda"), Pick::Absent, Pick::Absent),
            // One is the one, wherever it is.
            ("sdb1", Some("sda"), Pick::Only(0), Pick::Only(0)),
            ("sdb1", None, Pick::Only(0), Pick::Only(0)),
            ("sdb", None, Pick::Only(0), Pick::Only(0)),
            // Two: the boot medium's own disk decides, in whatever order they appeared.
            (
                "sda2 sdb1",
                Some("sda"),
                Pick::OnBootDisk(0),
                Pick::OnBootDisk(0),
            ),
            (
                "sda1 sdb2",
                Some("sdb"),
                Pick::OnBootDisk(1),
                Pick::OnBootDisk(1),
            ),
            (
                "sda sdb",
                Some("sdb"),
                Pick::OnBootDisk(1),
                Pick::OnBootDisk(1),
            ),
            // It cannot.
            ("sda1 sdb1", Some("sdc"), Pick::Ask, Pick::Refuse),
            ("sda1 sdb1", None, Pick::Ask, Pick::Refuse),
            ("sda1 sda2", Some("sda"), Pick::Ask, Pick::Refuse),
            ("sda1 sda2 sdb1", Some("sda"), Pick::Ask, Pick::Refuse),
            ("sda1 sda2", Some("sdb"), Pick::Ask, Pick::Refuse),
            // A disk and what it shows as its partition are one.
            ("sda sda1", None, Pick::Only(1), Pick::Only(1)),
            ("sda1 sda", Some("sda"), Pick::Only(0), Pick::Only(0)),
            (
                "sda sda1 sdb1",
                Some("sda"),
                Pick::OnBootDisk(1),
                Pick::OnBootDisk(1),
            ),
            ("sda sda1 sdb", None, Pick::Ask, Pick::Refuse),
            ("sda sda1 sda2", Some("sda"), Pick::Ask, Pick::Refuse),
        ] {
            let candidates: Vec<_> = devices.split_whitespace().map(candidate).collect();
            for (can_ask, want) in [(true, with_console), (false, without)] {
                assert_eq!(
                    choose(&candidates, boot_disk, can_ask),
                    want,
                    "devices {devices:?}, boot disk {boot_disk:?}, console {can_ask}"
                );
            }
        }
    }
}
