//! The boot: request, medium, bundles, facts, decision, plan, handover.

use std::os::fd::AsFd;
use std::path::Path;

use perch_core::cause::Causes;
use perch_core::decide::Decision;
use perch_core::facts::Facts;
use perch_core::hook::HookStage;
use perch_core::ladder::climb;
use perch_core::menu::disks::Purpose;
use perch_core::record::{Record, SCHEMA, Status, Summary};
use perch_core::request::Request;
use perch_core::stop::Stop;
use perch_sys::apply::Machine;
use perch_sys::console;
use perch_sys::kmsg::{self, Kmsg};
use perch_sys::layout::Layout;
use perch_sys::medium::Medium;
use perch_sys::mount::{self, MountError};
use perch_sys::switch_root;

use crate::ask;
use crate::early::{self, Early};
use crate::facts;
use crate::find::{self, Found};
use crate::growth;
use crate::handover::{self, Handover, Proven};
use crate::hooks::{self, Hooks};
use crate::host;
use crate::hotplug::Hotplug;
use crate::layers::{self, Stacked};
use crate::lease;
use crate::place::{self, AskDisk, Located};
use crate::report;
use crate::rescue::{self, Screen};
use crate::shutdown;
use crate::stage::Clock;
use crate::toram::{self, InRam};
use crate::touches;

/// Boots. Every way out ends this program: it becomes the real init or leaves it to its host, or the machine ends.
pub fn boot(handover: &Handover) -> ! {
    rescue::install_panic_hook(handover);
    let mut clock = Clock::start();
    let Early {
        log,
        command_line,
        settings,
        request,
        oddities,
    } = early::start();
    clock.end("start");

    let ending = Ending {
        request: &request,
        handover,
    };
    let layout = handover.layout();
    if handover.is_to_host() {
        host::prepare(&layout);
    }
    let release = release();
    let mut hotplug = Hotplug::open(&command_line);
    hotplug.load_fast_drivers();
    clock.end("drivers");

    let Found {
        medium,
        seen,
        namesakes,
    } = find::medium(&request, &mut hotplug, handover).unwrap_or_else(|screen| ending.stop(screen));
    clock.end("medium");
    rescue::debug_shell(&request, "the sessions are looked for");
    let growth = growth::grow(&request, &medium, &hotplug);
    let mut ask_disk =
        |hotplug: &mut Hotplug, dir: &str| ask::disk(Purpose::Sessions, dir, &request, hotplug);
    let ask_disk: Option<AskDisk<'_>> = if console::any() {
        Some(&mut ask_disk)
    } else {
        None
    };
    let located = place::find(&request, &medium, &mut hotplug, ask_disk);
    clock.end("place");

    let (in_ram, ram_copy) = match request.toram {
        None => (None, None),
        Some(how) => {
            let (in_ram, record) = toram::copy(&request, how, &medium);
            clock.end("toram");
            (in_ram, Some(record))
        }
    };
    let keeps_medium = request.wants_persistence() && located.is_on_medium();
    if let Err(error) = show(&medium, in_ram.as_ref(), keeps_medium, &layout) {
        ending.give_up(Stop::MediumNotMounted, vec![Causes(&error).to_string()]);
    }
    let located = attached(located, &layout);

    let data = in_ram.as_ref().map_or(&medium.dir, |copy| &copy.dir);
    let Stacked {
        layers,
        bundles,
        left_out,
    } = layers::mount(&medium, data.as_fd(), located.volume(), &layout, &request)
        .unwrap_or_else(|fatal| ending.give_up(fatal.stop(), fatal.lines()));
    clock.end("bundles");

    let in_image = in_ram.is_none() && medium.image.is_some();
    let data_dir = layout.data_dir(in_image, &medium.path);
    let mut hooks = Hooks::new(&layout, &medium.device.name, data, &data_dir);
    if hooks.run(HookStage::AfterData, None) {
        clock.end("hooks");
    }

    let (store, store_place) = facts::look_at_store(&request, located, &medium, &data_dir)
        .unwrap_or_else(|error| ending.give_up(Stop::MediumGone, vec![Causes(&error).to_string()]));
    let mut facts = facts::gather(&medium, in_ram.is_some(), bundles, store);
    facts.medium.namesakes = namesakes;
    facts.growth = growth;
    facts.modes = facts::modes(hotplug.can_fuse());
    facts.unions = facts::unions(hotplug.has_aufs(), layers.len());
    for note in &facts.store.notes {
        log::warn!("{note} [{}]", note.code);
    }
    clock.end("store");
    rescue::debug_shell(&request, "the session is opened");

    let names: Vec<String> = layers.iter().map(|layer| layer.name.clone()).collect();
    let store = store_place.open().ok();
    let mut machine = Machine::new(layout.clone(), medium.mount, store_place, layers);
    machine.init.clone_from(&request.init);
    let mut ask = |request: &Request, facts: &Facts, _: &Decision| {
        ask::session(request, facts, store.as_ref(), &mut hotplug)
    };
    let outcome = match climb(&request, &mut facts, &names, &mut machine, &mut ask) {
        Ok(outcome) => outcome,
        Err(error) => ending.give_up(Stop::NotPutTogether, vec![error.to_string()]),
    };
    lease::hold(
        &request,
        &facts,
        &machine,
        outcome.decision.choice.session(),
    );
    clock.end("session");
    let summary = Summary::of(&request, &facts, &outcome);
    report::say(&summary, &outcome);

    let union = layout.union();
    if summary.status == Status::RamFallback {
        hooks.run(HookStage::Failure, Some(&summary));
    }
    hooks.run(HookStage::AfterSession, Some(&summary));
    let touches = touches::apply(union, data, &facts.medium, &summary);
    clock.end("touches");
    shutdown::leave();
    clock.end("shutdown");

    let exists = |path: &Path| switch_root::is_program(union, path);
    // Where a host starts it, this only tells whether there is any system.
    let Some(init) = handover::find_init(request.init.as_deref(), exists) else {
        ending.give_up(
            Stop::NoSystem,
            vec![format!("none of {} bundles holds /sbin/init", names.len())],
        );
    };
    if request.timing {
        kmsg::announce(&clock.table());
    }
    let log_lines = log.map(report::lines).unwrap_or_default();
    let notices = log.map(Kmsg::notices).unwrap_or_default();
    let (modules, ran) = (hotplug.modules(), hooks.runs().to_vec());
    let mut record = Record {
        schema: SCHEMA,
        perch: env!("CARGO_PKG_VERSION"),
        kernel: &release,
        cmdline: &command_line,
        settings: &settings,
        request: &request,
        oddities: &oddities,
        devices: &seen,
        facts: &facts,
        outcome: summary,
        reasons: outcome.decision.reasons.clone(),
        notices: &notices,
        decision: &outcome.decision,
        plan: &outcome.plan,
        failures: &outcome.failures,
        warnings: &outcome.warnings,
        toram: ram_copy,
        left_out: &left_out,
        stages: clock.stages(),
        modules: &modules,
        touches: &touches,
        hooks: &ran,
        log: &log_lines,
    };
    report::leave(&record);
    if hooks.run(HookStage::BeforeSwitch, Some(&record.outcome)) {
        let log_lines = log.map(report::lines).unwrap_or_default();
        let notices = log.map(Kmsg::notices).unwrap_or_default();
        record.hooks = hooks.runs();
        record.notices = &notices;
        record.log = &log_lines;
        report::leave(&record);
    }
    rescue::debug_shell(&request, "the system starts");
    log::info!("starting {}", init.display());
    if let Some(log) = log {
        // What follows does not log much; the real init sets its own.
        let _ = log.restore_rate_limit();
    }
    let proven = Proven::by(&outcome);
    let error = match handover {
        Handover::Host { .. } => handover::leave_to_host(proven, union),
        Handover::Init { arguments } => {
            let arguments = handover::init_arguments(arguments);
            let Err(error) = handover::start(proven, union, &init, &arguments);
            error
        }
    };
    ending.give_up(Stop::NotStarted, vec![Causes(&error).to_string()])
}

