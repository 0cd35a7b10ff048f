//! What the kernel command line says about modules: `usb_storage.delay_use=0`,
//! `modprobe.blacklist=ahci`.
//!
//! The kernel applies such words to what is built into it and leaves those for modules to
//! modprobe(8), whose rules are followed here. `module_blacklist=` is the kernel's own.

use std::ffi::CString;

use super::name;

/// The parameters for `module`, as init_module(2) takes them; empty where there are none.
pub(super) fn parameters(cmdline: &str, module: &str) -> CString {
    let mut found = String::new();
    for word in words(cmdline) {
        if let Some((of, parameter)) = word.split_once('.')
            && name::same(of, module)
            && !parameter.is_empty()
        {
            if !found.is_empty() {
                found.push(' ');
            }
            found.push_str(parameter);
        }
    }
    // The kernel line comes from a C string; there is no NUL to fail on.
    CString::new(found).unwrap_or_default()
}

/// Whether `module` must not be loaded just because a device wants it.
pub(super) fn is_blacklisted(cmdline: &str, module: &str) -> bool {
    words(cmdline)
        .filter_map(|word| word.strip_prefix("modprobe.blacklist="))
        .flat_map(|list| list.split(','))
        .any(|listed| name::same(listed, module))
}

/// The words up to `--`, behind which they are for init; a quoted blank is part of its word, the
/// quotes stay as the kernel's parser for module parameters takes them off.
fn words(cmdline: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    cmdline
        .split(move |c: char| {
            quoted ^= c == '"';
            c.is_ascii_whitespace() && !quoted
        })
        .filter(|word| !word.is_empty())
        .take_while(|word| *word != "--")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_with_the_modules_name_become_parameters() {
        let line = "quiet usb-storage.quirks=1234:5678:u root=/dev/sda1 usb_storage.delay_use=0 \
                    loop.max_part a.b.c=1 x.t=\"two words\" foo=bar.baz .odd= -- loop.late=1";
        for (module, want) in [
            ("usb_storage", "quirks=1234:5678:u delay_use=0"),
            ("usb-storage", "quirks=1234:5678:u delay_use=0"),
            ("loop", "max_part"),
            ("a", "b.c=1"),
            ("x", "t=\"two words\""),
            ("foo", ""),
            ("foo=bar", "baz"),
            ("quiet", ""),
        ] {
            let got = parameters(line, module);
            assert_eq!(got.to_str().unwrap(), want, "module {module:?}");
        }
    }

    #[test]
    fn blacklisted_modules_are_named_in_full() {
        let line = "modprobe.blacklist=ahci,sd-mod quiet modprobe.blacklist=nvme";
        for (module, want) in [
            ("ahci", true),
            ("sd_mod", true),
            ("nvme", true),
            ("nvme_core", false),
            ("quiet", false),
        ] {
            assert_eq!(is_blacklisted(line, module), want, "module {module:?}");
        }
    }
}
