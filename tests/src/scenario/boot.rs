//! One boot of a scenario: how it starts, what is asked of the running system, how it ends.

use serde_json::Value;

use super::Expect;
use crate::base::{EDITION, VERSION};

/// One boot.
#[derive(Clone, Debug)]
pub struct Boot {
    /// What stands on the kernel command line beside the console and speed settings.
    pub cmdline: String,
    /// Version and edition the system calls itself.
    pub system: (String, String),
    /// Options by which an initramfs is made for this boot alone; none for the one that all share.
    pub image_options: Vec<String>,
    /// Programs in the initramfs beside perch: path and content.
    pub programs: Vec<(String, Program)>,
    /// Main memory in MiB.
    pub memory_mib: u32,
    /// The consoles of the kernel; with `tty0` the machine has a screen.
    pub consoles: Vec<String>,
    /// Whether every drive is write-protected during this boot.
    pub write_protected: bool,
    /// Boots of further machines with the same drives, one after the other, once the real init of this one
    /// is up and before anything is asked of it.
    pub meanwhile: Vec<Boot>,
    /// What is done, in order.
    pub actions: Vec<Action>,
    /// What must be true of the boot as a whole.
    pub expects: Vec<Expect>,
    /// How it ends.
    pub end: End,
    /// The verb of a clean end, and how it is brought about (`base/shutdown.sh`).
    pub ended_by: String,
}

/// A program in the initramfs.
#[derive(Clone, Debug)]
pub enum Program {
    /// A script, or anything else that is text.
    Text(String),
    /// The static busybox that the test system is made of.
    Busybox,
}

/// One thing done during a boot.
#[derive(Clone, Debug)]
pub enum Action {
    /// Runs a script once the real init is up; its status must be 0 and its output as expected, if anything is.
    Sh {
        /// The script.
        script: String,
        /// What must be true of its output.
        expect: Option<Expect>,
    },
    /// Waits for a text on the console, before or instead of the real init.
    Await(String),
    /// Types on the console.
    Type(String),
    /// Waits until a terminal on the console shows these texts, one after the other from its top.
    Shown(Vec<String>),
    /// Waits until the machine's own screen does.
    ScreenShown(Vec<String>),
    /// Presses keys of the machine's own keyboard, by QEMU's names.
    Press(Vec<String>),
    /// Lets so many milliseconds pass, where the time itself is what matters.
    Pass(u64),
}

/// How a boot ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By a clean power-off; afterwards every writable file system must be clean.
    PowerOff,
    /// By a power cut, as soon as everything is done.
    Cut,
    /// By a power cut before any real init: the boot is expected to stop.
    Stop,
}

impl Boot {
    /// A boot of the default system with `cmdline`, ended by a clean power-off.
    pub fn with(cmdline: &str) -> Self {
        Self {
            cmdline: cmdline.to_owned(),
            system: (VERSION.to_owned(), EDITION.to_owned()),
            image_options: Vec::new(),
            programs: Vec::new(),
            memory_mib: 512,
            consoles: vec!["ttyS0".to_owned()],
            write_protected: false,
            meanwhile: Vec::new(),
            actions: Vec::new(),
            expects: Vec::new(),
            end: End::PowerOff,
            ended_by: "poweroff".to_owned(),
        }
    }

    /// Ends the system by another verb, or in another way: words as for `base/shutdown.sh`.
    #[must_use]
    pub fn ended_by(mut self, words: &str) -> Self {
        self.ended_by = words.to_owned();
        self
    }

    /// Boots a system of another version and edition.
    #[must_use]
    pub fn system(mut self, version: &str, edition: &str) -> Self {
        self.system = (version.to_owned(), edition.to_owned());
        self
    }

    /// Boots an initramfs of its own, made by `perch mkinitramfs` with these options, for a system that has
    /// microcode of Intel's.
    #[must_use]
    pub fn image_made_with(mut self, options: &[&str]) -> Self {
        self.image_options = owned(options);
        self
    }

    /// Adds an executable text to the initramfs; `path` has no slash at its beginning.
    #[must_use]
    pub fn program(mut self, path: &str, text: &str) -> Self {
        let program = Program::Text(text.to_owned());
        self.programs.push((path.to_owned(), program));
        self
    }

    /// Adds a shell to the initramfs, as `/bin/sh`.
    #[must_use]
    pub fn image_shell(mut self) -> Self {
        self.programs.push(("bin/sh".to_owned(), Program::Busybox));
        self
    }

    /// Gives the machine another amount of memory.
    #[must_use]
    pub fn memory_mib(mut self, memory_mib: u32) -> Self {
        self.memory_mib = memory_mib;
        self
    }

    /// Write-protects every drive for this boot.
    #[must_use]
    pub fn write_protected(mut self) -> Self {
        self.write_protected = true;
        self
    }

    /// Starts another machine with the same drives while this one runs. It has to be cut off: only the last
    /// power-off leaves clean file systems.
    #[must_use]
    pub fn meanwhile(mut self, other: Self) -> Self {
        self.meanwhile.push(other);
        self
    }

