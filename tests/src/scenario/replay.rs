//! Every boot is replayed on the host: the facts in its record must lead to the decision that it took.

use perch_core::decide::Failure;
use perch_core::explain::explain;
use perch_core::record;
use serde_json::Value;

/// Says how a replay of a boot record differs from the boot; nothing if it does not. A boot without a
/// record has nothing to be replayed.
pub fn judge(boot: &Value) -> Result<(), String> {
    if boot.is_null() {
        return Ok(());
    }
    let recorded =
        record::read(&boot.to_string()).map_err(|error| format!("boot.json is {error}"))?;
    let failures: Vec<Failure> = boot
        .get("failures")
        .and_then(|failures| serde_json::from_value(failures.clone()).ok())
        .ok_or("boot.json does not list its failures")?;
    let cmdline = recorded.cmdline.ok_or("boot.json has no command line")?;
    let explanation = explain(&cmdline, &recorded.facts, &failures);
    let replayed = serde_json::to_value(&explanation).map_err(|error| error.to_string())?;
    for part in ["decision", "plan"] {
        let (there, here) = (boot.get(part), replayed.get(part));
        if there != here {
            return Err(format!(
                "the boot's {part} cannot be replayed: there {}, here {}",
                there.unwrap_or(&Value::Null),
                here.unwrap_or(&Value::Null)
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_record_with_another_decision_is_noticed() {
        let base = include_str!("../../fixtures/facts/base.json");
        let facts: Value = serde_json::from_str(base).expect("fixture");
        let mut boot = json!({ "cmdline": "perch", "facts": facts, "failures": [] });
        let read = record::read(&boot.to_string()).expect("a record");
        let honest = explain("perch", &read.facts, &[]);
        boot["decision"] = serde_json::to_value(&honest.decision).expect("json");
        boot["plan"] = serde_json::to_value(&honest.plan).expect("json");
        assert_eq!(judge(&boot), Ok(()));
        boot["cmdline"] = json!("perchdir=fresh");
        assert!(judge(&boot).expect_err("must differ").contains("decision"));
        assert_eq!(judge(&Value::Null), Ok(()));
    }
}
