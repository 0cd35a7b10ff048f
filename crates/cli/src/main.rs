//! The program `perch`; everything is in the library, where man pages and completions are made from it too.

use std::process::ExitCode;

fn main() -> ExitCode {
    perch_cli::main(std::env::args_os())
}
