//! Makes the small partition that an image brings along one for sessions, if that was asked for; else
//! says that it could be (contract §1.7).

use perch_core::cause::Causes;
use perch_core::partition_growth::{Growth, Outcome, Refusal, plan_growth};
use perch_core::request::{Place, Request};
use perch_core::units::Bytes;
use perch_sys::kmsg;
use perch_sys::medium::Medium;
use perch_sys::partition_growth::{self, Survey};
use perch_sys::programs;

use crate::hotplug::Hotplug;

/// Does it, before the store is looked for. `None` where there is nothing to say.
pub fn grow(request: &Request, medium: &Medium, hotplug: &Hotplug) -> Option<Outcome> {
    if !request.wants_persistence() {
        return None;
    }
    if !request.grow_partition {
        return possible(request, medium);
    }
    let refused = |why: String| Some(Outcome::Refused { why });
    if request.place != Place::Medium {
        return refused("perchdir= names another place for sessions".to_owned());
    }
    let Some(disk) = &medium.device.disk else {
        // The kernel gives nobody a partition of a disk that is mounted as a whole (blkdev.c, bd_may_claim).
        return refused(format!(
            "the system is on /dev/{} itself, not on a partition of it",
            medium.device.name
        ));
    };
    let mut load = |module: &str| hotplug.load_now(module);
    let described = Survey::of(disk).and_then(|mut survey| {
        let disk = survey.describe(Some(&mut load))?;
        Ok((survey, disk))
    });
    let (survey, described) = match described {
        Ok(described) => described,
        Err(error) => return refused(Causes(&error).to_string()),
    };
    let growth = match plan_growth(&described) {
        Ok(growth) => growth,
        // It was done before, and the parameter left where it was.
        Err(Refusal::Persistence { .. }) => return None,
        Err(refusal) => return refused(refusal.to_string()),
    };
    let Some(device) = survey.device(growth.number) else {
        return refused(format!(
            "the kernel does not show partition {} of /dev/{disk}",
            growth.number
        ));
    };
    if !programs::available(partition_growth::PROGRAM) {
        return refused(format!(
            "there is no {} in this initramfs",
            partition_growth::PROGRAM
        ));
    }
    Some(done(&survey, device, &growth))
}

fn done(survey: &Survey, device: &str, growth: &Growth) -> Outcome {
    kmsg::announce(&[format!(
        "/dev/{}: {growth}, and is formatted for sessions",
        survey.disk
    )]);
    match partition_growth::grow(survey, device, growth) {
        Ok(()) => Outcome::Done {
            device: device.to_owned(),
            bytes: Bytes(growth.new.length),
        },
        Err(error) => Outcome::Failed {
            why: Causes(&error).to_string(),
        },
    }
}

/// What could be done if it were asked for. Whatever is in the way is not worth a word then.
fn possible(request: &Request, medium: &Medium) -> Option<Outcome> {
    if request.place != Place::Medium {
        return None;
    }
    let mut survey = Survey::of(medium.device.disk.as_deref()?).ok()?;
    let device = survey.growable()?.to_owned();
    let growth = plan_growth(&survey.describe(None).ok()?).ok()?;
    Some(Outcome::Possible {
        device,
        bytes: Bytes(growth.new.length),
    })
}
