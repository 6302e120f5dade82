//! A channel's settlement files, with payments of their own beside some that were told before.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use kaifong::kernel::clock::hong_kong_date;
use kaifong::payments::Channel;
use kaifong::payments::files::{Characters, Line, write};

use super::ground::Ground;
use super::notices::{Notices, reference};
use crate::support::count;

/// Payments that only one file has.
const OWN: u32 = 100;
/// Those beside them that may have been told.
const TOLD: u32 = 20;

/// What was brought so far.
pub struct Files {
    token: String,
    payers: Vec<String>,
    paid_at: DateTime<Utc>,
    /// By their number.
    acknowledged: BTreeMap<u32, Vec<u8>>,
    /// Brought, and not acknowledged.
    open: Option<Vec<u8>>,
}

impl Files {
    pub fn of(payers: &[String], paid_at: DateTime<Utc>, token: String) -> Self {
        Self {
            token,
            payers: payers.to_vec(),
            paid_at,
            acknowledged: BTreeMap::new(),
            open: None,
        }
    }

    /// Payments that only files have, and that were acknowledged with them.
    pub fn acknowledged(&self) -> usize {
        self.acknowledged.len() * usize::try_from(OWN).unwrap()
    }

    /// Brings files: the one that was not acknowledged, or a new one.
    pub fn bringing(&mut self, ground: &Ground<'_>, notices: &Notices) {
        while !ground.stopped() {
            let number = u32::try_from(self.acknowledged.len()).unwrap() + 1;
            let open = self.open.take();
            let bytes = open.unwrap_or_else(|| self.file(number, notices));
            if self
                .bring(ground, &format!("{number}.txt"), &bytes)
                .is_some()
            {
                self.acknowledged.insert(number, bytes);
            } else {
                self.open = Some(bytes);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Brings `bytes` as `name`; the status when they were taken.
    fn bring(&self, ground: &Ground<'_>, name: &str, bytes: &[u8]) -> Option<u16> {
        let bearer = format!("Bearer {}", self.token);
        let path = format!("/v1/payment-files?name={name}");
        let heard = ground.post(&path, &[("Authorization", &bearer)], bytes)?;
        assert!([200, 201].contains(&heard.status), "{}", heard.text);
        Some(heard.status)
    }

    fn file(&self, number: u32, notices: &Notices) -> Vec<u8> {
        let known = notices.begun();
        let told = known.saturating_sub(TOLD)..known;
        let told = told.map(|one| (reference(one), notices.payer(one)));
        let first = (number - 1) * OWN;
        let own = (first..first + OWN).map(|one| {
            let payer = &self.payers[usize::try_from(one).unwrap() % self.payers.len()];
            (format!("F-{one:08}"), payer.as_str())
        });
        let lines: Vec<_> = (1..)
            .zip(told.chain(own))
            .map(|(at, (reference, payer))| Line {
                number: at,
                reference,
                end_to_end: None,
                wording: None,
                account: payer.to_owned(),
                amount: "10.00".parse().unwrap(),
                instructed_at: self.paid_at,
                place: "7-Eleven".to_owned(),
            })
            .collect();
        let head = (Channel::Store, hong_kong_date(self.paid_at), number);
        write(head, Characters::Utf8, &lines).unwrap()
    }

    /// Brings what was left open, and all the others again under another name.
    pub fn end(&mut self, ground: &Ground<'_>) {
        if let Some(bytes) = self.open.take() {
            let number = u32::try_from(self.acknowledged.len()).unwrap() + 1;
            self.bring(ground, "last.txt", &bytes).unwrap();
            self.acknowledged.insert(number, bytes);
        }
        for (number, bytes) in &self.acknowledged {
            let status = self.bring(ground, &format!("again-{number}.txt"), bytes);
            assert_eq!(status, Some(200), "file {number} was lost");
        }
    }

    /// Each file is posted, and each payment that only files have is there once.
    pub fn check(&self, conn: &mut PgConnection) {
        let posted = "payment_file WHERE channel = 'store' AND state = 'posted'";
        let files = i64::try_from(self.acknowledged.len()).unwrap();
        assert_eq!(count(conn, posted), files);
        let own = i64::try_from(self.acknowledged()).unwrap();
        let paid = "payment WHERE reference LIKE 'F-%' AND amount = 10";
        assert_eq!(count(conn, paid), own);
    }
}
