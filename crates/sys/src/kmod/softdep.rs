//! `modules.softdep`: what a module works better with.
//!
//! Format: `softdep MODULE pre: NAME … post: NAME …` (modprobe.d(5)). The names may be aliases:
//! Debian's ext4 asks for `crypto-crc32c`, without which it cannot mount anything.

use super::name;

/// What is to be loaded before and after a module, as far as it can be.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Softdeps<'t> {
    /// Module names or aliases.
    pub pre: Vec<&'t str>,
    /// Module names or aliases.
    pub post: Vec<&'t str>,
}

/// What the lines of `text` say about `module`.
///
/// Scans the whole text: it has some fifty lines, and is asked once for each module that is loaded.
pub fn of<'t>(text: &'t str, module: &str) -> Softdeps<'t> {
    let mut found = Softdeps::default();
    for rest in text.lines().filter_map(|l| l.strip_prefix("softdep ")) {
        let mut words = rest.split_ascii_whitespace();
        if !words.next().is_some_and(|name| name::same(name, module)) {
            continue;
        }
        let mut list = None;
        for word in words {
            match (word, list.as_mut()) {
                ("pre:", _) => list = Some(&mut found.pre),
                ("post:", _) => list = Some(&mut found.post),
                (name, Some(list)) => list.push(name),
                // As in `softdep cifs gcm`: modprobe, too, makes nothing of it.
                (_, None) => {}
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_listed_behind_pre_and_post() {
        let text = "# Soft dependencies extracted from modules themselves.\n\
            softdep ext4 pre: crypto-crc32c\n\
            softdep cifs gcm\n\
            softdep uhci_hcd pre: ehci_pci\n\
            softdep x pre: a b post: c pre: d\n\
            softdep x post: e\n\
            softdep\n\
            softdep \n\
            softdep y pre:";
        for (module, pre, post) in [
            ("ext4", &["crypto-crc32c"][..], &[][..]),
            ("cifs", &[], &[]),
            ("uhci-hcd", &["ehci_pci"], &[]),
            ("x", &["a", "b", "d"], &["c", "e"]),
            ("y", &[], &[]),
            ("", &[], &[]),
        ] {
            let want = Softdeps {
                pre: pre.to_vec(),
                post: post.to_vec(),
            };
            assert_eq!(of(text, module), want, "module {module:?}");
        }
    }
}
