//! What the bank says of debits in its own files: collection files, statements, status reports.

use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use actix_http::Request;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use diesel::prelude::*;
use diesel::sql_types::Text;
use kaifong::autopay;
use kaifong::kernel::clock::{Clock, SystemClock, hong_kong_date};
use kaifong::kernel::tenant_code::TenantCode;
use kaifong::kernel::watch::{Unwatched, Watch};
use kaifong::ledger;
use kaifong::payments::{Channel, FileState, Shelf, intake, posting};
use kaifong::platform::auth::Actor;
use kaifong::platform::db::{connect, execute};
use serde_json::{Value, json};

use super::bank_files::{
    Entry, Said, cents, collection_file, notification, statement, status_report,
};
use super::{order, release, start_with};
use crate::support::{Answer, Call, TestApp, TestDatabase, count};

pub fn reference(line: &Value) -> &str {
    line["reference"].as_str().unwrap()
}

pub fn amount(line: &Value) -> &str {
    line["amount"].as_str().unwrap()
}

impl<S, B> TestApp<S>
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    /// A mandate of each of `codes`, and November's collection released; its lines.
    pub async fn collected(&self, codes: &[TenantCode]) -> (Value, Vec<Value>) {
        for code in codes {
            self.mandate(*code, "autopay").await;
        }
        let released = self.released("2026-11", "autopay").await;
        let lines = self.lines(&released).await;
        self.clock.set("2026-11-24T12:30:00Z");
        (released, lines)
    }

    pub async fn bring_file(&self, name: &str, text: &str) -> Value {
        let call = Call::post(&format!("/v1/payment-files?name={name}"));
        let call = call.scope("payment-file:write").bytes(text.as_bytes());
        let brought = self.send(call).await;
        assert!(brought.status.is_success(), "{name}: {:?}", brought.body);
        self.work();
        self.file_told(&brought.body, "").await
    }

    pub async fn file_told(&self, of: &Value, path: &str) -> Value {
        let id = of["id"].as_str().unwrap();
        let call = Call::get(&format!("/v1/payment-files/{id}{path}"));
        self.send(call.scope("payment-file:read")).await.expect(200)
    }

    pub async fn bring_report(&self, text: &str) -> Answer {
        let call = Call::post("/v1/autopay/status-reports");
        self.send(call.scope("autopay:results").bytes(text.as_bytes()))
            .await
    }

    pub async fn states(&self, of: &Value) -> Vec<(String, Option<String>)> {
        let lines = self.lines(of).await;
        let told = lines.iter().map(|line| {
            let code = line["code"].as_str().map(str::to_owned);
            (line["state"].as_str().unwrap().to_owned(), code)
        });
        told.collect()
    }

    pub async fn strays_of_none(&self) -> Vec<(String, String)> {
        let call = Call::get("/v1/autopay/strays").scope("autopay:read");
        let list = self.send(call).await.expect(200);
        let told = list["items"].as_array().unwrap().iter().map(|one| {
            let text = |name: &str| one[name].as_str().unwrap().to_owned();
            (text("reference"), text("problem"))
        });
        told.collect()
    }
}

pub fn state(word: &str, code: &str) -> (String, Option<String>) {
    (word.to_owned(), Some(code.to_owned()))
}

fn sound(database: &TestDatabase) {
    let mut conn = connect(database.url()).unwrap();
    let findings = ledger::verify(&mut conn, &[], None, |_| {}).unwrap();
    assert!(findings.lies.is_empty(), "{:?}", findings.lies);
}

