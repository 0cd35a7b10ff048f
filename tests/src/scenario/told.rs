//! What `perch why` says of every boot: nothing that the boot gave as a reason may be missing.

use perch_core::cause::Causes;
use perch_core::quoted::Escaped;
use perch_core::why::{self, Detail};
use serde_json::Value;

/// Says what of a boot record cannot be told. A boot without a record has nothing to tell.
pub fn judge(boot: &Value) -> Result<(), String> {
    if boot.is_null() {
        return Ok(());
    }
    let told = why::read(&boot.to_string())
        .map_err(|error| format!("perch why cannot tell boot.json: {}", Causes(&error)))?;
    let text = why::in_words(&told, Detail::Short);
    let warnings = told.notices.iter().filter(|notice| notice.warning);
    for said in told.reasons.iter().chain(warnings) {
        if !text.contains(&Escaped(&said.text).to_string()) {
            return Err(format!("perch why leaves out: {}", said.text));
        }
    }
    Ok(())
}
