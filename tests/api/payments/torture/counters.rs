//! Shroffs at counters: each opens a day, takes payments, counts what was taken, and opens another.

use std::collections::BTreeMap;

use diesel::sql_types::{Text, Uuid as SqlUuid};
use diesel::{PgConnection, RunQueryDsl};
use serde_json::{Value, json};
use uuid::Uuid;

use super::ground::Ground;
use crate::support::count;

/// Shroffs of each of two offices: those of one office take numbers from the same book.
const OF_AN_OFFICE: [usize; 2] = [2, 1];
/// What a shroff takes on a day.
const IN_A_DAY: u32 = 40;

pub struct Counters(Vec<Shroff>);

/// One shroff, and what was acknowledged to them.
pub struct Shroff {
    name: String,
    token: String,
    office: Uuid,
    payers: Vec<String>,
    /// The day that is open, and how many payments it has.
    day: Option<(String, u32)>,
    /// Whether the day's date is over.
    is_over: bool,
    /// How many requests were answered: the next one has the next key.
    answered: u32,
    /// The receipts by the key of the request that each was given for.
    receipts: BTreeMap<String, String>,
    /// The taking that was answered last: path, key, body and answer.
    last: Option<(String, String, Value, Value)>,
}

impl Counters {
    pub fn of(conn: &mut PgConnection, payers: &[String], token: impl Fn(&str) -> String) -> Self {
        let two = "SELECT id FROM estate ORDER BY id LIMIT 2";
        let offices: Vec<Uuid> = diesel::dsl::sql::<SqlUuid>(two).load(conn).unwrap();
        let offices = offices.into_iter().zip(OF_AN_OFFICE);
        let posts = offices.flat_map(|(office, shroffs)| std::iter::repeat_n(office, shroffs));
        let shroffs = (1..).zip(posts).map(|(number, office)| {
            let name = format!("shroff-{number}");
            Shroff {
                token: token(&name),
                name,
                office,
                payers: payers.to_vec(),
                day: None,
                is_over: false,
                answered: 0,
                receipts: BTreeMap::new(),
                last: None,
            }
        });
        Self(shroffs.collect())
    }

    pub fn shroffs(&mut self) -> impl Iterator<Item = &mut Shroff> {
        self.0.iter_mut()
    }

    pub fn acknowledged(&self) -> usize {
        self.0.iter().map(|shroff| shroff.receipts.len()).sum()
    }

    /// What was asked last, and perhaps not answered, is asked again.
    pub fn end(&mut self, ground: &Ground<'_>) {
        for shroff in self.shroffs() {
            assert!(shroff.step(ground));
        }
    }

    /// Each receipt that was given is there, and no other; their numbers have no gaps.
    pub fn check(&self, conn: &mut PgConnection) {
        let given = self.0.iter().flat_map(|shroff| shroff.receipts.values());
        let mut given: Vec<&String> = given.collect();
        given.sort_unstable();
        let kept = "SELECT p.reference FROM payment p JOIN counter_receipt r ON r.payment = p.id \
             WHERE p.channel = 'shroff' AND p.amount = 10 ORDER BY p.reference COLLATE \"C\"";
        let kept: Vec<String> = diesel::dsl::sql::<Text>(kept).load(conn).unwrap();
        assert_eq!(given, kept.iter().collect::<Vec<_>>());
        let takings = i64::try_from(given.len()).unwrap();
        assert_eq!(count(conn, "payment WHERE channel = 'shroff'"), takings);
        assert_eq!(count(conn, "counter_receipt"), takings);
        let gaps = "receipt_book b WHERE b.last <> (SELECT count(DISTINCT number) FROM \
             counter_receipt r WHERE (r.estate_id, r.year) = (b.estate_id, b.year))";
        assert_eq!(count(conn, gaps), 0);
    }
}

impl Shroff {
    pub fn working(&mut self, ground: &Ground<'_>) {
        while !ground.stopped() {
            if self.answered % 8 == 7 {
                self.ask_again(ground);
            }
            self.step(ground);
        }
    }

    /// Does the next thing, or once more what was not answered; whether it was.
    fn step(&mut self, ground: &Ground<'_>) -> bool {
        let done = match self.day.clone() {
            None => self.open(ground),
            Some((day, taken)) if taken == IN_A_DAY || self.is_over => {
                self.count(ground, &day, taken)
            }
            Some((day, _)) => self.take(ground, &day),
        };
        self.answered += u32::from(done.is_some());
        done.is_some()
    }

    fn key(&self) -> String {
        format!("{}-{}", self.name, self.answered)
    }

    fn open(&mut self, ground: &Ground<'_>) -> Option<()> {
        let key = self.key();
        let by = (self.token.as_str(), key.as_str());
        let body = json!({ "estate": self.office });
        let day = ground.order("/v1/counter-days", by, &body, 201)?;
        let path = format!("/v1/counter-days/{}", day["id"].as_str().unwrap());
        self.day = Some((path, 0));
        self.is_over = false;
        Some(())
    }

    fn take(&mut self, ground: &Ground<'_>, day: &str) -> Option<()> {
        let (path, key) = (format!("{day}/payments"), self.key());
        let payer = &self.payers[usize::try_from(self.answered).unwrap() % self.payers.len()];
        let body = json!({ "tenant_code": payer, "amount": "10.00", "tender": "cash" });
        let bearer = format!("Bearer {}", self.token);
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Content-Type", "application/json"),
            ("Idempotency-Key", &key),
        ];
        let heard = ground.post(&path, &headers, body.to_string().as_bytes())?;
        if heard.status == 409 && heard.text.contains("counter-other-date") {
            self.is_over = true;
            return Some(());
        }
        let told = heard.expect(201);
        let receipt = told["receipt"].as_str().unwrap().to_owned();
        let before = self.receipts.insert(key.clone(), receipt);
        assert_eq!(before, None, "{key}");
        self.last = Some((path, key, body, told));
        self.day.as_mut().unwrap().1 += 1;
        Some(())
    }

    /// The drawer has what was acknowledged, and the day is closed over it.
    fn count(&mut self, ground: &Ground<'_>, day: &str, taken: u32) -> Option<()> {
        let key = self.key();
        let by = (self.token.as_str(), key.as_str());
        let coins = json!({ "kind": "coin", "value": "10.00", "pieces": taken });
        let body = json!({ "cash": [coins] });
        let told = ground.order(&format!("{day}/count"), by, &body, 200)?;
        assert_eq!(told["day"]["state"], "closed", "{told}");
        self.day = None;
        Some(())
    }

    /// The same taking again is answered as it was, whatever became of the day.
    fn ask_again(&self, ground: &Ground<'_>) {
        if let Some((path, key, body, told)) = &self.last {
            let again = ground.order(path, (&self.token, key), body, 201);
            assert!(again.is_none_or(|again| again == *told), "{told}");
        }
    }
}
