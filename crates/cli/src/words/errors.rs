//! The failures that people meet most often; all others are in English.

use perch_core::manage::permission::Refusal;
use perch_manage::error::Error as ManageError;

use super::Words;
use crate::error::Error;

impl Words {
    /// What failed, and what to do next; `None` where only English words are known.
    pub(crate) fn failure(&self, error: &Error) -> Option<(String, Option<String>)> {
        let key = match error {
            Error::NobodyToAsk => "nobody-to-ask",
            Error::Declined => return Some((self.say("error-declined", &[]), None)),
            Error::Manage(error) => return self.of_manage(error),
            _ => return None,
        };
        let (error, hint) = (format!("error-{key}"), format!("hint-{key}"));
        Some((self.say(&error, &[]), Some(self.say(&hint, &[]))))
    }

    fn of_manage(&self, error: &ManageError) -> Option<(String, Option<String>)> {
        let (said, hint) = match error {
            ManageError::NeedsRoot => (
                self.say("error-no-root", &[]),
                self.say("hint-no-root", &[]),
            ),
            ManageError::NotFound { id, path } => (
                self.say("error-not-found", &[("id", id), ("path", &path.display())]),
                self.say("hint-not-found", &[]),
            ),
            ManageError::NotInTrash(name) => (
                self.say("error-not-in-trash", &[("name", &name.escape_default())]),
                self.say("hint-not-in-trash", &[]),
            ),
            ManageError::ReadOnly { path } => (
                self.say("error-read-only", &[("path", &path.display())]),
                self.say("hint-read-only", &[("path", &path.display())]),
            ),
            ManageError::Refused { id, verb, refusal } => {
                let why = self.refusal(refusal);
                let arguments: [(_, &dyn std::fmt::Display); 3] =
                    [("verb", verb), ("id", id), ("why", &why)];
                (
                    self.say("error-refused", &arguments),
                    self.say(&format!("hint-{}", refusal.code()), &[]),
                )
            }
            ManageError::Interrupted => return Some((self.say("error-interrupted", &[]), None)),
            _ => return None,
        };
        Some((said, Some(hint)))
    }

    fn refusal(&self, refusal: &Refusal) -> String {
        match refusal {
            Refusal::Running => self.say("refused-running", &[]),
            Refusal::Active => self.say("refused-active", &[]),
            // Who it is, in the words of the kernel.
            Refusal::InUse(user) => user.to_string(),
        }
    }
}
