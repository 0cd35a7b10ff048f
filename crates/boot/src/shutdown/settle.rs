//! Processes that are left: they are told to end, and made to.

use std::time::Duration;

use perch_core::notice::Notice;
use perch_sys::kmsg;
use perch_sys::processes::{self, Process};
use rustix::process::Signal;

/// How long they may take when they are asked to.
const ASKED: Duration = Duration::from_secs(10);
/// How long they may take when they are not.
const KILLED: Duration = Duration::from_secs(5);
/// How often those are looked for that were started meanwhile.
const ROUNDS: u32 = 5;

/// Ends every process but storage servers, process 1 and ourselves. After an init that has done so there is
/// nobody left.
pub fn all() {
    end(others(|_| true));
    // Whoever makes processes faster than we end them gets no time.
    for _ in 0..ROUNDS {
        let left = others(|_| true);
        if left.is_empty() {
            return;
        }
        send(&left, Signal::KILL);
        processes::wait_for(left, KILLED);
    }
}

/// Ends those of the processes that may be; returns whether there were any.
pub fn these(pids: &[u32]) -> bool {
    let processes = others(|pid| pids.contains(&pid));
    let any = !processes.is_empty();
    end(processes);
    any
}

/// Waits for those of the processes that are to be left alone, `limit` at the most.
pub fn servers(pids: &[u32], limit: Duration) {
    let mut servers = processes::others();
    servers.retain(|process| process.serves_storage && pids.contains(&process.pid));
    processes::wait_for(servers, limit);
}

fn others(is_meant: impl Fn(u32) -> bool) -> Vec<Process> {
    let mut others = processes::others();
    others.retain(|process| !process.serves_storage && is_meant(process.pid));
    others
}

fn end(processes: Vec<Process>) {
    if processes.is_empty() {
        return;
    }
    send(&processes, Signal::TERM);
    // One that was stopped does not get to read it.
    send(&processes, Signal::CONT);
    let left = processes::wait_for(processes, ASKED);
    if left.is_empty() {
        return;
    }
    let which = left.iter().map(Process::to_string).collect::<Vec<_>>();
    kmsg::tell(Notice::ProcessesKilled {
        which: which.join(", "),
    });
    send(&left, Signal::KILL);
    processes::wait_for(left, KILLED);
}

fn send(processes: &[Process], signal: Signal) {
    for process in processes {
        if let Err(error) = process.send(signal) {
            log::info!("{process} gets no signal: {error}");
        }
    }
}
