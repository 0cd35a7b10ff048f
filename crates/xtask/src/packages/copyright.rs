//! The copyright file of the packages: perch's own, and of each crate that is linked into its programs. The programs are
//! static, so what the licences of those crates ask for has to go along.
//!
//! Written in Debian's machine-readable form, version 1.0. A crate whose licence is not known stops the build.

mod linked;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use anyhow::{Context as _, Result};
use perch_tests::host::workspace_dir;

use crate::deps;
use linked::{Linked, STANDARD, holders_in};

/// What is linked in besides crates: path, holders, licence.
const TOOLCHAIN: [(&str, &str, &str); 2] = [
    ("rust/library/*", "The Rust Project contributors", "Expat"),
    ("musl/*", "2005-2020 Rich Felker, et al.", "Expat"),
];

const APACHE: &str =
    "On Debian systems, the full text of the Apache License version 2.0 is in the file
/usr/share/common-licenses/Apache-2.0.";

const ZLIB: &str = "This software is provided 'as-is', without any express or implied warranty. In no event will the
authors be held liable for any damages arising from the use of this software.

Permission is granted to anyone to use this software for any purpose, including commercial
applications, and to alter it and redistribute it freely, subject to the following restrictions:

1. The origin of this software must not be misrepresented; you must not claim that you wrote the
original software. If you use this software in a product, an acknowledgment in the product
documentation would be appreciated but is not required.

2. Altered source versions must be plainly marked as such, and must not be misrepresented as being
the original software.

3. This notice may not be removed or altered from any source distribution.";

/// The file, for the programs of the crates `programs`.
///
/// # Errors
/// If cargo fails, if a licence is not known, or if the workspace's own cannot be read.
pub fn file(programs: &[&str]) -> Result<String> {
    let own = workspace_dir().join("LICENSE");
    let own = fs::read_to_string(&own).with_context(|| format!("cannot read {}", own.display()))?;
    let holders = holders_in(&own).join("\n");
    // "MIT License", the holders, and the text.
    let (_, expat) = own
        .split_once(&format!("Copyright (c) {holders}"))
        .context("LICENSE names its holders in another way than expected")?;

    let mut text = String::from(
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: perch\n\
         Comment: The programs are linked statically. What they hold beside perch itself is named below by\n \
         crate (as on crates.io) and version.\n",
    );
    let mut paragraph = |files: &[String], holders: &str, licence: &str| {
        let (files, holders) = (files.join("\n "), holders.replace('\n', "\n "));
        let _ = write!(
            text,
            "\nFiles: {files}\nCopyright: {holders}\nLicense: {licence}\n"
        );
    };
    paragraph(&["*".to_owned()], &holders, "Expat");
    for (files, holders, licence) in TOOLCHAIN {
        paragraph(&[files.to_owned()], holders, licence);
    }
    let mut alike: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for package in deps::linked(programs)? {
        for linked in Linked::read(&package)? {
            let files = alike.entry((linked.holders, linked.licence)).or_default();
            files.push(format!("{}/*", linked.files));
        }
    }
    for ((holders, licence), files) in &alike {
        paragraph(files, holders, licence);
    }
    for licence in STANDARD {
        let words = match licence {
            "Expat" => expat.trim(),
            "Zlib" => ZLIB,
            _ => APACHE,
        };
        let _ = write!(text, "\nLicense: {licence}\n{}\n", indented(words));
    }
    Ok(text)
}

/// As the text of a field: each line behind a blank, an empty one as a dot.
fn indented(text: &str) -> String {
    let lines = text.lines().map(|line| match line.trim_end() {
        "" => " .".to_owned(),
        line => format!(" {line}"),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_crate_in_the_programs_is_named_with_its_licence() {
        let text = file(&["perch-boot", "perch-cli"]).unwrap();
        for wanted in [
            "Files: *\nCopyright: 2026 The perch authors\nLicense: Expat\n",
            "crates.io/rustix-",
            "crates.io/clap-",
            "\nLicense: Expat\n Permission is hereby granted",
            "\nLicense: Zlib\n This software",
            "\nLicense: BSD-3-Clause-zstd-library\n Redistribution",
        ] {
            assert!(text.contains(wanted), "{wanted}: {text}");
        }
        assert!(
            !text.contains("crates.io/syn-"),
            "a macro is not linked in: {text}"
        );
    }
}
