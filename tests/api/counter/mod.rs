//! Counters of estate offices: days, payments, voids, counts.

mod at_once;
mod counts;
mod days;
mod takings;
mod voids;

use actix_http::Request;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use diesel::prelude::*;
use diesel::sql_types::Text;
use kaifong::kernel::id::EstateId;
use kaifong::kernel::tenant_code::TenantCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Answer, Call, TestApp, start, world};

/// The estate of every household here.
pub fn wah_fu() -> EstateId {
    EstateId::derived("Wah Fu (I) Estate")
}

fn fresh() -> String {
    Uuid::now_v7().to_string()
}

fn work(path: &str, key: &str, body: Value) -> Call {
    Call::post(&format!("/v1/{path}"))
        .scope("counter:take")
        .by("one")
        .key(key)
        .json(body)
}

fn approve(path: &str, by: &str) -> Call {
    Call::post(&format!("/v1/{path}/approval"))
        .scope("counter:approve")
        .by(by)
        .key(&fresh())
}

fn read(path: &str) -> Call {
    Call::get(&format!("/v1/{path}")).scope("counter:read")
}

/// What is handed over in cash.
pub fn cash(code: TenantCode, amount: &str) -> Value {
    json!({ "tenant_code": code, "amount": amount, "tender": "cash" })
}

fn slip(code: TenantCode, amount: &str, tender: &str, name: &str) -> Value {
    json!({ "tenant_code": code, "amount": amount, "tender": tender, "instrument": name })
}

/// A text that SQL makes.
fn one(conn: &mut PgConnection, sql: &str) -> String {
    diesel::dsl::sql::<Text>(&format!("SELECT ({sql})::text"))
        .get_result(conn)
        .unwrap()
}

/// Numbers of receipts, in order: from 1 on without gaps, each once.
fn numbers(conn: &mut PgConnection) -> String {
    one(
        conn,
        "SELECT string_agg(number::text, ' ' ORDER BY number) FROM counter_receipt",
    )
}

/// The app at nine on 20 November 2026, a Friday, with so many households.
pub async fn start_with(
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

impl<S, B> TestApp<S>
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    /// The path of the day that `one` opens at the office of Wah Fu.
    pub async fn counter_day(&self) -> String {
        let opened = self.send(work(
            "counter-days",
            &fresh(),
            json!({ "estate": wah_fu() }),
        ));
        let opened = opened.await.expect(201);
        format!("counter-days/{}", opened["id"].as_str().unwrap())
    }

    /// Takes `handed` on `day`.
    pub async fn take(&self, day: &str, handed: Value) -> Answer {
        let call = work(&format!("{day}/payments"), &fresh(), handed);
        self.send(call).await
    }

    /// Counts `day`, as `one` does.
    async fn count(&self, day: &str, counted: Value) -> Answer {
        let call = work(&format!("{day}/count"), &fresh(), counted);
        self.send(call).await
    }

    /// Voids the receipt of `payment`: proposed by `one`, approved by `two`.
    pub async fn void(&self, payment: &Value) -> Value {
        let path = format!("counter-receipts/{}/voids", payment.as_str().unwrap());
        let proposed = work(&path, &fresh(), json!({ "reason": "the wrong household" }));
        let proposed = self.send(proposed).await.expect(201);
        let path = format!("counter-voids/{}", proposed["id"].as_str().unwrap());
        self.send(approve(&path, "two")).await.expect(200)
    }

    /// What is to the credit of a household that was charged nothing.
    fn paid(&self, code: TenantCode) -> String {
        let balance = format!(
            "SELECT -balance FROM rent_account WHERE household = {}",
            code.number()
        );
        one(&mut self.database.connect(), &balance)
    }
}
