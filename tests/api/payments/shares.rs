//! What came by each channel in a month: every form of it says the same.

use std::fs;
use std::path::Path;

use actix_http::Request;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use kaifong::kernel::id::{PaymentId, TransferId};
use kaifong::kernel::language::Language;
use kaifong::kernel::tenant_code::TenantCode;
use kaifong::ledger;
use kaifong::payments::{Channel, Told, enter_told};
use kaifong::platform::auth::Actor;
use kaifong::platform::db::{connect, execute};
use serde_json::{Value, json};

use crate::support::{Answer, Call, TestApp, start, world};

fn ask(month: &str) -> Call {
    let path = format!("/v1/payment-channel-shares?month={month}");
    Call::get(&path).scope("reconciliation:read")
}

/// The app on 20 November 2026, and what came that month: ten payments.
async fn month() -> (
    TestApp<
        impl Service<Request, Response = ServiceResponse<impl MessageBody>, Error = actix_web::Error>,
    >,
    Vec<TenantCode>,
) {
    let app = start().await;
    app.clock.set("2026-11-20T12:00:00Z");
    let codes = world::settle(&app.database, 2);
    for (channel, payments) in [
        (Channel::Autopay, &["2000.00"][..]),
        (Channel::Pps, &["600.00", "400.00"]),
        (Channel::Fps, &["1000.00"]),
        (Channel::Store, &["700.00", "700.00", "500.00"]),
        (Channel::Cssa, &["2100.00"]),
        (Channel::Shroff, &["1999.99", "0.01"]),
    ] {
        for (number, amount) in payments.iter().enumerate() {
            pay(
                &app.database,
                (channel, number),
                &codes[0].to_string(),
                amount,
                "2026-11-20",
            );
        }
    }
    (app, codes)
}

fn pay(
    database: &crate::support::TestDatabase,
    (channel, number): (Channel, usize),
    account: &str,
    amount: &str,
    on: &str,
) {
    let told = Told {
        reference: format!("P-{channel}-{number}-{on}"),
        account: account.to_owned(),
        amount: amount.parse().unwrap(),
        instructed_at: format!("{on}T02:00:00Z").parse().unwrap(),
        place: "A PLACE".to_owned(),
    };
    let now = "2026-11-20T12:00:00Z".parse().unwrap();
    let conn = &mut connect(database.url()).unwrap();
    enter_told(conn, channel, vec![told], &Actor::program("test"), now).unwrap();
}

fn share<'a>(told: &'a Value, category: &str) -> &'a Value {
    let mut categories = told["categories"].as_array().unwrap().iter();
    categories.find(|one| one["category"] == category).unwrap()
}

#[actix_web::test]
async fn a_month_is_told_by_count_and_amount() {
    let (app, _) = month().await;
    let told = app.send(ask("2026-11")).await.expect(200);
    let parts = |of: &Value| {
        json!([
            of["payments"],
            of["payments_share"],
            of["amount"],
            of["amount_share"]
        ])
    };
    for (category, expected) in [
        ("e_channels", json!([4, "40.0", "4000.00", "40.0"])),
        ("stores_and_mtr", json!([3, "30.0", "1900.00", "19.0"])),
        ("cssa", json!([1, "10.0", "2100.00", "21.0"])),
        ("counter", json!([2, "20.0", "2000.00", "20.0"])),
    ] {
        assert_eq!(parts(share(&told, category)), expected, "{category}");
    }
    assert_eq!(told["categories"].as_array().unwrap().len(), 4);
    assert_eq!(
        parts(&told["all"]),
        json!([10, "100.0", "10000.00", "100.0"])
    );
    assert_eq!(
        parts(&told["electronic"]),
        json!([8, "80.0", "8000.00", "80.0"])
    );
    let channels = share(&told, "e_channels")["channels"].as_array().unwrap();
    let channels: Vec<_> = channels
        .iter()
        .map(|one| one["channel"].as_str().unwrap())
        .collect();
    assert_eq!(channels, ["autopay", "pps", "fps"]);
    // A month without any is told as well; one that is yet to come is not.
    let none = app.send(ask("2026-10")).await.expect(200);
    assert_eq!(parts(&none["all"]), json!([0, "0.0", "0.00", "0.0"]));
    assert_eq!(
        app.send(ask("2026-12")).await.problem(),
        "reconciliation-period"
    );
    let open = Call::get("/v1/payment-channel-shares?month=2026-11").scope("payment-file:read");
    assert_eq!(app.send(open).await.status, 403);
}

/// What every form says, as `tests/golden/payments` has it. `UPDATE_GOLDEN=1` writes it anew.
#[actix_web::test]
async fn the_table_the_sheet_and_the_chart_are_as_they_were() {
    let (app, _) = month().await;
    for (kind, ending) in [
        ("text/plain", "txt"),
        ("text/csv", "csv"),
        ("image/svg+xml", "svg"),
    ] {
        for language in Language::ALL {
            let tag = language.tag();
            let call = ask("2026-11")
                .header("Accept", kind)
                .header("Accept-Language", tag);
            let answer = app.send(call).await;
            assert_eq!(answer.header("content-language"), tag);
            assert!(
                answer.header("content-type").starts_with(kind),
                "{answer:?}"
            );
            assert_golden(&format!("channel-shares.{tag}.{ending}"), &answer);
        }
    }
}

