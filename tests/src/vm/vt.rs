//! The machine's own screen and keyboard: VGA text and a PS/2 keyboard, through QEMU's monitor
//! (QEMU Machine Protocol, `docs/interop/qmp-spec.rst`).

use std::cell::RefCell;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

/// The memory of colour text modes: a character and its colours in two bytes each. All of its 32 KiB, as the kernel
/// scrolls by moving the start of the screen in it (drivers/video/console/vgacon.c).
const MEMORY: (u64, usize) = (0xb8000, 0x8000);
/// Columns of the only text mode there is here.
const COLUMNS: usize = 80;
/// Nothing tells when the memory changed; each look is one exchange with QEMU.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// The screen and keyboard of one machine.
pub struct Vt {
    monitor: RefCell<BufReader<UnixStream>>,
    /// Where QEMU copies the memory to.
    copy: PathBuf,
}

impl Vt {
    /// Takes over the monitor's end of `stream`; `copy` is a file that QEMU may write.
    pub(super) fn new(stream: UnixStream, copy: PathBuf) -> Result<Self> {
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let vt = Self {
            monitor: RefCell::new(BufReader::new(stream)),
            copy,
        };
        vt.read()?; // the greeting
        vt.execute("qmp_capabilities", json!({}))?;
        Ok(vt)
    }

    /// Presses keys one after the other, by QEMU's names for them: `down`, `ret`, `esc`, `2`.
    ///
    /// # Errors
    /// If the machine is gone or knows no such key.
    pub fn press(&self, keys: &[&str]) -> Result<()> {
        for key in keys {
            let key = json!({ "type": "qcode", "data": key });
            self.execute("send-key", json!({ "keys": [key] }))?;
        }
        Ok(())
    }

    /// Everything in the memory of the screen as lines, without colours: what is shown and what scrolled away last.
    ///
    /// # Errors
    /// If the machine is gone.
    pub fn text(&self) -> Result<String> {
        let (start, size) = MEMORY;
        let file = self.copy.display().to_string();
        self.execute(
            "pmemsave",
            json!({ "val": start, "size": size, "filename": file }),
        )?;
        let memory = std::fs::read(&self.copy).context("QEMU copied no memory")?;
        let cells: Vec<char> = memory
            .chunks_exact(2)
            .map(|cell| {
                if cell[0] == 0 {
                    ' '
                } else {
                    char::from(cell[0])
                }
            })
            .collect();
        let lines = cells
            .chunks(COLUMNS)
            .map(|row| row.iter().collect::<String>().trim_end().to_owned());
        Ok(lines.collect::<Vec<_>>().join("\n"))
    }

    /// Waits until the screen shows all of `texts`, one after the other from its top.
    ///
    /// # Errors
    /// If the machine is gone or `deadline` passes first; the error has the screen.
    pub fn wait_shown(&self, texts: &[String], deadline: Instant) -> Result<()> {
        loop {
            let screen = self.text()?;
            if super::in_order(&screen, texts) {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("the screen did not show {texts:?} before the deadline:\n{screen}");
            }
            std::thread::sleep(BETWEEN_LOOKS);
        }
    }

    fn execute(&self, command: &str, arguments: Value) -> Result<()> {
        let request = json!({ "execute": command, "arguments": arguments });
        self.monitor
            .borrow_mut()
            .get_mut()
            .write_all(format!("{request}\n").as_bytes())
            .context("the monitor is gone")?;
        loop {
            let answer = self.read()?;
            if let Some(error) = answer.get("error") {
                bail!("{command}: {error}");
            }
            // Events come in between.
            if answer.get("return").is_some() {
                return Ok(());
            }
        }
    }

    fn read(&self) -> Result<Value> {
        let mut line = String::new();
        if self.monitor.borrow_mut().read_line(&mut line)? == 0 {
            bail!("the monitor is gone");
        }
        Ok(serde_json::from_str(&line)?)
    }
}
