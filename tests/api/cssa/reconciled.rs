//! Months reconciled both ways.

use kaifong::kernel::id::EstateId;
use kaifong::kernel::reach::Reach;
use kaifong::kernel::role::Role;
use kaifong::kernel::tenant_code::TenantCode;
use kaifong::payments::files::AllowanceEvent::{Change, Start, Stop};
use serde_json::{Value, json};

use super::{adds_up, each, file, full, leave, less, month_of, partial, refused, start_with};
use crate::support::{Call, count, fixture};

fn more(amount: &str) -> String {
    less(amount, "-0.01")
}

fn order(month: &str, key: &str) -> Call {
    Call::post("/v1/cssa/reconciliations")
        .scope("cssa-month:write")
        .key(key)
        .json(json!({ "month": month }))
}

/// Moves the household into an estate of its own.
fn move_away(conn: &mut diesel::PgConnection, code: TenantCode) -> EstateId {
    let estate = fixture::estate(conn);
    let block = fixture::block(conn, estate);
    let flat = fixture::flat_in(conn, (estate, block), "35.00");
    let number = code.number();
    let moved = format!("UPDATE tenancy SET flat_id = '{flat}' WHERE household = {number}");
    kaifong::platform::db::execute(conn, &moved).unwrap();
    estate
}

#[actix_web::test]
async fn each_thing_that_does_not_agree_is_an_exception() {
    let (app, codes) = start_with(10).await;
    let texts: Vec<String> = codes.iter().map(ToString::to_string).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let mut rents = Vec::new();
    for code in &codes {
        rents.push(app.december(*code).await);
    }
    let [agrees, unpaid, other, ungranted, gone, above, below, ..] = texts[..] else {
        panic!("ten households");
    };
    leave(&app.database, codes[4], "2026-11-25");
    let nobody = TenantCode::of(987_654_321).unwrap().to_string();
    let too_much = more(&rents[5]);
    let too_little = less(&rents[6], "0.01");
    let told = [
        (Start, agrees, full(&rents[0]), "2026-12"),
        (Start, unpaid, partial("700.00"), "2026-12"),
        (Start, other, partial("600.00"), "2026-12"),
        (Start, gone, partial("500.00"), "2026-12"),
        (Start, above, partial(&too_much), "2026-12"),
        (Start, below, full(&too_little), "2026-12"),
        (Start, agrees, partial("1.00"), "2026-12"),
        (Change, ungranted, partial("2.00"), "2026-12"),
        (Stop, agrees, None, "2026-11"),
        (Start, nobody.as_str(), partial("3.00"), "2026-12"),
    ];
    let paid = [
        ("SWD-1", agrees, rents[0].as_str()),
        ("SWD-2", other, "600.01"),
        ("SWD-3", ungranted, "400.00"),
        ("SWD-4", gone, "500.00"),
        ("SWD-5", above, too_much.as_str()),
        ("SWD-6", below, too_little.as_str()),
        ("SWD-7", nobody.as_str(), "333.00"),
        ("SWD-3", ungranted, "400.00"),
    ];
    let taken = app.swd_sends(&file(("2026-12", 1), &told, &paid)).await;
    let reconciled = app.reconciled("2026-12").await;
    adds_up(&reconciled);
    let sums = [
        "files",
        "lines",
        "amount",
        "suspense_amount",
        "duplicate_amount",
    ];
    assert_eq!(
        json!(sums.map(|sum| &reconciled[sum])),
        json!([1, 8, taken["amount"], "333.00", "400.00"])
    );
    let counts = ["expected", "paid", "agreed", "exceptions"];
    assert_eq!(
        json!(counts.map(|count| &reconciled[count])),
        json!([5, 6, 3, 13])
    );

    let found = app.exceptions(&reconciled, "limit=100").await;
    let fields = ["kind", "account", "allowance", "paid", "line"];
    let (null, zero) = ("null", "0.00");
    assert_eq!(
        each(&found, &fields),
        [
            ["not_paid", unpaid, "700.00", zero, null],
            ["other_amount", other, "600.00", "600.01", null],
            ["no_allowance", ungranted, null, "400.00", null],
            ["tenancy_ended", gone, null, "500.00", null],
            ["above_rent", above, &too_much, &too_much, null],
            ["below_rent", below, &too_little, &too_little, null],
            // The file has ten allowances: its seventh transfer is on line 18.
            ["unknown_account", &nobody, null, "333.00", "18"],
            ["paid_before", ungranted, null, "400.00", "19"],
            ["tenancy_ended", gone, "500.00", null, "5"],
            ["already_granted", agrees, "1.00", null, "8"],
            ["not_granted", ungranted, "2.00", null, "9"],
            ["month_past", agrees, null, null, "10"],
            ["unknown_account", &nobody, "3.00", null, "11"],
        ]
    );
}

