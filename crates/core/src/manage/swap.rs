//! What is done about a session whose directory was being replaced when somebody was cut off.
//!
//! The new directory is made in a working directory, where it gets the name `ready` once it is whole. Then the two
//! change places: in one step where the file system can do that, else the old one first becomes `was`. What is
//! old is then put away.

/// What is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    /// In the working directory: something in the making, or to be deleted.
    pub unfinished: bool,
    /// In the working directory: one of the two, whole.
    pub ready: bool,
    /// In the working directory: the old one, of a file system that cannot exchange them.
    pub was: bool,
    /// In the store: a directory with the number of the session.
    pub session: bool,
    /// That is the new one.
    pub session_is_new: bool,
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing was replaced: the new one is deleted.
    GiveUp,
    /// The new one gets the number that nobody has now, and then the old one is put away.
    Place,
    /// The old one, which has the name `ready`, is put away.
    PutReadyAway,
    /// The old one, which has the name `was`, is put away.
    PutWasAway,
    /// Somebody made another session of that number meanwhile: the old one goes to the trash.
    KeepOld,
    /// Everything is in its place.
    Nothing,
}

/// What is done about it.
pub fn next(seen: Seen) -> Next {
    match seen {
        Seen {
            ready: true,
            was: true,
            session: false,
            ..
        } => Next::Place,
        Seen {
            ready: true,
            was: true,
            session: true,
            ..
        } => Next::KeepOld,
        Seen {
            ready: false,
            was: true,
            ..
        } => Next::PutWasAway,
        Seen {
            ready: true,
            session: true,
            session_is_new: true,
            ..
        } => Next::PutReadyAway,
        Seen {
            ready: true,
            session: true,
            ..
        } => Next::GiveUp,
        // Somebody took the session away by hand: this is all that is left of it.
        Seen { ready: true, .. } => Next::Place,
        Seen {
            unfinished: true, ..
        } => Next::GiveUp,
        _ => Next::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_leads_to_one_whole_session() {
        use Next::*;
        // Unfinished, ready, was, session, that is the new one.
        for (seen, want) in [
            // In the order in which an exchange comes through them.
            ([1, 0, 0, 1, 0], GiveUp),
            ([0, 1, 0, 1, 0], GiveUp),
            ([0, 1, 0, 1, 1], PutReadyAway),
            ([0, 0, 0, 1, 1], Nothing),
            // And without one, where nothing tells the new one from the old.
            ([0, 1, 0, 1, 0], GiveUp),
            ([0, 1, 1, 0, 0], Place),
            ([0, 0, 1, 1, 0], PutWasAway),
            ([0, 0, 0, 1, 0], Nothing),
            // The old one is being deleted.
            ([1, 0, 0, 1, 1], GiveUp),
            // Others were there meanwhile.
            ([0, 1, 1, 1, 0], KeepOld),
            ([0, 1, 0, 0, 0], Place),
            ([0, 0, 1, 0, 0], PutWasAway),
        ] {
            let [unfinished, ready, was, session, session_is_new] = seen.map(|it| it == 1);
            let found = Seen {
                unfinished,
                ready,
                was,
                session,
                session_is_new,
            };
            assert_eq!(next(found), want, "{seen:?}");
        }
    }
}
