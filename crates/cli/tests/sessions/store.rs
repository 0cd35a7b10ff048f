//! A store in a temporary directory, and the program on it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::perch::{Namespace, Said, command};

/// A store, and what is in it.
pub(crate) struct Store {
    pub(crate) dir: TempDir,
}

impl Store {
    pub(crate) fn empty() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    /// On a file system that the kernel lets have whiteouts and attributes of root.
    pub(crate) fn on_disk() -> Self {
        Self {
            dir: tempfile::tempdir_in("/var/tmp").unwrap(),
        }
    }

    /// With these native sessions, the first of which is the default.
    pub(crate) fn with(ids: &[u32]) -> Self {
        let store = Self::empty();
        for id in ids {
            store.make_native(*id);
        }
        let entries: Vec<String> = ids
            .iter()
            .map(|id| {
                format!(
                    r#""{id}": {{"mode": "native", "version": "5.1.1", "edition": "standard", "union": "overlayfs"}}"#
                )
            })
            .collect();
        let default = ids.first().map_or("null".into(), |id| format!("\"{id}\""));
        store.write_json(&format!(
            r#"{{"default": {default}, "sessions": {{{}}}}}"#,
            entries.join(", ")
        ));
        store
    }

    pub(crate) fn make_native(&self, id: u32) {
        for part in ["changes/etc", "workdir/work"] {
            fs::create_dir_all(self.path(&format!("{id}/{part}"))).unwrap();
        }
        fs::write(self.path(&format!("{id}/changes/etc/file")), "content").unwrap();
    }

    pub(crate) fn write_json(&self, text: &str) {
        fs::write(self.path("session.json"), text).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn dir_text(&self) -> &str {
        self.dir.path().to_str().unwrap()
    }

    /// The program with these arguments on this store.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut all = vec!["--sessions-dir", self.dir_text()];
        all.extend(args);
        let mut command = command(&all);
        // mke2fs is looked for there.
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Said {
        self.command(args).output().unwrap().into()
    }

    /// Runs the program with these arguments, which hold no blanks.
    pub(crate) fn perch(&self, args: &str) -> Said {
        let args: Vec<&str> = args.split_ascii_whitespace().collect();
        self.run(&args)
    }

    pub(crate) fn json(&self) -> Value {
        let text = fs::read_to_string(self.path("session.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// The numbers of all sessions that are listed.
    pub(crate) fn ids(&self) -> Vec<String> {
        let list = self.perch("list --json").json();
        let ids = list.as_array().unwrap().iter();
        ids.map(|session| session["id"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Every path in it, but for the empty file that is locked.
    pub(crate) fn all_paths(&self) -> BTreeSet<PathBuf> {
        let mut paths = BTreeSet::new();
        walk(self.dir.path(), &mut paths);
        paths.remove(&self.path(".session_create.lock"));
        paths
    }
}

/// A container that is mounted where nobody else sees it.
pub(crate) struct Elsewhere {
    pub(crate) namespace: Namespace,
    pub(crate) point: TempDir,
}

impl Elsewhere {
    pub(crate) fn mount(image: &Path) -> Self {
        let (namespace, point) = (Namespace::new(), tempfile::tempdir().unwrap());
        namespace
            .run("mount", &[&"-oloop", &image, &point.path()])
            .ok();
        Self { namespace, point }
    }

    pub(crate) fn unmount(self) {
        self.namespace.run("umount", &[&self.point.path()]).ok();
    }
}

fn walk(dir: &Path, paths: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.symlink_metadata().unwrap().is_dir() {
            walk(&path, paths);
        }
        paths.insert(path);
    }
}

/// Whether a failure has this status and code, as JSON and as text.
pub(crate) fn assert_refused(said: &Said, status: i32, code: &str) {
    assert_eq!(said.status, status, "{said:?}");
    let json = said.json();
    assert_eq!(json["success"], false, "{said:?}");
    assert_eq!(json["code"], code, "{said:?}");
    assert_eq!(json["message"], json["error"], "{said:?}");
    assert!(said.err.starts_with("error: "), "{said:?}");
}