#[actix_web::test]
async fn exceptions_are_filtered_sorted_and_paged_and_each_office_sees_its_own() {
    let (app, codes) = start_with(5).await;
    let estate = move_away(&mut app.database.connect(), codes[1]);
    let texts: Vec<String> = codes.iter().map(ToString::to_string).collect();
    let paid: Vec<_> = texts
        .iter()
        .map(|code| (format!("SWD-{code}"), code.as_str(), "10.00"))
        .collect();
    let mut paid: Vec<_> = paid
        .iter()
        .map(|(reference, code, amount)| (reference.as_str(), *code, *amount))
        .collect();
    paid.push(("SWD-X", "1000000000", "1.00"));
    let told = [(Start, texts[4].as_str(), partial("20.00"), "2026-12")];
    app.swd_sends(&file(("2026-12", 1), &told, &paid)).await;
    let reconciled = app.reconciled("2026-12").await;

    // Page by page, whatever the sort, each once.
    for sort in ["household", "estate", "kind"] {
        let mut seen = Vec::new();
        let mut query = format!("sort={sort}&limit=2");
        loop {
            let page = app.exceptions(&reconciled, &query).await;
            seen.extend(each(&page, &["number", "kind", "estate"]));
            let Some(next) = page["next"].as_str() else {
                break;
            };
            query = format!("sort={sort}&limit=2&after={next}");
        }
        let mut numbers: Vec<String> = seen.iter().map(|row| row[0].clone()).collect();
        let by = match sort {
            "household" => seen.iter().map(|row| row[0].clone()).collect(),
            "estate" => seen
                .iter()
                .map(|row| row[2].replace("null", ""))
                .collect::<Vec<_>>(),
            _ => seen.iter().map(|row| row[1].clone()).collect(),
        };
        assert!(by.is_sorted(), "{sort}: {by:?}");
        numbers.sort_unstable();
        assert_eq!(numbers, ["1", "2", "3", "4", "5", "6"], "{sort}");
    }
    let count_of = async |query: &str| {
        let found = app.exceptions(&reconciled, query).await;
        found["items"].as_array().unwrap().len()
    };
    assert_eq!(count_of("kind=no_allowance").await, 4);
    assert_eq!(count_of("kind=other_amount").await, 1);
    assert_eq!(count_of(&format!("estate={estate}")).await, 1);
    assert_eq!(count_of(&format!("estate={estate}&kind=not_paid")).await, 0);

    // An office sees its own, and no line that is nobody's.
    let id = reconciled["id"].as_str().unwrap();
    let office = app.session(Role::EstateOfficer, Reach::Estates([estate].into()));
    let path = format!("/v1/cssa/reconciliations/{id}");
    let own = Call::get(&format!("{path}/exceptions")).bearer(&office);
    let own = app.send(own).await.expect(200);
    assert_eq!(each(&own, &["account"]), [[texts[1].as_str()]]);
    let told = app.send(Call::get(&path).bearer(&office)).await.expect(200);
    assert_eq!(
        told["kinds"],
        json!([{ "kind": "no_allowance", "exceptions": 1 }])
    );
    let tenant = app.session(Role::Tenant, Reach::Household(codes[1]));
    let refusal = app.send(Call::get(&path).bearer(&tenant)).await;
    refused(&refusal, 403, "forbidden");
}

#[actix_web::test]
async fn a_month_is_reconciled_anew_and_what_was_found_before_stays() {
    let (app, codes) = start_with(1).await;
    let code = codes[0].to_string();
    let told = [(Start, code.as_str(), partial("300.00"), "2026-12")];
    let slip = [("SWD-1", "1000000019", "300.00")];
    app.swd_sends(&file(("2026-12", 1), &told, &slip)).await;
    let first = app.reconciled("2026-12").await;
    assert_eq!(json!([first["exceptions"], first["agreed"]]), json!([2, 0]));

    // Two people see whose it was.
    let suspense = |path: &str| Call::get(&format!("/v1/{path}")).scope("suspense:read");
    let list = app.send(suspense("suspense")).await.expect(200);
    let payment = list["items"][0]["id"].as_str().unwrap();
    let propose = Call::post(&format!("/v1/suspense/{payment}/proposals"))
        .scope("suspense:write")
        .by("one")
        .key("propose")
        .json(json!({
            "parts": [{ "tenant_code": code, "amount": "250.00" }, { "amount": "50.00" }],
            "reason": "a slip of the last digit",
        }));
    let proposed = app.send(propose).await.expect(201);
    let proposal = proposed["id"].as_str().unwrap();
    let approve = Call::post(&format!("/v1/suspense-proposals/{proposal}/approval"))
        .scope("suspense:write")
        .by("two")
        .key("approve");
    app.send(approve).await.expect(200);

    let ordered = app.send(order("2026-12", "again")).await.expect(202);
    assert_eq!(ordered["made_at"], Value::Null);
    app.work();
    let second = app.reconciled("2026-12").await;
    assert_eq!(second["id"], ordered["id"]);
    adds_up(&second);
    let sums = [
        "amount",
        "paid_amount",
        "suspense_amount",
        "returned_amount",
    ];
    assert_eq!(
        json!(sums.map(|sum| &second[sum])),
        json!(["300.00", "250.00", "0.00", "50.00"])
    );
    let found = app.exceptions(&second, "").await;
    assert_eq!(
        each(&found, &["kind", "paid"]),
        [["other_amount", "250.00"]]
    );
    // What is left for the tenant goes by it too.
    assert_eq!(app.cssa(codes[0]).await["paid"], "250.00");
    let found = app.exceptions(&first, "").await;
    assert_eq!(each(&found, &["kind"]), [["not_paid"], ["unknown_account"]]);
    let again = app.send(order("2026-12", "again")).await.expect(202);
    assert_eq!(again["id"], ordered["id"]);
    assert_eq!(app.work(), 0);
    let conn = &mut app.database.connect();
    assert_eq!(count(conn, "cssa_reconciliation"), 2);
    for month in ["2027-02", "2024-10"] {
        let far = app.send(order(month, month)).await;
        refused(&far, 422, "cssa-outside-months");
    }
    let absent = month_of("reconciliations/01940000-0000-7000-8000-000000000001");
    refused(&app.send(absent).await, 404, "not-found");
}
