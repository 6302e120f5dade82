//! How the department is told the rents of its recipients: the other direction of its monthly file,
//! of the same family.
//!
//! ```text
//! H|kaifong-cssa-rents-1|2026-12|2026-11-25|7|UTF-8
//! D|1|1000000018|same|2364.00|2364.00|HKD
//! D|2|1000000026|changed|2364.00|2400.00|HKD
//! D|3|1000000034|ended|1820.00|0.00|HKD
//! T|3|4764.00|7
//! ```
//!
//! The header names the layout, the rent month, the day on which the file was made, its number, and
//! the characters. A detail has its number, the tenant code, what became of the rent since the
//! month before, the rent then, the rent of the month, and the currency. The trailer says how many,
//! what the rents come to, and the number once more.

use std::fmt::Write as _;

use chrono::NaiveDate;

use super::model::{RentFile, RentLine};

const LAYOUT: &str = "kaifong-cssa-rents-1";

/// The bytes of `file`, made on `day` of `lines`: they depend on nothing else.
pub fn write(file: &RentFile, day: NaiveDate, lines: &[RentLine]) -> Vec<u8> {
    let (month, sequence) = (file.month, file.sequence);
    let mut text = format!("H|{LAYOUT}|{month}|{day}|{sequence}|UTF-8\n");
    for (number, line) in (1..).zip(lines) {
        let RentLine {
            household,
            change,
            before,
            rent,
            ..
        } = line;
        let number: u32 = number;
        // Writing to a String cannot fail.
        let _ = writeln!(text, "D|{number}|{household}|{change}|{before}|{rent}|HKD");
    }
    let _ = writeln!(text, "T|{}|{}|{sequence}", lines.len(), file.amount);
    text.into_bytes()
}

/// What the file is called.
pub fn name(file: &RentFile) -> String {
    format!("cssa-rents-{}-{}.txt", file.month, file.sequence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cssa::model::RentChange;
    use crate::kernel::id::RentFileId;

    const GOLDEN: &str = "\
H|kaifong-cssa-rents-1|2026-12|2026-11-25|7|UTF-8
D|1|1000000018|same|2364.00|2364.00|HKD
D|2|1000000026|ended|1820.00|0.00|HKD
T|2|2364.00|7
";

    #[test]
    fn the_golden_file_is_written() {
        let id = RentFileId::derived("one");
        let line = |code: &str, change, before: &str, rent: &str| RentLine {
            file: id,
            household: code.parse().unwrap(),
            change,
            before: before.parse().unwrap(),
            rent: rent.parse().unwrap(),
        };
        let lines = [
            line("1000000018", RentChange::Same, "2364.00", "2364.00"),
            line("1000000026", RentChange::Ended, "1820.00", "0.00"),
        ];
        let file = RentFile {
            id,
            month: "2026-12".parse().unwrap(),
            sequence: 7,
            requested_by: "one".to_owned(),
            requested_at: "2026-11-24T20:00:00Z".parse().unwrap(),
            made_at: None,
            lines: 2,
            amount: "2364.00".parse().unwrap(),
            left_out: 0,
            sha256: None,
        };
        let day = "2026-11-25".parse().unwrap();
        assert_eq!(write(&file, day, &lines), GOLDEN.as_bytes());
        assert_eq!(name(&file), "cssa-rents-2026-12-7.txt");
    }
}