/// Attaches the medium, or the copy in RAM, where tools look for it.
fn show(
    medium: &Medium,
    in_ram: Option<&InRam>,
    keeps_medium: bool,
    layout: &Layout,
) -> Result<(), MountError> {
    if let Some(copy) = in_ram {
        mount::put(&copy.mount, layout.data())?;
        if keeps_medium {
            mount::put(&medium.mount, layout.medium())?;
        }
        // Otherwise it is mounted nowhere, and free when this program ends.
        return Ok(());
    }
    mount::put(&medium.mount, layout.data())?;
    match &medium.image {
        Some(image) => mount::put(&image.mount, layout.image()),
        None => Ok(()),
    }
}

/// The place of the session store, with a file system elsewhere attached.
fn attached(located: Located, layout: &Layout) -> Located {
    if let Some(volume) = located.volume()
        && let Err(error) = mount::put(&volume.mount, layout.store())
    {
        return Located::Nowhere(Causes(&error).to_string());
    }
    located
}

fn release() -> String {
    rustix::system::uname()
        .release()
        .to_string_lossy()
        .into_owned()
}

/// The end of a boot that has no system.
struct Ending<'a> {
    request: &'a Request,
    handover: &'a Handover,
}

impl Ending<'_> {
    /// Stops with a screen; never returns.
    fn give_up(&self, why: Stop, found: Vec<String>) -> ! {
        self.stop(Screen { stop: why, found })
    }

    fn stop(&self, screen: Screen) -> ! {
        hooks::stopped();
        match rescue::stop(&screen, self.request.on_missing, self.handover) {}
    }
}
