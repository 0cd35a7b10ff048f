//! Hooks of the image's maker, and the leave for those of the medium.

use std::path::Path;

use perch_core::hook::{self, HookStage};

use crate::cpio::{Node, Tree};
use crate::error::Error;
use crate::read::{names, read};

/// Adds the hooks of `dir`, if there is one, and if `of_medium` what lets those of the medium run; tells
/// their names, `STAGE.d/NAME`.
///
/// What would not run at boot is an error here, where somebody can mend it.
pub(crate) fn add(
    dir: Option<&Path>,
    of_medium: bool,
    tree: &mut Tree,
) -> Result<Vec<String>, Error> {
    if of_medium {
        tree.add(
            "etc/perch/allow-medium-hooks",
            Node::File(Vec::new(), 0o644),
        );
    }
    let mut found = Vec::new();
    let Some(dir) = dir else { return Ok(found) };
    for stage in HookStage::ALL {
        let from = dir.join(format!("{stage}.d"));
        if !from.is_dir() {
            continue;
        }
        for file in names(&from)? {
            let bytes = program(&from.join(&file))?;
            let name = format!("{stage}.d/{file}");
            tree.add(&format!("etc/perch/hooks/{name}"), Node::File(bytes, 0o755));
            found.push(name);
        }
    }
    if found.is_empty() {
        return Err(Error::NoHooks { dir: dir.into() });
    }
    Ok(found)
}

fn program(path: &Path) -> Result<Vec<u8>, Error> {
    let not = |reason| Error::Hook {
        path: path.to_owned(),
        reason,
    };
    let name = path.file_name().and_then(|file| file.to_str());
    if !name.is_some_and(hook::is_name) {
        return Err(not("no hook has such a name"));
    }
    if !path.is_file() {
        return Err(not("it is no file"));
    }
    let bytes = read(path)?;
    if !hook::is_program(&bytes) {
        return Err(not("it is neither a program nor a script"));
    }
    if hook::has_windows_lines(&bytes) {
        return Err(not("its lines end as those of Windows"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn hooks_get_their_place_and_mistakes_are_told() {
        let dir = tempfile::tempdir().unwrap();
        let mut tree = Tree::default();
        assert!(add(Some(dir.path()), false, &mut tree).is_err(), "empty");
        let stage = dir.path().join("after-data.d");
        fs::create_dir(&stage).unwrap();
        fs::write(stage.join("10-a"), "#!/bin/sh\n").unwrap();
        let found = add(Some(dir.path()), true, &mut tree).unwrap();
        assert_eq!(found, ["after-data.d/10-a"]);
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
