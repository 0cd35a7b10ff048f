//! `modules.dep` and `modules.builtin`: which module lies in which file and needs which others.
//!
//! Format of modules.dep(5): `path: path path …`, one module a line; depmod lists all that a module
//! needs, what is needed itself standing further right. `modules.builtin` has only the paths.

use std::ops::Range;

use super::name;

/// The lines of one file, found by module name.
#[derive(Debug)]
pub struct Modules {
    text: String,
    /// Sorted by name.
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    name: Range<usize>,
    path: Range<usize>,
    needs: Range<usize>,
}

/// One module as its line describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Module<'i> {
    /// The file's name without its ending: `usb-storage`.
    pub name: &'i str,
    /// The file, relative to the directory of the index unless absolute.
    pub path: &'i str,
    needs: &'i str,
}

impl<'i> Module<'i> {
    /// The files this module cannot do without, in the order in which they can be loaded.
    pub fn needs(&self) -> impl Iterator<Item = &'i str> + use<'i> {
        self.needs.split_ascii_whitespace().rev()
    }
}

impl Modules {
    /// Takes `text` apart. Lines that name no module are passed over; of two lines for one module
    /// the first counts.
    pub fn parse(text: String) -> Self {
        let mut lines = Vec::new();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let end = start + line.trim_end().len();
            let colon = line.find(':').map_or(end, |at| (start + at).min(end));
            let path = text.get(start..colon).unwrap_or_default();
            let (stem, slash) = (name::of_file(path), path.rfind('/'));
            let at = start + slash.map_or(0, |slash| slash + 1);
            if !stem.is_empty() {
                lines.push(Line {
                    name: at..at + stem.len(),
                    path: start..colon,
                    needs: (colon + 1).min(end)..end,
                });
            }
            start += line.len();
        }
        let named = |line: &Line| text.get(line.name.clone()).unwrap_or_default();
        lines.sort_by(|a, b| name::compare(named(a), named(b)));
        Self { text, lines }
    }

    /// The module called `wanted`, with `-` and `_` equal.
    pub fn find(&self, wanted: &str) -> Option<Module<'_>> {
        let before = |line: &Line| name::compare(self.slice(&line.name), wanted).is_lt();
        let at = self.lines.partition_point(before);
        let module = self.lines.get(at).map(|line| self.module(line))?;
        name::same(module.name, wanted).then_some(module)
    }

    /// All modules, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = Module<'_>> {
        self.lines.iter().map(|line| self.module(line))
    }

    fn module(&self, line: &Line) -> Module<'_> {
        Module {
            name: self.slice(&line.name),
            path: self.slice(&line.path),
            needs: self.slice(&line.needs),
        }
    }

    fn slice(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_gives_name_path_and_needs() {
        let modules = Modules::parse(
            "kernel/fs/ext4/ext4.ko: kernel/lib/crc16.ko kernel/fs/mbcache.ko kernel/fs/jbd2/jbd2.ko\n\
             kernel/drivers/usb/storage/usb-storage.ko.zst:\n\
             \n\
             : kernel/x.ko\n\
             /abs/loop.ko:kernel/a.ko\n\
             kernel/second/ext4.ko:\n\
             kernel/last.ko"
                .into(),
        );
        for (wanted, want) in [
            (
                "ext4",
                Some((
                    "ext4",
                    "kernel/fs/ext4/ext4.ko",
                    vec![
                        "kernel/fs/jbd2/jbd2.ko",
                        "kernel/fs/mbcache.ko",
                        "kernel/lib/crc16.ko",
                    ],
                )),
            ),
            (
                "usb_storage",
                Some((
                    "usb-storage",
                    "kernel/drivers/usb/storage/usb-storage.ko.zst",
                    vec![],
                )),
            ),
            ("loop", Some(("loop", "/abs/loop.ko", vec!["kernel/a.ko"]))),
            ("last", Some(("last", "kernel/last.ko", vec![]))),
            ("x", None),
            ("ext", None),
            ("", None),
            ("zzz", None),
        ] {
            let found = modules.find(wanted);
            let found = found.map(|m| (m.name, m.path, m.needs().collect::<Vec<_>>()));
            assert_eq!(found, want, "module {wanted:?}");
        }
        assert_eq!(modules.iter().count(), 5);
    }

    #[test]
    fn no_text_is_too_odd() {
        for text in [
            "",
            "\n\n",
            ":",
            "::::",
            "\0",
            "é.ko:é",
            ".ko",
            "/",
            "a:\r\nb: \r\n",
            ":\n:\n",
        ] {
            let modules = Modules::parse(text.into());
            for module in modules.iter() {
                module.needs().for_each(drop);
                assert!(modules.find(module.name).is_some(), "text {text:?}");
            }
        }
    }
}
