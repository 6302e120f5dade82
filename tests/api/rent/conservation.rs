//! Random histories: whatever happens in whatever order, money is conserved and the ledger
//! says what the rules say.
//!
//! Each seed is one history of charges, awards, waivers, payments, adjustments, reversals and
//! tenancies that end. `TORTURE=1` runs many more.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Numeric, Text, Timestamptz};
use kaifong::kernel::clock::hong_kong_date;
use kaifong::kernel::money::Money;
use kaifong::kernel::month::Month;
use kaifong::kernel::tenant_code::TenantCode;
use kaifong::ledger;
use kaifong::platform::db::connect;
use serde_json::{Value, json};

use super::{charge, receive};
use crate::support::{Answer, Call, dice, start, world};

/// A transfer as it stands in the database, read without the program's help.
#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    debit: i64,
    #[diesel(sql_type = BigInt)]
    credit: i64,
    #[diesel(sql_type = Numeric)]
    amount: Money,
    #[diesel(sql_type = Date)]
    effective_on: NaiveDate,
    #[diesel(sql_type = Timestamptz)]
    booked_at: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    id: String,
}

fn rows(conn: &mut PgConnection) -> Vec<Row> {
    let sql =
        "SELECT debit, credit, amount, effective_on, booked_at, id::text FROM ledger_transfer";
    diesel::sql_query(sql).load(conn).unwrap()
}

/// What `code` owes by adding up every row.
fn replayed(rows: &[Row], code: TenantCode, (valid, known): (NaiveDate, DateTime<Utc>)) -> Money {
    let counts = |row: &&Row| row.effective_on <= valid && row.booked_at <= known;
    rows.iter().filter(counts).fold(Money::ZERO, |sum, row| {
        let number = code.number();
        let sum = if row.debit == number {
            sum.checked_add(row.amount).unwrap()
        } else {
            sum
        };
        if row.credit == number {
            sum.checked_sub(row.amount).unwrap()
        } else {
            sum
        }
    })
}

fn post(code: TenantCode, what: &str, key: u64, scope: &str, body: Value) -> Call {
    Call::post(&format!("/v1/rent-accounts/{code}/{what}"))
        .scope(scope)
        .key(&format!("k{key}"))
        .json(body)
}

/// A refusal is an answer too, but nothing may break.
fn never_breaks(answer: &Answer) {
    assert!(answer.status.as_u16() < 500, "{answer:?}");
}