#[actix_web::test]
async fn a_collection_file_answers_every_debit_that_it_names() {
    let (app, codes) = start_with(3).await;
    let (released, lines) = app.collected(&codes).await;
    let (owed, _) = app.standing(codes[1]).await;
    let debits = [
        (reference(&lines[0]), amount(&lines[0]), "00"),
        (reference(&lines[1]), amount(&lines[1]), "01"),
        ("202611999999999901", "12.00", "03"),
    ];
    let file = app
        .bring_file("collection.txt", &collection_file("20261124", &debits))
        .await;
    assert_eq!(json!([file["state"], file["lines"]]), json!(["posted", 1]));
    assert_eq!(
        app.states(&released).await,
        [
            state("accepted", "ACCEPTED"),
            state("refused", "ACCOUNT_INVALID"),
            ("waiting".to_owned(), None)
        ]
    );
    assert_eq!(app.standing(codes[0]).await.0, "0.00");
    assert_eq!(app.standing(codes[1]).await.0, owed);
    let mut conn = app.database.connect();
    assert_eq!(
        count(&mut conn, "ledger_transfer WHERE kind = 'payment'"),
        1
    );
    // What was not paid stands beside the lines; what is nobody's is there to be seen.
    let unpaid = app.file_told(&file, "/unpaid?limit=1").await;
    let first = &unpaid["items"][0];
    assert_eq!(
        json!([
            first["number"],
            first["reference"],
            first["result"],
            first["code"],
            first["day"]
        ]),
        json!([
            1,
            reference(&lines[1]),
            "ACCOUNT_INVALID",
            "01",
            "2026-11-24"
        ])
    );
    let next = unpaid["next"].as_str().unwrap();
    let rest = app.file_told(&file, &format!("/unpaid?after={next}")).await;
    assert_eq!(rest["items"][0]["number"], 2);
    let nobodys = ("202611999999999901".to_owned(), "unknown".to_owned());
    assert_eq!(app.strays_of_none().await, [nobodys]);
    // Nothing that was answered is on its way any more: December asks for what is due, once.
    let december = app.prepared("2026-12", "autopay").await;
    let asked = app.lines(&december).await;
    for (line, code) in asked.iter().zip([codes[0], codes[1]]) {
        assert_eq!(line["amount"], app.due(code, "2026-12").await);
    }
    sound(&app.database);
}

#[actix_web::test]
async fn a_statement_of_the_account_posts_nothing_that_was_answered() {
    let (app, codes) = start_with(2).await;
    let (released, lines) = app.collected(&codes).await;
    let both = [reference(&lines[0]), reference(&lines[1])].map(|one| (one, "ACCEPTED"));
    app.report(&released, "a", &both).await.expect(200);
    let paid = |line| Entry::Paid(reference(line), amount(line));
    let credits = [paid(&lines[0]), paid(&lines[1]), Entry::Batch("7128.00")];
    let file = app.bring_file("statement.xml", &statement(&credits)).await;
    assert_eq!(json!([file["state"], file["lines"]]), json!(["posted", 2]));
    assert_eq!(file["fates"][0]["fate"], "settled");
    assert_eq!(file["fates"].as_array().unwrap().len(), 1);
    // In a notification of the same money too.
    let told = app.bring_file("told.xml", &notification(&credits)).await;
    assert_eq!(told["fates"][0]["fate"], "duplicate");
    let mut conn = app.database.connect();
    assert_eq!(
        count(&mut conn, "ledger_transfer WHERE kind = 'payment'"),
        2
    );
    assert_eq!(count(&mut conn, "payment"), 2);
    for code in codes {
        let nothing = ("0.00".to_owned(), "0.00".to_owned());
        assert_eq!(app.standing(code).await, nothing);
    }
    assert_eq!(app.strays_of_none().await, []);
}

#[actix_web::test]
async fn a_return_on_the_account_is_reversed_and_has_its_fee() {
    let (app, codes) = start_with(1).await;
    let (owed, _) = app.standing(codes[0]).await;
    let (released, lines) = app.collected(&codes).await;
    let paid = (reference(&lines[0]), "ACCEPTED");
    app.report(&released, "a", &[paid]).await.expect(200);
    let back = [Entry::Returned(reference(&lines[0]), amount(&lines[0]))];
    let file = app.bring_file("returns.xml", &notification(&back)).await;
    assert_eq!(json!([file["state"], file["lines"]]), json!(["posted", 0]));
    assert_eq!(
        app.states(&released).await,
        [state("returned", "INSUFFICIENT_FUNDS")]
    );
    let after = app.standing(codes[0]).await.0;
    assert_eq!(cents(&after), cents(&owed) + 6_000, "the rent and HK$60");
    sound(&app.database);
}

/// What is on the accounts, whatever the order it came in.
fn books(database: &TestDatabase) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        row: String,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT concat_ws(' ', debit, credit, kind, amount, effective_on) AS row \
         FROM ledger_transfer WHERE kind <> 'charge' ORDER BY 1",
    )
    .load(&mut database.connect())
    .unwrap();
    rows.into_iter().map(|row| row.row).collect()
}

