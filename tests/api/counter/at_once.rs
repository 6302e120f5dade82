//! Many at once: every payment once, every number once, and no gap.

use futures_util::future::join_all;
use serde_json::json;

use super::{approve, cash, fresh, numbers, one, start_with, wah_fu, work};
use crate::support::count;

#[actix_web::test]
async fn receipts_of_many_at_once_are_each_once_and_without_gaps() {
    let (app, codes) = start_with(5).await;
    let mut days = vec![app.counter_day().await];
    for shroff in ["two", "three"] {
        let opened = work("counter-days", &fresh(), json!({ "estate": wah_fu() })).by(shroff);
        let opened = app.send(opened).await.expect(201);
        days.push(format!("counter-days/{}", opened["id"].as_str().unwrap()));
    }
    let shroffs = ["one", "two", "three"];
    // Each is sent twice, and some of them are refused after their number was taken.
    let calls = (0..30_usize).flat_map(|number| {
        let (day, shroff) = (&days[number % 3], shroffs[number % 3]);
        let amount = if number % 10 == 9 { "0.00" } else { "1.00" };
        let (key, code) = (format!("key-{number}"), codes[number % 5]);
        let send = move || {
            let path = format!("{day}/payments");
            work(&path, &key, cash(code, amount)).by(shroff)
        };
        [send(), send()]
    });
    let answers = join_all(calls.map(|call| app.send(call))).await;
    let statuses = |wanted: u16| answers.iter().filter(|one| one.status == wanted).count();
    assert_eq!((statuses(201), statuses(422)), (54, 6));
    let conn = &mut app.database.connect();
    let all: Vec<_> = (1..=27).map(|number: u8| number.to_string()).collect();
    assert_eq!(numbers(conn), all.join(" "));
    assert_eq!(count(conn, "payment WHERE channel = 'shroff'"), 27);
    assert_eq!(count(conn, "ledger_transfer WHERE kind = 'payment'"), 27);
    let held = one(conn, "SELECT sum(balance) FROM rent_account");
    assert_eq!(held, "-27.00");
}

#[actix_web::test]
async fn what_comes_while_a_day_is_closed_is_in_it_or_refused() {
    let (app, codes) = start_with(1).await;
    let day = app.counter_day().await;
    let counting = work(
        &format!("{day}/count"),
        "count",
        json!({ "reason": "at once" }),
    );
    let calls = (0..12).map(|number| {
        let path = format!("{day}/payments");
        work(&path, &format!("key-{number}"), cash(codes[0], "1.00"))
    });
    let calls: Vec<_> = calls.collect();
    let (taken, counted) = futures_util::future::join(
        join_all(calls.into_iter().map(|call| app.send(call))),
        app.send(counting),
    )
    .await;
    let counted = counted.expect(200);
    let receipts = taken.iter().filter(|one| one.status == 201).count();
    let late = taken.iter().filter(|one| one.status == 409).count();
    assert_eq!(receipts + late, 12);
    assert_eq!(counted["count"]["lines"][0]["receipts"], json!(receipts));
    assert_eq!(
        count(&mut app.database.connect(), "counter_receipt"),
        i64::try_from(receipts).unwrap()
    );
}

#[actix_web::test]
async fn of_many_who_void_a_receipt_at_once_one_does() {
    let (app, codes) = start_with(1).await;
    let day = app.counter_day().await;
    let taken = app.take(&day, cash(codes[0], "300.00")).await.expect(201);
    let path = format!(
        "counter-receipts/{}/voids",
        taken["payment"].as_str().unwrap()
    );
    let body = json!({ "reason": "the wrong household" });
    let proposing = (0..6).map(|_| app.send(work(&path, &fresh(), body.clone())));
    let proposed: Vec<_> = join_all(proposing)
        .await
        .into_iter()
        .filter(|answer| answer.status == 201)
        .collect();
    assert_eq!(proposed.len(), 1);
    let void = format!("counter-voids/{}", proposed[0].body["id"].as_str().unwrap());
    let approving = (0..6).map(|number| app.send(approve(&void, &format!("other-{number}"))));
    let approved = join_all(approving).await;
    assert_eq!(approved.iter().filter(|one| one.status == 200).count(), 1);
    let reversed = "ledger_transfer WHERE kind = 'reversal'";
    assert_eq!(count(&mut app.database.connect(), reversed), 1);
    assert_eq!(app.paid(codes[0]), "0.00");
}
