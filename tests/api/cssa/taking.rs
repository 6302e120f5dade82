//! The department's files taken in: each once, in order, or refused where it is wrong.

use kaifong::payments::files::AllowanceEvent::{Change, Start};
use serde_json::{Value, json};

use super::{adds_up, bring, each, file, full, partial, refused, start_with};
use crate::support::{Call, count};

fn decide(id: &Value, what: &str) -> Call {
    let id = id.as_str().unwrap();
    Call::post(&format!("/v1/payment-files/{id}/{what}"))
        .scope("payment-file:decide")
        .json(json!({ "reason": "the department sends it anew" }))
}

#[actix_web::test]
async fn a_file_that_comes_twice_grants_and_pays_once() {
    let (app, codes) = start_with(2).await;
    let texts = [codes[0].to_string(), codes[1].to_string()];
    let [one, two] = texts.each_ref().map(String::as_str);
    let told = [(Start, one, partial("900.00"), "2026-12")];
    let paid = [("SWD-1", one, "900.00"), ("SWD-2", two, "50.00")];
    let bytes = file(("2026-12", 1), &told, &paid);
    app.swd_sends(&bytes).await;
    // The same bytes: the same file.
    app.send(bring(&bytes)).await.expect(200);
    app.work();
    let conn = &mut app.database.connect();
    assert_eq!(count(conn, "cssa_taken"), 1);
    assert_eq!(count(conn, "cssa_allowance"), 1);
    // The same lines by another number: nothing is granted or paid twice, and each is named.
    let again = app.swd_sends(&file(("2026-12", 2), &told, &paid)).await;
    assert_eq!(
        again["fates"],
        json!([{ "fate": "duplicate", "lines": 2, "amount": "950.00" }])
    );
    assert_eq!(count(conn, "cssa_allowance"), 1);
    assert_eq!(count(conn, "ledger_transfer WHERE kind = 'payment'"), 2);
    let reconciled = app.reconciled("2026-12").await;
    adds_up(&reconciled);
    let sums = [
        "files",
        "lines",
        "amount",
        "paid_amount",
        "duplicate_amount",
    ];
    assert_eq!(
        json!(sums.map(|sum| &reconciled[sum])),
        json!([2, 4, "1900.00", "950.00", "950.00"])
    );
    let found = app.exceptions(&reconciled, "sort=kind").await;
    assert_eq!(
        each(&found, &["kind", "account", "line"]),
        [
            ["already_granted", one, "2"],
            ["no_allowance", two, "null"],
            ["paid_before", one, "3"],
            ["paid_before", two, "4"],
        ]
    );
    assert_eq!(found["items"][0]["file"], again["id"]);
}

#[actix_web::test]
async fn a_reference_with_another_amount_stops_the_file_and_what_it_grants() {
    let (app, codes) = start_with(1).await;
    let code = codes[0].to_string();
    let one = code.as_str();
    app.swd_sends(&file(("2026-12", 1), &[], &[("SWD-1", one, "900.00")]))
        .await;
    let told = [(Start, one, partial("900.00"), "2026-12")];
    let spoiled = app
        .swd_sends(&file(("2026-12", 2), &told, &[("SWD-1", one, "901.00")]))
        .await;
    assert_eq!(spoiled["state"], "quarantined");
    let reason = spoiled["reason"].as_str().unwrap();
    assert!(reason.starts_with("line 1: SWD-1 was paid"), "{reason}");
    // The next one is posted, and what it tells waits for what was told before it.
    let change = [(Change, one, partial("950.00"), "2026-12")];
    let next = app.swd_sends(&file(("2026-12", 3), &change, &[])).await;
    assert_eq!(next["state"], "posted");
    assert_eq!(app.cssa(codes[0]).await["allowance"], Value::Null);
    // Given up, and sent anew.
    app.send(decide(&spoiled["id"], "withdrawal"))
        .await
        .expect(200);
    let anew = file(("2026-12", 2), &told, &[("SWD-2", one, "1.00")]);
    app.swd_sends(&anew).await;
    let told = app.cssa(codes[0]).await;
    assert_eq!(
        json!([told["allowance"], told["paid"]]),
        json!(["950.00", "901.00"])
    );
    assert_eq!(told["allowances"].as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn a_file_that_comes_early_grants_nothing_until_those_before_it_came() {
    let (app, codes) = start_with(1).await;
    let code = codes[0].to_string();
    let one = code.as_str();
    app.swd_sends(&file(("2026-12", 7), &[], &[])).await;
    let change = [(Change, one, full("950.00"), "2026-12")];
    let early = app.swd_sends(&file(("2026-12", 9), &change, &[])).await;
    assert_eq!(early["state"], "held");
    assert_eq!(app.cssa(codes[0]).await["allowances"], json!([]));
    let start = [(Start, one, full("900.00"), "2026-12")];
    app.swd_sends(&file(("2026-12", 8), &start, &[])).await;
    assert_eq!(app.cssa(codes[0]).await["allowance"], "950.00");
    let conn = &mut app.database.connect();
    assert_eq!(count(conn, "cssa_stray"), 0);
    // A number that was had by another file is refused.
    let other = file(("2026-12", 8), &start, &[("SWD-1", one, "1.00")]);
    refused(&app.send(bring(&other)).await, 409, "sequence-taken");
}

#[actix_web::test]
async fn a_file_that_is_wrong_leaves_nothing_and_says_where_and_what_to_do() {
    let (app, codes) = start_with(1).await;
    let code = codes[0].to_string();
    let told = [(Start, code.as_str(), partial("900.00"), "2026-12")];
    let good = file(("2026-12", 1), &told, &[("SWD-1", &code, "900.00")]);
    let good = String::from_utf8(good).unwrap();
    let again = "ask the channel to put it right and send the file anew";
    let whole = "ask the channel for the whole file again";
    for (from, to, place, what, remedy) in [
        (
            "|partial|",
            "|half|",
            "line 2, column 22",
            "full or partial",
            again,
        ),
        (
            "900.00|2026-12",
            "900|2026-12",
            "line 2, column 30",
            "an amount",
            again,
        ),
        ("|HKD|", "|USD|", "line 3, column 29", "HKD", again),
        (
            "|2026-12|2026-11-20|",
            "|2027-12|2026-11-20|",
            "line 1, column 18",
            "a month",
            again,
        ),
        (
            "T|1|1|900.00",
            "T|1|1|900.01",
            "line 4, column 7",
            "come to HK$900.00",
            whole,
        ),
        (
            "T|1|1|900.00",
            "T|2|1|900.00",
            "line 4, column 3",
            "the file has 1",
            whole,
        ),
    ] {
        let spoiled = good.replacen(from, to, 1);
        assert_ne!(spoiled, good, "{from}");
        let answer = app.send(bring(spoiled.as_bytes())).await;
        refused(&answer, 422, "payment-file-refused");
        let said = answer.body["detail"].as_str().unwrap();
        assert!(said.starts_with(place), "{said}");
        assert!(said.contains(what) && said.ends_with(remedy), "{said}");
    }
    let conn = &mut app.database.connect();
    for table in [
        "payment_file",
        "allowance_file",
        "allowance_line",
        "payment_line",
    ] {
        assert_eq!(count(conn, table), 0, "{table}");
    }
    assert_eq!(app.work(), 0);
    app.swd_sends(good.as_bytes()).await;
    assert_eq!(app.cssa(codes[0]).await["paid"], "900.00");
}
