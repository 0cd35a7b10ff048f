//! Which sessions a decision can depend on: what the store has to be looked at for.

use crate::metadata::Interest;
use crate::request::{Action, Request};

/// The sessions that [`decide`](super::decide) can depend on for this request, where the word after the
/// place is a directory's name or not.
pub fn interest(request: &Request, word_is_directory: bool) -> Interest {
    match super::action_there(request, word_is_directory) {
        Action::Off | Action::Fresh | Action::New => Interest::Nothing,
        Action::Resume => Interest::Default {
            tries: request.tries,
        },
        Action::Number(id) => Interest::Number(id),
        Action::Ask => Interest::All,
    }
}
