//! Which system an image is for: sessions are compared with it at every boot.

use std::path::Path;

use perch_core::session::System;

use crate::error::Error;
use crate::read::read_text;

/// The identity of the system in `root`: what is given, else what its `/etc/minios-release` says, else its
/// os-release(5). What nobody tells stays absent, then no session is refused or warned of for it.
pub(crate) fn of(root: &Path, given: &System) -> Result<System, Error> {
    let found = match read_text(&root.join("etc/minios-release"))? {
        Some(text) => System::parse(&text),
        None => {
            let mut text = None;
            for file in ["etc/os-release", "usr/lib/os-release"] {
                text = text.or(read_text(&root.join(file))?);
            }
            of_os_release(&text.unwrap_or_default())
        }
    };
    Ok(System {
        name: given.name.clone().or(found.name),
        version: given.version.clone().or(found.version),
        edition: given.edition.clone().or(found.edition),
    })
}

/// A rolling distribution has no version, but a codename or the name of a build.
fn of_os_release(text: &str) -> System {
    let value = |key: &str| {
        let lines = text.lines();
        lines
            .filter_map(|line| line.trim().strip_prefix(key)?.strip_prefix('='))
            .map(|value| value.trim_matches(['"', '\'']).to_owned())
            .rfind(|value| !value.is_empty())
    };
    let versions = ["VERSION_ID", "VERSION_CODENAME", "BUILD_ID"];
    System {
        name: value("NAME"),
        version: versions.into_iter().find_map(value),
        edition: value("VARIANT_ID"),
    }
}

/// `/etc/minios-release` of the image: shell assignments.
pub(crate) fn release(system: &System) -> Result<String, Error> {
    let mut text = String::new();
    for (key, value) in [
        ("NAME", &system.name),
        ("VERSION", &system.version),
        ("EDITION", &system.edition),
    ] {
        let value = value.as_deref().unwrap_or_default();
        if value.contains(['"', '\\', '$', '`', '\n']) {
            return Err(Error::Identity {
                value: value.to_owned(),
            });
        }
        text += &format!("{key}=\"{value}\"\n");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system(fields: [&str; 3]) -> System {
        let [name, version, edition] =
            fields.map(|field| (!field.is_empty()).then(|| field.to_owned()));
        System {
            name,
            version,
            edition,
        }
    }

    #[test]
    fn the_identity_is_quoted() {
        assert_eq!(
            release(&system(["MiniOS", "5.1.1", ""])).unwrap(),
            "NAME=\"MiniOS\"\nVERSION=\"5.1.1\"\nEDITION=\"\"\n"
        );
        assert!(release(&system(["Mini\"OS", "5", "x"])).is_err());
        assert!(release(&system(["MiniOS", "$(reboot)", "x"])).is_err());
    }

    #[test]
    fn what_is_given_goes_before_what_the_system_says() {
        let root = tempfile::tempdir().unwrap();
        let etc = root.path().join("etc");
        std::fs::create_dir(&etc).unwrap();
        let nothing = System::default();
        assert_eq!(of(root.path(), &nothing).unwrap(), nothing);
        for (file, text, want) in [
            (
                "os-release",
                "NAME='Arch Linux'\nBUILD_ID=rolling\n",
                ["Arch Linux", "rolling", ""],
            ),
            (
                "os-release",
                "NAME=\"Fedora Linux\"\nVERSION=\"43 (KDE)\"\nVERSION_ID=43\nVARIANT_ID=kde\n",
                ["Fedora Linux", "43", "kde"],
            ),
            (
                "minios-release",
                "NAME=\"MiniOS\"\nVERSION=\"5.1.1\"\nEDITION=\"standard\"\n",
                ["MiniOS", "5.1.1", "standard"],
            ),
        ] {
            std::fs::write(etc.join(file), text).unwrap();
            assert_eq!(of(root.path(), &nothing).unwrap(), system(want), "{text}");
        }
        let given = system(["", "6", ""]);
        let want = system(["MiniOS", "6", "standard"]);
        assert_eq!(of(root.path(), &given).unwrap(), want);
    }
}
