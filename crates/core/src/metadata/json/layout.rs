//! The layout of `session.json`: what `{:#}` makes of a [`Value`], written without building one, since a
//! store with a thousand sessions is compared with this text at every boot.

use serde_json::Value;

/// An object being written: two blanks of indent for each level.
pub(super) struct Object<'a> {
    text: &'a mut String,
    depth: usize,
    empty: bool,
}

impl<'a> Object<'a> {
    /// Begins one at this level, 0 for the document itself.
    pub(super) fn begin(text: &'a mut String, depth: usize) -> Self {
        text.push('{');
        let empty = true;
        Self { text, depth, empty }
    }

    /// Adds a key; the value is to be written into what this returns.
    pub(super) fn key(&mut self, key: &str) -> &mut String {
        if !self.empty {
            self.text.push(',');
        }
        self.empty = false;
        new_line(self.text, self.depth + 1);
        string(self.text, key);
        self.text.push_str(": ");
        self.text
    }

    /// Adds a key with a value of any kind.
    pub(super) fn value(&mut self, key: &str, value: &Value) {
        let depth = self.depth + 1;
        let text = self.key(key);
        // A line break inside a text is escaped, so each of these begins a line.
        for (at, line) in format!("{value:#}").split('\n').enumerate() {
            if at > 0 {
                new_line(text, depth);
            }
            text.push_str(line);
        }
    }

    /// Ends it.
    pub(super) fn end(self) {
        if !self.empty {
            new_line(self.text, self.depth);
        }
        self.text.push('}');
    }
}

fn new_line(text: &mut String, depth: usize) {
    text.push('\n');
    for _ in 0..depth {
        text.push_str("  ");
    }
}

/// Writes a text in quotes.
pub(super) fn string(text: &mut String, value: &str) {
    let plain = |b: u8| (b == b' ' || b.is_ascii_graphic()) && b != b'"' && b != b'\\';
    if value.bytes().all(plain) {
        text.push('"');
        text.push_str(value);
        text.push('"');
    } else {
        text.push_str(&Value::from(value).to_string());
    }
}
