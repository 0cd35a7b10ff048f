//! The moments that are measured, read from the kernel's log of one boot.

use std::fmt;

use anyhow::{Context, Result};
use perch_tests::base::REAL_INIT;
use serde::Serialize;

/// What the kernel logs when it begins to unpack the initramfs (init/initramfs.c).
const UNPACK: &str = "Trying to unpack rootfs image as initramfs";
/// What it logs when it starts the program in it (init/main.c).
const INIT: &str = "Run /init as init process";

/// How long the two parts of a boot took, in milliseconds of the guest.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Stamps {
    /// From where the kernel begins to unpack the initramfs to the start of its `/init`. It does other things in
    /// between, the same for everybody: with the floor's small image nine tenths of this time.
    pub unpack_ms: f64,
    /// From the start of `/init` to the first line of the real init.
    pub init_ms: f64,
}

impl Stamps {
    /// Reads them from what dmesg(1) prints.
    ///
    /// # Errors
    /// If one of the lines is missing.
    pub fn read(log: &str) -> Result<Self> {
        let at = |text| {
            let line = log.lines().find(|line| line.contains(text));
            line.and_then(milliseconds)
                .with_context(|| format!("the kernel's log has no stamped line {text:?}"))
        };
        let (unpack, init, real) = (at(UNPACK)?, at(INIT)?, at(REAL_INIT)?);
        Ok(Self {
            unpack_ms: init - unpack,
            init_ms: real - init,
        })
    }

    /// Both together.
    pub fn sum_ms(&self) -> f64 {
        self.unpack_ms + self.init_ms
    }
}

impl fmt::Display for Stamps {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unpack, init) = (self.unpack_ms, self.init_ms);
        write!(out, "{unpack:.0} + {init:.0} = {:.0} ms", self.sum_ms())
    }
}

/// The stamp of `[    1.234567] text`: seconds since the kernel started, to the microsecond.
fn milliseconds(line: &str) -> Option<f64> {
    let (stamp, _) = line.strip_prefix('[')?.split_once(']')?;
    stamp.trim().parse().ok().map(|seconds: f64| seconds * 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "\
[    0.000000] Linux version 6.1.0
[    0.500000] Trying to unpack rootfs image as initramfs...
[    0.617250] Run /init as init process
[   12.117250] perch-test: real init
";

    #[test]
    fn differences_of_the_three_lines() {
        let stamps = Stamps::read(LOG).unwrap();
        assert_eq!(stamps.to_string(), "117 + 11500 = 11617 ms");
        assert!((stamps.sum_ms() - 11_617.25).abs() < 1e-6);
    }

    #[test]
    fn a_missing_line_is_named() {
        let log = LOG.replace("Run /init", "Run /sbin/init");
        let error = Stamps::read(&log).unwrap_err().to_string();
        assert!(error.contains("Run /init"), "{error}");
    }
}
