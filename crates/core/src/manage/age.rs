//! Which sessions are old enough to be cleaned up.

use super::permission::{Refusal, Standing, Verb, refuse};
use crate::units::SessionId;

/// How many seconds a day has.
const DAY: u64 = 24 * 60 * 60;

/// A session and when it was used last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    /// Its number.
    pub id: SessionId,
    /// Seconds since it was used last; 0 also where that lies in the future, because a clock was wrong.
    pub age: u64,
    /// What it is to the system.
    pub standing: Standing,
}

/// What comes of the sessions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sorted {
    /// Those to be deleted.
    pub old: Vec<SessionId>,
    /// Those as old that stay, and why.
    pub kept: Vec<(SessionId, Refusal)>,
}

/// Sorts out the sessions that were not used for `days` days.
pub fn sort(sessions: &[Used], days: u32) -> Sorted {
    let mut sorted = Sorted::default();
    for used in sessions.iter().filter(|used| is_old(used.age, days)) {
        match refuse(Verb::Cleanup, &used.standing) {
            Some(refusal) => sorted.kept.push((used.id, refusal)),
            None => sorted.old.push(used.id),
        }
    }
    sorted
}

/// Whether so many seconds are `days` days.
pub fn is_old(age: u64, days: u32) -> bool {
    age >= u64::from(days) * DAY
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::id;
    use crate::in_use::InUse;

    #[test]
    fn old_ones_go_and_protected_ones_stay() {
        let used = |number, days: u64| Used {
            id: id(number),
            age: days * DAY,
            standing: Standing::default(),
        };
        let mut all: Vec<Used> = [
            (1, 400),
            (2, 31),
            (3, 30),
            (4, 29),
            (5, 90),
            (6, 90),
            (7, 90),
        ]
        .map(|(number, days)| used(number, days))
        .into();
        all[4].standing.is_default = true;
        all[5].standing.is_running = true;
        all[6].standing.in_use = Some(InUse::Lock {
            pid: None,
            program: None,
        });
        let sorted = sort(&all, 30);
        assert_eq!(sorted.old, [id(1), id(2), id(3)]);
        let kept = sorted.kept.iter().map(|(id, why)| (id.get(), why.code()));
        let kept: Vec<(u32, &str)> = kept.collect();
        assert_eq!(kept, [(5, "active"), (6, "running"), (7, "in-use")]);
        assert_eq!(sort(&all, 0).old.len(), 4);
        assert_eq!(sort(&all, u32::MAX), Sorted::default());
    }
}
