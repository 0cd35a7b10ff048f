//! The questions of a boot, put to whoever sits at one of the consoles.
//!
//! What is asked and what an answer means is in `perch_core::menu`; how a terminal works is in
//! `perch_sys::console`. Here both come together, with what becomes known meanwhile: the sizes of
//! sessions, disks that are plugged in, and the keyboard, which may hang on a slow bus itself.

mod disks;
mod usage;

use std::os::fd::{AsFd, OwnedFd};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use perch_core::facts::{Answer, Facts};
use perch_core::menu::catalogue::Catalogue;
use perch_core::menu::dialogue::Dialogue;
use perch_core::menu::sessions::SessionMenu;
use perch_core::notice::{Notice, Question};
use perch_core::request::Request;
use perch_sys::console::{self, Ending, Terminals};
use perch_sys::kmsg;

pub use self::disks::disk;
use self::usage::Usage;
use crate::hotplug::Hotplug;

/// Asks which session to open; nobody answering, for whatever reason, is [`Answer::TimedOut`].
/// `store` is the directory with the sessions; without it their sizes are not shown.
pub fn session(
    request: &Request,
    facts: &Facts,
    store: Option<&OwnedFd>,
    hotplug: &mut Hotplug,
) -> Answer {
    let mut menu = SessionMenu::new(request, facts, Catalogue::of(request.language), now());
    let usage = store
        .and_then(|store| store.try_clone().ok())
        .and_then(|store| Usage::start(store, &facts.store.sessions));
    let wake = usage.as_ref().map(Usage::wake);
    let ending = talk(&mut menu, hotplug, wake, |menu, _| {
        for (id, used) in usage.iter().flat_map(Usage::news) {
            menu.set_used(id, used);
        }
    });
    match ending {
        Ending::Answered { answer, on } => {
            tell(&on, &words(answer));
            answer
        }
        Ending::ByItself(answer) => answer,
        Ending::NobodyLeft => {
            kmsg::tell(Notice::NobodyToAsk {
                question: Question::Session,
            });
            Answer::TimedOut
        }
    }
}

/// Puts a dialogue on every console, while drivers for keyboards and whatever else appears go on being
/// loaded. `news` is told whether block devices came or went, and is called whenever `wake` can be read.
fn talk<D: Dialogue>(
    dialogue: &mut D,
    hotplug: &mut Hotplug,
    wake: Option<std::os::fd::BorrowedFd<'_>>,
    mut news: impl FnMut(&mut D, bool),
) -> Ending<D::Answer> {
    // Until the screens are empty again.
    let _held = kmsg::hold();
    // A keyboard may be behind a USB hub, and a fast medium has spared that so far.
    hotplug.load_slow_drivers();
    let devices = hotplug.wake();
    let wake: Vec<_> = devices.iter().map(AsFd::as_fd).chain(wake).collect();
    console::converse(Terminals::open(), dialogue, &wake, |dialogue| {
        let blocks = hotplug.wait(Instant::now()).is_some();
        news(dialogue, blocks);
    })
}

/// Says on every console what was answered on one of them.
fn tell(on: &str, answer: &str) {
    kmsg::announce(&[format!("chosen on {on}: {answer}")]);
}

fn words(answer: Answer) -> String {
    match answer {
        Answer::Open(id) => format!("session {id}"),
        Answer::New => "a new session".to_owned(),
        Answer::Fresh => "a fresh start, changes stay in RAM".to_owned(),
        Answer::TimedOut => "nothing".to_owned(),
    }
}

/// Seconds since 1970; 0 if the clock stands before that.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(0))
}