#[actix_web::test]
async fn the_same_files_in_any_order_and_twice_make_the_same_ledger() {
    let mut ledgers = Vec::new();
    for shuffled in [
        [0, 1, 2, 3],
        [3, 2, 1, 0],
        [2, 0, 3, 1],
        [1, 3, 0, 2],
        [2, 1, 0, 3],
    ] {
        let (app, codes) = start_with(3).await;
        let (released, lines) = app.collected(&codes).await;
        let (one, two, three) = (&lines[0], &lines[1], &lines[2]);
        let said = |line, status| (reference(line), amount(line), status);
        let paid = |line| Entry::Paid(reference(line), amount(line));
        let files = [
            collection_file(
                "20261124",
                &[said(one, "00"), said(two, "01"), said(three, "00")],
            ),
            statement(&[paid(one), paid(three)]),
            notification(&[Entry::Returned(reference(three), amount(three))]),
            status_report(
                "AP20261101",
                "<GrpSts>ACSC</GrpSts>",
                &[(reference(two), "RJCT", "AC01")],
            ),
        ];
        for which in shuffled.into_iter().chain(shuffled) {
            let text = &files[which];
            if which == 3 {
                app.bring_report(text).await;
                app.work();
            } else {
                app.bring_file(&format!("file-{which}"), text).await;
            }
        }
        assert_eq!(
            app.states(&released).await,
            [
                state("accepted", "ACCEPTED"),
                state("refused", "ACCOUNT_INVALID"),
                state("returned", "INSUFFICIENT_FUNDS"),
            ],
            "{shuffled:?}"
        );
        let mut conn = app.database.connect();
        assert_eq!(count(&mut conn, "autopay_stray"), 0, "{shuffled:?}");
        sound(&app.database);
        ledgers.push(books(&app.database));
    }
    assert_eq!(ledgers[0].len(), 4, "{:?}", ledgers[0]);
    assert!(ledgers.iter().all(|one| *one == ledgers[0]), "{ledgers:#?}");
}

#[actix_web::test]
async fn what_differs_from_the_debit_is_kept_for_somebody_to_see() {
    let (app, codes) = start_with(2).await;
    let (released, lines) = app.collected(&codes).await;
    let withdrawn = app.prepared("2026-12", "autopay").await;
    let never = app.lines(&withdrawn).await[0].clone();
    app.send(super::withdraw(&withdrawn)).await.expect(200);
    let debits = [
        (reference(&lines[0]), "1.00", "00"),
        (reference(&never), amount(&never), "04"),
    ];
    app.bring_file("collection.txt", &collection_file("20261124", &debits))
        .await;
    // What came is the household's; which debit it is, somebody must find out.
    let strays = app.list(&released, "/strays").await;
    assert_eq!(strays["items"][0]["problem"], "paid_otherwise");
    let strays = app.list(&withdrawn, "/strays").await;
    assert_eq!(strays["items"][0]["problem"], "not_sent");
    // An answer without an amount does not post it a second time either.
    let say = [(reference(&lines[0]), "ACCEPTED")];
    let report = app.report(&released, "a", &say).await.expect(200);
    assert_eq!(report["strays"][0]["problem"], "paid_otherwise");
    let mut conn = app.database.connect();
    assert_eq!(
        count(&mut conn, "ledger_transfer WHERE kind = 'payment'"),
        1
    );
    assert_eq!(app.states(&released).await[0].0, "waiting");
}

#[derive(QueryableByName)]
struct Debit {
    #[diesel(sql_type = Text)]
    reference: String,
    #[diesel(sql_type = Text)]
    amount: String,
}

/// More than are taken in one transaction.
const HOUSEHOLDS: i32 = 4_200;

/// Stops after so many chunks.
struct Stop(AtomicU32);

impl Watch for Stop {
    fn progress(&self, _done: i64, _total: i64) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    fn stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }
}

