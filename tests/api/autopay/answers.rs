//! What the bank answers: taken once, in whatever order it comes.

use diesel::prelude::*;
use kaifong::autopay;
use kaifong::kernel::clock::Clock;
use kaifong::kernel::watch::Unwatched;
use kaifong::ledger;
use kaifong::messages;
use kaifong::platform::auth::Actor;
use kaifong::platform::db::schema::outbox_event;
use kaifong::platform::db::{connect, execute};
use kaifong::rent::RuleShelf;
use serde_json::{Value, json};

use super::{order, refused, start_with, verify};
use crate::support::{Call, TestDatabase, count};

fn reference(line: &Value) -> &str {
    line["reference"].as_str().unwrap()
}

fn cents(amount: &str) -> i64 {
    amount.replace('.', "").parse().unwrap()
}

#[actix_web::test]
async fn accepted_debits_are_paid_once_however_often_the_bank_says_so() {
    let (app, codes) = start_with(2).await;
    for code in &codes {
        app.mandate(*code, "autopay").await;
    }
    let released = app.released("2026-11", "autopay").await;
    let lines = app.lines(&released).await;
    let both = [reference(&lines[0]), reference(&lines[1])].map(|one| (one, "ACCEPTED"));
    // It was not debited yet: nothing may be booked.
    let early = app.report(&released, "early", &both).await.expect(200);
    assert_eq!(early["strays"][1]["problem"], "before_its_day");
    assert_eq!(early["accepted"], 0);

    app.clock.set("2026-11-24T09:00:00Z");
    let taken = app.report(&released, "first", &both).await.expect(200);
    assert_eq!(
        (&taken["accepted"], &taken["strays"]),
        (&json!(2), &json!([]))
    );
    for code in &codes {
        assert_eq!(
            app.standing(*code).await,
            ("0.00".to_owned(), "0.00".to_owned())
        );
    }
    // Again by the same key, by another, and in another order.
    let replayed = app.report(&released, "first", &both).await.expect(200);
    assert_eq!(replayed, taken);
    let again = app
        .report(&released, "second", &[both[1], both[0], both[1]])
        .await;
    let again = again.expect(200);
    assert_eq!(
        (&again["accepted"], &again["duplicates"]),
        (&json!(0), &json!(3))
    );
    let mut conn = app.database.connect();
    assert_eq!(
        count(&mut conn, "ledger_transfer WHERE kind = 'payment'"),
        2
    );
    let told = app.lines(&released).await;
    assert!(told.iter().all(|line| line["state"] == "accepted"));
    let paid = app
        .list(&released, "/lines?code=ACCEPTED&state=accepted")
        .await;
    assert_eq!(paid["items"].as_array().unwrap().len(), 2);
    // The payment counts from the day of the debit.
    let counted = "ledger_transfer WHERE kind = 'payment' AND effective_on = '2026-11-24'";
    assert_eq!(count(&mut conn, counted), 2);
    // Nothing is left to collect.
    let next = app.prepared("2026-11", "autopay").await;
    let reasons = app
        .left_out(&next)
        .await
        .into_iter()
        .map(|(_, reason)| reason);
    assert!(reasons.eq(["collected", "collected"].map(str::to_owned)));
}

