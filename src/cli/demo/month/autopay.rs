//! Autopay: the month's collection, ordered in time, and what the bank answers to its debits.

use std::fmt::Write as _;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;

use super::bank::{Entry, statement};
use super::calls::{items, word};
use super::{BACK, Stage, TEN, sum};
use crate::autopay::{
    self, AccountNumber, BankCode, Collection, HolderName, Payer, Rail, Verified,
};
use crate::cli::Failure;
use crate::cli::keys::open_vault;
use crate::kernel::clock::{Clock, hong_kong_date, hong_kong_month, hong_kong_time};
use crate::kernel::language::Language;
use crate::kernel::money::Money;
use crate::kernel::reach::Reach;
use crate::kernel::role::Role;
use crate::kernel::watch::Unwatched;
use crate::payments::{Channel, PaymentFile};
use crate::platform::auth::Actor;
use crate::platform::calendar;
use crate::platform::db::{connect_as_owner, reach_in, transact};
use crate::platform::vault::Vault;
use crate::rent::{RuleShelf, Words, hkd};

/// The account that debits are collected into, and by what the bank knows its collections.
const ACCOUNT: &str = "004000111111001";
/// How many households pay so.
const HOUSEHOLDS: usize = 24;
/// So many working days before its month the collection is ordered and released: the bank has it in
/// time for the first one.
const EARLY: u8 = 10;
/// The debit that the bank refuses, and the one that it takes back, by their place.
const REFUSED: usize = 3;
const RETURNED: usize = 7;

/// The debits come, but for one whose account is no more; the payer of another has it paid back.
/// A household whose whole rent the department pays has a mandate too, and is left out.
pub fn play(stage: &mut Stage<'_>) -> Result<(), Failure> {
    let Some(collection) = collect(stage)? else {
        stage.say(format_args!("  nobody is to be debited"));
        return Ok(());
    };
    let day = collection.collect_on;
    stage.say(format_args!(
        "  collection of {}: {} debits, {}, on {}; ordered by one person, released by another",
        collection.month,
        collection.lines,
        hkd(collection.amount),
        Words(Language::En).day(day)
    ));
    let path = format!("/v1/autopay/collections/{}", collection.id);
    let left_out = format!("{path}/left-out?limit=100");
    let left_out = stage.api.get(Role::FinanceOfficer, &left_out)?;
    for one in items(&left_out) {
        let (code, reason) = (word(one, "tenant_code"), word(one, "reason"));
        let reason = reason.replace('_', " ");
        stage.say(format_args!("  left out: {code}, {reason}"));
    }
    if day > hong_kong_date(stage.now()) {
        stage.say(format_args!("  the bank answers on that day"));
        return Ok(());
    }
    let file = format!("{path}/file");
    let file = stage.api.bytes(Role::FinanceOfficer, &file)?;
    let ordered = Ordered::read(&String::from_utf8_lossy(&file));
    let name = format!("autopay-{}.txt", day.format("%Y%m%d"));
    let file = stage.take(&name, ordered.answers(day).as_bytes())?;
    told(stage, file)?;
    settle(stage, &ordered, day)?;
    answered(stage, &path)
}

/// Says what became of the debits of the collection at `path`.
fn answered(stage: &mut Stage<'_>, path: &str) -> Result<(), Failure> {
    let lines = format!("{path}/lines?limit=100");
    let lines = stage.api.get(Role::FinanceOfficer, &lines)?;
    let of = |state: &str| {
        let so = |line: &&Value| word(line, "state") == state;
        items(&lines).iter().filter(so).count()
    };
    let states = ["accepted", "refused", "returned", "waiting"];
    let counts = states.map(|state| (of(state), state)).into_iter();
    let counts = counts.filter(|(count, _)| *count > 0);
    let counts: Vec<_> = counts
        .map(|(count, state)| format!("{count} {state}"))
        .collect();
    stage.say(format_args!(
        "  the debits, by what the bank said last: {}",
        counts.join(", ")
    ));
    Ok(())
}

