//! Files that tell the department the rents of its recipients.

use kaifong::payments::files::AllowanceEvent::Start;
use kaifong::platform::db::execute;
use serde_json::{Value, json};

use super::{each, file, full, leave, partial, refused, start_with};
use crate::support::{Call, count};

fn order(month: &str, key: &str) -> Call {
    Call::post("/v1/cssa/rent-files")
        .scope("cssa-month:write")
        .by("finance-1")
        .key(key)
        .json(json!({ "month": month }))
}

fn take(of: &Value) -> Call {
    let id = of["id"].as_str().unwrap();
    Call::get(&format!("/v1/cssa/rent-files/{id}/file")).scope("cssa-rents:file")
}

fn read(path: &str) -> Call {
    Call::get(&format!("/v1/cssa/rent-files{path}")).scope("cssa-rents:read")
}

#[actix_web::test]
async fn the_department_is_told_each_recipients_rent_and_what_changes_of_it() {
    let (app, codes) = start_with(4).await;
    let texts: Vec<String> = codes.iter().map(ToString::to_string).collect();
    let rent = [app.december(codes[0]).await, app.december(codes[1]).await];
    // Rent Assistance from December on: half.
    let award = Call::post(&format!("/v1/rent-accounts/{}/awards", codes[1]))
        .scope("rent:award")
        .key("award")
        .json(json!({
            "scheme": "assistance_50", "first_month": "2026-12", "last_month": "2027-06",
            "reason": "low income",
        }));
    app.send(award).await.expect(201);
    let half = app.december(codes[1]).await;
    let told = [
        (Start, texts[0].as_str(), full(&rent[0]), "2026-12"),
        (Start, texts[1].as_str(), partial("500.00"), "2026-12"),
        (Start, texts[2].as_str(), partial("500.00"), "2026-12"),
        // The fourth household's begins later.
        (Start, texts[3].as_str(), partial("500.00"), "2027-01"),
    ];
    app.swd_sends(&file(("2026-12", 1), &told, &[])).await;
    let third = app.december(codes[2]).await;
    leave(&app.database, codes[2], "2026-11-30");

    let ordered = app.send(order("2026-12", "one")).await.expect(202);
    refused(&app.send(take(&ordered)).await, 409, "cssa-not-made");
    app.work();
    let first = app.send(take(&ordered)).await;
    assert_eq!(
        first.header("Content-Disposition"),
        "attachment; filename=\"cssa-rents-2026-12-1.txt\""
    );
    let sum = kaifong::kernel::money::Money::sum([&rent[0], &half].map(|one| one.parse().unwrap()));
    let expected = format!(
        "H|kaifong-cssa-rents-1|2026-12|2026-11-20|1|UTF-8\n\
         D|1|{}|same|{}|{}|HKD\n\
         D|2|{}|changed|{}|{half}|HKD\n\
         D|3|{}|ended|{third}|0.00|HKD\n\
         T|3|{}|1\n",
        texts[0],
        rent[0],
        rent[0],
        texts[1],
        rent[1],
        texts[2],
        sum.unwrap()
    );
    assert_eq!(String::from_utf8(first.bytes.clone()).unwrap(), expected);

    // The same bytes for ever after, whatever becomes of the rents.
    let end = "UPDATE tenancy SET ends_on = '2026-11-21', end_reason = 'surrender', \
               end_recorded_at = now() WHERE ends_on IS NULL";
    let conn = &mut app.database.connect();
    execute(conn, end).unwrap();
    app.clock.advance(86_400);
    let again = app.send(take(&ordered)).await;
    assert_eq!(again.bytes, first.bytes);
    assert_eq!(
        again.header("Content-Digest"),
        first.header("Content-Digest")
    );
    let taken = "audit_entry WHERE action = 'cssa.rents.taken'";
    assert_eq!(count(conn, taken), 2);
    // Another file tells what is so now, and has the next number.
    app.send(order("2026-12", "two")).await.expect(202);
    app.work();
    let list = app.send(read("?limit=5")).await.expect(200);
    assert_eq!(
        each(&list, &["sequence", "lines", "amount", "left_out"]),
        [
            ["2", "3", "0.00", "0"],
            ["1", "3", &sum.unwrap().to_string(), "0"]
        ]
    );
    let told = read(&format!("/{}", ordered["id"].as_str().unwrap()));
    assert_eq!(
        app.send(told).await.expect(200)["requested_by"],
        "finance-1"
    );
}

#[actix_web::test]
async fn a_file_of_rents_that_was_tampered_with_is_not_sent() {
    let (app, codes) = start_with(1).await;
    let code = codes[0].to_string();
    let told = [(Start, code.as_str(), partial("500.00"), "2026-12")];
    app.swd_sends(&file(("2026-12", 1), &told, &[])).await;
    let ordered = app.send(order("2026-12", "one")).await.expect(202);
    app.work();
    let conn = &mut app.database.connect();
    execute(
        conn,
        "ALTER TABLE cssa_rent_line DISABLE TRIGGER USER; UPDATE cssa_rent_line SET rent = 1; \
         ALTER TABLE cssa_rent_line ENABLE TRIGGER USER",
    )
    .unwrap();
    assert_eq!(app.send(take(&ordered)).await.status, 500);
    for month in ["2026-10", "2027-01"] {
        let far = app.send(order(month, month)).await;
        refused(&far, 422, "cssa-outside-months");
    }
}
