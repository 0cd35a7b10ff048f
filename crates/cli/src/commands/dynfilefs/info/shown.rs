//! What is known of a container, for people.

use std::fmt::Write;

use perch_core::units::{Bytes, Mib};

use super::{Known, PartKnown, User};

pub(super) fn text(known: &Known) -> String {
    let mut lines = vec![("Format", known.format.to_owned())];
    let mib = |bytes: u64| Mib(bytes >> 20);
    lines.push(("Disk", format!("{}", mib(known.size))));
    lines.push((
        "Parts",
        match known.parts {
            1 => "1".to_owned(),
            parts => format!("{parts} of at most {}", mib(known.split)),
        },
    ));
    if let Some(used) = &known.used {
        let percent = used.fill * 100.0;
        let data = format!("{}, {percent:.1} % of the disk", Bytes(used.data));
        lines.push(("Data", data));
        lines.push((
            "Free slots",
            format!("{}, for new data first", Bytes(used.free)),
        ));
        lines.push(("Overhead", Bytes(used.overhead).to_string()));
    }
    let length = format!(
        "{} in files of {}",
        Bytes(known.allocated),
        Bytes(known.length)
    );
    lines.push(("On the medium", length));
    if let Some(used) = &known.used {
        if used.unaligned_blocks > 0 {
            let unaligned = format!(
                "{} blocks, a little slower; compacting aligns them",
                used.unaligned_blocks
            );
            lines.push(("Unaligned", unaligned));
        }
        let content = used.content.as_deref().unwrap_or("no known file system");
        lines.push(("Content", content.to_owned()));
    }
    if let Some(user) = &known.in_use {
        lines.push(("In use by", in_words(user)));
    }
    let mut text = format!("{}\n", known.path);
    for (label, value) in lines {
        // Writing to a string does not fail.
        let _ = writeln!(text, "  {:<15}{value}", format!("{label}:"));
    }
    if let Some(parts) = &known.part_list {
        text.push_str(&table(parts));
    }
    text
}

fn in_words(user: &User) -> String {
    let data = "its data is counted when it is not mounted";
    match (user.pid, &user.program) {
        (Some(pid), Some(program)) => format!("process {pid} ({program}); {data}"),
        (Some(pid), None) => format!("process {pid}; {data}"),
        _ => format!("another process; {data}"),
    }
}

fn table(parts: &[PartKnown]) -> String {
    let mut rows = vec![["Part", "Length", "On the medium", "Data", "Free"].map(str::to_owned)];
    rows.extend(parts.iter().map(|part| {
        [
            part.file.clone(),
            part.length
                .map_or("missing".to_owned(), |length| Bytes(length).to_string()),
            Bytes(part.allocated).to_string(),
            Bytes(part.data).to_string(),
            Bytes(part.free).to_string(),
        ]
    }));
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..5).map(width).collect();
    let mut text = String::from("\n");
    for row in &rows {
        let mut cells = row.iter().zip(&widths);
        if let Some((name, width)) = cells.next() {
            let _ = write!(text, "  {name:<width$}");
        }
        for (cell, width) in cells {
            let _ = write!(text, "  {cell:>width$}");
        }
        text.push('\n');
    }
    text
}
