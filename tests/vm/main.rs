//! The scenarios: one test each, run in virtual machines, two at a time.
//!
//! `cargo test -p perch-tests --test vm -- TEXT` runs those whose name contains TEXT. A failing one leaves the logs of its
//! boots in `target/perch/failed/<name>`.

mod asking;
mod carrying;
mod choosing;
mod compatibility;
mod complaints;
mod counting;
mod cuts;
mod damaged_metadata;
mod dynfilefs;
mod dynfilefs_load;
mod first_boot;
mod growth;
mod hosts;
mod in_use;
mod loaders;
mod made_images;
mod managing;
mod media;
mod media_kinds;
mod metadata_text;
mod packages;
mod places;
mod places_by_name;
mod raw;
mod shutdown;
mod times;
mod toram;
mod touches;
mod ventoy;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;
use libtest_mimic::{Arguments, Completion, Trial};
use perch_tests::scenario::union::{self, adapted};
use perch_tests::scenario::{Images, Runner, Scenario};
use times::timed;

/// Each machine keeps one processor busy; more than two at a time were never measured.
const AT_ONCE: usize = 2;

fn scenarios() -> Vec<Scenario> {
    [
        first_boot::scenarios(),
        carrying::scenarios(),
        choosing::scenarios(),
        asking::scenarios(),
        compatibility::scenarios(),
        complaints::scenarios(),
        counting::scenarios(),
        damaged_metadata::scenarios(),
        managing::scenarios(),
        media::scenarios(),
        media_kinds::scenarios(),
        places::scenarios(),
        growth::scenarios(),
        hosts::scenarios(),
        toram::scenarios(),
        places_by_name::scenarios(),
        touches::scenarios(),
        ventoy::scenarios(),
        in_use::scenarios(),
        raw::scenarios(),
        shutdown::scenarios(),
        dynfilefs::scenarios(),
        dynfilefs_load::scenarios(),
        made_images::scenarios(),
        loaders::scenarios(),
    ]
    .concat()
}

fn main() -> Result<ExitCode> {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    let names = |list: &Vec<Scenario>| {
        list.iter()
            .map(|scenario| scenario.name.clone())
            .collect::<Vec<_>>()
    };
    let all = scenarios();
    anyhow::ensure!(no_name_twice(names(&all)), "two scenarios have one name");
    if arguments.list {
        let names = names(&all)
            .into_iter()
            .chain(cuts::names())
            .chain(packages::names());
        let trials = names.map(|name| Trial::test(name, || Ok(()))).collect();
        return Ok(libtest_mimic::run(&arguments, trials).exit_code());
    }
    let runner = Arc::new(Runner::new(Images::prepare()?)?);
    let union = union::chosen()?;
    let trial = |scenario: Scenario| {
        let runner = Arc::clone(&runner);
        Trial::ignorable_test(scenario.name.clone(), move || {
            if let Some(reason) = runner.without_meaning(&scenario) {
                return Ok(Completion::ignored_with(reason));
            }
            match adapted(scenario, union) {
                Ok(scenario) => timed(&scenario.name, || runner.run(&scenario))?,
                Err(reason) => return Ok(Completion::ignored_with(reason)),
            }
            Ok(Completion::Completed)
        })
    };
    let mut trials: Vec<Trial> = all.into_iter().map(trial).collect();
    trials.extend(cuts::trials(&runner));
    trials.extend(packages::trials());
    let conclusion = libtest_mimic::run(&arguments, trials);
    times::tell();
    Ok(conclusion.exit_code())
}

fn no_name_twice(mut names: Vec<String>) -> bool {
    names.sort();
    names.windows(2).all(|pair| pair[0] != pair[1])
}