    /// Runs a script in the running system; it must succeed.
    #[must_use]
    pub fn sh(mut self, script: &str) -> Self {
        self.actions.push(Action::Sh {
            script: script.to_owned(),
            expect: None,
        });
        self
    }

    /// Runs a script; it must succeed and say exactly `output`, blank space at the end aside.
    #[must_use]
    pub fn expect_sh(mut self, script: &str, output: &str) -> Self {
        let expect = Some(Expect::Equals(output.to_owned()));
        self.actions.push(Action::Sh {
            script: script.to_owned(),
            expect,
        });
        self
    }

    /// Waits for `text` on the console, then types `keys`.
    #[must_use]
    pub fn answer(mut self, text: &str, keys: &str) -> Self {
        self.actions.push(Action::Await(text.to_owned()));
        self.actions.push(Action::Type(keys.to_owned()));
        self
    }

    /// Gives the kernel other consoles than the serial line; the last one is `/dev/console`.
    #[must_use]
    pub fn consoles(mut self, names: &[&str]) -> Self {
        self.consoles = owned(names);
        self
    }

    /// Waits until a terminal on the serial line shows `texts`, one after the other from its top.
    #[must_use]
    pub fn when_shown(mut self, texts: &[&str]) -> Self {
        self.actions.push(Action::Shown(owned(texts)));
        self
    }

    /// Types on the serial line.
    #[must_use]
    pub fn type_keys(mut self, keys: &str) -> Self {
        self.actions.push(Action::Type(keys.to_owned()));
        self
    }

    /// Types on the serial line, each piece so many milliseconds after the one before.
    #[must_use]
    pub fn type_slowly(mut self, pieces: &[&str], milliseconds: u64) -> Self {
        for piece in pieces {
            self = self.type_keys(piece);
            self.actions.push(Action::Pass(milliseconds));
        }
        self
    }

    /// Waits until the machine's own screen shows `texts`, one after the other from its top.
    #[must_use]
    pub fn when_on_screen(mut self, texts: &[&str]) -> Self {
        self.actions.push(Action::ScreenShown(owned(texts)));
        self
    }

    /// Presses keys of the machine's own keyboard: `down`, `ret`, `esc`, `2`.
    #[must_use]
    pub fn press(mut self, keys: &[&str]) -> Self {
        self.actions.push(Action::Press(owned(keys)));
        self
    }

    /// Requires a value in the boot record, by JSON pointer (RFC 6901).
    #[must_use]
    pub fn boot_json(self, pointer: &str, value: impl Into<Value>) -> Self {
        self.expect(Expect::Record {
            pointer: pointer.to_owned(),
            value: value.into(),
        })
    }

    /// Requires the outcome: resumed or created session `id`, in `mode`.
    #[must_use]
    pub fn in_session(self, id: &str, mode: &str) -> Self {
        self.boot_json("/outcome/status", "session")
            .boot_json("/outcome/session", id)
            .boot_json("/outcome/mode", mode)
    }

    /// Requires that the system runs in RAM because the session asked for could not be had.
    #[must_use]
    pub fn in_ram_instead(self) -> Self {
        self.boot_json("/outcome/status", "ram-fallback")
    }

    /// Requires a reason in the boot record whose text holds every one of `words`.
    #[must_use]
    pub fn because(self, words: &[&str]) -> Self {
        self.expect(Expect::Reason(owned(words)))
    }

    /// Requires the same, and that the user saw it: one line of the console holds every one of `words`.
    #[must_use]
    pub fn warned(self, words: &[&str]) -> Self {
        self.because(words)
            .expect(Expect::ConsoleLine(owned(words)))
    }

    /// Requires a line of perch's log that holds every one of `words`.
    #[must_use]
    pub fn noted(self, words: &[&str]) -> Self {
        self.expect(Expect::Noted(owned(words)))
    }

    /// Requires that no reason in the boot record holds `word`.
    #[must_use]
    pub fn not_because(self, word: &str) -> Self {
        self.expect(Expect::NoReason(word.to_owned()))
    }

    /// Requires a text on the console.
    #[must_use]
    pub fn console(self, text: &str) -> Self {
        self.expect(Expect::Console(text.to_owned()))
    }

    /// Requires that a text never appears on the console.
    #[must_use]
    pub fn console_never(self, text: &str) -> Self {
        self.expect(Expect::NotConsole(text.to_owned()))
    }

    /// Ends the boot by a power cut after everything is done.
    #[must_use]
    pub fn cut(mut self) -> Self {
        self.end = End::Cut;
        self
    }

    /// Requires the boot to stop before any real init, with every one of `texts` on the console.
    #[must_use]
    pub fn stops_with(mut self, texts: &[&str]) -> Self {
        self.actions
            .extend(texts.iter().map(|text| Action::Await((*text).to_owned())));
        self.end = End::Stop;
        self
    }

    /// Adds a requirement.
    #[must_use]
    pub fn expect(mut self, expect: Expect) -> Self {
        self.expects.push(expect);
        self
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}
