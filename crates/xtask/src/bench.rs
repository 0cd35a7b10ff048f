//! `cargo xtask bench`: how long a boot takes against others' (`boot`), and with many sessions against one (`scale`);
//! what a container costs against a raw image (`dynfs`); how fast the commands on sessions are (`cli`).
//!
//! `boot`: how long the way from the kernel to the real init takes, against two yardsticks.
//!
//! Three programs start the same bundles from the same disk with the same kernel: perch, Debian's live-boot, and a *floor*
//! that knows everything in advance and so does only what nobody can leave out. Time is the guest's own under
//! `-icount shift=0`, where one instruction takes one nanosecond: the figures compare programs, they are not seconds on
//! any real machine.

mod cli;
mod contender;
mod disk;
mod dynfs;
mod floor;
mod live_boot;
mod measure;
mod report;
mod scale;
mod stamps;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use perch_tests::host::{cache_dir, packages};
use perch_tests::scenario::Images;
use perch_tests::vm;

use contender::Contender;
use report::{Report, Row};

const HELP: &str = "\
cargo xtask bench boot [--runs N] [--only TEXT] [--json FILE]
cargo xtask bench scale [--sessions N]
cargo xtask bench dynfs [--runs N] [--dir DIR] [--json FILE]
cargo xtask bench cli [--runs N] [--sessions N] [--dir DIR] [--json FILE]

Measures, in milliseconds of an emulated machine, how long the kernel unpacks each initramfs and how long its init
then takes to start the real one: perch, Debian's live-boot and the least a fixed program needs (boot), or perch
with many sessions in the store and with one (scale). Or, on this machine itself, how fast a session's disk is in a
dynfilefs container and in a raw image (dynfs; as root, with 12 GiB free), and how fast the commands on sessions are
against tar, zstd and cp (cli; the same).

  --runs N     measure each N times and report the median (default 3)
  --only TEXT  only those whose name contains TEXT
  --json FILE  also write all figures to FILE
  --sessions N how many sessions are many (default 1000)
  --dir DIR    make the disks in this directory, on the medium that is of interest";

#[derive(Clone, Copy, Debug, PartialEq)]
enum What {
    Boot,
    Scale,
    Dynfs,
    Cli,
}

struct Options {
    what: What,
    sessions: u32,
    runs: usize,
    only: String,
    json: Option<PathBuf>,
    dir: Option<PathBuf>,
}

/// `cargo xtask bench`.
///
/// # Errors
/// If packages are missing, something does not build, or a boot does not end in the system it should.
pub fn run(args: lexopt::Parser) -> Result<()> {
    let Some(options) = parse(args)? else {
        println!("{HELP}");
        return Ok(());
    };
    let dir = cache_dir().join("bench");
    fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let json = match options.what {
        What::Scale => {
            packages::ensure(vm::PACKAGES)?;
            print!("\n{}", scale::bench(options.sessions, &dir)?);
            return Ok(());
        }
        What::Boot => {
            packages::ensure(vm::PACKAGES)?;
            let report = bench(&options, &dir)?;
            print!("\n{report}");
            report.json()
        }
        What::Dynfs => {
            let settings = dynfs::Settings {
                runs: options.runs,
                dir: options.dir.clone(),
            };
            let report = dynfs::bench(&settings, &dir)?;
            print!("\n{report}");
            report.json()
        }
        What::Cli => {
            let settings = cli::Settings {
                runs: options.runs,
                sessions: options.sessions,
                dir: options.dir.clone(),
            };
            let report = cli::bench(&settings, &dir)?;
            print!("\n{report}");
            report.json()
        }
    };
    if let Some(file) = &options.json {
        let json = serde_json::to_string_pretty(&json)? + "\n";
        fs::write(file, json).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

fn bench(options: &Options, dir: &Path) -> Result<Report> {
    println!("kernel, bundles and perch's initramfs");
    let images = Images::prepare()?;
    println!("the disk");
    let disk = disk::make(&images.system)?;
    let contenders: Vec<&Contender> = contender::ALL
        .iter()
        .filter(|contender| contender.name.contains(&options.only))
        .collect();
    ensure!(!contenders.is_empty(), "nothing is called {}", options.only);
    let mut report = Report::new(&images.kernel.version);
    for contender in contenders {
        println!("{}: initramfs", contender.name);
        let initramfs = (contender.initramfs)(&images)?;
        let bench = measure::Bench::prepare(contender, &images, initramfs, &disk, dir)?;
        let mut row = Row::new(contender.name, fs::metadata(bench.initramfs())?.len());
        for number in 1..=options.runs {
            let run = bench.boot().with_context(|| contender.name)?;
            println!(
                "{}: run {number} of {}: {}",
                contender.name, options.runs, run.stamps
            );
            row.runs.push(run);
        }
        report.rows.push(row);
    }
    Ok(report)
}

fn parse(mut args: lexopt::Parser) -> Result<Option<Options>> {
    use lexopt::prelude::*;
    let mut options = Options {
        what: What::Boot,
        sessions: 1000,
        runs: 3,
        only: String::new(),
        json: None,
        dir: None,
    };
    let mut what = None;
    while let Some(arg) = args.next()? {
        match arg {
            Value(name) if what.is_none() => what = Some(name.string()?),
            Long("runs") => options.runs = args.value()?.parse()?,
            Long("sessions") => options.sessions = args.value()?.parse()?,
            Long("only") => options.only = args.value()?.string()?,
            Long("dir") => options.dir = Some(args.value()?.into()),
            Long("json") => options.json = Some(args.value()?.into()),
            Short('h') | Long("help") => return Ok(None),
            other => return Err(other.unexpected().into()),
        }
    }
    ensure!(options.runs > 0, "--runs must be at least 1");
    match what.as_deref() {
        Some("boot") => Ok(Some(options)),
        Some("scale") => {
            options.what = What::Scale;
            Ok(Some(options))
        }
        Some("dynfs") => {
            options.what = What::Dynfs;
            Ok(Some(options))
        }
        Some("cli") => {
            options.what = What::Cli;
            Ok(Some(options))
        }
        Some(other) => bail!("there is no benchmark {other:?}; there are: boot, scale, dynfs, cli"),
        None => bail!("which benchmark? There are: boot, scale, dynfs, cli"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments() {
        let parsed = |words: &[&str]| parse(lexopt::Parser::from_args(words));
        let options = parsed(&["boot", "--runs", "5", "--json", "x"])
            .unwrap()
            .unwrap();
        assert_eq!((options.runs, options.json), (5, Some("x".into())));
        let options = parsed(&["scale", "--sessions", "50"]).unwrap().unwrap();
        assert_eq!((options.what, options.sessions), (What::Scale, 50));
        assert!(parsed(&["--help"]).unwrap().is_none());
        for wrong in [
            &[][..],
            &["size"],
            &["boot", "--runs", "0"],
            &["boot", "fast"],
        ] {
            assert!(parsed(wrong).is_err(), "{wrong:?}");
        }
    }
}
