//! A bank, which tells of debits in every way that there is: reported by hand, in a file of answers,
//! or in the statement of the account.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::TimeDelta;
use kaifong::kernel::clock::{Clock, SystemClock, hong_kong_date};
use serde_json::json;

use super::ground::Ground;
use crate::autopay::bank_files::{Entry, numbered_statement};
use crate::support::program::Program;

/// Debits that are reported at once.
const AT_ONCE: usize = 4;

/// What becomes of a debit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    Accepted,
    Refused,
    /// Accepted, and then taken back.
    Returned,
}

impl Says {
    /// In turn.
    pub const ALL: [Self; 4] = [
        Self::Accepted,
        Self::Returned,
        Self::Accepted,
        Self::Refused,
    ];

    /// Its answers, and how often it is paid, posted, reversed and charged a fee for.
    pub fn books(self) -> &'static str {
        match self {
            Self::Accepted => "ACCEPTED 1 1 0 0",
            Self::Refused => "INSUFFICIENT_FUNDS 0 0 0 0",
            Self::Returned => "ACCEPTED+INSUFFICIENT_FUNDS 1 1 1 1",
        }
    }
}

/// What becomes of one debit.
pub struct Said {
    pub reference: String,
    pub amount: String,
    pub says: Says,
}

/// References, each with a code.
type Answers = Vec<(String, &'static str)>;

/// One thing that the bank tells.
pub enum Telling {
    Reported(Answers),
    /// A file of answers for `kaifong autopay-results`.
    Answers(PathBuf),
    /// A file that is brought as settlement files are.
    Statement(Vec<u8>),
}

impl Telling {
    /// All that is told of `said`, the debits of collection `id`, which was sent after `number`
    /// others.
    pub fn of(number: u32, (id, said): (&str, &[Said]), program: &Program) -> VecDeque<Self> {
        let first: Answers = said
            .iter()
            .map(|one| match one.says {
                Says::Accepted | Says::Returned => (one.reference.clone(), "ACCEPTED"),
                Says::Refused => (one.reference.clone(), "INSUFFICIENT_FUNDS"),
            })
            .collect();
        let returned = said.iter().filter(|one| one.says == Says::Returned);
        let returned: Answers = returned
            .map(|one| (one.reference.clone(), "INSUFFICIENT_FUNDS"))
            .collect();
        let mut tellings: VecDeque<Self> = match number % 3 {
            0 => {
                let parts = first.chunks(AT_ONCE).chain(returned.chunks(AT_ONCE));
                parts.map(|some| Self::Reported(some.to_vec())).collect()
            }
            1 => {
                let path = program.folder().join(format!("answers-{number}.txt"));
                fs::write(&path, answers(id, &[&*first, &returned].concat())).unwrap();
                [Self::Answers(path)].into()
            }
            _ => [Self::Statement(statement(number / 3 + 1, said))].into(),
        };
        // And the first of it once more, however it came.
        tellings.push_back(Self::Reported(first));
        tellings
    }

    /// Tells it, about the collection at `path`; `None` when that was not acknowledged.
    pub fn tell(&self, ground: &Ground<'_>, path: &str, by: (&str, &str)) -> Option<()> {
        match self {
            Self::Reported(answers) => {
                let results = answers
                    .iter()
                    .map(|(reference, code)| json!({ "reference": reference, "code": code }));
                let body = json!({ "results": results.collect::<Vec<_>>() });
                let told = ground.order(&format!("{path}/results"), by, &body, 200)?;
                assert_eq!(told["strays"], json!([]), "{told}");
                Some(())
            }
            Self::Answers(file) => take(ground, file),
            Self::Statement(bytes) => {
                let bearer = format!("Bearer {}", by.0);
                let path = format!("/v1/payment-files?name={}.xml", by.1);
                let heard = ground.post(&path, &[("Authorization", &bearer)], bytes)?;
                assert!([200, 201].contains(&heard.status), "{}", heard.text);
                Some(())
            }
        }
    }
}

/// `answers` in the house layout.
fn answers(id: &str, answers: &[(String, &str)]) -> String {
    let mut text = format!("H|kaifong-autopay-1|{id}\n");
    for (reference, code) in answers {
        writeln!(text, "R|{reference}|{code}").unwrap();
    }
    text + &format!("T|{}\n", answers.len())
}

/// Statement `number`: what was paid, and what was paid and taken back.
fn statement(number: u32, said: &[Said]) -> Vec<u8> {
    let yesterday = hong_kong_date(SystemClock.now()) - TimeDelta::days(1);
    let paid = said.iter().filter(|one| one.says != Says::Refused);
    let entries = paid.flat_map(|one| {
        let paid = Entry::Paid(&one.reference, &one.amount);
        let returned = Entry::Returned(&one.reference, &one.amount);
        let returned = Some(returned).filter(|_| one.says == Says::Returned);
        std::iter::once(paid).chain(returned)
    });
    let entries: Vec<_> = entries.collect();
    numbered_statement((number, &yesterday.to_string()), &entries).into_bytes()
}

/// Takes a file of answers in, in a program of its own, which ends with all others.
fn take(ground: &Ground<'_>, file: &Path) -> Option<()> {
    let mut command = ground.program.on(ground.url, &["autopay-results"]);
    command
        .arg(file)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut taking = command.spawn().unwrap();
    loop {
        if let Some(ended) = taking.try_wait().unwrap() {
            let is_shaken = ground.shaken.load(Ordering::Relaxed);
            assert!(ended.success() || is_shaken, "{ended}");
            return ended.success().then_some(());
        }
        if ground.stopped() {
            let _ = taking.kill();
            taking.wait().unwrap();
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