/// The collection of this month, ordered and released when it was time: the bank takes no order of
/// a day that is over. `None` where nobody is to be debited.
fn collect(stage: &mut Stage<'_>) -> Result<Option<Collection>, Failure> {
    let now = stage.now();
    let month = hong_kong_month(now);
    let holidays = calendar::holidays(stage.conn, month.first() - BACK, month.first())?;
    let then = hong_kong_time(holidays.before(month.first(), EARLY), TEN);
    let vault = open_vault(stage.scene.config, stage.conn, now)?;
    mandates(stage, &vault, then)?;
    let (one, another) = (Actor::program("demo"), Actor::program("demo-approver"));
    let ordered = transact(stage.conn, |conn| {
        reach_in(conn, &Reach::Everywhere)?;
        autopay::order_collection(conn, &one, (month, Rail::Autopay), then)
    })?;
    let (clock, shelf): (&dyn Clock, _) = (&then, RuleShelf::default());
    let which = (ordered.id, clock);
    let door = (&mut *stage.conn, stage.scene.url);
    let prepared = autopay::prepare(door, &vault, &shelf, which, &Unwatched)?;
    if prepared.lines == 0 {
        return Ok(None);
    }
    let digest = prepared.sha256.unwrap_or_default();
    let released = transact(stage.conn, |conn| {
        reach_in(conn, &Reach::Everywhere)?;
        autopay::release_collection(conn, &another, (prepared.id, &digest), then)
    });
    Ok(Some(released?))
}

/// Mandates of households that have none, as taken over from the bank's own list.
fn mandates(stage: &mut Stage<'_>, vault: &Vault, then: DateTime<Utc>) -> Result<(), Failure> {
    let mut codes: Vec<_> = stage.households.some(0, HOUSEHOLDS);
    codes.extend(stage.households.recipients.first());
    let mut verified = Vec::new();
    for (place, (code, _)) in codes.into_iter().enumerate() {
        let path = format!("/v1/rent-accounts/{code}/mandates");
        let known = stage.api.get(Role::FinanceOfficer, &path)?;
        if known.as_array().is_none_or(Vec::is_empty) {
            let account = format!("1234567{place:05}");
            verified.push(Verified {
                code,
                rail: Rail::Autopay,
                payer: payer(account).ok_or_else(|| Failure::Usage("no payer".to_owned()))?,
                bank_reference: format!("DDA-{code}"),
            });
        }
    }
    let owner = &mut connect_as_owner(stage.scene.url)?;
    let by = (&Actor::program("demo"), then);
    Ok(autopay::load_mandates(owner, vault, &verified, by)?)
}

fn payer(account: String) -> Option<Payer> {
    Some(Payer {
        bank: BankCode::try_from("004".to_owned()).ok()?,
        account: AccountNumber::try_from(account).ok()?,
        holder: HolderName::try_from("DEMO HOUSEHOLD".to_owned()).ok()?,
    })
}

/// The money of the debits on the account, in one sum; on a later day one of them is paid back.
fn settle(stage: &mut Stage<'_>, ordered: &Ordered, day: NaiveDate) -> Result<(), Failure> {
    let paid = ordered.debits.iter().enumerate();
    let paid = paid.filter(|(place, _)| *place != REFUSED);
    let date = day.format("%Y%m%d");
    let credit = Entry::new(
        format!("A{date}"),
        format!("AUTOPAY COLLECTION {date}"),
        sum(paid.map(|(_, debit)| debit.amount))?,
    );
    account_of(stage, day, &credit)?;
    let later = stage.days.iter().copied().find(|later| *later > day);
    let back = ordered.debits.get(RETURNED);
    let (Some(later), Some(debit)) = (later, back) else {
        return Ok(());
    };
    let reference = format!("R{}", later.format("%Y%m%d"));
    let entry = Entry {
        // The payer asked for it.
        paid_back: Some((debit.reference.clone(), "MD06")),
        ..Entry::new(
            reference,
            "REFUND OF DIRECT DEBIT".to_owned(),
            debit.amount.negated(),
        )
    };
    account_of(stage, later, &entry)
}

/// Brings the account's statement of `day`, which has this entry.
fn account_of(stage: &mut Stage<'_>, day: NaiveDate, entry: &Entry) -> Result<(), Failure> {
    let number = stage.next_number(Channel::Autopay, &format!("camt.053 {ACCOUNT}"))?;
    let booked_at = Stage::at(day, 0).min(stage.now());
    let text = statement(
        (ACCOUNT, number, day),
        std::slice::from_ref(entry),
        booked_at,
    )?;
    let name = format!("statement-autopay-{}.xml", day.format("%Y%m%d"));
    let file = stage.bring(&name, text.as_bytes())?;
    told(stage, file)
}

/// Takes what a file says of our debits, as the job does that its posting queues.
fn told(stage: &mut Stage<'_>, file: Option<PaymentFile>) -> Result<(), Failure> {
    let actor = Actor::program("demo");
    if let Some(file) = file {
        let now = stage.now();
        autopay::take_posted(stage.conn, file.id, &actor, now, &Unwatched)?;
    }
    Ok(())
}

