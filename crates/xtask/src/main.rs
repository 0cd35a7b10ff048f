//! The project's own commands: `cargo xtask COMMAND`. This table is their index; `--help` prints it.
//!
//! Each command lives in a module of its own and parses its own arguments.

mod bench;
mod demo;
mod deps;
mod initramfs;
mod packages;
mod prove;
mod test;

use std::process::ExitCode;

/// Name, what it does, how it starts.
type Command = (
    &'static str,
    &'static str,
    fn(lexopt::Parser) -> anyhow::Result<()>,
);

const COMMANDS: &[Command] = &[
    (
        "bench",
        "measure how long the boot takes, against live-boot and against the least possible",
        bench::run,
    ),
    (
        "demo",
        "boot a real Debian live system three times and show that it keeps a file",
        demo::run,
    ),
    (
        "deps",
        "check which crate may use which, and print what perch-init is made of",
        deps::run,
    ),
    (
        "initramfs",
        "build the initial file system that holds perch and the modules it needs",
        initramfs::run,
    ),
    (
        "packages",
        "build the Debian packages perch and perch-initramfs",
        packages::run,
    ),
    (
        "prove",
        "go through every state that a power cut or a kill can leave, and show that nothing is lost",
        prove::run,
    ),
    (
        "test",
        "run every check, test and scenario; this is what CI runs",
        test::run,
    ),
];

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    let mut args = lexopt::Parser::from_env();
    match args.next()? {
        Some(lexopt::Arg::Value(name)) => {
            match COMMANDS.iter().find(|(known, ..)| name == *known) {
                Some((.., start)) => start(args),
                None => anyhow::bail!(
                    "there is no command {}; `cargo xtask --help` lists them",
                    name.display()
                ),
            }
        }
        None | Some(lexopt::Arg::Long("help") | lexopt::Arg::Short('h')) => {
            println!("cargo xtask COMMAND [--help]\n");
            COMMANDS
                .iter()
                .for_each(|(name, about, _)| println!("  {name:12} {about}"));
            Ok(())
        }
        Some(other) => Err(other.unexpected().into()),
    }
}
