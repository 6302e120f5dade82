//! CSSA: the department's files, allowances, what remains for the tenant, and reconciled months.

mod allowances;
mod command;
mod overlap;
mod reconciled;
mod rents;
mod taking;

use actix_http::Request;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use kaifong::kernel::clock::hong_kong_time;
use kaifong::kernel::money::Money;
use kaifong::kernel::tenant_code::TenantCode;
use kaifong::payments::files::{
    AllowanceEvent, AllowanceLine, Characters, Coverage, Granted, Line, write_allowances,
};
use serde_json::Value;

use crate::support::{Answer, Call, TestApp, TestDatabase, start, world};

/// The app at nine on 20 November 2026, with so many households that owe nothing yet.
async fn start_with(
    households: i32,
) -> (
    TestApp<
        impl Service<Request, Response = ServiceResponse<impl MessageBody>, Error = actix_web::Error>,
    >,
    Vec<TenantCode>,
) {
    let app = start().await;
    let codes = world::settle(&app.database, households);
    (app, codes)
}

/// One thing that the department tells of an allowance.
type Told<'a> = (AllowanceEvent, &'a str, Option<Granted>, &'a str);

fn full(amount: &str) -> Option<Granted> {
    granted(Coverage::Full, amount)
}

fn partial(amount: &str) -> Option<Granted> {
    granted(Coverage::Partial, amount)
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "as a line tells it: a stop grants nothing"
)]
fn granted(coverage: Coverage, amount: &str) -> Option<Granted> {
    Some(Granted {
        coverage,
        amount: amount.parse().unwrap(),
    })
}

/// The department's file of a month, of 20 November 2026.
fn file(
    (month, sequence): (&str, u32),
    allowances: &[Told<'_>],
    transfers: &[(&str, &str, &str)],
) -> Vec<u8> {
    let day = "2026-11-20".parse().unwrap();
    let allowances = (1..).zip(allowances).map(|(number, told)| {
        let (event, account, granted, month) = *told;
        AllowanceLine {
            number,
            event,
            account: account.to_owned(),
            granted,
            month: month.parse().unwrap(),
        }
    });
    let transfers = (1..)
        .zip(transfers)
        .map(|(number, (reference, account, amount))| Line {
            end_to_end: None,
            wording: None,
            number,
            reference: (*reference).to_owned(),
            account: (*account).to_owned(),
            amount: amount.parse().unwrap(),
            instructed_at: hong_kong_time(day, 0),
            place: String::new(),
        });
    let (allowances, transfers): (Vec<_>, Vec<_>) = (allowances.collect(), transfers.collect());
    let header = (month.parse().unwrap(), day, sequence);
    write_allowances(header, Characters::Big5, &allowances, &transfers).unwrap()
}

fn bring(bytes: &[u8]) -> Call {
    Call::post("/v1/payment-files?name=swd.txt")
        .scope("payment-file:write")
        .bytes(bytes)
}

fn month_of(path: &str) -> Call {
    Call::get(&format!("/v1/cssa/{path}")).scope("cssa-month:read")
}

/// The household's tenancy ends on `day`.
fn leave(database: &TestDatabase, code: TenantCode, day: &str) {
    let mut conn = database.connect();
    world::end_tenancy(&mut conn, code, day, "2026-11-01T00:00:00Z");
}

impl<S, B> TestApp<S>
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    /// Brings the department's file and does what follows; what is told of the file then.
    async fn swd_sends(&self, bytes: &[u8]) -> Value {
        let brought = self.send(bring(bytes)).await.expect(201);
        self.work();
        let id = brought["id"].as_str().unwrap();
        let read = Call::get(&format!("/v1/payment-files/{id}")).scope("payment-file:read");
        self.send(read).await.expect(200)
    }

    /// What the household is told of December.
    async fn cssa(&self, code: TenantCode) -> Value {
        let call = Call::get(&format!("/v1/rent-accounts/{code}/cssa?month=2026-12"));
        self.send(call.scope("cssa:read")).await.expect(200)
    }

    /// The rent of December.
    async fn december(&self, code: TenantCode) -> String {
        let call = Call::get(&format!("/v1/rent-accounts/{code}/quote?month=2026-12"));
        let quote = self.send(call.scope("rent:read")).await.expect(200);
        quote["rent"].as_str().unwrap().to_owned()
    }

    /// The newest reconciliation of `month`, and what it found.
    async fn reconciled(&self, month: &str) -> Value {
        let list = month_of(&format!("reconciliations?month={month}&limit=1"));
        let list = self.send(list).await.expect(200);
        let id = list["items"][0]["id"].as_str().unwrap().to_owned();
        let one = month_of(&format!("reconciliations/{id}"));
        self.send(one).await.expect(200)
    }

    /// What is found by `query` of the exceptions of `of`.
    async fn exceptions(&self, of: &Value, query: &str) -> Value {
        let id = of["id"].as_str().unwrap();
        let list = month_of(&format!("reconciliations/{id}/exceptions?{query}"));
        self.send(list).await.expect(200)
    }
}

/// Each of `fields` of each item of `page`, as text.
fn each(page: &Value, fields: &[&str]) -> Vec<Vec<String>> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let items = page["items"].as_array().unwrap().iter();
    let row = |item: &Value| fields.iter().map(|field| text(&item[*field])).collect();
    items.map(row).collect()
}

/// `amount` less `other`.
fn less(amount: &str, other: &str) -> String {
    let [amount, other] = [amount, other].map(|text| text.parse::<Money>().unwrap());
    amount.checked_sub(other).unwrap().to_string()
}

fn money(value: &Value) -> Money {
    value.as_str().unwrap().parse().unwrap()
}

/// Every dollar of the trailers is somewhere.
#[track_caller]
fn adds_up(reconciled: &Value) {
    let parts = [
        "paid_amount",
        "suspense_amount",
        "returned_amount",
        "duplicate_amount",
    ];
    let sum = Money::sum(parts.map(|part| money(&reconciled[part]))).unwrap();
    assert_eq!(sum, money(&reconciled["amount"]), "{reconciled}");
}

#[track_caller]
fn refused(answer: &Answer, status: u16, problem: &str) {
    let found = (answer.status.as_u16(), answer.problem());
    assert_eq!(found, (status, problem), "{:?}", answer.body);
}
