//! Why something was not done with a session: in words, with a code for programs and a next step for people.

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {}
