//! Random histories: whatever happens in whatever order, money is conserved and the ledger
//! says what the rules say.
//!
//! Each seed is one history of charges, awards, waivers, payments, adjustments, reversals and
//! tenancies that end. `TORTURE=1` runs many more.

use actix_http::Request;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Numeric, Text, Timestamptz};
use kaifong::kernel::clock::hong_kong_date;
use kaifong::kernel::money::Money;
use kaifong::kernel::month::Month;
use kaifong::kernel::tenant_code::TenantCode;
use kaifong::ledger::{self, General};
use kaifong::platform::db::connect;
use serde_json::{Value, json};

use super::{charge, receive};
use crate::support::{Answer, Call, TestApp, dice, start, world};

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

fn post(code: TenantCode, what: &str, key: u64, scope: &str, body: &Value) -> Call {
    Call::post(&format!("/v1/rent-accounts/{code}/{what}"))
        .scope(scope)
        .key(&format!("k{key}"))
        .json(body.clone())
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
        let code = codes[usize::try_from(roll(3)).unwrap()];
        let entry = match roll(8) {
            0 | 1 => {
                charge(&app.database, &app.clock, &Month::of(today).to_string());
                None
            }
            4 | 5 => {
                let cents = i64::try_from(roll(400_000)).unwrap() + 1;
                let amount = Money::of_cents(cents).unwrap();
                receive(&app.database, code, amount, &now.to_rfc3339());
                None
            }
            7 => reversible(&mut conn, roll(50)),
            which => {
                never_breaks(
                    &app.send(decision(which, code, step, today, &mut roll))
                        .await,
                );
                None
            }
        };
        if let Some((owner, entry)) = entry {
            let body = json!({ "entry": entry, "reason": "x" });
            let answer = app
                .send(post(owner, "reversals", step, "rent:correct", &body))
                .await;
            never_breaks(&answer);
            if answer.status == 201 {
                assert!(!reversed.contains(&entry), "reversed twice");
                reversed.push(entry);
            }
        }
        app.work();
        check(&mut conn, &codes, (today, now));
    }
    for code in codes {
        agree(&app, &mut conn, code, seed).await;
    }
}

/// An award, a waiver or an adjustment.
fn decision(
    which: u64,
    code: TenantCode,
    step: u64,
    today: NaiveDate,
    roll: &mut impl FnMut(u64) -> u64,
) -> Call {
    let month = Month::of(today);
    let mut months = |most| u32::try_from(roll(most)).unwrap();
    match which {
        2 => {
            let schemes = [
                "assistance_25",
                "assistance_50",
                "additional_over_2",
                "additional_over_4",
            ];
            let scheme = schemes[usize::try_from(months(4)).unwrap()];
            let first = month.minus(months(3));
            let body = json!({ "scheme": scheme, "first_month": first,
                               "last_month": first.plus(months(6)), "reason": "x" });
            post(code, "awards", step, "rent:award", &body)
        }
        3 => {
            let body = json!({ "rule": "waiver", "share": "0.35", "excludes_additional": true,
                               "valid_from": month.first(), "valid_to": month.last(), "source": "x" });
            Call::post("/v1/rent-rules")
                .scope("rent:rules")
                .key(&format!("k{step}"))
                .json(body)
        }
        _ => {
            let cents = i64::from(months(800_000)) - 400_000;
            let day = today - TimeDelta::days(i64::from(months(40)));
            let body = json!({ "amount": Money::of_cents(cents).unwrap(), "effective_on": day, "reason": "x" });
            post(code, "adjustments", step, "rent:correct", &body)
        }
    }
}

/// The entry at a place in the ledger and whose it is, unless it is a charge: those are put
/// right by facts.
fn reversible(conn: &mut PgConnection, place: u64) -> Option<(TenantCode, String)> {
    let entries = rows(conn);
    let entry = entries.get(usize::try_from(place).unwrap())?;
    let general = entry.debit.min(entry.credit);
    let of_charges = general < 30 && general != General::Adjustments.number();
    let owner = TenantCode::of(entry.debit.max(entry.credit)).unwrap();
    (!of_charges).then(|| (owner, entry.id.clone()))
}

/// Every reader says the same of `code`, and the ledger says what the rules say.
async fn agree<S, B>(app: &TestApp<S>, conn: &mut PgConnection, code: TenantCode, seed: u64)
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let get = async |path: &str| {
        let call = Call::get(&format!("/v1/rent-accounts/{code}{path}")).scope("rent:read");
        app.send(call).await.expect(200)
    };
    let (account, quote, statement) = (get("").await, get("/quote").await, get("/statement").await);
    assert_eq!(
        [&account["owed"], &account["credit"]],
        [&quote["due"], &quote["credit"]],
        "seed {seed}"
    );
    assert_eq!(statement["due"]["due"], quote["due"], "seed {seed}");
    let runs = app
        .send(Call::get("/v1/rent-runs").scope("rent-run:read"))
        .await
        .expect(200);
    for run in runs["items"].as_array().unwrap() {
        let month = run["month"].as_str().unwrap();
        let rent = get(&format!("/quote?month={month}")).await["rent"].clone();
        let sql = format!(
            "SELECT coalesce(sum(amount), 0)::numeric(12,2)::text FROM rent_charge WHERE household = {} AND month = '{month}-01'",
            code.number()
        );
        let charged: String = diesel::dsl::sql::<Text>(&sql).get_result(conn).unwrap();
        assert_eq!(rent, charged, "seed {seed}: {code} in {month}");
    }
}

/// The kept balances are the rows added up, as at any day and as known at any instant.
fn check(conn: &mut PgConnection, codes: &[TenantCode], (today, now): (NaiveDate, DateTime<Utc>)) {
    let rows = rows(conn);
    let always = (
        NaiveDate::from_ymd_opt(2099, 1, 1).unwrap(),
        DateTime::<Utc>::MAX_UTC,
    );
    for code in codes {
        let kept = ledger::booked_balance(conn, *code).unwrap();
        assert_eq!(kept, replayed(&rows, *code, always), "{code}");
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
