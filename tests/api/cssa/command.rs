//! The same by the command line.

use std::fs;
use std::process::{Command, Output};

use chrono::TimeDelta;
use kaifong::kernel::clock::{Clock, SystemClock, hong_kong_date, hong_kong_month, hong_kong_time};
use kaifong::payments::files::AllowanceEvent::{Change, Start};
use kaifong::payments::files::{AllowanceLine, Characters, Line, write_allowances};

use super::partial;
use crate::support::{TestDatabase, world};

#[test]
#[expect(
    clippy::too_many_lines,
    reason = "it is one month from beginning to end"
)]
fn a_month_is_ingested_reconciled_and_told() {
    let database = TestDatabase::create();
    let codes = world::settle(&database, 2);
    let now = SystemClock.now();
    let (month, day) = (
        hong_kong_month(now),
        hong_kong_date(now - TimeDelta::days(1)),
    );
    let allowances = [(Start, codes[0]), (Change, codes[1])];
    let allowances = (1..)
        .zip(allowances)
        .map(|(number, (event, code))| AllowanceLine {
            number,
            event,
            account: code.to_string(),
            granted: partial("700.00"),
            month,
        });
    let transfer = Line {
        end_to_end: None,
        wording: None,
        number: 1,
        reference: "SWD-1".to_owned(),
        account: codes[0].to_string(),
        amount: "650.00".parse().unwrap(),
        instructed_at: hong_kong_time(day, 0),
        place: String::new(),
    };
    let allowances: Vec<_> = allowances.collect();
    let header = (month, day, 1);
    let bytes = write_allowances(header, Characters::Utf8, &allowances, &[transfer]).unwrap();
    let path = database.folder().join("swd.txt");
    fs::write(&path, bytes).unwrap();
    let run = |words: &[&str]| -> Output {
        Command::new(env!("CARGO_BIN_EXE_kaifong"))
            .args(words)
            .env("KAIFONG_DATABASE_URL", database.url())
            .env("KAIFONG_ROOT_KEY", database.root_key())
            .env("KAIFONG_DATA_DIR", database.folder())
            .output()
            .unwrap()
    };
    let said = |output: Output| {
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let path = path.to_str().unwrap();
    let checked = said(run(&["payment-file", "check", path]));
    let expected = format!("; for {month}, 2 lines of allowances\n");
    assert!(checked.ends_with(&expected), "{checked}");
    let taken = said(run(&["ingest", path]));
    let expected = format!("allowances of {month}: 1 taken in, 1 that fit nothing\n");
    assert!(taken.ends_with(&expected), "{taken}");
    let again = said(run(&["ingest", path]));
    assert!(!again.contains("allowances"), "{again}");

    // What does not agree is told by the exit code too.
    let month = month.to_string();
    let reconciled = run(&["cssa", "reconcile", &month]);
    assert_eq!(reconciled.status.code(), Some(1));
    let told = String::from_utf8(reconciled.stdout).unwrap();
    let [first, second] = [codes[0], codes[1]];
    for line in [
        format!("CSSA {month}: 1 files, 1 payments, HK$650.00\n"),
        "      HK$650.00  on accounts\n".to_owned(),
        "1 households expect HK$700.00, 1 were paid for, 0 agree\n".to_owned(),
        format!("other_amount     {first}  HK$700.00 granted, HK$650.00 paid, HK$"),
        format!("not_granted      {second}  HK$700.00 granted, line 3 of file "),
    ] {
        assert!(told.contains(&line), "{line:?} in {told}");
    }
    let rents = said(run(&["cssa", "rents", &month]));
    assert!(rents.starts_with("H|kaifong-cssa-rents-1|"), "{rents}");
    assert!(rents.contains(&format!("D|1|{first}|same|")), "{rents}");
    let wrong = run(&["cssa", "rents", "2020-01"]);
    assert_eq!(wrong.status.code(), Some(1));
}
