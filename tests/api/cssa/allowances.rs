//! What is granted, from when to when, and what is left for the tenant.

use kaifong::kernel::reach::Reach;
use kaifong::kernel::role::Role;
use kaifong::kernel::tenant_code::TenantCode;
use kaifong::payments::files::AllowanceEvent::{Change, Start, Stop};
use kaifong::platform::db::execute;
use serde_json::{Value, json};

use super::{each, file, full, less, money, partial, refused, start_with};
use crate::support::{Call, count};

/// Coverage, amount, from and to of each allowance.
fn periods(told: &Value) -> Vec<Vec<String>> {
    let page = json!({ "items": told["allowances"] });
    each(&page, &["coverage", "amount", "from", "to"])
}

#[actix_web::test]
async fn by_a_partial_allowance_the_tenant_pays_the_rest() {
    let (app, codes) = start_with(2).await;
    let (code, rent) = (codes[0].to_string(), app.december(codes[0]).await);
    let before = app.cssa(codes[0]).await;
    assert_eq!(
        json!([before["coverage"], before["yours"], before["allowances"]]),
        json!([null, rent, []])
    );
    // Granted, and not paid yet.
    let start = [(Start, code.as_str(), partial("900.00"), "2026-12")];
    let taken = app.swd_sends(&file(("2026-12", 1), &start, &[])).await;
    assert_eq!(taken["state"], "posted");
    let rest = less(&rent, "900.00");
    let told = app.cssa(codes[0]).await;
    assert_eq!(
        json!([told["due"], told["allowance"], told["paid"], told["yours"]]),
        json!([rent, "900.00", "0.00", rest])
    );
    // Paid: the quote has it, and the tenant's part is what it was.
    let paid = [("SWD-1", code.as_str(), "900.00")];
    app.swd_sends(&file(("2026-12", 2), &[], &paid)).await;
    let told = app.cssa(codes[0]).await;
    assert_eq!(
        json!([told["due"], told["paid"], told["yours"]]),
        json!([rest, "900.00", rest])
    );
    let conn = &mut app.database.connect();
    let entered = format!(
        "payment WHERE channel = 'cssa' AND household = {} AND amount = 900",
        codes[0].number()
    );
    assert_eq!(count(conn, &entered), 1);
    // Next door nothing has changed.
    assert_eq!(app.cssa(codes[1]).await["coverage"], Value::Null);
}

#[actix_web::test]
async fn by_a_full_allowance_the_tenant_pays_nothing_but_what_is_owed_besides() {
    let (app, codes) = start_with(1).await;
    let (code, rent) = (codes[0].to_string(), app.december(codes[0]).await);
    let start = [(Start, code.as_str(), full(&rent), "2026-12")];
    app.swd_sends(&file(("2026-12", 1), &start, &[])).await;
    let told = app.cssa(codes[0]).await;
    assert_eq!(json!([told["due"], told["yours"]]), json!([rent, "0.00"]));
    for (language, said) in [
        (
            "zh-HK",
            "社會福利署直接繳付你本月的全部租金。你毋須繳付任何款項。",
        ),
        (
            "zh-CN",
            "社会福利署直接缴付你本月的全部租金。你无须缴付任何款项。",
        ),
        (
            "en",
            "The Social Welfare Department pays the whole of this month's rent directly. \
             You have nothing to pay.",
        ),
    ] {
        let call = Call::get(&format!("/v1/rent-accounts/{code}/cssa?month=2026-12"))
            .scope("cssa:read")
            .header("Accept-Language", language);
        assert_eq!(app.send(call).await.expect(200)["note"], said);
    }
    let paid = [("SWD-1", code.as_str(), rent.as_str())];
    app.swd_sends(&file(("2026-12", 2), &[], &paid)).await;
    let told = app.cssa(codes[0]).await;
    assert_eq!(json!([told["due"], told["yours"]]), json!(["0.00", "0.00"]));
    // A hundred dollars of another matter are the tenant's own.
    let owed = Call::post(&format!("/v1/rent-accounts/{code}/adjustments"))
        .scope("rent:correct")
        .key("k")
        .json(json!({ "amount": "100.00", "effective_on": "2026-11-20", "reason": "a key" }));
    app.send(owed).await.expect(201);
    assert_eq!(app.cssa(codes[0]).await["yours"], "100.00");
}

