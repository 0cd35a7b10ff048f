//! The serial line that a menu is shown on, besides the screen.

use std::fmt;
use std::str::FromStr;

/// A serial port of a PC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Serial {
    /// Its number, from 0: COM1 is 0, as is `ttyS0`. At most 3.
    pub unit: u8,
    /// Bits a second.
    pub speed: u32,
}

impl Serial {
    /// Consoles for the kernel. The screen comes last: it is `/dev/console` also where no such port is.
    pub(super) fn kernel_parameters(self) -> String {
        format!("console=ttyS{},{} console=tty0", self.unit, self.speed)
    }
}

/// The first port at 115200 bits a second, as servers and emulators have it.
impl Default for Serial {
    fn default() -> Self {
        Self {
            unit: 0,
            speed: 115_200,
        }
    }
}

/// A text that names no serial port.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is no serial port; give its number from 0 to 3 and its speed, such as 0,115200")]
pub struct BadSerial {
    given: String,
}

impl FromStr for Serial {
    type Err = BadSerial;

    /// `0` or `0,115200`.
    fn from_str(text: &str) -> Result<Self, BadSerial> {
        let bad = || BadSerial { given: text.into() };
        let (unit, speed) = text.split_once(',').unwrap_or((text, "115200"));
        let unit = unit.parse().ok().filter(|unit| *unit <= 3);
        let speed = speed
            .parse()
            .ok()
            .filter(|speed| (300..=115_200).contains(speed));
        Ok(Self {
            unit: unit.ok_or_else(bad)?,
            speed: speed.ok_or_else(bad)?,
        })
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.unit, self.speed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_numbers_with_a_speed() {
        let port = |unit, speed| Some(Serial { unit, speed });
        for (text, want) in [
            ("0", port(0, 115_200)),
            ("1,9600", port(1, 9600)),
            ("4", None),
            ("-1", None),
            ("0,", None),
            ("0,0", None),
            ("0 115200", None),
            ("", None),
        ] {
            assert_eq!(text.parse::<Serial>().ok(), want, "{text:?}");
        }
    }
}
