//! What one boot left for the expectations to judge.

use serde_json::Value;

/// The evidence of one boot, or of one script in it.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Everything the console showed.
    pub console: String,
    /// The output of the script being judged.
    pub output: String,
    /// The boot record, `/run/perch/boot.json`; `null` if there was none.
    pub record: Value,
}

impl Evidence {
    /// The texts of the record's reasons, in order.
    pub fn reasons(&self) -> Vec<&str> {
        self.list("reasons")
            .iter()
            .filter_map(|reason| reason.get("text")?.as_str())
            .collect()
    }

    /// The lines of the record's log, in order.
    pub fn log(&self) -> Vec<&str> {
        self.list("log").iter().filter_map(Value::as_str).collect()
    }

    fn list(&self, name: &str) -> &[Value] {
        self.record
            .get(name)
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }
}
