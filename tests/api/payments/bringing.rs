//! Settlement files over HTTP: brought, followed, decided of, and looked through.

use kaifong::kernel::tenant_code::TenantCode;
use kaifong::payments::Channel;
use serde_json::{Value, json};

use super::office::{file, line};
use crate::support::{Answer, Call, start, world};

fn bring(name: &str, bytes: &[u8]) -> Call {
    Call::post(&format!("/v1/payment-files?name={name}"))
        .scope("payment-file:write")
        .bytes(bytes)
}

fn read(path: &str) -> Call {
    Call::get(&format!("/v1/{path}")).scope("payment-file:read payment:trace")
}

fn decide(id: &Value, decision: &str) -> Call {
    let id = id.as_str().unwrap();
    Call::post(&format!("/v1/payment-files/{id}/{decision}"))
        .scope("payment-file:decide")
        .json(json!({ "reason": "the channel skipped a number" }))
}

fn one(number: u32, reference: &str, account: &impl ToString, amount: &str) -> Vec<u8> {
    let lines = [line(1, reference, account, amount)];
    file(Channel::Store, number, &lines)
}

fn each<'a>(page: &'a Value, field: &str) -> Vec<&'a Value> {
    let items = page["items"].as_array().unwrap().iter();
    items.map(|item| &item[field]).collect()
}

#[actix_web::test]
async fn a_file_is_brought_posted_and_told_line_by_line() {
    let app = start().await;
    app.clock.set("2026-11-20T12:00:00Z");
    let codes = world::settle(&app.database, 2);
    let nobody = TenantCode::of(987_654_321).unwrap();
    let lines = [
        line(1, "S-1", &codes[0], "2364.00"),
        line(2, "S-2", &nobody, "7.00"),
        line(3, "S-1", &codes[0], "2364.00"),
        line(4, "S-4", &codes[1], "1.50"),
    ];
    let bytes = file(Channel::Store, 1, &lines);
    let brought = app.send(bring("takings.txt", &bytes)).await;
    let place = brought.header("Location").to_owned();
    let brought = brought.expect(201);
    assert_eq!(
        place,
        format!("/v1/payment-files/{}", brought["id"].as_str().unwrap())
    );
    assert_eq!(
        json!([brought["state"], brought["lines"], brought["amount"]]),
        json!(["staged", 4, "4736.50"])
    );
    let waiting = app
        .send(read(&format!("{}/lines", &place[4..])))
        .await
        .expect(200);
    assert_eq!(each(&waiting, "fate"), [&Value::Null; 4]);

    assert_eq!(app.work(), 1);
    let told = app.send(read(&place[4..])).await.expect(200);
    assert_eq!(
        json!([told["state"], told["settled"]]),
        json!(["posted", 4])
    );
    assert_eq!(
        told["fates"],
        json!([
            { "fate": "duplicate", "lines": 1, "amount": "2364.00" },
            { "fate": "posted", "lines": 2, "amount": "2365.50" },
            { "fate": "suspense", "lines": 1, "amount": "7.00" },
        ])
    );
    // The same bytes by another name.
    let again = app.send(bring("again.txt", &bytes)).await.expect(200);
    assert_eq!(again["id"], brought["id"]);

    let lines = |query: &str| read(&format!("{}/lines?{query}", &place[4..]));
    let all = app.send(lines("limit=3")).await.expect(200);
    assert_eq!(each(&all, "fate"), ["posted", "suspense", "duplicate"]);
    let next = all["next"].as_str().unwrap();
    let rest = app
        .send(lines(&format!("limit=3&after={next}")))
        .await
        .expect(200);
    assert_eq!(each(&rest, "number"), [4]);
    assert_eq!(rest["items"][0]["tenant_code"], codes[1].to_string());
    for (fate, numbers) in [
        ("posted", vec![1, 4]),
        ("suspense", vec![2]),
        ("duplicate", vec![3]),
        ("settled", vec![]),
    ] {
        let some = app.send(lines(&format!("fate={fate}"))).await.expect(200);
        assert_eq!(each(&some, "number"), numbers, "{fate}");
    }
}