#[actix_web::test]
async fn a_file_that_was_broken_off_between_chunks_goes_on() {
    let (app, codes) = start_with(HOUSEHOLDS).await;
    super::preparing::mandates(&app.database, &app.clock, &codes);
    let ordered = app.send(order("2026-11", "autopay")).await.expect(202);
    app.work();
    let prepared = app.collection(&ordered).await;
    app.send(release(&prepared, "two")).await.expect(200);
    app.clock.set("2026-11-24T12:30:00Z");
    let sql = "SELECT reference, amount::text AS amount FROM autopay_line ORDER BY household";
    let mut owner = app.database.connect();
    let lines: Vec<Debit> = diesel::sql_query(sql).load(&mut owner).unwrap();
    let said = |(at, line): (usize, &'_ Debit)| {
        let status = if at % 100 == 0 { "01" } else { "00" };
        (line.reference.clone(), line.amount.clone(), status)
    };
    let said: Vec<_> = lines.iter().enumerate().map(said).collect();
    let debits: Vec<Said<'_>> = said
        .iter()
        .map(|(reference, amount, status)| (reference.as_str(), amount.as_str(), *status))
        .collect();
    let path = app.database.folder().join("collection.txt");
    fs::write(&path, collection_file("20261124", &debits)).unwrap();
    let mut conn = connect(app.database.url()).unwrap();
    let (actor, now) = (Actor::program("test"), app.clock.now());
    let vault = app.database.vault(now);
    let shelf = Shelf::of(&app.database.folder(), 1 << 30, &vault);
    let (file, _) =
        intake::receive(&mut conn, &shelf, (&path, "collection.txt"), &actor, now).unwrap();
    let door = (&mut conn, app.database.url());
    let posted = posting::post_waiting(door, Channel::Autopay, &actor, &now, &Unwatched).unwrap();
    assert_eq!(posted[0].state, FileState::Posted);

    let stop = Stop(AtomicU32::new(1));
    let taken = autopay::take_posted(&mut conn, file.id, &actor, now, &stop).unwrap();
    assert_eq!((taken.accepted, taken.refused), (4_096, 0));
    // Killed over the next: nothing of that chunk is there.
    execute(
        &mut owner,
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'down'; END $$; \
         CREATE TRIGGER fail BEFORE INSERT ON autopay_result FOR EACH ROW \
         WHEN (NEW.code = 'ACCOUNT_INVALID') EXECUTE FUNCTION fail()",
    )
    .unwrap();
    autopay::take_posted(&mut conn, file.id, &actor, now, &Unwatched).unwrap_err();
    execute(&mut owner, "DROP TRIGGER fail ON autopay_result").unwrap();
    let taken = autopay::take_posted(&mut conn, file.id, &actor, now, &Unwatched).unwrap();
    assert_eq!((taken.accepted, taken.refused), (0, 42));
    assert_eq!(taken.duplicates, 4_158);
    // The job that was queued finds nothing to do.
    app.work();
    assert_eq!(count(&mut owner, "autopay_result"), 4_200);
    assert_eq!(
        count(&mut owner, "ledger_transfer WHERE kind = 'payment'"),
        4_158
    );
    assert_eq!(
        count(&mut owner, "outbox_event WHERE kind = 'autopay.refused'"),
        42
    );
}

#[actix_web::test]
async fn the_command_takes_whatever_file_the_bank_sends() {
    let (app, codes) = start_with(3).await;
    let (released, lines) = app.collected(&codes).await;
    let folder = app.database.folder().join("command");
    fs::create_dir_all(&folder).unwrap();
    // The program's clock is the world's: the files are of its yesterday.
    let yesterday = hong_kong_date(SystemClock.now()).pred_opt().unwrap();
    let report = status_report("AP20261101", "", &[(reference(&lines[2]), "RJCT", "AM04")]);
    let files = [
        format!(
            "H|kaifong-autopay-1|{}\nR|{}|NO_MANDATE\nT|1\n",
            released["id"].as_str().unwrap(),
            reference(&lines[0])
        ),
        collection_file(
            &yesterday.format("%Y%m%d").to_string(),
            &[(reference(&lines[1]), amount(&lines[1]), "01")],
        ),
        report.replace("2026-11-24T20:00:00", &format!("{yesterday}T20:00:00")),
        collection_file("20010101", &[("A-1", "1.00", "01")]),
    ];
    let said = files.map(|text| {
        let path = folder.join("a-file");
        fs::write(&path, text).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_kaifong"))
            .arg("autopay-results")
            .arg(&path)
            .env("KAIFONG_DATABASE_URL", app.database.url())
            .env("KAIFONG_ROOT_KEY", app.database.root_key())
            .env("KAIFONG_DATA_DIR", &folder)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        (output.status.code(), text, output.stderr)
    });
    for (code, text, errors) in &said[..3] {
        let errors = String::from_utf8_lossy(errors);
        assert_eq!(*code, Some(0), "{text}{errors}");
        assert!(text.contains("        1  refused\n"), "{text}");
    }
    assert_ne!(said[3].0, Some(0), "a file of another century");
    let codes = ["NO_MANDATE", "ACCOUNT_INVALID", "INSUFFICIENT_FUNDS"];
    let states = codes.map(|code| state("refused", code));
    assert_eq!(app.states(&released).await, states);
}
