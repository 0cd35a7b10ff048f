//! What a shutdown ends with.

use std::fmt;

/// What the machine does in the end. The words are systemd's (systemd-shutdown(8)) and those of shutdown programs
/// of other systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// It is switched off.
    PowerOff,
    /// It starts again through its firmware.
    Reboot,
    /// It stops, and stays on.
    Halt,
    /// It starts the kernel that was loaded before. kexec_load(2).
    Kexec,
}

/// Why there is no verb.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerbError {
    /// None was given.
    #[error("what to do is missing: poweroff, reboot, halt or kexec")]
    Missing,
    /// The word is none.
    #[error("unknown word {0:?}: expected poweroff, reboot, halt or kexec")]
    Unknown(String),
}

impl Verb {
    /// The verb of a call. systemd puts options behind it, which mean nothing here; of several verbs the
    /// first counts.
    pub fn of<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Result<Self, VerbError> {
        let mut arguments = arguments.into_iter();
        match arguments.next() {
            None => Err(VerbError::Missing),
            Some("poweroff") => Ok(Self::PowerOff),
            Some("reboot") => Ok(Self::Reboot),
            Some("halt") => Ok(Self::Halt),
            Some("kexec") => Ok(Self::Kexec),
            Some(other) => Err(VerbError::Unknown(other.to_owned())),
        }
    }
}

/// What happens then, for people.
impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PowerOff => "switching off",
            Self::Reboot => "restarting",
            Self::Halt => "halting",
            Self::Kexec => "starting the new kernel",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        let unknown = |word: &str| Err(VerbError::Unknown(word.to_owned()));
        for (words, want) in [
            (&["poweroff"][..], Ok(Verb::PowerOff)),
            (&["reboot", "--timeout", "90000000us"], Ok(Verb::Reboot)),
            (&["halt", "poweroff"], Ok(Verb::Halt)),
            (&["kexec"], Ok(Verb::Kexec)),
            (&[], Err(VerbError::Missing)),
            (&["exit"], unknown("exit")),
            (&["--timeout", "poweroff"], unknown("--timeout")),
            (&["POWEROFF"], unknown("POWEROFF")),
        ] {
            assert_eq!(Verb::of(words.iter().copied()), want, "{words:?}");
        }
    }
}
