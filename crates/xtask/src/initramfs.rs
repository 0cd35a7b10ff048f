//! `cargo xtask initramfs`: the stand-alone image, with perch as its process 1.
//!
//! What the image holds: `/init` (perch-init, which is also `/sbin/modprobe`), the kernel modules
//! that lead to the medium, `/etc/minios-release`, and the few programs of others that perch-init
//! runs: checkers, formatters, NTFS-3G. The same input gives the same bytes.

mod compress;
mod cpio;
mod hooks;
mod modules;
mod programs;
mod selection;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use compress::Compression;
use cpio::{Node, Tree};
use lexopt::Arg::{Long, Short};
use perch_tests::host::{STATIC_TARGET, ensure_static_target};
use programs::Programs;

const HELP: &str = "\
cargo xtask initramfs --kernel-version VERSION --output FILE [OPTION...]

  --kernel-version VERSION  whose modules to pack, as `uname -r` names it
  --output FILE             where the image goes
  --root DIR                where lib/modules/VERSION or usr/lib/modules/VERSION is (default /)
  --modules LIST            names, patterns or aliases separated by commas; `most` stands for
                            the storage, filesystem and keyboard modules that media need,
                            `common` for those of them that a usual PC needs (default most)
  --compress KIND           none, gzip, lz4 or zstd for the boot program and the modules of
                            `common` (default lz4)
  --pack-modules KIND       none, xz or zstd for each of the other modules, and for programs
                            (default xz)
  --programs LIST           names separated by commas, each packed with its libraries; `most`
                            stands for those of e2fsprogs, ntfs-3g, dosfstools and exfatprogs
                            that perch can use and that are there, `none` for none (default most)
  --programs-root DIR       the system they are taken from (default /)
  --system-name NAME        for /etc/minios-release (default MiniOS)
  --system-version VERSION  likewise (default 5.1.1)
  --system-edition EDITION  likewise (default standard)
  --hooks DIR               programs for stages of the boot: DIR/STAGE.d/* with STAGE one of
                            after-data, after-session, before-switch, failure
  --allow-medium-hooks      run those in the medium's data directory (hooks/STAGE.d/*) too
  --bin FILE                a ready perch-init (default: build it)
";

struct Options {
    kernel: String,
    output: PathBuf,
    root: PathBuf,
    modules: String,
    compress: Compression,
    pack: Compression,
    programs: String,
    programs_root: PathBuf,
    system: [String; 3],
    hooks: Option<PathBuf>,
    medium_hooks: bool,
    bin: Option<PathBuf>,
}

/// Runs the command with the arguments that follow its name.
pub fn run(args: lexopt::Parser) -> Result<()> {
    match Options::parse(args)? {
        Some(options) => build(&options),
        None => {
            print!("{HELP}");
            Ok(())
        }
    }
}

impl Options {
    /// `None` if the help was asked for.
    fn parse(mut args: lexopt::Parser) -> Result<Option<Self>> {
        let (mut kernel, mut output) = (None, None);
        let mut options = Self {
            kernel: String::new(),
            output: PathBuf::new(),
            root: "/".into(),
            modules: "most".into(),
            compress: Compression::Lz4,
            pack: Compression::Xz,
            programs: "most".into(),
            programs_root: "/".into(),
            system: ["MiniOS", "5.1.1", "standard"].map(Into::into),
            hooks: None,
            medium_hooks: false,
            bin: None,
        };
        let text = |args: &mut lexopt::Parser| -> Result<String> {
            match args.value()?.into_string() {
                Ok(text) => Ok(text),
                Err(odd) => bail!("{} is not text", odd.display()),
            }
        };
        while let Some(arg) = args.next()? {
            match arg {
                Long("kernel-version") => kernel = Some(text(&mut args)?),
                Long("output") | Short('o') => output = Some(args.value()?),
                Long("root") => options.root = args.value()?.into(),
                Long("modules") => options.modules = text(&mut args)?,
                Long("compress") => options.compress = Compression::of_archive(&text(&mut args)?)?,
                Long("pack-modules") => options.pack = Compression::of_modules(&text(&mut args)?)?,
                Long("programs") => options.programs = text(&mut args)?,
                Long("programs-root") => options.programs_root = args.value()?.into(),
                Long("system-name") => options.system[0] = text(&mut args)?,
                Long("system-version") => options.system[1] = text(&mut args)?,
                Long("system-edition") => options.system[2] = text(&mut args)?,
                Long("hooks") => options.hooks = Some(args.value()?.into()),
                Long("allow-medium-hooks") => options.medium_hooks = true,
                Long("bin") => options.bin = Some(args.value()?.into()),
                Long("help") | Short('h') => return Ok(None),
                other => return Err(other.unexpected().into()),
            }
        }
        options.kernel = kernel.context("--kernel-version is needed; see --help")?;
        options.output = output.context("--output is needed; see --help")?.into();
        Ok(Some(options))
    }
}

fn build(options: &Options) -> Result<()> {
    let source = modules::directory(&options.root, &options.kernel)?;
    let chosen = modules::Modules::select(&source, options.modules.split(','))?;
    let programs = Programs::select(&options.programs_root, options.programs.split(','))?;
    let identity = identity(&options.system)?;
    let program = match &options.bin {
        Some(file) => file.clone(),
        None => build_program()?,
    };
    let program =
        fs::read(&program).with_context(|| format!("cannot read {}", program.display()))?;
    let program_size = program.len();

    let (mut main, mut rest) = (Tree::default(), Tree::default());
    for directory in ["dev", "proc", "run", "sys"] {
        main.add(directory, Node::Directory);
    }
    main.add("init", Node::File(program, 0o755));
    main.add("sbin/modprobe", Node::Link("/init".into()));
    main.add("etc/minios-release", Node::File(identity.into(), 0o644));
    hooks::add(options.hooks.as_deref(), options.medium_hooks, &mut main)?;
    let sizes = chosen.pack(&options.kernel, options.pack, &mut main, &mut rest)?;
    let program_sizes = programs.pack(options.pack, &mut rest)?;
    let archive = main.to_cpio();
    let compressed = options.compress.apply(&archive)?;
    let image = join(&compressed, &rest);
    fs::write(&options.output, &image)
        .with_context(|| format!("cannot write {}", options.output.display()))?;

    let line = |bytes: usize, what: &str| println!("{:>9.1} KiB  {what}", bytes as f64 / 1024.0);
    line(program_size, "perch-init");
    line(sizes.index, "module index");
    let ready = sizes.ready;
    line(
        ready.after,
        &format!("{} modules ready for use", ready.count),
    );
    line(archive.len(), "these as one archive");
    line(
        compressed.len(),
        &format!("the archive as {}", options.compress),
    );
    let packed = sizes.packed;
    if packed.count > 0 {
        let what = format!("{} modules, each as {}", packed.count, options.pack);
        line(packed.before, "the other modules");
        line(packed.after, &what);
    }
    if !program_sizes.names.is_empty() {
        line(program_sizes.before, &program_sizes.names.join(", "));
        let what = format!("these with their libraries, as {}", options.pack);
        line(program_sizes.after, &what);
    }
    if !programs.missing.is_empty() {
        let missing = programs.missing.join(", ");
        let root = options.programs_root.display();
        println!("  not there  {missing}: sought in {root}, left out");
    }
    line(image.len(), &options.output.display().to_string());
    Ok(())
}

/// The image: the compressed archive, then the other one as it is, if it holds anything.
///
/// The kernel unpacks archives one after the other and skips zeros between them; one that is not
/// compressed must begin at a multiple of four (Linux, `init/initramfs.c`). The last one may have
/// more appended to it.
fn join(compressed: &[u8], rest: &Tree) -> Vec<u8> {
    let mut image = compressed.to_vec();
    // Four at least: they end an lz4 archive.
    image.resize((image.len() + 4).next_multiple_of(4), 0);
    if !rest.is_empty() {
        image.extend_from_slice(&rest.to_cpio());
    }
    image
}

/// `/etc/minios-release`, which sessions are compared with: shell assignments.
fn identity([name, version, edition]: &[String; 3]) -> Result<String> {
    for value in [name, version, edition] {
        if value.contains(['"', '\\', '$', '`', '\n']) {
            bail!("{value:?} cannot stand between double quotes in a shell file");
        }
    }
    Ok(format!(
        "NAME=\"{name}\"\nVERSION=\"{version}\"\nEDITION=\"{edition}\"\n"
    ))
}

/// Builds perch-init as it is shipped and tells where it is.
pub fn build_program() -> Result<PathBuf> {
    ensure_static_target()?;
    // The workspace of this very source: the command works from any directory.
    let workspace = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let done = Command::new(cargo)
        .current_dir(workspace)
        .args(["build", "--release", "--quiet", "--package", "perch-boot"])
        .args([
            "--target",
            STATIC_TARGET,
            "--message-format",
            "json-render-diagnostics",
        ])
        .stderr(std::process::Stdio::inherit())
        .output()
        .context("cannot run cargo")?;
    if !done.status.success() {
        bail!("perch-init does not build ({})", done.status);
    }
    // Cargo says where: the target directory is a matter of configuration.
    let messages = String::from_utf8_lossy(&done.stdout);
    let executable = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter_map(|message| Some(PathBuf::from(message.get("executable")?.as_str()?)))
        .next_back();
    executable.context("cargo does not tell where perch-init is")
}

#[cfg(test)]
mod tests;
