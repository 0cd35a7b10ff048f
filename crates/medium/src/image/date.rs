//! Seconds since 1970 as a date of the Gregorian calendar, in UTC.

const DAY: u64 = 86_400;

/// `YYYYMMDDhhmmsscc`; the last year is 9999.
pub(super) fn digits(time: u64) -> String {
    let (year, month, day) = civil(time / DAY);
    let (hour, minute, second) = (time / 3600 % 24, time / 60 % 60, time % 60);
    format!(
        "{:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}00",
        year.min(9999)
    )
}

/// Year, month and day of a number of days since 1970-01-01.
fn civil(mut days: u64) -> (u64, usize, u64) {
    let mut year = 1970;
    loop {
        let length = if is_leap(year) { 366 } else { 365 };
        if days < length || year == 9999 {
            break;
        }
        days -= length;
        year += 1;
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 1;
    for length in months {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month.min(12), days + 1)
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

#[cfg(test)]
mod tests {
    use super::digits;

    /// As date(1) has it: `date -u -d @N +%Y%m%d%H%M%S`.
    #[test]
    fn dates() {
        for (time, want) in [
            (0, "1970010100000000"),
            (1_700_000_000, "2023111422132000"),
            (951_782_399, "2000022823595900"),
            (951_782_400, "2000022900000000"),
            (4_107_542_400, "2100030100000000"),
            (1_735_689_599, "2024123123595900"),
        ] {
            assert_eq!(digits(time), want, "{time}");
        }
    }
}