/// A collection's file as the bank reads it: lines of fixed columns.
struct Ordered {
    payment_code: String,
    batch: String,
    debits: Vec<Debit>,
}

/// One debit of it.
struct Debit {
    /// Bank, kind and number of the payer's account, with their blanks; and the name.
    payer: String,
    name: String,
    tenant_code: String,
    reference: String,
    amount: Money,
}

impl Ordered {
    fn read(file: &str) -> Self {
        let text = |line: &str, from: usize, length: usize| {
            let field = line.get(from - 1..from - 1 + length).unwrap_or_default();
            field.trim_end().to_owned()
        };
        let header = file.lines().next().unwrap_or_default();
        let debits = file.lines().filter(|line| line.starts_with("PD"));
        let debits = debits.filter_map(|line| {
            Some(Debit {
                payer: text(line, 3, 41),
                amount: Money::of_cents(text(line, 44, 17).parse().ok()?).ok()?,
                tenant_code: text(line, 61, 35),
                reference: text(line, 96, 35),
                name: text(line, 131, 140),
            })
        });
        Self {
            payment_code: text(header, 4, 3),
            batch: text(header, 7, 12),
            debits: debits.collect(),
        }
    }

    /// What HSBC answers on `day`: each debit, and what became of it.
    fn answers(&self, day: NaiveDate) -> String {
        let (date, code) = (day.format("%Y%m%d").to_string(), &self.payment_code);
        let mut text = format!("{:<400}\n", format!("UHL1{date}{ACCOUNT}{code}"));
        for (place, debit) in self.debits.iter().enumerate() {
            let status = if place == REFUSED { "01" } else { "00" };
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "{code}{date}{:<12}{:<35}{:<41}{:<140}{:017}{:<35}{status}{:107}",
                self.batch,
                debit.tenant_code,
                debit.payer,
                debit.name,
                debit.amount.cents(),
                debit.reference,
                ""
            );
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payments::files::{self, DebitResult, FileError};

    /// A collection's file of `count` debits.
    fn file(count: usize) -> String {
        let mut text = format!("{:<400}\r\n", "PHFR01AP20261101  20261102808123456001SAHKD");
        for place in 0..count {
            let _ = write!(
                text,
                "PD004BBAN{:<34}{:017}{:<35}{:<35}{:<270}\r\n",
                format!("1234567{place:05}"),
                100_000 + place,
                "1000000018",
                format!("2026111000000018{place:02}"),
                "DEMO HOUSEHOLD"
            );
        }
        text
    }

    fn entries(text: &str) -> Vec<files::Entry> {
        let now = "2026-11-22T01:00:00Z".parse().unwrap();
        let mut entries = Vec::new();
        files::read(text.as_bytes(), now, |entry| {
            entries.push(entry);
            Ok::<_, FileError>(())
        })
        .unwrap();
        entries
    }

    #[test]
    fn the_bank_answers_every_debit_by_its_name() {
        let ordered = Ordered::read(&file(10));
        let answers = ordered.answers("2026-11-02".parse().unwrap());
        let entries = entries(&answers);
        assert_eq!(entries.len(), 10);
        for (place, entry) in entries.into_iter().enumerate() {
            let (reference, amount) = match entry {
                files::Entry::Payment(line) if place != REFUSED => (line.reference, line.amount),
                files::Entry::Unpaid(unpaid) if place == REFUSED => {
                    assert_eq!(unpaid.result, DebitResult::AccountInvalid);
                    (unpaid.reference, unpaid.amount)
                }
                other => panic!("{place}: {other:?}"),
            };
            assert_eq!(reference, format!("2026111000000018{place:02}"));
            assert_eq!(amount.cents(), 100_000 + i64::try_from(place).unwrap());
        }
    }

    #[test]
    fn what_is_paid_back_names_its_debit() {
        let day = "2026-11-03".parse().unwrap();
        let entry = Entry {
            paid_back: Some(("202611100000001807".to_owned(), "MD06")),
            ..Entry::new(
                "R1".to_owned(),
                "REFUND".to_owned(),
                "-5.00".parse().unwrap(),
            )
        };
        let text = statement((ACCOUNT, 2, day), &[entry], Stage::at(day, 0)).unwrap();
        let unpaid = entries(&text).into_iter().find_map(|entry| match entry {
            files::Entry::Unpaid(unpaid) => Some(unpaid),
            _ => None,
        });
        let unpaid = unpaid.unwrap();
        assert_eq!(unpaid.reference, "202611100000001807");
        assert!(unpaid.was_paid && unpaid.result == DebitResult::PayerCancelled);
        assert_eq!(unpaid.amount, "5.00".parse().unwrap());
    }
}
