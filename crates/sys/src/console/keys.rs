//! Bytes from a terminal to keys. Pure: when bytes came is an argument.
//!
//! A read may bring half a key or three of them, so bytes are taken one by one and what is
//! incomplete is kept. Escape alone and the start of an arrow are the same byte; only time tells
//! them apart. Sequences that stand for no key of ours are swallowed whole, never taken for text.

use std::time::Duration;

use perch_core::menu::dialogue::Key;

/// How long a terminal may take from the first byte of a sequence to the next. Under emulation 50 ms
/// were too short, and a line of 300 baud needs 33 ms for each byte.
pub const QUIET: Duration = Duration::from_millis(200);
/// The longest sequence looked at; a longer one is noise, and is swallowed as far as its end.
const LONGEST: usize = 16;

/// What a terminal sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// A key was pressed.
    Key(Key),
    /// Where the cursor is, counted from 1: the answer to a question (ECMA-48, CPR).
    Cursor {
        /// The row.
        row: u16,
        /// The column.
        column: u16,
    },
}

/// What was begun and is not complete.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
enum State {
    #[default]
    Ground,
    /// ESC.
    Escape,
    /// `ESC [` and parameters (ECMA-48, CSI).
    Sequence(Vec<u8>),
    /// `ESC O`, as keys are sent in application mode (SS3).
    Application,
    /// `ESC [ [`: function keys of the Linux console, console_codes(4).
    Function,
    /// A character of several bytes.
    Character(Vec<u8>),
}

/// The keys of one terminal.
#[derive(Debug, Default)]
pub struct Keys {
    state: State,
    /// When the last byte came, while something is incomplete.
    since: Duration,
    /// The last byte was CR: LF belongs to it.
    carriage_return: bool,
}

impl Keys {
    /// Takes bytes that were read at `now`; time may start anywhere.
    pub fn push(&mut self, bytes: &[u8], now: Duration) -> Vec<Token> {
        let mut tokens = Vec::new();
        for byte in bytes {
            self.take(*byte, &mut tokens);
        }
        self.since = now;
        tokens
    }

    /// When [`quiet`](Self::quiet) has something to say if no byte comes before; `None` if nothing is
    /// incomplete.
    pub fn deadline(&self) -> Option<Duration> {
        (self.state != State::Ground).then(|| self.since + QUIET)
    }

    /// Nothing more has come until `now`: an Escape that waited for more was the key. Call it only
    /// after looking for bytes, which may have lain there for long on a busy machine.
    pub fn quiet(&mut self, now: Duration) -> Option<Token> {
        if now < self.deadline()? {
            return None;
        }
        match std::mem::take(&mut self.state) {
            State::Escape => Some(Token::Key(Key::Escape)),
            _ => None,
        }
    }

    fn take(&mut self, byte: u8, tokens: &mut Vec<Token>) {
        let after_return = std::mem::replace(&mut self.carriage_return, false);
        match std::mem::take(&mut self.state) {
            State::Ground => self.start(byte, after_return, tokens),
            State::Escape => match byte {
                b'[' => self.state = State::Sequence(Vec::new()),
                b'O' => self.state = State::Application,
                // Typed fast, or with Alt held.
                _ => {
                    tokens.push(Token::Key(Key::Escape));
                    self.start(byte, false, tokens);
                }
            },
            State::Sequence(mut parameters) => match byte {
                b'[' if parameters.is_empty() => self.state = State::Function,
                // Parameters and intermediates.
                0x20..=0x3f => {
                    if parameters.len() <= LONGEST {
                        parameters.push(byte);
                    }
                    self.state = State::Sequence(parameters);
                }
                0x40..=0x7e => tokens.extend(sequence(&parameters, byte)),
                // Cut short by something else.
                _ => self.start(byte, false, tokens),
            },
            State::Application => match byte {
                0x20..=0x7e => tokens.extend(cursor_key(byte).map(Token::Key)),
                _ => self.start(byte, false, tokens),
            },
            State::Function => {
                if !(0x20..=0x7e).contains(&byte) {
                    self.start(byte, false, tokens);
                }
            }
            State::Character(mut bytes) => match byte {
                0x80..=0xbf => {
                    bytes.push(byte);
                    self.character(bytes, tokens);
                }
                _ => self.start(byte, false, tokens),
            },
        }
    }

    /// A byte that begins something.
    fn start(&mut self, byte: u8, after_return: bool, tokens: &mut Vec<Token>) {
        let key = match byte {
            0x1b => {
                self.state = State::Escape;
                return;
            }
            b'\r' => {
                self.carriage_return = true;
                Key::Enter
            }
            b'\n' if after_return => return,
            b'\n' => Key::Enter,
            0x08 | 0x7f => Key::Backspace,
            0x20..=0x7e => Key::Char(char::from(byte)),
            0xc2..=0xf4 => {
                self.state = State::Character(vec![byte]);
                return;
            }
            _ => return,
        };
        tokens.push(Token::Key(key));
    }

    /// The bytes of a character so far: it is complete, or can become so, or is none.
    fn character(&mut self, bytes: Vec<u8>, tokens: &mut Vec<Token>) {
        match std::str::from_utf8(&bytes) {
            Ok(text) => tokens.extend(
                text.chars()
                    .filter(|c| !c.is_control())
                    .map(|c| Token::Key(Key::Char(c))),
            ),
            Err(error) if error.error_len().is_none() => self.state = State::Character(bytes),
            Err(_) => {}
        }
    }
}

/// The keys whose last byte is the same after `ESC [` and after `ESC O`.
fn cursor_key(last: u8) -> Option<Key> {
    Some(match last {
        b'A' => Key::Up,
        b'B' => Key::Down,
        b'H' => Key::Home,
        b'F' => Key::End,
        // Enter of the keypad in application mode.
        b'M' => Key::Enter,
        _ => return None,
    })
}

/// What a whole sequence stands for: `parameters` without what begins it, `last` its end. Parameters
/// after the first tell of Shift and the like, which do not matter.
fn sequence(parameters: &[u8], last: u8) -> Option<Token> {
    if parameters.len() > LONGEST {
        return None;
    }
    let text = std::str::from_utf8(parameters).ok()?;
    let (first, rest) = text.split_once(';').unwrap_or((text, ""));
    let key = match (last, first) {
        (b'R', row) => {
            return Some(Token::Cursor {
                row: row.parse().ok()?,
                column: rest.parse().ok()?,
            });
        }
        (b'~', "1" | "7") => Key::Home,
        (b'~', "4" | "8") => Key::End,
        (b'~', "5") => Key::PageUp,
        (b'~', "6") => Key::PageDown,
        (b'A' | b'B' | b'H' | b'F', "" | "1") => cursor_key(last)?,
        _ => return None,
    };
    Some(Token::Key(key))
}

#[cfg(test)]
mod tests;