#[actix_web::test]
async fn a_start_a_change_and_a_stop_hold_from_their_months_and_the_past_stays() {
    let (app, codes) = start_with(1).await;
    let code = codes[0].to_string();
    let one = code.as_str();
    app.swd_sends(&file(
        ("2026-12", 1),
        &[(Start, one, partial("900.00"), "2026-12")],
        &[],
    ))
    .await;
    let change = [
        (Change, one, partial("1000.00"), "2027-01"),
        (Stop, one, None, "2027-03"),
    ];
    app.swd_sends(&file(("2026-12", 2), &change, &[])).await;
    let expected = json!([
        ["partial", "1000.00", "2027-01", "2027-02"],
        ["partial", "900.00", "2026-12", "2026-12"],
    ]);
    let told = app.cssa(codes[0]).await;
    assert_eq!(json!(periods(&told)), expected);
    assert_eq!(told["allowances"][0]["line"], 2);
    // Months before that of a file are left as they were, and so is the rest.
    let late = [
        (Change, one, partial("1.00"), "2026-11"),
        (Stop, one, None, "2026-11"),
        (Start, one, full("1.00"), "2027-01"),
        (Stop, one, None, "2027-04"),
    ];
    app.swd_sends(&file(("2026-12", 3), &late, &[])).await;
    assert_eq!(json!(periods(&app.cssa(codes[0]).await)), expected);
    let reconciled = app.reconciled("2026-12").await;
    assert_eq!(
        reconciled["kinds"],
        json!([
            { "kind": "already_granted", "exceptions": 1 },
            { "kind": "month_past", "exceptions": 2 },
            { "kind": "not_granted", "exceptions": 1 },
            { "kind": "not_paid", "exceptions": 1 },
        ])
    );
    // After the stop it may start anew.
    let anew = [(Start, one, full("1200.00"), "2027-05")];
    app.swd_sends(&file(("2026-12", 4), &anew, &[])).await;
    let told = periods(&app.cssa(codes[0]).await);
    assert_eq!(told[0], ["full", "1200.00", "2027-05", "null"]);
    assert_eq!(json!(told[1..]), expected);
    // What was told is never changed, not even by the schema's owner.
    let conn = &mut app.database.connect();
    assert_eq!(count(conn, "cssa_allowance"), 4);
    for change in [
        "UPDATE cssa_allowance SET amount = 1",
        "DELETE FROM cssa_allowance",
        "TRUNCATE cssa_allowance",
    ] {
        assert!(execute(conn, change).is_err(), "{change}");
    }
}

#[actix_web::test]
async fn an_allowance_is_seen_by_its_household_and_office_alone() {
    let (app, codes) = start_with(2).await;
    let path = |code: TenantCode| format!("/v1/rent-accounts/{code}/cssa?month=2026-12");
    let tenant = app.session(Role::Tenant, Reach::Household(codes[0]));
    let own = Call::get(&path(codes[0])).bearer(&tenant);
    assert_eq!(app.send(own).await.status, 200);
    let other = Call::get(&path(codes[1])).bearer(&tenant);
    let absent = Call::get(&path(TenantCode::of(987_654_321).unwrap())).bearer(&tenant);
    let (other, absent) = (app.send(other).await, app.send(absent).await);
    refused(&other, 404, "not-found");
    assert_eq!(other.bytes, absent.bytes);
    for (query, status, problem) in [
        ("month=2027-02", 422, "cssa-outside-months"),
        ("month=2026-10", 422, "cssa-outside-months"),
        ("month=2026-13", 400, "malformed-request"),
        ("year=2026", 400, "malformed-request"),
    ] {
        let call = Call::get(&format!("/v1/rent-accounts/{}/cssa?{query}", codes[0]));
        refused(&app.send(call.scope("cssa:read")).await, status, problem);
    }
}

/// What one household is told and what many are asked by one statement come of the same rule.
#[actix_web::test]
async fn one_and_many_are_granted_the_same_whatever_was_told() {
    let (app, codes) = start_with(6).await;
    let texts: Vec<String> = codes.iter().map(ToString::to_string).collect();
    let mut draw = crate::support::dice(2026);
    let months = ["2026-12", "2027-01", "2027-02"];
    for sequence in 1..=12 {
        let amounts: Vec<String> = (0..5).map(|_| format!("{}.00", 1 + draw(3000))).collect();
        let told: Vec<_> = amounts
            .iter()
            .map(|amount| {
                let who = texts[usize::try_from(draw(6)).unwrap()].as_str();
                let month = months[usize::try_from(draw(3)).unwrap()];
                match draw(3) {
                    0 => (Start, who, full(amount), month),
                    1 => (Change, who, partial(amount), month),
                    _ => (Stop, who, None, month),
                }
            })
            .collect();
        app.swd_sends(&file(("2026-12", sequence), &told, &[]))
            .await;
        let reconciled = app.reconciled("2026-12").await;
        let (mut expected, mut sum) = (0, money(&json!("0.00")));
        for code in &codes {
            let told = app.cssa(*code).await;
            if told["allowance"].is_string() {
                expected += 1;
                sum = sum.checked_add(money(&told["allowance"])).unwrap();
            }
        }
        assert_eq!(reconciled["expected"], expected, "{sequence}");
        assert_eq!(money(&reconciled["expected_amount"]), sum, "{sequence}");
    }
    let conn = &mut app.database.connect();
    assert!(count(conn, "cssa_allowance") > 10 && count(conn, "cssa_stray") > 10);
}
