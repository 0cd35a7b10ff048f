//! The bundles, mounted in their order. A damaged one is left out and named, if the system can run
//! without it.

use std::os::fd::{AsFd, BorrowedFd};

use perch_core::bundle::{self, Bundle, WithoutIt};
use perch_core::cause::Causes;
use perch_core::notice::Notice;
use perch_core::record::LeftOut;
use perch_core::request::Request;
use perch_core::stop::Stop;
use perch_sys::apply::Layer;
use perch_sys::bundles::{self, BundleError};
use perch_sys::kmsg;
use perch_sys::layout::Layout;
use perch_sys::medium::Medium;
use perch_sys::mount::{self, MountError};
use perch_sys::volume::Volume;

/// The mounted bundles.
#[derive(Debug, Default)]
pub struct Stacked {
    /// Their mounts, lowest first.
    pub layers: Vec<Layer>,
    /// The same bundles as they were found.
    pub bundles: Vec<Bundle>,
    /// Bundles that are not used, and why.
    pub left_out: Vec<LeftOut>,
}

/// A bundle that the system cannot do without is damaged.
#[derive(Debug)]
pub struct CoreDamaged {
    /// Where it is: `/minios/00-core.sb on /dev/sda1`.
    pub place: String,
    /// What is wrong with it.
    pub why: String,
    /// Whether the file itself is wrong, rather than what the kernel can do with it.
    pub file_is_damaged: bool,
}

impl CoreDamaged {
    /// The screen that says so.
    pub fn stop(&self) -> Stop {
        if self.file_is_damaged {
            Stop::BundleDamaged
        } else {
            Stop::BundleUnusable
        }
    }

    /// Which one, and what is wrong with it.
    pub fn lines(&self) -> Vec<String> {
        vec![self.place.clone(), format!("It {}.", self.why)]
    }
}

/// Why a bundle cannot be a layer. Reads as what follows "it".
#[derive(Debug, thiserror::Error)]
enum Unfit {
    #[error("{0}")]
    Damaged(String),
    #[error(transparent)]
    Bundle(#[from] BundleError),
    #[error("cannot be put in its place")]
    Attach(#[source] MountError),
}

/// Mounts the bundles below the layout's directory for them: those of the data directory, which is `data`,
/// on the medium or in RAM, and the modules beside a store elsewhere.
pub fn mount(
    medium: &Medium,
    data: BorrowedFd<'_>,
    store: Option<&Volume>,
    layout: &Layout,
    request: &Request,
) -> Result<Stacked, CoreDamaged> {
    let mut found = medium.bundles.clone();
    if let Some(volume) = store {
        found.extend(bundles::find_external(
            volume.mount.as_fd(),
            &request.live_name,
            &request.extension,
        ));
    }
    let (used, not_chosen) = bundle::choose(found, request);
    let mut stacked = Stacked::default();
    for (bundle, by) in not_chosen {
        if bundle.if_damaged() == WithoutIt::Stop {
            kmsg::tell(Notice::CoreLeftOut {
                by: by.to_string(),
                path: bundle.path.clone(),
            });
        } else {
            log::info!("{by} leaves out {}", bundle.path);
        }
        stacked.left_out.push(LeftOut {
            path: bundle.path,
            why: format!("left out by {by}"),
        });
    }
    if used.is_empty() {
        kmsg::tell(Notice::NoBundleChosen);
    }
    let stack = bundle::stack(used);
    for (bundle, by) in stack.replaced {
        log::info!("{} is replaced by {by}", bundle.path);
        stacked.left_out.push(LeftOut {
            path: bundle.path,
            why: format!("replaced by {by}"),
        });
    }
    for bundle in stack.layers {
        let base = match store {
            Some(volume) if bundle.external => volume.mount.as_fd(),
            _ => data,
        };
        match mount_one(base, layout, &bundle) {
            Ok(layer) => {
                log::info!("bundle {}", bundle.path);
                stacked.layers.push(layer);
                stacked.bundles.push(bundle);
            }
            Err(unfit) => {
                let why = Causes(&unfit).to_string();
                if bundle.if_damaged() == WithoutIt::Stop {
                    return Err(CoreDamaged {
                        place: format!(
                            "/{}/{} on /dev/{}",
                            medium.path, bundle.path, medium.device.name
                        ),
                        why,
                        file_is_damaged: bundle.damage.is_some(),
                    });
                }
                kmsg::tell(Notice::BundleLeftOut {
                    path: bundle.path.clone(),
                    why: why.clone(),
                });
                stacked.left_out.push(LeftOut {
                    path: bundle.path,
                    why,
                });
            }
        }
    }
    Ok(stacked)
}

fn mount_one(base: BorrowedFd<'_>, layout: &Layout, bundle: &Bundle) -> Result<Layer, Unfit> {
    if let Some(damage) = &bundle.damage {
        return Err(Unfit::Damaged(damage.clone()));
    }
    let mount = bundles::mount(base, bundle)?;
    let path = layout.bundles().join(bundle.name());
    mount::put(&mount, &path).map_err(Unfit::Attach)?;
    Ok(Layer {
        name: bundle.name().to_owned(),
        mount,
        path,
    })
}
