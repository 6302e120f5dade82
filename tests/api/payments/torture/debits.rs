//! Autopay: collections are ordered, prepared, released by another, and answered by the bank.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::Text;
use kaifong::autopay::{self, Payer, Rail, Verified};
use kaifong::kernel::clock::{Clock, SystemClock, hong_kong_month};
use kaifong::kernel::month::Month;
use kaifong::kernel::tenant_code::TenantCode;
use kaifong::platform::auth::Actor;
use kaifong::platform::db::{connect, connect_as_owner, execute};
use kaifong::platform::vault::{FileRoot, Vault};
use serde_json::{Value, json};

use super::bank::{Said, Says, Telling};
use super::ground::Ground;
use crate::support::count;
use crate::support::program::Program;

/// Households that give their leave before a collection.
const SIGN_UP: usize = 10;

/// Who collects, how far they are, and what the bank says of each debit.
pub struct Debits {
    ordering: String,
    releasing: String,
    vault: Vault,
    /// Who has given no leave yet.
    debtors: Vec<TenantCode>,
    month: Month,
    /// Collections so far, and how many of them had debits.
    cycle: u32,
    sent: u32,
    /// The collection before which some gave their leave last.
    signed_up: Option<u32>,
    stage: Stage,
    /// By what we call it: how much, and what becomes of it.
    said: BTreeMap<String, (String, Says)>,
    /// Debits of which it was acknowledged that they were paid.
    paid: usize,
}

/// Where a collection is, as far as was acknowledged.
enum Stage {
    ToOrder,
    Ordered(String),
    /// With nothing in it.
    Empty(String),
    Prepared(String, Value),
    Released(String),
    /// What the bank still has to tell, and how much it has told.
    Answered(String, VecDeque<Telling>, u32),
}

impl Debits {
    pub fn of(
        (program, url): (&Program, &str),
        debtors: Vec<TenantCode>,
        token: impl Fn(&str, &str) -> String,
    ) -> Self {
        let (folder, now) = (program.folder().join("keys"), SystemClock.now());
        let root = FileRoot::load(&folder.join("root.key")).unwrap();
        Self {
            ordering: token(
                "one",
                "autopay:order autopay:read autopay:results payment-file:write",
            ),
            releasing: token("two", "autopay:approve"),
            vault: Vault::open(&mut connect(url).unwrap(), Box::new(root), &folder, now).unwrap(),
            debtors,
            month: hong_kong_month(now).next(),
            cycle: 0,
            sent: 0,
            signed_up: None,
            stage: Stage::ToOrder,
            said: BTreeMap::new(),
            paid: 0,
        }
    }

    /// How many debits were paid, as was acknowledged to the bank.
    pub fn acknowledged(&self) -> usize {
        self.paid
    }

    /// Some more households give their leave, before each collection.
    pub fn sign_up(&mut self, url: &str) {
        if self.debtors.is_empty() || self.signed_up.replace(self.cycle) == Some(self.cycle) {
            return;
        }
        let some = self.debtors.len().saturating_sub(SIGN_UP);
        let given: Vec<Verified> = self
            .debtors
            .drain(some..)
            .map(|code| Verified {
                code,
                rail: Rail::Autopay,
                payer: Payer {
                    bank: "004".to_owned().try_into().unwrap(),
                    account: format!("{:012}", code.number()).parse().unwrap(),
                    holder: "CHAN TAI MAN".parse().unwrap(),
                },
                bank_reference: format!("DDA-{code}"),
            })
            .collect();
        let by = (&Actor::program("drill"), SystemClock.now());
        let conn = &mut connect_as_owner(url).unwrap();
        autopay::load_mandates(conn, &self.vault, &given, by).unwrap();
    }

