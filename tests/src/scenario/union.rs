//! Scenarios through another union than overlayfs: written for that, adapted for aufs.
//!
//! What differs is where a native session keeps its files (`N/` in place of `N/changes/`), the name in the
//! metadata, and what a scenario of "the other union" means.

use anyhow::{Context, Result};
use perch_core::aufs::MARKER;
use perch_core::session::UnionKind;
use serde_json::Value;

use super::{Expect, Node, Offline, Scenario, Step};

/// Names the union that every scenario is to be run through; without it perch chooses.
pub const UNION: &str = "PERCH_TEST_UNION";

/// The union that [`UNION`] names; `None` if it is not set.
///
/// # Errors
/// If it names none that perch knows.
pub fn chosen() -> Result<Option<UnionKind>> {
    match std::env::var(UNION) {
        Ok(word) => Ok(Some(word.parse().context(UNION)?)),
        Err(_) => Ok(None),
    }
}

/// The scenario as it is run through `union`, or why it has no meaning there.
///
/// # Errors
/// The reason for leaving it out, in a few words.
pub fn adapted(mut scenario: Scenario, union: Option<UnionKind>) -> Result<Scenario, &'static str> {
    let Some(union) = union else {
        return Ok(scenario);
    };
    for step in &mut scenario.steps {
        if let Step::Boot(boot) = step {
            if boot.cmdline.contains("union=") {
                return Err("chooses a union itself");
            }
            for other in &mut boot.meanwhile {
                other.cmdline = format!("{} union={union}", other.cmdline);
            }
            boot.cmdline = format!("{} union={union}", boot.cmdline)
                .trim_start()
                .into();
        }
    }
    if union == UnionKind::Overlayfs {
        return Ok(scenario);
    }
    if let Some(reason) = scenario.only_overlayfs {
        return Err(reason);
    }
    for part in scenario.disks.iter_mut().flat_map(|disk| &mut disk.parts) {
        part.content.map(of_aufs, rewritten);
    }
    for step in &mut scenario.steps {
        match step {
            Step::Boot(boot) => boot.expects.iter_mut().for_each(|expect| {
                if let Expect::Record { value, .. } = expect {
                    swap_value(value);
                }
            }),
            Step::Offline(_, check) => adapt_check(check),
            Step::Table(_) => {}
        }
    }
    Ok(scenario)
}

fn adapt_check(check: &mut Offline) {
    match check {
        Offline::File { path, .. }
        | Offline::Missing(path)
        | Offline::Container(path)
        | Offline::UnmountedContainer(path)
        | Offline::Length { path, .. } => {
            *path = of_aufs(path);
        }
        Offline::Json { value, .. } => swap_value(value),
        Offline::Sessions(_) | Offline::Count { .. } => {}
    }
}

/// Where aufs keeps what overlayfs keeps at `path`, from the root of any file system or store: a number
/// is a session, and what follows it is its upper or work directory. The latter stands for the mark.
fn of_aufs(path: &str) -> String {
    let is_id = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts: Vec<&str> = path.split('/').collect();
    let inside = parts.iter().position(|part| is_id(part)).map(|id| id + 1);
    if let Some(at) = inside {
        match parts.get(at).copied() {
            Some("changes") => {
                parts.remove(at);
            }
            Some("workdir") if at + 1 == parts.len() => parts[at] = MARKER,
            _ => {}
        }
    }
    parts.join("/")
}

/// A node at `path`, which is adapted already: metadata names the other union, a mark is a file.
fn rewritten(path: &str, node: Node) -> Node {
    let name = path.rsplit('/').next().unwrap_or_default();
    match node {
        Node::Directory if name == MARKER => Node::File(Vec::new()),
        Node::File(bytes) if name.starts_with("session.") => match String::from_utf8(bytes) {
            Ok(text) => Node::File(swap_words(&text).into_bytes()),
            Err(other) => Node::File(other.into_bytes()),
        },
        other => other,
    }
}

fn swap_value(value: &mut Value) {
    if let Value::String(text) = value
        && text.parse::<UnionKind>().is_ok()
    {
        *text = swap_words(text);
    }
}

/// Each union where the other one was.
fn swap_words(text: &str) -> String {
    let parts = text.split("overlayfs");
    let parts: Vec<String> = parts
        .map(|part| part.replace("aufs", "overlayfs"))
        .collect();
    parts.join("aufs")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Boot, STORE};

    #[test]
    fn paths_in_a_store_are_those_of_aufs() {
        for (path, want) in [
            ("minios/changes/1/changes/keep", "minios/changes/1/keep"),
            ("minios/changes/10/changes", "minios/changes/10"),
            ("minios/changes/1/workdir", "minios/changes/1/.wh..wh.aufs"),
            (
                "minios/changes/1/changes.img",
                "minios/changes/1/changes.img",
            ),
            (
                "minios/changes/1.bak/changes",
                "minios/changes/1.bak/changes",
            ),
            ("minios/changes/session.json", "minios/changes/session.json"),
            ("ask/1/changes/from", "ask/1/from"),
            ("1/changes/keep", "1/keep"),
            ("minios/changes", "minios/changes"),
        ] {
            assert_eq!(of_aufs(path), want);
        }
    }

    #[test]
    fn a_scenario_becomes_one_of_aufs() {
        let text = r#"{"sessions":{"1":{"union":"overlayfs"},"2":{"union":"aufs"}}}"#;
        let scenario = Scenario::new("x")
            .store("session.json", text)
            .session("1")
            .boot(Boot::with("").boot_json("/decision/union", "overlayfs"))
            .store_file("1/changes/keep", "one")
            .store_json("session.json", "/sessions/1/union", "overlayfs");
        let aufs = adapted(scenario.clone(), Some(UnionKind::Aufs)).unwrap();
        let dir = tempfile::tempdir().unwrap();
        aufs.disks[0].parts[0]
            .content
            .lay_out(None, dir.path())
            .unwrap();
        let store = dir.path().join(STORE);
        assert_eq!(
            std::fs::read_to_string(store.join("session.json")).unwrap(),
            r#"{"sessions":{"1":{"union":"aufs"},"2":{"union":"overlayfs"}}}"#
        );
        assert!(store.join("1/from").is_file() && store.join("1/.wh..wh.aufs").is_file());
        assert!(!store.join("1/changes").exists() && !store.join("1/workdir").exists());
        let steps = format!("{:?}", aufs.steps);
        for want in ["\"union=aufs\"", "String(\"aufs\")", "path: \"1/keep\""] {
            assert!(steps.contains(want), "{want} in {steps}");
        }
        assert!(!steps.contains("overlayfs"), "{steps}");

        let same = adapted(scenario.clone(), None).unwrap();
        assert_eq!(format!("{same:?}"), format!("{scenario:?}"));
        let asked = adapted(scenario, Some(UnionKind::Overlayfs)).unwrap();
        assert!(format!("{asked:?}").contains("cmdline: \"union=overlayfs\""));
    }

    #[test]
    fn what_has_no_meaning_is_left_out_with_the_reason() {
        let own = Scenario::new("x").boot(Boot::with("perch union=overlayfs"));
        assert!(adapted(own, Some(UnionKind::Aufs)).is_err());
        let only = Scenario::new("x").only_overlayfs("no upper directory");
        assert_eq!(
            adapted(only.clone(), Some(UnionKind::Aufs)).unwrap_err(),
            "no upper directory"
        );
        assert!(adapted(only, Some(UnionKind::Overlayfs)).is_ok());
    }
}
