//! A rotation that was stopped goes on where it was.

use std::sync::atomic::{AtomicI64, Ordering};

use kaifong::platform::vault::{Outcome, Progress, rotate};

use super::open;
use super::rotation::{read, rotation, settle};
use crate::support::count;

/// Counts the rows that are swept, and stops after so many.
struct Swept {
    rows: AtomicI64,
    patience: i64,
}

impl Progress for Swept {
    fn at(&self, doing: &'static str, done: i64, _: i64) {
        if doing == "sealing anew" {
            self.rows.fetch_max(done, Ordering::Relaxed);
        }
    }

    fn stopped(&self) -> bool {
        self.rows.load(Ordering::Relaxed) >= self.patience
    }
}

#[test]
fn a_rotation_sweeps_no_row_twice_however_often_interrupted() {
    let mut opened = open();
    let ids = settle(&mut opened, 9_000);
    let url = opened.database.url().to_owned();
    let mut swept = Vec::new();
    loop {
        let watch = Swept {
            rows: AtomicI64::new(0),
            patience: 1,
        };
        let outcome = rotate(&url, &opened.vault, &rotation(false), &watch).unwrap();
        swept.push(watch.rows.into_inner());
        if outcome == Outcome::Done {
            break;
        }
    }
    assert_eq!(swept.iter().sum::<i64>(), 9_000, "{swept:?}");
    assert!(swept.len() > 2, "{swept:?}");
    let old = "resident WHERE get_byte(name, 3) <> 2 OR get_byte(phone, 3) <> 2";
    assert_eq!(count(&mut opened.conn, old), 0);
    read(&mut opened.conn, &opened.vault, ids[0], true);
}
