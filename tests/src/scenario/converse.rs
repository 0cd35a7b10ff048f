//! One boot's conversation: what the scenario does, waits for and asks, from power-on to the end.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::{Action, Boot, End, Evidence};
use crate::base::REAL_INIT;
use crate::vm::{Agent, Qemu};

/// What a boot shows that has stopped before any real init; waiting on would only reach the deadline.
const STOPPED: &[&str] = &[
    "The machine restarts in ",
    "The machine is switched off in ",
    "perch ends here; ",
    "Kernel panic",
];

/// Does what the boot says; the console of the evidence is filled in by the caller, after the end.
pub(super) fn converse(
    boot: &Boot,
    qemu: &mut Qemu,
    deadline: Instant,
) -> Result<(Vec<String>, Evidence)> {
    let mut complaints = Vec::new();
    let mut evidence = Evidence::default();
    let mut seen = 0;
    let mut agent = None;
    for action in &boot.actions {
        match action {
            // A boot that should have stopped, or asked, and did not is known at once: the real init runs.
            Action::Await(text) if agent.is_none() => {
                let (which, end) = qemu
                    .console
                    .wait_for_any(&[text, REAL_INIT], seen, deadline)?;
                if which == 1 {
                    bail!("the real init was started before {text:?} appeared on the console");
                }
                seen = end;
            }
            Action::Await(text) => seen = qemu.console.wait_for(text, seen, deadline)?,
            Action::Type(keys) => qemu.console.send(keys.as_bytes())?,
            Action::Shown(texts) => {
                seen = qemu.console.wait_shown(texts, seen, REAL_INIT, deadline)?;
            }
            Action::ScreenShown(texts) => qemu.vt.wait_shown(texts, deadline)?,
            Action::Press(keys) => {
                let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
                qemu.vt.press(&keys)?;
            }
            Action::Pass(milliseconds) => {
                std::thread::sleep(Duration::from_millis(*milliseconds));
            }
            Action::Sh { script, expect } => {
                let answer = up(&mut agent, boot, qemu, deadline)?.sh(script, deadline)?;
                evidence.output = answer.text();
                if answer.status != 0 {
                    complaints.push(format!(
                        "{script:?} ended with {}: {}",
                        answer.status, evidence.output
                    ));
                } else if let Some(Err(complaint)) =
                    expect.as_ref().map(|expect| expect.judge(&evidence))
                {
                    complaints.push(format!("{script:?}: {complaint}"));
                }
            }
        }
    }
    if boot.end == End::Stop {
        return Ok((complaints, evidence));
    }
    let agent = up(&mut agent, boot, qemu, deadline)?;
    let record = agent.sh("cat /run/perch/boot.json", deadline)?;
    evidence.record = serde_json::from_slice(&record.output).unwrap_or_default();
    if boot.end == End::PowerOff {
        agent.send(&format!("end {}", boot.ended_by))?;
        if boot.ended_by.starts_with("halt") {
            // It stays on until somebody pulls the plug.
            qemu.console.wait_for("System halted", seen, deadline)?;
            qemu.cut_power()?;
        } else {
            qemu.wait_exit(deadline)?;
        }
    } else {
        qemu.cut_power()?;
    }
    Ok((complaints, evidence))
}

fn up<'a, 'q>(
    agent: &'a mut Option<Agent<'q>>,
    boot: &Boot,
    qemu: &'q Qemu,
    deadline: Instant,
) -> Result<&'a mut Agent<'q>> {
    if let Some(agent) = agent {
        return Ok(agent);
    }
    if boot.consoles.iter().any(|name| name == "ttyS0") {
        let ends = [&[REAL_INIT], STOPPED].concat();
        let (which, _) = qemu.console.wait_for_any(&ends, 0, deadline)?;
        if which > 0 {
            bail!(
                "the boot stopped: {:?} appeared on the console",
                ends[which]
            );
        }
    }
    Ok(agent.insert(Agent::wait(&qemu.commands, deadline)?.0))
}
