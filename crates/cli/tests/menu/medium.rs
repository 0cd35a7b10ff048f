//! A directory with the files of a medium, and the program run on it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// What the program said with `--json`; `text` is what it says without, of commands that change nothing.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) text: Option<String>,
}

impl Said {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.status, 0, "{self:?}");
        self
    }
}

/// Runs the program, without whatever the caller's environment says.
pub(crate) fn perch(args: &[&str]) -> Said {
    let run = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_perch"));
        command.args(args).env_clear().stdin(Stdio::null());
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            output.status.code(),
            text(output.stdout),
            text(output.stderr),
        )
    };
    let changes_nothing = ["--dry-run", "--help"]
        .iter()
        .any(|word| args.contains(word));
    let text = changes_nothing.then(|| run(args).1);
    let (status, out, err) = run(&[args, &["--json"]].concat());
    Said {
        status: status.unwrap_or(-1),
        out,
        err,
        text,
    }
}

/// A medium with a live system and no loader.
pub(crate) struct Medium(TempDir);

impl Medium {
    pub(crate) fn new() -> Self {
        let medium = Self(tempfile::tempdir().unwrap());
        fill(medium.root());
        medium
    }

    /// With the menus of both loaders.
    pub(crate) fn with_menus() -> Self {
        let medium = Self::new();
        medium.run(&["--loader", "all"]).ok();
        medium
    }

    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn run(&self, args: &[&str]) -> Said {
        let root = self.root().to_str().unwrap();
        perch(&[&["menu", "--medium", root], args].concat())
    }

    pub(crate) fn make_dir(&self, path: &str) {
        fs::create_dir_all(self.root().join(path)).unwrap();
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root().join(path)).unwrap()
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.root().join(path).exists()
    }

    pub(crate) fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        files(self.root())
    }

    /// Temporary files that were not removed.
    pub(crate) fn leftovers(&self) -> Vec<PathBuf> {
        let is_new = |path: &PathBuf| path.extension().is_some_and(|end| end == "new");
        self.files().into_keys().filter(is_new).collect()
    }
}

/// Puts a live system below `root`.
pub(crate) fn fill(root: &Path) {
    fs::create_dir_all(root.join("minios/boot")).unwrap();
    for name in ["vmlinuz", "initrd.img"] {
        fs::write(root.join("minios/boot").join(name), "").unwrap();
    }
}

/// All files below `root` with their content.
pub(crate) fn files(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => open.push(path),
                false => {
                    found.insert(path.clone(), fs::read(&path).unwrap());
                }
            }
        }
    }
    found
}
