//! What `cargo xtask prove cuts` runs in its machines: the load whose writes are recorded, and what looks at the states.
//!
//! `load JSON DIR TRIMMED PORT`, `look DIR` and `inspect DEVICE KIND OPTIONS`; the last two print what they found.

use std::path::Path;

use anyhow::{Context, Result, bail};
use perch_tests::cuts::load::{inspect, look, work};

#[expect(clippy::print_stdout, reason = "what it prints is what it is for")]
fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["load", load, dir, trimmed, port] => {
            let load = serde_json::from_str(load).context("what kind of load?")?;
            work::work(&load, Path::new(dir), Path::new(trimmed), Path::new(port))?;
        }
        ["look", dir] => print!("{}", look::write(&look::look(Path::new(dir))?)),
        ["inspect", device, kind, options] => {
            let found = inspect::inspect(device, kind, options)?;
            println!("{}", serde_json::to_string(&found)?);
        }
        other => bail!("{other:?} is not understood"),
    }
    Ok(())
}