#[actix_web::test]
async fn what_is_refused_says_where_and_what_to_do() {
    let app = start().await;
    app.clock.set("2026-11-20T12:00:00Z");
    let code = world::settle(&app.database, 1)[0];
    let good = one(1, "S-1", &code, "10.00");
    let detail = |answer: Answer| {
        let problem = answer.problem().to_owned();
        (problem, answer.body["detail"].as_str().unwrap().to_owned())
    };
    let short = app.send(bring("short.txt", &good[..good.len() - 9])).await;
    let (kind, said) = detail(short);
    assert_eq!(kind, "payment-file-refused");
    assert!(
        said.starts_with("line 3, column ") && said.contains(';'),
        "{said}"
    );
    let large = vec![b'9'; 1024 * 1024 + 1];
    assert_eq!(
        app.send(bring("large.txt", &large)).await.problem(),
        "file-too-large"
    );
    assert_eq!(app.send(bring("", &good)).await.status, 400);
    let empty = app.send(bring("empty.txt", b"")).await;
    assert_eq!(empty.problem(), "payment-file-refused");
    let closed = file(Channel::Mtr, 1, &[line(1, "M-1", &code, "1.00")]);
    assert_eq!(
        app.send(bring("mtr.txt", &closed)).await.problem(),
        "channel-closed"
    );

    app.send(bring("one.txt", &good)).await.expect(201);
    let other = one(1, "S-2", &code, "10.00");
    assert_eq!(
        app.send(bring("two.txt", &other)).await.problem(),
        "sequence-taken"
    );
    let listed = app.send(read("payment-files")).await.expect(200);
    assert_eq!(each(&listed, "name"), ["one.txt"]);
    let nothing = read("payment-files/01940000-0000-7000-8000-000000000001");
    app.send(nothing).await.expect(404);
}

#[actix_web::test]
async fn somebody_decides_of_what_is_held_or_quarantined() {
    let app = start().await;
    app.clock.set("2026-11-20T12:00:00Z");
    let codes = world::settle(&app.database, 2);
    app.send(bring("1.txt", &one(1, "S-1", &codes[0], "1.00")))
        .await
        .expect(201);
    let early = app
        .send(bring("4.txt", &one(4, "S-4", &codes[0], "4.00")))
        .await
        .expect(201);
    assert_eq!(early["state"], "held");
    app.work();
    // Whoever looks finds it, and which one must come first.
    let held = app.send(read("payment-files?state=held")).await.expect(200);
    assert_eq!(each(&held, "id"), [&early["id"]]);
    let path = format!("payment-files/{}", early["id"].as_str().unwrap());
    assert_eq!(app.send(read(&path)).await.expect(200)["awaits"], 2);
    // Number 2 contradicts number 1, and is given up; another number 2 comes in its place.
    let wrong = app
        .send(bring("2.txt", &one(2, "S-1", &codes[1], "1.00")))
        .await
        .expect(201);
    app.work();
    let found = app
        .send(read("unentered-payments?reference=S-1"))
        .await
        .expect(200);
    assert_eq!(each(&found, "state"), ["quarantined"]);
    assert!(
        found["items"][0]["reason"]
            .as_str()
            .unwrap()
            .starts_with("line 1: S-1")
    );
    let posted = app
        .send(read("payment-files?state=posted"))
        .await
        .expect(200);
    let refused = app
        .send(decide(&posted["items"][0]["id"], "withdrawal"))
        .await;
    assert_eq!(refused.problem(), "payment-not-now");
    let refused = app.send(decide(&posted["items"][0]["id"], "release")).await;
    assert_eq!(refused.problem(), "payment-not-now");
    let given_up = app
        .send(decide(&wrong["id"], "withdrawal"))
        .await
        .expect(200);
    assert_eq!(given_up["state"], "withdrawn");
    // The same bytes come anew, are no better, and are given up again.
    let again = app
        .send(bring("2a.txt", &one(2, "S-1", &codes[1], "1.00")))
        .await
        .expect(201);
    assert_eq!(again["state"], "staged");
    assert_ne!(again["id"], wrong["id"]);
    app.work();
    app.send(decide(&again["id"], "withdrawal"))
        .await
        .expect(200);
    let right = app
        .send(bring("2b.txt", &one(2, "S-2", &codes[1], "1.00")))
        .await
        .expect(201);
    assert_eq!(right["state"], "staged");
    // The channel skipped number 3.
    assert_eq!(
        app.send(decide(&early["id"], "release")).await.expect(200)["state"],
        "staged"
    );
    assert_eq!(
        app.send(read(&path)).await.expect(200)["awaits"],
        Value::Null
    );
    app.work();
    let listed = app
        .send(read("payment-files?channel=store&limit=100"))
        .await
        .expect(200);
    let mut states: Vec<_> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| {
            (
                file["name"].as_str().unwrap(),
                file["state"].as_str().unwrap(),
            )
        })
        .collect();
    states.sort_unstable();
    assert_eq!(
        states,
        [
            ("1.txt", "posted"),
            ("2.txt", "withdrawn"),
            ("2a.txt", "withdrawn"),
            ("2b.txt", "posted"),
            ("4.txt", "posted")
        ]
    );
    let other = app
        .send(read("payment-files?channel=pps"))
        .await
        .expect(200);
    assert_eq!(other["items"], json!([]));
}