    pub fn collecting(&mut self, ground: &Ground<'_>) {
        while !ground.stopped() {
            if self.step(ground).is_none() {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }

    /// Does the next thing, or once more what was not acknowledged; `None` when it is not done yet.
    fn step(&mut self, ground: &Ground<'_>) -> Option<()> {
        let next = match &mut self.stage {
            Stage::ToOrder => {
                let body = json!({ "month": self.month, "channel": "autopay" });
                let key = format!("order-{}", self.cycle);
                let by = (self.ordering.as_str(), key.as_str());
                let ordered = ground.order("/v1/autopay/collections", by, &body, 202)?;
                Stage::Ordered(ordered["id"].as_str().unwrap().to_owned())
            }
            Stage::Ordered(id) => {
                let path = format!("/v1/autopay/collections/{id}");
                let told = ground.read(&path, &self.ordering)?;
                match told["state"].as_str().unwrap() {
                    "preparing" => return None,
                    "prepared" if told["lines"] == 0 => Stage::Empty(path),
                    "prepared" => Stage::Prepared(path, told["sha256"].clone()),
                    other => panic!("{other}"),
                }
            }
            Stage::Empty(path) => {
                let key = format!("withdraw-{}", self.cycle);
                let by = (self.ordering.as_str(), key.as_str());
                ground.order(&format!("{path}/withdrawal"), by, &json!({}), 200)?;
                self.cycle += 1;
                Stage::ToOrder
            }
            Stage::Prepared(path, sha256) => {
                let key = format!("release-{}", self.cycle);
                let by = (self.releasing.as_str(), key.as_str());
                let body = json!({ "sha256": sha256 });
                ground.order(&format!("{path}/approval"), by, &body, 200)?;
                Stage::Released(path.clone())
            }
            Stage::Released(path) => {
                let path = path.clone();
                self.told(ground, path)?
            }
            Stage::Answered(path, tellings, told) => {
                if let Some(telling) = tellings.front() {
                    let key = format!("answer-{}-{told}", self.cycle);
                    telling.tell(ground, path, (&self.ordering, &key))?;
                    tellings.pop_front();
                    *told += 1;
                    return Some(());
                }
                self.paid = paid(&self.said);
                self.cycle += 1;
                Stage::ToOrder
            }
        };
        self.stage = next;
        Some(())
    }

    /// The bank has the collection at `path`, and its day comes: what the bank tells of it.
    fn told(&mut self, ground: &Ground<'_>, path: String) -> Option<Stage> {
        let lines = ground.read(&format!("{path}/lines?limit=100"), &self.ordering)?;
        assert_eq!(lines["next"], Value::Null, "too many for one page");
        let id = path.rsplit('/').next().unwrap();
        the_day_comes(ground, id)?;
        let debited = lines["items"].as_array().unwrap();
        let said = said_of(&mut self.said, debited);
        let tellings = Telling::of(self.sent, (id, &said), ground.program);
        self.sent += 1;
        Some(Stage::Answered(path, tellings, 0))
    }

    /// Goes on to the end of a collection.
    pub fn end(&mut self, ground: &Ground<'_>) {
        let (cycle, begun) = (self.cycle, Instant::now());
        while self.cycle == cycle {
            assert!(
                begun.elapsed() < Duration::from_mins(2),
                "it is not prepared"
            );
            if self.step(ground).is_none() {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }

    /// Each debit has its answers, was paid once if it was, and reversed once with its fee if it
    /// came back; nobody was collected from twice.
    pub fn check(&self, conn: &mut PgConnection) {
        let expected: Vec<String> = self
            .said
            .iter()
            .map(|(reference, (amount, says))| format!("{reference} {amount} {}", says.books()))
            .collect();
        let kept: Vec<String> = diesel::dsl::sql::<Text>(KEPT).load(conn).unwrap();
        assert_eq!(kept, expected);
        let paid = i64::try_from(paid(&self.said)).unwrap();
        assert!(paid > 0, "nothing was collected");
        assert_eq!(count(conn, "payment WHERE channel = 'autopay'"), paid);
        let twice = "(SELECT FROM autopay_line l JOIN autopay_result r USING (reference) \
             GROUP BY l.household, l.month HAVING count(*) FILTER (WHERE r.code = 'ACCEPTED') \
             - count(*) FILTER (WHERE r.code <> 'ACCEPTED' AND r.number = 2) > 1) AS twice";
        assert_eq!(count(conn, twice), 0);
        assert_eq!(count(conn, "autopay_stray"), 0);
    }
}

/// Of each debit: how much, its answers, and how often it was paid, posted, reversed and charged
/// a fee for.
const KEPT: &str = "WITH booked AS ( \
         SELECT p.reference, p.household, p.amount, count(DISTINCT p.id) AS paid, \
             count(DISTINCT t.id) AS posted, count(DISTINCT b.id) AS reversed, \
             count(DISTINCT f.id) AS fees \
         FROM payment p \
         LEFT JOIN ledger_transfer t ON t.source = p.id AND t.kind = 'payment' \
             AND t.credit = p.household AND t.amount = p.amount \
         LEFT JOIN ledger_transfer b ON b.reverses = t.id AND b.debit = p.household \
         LEFT JOIN ledger_transfer f ON f.source = p.id AND f.kind = 'fee' \
             AND f.debit = p.household \
         WHERE p.channel = 'autopay' GROUP BY p.reference, p.household, p.amount), \
     said AS ( \
         SELECT reference, string_agg(code, '+' ORDER BY number) AS codes \
         FROM autopay_result GROUP BY reference) \
     SELECT concat_ws(' ', l.reference, l.amount, s.codes, coalesce(b.paid, 0), \
         coalesce(b.posted, 0), coalesce(b.reversed, 0), coalesce(b.fees, 0)) \
     FROM autopay_line l LEFT JOIN said s USING (reference) \
     LEFT JOIN booked b USING (reference, household, amount) ORDER BY l.reference";

/// How many of `debits` are paid, if only for a while.
fn paid(debits: &BTreeMap<String, (String, Says)>) -> usize {
    let says = debits.values().map(|(_, says)| *says);
    says.filter(|says| *says != Says::Refused).count()
}

/// The day of a collection's debits is over, some weeks ago: what the bank refuses is tried again.
fn the_day_comes(ground: &Ground<'_>, id: &str) -> Option<()> {
    let conn = &mut connect_as_owner(ground.url).ok()?;
    let passed =
        format!("UPDATE autopay_collection SET collect_on = current_date - 30 WHERE id = '{id}'");
    execute(conn, &passed).ok()
}

/// What the bank will say of `debited`, as it does of each once for all; notes it in `debits`.
fn said_of(debits: &mut BTreeMap<String, (String, Says)>, debited: &[Value]) -> Vec<Said> {
    let text = |debit: &Value, name: &str| debit[name].as_str().unwrap().to_owned();
    let said = debited.iter().map(|debit| {
        let (reference, amount) = (text(debit, "reference"), text(debit, "amount"));
        let says = Says::ALL[debits.len() % Says::ALL.len()];
        let before = debits.insert(reference.clone(), (amount.clone(), says));
        assert_eq!(before, None, "{reference} is debited twice");
        Said {
            reference,
            amount,
            says,
        }
    });
    said.collect()
}
