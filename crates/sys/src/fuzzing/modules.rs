//! `modules.dep`, `modules.alias` and `modules.softdep`, with a zero between them.

use crate::kmod::{Found, Index};

/// How many modules and names are asked about.
const MOST: usize = 32;

/// Any index of modules: each is found by its name, and loaded once, behind what it needs.
pub fn modules(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut parts = text.splitn(3, '\0').map(str::to_owned);
    let [dep, alias, softdep] = [(); 3].map(|()| parts.next().unwrap_or_default());
    let names: Vec<String> = alias
        .split_whitespace()
        .chain(softdep.split_whitespace())
        .take(MOST)
        .map(str::to_owned)
        .collect();
    let index = Index::of_texts(dep, alias, softdep);
    let modules = index.modules().expect("it was given");
    for module in modules.iter().take(MOST) {
        assert!(!module.name.is_empty() && !module.name.contains('/'));
        assert!(modules.find(module.name).is_some(), "{}", module.name);
        // Refused if it is too deep.
        let Ok(order) = index.load_order(module) else {
            continue;
        };
        let names: Vec<&str> = order.iter().map(|module| module.name).collect();
        let mut once = names.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), names.len(), "{names:?}");
        assert!(names.contains(&module.name), "{names:?}");
    }
    for name in &names {
        if let Found::Modules(found) = index.find(name).expect("it was given") {
            assert!(!found.is_empty(), "{name}");
        }
    }
}
