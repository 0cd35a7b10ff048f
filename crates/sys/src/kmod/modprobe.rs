//! The `modprobe` that the kernel starts when it needs a module itself: a filesystem by
//! `fs-NAME`, an algorithm by `crypto-NAME`.
//!
//! It runs `/sbin/modprobe -q -- NAME` (`kernel/module/kmod.c`), which in our initramfs is a link
//! to the boot program. Removing modules, dry runs and configuration are not offered.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};

use super::{Index, KmodError, Loader};

const USAGE: &str = "modprobe [-q] [-a] [--] NAME...";

/// Loads the modules that `args` (without the program's name) ask for, from the running kernel's
/// directory; messages go to standard error.
///
/// The exit code is 0 if all is there; 1 if not, quietly with `-q` where no module has the name;
/// 2 for arguments it does not understand. Unlike in modprobe(8) each operand is a module, as if
/// `-a` were given: the kernel passes one only.
pub fn modprobe(args: impl IntoIterator<Item = OsString>) -> u8 {
    let Some(asked) = Asked::parse(args) else {
        return complain(format_args!("usage: {USAGE}"), 2);
    };
    let cmdline = fs::read("/proc/cmdline").unwrap_or_default();
    let loader = Loader::new(
        Index::of_running_kernel(),
        String::from_utf8_lossy(&cmdline),
    );
    let mut code = 0;
    for name in &asked.names {
        match loader.load(name) {
            Ok(_) => {}
            Err(KmodError::Unknown { .. }) if asked.quiet => code = 1,
            Err(error) => code = complain(format_args!("modprobe: {error}"), 1),
        }
    }
    code
}

#[derive(Debug, PartialEq, Eq)]
struct Asked {
    quiet: bool,
    names: Vec<String>,
}

impl Asked {
    /// `None` for an unknown option, a name that is no text, or no name.
    fn parse(args: impl IntoIterator<Item = OsString>) -> Option<Self> {
        let mut asked = Self {
            quiet: false,
            names: Vec::new(),
        };
        let mut options = true;
        for arg in args {
            let arg = arg.into_string().ok()?;
            match arg.as_str() {
                "--" if options => options = false,
                "-q" | "--quiet" if options => asked.quiet = true,
                "-a" | "--all" if options => {}
                option if options && option.starts_with('-') => return None,
                _ => asked.names.push(arg),
            }
        }
        (!asked.names.is_empty()).then_some(asked)
    }
}

fn complain(message: std::fmt::Arguments<'_>, code: u8) -> u8 {
    // Started by the kernel, standard error may well be closed.
    let _ = writeln!(io::stderr(), "{message}");
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_way_of_asking_is_understood() {
        for (args, want) in [
            (&["-q", "--", "fs-ext4"][..], Some((true, &["fs-ext4"][..]))),
            (&["ext4"], Some((false, &["ext4"]))),
            (&["-a", "a", "b"], Some((false, &["a", "b"]))),
            (&["--", "-q"], Some((false, &["-q"]))),
            (&["a", "--quiet"], Some((true, &["a"]))),
            (&["-r", "a"], None),
            (&["-q", "--"], None),
            (&[], None),
        ] {
            let got = Asked::parse(args.iter().map(OsString::from));
            let want = want.map(|(quiet, names)| Asked {
                quiet,
                names: names.iter().map(|&name| name.into()).collect(),
            });
            assert_eq!(got, want, "arguments {args:?}");
        }
    }
}