/// The channel will not send its file anew, and is right about all but one line.
#[actix_web::test]
async fn a_file_that_contradicts_goes_on_without_what_does_once_somebody_says_so() {
    let app = start().await;
    app.clock.set("2026-11-20T12:00:00Z");
    let codes = world::settle(&app.database, 2);
    app.send(bring("1.txt", &one(1, "S-1", &codes[0], "1.00")))
        .await
        .expect(201);
    app.work();
    let lines = [
        line(1, "S-1", &codes[0], "9.00"),
        line(2, "S-2", &codes[1], "2.00"),
        line(3, "S-2", &codes[1], "3.00"),
        line(4, "S-1", &codes[0], "1.00"),
    ];
    let brought = app
        .send(bring("2.txt", &file(Channel::Store, 2, &lines)))
        .await
        .expect(201);
    app.work();
    let path = format!("payment-files/{}", brought["id"].as_str().unwrap());
    assert_eq!(
        app.send(read(&path)).await.expect(200)["state"],
        "quarantined"
    );
    app.send(decide(&brought["id"], "release"))
        .await
        .expect(200);
    app.work();
    let told = app.send(read(&path)).await.expect(200);
    assert_eq!(told["state"], "posted");
    assert_eq!(told["decisions"][0]["decision"], "released_in_part");
    assert_eq!(
        told["fates"],
        json!([
            { "fate": "contradicts", "lines": 2, "amount": "12.00" },
            { "fate": "duplicate", "lines": 1, "amount": "1.00" },
            { "fate": "posted", "lines": 1, "amount": "2.00" },
        ])
    );
    let left_out = app
        .send(read(&format!("{path}/lines?fate=contradicts")))
        .await
        .expect(200);
    assert_eq!(each(&left_out, "number"), [1, 3]);
    let paid = app.send(read("payments?reference=S-2")).await.expect(200);
    assert_eq!(each(&paid, "amount"), ["2.00"]);
}

#[actix_web::test]
async fn a_payment_is_found_by_what_somebody_knows_of_it() {
    let app = start().await;
    app.clock.set("2026-11-20T12:00:00Z");
    let codes = world::settle(&app.database, 1);
    let lines = [
        line(1, "S-1", &codes[0], "2364.00"),
        line(2, "S-2", &codes[0], "100.00"),
        line(3, "S-3", &"1000000019", "100.00"),
    ];
    app.send(bring("1.txt", &file(Channel::Store, 1, &lines)))
        .await
        .expect(201);
    app.work();
    app.send(bring("3.txt", &one(3, "S-9", &codes[0], "100.00")))
        .await
        .expect(201);
    for (query, found) in [
        ("reference=S-2", vec!["S-2"]),
        ("reference=S-2&channel=pps", vec![]),
        ("amount=2364.00", vec!["S-1"]),
        ("amount=100.00&account=1000000019", vec!["S-3"]),
        ("instructed_on=2026-11-19", vec![]),
        ("reference=S-9", vec![]),
    ] {
        let page = app
            .send(read(&format!("payments?{query}")))
            .await
            .expect(200);
        assert_eq!(each(&page, "reference"), found, "{query}");
    }
    let on = "payments?instructed_on=2026-11-20&limit=2";
    let first = app.send(read(on)).await.expect(200);
    let next = first["next"].as_str().unwrap();
    let second = app
        .send(read(&format!("{on}&after={next}")))
        .await
        .expect(200);
    let mut all = each(&first, "reference");
    all.extend(each(&second, "reference"));
    all.sort_by_key(ToString::to_string);
    assert_eq!(all, ["S-1", "S-2", "S-3"]);
    let waiting = app
        .send(read("unentered-payments?amount=100.00"))
        .await
        .expect(200);
    assert_eq!(each(&waiting, "reference"), ["S-9"]);
    assert_eq!(waiting["items"][0]["state"], "held");
    assert_eq!(app.send(read("payments")).await.problem(), "too-wide");
    assert_eq!(app.send(read("payments?reference=%00")).await.status, 400);
}
