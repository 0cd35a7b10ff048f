//! Finds the medium, however long it takes the user to plug it in, or to pick it.

use std::time::Duration;

use perch_core::cause::Causes;
use perch_core::identity::Identity;
use perch_core::menu::disks::Purpose;
use perch_core::notice::{Notice, Question};
use perch_core::record::Seen;
use perch_core::request::{Request, Source};
use perch_core::stop::Stop;
use perch_sys::medium::Medium;
use perch_sys::{console, kmsg};

use crate::ask;
use crate::handover::Handover;
use crate::hotplug::Hotplug;
use crate::lease;
use crate::rescue::{self, Screen};
use crate::search::Search;

/// A medium, and what was seen on the way to it.
#[derive(Debug)]
pub struct Found {
    /// The medium, taken.
    pub medium: Medium,
    /// Every device that was looked at.
    pub seen: Vec<Seen>,
    /// Other devices that have the name that was asked for, see [`Search::namesakes`].
    pub namesakes: Vec<String>,
}

/// The medium. Where there is none, the user is told until there
/// is, or the machine ends as configured.
///
/// # Errors
/// The screen for a medium that was found and cannot be used.
pub fn medium(
    request: &Request,
    hotplug: &mut Hotplug,
    handover: &Handover,
) -> Result<Found, Screen> {
    if request.source.ask
        && let Some(found) = picked(request, hotplug)
    {
        return found;
    }
    let wait = Duration::from_secs(u64::from(request.wait_seconds));
    let mut search = Search::new(request, &request.source);
    loop {
        if let Some(medium) = search.run(hotplug, wait) {
            return taken(request, medium, &search);
        }
        let screen = not_found(&search, wait);
        rescue::wait_for_device(&screen, request.on_missing, hotplug, handover);
    }
}

/// The disk that the user picks, asked again if it does not hold the system. `None` if none is picked:
/// then every device is searched.
fn picked(request: &Request, hotplug: &mut Hotplug) -> Option<Result<Found, Screen>> {
    if !console::any() {
        kmsg::tell(Notice::NobodyToAsk {
            question: Question::SystemDisk,
        });
        return None;
    }
    loop {
        let dir = request.source.dir.as_deref().unwrap_or(&request.live_name);
        let Some(device) = ask::disk(Purpose::System, dir, request, hotplug) else {
            kmsg::tell(Notice::NoDiskPicked);
            return None;
        };
        let source = Source {
            identity: Some(Identity::Node(device)),
            ..request.source.clone()
        };
        let mut search = Search::new(request, &source);
        if let Some(medium) = search.run(hotplug, Duration::ZERO) {
            return Some(taken(request, medium, &search));
        }
        for seen in search.seen() {
            kmsg::tell(Notice::PickedRefused {
                device: seen.device,
                verdict: seen.verdict,
            });
        }
    }
}

fn taken(request: &Request, mut medium: Medium, search: &Search<'_>) -> Result<Found, Screen> {
    let name = medium.device.name.clone();
    let namesakes = search.namesakes(&medium.device);
    medium.in_use = lease::user(request, &medium.device, &medium.mount);
    let taken = if medium.in_use.is_some() && !request.force {
        Ok(medium.take_untouched())
    } else {
        medium.take()
    };
    match taken {
        Ok(medium) => Ok(Found {
            medium,
            seen: search.seen(),
            namesakes,
        }),
        Err(error) => Err(Screen {
            stop: Stop::MediumUnusable { device: name },
            found: vec![Causes(&error).to_string()],
        }),
    }
}

fn not_found(search: &Search<'_>, wait: Duration) -> Screen {
    let mut found = vec![format!(
        "Looked for {} for {} s.",
        search.target(),
        wait.as_secs()
    )];
    let seen = search.seen();
    if seen.is_empty() {
        found.push("The kernel shows no disk, stick or CD at all.".to_owned());
    }
    found.extend(seen.iter().map(ToString::to_string));
    Screen {
        stop: Stop::MediumNotFound,
        found,
    }
}
