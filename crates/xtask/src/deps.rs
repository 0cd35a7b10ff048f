//! Which crate may use which, checked against `cargo metadata`, and what the shipped program is made of.
//!
//! The tables below are the rule; a new crate has to be entered before the check passes again.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use perch_tests::host::{STATIC_TARGET, command, run as run_command, workspace_dir};
use serde_json::Value;

/// Each crate of the workspace and those of the workspace it may use.
const DIRECTION: &[(&str, &[&str])] = &[
    ("perch-core", &[]),
    ("dynfilefs", &[]),
    ("perch-sys", &["dynfilefs", "perch-core"]),
    ("perch-medium", &["perch-core"]),
    ("perch-serve", &["dynfilefs", "perch-core", "perch-sys"]),
    ("perch-boot", &["perch-core", "perch-serve", "perch-sys"]),
    ("perch-initramfs", &["perch-core", "perch-sys"]),
    (
        "perch-manage",
        &["dynfilefs", "perch-core", "perch-serve", "perch-sys"],
    ),
    (
        "perch-cli",
        &[
            "perch-core",
            "perch-initramfs",
            "perch-manage",
            "perch-medium",
            "perch-serve",
            "perch-sys",
            "dynfilefs",
        ],
    ),
    (
        "perch-tests",
        &[
            "dynfilefs",
            "perch-core",
            "perch-medium",
            "perch-sys",
            "perch-boot",
        ],
    ),
    (
        "xtask",
        &[
            "perch-cli",
            "perch-core",
            "perch-medium",
            "perch-sys",
            "perch-boot",
            "perch-tests",
        ],
    ),
];

/// The program that runs as process 1 of the initramfs.
const BOOT: &str = "perch-boot";

/// What [`BOOT`] may use directly from outside. Everything here ends up in every initramfs.
const BOOT_EXTERNAL: &[&str] = &[
    "lexopt",
    "log",
    "rustix",
    "serde",
    "serde_json",
    "thiserror",
];

/// `cargo xtask deps`.
///
/// # Errors
/// If a rule is broken.
pub fn run(mut args: lexopt::Parser) -> Result<()> {
    if let Some(arg) = args.next()? {
        return Err(arg.unexpected().into());
    }
    check()
}

/// Checks every rule, and prints the names and versions of what [`BOOT`] is made of.
///
/// # Errors
/// All broken rules, one a line.
pub fn check() -> Result<()> {
    let graph = Graph::read()?;
    let broken = graph.broken_rules();
    ensure!(broken.is_empty(), "{}", broken.join("\n"));
    println!("{BOOT} is made of {}", graph.closure(BOOT).join(", "));
    Ok(())
}

/// What `cargo metadata` tells of the workspace and everything below it.
fn metadata() -> Result<Value> {
    let mut cargo = command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(workspace_dir());
    // What is shipped is built for this target; crates for other systems do not count.
    cargo.args([
        "metadata",
        "--format-version",
        "1",
        "--filter-platform",
        STATIC_TARGET,
    ]);
    Ok(serde_json::from_slice(&run_command(&mut cargo)?)?)
}

/// What `cargo metadata` tells of each crate from outside that is linked into one of `packages`, sorted by name.
///
/// # Errors
/// If cargo fails, or tells less than expected.
pub fn linked(packages: &[&str]) -> Result<Vec<Value>> {
    const LACKING: &str = "cargo metadata lacks an expected field";
    let metadata = metadata()?;
    let graph = Graph::parse(&metadata).context(LACKING)?;
    let wanted: BTreeSet<String> = packages
        .iter()
        .flat_map(|package| graph.closure(package))
        .collect();
    let all = metadata.get("packages").and_then(Value::as_array);
    let mut linked: BTreeMap<String, Value> = BTreeMap::new();
    for package in all.context(LACKING)? {
        let label = label(package).context(LACKING)?;
        if wanted.contains(&label) {
            linked.insert(label, package.clone());
        }
    }
    Ok(linked.into_values().collect())
}

/// Name and version of a package.
fn label(package: &Value) -> Option<String> {
    let (name, version) = (package.get("name")?, package.get("version")?);
    Some(format!("{} {}", name.as_str()?, version.as_str()?))
}

/// The packages of the workspace and everything below them.
struct Graph {
    /// Name and direct dependencies of each package of the workspace; development dependencies included.
    own: BTreeMap<String, Vec<Dependency>>,
    /// The resolved packages by id: name, version and the ids they use outside of tests.
    resolved: BTreeMap<String, (String, Vec<String>)>,
}

struct Dependency {
    name: String,
    /// Whether only tests use it.
    dev: bool,
}

impl Graph {
    fn read() -> Result<Self> {
        Self::parse(&metadata()?).context("cargo metadata lacks an expected field")
    }

    fn parse(metadata: &Value) -> Option<Self> {
        let members: BTreeSet<&str> = metadata
            .get("workspace_members")?
            .as_array()?
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let mut own = BTreeMap::new();
        let mut names = BTreeMap::new();
        for package in metadata.get("packages")?.as_array()? {
            let (id, name) = (package.get("id")?.as_str()?, package.get("name")?.as_str()?);
            if !is_macro(package) {
                names.insert(id, label(package)?);
            }
            if members.contains(id) {
                let dependencies = package.get("dependencies")?.as_array()?;
                own.insert(
                    name.to_owned(),
                    dependencies.iter().map(dependency).collect::<Option<_>>()?,
                );
            }
        }
        let mut resolved = BTreeMap::new();
        for node in metadata.pointer("/resolve/nodes")?.as_array()? {
            let id = node.get("id")?.as_str()?;
            let Some(name) = names.get(id) else { continue };
            let uses = node
                .get("deps")?
                .as_array()?
                .iter()
                .filter(|dep| is_normal(dep));
            let uses = uses
                .filter_map(|dep| dep.get("pkg")?.as_str().map(str::to_owned))
                .collect();
            resolved.insert(id.to_owned(), (name.clone(), uses));
        }
        Some(Self { own, resolved })
    }

