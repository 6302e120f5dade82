//! Direct debits: mandates, collections, files, and what the bank answers.

mod answers;
mod at_once;
pub mod bank_files;
mod collections;
mod files;
mod forgetting;
mod mandates;
mod preparing;
mod reports;
mod told;

use actix_http::Request;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use kaifong::kernel::tenant_code::TenantCode;
use serde_json::{Value, json};

use crate::support::{Answer, Call, TestApp, start, world};

/// The app at nine on 20 November 2026, a Friday, with so many households that owe November.
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
    crate::rent::charge(&app.database, &app.clock, "2026-11");
    (app, codes)
}

/// A bank account to debit.
fn payer(channel: &str, account: &str) -> Value {
    json!({ "channel": channel, "bank": "004", "account": account, "holder": "CHAN TAI MAN" })
}

fn propose(code: TenantCode, key: &str, body: Value) -> Call {
    Call::post(&format!("/v1/rent-accounts/{code}/mandates"))
        .scope("mandate:write")
        .key(key)
        .json(body)
}

/// A change of `mandate`, as it was told.
fn change(mandate: &Value, what: &str, scope: &str, body: Value) -> Call {
    let (code, id) = (&mandate["tenant_code"], &mandate["id"]);
    let path = format!(
        "/v1/rent-accounts/{}/mandates/{}/{what}",
        code.as_str().unwrap(),
        id.as_str().unwrap()
    );
    let version = format!("\"{}\"", mandate["version"]);
    Call::post(&path)
        .scope(scope)
        .header("If-Match", &version)
        .json(body)
}

fn verify(mandate: &Value) -> Call {
    let yes = json!({ "answer": "accepted", "bank_reference": "DDA-1" });
    change(mandate, "verification", "mandate:answer", yes)
}

impl<S, B> TestApp<S>
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    /// A mandate of `code` that the bank has verified.
    pub async fn mandate(&self, code: TenantCode, channel: &str) -> Value {
        let key = format!("mandate-{code}");
        let proposed = propose(code, &key, payer(channel, "123456789001"));
        let proposed = self.send(proposed).await.expect(201);
        self.send(verify(&proposed)).await.expect(200)
    }

    /// The newest mandate of `code`.
    async fn newest_mandate(&self, code: TenantCode) -> Value {
        let list = Call::get(&format!("/v1/rent-accounts/{code}/mandates"));
        let list = self.send(list.scope("mandate:read")).await.expect(200);
        list[0].clone()
    }

    /// A collection ordered by `one`, and prepared.
    pub async fn prepared(&self, month: &str, channel: &str) -> Value {
        let ordered = self.send(order(month, channel)).await.expect(202);
        self.work();
        self.collection(&ordered).await
    }

    /// The same, and released by another.
    async fn released(&self, month: &str, channel: &str) -> Value {
        let prepared = self.prepared(month, channel).await;
        assert_eq!(prepared["state"], "prepared", "{prepared}");
        self.send(release(&prepared, "two")).await.expect(200)
    }

    async fn collection(&self, of: &Value) -> Value {
        self.list(of, "").await
    }

    /// What is told of a collection under `path`.
    async fn list(&self, of: &Value, path: &str) -> Value {
        let id = of["id"].as_str().unwrap();
        let call = Call::get(&format!("/v1/autopay/collections/{id}{path}"));
        self.send(call.scope("autopay:read")).await.expect(200)
    }

    pub async fn lines(&self, of: &Value) -> Vec<Value> {
        let lines = self.list(of, "/lines?limit=100").await;
        lines["items"].as_array().unwrap().clone()
    }

    /// What of `code` was left out of the collection, and why.
    pub async fn left_out(&self, of: &Value) -> Vec<(String, String)> {
        let list = self.list(of, "/left-out?limit=100").await;
        let items = list["items"].as_array().unwrap().iter();
        let told = items.map(|item| {
            let text = |name: &str| item[name].as_str().unwrap().to_owned();
            (text("tenant_code"), text("reason"))
        });
        told.collect()
    }

    async fn file(&self, of: &Value) -> Answer {
        let id = of["id"].as_str().unwrap();
        let call = Call::get(&format!("/v1/autopay/collections/{id}/file"));
        self.send(call.scope("autopay:file")).await
    }

    /// Reports `results` of `of`, each a reference and a code.
    async fn report(&self, of: &Value, key: &str, results: &[(&str, &str)]) -> Answer {
        let id = of["id"].as_str().unwrap();
        let results = results
            .iter()
            .map(|(reference, code)| json!({ "reference": reference, "code": code }));
        let call = Call::post(&format!("/v1/autopay/collections/{id}/results"))
            .scope("autopay:results")
            .key(key)
            .json(json!({ "results": results.collect::<Vec<_>>() }));
        self.send(call).await
    }

    /// What the household owes and has to its credit.
    async fn standing(&self, code: TenantCode) -> (String, String) {
        let call = Call::get(&format!("/v1/rent-accounts/{code}")).scope("rent:read");
        let account = self.send(call).await.expect(200);
        let text = |name: &str| account[name].as_str().unwrap().to_owned();
        (text("owed"), text("credit"))
    }

    /// What the quote says is due for `month`.
    async fn due(&self, code: TenantCode, month: &str) -> String {
        let call = Call::get(&format!("/v1/rent-accounts/{code}/quote?month={month}"));
        let quote = self.send(call.scope("rent:read")).await.expect(200);
        quote["due"].as_str().unwrap().to_owned()
    }

    /// Corrects what the household owes by `amount`.
    async fn adjust(&self, code: TenantCode, amount: &str) {
        let call = Call::post(&format!("/v1/rent-accounts/{code}/adjustments"))
            .scope("rent:correct")
            .key(&format!("adjust{amount}"))
            .json(json!({ "amount": amount, "effective_on": "2026-11-20", "reason": "a test" }));
        self.send(call).await.expect(201);
    }
}

fn order(month: &str, channel: &str) -> Call {
    Call::post("/v1/autopay/collections")
        .scope("autopay:order")
        .by("one")
        .key(&uuid::Uuid::now_v7().to_string())
        .json(json!({ "month": month, "channel": channel }))
}

fn decide(of: &Value, what: &str, by: &str) -> Call {
    let id = of["id"].as_str().unwrap();
    Call::post(&format!("/v1/autopay/collections/{id}/{what}"))
        .by(by)
        .key(&uuid::Uuid::now_v7().to_string())
}

/// Releases a collection as it was told.
fn release(of: &Value, by: &str) -> Call {
    decide(of, "approval", by)
        .scope("autopay:approve")
        .json(json!({ "sha256": of["sha256"] }))
}

fn withdraw(of: &Value) -> Call {
    decide(of, "withdrawal", "one").scope("autopay:order")
}

#[track_caller]
fn refused(answer: &Answer, status: u16, problem: &str) {
    let found = (answer.status.as_u16(), answer.problem());
    assert_eq!(found, (status, problem), "{:?}", answer.body);
}
