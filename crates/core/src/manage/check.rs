//! The verdict on a session, from what was found.

use std::fmt;

use serde::Serialize;

/// How a session is, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing is wrong with it.
    Healthy,
    /// Something was wrong, and is no more.
    Repaired,
    /// Something is wrong that somebody has to decide about, or allow to be repaired.
    NeedsYou,
    /// What it held cannot be had from here.
    Lost,
}

impl Verdict {
    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Repaired => "repaired",
            Self::NeedsYou => "needs you",
            Self::Lost => "lost",
        }
    }

    /// Whether nothing is left to be done.
    pub fn is_good(self) -> bool {
        self <= Self::Repaired
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// A stable word.
    pub code: &'static str,
    /// How a session is that has nothing else.
    pub verdict: Verdict,
    /// A sentence. Text from files in it is escaped.
    pub text: String,
    /// What to do next; absent where nothing is to be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl Finding {
    /// Worth knowing, and nothing wrong.
    pub fn note(code: &'static str, text: impl Into<String>) -> Self {
        Self::new(code, Verdict::Healthy, text)
    }

    /// Something that was wrong.
    pub fn repaired(code: &'static str, text: impl Into<String>) -> Self {
        Self::new(code, Verdict::Repaired, text)
    }

    /// Something that is wrong.
    pub fn wrong(code: &'static str, text: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(code, Verdict::NeedsYou, text).next(next)
    }

    /// Something that is gone.
    pub fn lost(code: &'static str, text: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(code, Verdict::Lost, text).next(next)
    }

    /// With what to do next.
    pub fn next(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }

    fn new(code: &'static str, verdict: Verdict, text: impl Into<String>) -> Self {
        Self {
            code,
            verdict,
            text: text.into(),
            next: None,
        }
    }
}

/// The verdict: what is worst counts.
pub fn verdict(findings: &[Finding]) -> Verdict {
    let verdicts = findings.iter().map(|finding| finding.verdict);
    verdicts.max().unwrap_or(Verdict::Healthy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_worst_counts() {
        let (note, repaired) = (Finding::note("a", ""), Finding::repaired("b", ""));
        let (wrong, lost) = (Finding::wrong("c", "", ""), Finding::lost("d", "", ""));
        for (findings, want, good) in [
            (vec![], Verdict::Healthy, true),
            (vec![note.clone()], Verdict::Healthy, true),
            (vec![repaired.clone(), note], Verdict::Repaired, true),
            (vec![wrong.clone(), repaired], Verdict::NeedsYou, false),
            (vec![lost, wrong], Verdict::Lost, false),
        ] {
            let got = verdict(&findings);
            assert_eq!((got, got.is_good()), (want, good));
        }
    }
}
