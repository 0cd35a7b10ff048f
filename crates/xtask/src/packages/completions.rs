//! Completions for bash, fish and zsh, from the definition of the arguments; for both names of the program.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use clap_complete::{Shell, generate};

/// The program, and its other name. As a file: of bash, fish and zsh.
const NAMES: [&str; 2] = ["perch", "minios-session"];

/// Writes `bash/perch`, `fish/perch.fish`, `zsh/_perch` and the same for the other name below `dir`.
///
/// # Errors
/// Those of writing, each with its file.
pub fn write(dir: &Path) -> Result<()> {
    for name in NAMES {
        for (file, text) in [
            (format!("bash/{name}"), bash(name)),
            (format!("fish/{name}.fish"), text(Shell::Fish, name)),
            (format!("zsh/_{name}"), text(Shell::Zsh, name)),
        ] {
            let file = dir.join(file);
            let context = || format!("cannot write {}", file.display());
            if let Some(parent) = file.parent() {
                fs::create_dir_all(parent).with_context(context)?;
            }
            fs::write(&file, text).with_context(context)?;
        }
    }
    Ok(())
}

fn text(shell: Shell, name: &'static str) -> Vec<u8> {
    let mut text = Vec::new();
    // Not built yet: the names of commands below follow from this one.
    let mut definition = perch_cli::args::unbuilt().name(name);
    generate(shell, &mut definition, name, &mut text);
    text
}

/// For bash the program's own, whose function takes the name from its argument, bound to `name`: what clap_complete 4.6
/// makes for a name with a hyphen offers nothing behind the first command.
fn bash(name: &str) -> Vec<u8> {
    let [program, _] = NAMES;
    let text = String::from_utf8_lossy(&text(Shell::Bash, program)).into_owned();
    let bound = |name: &str| format!(" -o default {name}\n");
    text.replace(&bound(program), &bound(name)).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use perch_tests::host::{command, run};

    /// What bash offers for the words `line`, the last of which is being typed.
    fn bash_offers(dir: &Path, line: &str) -> Vec<String> {
        let script = "
            source \"$1\"
            function_of=$(complete -p \"$2\")
            function_of=${function_of##*-F }
            COMP_WORDS=($3) COMP_CWORD=$(($4 - 1)) COMPREPLY=()
            \"${function_of%% *}\" \"$2\" \"$5\" \"$6\"
            printf '%s\\n' \"${COMPREPLY[@]}\"";
        let words: Vec<&str> = line.split(' ').collect();
        let (name, last) = (words[0], words[words.len() - 1]);
        let before = words[words.len().saturating_sub(2)];
        let offered = run(command("bash")
            .args(["-c", script, "bash"])
            .arg(dir.join("bash").join(name))
            .args([name, line, &words.len().to_string(), last, before]));
        let offered = String::from_utf8(offered.unwrap()).unwrap();
        offered.lines().map(str::to_owned).collect()
    }

    #[test]
    fn bash_completes_commands_and_options_under_both_names() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path()).unwrap();
        for name in NAMES {
            for (line, want) in [
                ("dyn", "dynfilefs"),
                ("dynfilefs cr", "create"),
                ("dynfilefs create --si", "--size"),
                ("dynfilefs create --format e", "ext4"),
            ] {
                let line = format!("{name} {line}");
                assert_eq!(bash_offers(dir.path(), &line), [want], "{line}");
            }
        }
    }

    #[test]
    fn each_shell_reads_its_file() {
        perch_tests::host::packages::ensure(&["fish", "zsh"]).unwrap();
        let dir = tempfile::tempdir().unwrap();
        write(dir.path()).unwrap();
        for name in NAMES {
            run(command("fish")
                .arg("--no-execute")
                .arg(dir.path().join(format!("fish/{name}.fish"))))
            .unwrap();
            run(command("zsh")
                .arg("-n")
                .arg(dir.path().join(format!("zsh/_{name}"))))
            .unwrap();
        }
    }
}
