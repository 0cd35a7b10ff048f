//! How long each scenario took: the slowest are told at the end, so that the whole stays short.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many are told.
const TOLD: usize = 12;

static TIMES: Mutex<Vec<(Duration, String)>> = Mutex::new(Vec::new());

/// Does it, and remembers how long that took.
pub fn timed<T>(name: &str, act: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let outcome = act();
    let mut times = TIMES.lock().unwrap_or_else(PoisonError::into_inner);
    times.push((start.elapsed(), name.to_owned()));
    outcome
}

/// Tells the slowest.
pub fn tell() {
    let mut times = TIMES.lock().unwrap_or_else(PoisonError::into_inner);
    times.sort_unstable_by(|one, two| two.cmp(one));
    if times.len() > TOLD {
        println!("the slowest of {}:", times.len());
        for (time, name) in times.iter().take(TOLD) {
            println!("{:7.1} s  {name}", time.as_secs_f64());
        }
        println!();
    }
}
