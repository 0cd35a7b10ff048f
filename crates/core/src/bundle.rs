//! Bundles: the read-only squashfs files (`*.sb`) that make up the system, and their order.

use serde::{Deserialize, Serialize};

use crate::request::Request;
use crate::units::Bytes;

/// One bundle file below the data directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bundle {
    /// Its path relative to the data directory: `00-core.sb`, `modules/web/10-firefox.sb`. On the
    /// partition of a store elsewhere, relative to its root: `minios/modules/10-firefox.sb`.
    pub path: String,
    /// It lies on the partition of a store elsewhere.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub external: bool,
    /// Its length.
    pub size: Bytes,
    /// What is wrong with it, found without mounting it; absent if nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub damage: Option<String>,
}

/// What the boot does without a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithoutIt {
    /// Goes on and says so.
    GoOn,
    /// Stops: no system is left.
    Stop,
}

impl Bundle {
    /// Its file name: the last part of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Whether the user added it: it lies below `modules/`, or beside the sessions elsewhere.
    pub fn is_user_module(&self) -> bool {
        self.external || self.path.starts_with("modules/")
    }

    /// Where it lies, in the order in which files of one name replace each other.
    fn origin(&self) -> (bool, bool) {
        (self.external, self.is_user_module())
    }

    /// What a damaged bundle means: the system's lowest ones (`00-…`, `01-…`: core and kernel) cannot
    /// be left out, everything above them can.
    pub fn if_damaged(&self) -> WithoutIt {
        if self.is_user_module() || leading_number(self.name()) > 1 {
            WithoutIt::GoOn
        } else {
            WithoutIt::Stop
        }
    }
}

/// The number that a bundle's file name starts with; 0 without one, the largest where it is larger.
pub fn leading_number(name: &str) -> u64 {
    let digits = name.bytes().take_while(u8::is_ascii_digit).count();
    name.get(..digits)
        .filter(|digits| !digits.is_empty())
        .map_or(0, |digits| digits.parse().unwrap_or(u64::MAX))
}

/// Applies `load=`, then `noload=`: the bundles that are used, and each other one with the parameter that
/// leaves it out.
pub fn choose(bundles: Vec<Bundle>, request: &Request) -> (Vec<Bundle>, Vec<(Bundle, String)>) {
    let mut used = Vec::with_capacity(bundles.len());
    let mut left_out = Vec::new();
    for bundle in bundles {
        let by = match (&request.load, &request.noload) {
            (Some(load), _) if !load.matches(&bundle.path) => Some(format!("load={load}")),
            (_, Some(noload)) if noload.matches(&bundle.path) => Some(format!("noload={noload}")),
            _ => None,
        };
        match by {
            None => used.push(bundle),
            Some(by) => left_out.push((bundle, by)),
        }
    }
    (used, left_out)
}

/// The bundles in the order in which they are stacked, and those that are not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stack {
    /// Lowest layer first: a later one hides files of an earlier one.
    pub layers: Vec<Bundle>,
    /// Each bundle that another one of the same file name replaces, with the path of that one.
    pub replaced: Vec<(Bundle, String)>,
}

/// Orders bundles by leading number, ties bytewise by file name (contract §1.2). Of two with one file
/// name the user's (below `modules/`) replaces the system's, one beside the sessions elsewhere replaces
/// both, and otherwise the later path wins.
pub fn stack(mut bundles: Vec<Bundle>) -> Stack {
    bundles.sort_by(|a, b| {
        let key = |x: &Bundle| (leading_number(x.name()), x.name().to_owned());
        key(a)
            .cmp(&key(b))
            .then_with(|| (a.origin(), &a.path).cmp(&(b.origin(), &b.path)))
    });
    let mut layers: Vec<Bundle> = Vec::with_capacity(bundles.len());
    let mut replaced = Vec::new();
    for bundle in bundles {
        match layers.last_mut() {
            Some(last) if last.name() == bundle.name() => {
                let path = bundle.path.clone();
                replaced.push((std::mem::replace(last, bundle), path));
            }
            _ => layers.push(bundle),
        }
    }
    Stack { layers, replaced }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundle(path: &str) -> Bundle {
        Bundle {
            path: path.to_owned(),
            size: Bytes(1),
            external: false,
            damage: None,
        }
    }

    #[test]
    fn higher_numbers_lie_above_and_ties_go_by_name() {
        let stacked = stack(
            [
                "10-foo.sb",
                "modules/2-low.sb",
                "02-firmware.sb",
                "modules/deep/100-top.sb",
                "00-core.sb",
                "plain.sb",
                "10-bar.sb",
                "99999999999999999999999-huge.sb",
            ]
            .map(bundle)
            .to_vec(),
        );
        let paths: Vec<_> = stacked.layers.iter().map(|b| b.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "00-core.sb",
                "plain.sb",
                "02-firmware.sb",
                "modules/2-low.sb",
                "10-bar.sb",
                "10-foo.sb",
                "modules/deep/100-top.sb",
                "99999999999999999999999-huge.sb",
            ]
        );
        assert_eq!(stacked.replaced, []);
    }

    #[test]
    fn a_user_module_replaces_the_system_bundle_of_its_name() {
        let stacked = stack(
            ["modules/03-gui.sb", "03-gui.sb", "00-core.sb"]
                .map(bundle)
                .to_vec(),
        );
        let paths: Vec<_> = stacked.layers.iter().map(|b| b.path.as_str()).collect();
        assert_eq!(paths, ["00-core.sb", "modules/03-gui.sb"]);
        assert_eq!(
            stacked.replaced,
            [(bundle("03-gui.sb"), "modules/03-gui.sb".to_owned())]
        );
    }

    #[test]
    fn load_comes_first_then_noload() {
        let all = || {
            ["00-core.sb", "03-gui.sb", "modules/10-x.sb"]
                .map(bundle)
                .to_vec()
        };
        for (cmdline, want) in [
            ("", &["00-core.sb", "03-gui.sb", "modules/10-x.sb"][..]),
            ("load=00-03", &["00-core.sb", "03-gui.sb"]),
            ("noload=03", &["00-core.sb", "modules/10-x.sb"]),
            ("load=00-03 noload=gui", &["00-core.sb"]),
        ] {
            let (request, _) = crate::cmdline::parse(cmdline);
            let (used, left_out) = choose(all(), &request);
            let paths: Vec<_> = used.iter().map(|b| b.path.as_str()).collect();
            assert_eq!(paths, want, "{cmdline}");
            assert_eq!(used.len() + left_out.len(), 3, "{cmdline}");
        }
    }

    #[test]
    fn only_core_and_kernel_stop_the_boot() {
        for (path, want) in [
            ("00-core.sb", WithoutIt::Stop),
            ("01-kernel-6.1.sb", WithoutIt::Stop),
            ("rootfs.sb", WithoutIt::Stop),
            ("02-firmware.sb", WithoutIt::GoOn),
            ("modules/00-mine.sb", WithoutIt::GoOn),
        ] {
            assert_eq!(bundle(path).if_damaged(), want, "{path}");
        }
    }
}
