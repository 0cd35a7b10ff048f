//! A crate that is linked in: whose it is, and under which licence we use it.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::indented;

/// The licences we use crates under, as SPDX and Debian call them, best first.
const LICENCES: [(&str, &str); 6] = [
    ("MIT", "Expat"),
    ("Zlib", "Zlib"),
    ("Apache-2.0", "Apache-2.0"),
    ("BSD-2-Clause", "BSD-2-Clause"),
    ("BSD-3-Clause", "BSD-3-Clause"),
    ("Unicode-3.0", "Unicode-3.0"),
];

/// Those whose text is the same for everybody. The others name their holders, so each is given with its own text.
pub const STANDARD: [&str; 3] = ["Expat", "Zlib", "Apache-2.0"];

/// Libraries in C that crates bring along: the crate, their directory, the file with their terms there, and what these are.
const BUNDLED: [(&str, &str, &str, &str); 2] = [
    ("lz4-sys", "liblz4", "lib/LICENSE", "BSD-2-Clause"),
    ("zstd-sys", "zstd", "LICENSE", "BSD-3-Clause"),
];

/// Something that is linked in.
pub struct Linked {
    /// Where it comes from, as the copyright file names it.
    pub files: String,
    /// One a line.
    pub holders: String,
    /// The name of the licence; with its text on lines of their own if that is not one of [`STANDARD`].
    pub licence: String,
}

impl Linked {
    /// A crate, from what `cargo metadata` tells of it, and the libraries that it brings along.
    ///
    /// # Errors
    /// If its licence is not known, or what it says about it cannot be read.
    pub fn read(package: &Value) -> Result<Vec<Self>> {
        let text = |key: &str| package.get(key).and_then(Value::as_str);
        let name = text("name").context("a crate has no name")?;
        let version = text("version").context("a crate has no version")?;
        let terms = text("license").with_context(|| format!("{name} names no licence"))?;
        let Some(licence) = chosen(terms) else {
            bail!(
                "{name} {version} has the licence {terms}, which packages::copyright does not know"
            );
        };
        let manifest = text("manifest_path").context("a crate has no manifest")?;
        let dir = Path::new(manifest)
            .parent()
            .context("a crate has no directory")?;
        let files = format!("crates.io/{name}-{version}");
        let mut linked = Vec::new();
        if STANDARD.contains(&licence) {
            let mut holders = notices(dir)?;
            if holders.is_empty() {
                let authors = package.get("authors").and_then(Value::as_array);
                let authors = authors.into_iter().flatten().filter_map(Value::as_str);
                holders = authors.map(str::to_owned).collect();
            }
            if holders.is_empty() {
                holders.push(format!("The authors of {name}"));
            }
            linked.push(Self {
                files: files.clone(),
                holders: holders.join("\n"),
                licence: licence.to_owned(),
            });
        } else {
            let licence = format!("{licence}-{name}");
            linked.push(Self::with_text(
                files.clone(),
                &dir.join("LICENSE"),
                &licence,
            )?);
        }
        for (_, below, terms, licence) in BUNDLED.iter().filter(|(of, ..)| *of == name) {
            let licence = format!("{licence}-{below}-library");
            let files = format!("{files}/{below}");
            linked.push(Self::with_text(
                files,
                &dir.join(below).join(terms),
                &licence,
            )?);
        }
        Ok(linked)
    }

    /// With the licence of BSD or Unicode that is in `file`.
    fn with_text(files: String, file: &Path, licence: &str) -> Result<Self> {
        let text =
            fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let begins = ["Redistribution", "Permission is hereby granted"];
        let from = begins.iter().find_map(|words| text.find(words));
        let from = from.with_context(|| {
            format!(
                "the licence in {} begins in another way than expected",
                file.display()
            )
        })?;
        Ok(Self {
            files,
            holders: holders_in(&text).join("\n"),
            licence: format!("{licence}\n{}", indented(text[from..].trim())),
        })
    }
}

/// The licence we use something under whose terms are an SPDX expression (or cargo's older form with a slash). `None` if
/// none of ours is among those to choose from.
fn chosen(terms: &str) -> Option<&'static str> {
    let offered: Vec<&str> = terms
        .split(" OR ")
        .flat_map(|term| term.split('/'))
        .map(str::trim)
        .collect();
    let chosen = LICENCES.iter().find(|(spdx, _)| offered.contains(spdx));
    chosen.map(|(_, debian)| *debian)
}

/// Whose copyright the licence files in `dir` tell of.
fn notices(dir: &Path) -> Result<Vec<String>> {
    let listed = fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    let mut files = listed
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    files.sort();
    let mut notices = Vec::new();
    for file in files {
        let name = file
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .to_uppercase();
        if name.starts_with("LICEN") || name.starts_with("COPY") {
            let text =
                fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            notices.extend(holders_in(&String::from_utf8_lossy(&text)));
        }
    }
    notices.dedup();
    Ok(notices)
}

/// The holders in lines such as `Copyright (c) 2014 Somebody`; not those of a form to be filled in, nor other sentences.
pub fn holders_in(text: &str) -> Vec<String> {
    let lines = text.lines().filter_map(|line| {
        let rest = line.trim().strip_prefix("Copyright ")?.trim_start();
        let mark = ["(c)", "(C)", "©"]
            .iter()
            .find_map(|mark| rest.strip_prefix(mark));
        let holder = mark.unwrap_or(rest).trim();
        let is_notice =
            mark.is_some() || holder.starts_with(|c: char| c.is_ascii_digit() || c.is_uppercase());
        (is_notice && !holder.contains(['[', '{'])).then(|| holder.replace('`', ""))
    });
    let mut holders: Vec<String> = Vec::new();
    for holder in lines {
        if !holders.contains(&holder) {
            holders.push(holder);
        }
    }
    holders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_of_the_offered_licences_is_taken() {
        for (terms, want) in [
            ("MIT", Some("Expat")),
            (
                "Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT",
                Some("Expat"),
            ),
            ("Unlicense/MIT", Some("Expat")),
            ("Zlib OR Apache-2.0", Some("Zlib")),
            ("Apache-2.0", Some("Apache-2.0")),
            ("GPL-3.0-only", None),
            ("MIT AND GPL-2.0-only", None),
        ] {
            assert_eq!(chosen(terms), want, "{terms}");
        }
    }

    #[test]
    fn holders_are_told_from_other_sentences_and_forms() {
        let text = "Copyright (c) 2014 A\n  Copyright 2019 The B Authors.\nCopyright [yyyy] [name of copyright owner]\n\
                    Copyright (c) 2014 A\ncopyright notice that is included\nCopyright © `2013-2019` `C`\n\
                    Copyright (c) Individual contributors\n";
        let want = [
            "2014 A",
            "2019 The B Authors.",
            "2013-2019 C",
            "Individual contributors",
        ];
        assert_eq!(holders_in(text), want);
    }
}