fn assert_golden(name: &str, answer: &Answer) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("tests/golden/payments").join(name);
    let found = String::from_utf8(answer.bytes.clone()).unwrap();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &found).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), found, "{name}");
}

/// Who has the chart read to them misses no figure, and none is told by colour alone.
#[actix_web::test]
async fn the_chart_says_in_words_what_it_shows() {
    let (app, _) = month().await;
    for language in Language::ALL {
        let call = ask("2026-11").header("Accept", "image/svg+xml");
        let answer = app
            .send(call.header("Accept-Language", language.tag()))
            .await;
        let chart = String::from_utf8(answer.bytes).unwrap();
        let of = |element: &str| {
            let (_, rest) = chart
                .split_once(&format!("<{element} id=\"{element}\">"))
                .unwrap();
            rest.split_once('<').unwrap().0.to_owned()
        };
        assert!(chart.contains("role=\"img\" aria-labelledby=\"title desc\""));
        assert!(of("title").contains("2026"));
        for figure in [
            "40.0%", "30.0%", "19.0%", "10.0%", "21.0%", "20.0%", "80.0%",
        ] {
            assert!(of("desc").contains(figure), "{figure}");
            let beside = figure == "80.0%" || chart.contains(&format!(">{figure}</text>"));
            assert!(beside, "{figure}");
        }
        // A category has a plain bar and a hatched one; so has the legend.
        assert_eq!(chart.matches("fill=\"url(#hatched)\"").count(), 5);
        let mut reader = quick_xml::Reader::from_str(&chart);
        while !matches!(reader.read_event().unwrap(), quick_xml::events::Event::Eof) {}
    }
}

#[actix_web::test]
async fn what_was_undone_counts_no_more_and_suspense_does() {
    let (app, codes) = month().await;
    let lost = ("2026-11-19", "nobody");
    pay(&app.database, (Channel::Bank, 1), lost.1, "1000.00", lost.0);
    // Of the month before.
    pay(
        &app.database,
        (Channel::Bank, 2),
        &codes[0].to_string(),
        "5.00",
        "2026-10-20",
    );
    let told = app.send(ask("2026-11")).await.expect(200);
    assert_eq!(told["all"]["amount"], "11000.00");
    let payment = PaymentId::derived("autopay/P-autopay-0-2026-11-20");
    let posted = TransferId::derived(&format!("payment/{payment}/"));
    let (conn, actor) = (
        &mut connect(app.database.url()).unwrap(),
        Actor::program("test"),
    );
    let now = "2026-11-20T12:00:00Z".parse().unwrap();
    ledger::reverse(conn, codes[0], posted, "taken back", &actor, now).unwrap();
    let told = app.send(ask("2026-11")).await.expect(200);
    assert_eq!(told["all"]["payments"], 10);
    assert_eq!(told["all"]["amount"], "9000.00");
    let channels = share(&told, "e_channels")["channels"].as_array().unwrap();
    assert!(channels.iter().all(|one| one["channel"] != "autopay"));
}

#[actix_web::test]
async fn what_is_told_together_goes_by_the_month() {
    let (app, _) = month().await;
    execute(
        &mut app.database.connect(),
        "UPDATE payment_channel_group SET valid_to = '2026-11-30' WHERE channel = 'store'; \
         INSERT INTO payment_channel_group (channel, category, valid_from, recorded_at, source, \
         assumed) VALUES ('store', 'counter', '2026-12-01', now(), 'a test', true); \
         UPDATE payment_channel_group SET valid_to = '2026-10-31' WHERE channel = 'cssa'",
    )
    .unwrap();
    let told = app.send(ask("2026-11")).await.expect(200);
    assert_eq!(share(&told, "stores_and_mtr")["amount"], "1900.00");
    // No rule says where it belongs.
    assert_eq!(share(&told, "other")["channels"][0]["channel"], "cssa");
    app.clock.set("2026-12-20T12:00:00Z");
    let conn = &mut connect(app.database.url()).unwrap();
    let told = Told {
        reference: "P-12".to_owned(),
        account: "nobody".to_owned(),
        amount: "7.00".parse().unwrap(),
        instructed_at: "2026-12-20T02:00:00Z".parse().unwrap(),
        place: "A PLACE".to_owned(),
    };
    let now = "2026-12-20T12:00:00Z".parse().unwrap();
    enter_told(
        conn,
        Channel::Store,
        vec![told],
        &Actor::program("test"),
        now,
    )
    .unwrap();
    let told = app.send(ask("2026-12")).await.expect(200);
    assert_eq!(share(&told, "counter")["amount"], "7.00");
}
