//! The bank tells of a debit in two ways at the same time.

use kaifong::kernel::clock::Clock;
use kaifong::kernel::watch::Unwatched;
use kaifong::payments::{Channel, posting};
use kaifong::platform::auth::Actor;
use kaifong::platform::db::{connect, execute};

use super::bank_files::{Entry, statement};
use super::start_with;
use super::told::{amount, reference};
use crate::support::{Call, count, held_up, wait_until};

#[actix_web::test]
async fn a_debit_that_is_reported_while_its_statement_is_posted_is_paid_once() {
    let (app, codes) = start_with(1).await;
    let (released, lines) = app.collected(&codes).await;
    let text = statement(&[Entry::Paid(reference(&lines[0]), amount(&lines[0]))]);
    let brought = Call::post("/v1/payment-files?name=statement.xml").scope("payment-file:write");
    app.send(brought.bytes(text)).await.expect(201);
    let now = app.clock.now();
    // Somebody has the household's account: its posting stands still, in the middle.
    let mut holder = app.database.connect();
    let code = codes[0].number();
    let held = format!("BEGIN; SELECT FROM rent_account WHERE household = {code} FOR UPDATE");
    execute(&mut holder, &held).unwrap();
    let url = app.database.url().to_owned();
    let posting = std::thread::spawn(move || {
        let (conn, actor) = (&mut connect(&url).unwrap(), Actor::program("test"));
        let door = (conn, url.as_str());
        posting::post_waiting(door, Channel::Autopay, &actor, &now, &Unwatched).unwrap()
    });
    let mut watching = app.database.connect();
    wait_until(|| held_up(&mut watching) == 1);
    let letting_go = std::thread::spawn(move || {
        wait_until(|| held_up(&mut watching) == 2);
        execute(&mut holder, "ROLLBACK").unwrap();
    });
    let paid = [(reference(&lines[0]), "ACCEPTED")];
    let told = app.report(&released, "a", &paid).await.expect(200);
    assert_eq!(told["accepted"], 1, "{told}");
    letting_go.join().unwrap();
    assert_eq!(posting.join().unwrap()[0].state.as_str(), "posted");
    app.work();
    let conn = &mut app.database.connect();
    assert_eq!(count(conn, "payment"), 1);
    assert_eq!(count(conn, "ledger_transfer WHERE kind = 'payment'"), 1);
    assert_eq!(app.strays_of_none().await, []);
}