#[actix_web::test]
async fn a_debit_that_comes_back_is_reversed_and_costs_its_fee() {
    let (app, codes) = start_with(1).await;
    app.mandate(codes[0], "autopay").await;
    let (owed, _) = app.standing(codes[0]).await;
    let released = app.released("2026-11", "autopay").await;
    let line = app.lines(&released).await[0].clone();
    app.clock.set("2026-11-24T09:00:00Z");
    let say = |code| [(reference(&line), code)];
    app.report(&released, "a", &say("ACCEPTED"))
        .await
        .expect(200);
    assert_eq!(app.standing(codes[0]).await.0, "0.00");
    app.clock.set("2026-11-26T09:00:00Z");
    let came_back = app.report(&released, "b", &say("INSUFFICIENT_FUNDS")).await;
    assert_eq!(came_back.expect(200)["returned"], 1);
    let after = app.standing(codes[0]).await.0;
    assert_eq!(cents(&after), cents(&owed) + 6_000, "the rent and HK$60");

    // Whatever comes again changes nothing.
    for (key, code, what) in [
        ("c", "INSUFFICIENT_FUNDS", "duplicates"),
        ("d", "ACCEPTED", "duplicates"),
    ] {
        let again = app.report(&released, key, &say(code)).await.expect(200);
        assert_eq!(again[what], 1, "{key}");
    }
    let other = app
        .report(&released, "e", &say("ACCOUNT_CLOSED"))
        .await
        .expect(200);
    assert_eq!(other["strays"][0]["problem"], "contradiction");
    assert_eq!(app.standing(codes[0]).await.0, after);
    let entries = Call::get(&format!("/v1/rent-accounts/{}/entries", codes[0]));
    let entries = app.send(entries.scope("rent:read")).await.expect(200);
    let items = entries["items"].as_array().unwrap().iter();
    let mut kinds: Vec<&str> = items.map(|item| item["kind"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["charge", "fee", "payment", "reversal"]);
    let told = app.lines(&released).await;
    assert_eq!(told[0]["state"], "returned");
    assert_eq!(told[0]["code"], "INSUFFICIENT_FUNDS");
    let mut conn = connect(app.database.url()).unwrap();
    let findings = ledger::verify(&mut conn, &[], None, |_| {}).unwrap();
    assert!(findings.lies.is_empty(), "{:?}", findings.lies);
}

#[actix_web::test]
async fn what_fits_no_debit_is_told_with_its_place_and_kept() {
    let (app, codes) = start_with(3).await;
    app.mandate(codes[0], "autopay").await;
    app.mandate(codes[1], "autopay").await;
    app.mandate(codes[2], "fps_debit").await;
    let autopay = app.released("2026-11", "autopay").await;
    let fps = app.released("2026-11", "fps_debit").await;
    let (lines, others) = (app.lines(&autopay).await, app.lines(&fps).await);
    app.clock.set("2026-11-24T09:00:00Z");
    let sent = [
        ("NOBODYS-1", "ACCEPTED"),
        (reference(&others[0]), "ACCEPTED"),
        (reference(&lines[0]), "NO_MANDATE"),
        // Refused and accepted: somebody must find out.
        (reference(&lines[0]), "ACCEPTED"),
        (reference(&lines[1]), "ACCEPTED"),
    ];
    let report = app.report(&autopay, "a", &sent).await.expect(200);
    assert_eq!(
        (&report["accepted"], &report["refused"]),
        (&json!(1), &json!(1))
    );
    let problems = |of: &Value| {
        let strays = of.as_array().unwrap().iter();
        let told = strays.map(|one| {
            let place = one["place"].as_i64().unwrap();
            (place, one["problem"].as_str().unwrap().to_owned())
        });
        told.collect::<Vec<_>>()
    };
    let expected = [
        (1, "unknown".to_owned()),
        (2, "other_collection".to_owned()),
        (4, "contradiction".to_owned()),
    ];
    assert_eq!(problems(&report["strays"]), expected);
    app.report(&autopay, "b", &sent).await.expect(200);
    let kept = app.list(&autopay, "/strays").await;
    assert_eq!(problems(&kept["items"]), expected, "each is kept once");
    // Where it belongs it is taken.
    let there = app.report(&fps, "c", &sent[1..2]).await.expect(200);
    assert_eq!(there["accepted"], 1);

    let prepared = app.prepared("2026-12", "autopay").await;
    let early = app.report(&prepared, "d", &sent[..1]).await;
    refused(&early, 409, "collection-state");
    let absent = json!({ "id": "01940000-0000-7000-8000-000000000001" });
    refused(
        &app.report(&absent, "e", &sent[..1]).await,
        404,
        "not-found",
    );
    let unknown = app.report(&autopay, "f", &[("A", "PERHAPS")]).await;
    refused(&unknown, 400, "malformed-request");
}

#[actix_web::test]
async fn three_refusals_in_a_row_suspend_a_mandate_and_a_refused_debit_is_tried_again() {
    let (app, codes) = start_with(1).await;
    let code = codes[0];
    app.mandate(code, "autopay").await;
    let mut refuse = 0;
    let mut no = async |of: &Value, word: &str| {
        refuse += 1;
        let line = app.lines(of).await[0].clone();
        let key = format!("refusal-{refuse}");
        let answer = app.report(of, &key, &[(reference(&line), word)]).await;
        (line, answer.expect(200))
    };
    let first = app.released("2026-11", "autopay").await;
    app.clock.set("2026-11-24T09:00:00Z");
    let (line, _) = no(&first, "INSUFFICIENT_FUNDS").await;
    assert_eq!(line["attempt"], 1);
    // Two days later is too soon.
    let soon = app.prepared("2026-11", "autopay").await;
    assert_eq!(soon["collect_on"], "2026-11-26");
    assert_eq!(app.left_out(&soon).await[0].1, "too_soon");
    app.send(super::withdraw(&soon)).await.expect(200);
    app.clock.set("2026-11-27T01:00:00Z");
    let second = app.released("2026-11", "autopay").await;
    assert_eq!(second["collect_on"], "2026-12-01");
    app.clock.set("2026-12-01T09:00:00Z");
    let (line, report) = no(&second, "INSUFFICIENT_FUNDS").await;
    assert_eq!(
        (&line["attempt"], &report["suspended"]),
        (&json!(2), &json!(0))
    );
    assert_eq!(app.newest_mandate(code).await["state"], "active");
    let past = app.send(order("2026-11", "autopay")).await;
    refused(&past, 422, "outside-months");

    crate::rent::charge(&app.database, &app.clock, "2026-12");
    let third = app.released("2026-12", "autopay").await;
    app.clock.set("2026-12-03T09:00:00Z");
    let (line, report) = no(&third, "ACCOUNT_CLOSED").await;
    assert_eq!(
        (&line["attempt"], &report["suspended"]),
        (&json!(1), &json!(1))
    );
    let suspended = app.newest_mandate(code).await;
    let last = suspended["history"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    assert_eq!(suspended["state"], "suspended");
    assert_eq!(last["reason"], "refused 3 times in a row");
    let mut conn = app.database.connect();
    let on_record = "audit_entry WHERE action = 'autopay.mandate.suspended' \
         AND actor = 'kaifong:autopay'";
    assert_eq!(count(&mut conn, on_record), 1);
    let none = app.prepared("2026-12", "autopay").await;
    assert_eq!((&none["mandates"], &none["lines"]), (&json!(0), &json!(0)));
    app.send(super::withdraw(&none)).await.expect(200);

    // Verified again, what was before does not count; that the account was closed stays.
    app.clock.set("2026-12-04T01:00:00Z");
    app.send(verify(&suspended)).await.expect(200);
    let again = app.prepared("2026-12", "autopay").await;
    assert_eq!(app.left_out(&again).await[0].1, "not_tried_again");
    app.send(super::withdraw(&again)).await.expect(200);
    let next = app.released("2027-01", "autopay").await;
    app.clock.set("2027-01-05T09:00:00Z");
    let (_, report) = no(&next, "INSUFFICIENT_FUNDS").await;
    assert_eq!(report["suspended"], 0);
}

#[actix_web::test]
async fn our_own_mistakes_do_not_suspend_anybody() {
    let (app, codes) = start_with(1).await;
    let code = codes[0];
    app.mandate(code, "fps_debit").await;
    let policy = "UPDATE autopay_policy SET retries = 5, retry_after = 0";
    let mut conn = app.database.connect();
    kaifong::platform::db::execute(&mut conn, policy).unwrap();
    for attempt in 1..=4 {
        let released = app.released("2026-11", "fps_debit").await;
        let line = app.lines(&released).await[0].clone();
        assert_eq!(line["attempt"], attempt);
        let key = format!("wrong-date-{attempt}");
        let say = [(reference(&line), "DATE_INVALID")];
        app.report(&released, &key, &say).await.expect(200);
    }
    assert_eq!(app.newest_mandate(code).await["state"], "active");
}

#[actix_web::test]
async fn a_file_of_answers_is_taken_whole_or_refused_where_it_is_wrong() {
    let (app, codes) = start_with(2).await;
    for code in &codes {
        app.mandate(*code, "autopay").await;
    }
    let released = app.released("2026-11", "autopay").await;
    let lines = app.lines(&released).await;
    app.clock.set("2026-11-24T09:00:00Z");
    let file = format!(
        "H|kaifong-autopay-1|{}\nR|{}|ACCEPTED\nR|{}|INSUFFICIENT_FUNDS\nR|X-1|ACCEPTED\nT|3\n",
        released["id"].as_str().unwrap(),
        reference(&lines[0]),
        reference(&lines[1]),
    );
    let mut conn = connect(app.database.url()).unwrap();
    let mut take = |text: &str| {
        let (actor, now) = (Actor::program("test"), app.clock.now());
        autopay::take_file(&mut conn, text.as_bytes(), &actor, now, &Unwatched)
    };
    let error = take(&file.replace("T|3", "T|4")).unwrap_err().to_string();
    assert!(
        error.starts_with("line 5, column 3: the trailer says 4"),
        "{error}"
    );
    let mut owner = app.database.connect();
    assert_eq!(count(&mut owner, "autopay_result"), 0);
    let (id, report) = take(&file).unwrap();
    assert_eq!(id.to_string(), released["id"]);
    assert_eq!(
        (report.accepted, report.refused, report.duplicates),
        (1, 1, 0)
    );
    assert_eq!(report.strays[0].place, 4);
    let (_, again) = take(&file).unwrap();
    assert_eq!((again.accepted, again.refused, again.duplicates), (0, 0, 2));
    assert_eq!(
        count(&mut owner, "ledger_transfer WHERE kind = 'payment'"),
        1
    );
}

/// Kind, household and detail of what there is to tell, in order of time.
fn news(database: &TestDatabase) -> Vec<(String, i64, Value)> {
    outbox_event::table
        .filter(outbox_event::kind.like("autopay.%"))
        .order((outbox_event::said_at, outbox_event::kind))
        .select((
            outbox_event::kind,
            outbox_event::household.assume_not_null(),
            outbox_event::detail,
        ))
        .load(&mut database.connect())
        .unwrap()
}

#[actix_web::test]
async fn who_is_not_paid_for_and_who_is_suspended_is_told_once() {
    let (app, codes) = start_with(3).await;
    for code in &codes {
        app.mandate(*code, "autopay").await;
    }
    let policy = "UPDATE autopay_policy SET refusals = 1 WHERE channel = 'autopay'";
    execute(&mut app.database.connect(), policy).unwrap();
    let released = app.released("2026-11", "autopay").await;
    let lines = app.lines(&released).await;
    app.clock.set("2026-11-24T09:00:00Z");
    let say = |line: usize, code| (reference(&lines[line]), code);
    let first = [
        say(0, "ACCEPTED"),
        say(1, "INSUFFICIENT_FUNDS"),
        say(2, "ACCEPTED"),
    ];
    app.report(&released, "a", &first).await.expect(200);
    let refused = |line: usize| {
        let detail = json!({ "amount": lines[line]["amount"], "due_on": "2026-11-24" });
        ("autopay.refused".to_owned(), codes[line].number(), detail)
    };
    let suspended = |line: usize| {
        let detail = json!({ "refusals": 1 });
        ("autopay.suspended".to_owned(), codes[line].number(), detail)
    };
    assert_eq!(news(&app.database), [refused(1), suspended(1)]);
    // One comes back the next day; and everything is said again.
    app.clock.set("2026-11-25T09:00:00Z");
    let back = [say(2, "ACCOUNT_CLOSED")];
    app.report(&released, "b", &back).await.expect(200);
    app.report(&released, "c", &first).await.expect(200);
    app.report(&released, "d", &back).await.expect(200);
    let all = [refused(1), suspended(1), refused(2), suspended(2)];
    assert_eq!(news(&app.database), all);
    // A message of each, by whatever the policies say.
    let rules = RuleShelf::default();
    let mut conn = connect(app.database.url()).unwrap();
    while messages::draft(&mut conn, &rules, app.clock.now()).unwrap() > 0 {}
    for kind in ["autopay.refused", "autopay.suspended"] {
        let households = format!(
            "(SELECT DISTINCT household FROM message WHERE kind = '{kind}' \
             AND state = 'waiting') AS told"
        );
        let mut owner = app.database.connect();
        assert_eq!(count(&mut owner, &households), 2, "{kind}");
    }
}

#[actix_web::test]
async fn what_was_reversed_by_hand_is_not_reversed_again_and_holds_up_nobody() {
    let (app, codes) = start_with(2).await;
    for code in &codes {
        app.mandate(*code, "autopay").await;
    }
    let owed = app.standing(codes[0]).await.0;
    let released = app.released("2026-11", "autopay").await;
    let lines = app.lines(&released).await;
    app.clock.set("2026-11-24T09:00:00Z");
    let both = |code| [(reference(&lines[0]), code), (reference(&lines[1]), code)];
    app.report(&released, "a", &both("ACCEPTED"))
        .await
        .expect(200);
    let path = format!("/v1/rent-accounts/{}/entries?kind=payment", codes[0]);
    let entries = app
        .send(Call::get(&path).scope("rent:read"))
        .await
        .expect(200);
    let by_hand = Call::post(&format!("/v1/rent-accounts/{}/reversals", codes[0]))
        .scope("rent:correct")
        .key("by-hand")
        .json(json!({ "entry": entries["items"][0]["id"], "reason": "the bank rang" }));
    app.send(by_hand).await.expect(201);
    let back = app.report(&released, "b", &both("PAYER_CANCELLED")).await;
    assert_eq!(back.expect(200)["returned"], 2);
    let mut conn = app.database.connect();
    assert_eq!(
        count(&mut conn, "ledger_transfer WHERE kind = 'reversal'"),
        2
    );
    assert_eq!(count(&mut conn, "ledger_reversal"), 2);
    let reversed = "audit_entry WHERE action = 'ledger.transfer.reversed'";
    assert_eq!(count(&mut conn, reversed), 2);
    let after = app.standing(codes[0]).await.0;
    assert_eq!(cents(&after), cents(&owed) + 6_000);
    let findings = ledger::verify(&mut connect(app.database.url()).unwrap(), &[], None, |_| {});
    assert!(findings.unwrap().lies.is_empty());
}

#[actix_web::test]
async fn what_comes_back_by_our_own_mistake_costs_the_household_nothing() {
    let (app, codes) = start_with(1).await;
    app.mandate(codes[0], "autopay").await;
    let owed = app.standing(codes[0]).await;
    let released = app.released("2026-11", "autopay").await;
    let line = app.lines(&released).await[0].clone();
    app.clock.set("2026-11-24T09:00:00Z");
    for (key, code) in [("a", "ACCEPTED"), ("b", "DUPLICATE")] {
        let say = [(reference(&line), code)];
        app.report(&released, key, &say).await.expect(200);
    }
    assert_eq!(app.lines(&released).await[0]["state"], "returned");
    assert_eq!(app.standing(codes[0]).await, owed);
    let mut conn = app.database.connect();
    assert_eq!(count(&mut conn, "ledger_transfer WHERE kind = 'fee'"), 0);
}
