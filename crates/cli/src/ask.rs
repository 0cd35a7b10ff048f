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
    output::print(&format!("{} ", output.say("go-on", &[])));
    let mut answer = String::new();
    // An end of input is no.
    let _ = stdin().read_line(&mut answer);
    let answer = answer.trim().to_lowercase();
    let yes = output.say("go-on-answers", &[]);
    let mut yes = yes.split(' ').chain(["y", "yes"]);
    match yes.any(|yes| yes == answer) {
        true => Ok(()),
        false => Err(Error::Declined),
    }
}
