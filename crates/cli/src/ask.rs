//! Asking the person at the terminal before something that cannot be taken back.

use std::io::{IsTerminal, stdin};

use crate::error::Error;
use crate::output::{self, Output};

/// Whether somebody is there to be asked.
pub(crate) fn is_possible(output: &Output) -> bool {
    !output.is_json() && stdin().is_terminal()
}

/// Asks whether to go on.
pub(crate) fn whether_to_go_on(output: &Output) -> Result<(), Error> {
    if !is_possible(output) {
        return Err(Error::NobodyToAsk);
    }
    output::print("Go on? [y/N] ");
    let mut answer = String::new();
    // An end of input is no.
    let _ = stdin().read_line(&mut answer);
    match answer.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(Error::Declined),
    }
}