    /// A sentence for each rule that does not hold.
    fn broken_rules(&self) -> Vec<String> {
        let mut broken = Vec::new();
        for (name, dependencies) in &self.own {
            let Some((_, allowed)) = DIRECTION.iter().find(|(known, _)| known == name) else {
                broken.push(format!("{name} is not in the table of crates"));
                continue;
            };
            for dependency in dependencies {
                let other = dependency.name.as_str();
                let ours = self.own.contains_key(other);
                if ours && !allowed.contains(&other) {
                    broken.push(format!("{name} must not use {other}"));
                }
                if !ours && !dependency.dev && name == BOOT && !BOOT_EXTERNAL.contains(&other) {
                    broken.push(format!(
                        "{name} uses {other}, which is not on its list of allowed crates"
                    ));
                }
            }
        }
        broken
    }

    /// Name and version of everything outside of the workspace that ends up in `package`, sorted.
    fn closure(&self, package: &str) -> Vec<String> {
        let is_own = |label: &str| {
            label
                .split(' ')
                .next()
                .is_some_and(|name| self.own.contains_key(name))
        };
        let root = self
            .resolved
            .iter()
            .find(|(_, (label, _))| label.split(' ').next() == Some(package));
        let mut open: Vec<&String> = root.map(|(id, _)| id).into_iter().collect();
        let mut seen = BTreeSet::new();
        let mut labels = BTreeSet::new();
        while let Some(id) = open.pop() {
            if let Some((label, uses)) = self.resolved.get(id).filter(|_| seen.insert(id)) {
                labels.insert(label.clone());
                open.extend(uses);
            }
        }
        labels.into_iter().filter(|label| !is_own(label)).collect()
    }
}

fn dependency(value: &Value) -> Option<Dependency> {
    let name = value.get("name")?.as_str()?.to_owned();
    Some(Dependency {
        name,
        dev: value.get("kind")?.as_str() == Some("dev"),
    })
}

/// Whether a package runs in the compiler only: neither it nor what it uses is linked into anything.
fn is_macro(package: &Value) -> bool {
    package
        .pointer("/targets/0/kind/0")
        .is_some_and(|kind| kind == "proc-macro")
}

/// Whether a resolved dependency is linked in, and not only used by tests or build scripts.
fn is_normal(dependency: &Value) -> bool {
    let kinds = dependency
        .get("dep_kinds")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    kinds
        .iter()
        .any(|kind| kind.get("kind").is_some_and(Value::is_null))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(own: &[(&str, &[(&str, bool)])]) -> Graph {
        let dependency = |(name, dev): &(&str, bool)| Dependency {
            name: (*name).to_owned(),
            dev: *dev,
        };
        let own = own
            .iter()
            .map(|(name, deps)| ((*name).to_owned(), deps.iter().map(dependency).collect()));
        Graph {
            own: own.collect(),
            resolved: BTreeMap::new(),
        }
    }

    #[test]
    fn each_rule_is_enforced() {
        for (what, own, want) in [
            (
                "as designed",
                &[
                    ("perch-core", &[("serde", false)][..]),
                    ("perch-sys", &[("perch-core", false)]),
                ][..],
                None,
            ),
            (
                "upwards",
                &[
                    ("perch-core", &[("perch-sys", false)][..]),
                    ("perch-sys", &[]),
                ],
                Some("must not use"),
            ),
            (
                "tests in a product",
                &[
                    ("perch-sys", &[("perch-tests", true)][..]),
                    ("perch-tests", &[]),
                ],
                Some("must not use"),
            ),
            (
                "foreign crate in boot",
                &[(BOOT, &[("tokio", false)][..])],
                Some("allowed"),
            ),
            (
                "foreign crate in boot's tests",
                &[(BOOT, &[("tempfile", true)][..])],
                None,
            ),
            ("unknown crate", &[("perch-gui", &[][..])], Some("table")),
        ] {
            let broken = graph(own).broken_rules();
            match want {
                None => assert!(broken.is_empty(), "{what}: {broken:?}"),
                Some(word) => assert!(
                    broken.iter().any(|text| text.contains(word)),
                    "{what}: {broken:?}"
                ),
            }
        }
    }

    #[test]
    fn the_workspace_is_read_as_it_is() {
        let graph = Graph::read().unwrap();
        assert!(graph.own.contains_key(BOOT));
        let closure = graph.closure(BOOT);
        assert!(
            closure.iter().any(|label| label.starts_with("rustix ")),
            "{closure:?}"
        );
        assert!(
            !closure.iter().any(|label| label.starts_with("perch-")),
            "{closure:?}"
        );
        assert!(
            !closure.iter().any(|label| label.starts_with("syn ")),
            "{closure:?}"
        );
        assert!(
            !closure.iter().any(|label| label.starts_with("tempfile ")),
            "{closure:?}"
        );
    }
}
