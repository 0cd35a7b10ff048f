//! Counting what passed, failed and was skipped, and reading the counts of test programs.

use std::fmt;

/// The sum of a whole run.
#[derive(Debug, Default)]
pub struct Tally {
    passed: u64,
    failed: u64,
    skipped: Vec<(String, String)>,
}

impl Tally {
    /// Adds checks or tests that passed.
    pub fn pass(&mut self, count: u64) {
        self.passed += count;
    }

    /// Adds checks or tests that failed.
    pub fn fail(&mut self, count: u64) {
        self.failed += count;
    }

    /// Adds something that was left out, and why.
    pub fn skip(&mut self, name: &str, reason: &str) {
        self.skipped.push((name.to_owned(), reason.to_owned()));
    }

    /// How much failed so far.
    pub fn failures(&self) -> u64 {
        self.failed
    }

    /// Reads one line of a test program's output: the closing line of a program, or a test it ignored.
    /// Returns whether it was a closing line.
    pub fn read_line(&mut self, line: &str) -> bool {
        if let Some((name, reason)) = ignored(line) {
            self.skip(name, reason);
            return false;
        }
        let Some((passed, failed)) = closing(line) else {
            return false;
        };
        self.pass(passed);
        self.fail(failed);
        true
    }
}

/// The skips, one a line, and the closing line.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, reason) in &self.skipped {
            writeln!(f, "skipped: {name}: {reason}")?;
        }
        writeln!(
            f,
            "{} passed, {} failed, {} skipped",
            self.passed,
            self.failed,
            self.skipped.len()
        )
    }
}

/// `test result: ok. 8 passed; 0 failed; …` as passed and failed.
fn closing(line: &str) -> Option<(u64, u64)> {
    let counts = line.trim().strip_prefix("test result: ")?;
    let count = |word: &str| {
        counts
            .split([';', '.'])
            .find_map(|part| part.trim().strip_suffix(word)?.trim().parse().ok())
    };
    Some((count("passed")?, count("failed")?))
}

/// `test name ... ignored, reason`, or `ignored (reason)` of a test that decided so itself, as name and
/// reason.
fn ignored(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.strip_prefix("test ")?.rsplit_once(" ... ignored")?;
    let own = || rest.trim().strip_prefix('(')?.strip_suffix(')');
    let reason = rest
        .strip_prefix(',')
        .or_else(own)
        .map_or("marked as ignored, without a reason", str::trim);
    // libtest-mimic aligns what follows the names.
    Some((name.trim_end(), reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counts_of_test_programs_are_summed() {
        let mut tally = Tally::default();
        tally.pass(1);
        for line in [
            "running 3 tests",
            "test a::b ... ok",
            "test c ... ignored, needs a printer",
            "test d ... ignored",
            "test e   ... ignored (has no meaning here)",
            "test result: FAILED. 8 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.28s",
            "test result: ok. 20 passed; 0 failed; 0 ignored; 0 measured; 4 filtered out; finished in 1.00s",
        ] {
            assert_eq!(
                tally.read_line(line),
                line.starts_with("test result"),
                "{line}"
            );
        }
        assert_eq!(tally.failures(), 1);
        assert_eq!(
            tally.to_string(),
            "skipped: c: needs a printer\nskipped: d: marked as ignored, without a reason\nskipped: e: has no meaning here\n29 passed, 1 failed, 3 skipped\n"
        );
    }
}
