//! Hooks of the image's maker, and the leave for those of the medium.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use perch_core::hook::{self, HookStage};

use super::cpio::{Node, Tree};

/// Adds the hooks of `dir`, if there is one, and if `of_medium` what lets those of the medium run.
///
/// What would not run at boot is an error here, where somebody can mend it.
pub fn add(dir: Option<&Path>, of_medium: bool, tree: &mut Tree) -> Result<()> {
    if of_medium {
        tree.add(
            "etc/perch/allow-medium-hooks",
            Node::File(Vec::new(), 0o644),
        );
    }
    let Some(dir) = dir else { return Ok(()) };
    let mut found = 0;
    for stage in HookStage::ALL {
        let name = format!("{stage}.d");
        let from = dir.join(&name);
        if !from.is_dir() {
            continue;
        }
        for entry in
            fs::read_dir(&from).with_context(|| format!("cannot read {}", from.display()))?
        {
            let path = entry?.path();
            let file = path
                .file_name()
                .and_then(|file| file.to_str())
                .filter(|file| hook::is_name(file) && path.is_file());
            let Some(file) = file else {
                bail!("{} has no name of a hook, or is no file", path.display());
            };
            let bytes =
                fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            if !hook::is_program(&bytes) || hook::has_windows_lines(&bytes) {
                bail!("{} is neither a program nor a script", path.display());
            }
            tree.add(
                &format!("etc/perch/hooks/{name}/{file}"),
                Node::File(bytes, 0o755),
            );
            found += 1;
        }
    }
    if found == 0 {
        let stages = HookStage::ALL.map(|stage| format!("{stage}.d")).join(", ");
        bail!("{} holds no hook; they belong into {stages}", dir.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hooks_get_their_place_and_mistakes_are_told() {
        let dir = tempfile::tempdir().unwrap();
        let mut tree = Tree::default();
        assert!(add(Some(dir.path()), false, &mut tree).is_err(), "empty");
        let stage = dir.path().join("after-data.d");
        fs::create_dir(&stage).unwrap();
        fs::write(stage.join("10-a"), "#!/bin/sh\n").unwrap();
        add(Some(dir.path()), true, &mut tree).unwrap();
        let paths: Vec<&str> = tree
            .iter()
            .filter(|(_, node)| **node != Node::Directory)
            .map(|(path, _)| path.as_str())
            .collect();
        assert_eq!(
            paths,
            [
                "etc/perch/allow-medium-hooks",
                "etc/perch/hooks/after-data.d/10-a"
            ]
        );
        for (name, content) in [
            ("a~", "#!/bin/sh\n"),
            ("text", "echo\n"),
            ("dos", "#!/bin/sh\r\n"),
        ] {
            fs::write(stage.join(name), content).unwrap();
            assert!(add(Some(dir.path()), false, &mut tree).is_err(), "{name}");
            fs::remove_file(stage.join(name)).unwrap();
        }
    }
}
