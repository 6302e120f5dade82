//! Channels' programs, which tell of payments as they happen.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use kaifong::kernel::clock::{Clock, SystemClock};
use serde_json::json;

use super::ground::Ground;
use crate::payments::notices::{PATH, Program};
use crate::support::{count, dice};

/// Tellers at the same time.
pub const TELLERS: u64 = 6;

/// What was told so far.
pub struct Notices {
    program: Program,
    payers: Vec<String>,
    paid_at: DateTime<Utc>,
    next: AtomicU32,
    /// Told, and not acknowledged.
    open: Mutex<Vec<u32>>,
    acknowledged: Mutex<BTreeSet<u32>>,
}

/// What the channel calls payment `number`, always the same.
pub fn reference(number: u32) -> String {
    format!("T-{number:08}")
}

impl Notices {
    pub fn of(conn: &mut PgConnection, payers: &[String], paid_at: DateTime<Utc>) -> Self {
        Self {
            program: Program::of(conn),
            payers: payers.to_vec(),
            paid_at,
            next: AtomicU32::new(0),
            open: Mutex::default(),
            acknowledged: Mutex::default(),
        }
    }

    pub fn acknowledged(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }

    /// How many payments there are, told or about to be.
    pub fn begun(&self) -> u32 {
        self.next.load(Ordering::Relaxed)
    }

    pub fn payer(&self, number: u32) -> &str {
        &self.payers[usize::try_from(number).unwrap() % self.payers.len()]
    }

    /// Tells payment `number`; whether it was acknowledged.
    fn tell(&self, ground: &Ground<'_>, number: u32) -> bool {
        let body = json!({
            "channel": "store", "event": format!("e-{number}"), "reference": reference(number),
            "state": "paid", "account": self.payer(number), "amount": "10.00",
            "instructed_at": self.paid_at, "place": "7-Eleven",
        });
        let body = body.to_string().into_bytes();
        let signed = self.program.headers(&body, SystemClock.now());
        let headers = [
            ("Content-Type", "application/json"),
            ("Content-Digest", signed.content_digest.as_str()),
            ("Signature-Input", signed.signature_input.as_str()),
            ("Signature", signed.signature.as_str()),
        ];
        let heard = ground.post(PATH, &headers, &body);
        heard.is_some_and(|heard| {
            assert_eq!(heard.status, 200, "{}", heard.text);
            true
        })
    }

    /// One teller: what others left open first, then new ones; now and then one again that was
    /// told before.
    pub fn telling(&self, ground: &Ground<'_>, seed: u64) {
        let mut dice = dice(seed);
        while !ground.stopped() {
            let open = self.open.lock().unwrap().pop();
            let number = match open {
                Some(number) => number,
                None if dice(10) == 0 => {
                    let again = dice(self.begun().max(1).into());
                    self.tell(ground, u32::try_from(again).unwrap());
                    continue;
                }
                None => self.next.fetch_add(1, Ordering::Relaxed),
            };
            if self.tell(ground, number) {
                self.acknowledged.lock().unwrap().insert(number);
            } else {
                self.open.lock().unwrap().push(number);
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }

    /// Tells again what was left open.
    pub fn end(&self, ground: &Ground<'_>) {
        for number in std::mem::take(&mut *self.open.lock().unwrap()) {
            assert!(self.tell(ground, number), "{number}");
            self.acknowledged.lock().unwrap().insert(number);
        }
        // All that was begun was acknowledged in the end.
        assert_eq!(self.acknowledged(), usize::try_from(self.begun()).unwrap());
    }

    /// Each payment is there once.
    pub fn check(&self, conn: &mut PgConnection) {
        let told = i64::try_from(self.acknowledged()).unwrap();
        let paid = "payment WHERE reference LIKE 'T-%' AND amount = 10";
        assert_eq!(count(conn, paid), told);
    }
}
