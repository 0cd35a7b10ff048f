//! What is there after a cut: for each file, how long it is and what its sectors are.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::io;
use std::path::Path;

use anyhow::{Context, Result};

use super::content::{Kind, SECTOR, recognise};
use super::work::NEW;

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// What was read.
    Read {
        /// Its length.
        bytes: u64,
        /// Its sectors; the last one may be short.
        sectors: Vec<Kind>,
    },
    /// It cannot be read; the reason.
    Error(String),
}

/// What is below a directory, by path from there.
pub type Files = BTreeMap<String, Seen>;

/// Reads everything below `dir`; nothing, if that is not there.
///
/// # Errors
/// If a directory cannot be read.
pub fn look(dir: &Path) -> Result<Files> {
    let mut files = Files::new();
    walk(dir, "", &mut files)?;
    Ok(files)
}

fn walk(dir: &Path, path: &str, files: &mut Files) -> Result<()> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && path.is_empty() => return Ok(()),
        entries => entries.with_context(|| format!("cannot read {}", dir.display()))?,
    };
    for entry in entries {
        let entry = entry?;
        let name = format!("{path}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), &format!("{name}/"), files)?;
        } else {
            // What was to take a name has the content of that name.
            let content = name.strip_suffix(NEW).unwrap_or(&name);
            let seen = match fs::read(entry.path()) {
                Ok(bytes) => Seen::Read {
                    bytes: bytes.len() as u64,
                    sectors: (0..)
                        .zip(bytes.chunks(SECTOR))
                        .map(|(number, sector)| recognise(content, number, sector))
                        .collect(),
                },
                Err(error) => Seen::Error(error.to_string()),
            };
            files.insert(name, seen);
        }
    }
    Ok(())
}

/// Files as text, a line each: name, length, and runs of sectors.
pub fn write(files: &Files) -> String {
    let mut text = String::new();
    for (name, seen) in files {
        let rest = match seen {
            Seen::Error(error) => format!("error\t{error}"),
            Seen::Read { bytes, sectors } => {
                let runs = sectors.chunk_by(|a, b| a == b).map(|run| match run[0] {
                    Kind::Zero => format!("0*{}", run.len()),
                    Kind::Foreign => format!("?*{}", run.len()),
                    Kind::Generation(generation) => format!("{generation}*{}", run.len()),
                });
                format!("{bytes}\t{}", runs.collect::<Vec<_>>().join(","))
            }
        };
        let _ = writeln!(text, "{name}\t{rest}"); // a String takes everything
    }
    text
}

/// Reads what [`write`] wrote.
///
/// # Errors
/// If it is something else.
pub fn parse(text: &str) -> Result<Files> {
    let line = |line: &str| {
        let mut fields = line.splitn(3, '\t');
        let (name, bytes, rest) = (fields.next()?, fields.next()?, fields.next()?);
        if bytes == "error" {
            return Some((name.to_owned(), Seen::Error(rest.to_owned())));
        }
        let mut sectors = Vec::new();
        for run in rest.split(',').filter(|run| !run.is_empty()) {
            let (kind, count) = run.split_once('*')?;
            let kind = match kind {
                "?" => Kind::Foreign,
                "0" => Kind::Zero,
                generation => Kind::Generation(generation.parse().ok()?),
            };
            sectors.resize(sectors.len() + count.parse::<usize>().ok()?, kind);
        }
        let bytes = bytes.parse().ok()?;
        Some((name.to_owned(), Seen::Read { bytes, sectors }))
    };
    text.lines()
        .map(|text| line(text).with_context(|| format!("{text:?} describes no file")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::content::sector;
    use super::*;

    #[test]
    fn what_is_there_arrives() {
        let dir = tempfile::tempdir().unwrap();
        let put = |name: &str, bytes: &[u8]| {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        };
        let (one, two) = (sector("a", 4, 0), sector("a", 5, 1));
        put("a", &[one, two, [0; 512]].concat());
        put("a.new", &[one, [7; 512]].concat());
        put("d/e", &[]);
        put("d/f", &sector("d/f", 1, 0)[..100]);
        let files = look(dir.path()).unwrap();
        let text = write(&files);
        assert_eq!(
            text,
            "a\t1536\t4*1,5*1,0*1\na.new\t1024\t4*1,?*1\nd/e\t0\t\nd/f\t100\t1*1\n"
        );
        assert_eq!(parse(&text).unwrap(), files);
        assert_eq!(
            parse("x\terror\tbad luck\n").unwrap()["x"],
            Seen::Error("bad luck".into())
        );
        assert!(parse("x\t12\n").is_err());
        assert_eq!(look(&dir.path().join("nothing")).unwrap(), Files::new());
    }
}