async fn history(seed: u64) {
    let app = start().await;
    let codes = world::settle(&app.database, 3);
    let mut conn = connect(app.database.url()).unwrap();
    let mut roll = dice(seed);
    let mut now: DateTime<Utc> = "2026-03-31T10:00:00Z".parse().unwrap();
    let mut reversed = Vec::new();
    for step in 0..24 {
        now += TimeDelta::minutes(i64::try_from(roll(12_000)).unwrap());
        app.clock.set(&now.to_rfc3339());
        let today = hong_kong_date(now);
        let month = Month::of(today);
        let code = codes[usize::try_from(roll(3)).unwrap()];
        let cents = i64::try_from(roll(400_000)).unwrap() + 1;
        let amount = Money::of_cents(cents).unwrap();
        match roll(8) {
            0 | 1 => drop(charge(&app.database, &app.clock, &month.to_string())),
            2 => {
                let schemes = [
                    "assistance_25",
                    "assistance_50",
                    "additional_over_2",
                    "additional_over_4",
                ];
                let scheme = schemes[usize::try_from(roll(4)).unwrap()];
                let first = month.minus(u32::try_from(roll(3)).unwrap());
                let body = json!({ "scheme": scheme, "first_month": first,
                                   "last_month": first.plus(u32::try_from(roll(6)).unwrap()), "reason": "x" });
                never_breaks(
                    &app.send(post(code, "awards", step, "rent:award", body))
                        .await,
                );
            }
            3 => {
                let body = json!({ "rule": "waiver", "share": "0.35", "excludes_additional": true,
                                   "valid_from": month.first(), "valid_to": month.last(), "source": "x" });
                let call = Call::post("/v1/rent-rules")
                    .scope("rent:rules")
                    .key(&format!("k{step}"))
                    .json(body);
                never_breaks(&app.send(call).await);
            }
            4 | 5 => receive(&app.database, code, amount, &now.to_rfc3339()),
            6 => {
                let signed = if roll(2) == 0 {
                    amount
                } else {
                    amount.negated()
                };
                let day = today - TimeDelta::days(i64::try_from(roll(40)).unwrap());
                let body = json!({ "amount": signed, "effective_on": day, "reason": "x" });
                never_breaks(
                    &app.send(post(code, "adjustments", step, "rent:correct", body))
                        .await,
                );
            }
            _ => {
                let entries = rows(&mut conn);
                let Some(entry) = entries.get(usize::try_from(roll(50)).unwrap()) else {
                    continue;
                };
                // Charges are put right by facts; payments and adjustments by reversal.
                let payments = |number: i64| number < 30 && number != 14;
                if payments(entry.debit.min(entry.credit)) {
                    continue;
                }
                let owner = TenantCode::of(entry.debit.max(entry.credit)).unwrap();
                let body = json!({ "entry": entry.id, "reason": "x" });
                let answer = app
                    .send(post(owner, "reversals", step, "rent:correct", body))
                    .await;
                never_breaks(&answer);
                if answer.status == 201 {
                    assert!(!reversed.contains(&entry.id), "reversed twice");
                    reversed.push(entry.id.clone());
                }
            }
        }
        app.work();
        check(&app.database, &mut conn, &codes, (today, now));
    }
    // Every reader says the same, and the ledger says what the rules say.
    for code in codes {
        let get = async |path: &str| {
            let call = Call::get(&format!("/v1/rent-accounts/{code}{path}")).scope("rent:read");
            app.send(call).await.expect(200)
        };
        let (account, quote, statement) =
            (get("").await, get("/quote").await, get("/statement").await);
        assert_eq!(
            [&account["owed"], &account["credit"]],
            [&quote["due"], &quote["credit"]],
            "seed {seed}"
        );
        assert_eq!(statement["due"]["due"], quote["due"], "seed {seed}");
        let runs = app
            .send(Call::get("/v1/rent-runs").scope("rent:read"))
            .await
            .expect(200);
        for run in runs["items"].as_array().unwrap() {
            let month = run["month"].as_str().unwrap();
            let rent = get(&format!("/quote?month={month}")).await["rent"].clone();
            let sql = format!(
                "SELECT coalesce(sum(amount), 0)::numeric(12,2)::text FROM rent_charge WHERE household = {} AND month = '{month}-01'",
                code.number()
            );
            let charged: String = diesel::dsl::sql::<Text>(&sql)
                .get_result(&mut conn)
                .unwrap();
            assert_eq!(rent, charged, "seed {seed}: {code} in {month}");
        }
    }
}

/// The kept balances are the rows added up, as at any day and as known at any instant.
fn check(
    database: &crate::support::TestDatabase,
    conn: &mut PgConnection,
    codes: &[TenantCode],
    (today, now): (NaiveDate, DateTime<Utc>),
) {
    let rows = rows(conn);
    let always = (
        NaiveDate::from_ymd_opt(2099, 1, 1).unwrap(),
        DateTime::<Utc>::MAX_UTC,
    );
    for code in codes {
        let kept = ledger::booked_balance(conn, *code).unwrap();
        assert_eq!(
            kept,
            replayed(&rows, *code, always),
            "{code} in {}",
            database.url()
        );
        for (days, minutes) in [(0, 0), (10, 0), (0, 20_000), (45, 60_000), (-400, 0)] {
            let valid = today - TimeDelta::days(days);
            let known = now - TimeDelta::minutes(minutes);
            let told = ledger::balance(conn, *code, valid, known).unwrap();
            assert_eq!(
                told,
                replayed(&rows, *code, (valid, known)),
                "{code} at {valid}, {known}"
            );
        }
    }
}

#[actix_web::test]
async fn random_histories_conserve_money_and_follow_the_rules() {
    let seeds = if std::env::var_os("TORTURE").is_some() {
        200
    } else {
        6
    };
    for seed in 1..=seeds {
        history(seed).await;
    }
}
