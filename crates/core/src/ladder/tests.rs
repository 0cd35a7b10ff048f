use super::*;
use crate::cmdline;
use crate::decide::Choice;
use crate::fixture::{facts, id, session};

#[derive(Debug, thiserror::Error)]
#[error("no luck")]
struct NoLuck;

/// Fails at the steps it is told to, by their number over all rungs; records all.
struct Recorder {
    fail: fn(usize, &Step) -> bool,
    done: Vec<String>,
    user: Option<InUse>,
}

impl Apply for Recorder {
    type Error = NoLuck;

    fn apply(&mut self, step: &Step) -> Result<(), Self::Error> {
        let at = self.done.len();
        if (self.fail)(at, step) {
            self.done.push(format!("failed: {step}"));
            return Err(NoLuck);
        }
        self.done.push(step.to_string());
        Ok(())
    }

    fn in_use(&mut self, _: SessionId) -> Option<InUse> {
        self.user.clone()
    }

    fn kind(&self, _: &Self::Error) -> FailureKind {
        FailureKind::Other
    }

    fn undo(&mut self) {
        self.done.push("undo".into());
    }
}

fn climbed(fail: fn(usize, &Step) -> bool) -> (Result<Outcome, Exhausted>, Vec<String>) {
    let (request, _) = cmdline::parse("perch");
    let mut recorder = Recorder {
        fail,
        done: vec![],
        user: None,
    };
    let mut facts = facts(&[session(1)], Some(1));
    let layers = ["00-core.sb".into()];
    let mut ask = |_: &_, _: &_, _: &_| panic!("perch asks nobody");
    let result = climb(&request, &mut facts, &layers, &mut recorder, &mut ask);
    (result, recorder.done)
}

#[test]
fn all_well_means_one_rung() {
    let (result, done) = climbed(|_, _| false);
    let outcome = result.unwrap();
    assert!(matches!(outcome.decision.choice, Choice::Resume { .. }));
    assert_eq!(outcome.failures, []);
    assert_eq!(outcome.warnings, []);
    assert!(!done.contains(&"undo".to_owned()));
}

#[test]
fn whichever_step_of_a_resume_fails_the_boot_ends_in_ram_and_the_session_is_marked() {
    for step in 0..4 {
        let (result, done) = match step {
            0 => climbed(|at, _| at == 0),
            1 => climbed(|at, _| at == 1),
            2 => climbed(|at, _| at == 2),
            _ => climbed(|at, _| at == 3),
        };
        let outcome = result.unwrap();
        assert_eq!(outcome.decision.choice, Choice::Ram, "step {step}");
        assert_eq!(outcome.failures.len(), 1, "step {step}");
        assert_eq!(done[step + 1], "undo", "step {step}");
        let marked = outcome.plan.afterwards.iter().any(|step| match step {
            Step::WriteMetadata { metadata, .. } => {
                let record = &metadata.sessions[&id(1)];
                record.failed.is_some() && record.version.is_none() && metadata.running.is_none()
            }
            _ => false,
        });
        assert!(marked, "step {step}: {:?}", outcome.plan);
    }
}

#[test]
fn metadata_that_cannot_be_written_is_a_warning() {
    let (result, _) = climbed(|_, step| matches!(step, Step::WriteMetadata { .. }));
    let outcome = result.unwrap();
    assert!(matches!(outcome.decision.choice, Choice::Resume { .. }));
    assert_eq!(outcome.warnings.len(), 1);
}

#[test]
fn when_not_even_ram_works_it_ends() {
    let (result, done) = climbed(|_, step| matches!(step, Step::MountUnion { .. }));
    assert_eq!(result.unwrap_err().error, "no luck");
    assert_eq!(done.iter().filter(|line| *line == "undo").count(), RUNGS);
}

#[test]
fn an_answer_becomes_a_fact_and_is_asked_for_once() {
    let (request, _) = cmdline::parse("perchdir=ask");
    let mut facts = facts(&[session(1), session(2)], Some(1));
    facts.console = true;
    let mut recorder = Recorder {
        fail: |at, _| at == 0,
        done: vec![],
        user: None,
    };
    let mut asked = 0;
    let mut ask = |_: &Request, _: &Facts, decision: &Decision| {
        asked += 1;
        assert_eq!(decision.choice, Choice::Ask);
        Answer::Open(id(2))
    };
    let layers = ["00-core.sb".into()];
    let outcome = climb(&request, &mut facts, &layers, &mut recorder, &mut ask).unwrap();
    assert_eq!(asked, 1);
    assert_eq!(facts.answer, Some(Answer::Open(id(2))));
    assert_eq!(outcome.decision.choice, Choice::Ram);
    assert_eq!(outcome.failures[0].id, Some(id(2)));
    let replayed = decide(&request, &facts, &outcome.failures);
    assert_eq!(replayed, outcome.decision);
}

#[test]
fn a_session_in_use_is_looked_at_once_becomes_a_fact_and_stays_closed() {
    for (cmdline, opens) in [
        ("perch", false),
        ("perchdir=1", false),
        ("perch perchforce", true),
        ("perchdir=1 perchforce", true),
    ] {
        let (request, _) = cmdline::parse(cmdline);
        let user = InUse::Lock {
            pid: Some(7),
            program: Some("tar".into()),
        };
        let mut recorder = Recorder {
            fail: |_, _| false,
            done: vec![],
            user: Some(user.clone()),
        };
        let mut facts = facts(&[session(1), session(2)], Some(1));
        let mut ask = |_: &_, _: &_, _: &_| panic!("nobody is asked");
        let outcome = climb(&request, &mut facts, &[], &mut recorder, &mut ask).unwrap();
        let choice = outcome.decision.choice;
        assert_eq!(choice.session(), opens.then_some(id(1)), "{cmdline}");
        assert_eq!(outcome.failures, [], "{cmdline}");
        let code = if opens {
            "opened-in-use"
        } else {
            "session-in-use"
        };
        let mut reasons = outcome.decision.reasons.iter();
        let said = reasons.find(|reason| reason.code() == code).unwrap();
        assert!(
            said.is_warning() && said.to_string().contains("tar"),
            "{said}"
        );
        assert_eq!(facts.store.sessions[0].in_use, Some(user), "{cmdline}");
        assert_eq!(facts.store.sessions[1].in_use, None, "{cmdline}");
        assert_eq!(decide(&request, &facts, &[]), outcome.decision, "{cmdline}");
    }
}
