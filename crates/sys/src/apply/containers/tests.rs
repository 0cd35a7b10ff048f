use std::fs;
use std::path::Path;

use perch_core::decide::FailureKind;
use perch_core::ladder::Apply;
use perch_core::plan::Step;

use super::*;
use crate::apply::StorePlace;
use crate::layout::Layout;
use crate::test_namespace::{isolated, unmount};

/// A machine whose data directory is `data/` below `place`, with a store.
fn machine(place: &Path) -> Machine {
    let data = place.join("data");
    fs::create_dir_all(data.join(STORE)).unwrap();
    let layout = Layout::new(place.join("memory"), place.join("union"));
    let open = || dir::open_dir(&data).unwrap();
    let store = StorePlace {
        base: open(),
        path: STORE.to_owned(),
        mount: None,
        shown_at: None,
    };
    Machine::new(layout, open(), store, Vec::new())
}

fn id(number: u32) -> SessionId {
    SessionId::new(number).unwrap()
}

fn names(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).unwrap();
    names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

fn steps_of_a_new_session() -> Vec<Step> {
    let (id, mode, size) = (id(1), Mode::Raw, Mib(64));
    vec![
        Step::MakeSession { id },
        Step::MakeContainer { id, mode, size },
        Step::OpenContainer {
            id,
            mode,
            cap: None,
        },
        Step::MakeUpper,
    ]
}

#[test]
fn privileged_a_new_container_is_undone_without_a_trace() {
    for done in 1..=4 {
        isolated(|place| {
            let mut machine = machine(place);
            for step in steps_of_a_new_session().iter().take(done) {
                machine.apply(step).unwrap();
            }
            machine.undo();
            let left = names(&place.join("data").join(STORE));
            assert!(left.is_empty(), "after {done} steps: {left:?}");
        });
    }
}

#[test]
fn privileged_what_a_session_holds_survives_an_undone_resume() {
    isolated(|place| {
        let mut first = machine(place);
        for step in steps_of_a_new_session() {
            first.apply(&step).unwrap();
        }
        fs::write(first.layout.upper().join("kept"), "yes").unwrap();
        let changes = first.layout.changes();
        // It notes what to undo by descriptors in the mount.
        drop(first);
        unmount(&changes);

        let mut second = machine(place);
        let (id, mode) = (id(1), Mode::Raw);
        second.apply(&Step::CheckContainer { id, mode }).unwrap();
        let to = Mib(96);
        second.apply(&Step::GrowContainer { id, mode, to }).unwrap();
        second
            .apply(&Step::OpenContainer {
                id,
                mode,
                cap: None,
            })
            .unwrap();
        second.apply(&Step::MakeUpper).unwrap();
        let kept = fs::read_to_string(second.layout.upper().join("kept"));
        assert_eq!(kept.unwrap(), "yes");
        second.undo();

        second
            .apply(&Step::OpenContainer {
                id,
                mode,
                cap: None,
            })
            .unwrap();
        assert!(second.layout.upper().join("kept").exists());
    });
}

#[test]
fn privileged_failures_tell_what_they_mean_for_the_next_decision() {
    isolated(|place| {
        let mut machine = machine(place);
        let (id, mode) = (id(1), Mode::Raw);
        machine.apply(&Step::MakeSession { id }).unwrap();
        machine.apply(&Step::ProbeNative { id }).unwrap();
        let image = place.join("data").join(STORE).join("1").join(IMAGE);
        fs::write(image, [0x5a; 4096]).unwrap();
        let error = machine
            .apply(&Step::CheckContainer { id, mode })
            .unwrap_err();
        assert_eq!(machine.kind(&error), FailureKind::Other, "{error}");
        let not_grown =
            StepError::NotGrown(crate::container::ContainerError::NoFileSystem { name: IMAGE });
        assert_eq!(machine.kind(&not_grown), FailureKind::NotGrown);
        let lacks = vec![probe::Ability::Owners];
        let lacks = StepError::Probe(probe::ProbeError::Lacks(lacks));
        assert_eq!(machine.kind(&lacks), FailureKind::NotNative);
    });
}
