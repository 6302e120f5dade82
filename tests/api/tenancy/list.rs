//! Tenancies are found.

use actix_http::Request;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use kaifong::kernel::id::FlatId;
use serde_json::json;

use super::{NOBODY, body, ending, id, reading, start_with_tenancy, starting, transferring};
use crate::support::{TestApp, fixture, start};

#[actix_web::test]
async fn a_flat_remembers_who_lived_in_it() {
    let (app, mut conn, first) = start_with_tenancy().await;
    let flat: FlatId = first["flat_id"].as_str().unwrap().parse().unwrap();
    let elsewhere = fixture::flat(&mut conn, "20");
    app.send(transferring(id(&first), "k", elsewhere, "2026-11-10"))
        .await
        .expect(201);
    let second = app
        .send(starting("second", body(flat, "2026-11-10")))
        .await
        .expect(201);

    let history = app
        .send(reading(&format!("/v1/flats/{flat}/tenancies")))
        .await
        .expect(200);

    let items: Vec<_> = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(id)
        .collect();
    assert_eq!(items, [id(&first), id(&second)]);
    assert_eq!(history["items"][0]["ends_on"], "2026-11-09");
}

/// Six tenancies of three households in two estates; returns the app and the estates.
async fn start_with_several() -> (
    TestApp<
        impl Service<Request, Response = ServiceResponse<impl MessageBody>, Error = actix_web::Error>,
    >,
    [String; 2],
) {
    let app = start().await;
    let mut conn = app.database.connect();
    let mut estates = Vec::new();
    for (estate, starts) in [("2026-01-01", "2026-02-01"), ("2026-01-01", "2026-03-01")]
        .into_iter()
        .enumerate()
    {
        let place = fixture::estate(&mut conn);
        let block = fixture::block(&mut conn, place);
        estates.push(place.to_string());
        for (n, starts_on) in [starts.0, starts.1].into_iter().enumerate() {
            let flat = fixture::flat_in(&mut conn, (place, block), "30");
            let started = app.send(starting(&format!("{estate}{n}"), body(flat, starts_on)));
            started.await.expect(201);
        }
    }
    let [first, second] = <[String; 2]>::try_from(estates).unwrap();
    // The first household has had a licence since, in a flat of the second estate.
    let block = fixture::block(&mut conn, second.parse().unwrap());
    for (key, starts_on) in [("l1", "2026-05-01"), ("l2", "2026-05-01")] {
        let flat = fixture::flat_in(&mut conn, (second.parse().unwrap(), block), "30");
        let mut licence = body(flat, starts_on);
        licence["kind"] = json!("licence");
        licence["tenant_code"] = json!("1000000005");
        app.send(starting(key, licence)).await.expect(201);
    }
    (app, [first, second])
}

#[actix_web::test]
async fn tenancies_are_listed_by_household_and_start_a_page_at_a_time() {
    let (app, _) = start_with_several().await;
    for limit in [1, 2, 3, 5, 6, 100] {
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let path = format!("/v1/tenancies?limit={limit}{after}");
            let page = app.send(reading(&path)).await.expect(200);
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= limit && !items.is_empty());
            seen.extend(items.iter().map(|item| {
                let text = |field: &str| item[field].as_str().unwrap().to_owned();
                (text("tenant_code"), text("starts_on"), text("id"))
            }));
            let Some(next) = page["next"].as_str() else {
                break;
            };
            after = format!("&after={next}");
        }
        assert_eq!(seen.len(), 6, "by {limit}");
        assert!(seen.is_sorted(), "{seen:?}");
    }
}

#[actix_web::test]
async fn tenancies_are_found_by_what_they_are() {
    let (app, [first, second]) = start_with_several().await;
    let all = app.send(reading("/v1/tenancies")).await.expect(200);
    let flat = all["items"][0]["flat_id"].as_str().unwrap();
    for (query, found) in [
        (String::new(), 6),
        ("tenant_code=1000000005".into(), 3),
        ("tenant_code=1000000018".into(), 1),
        (format!("estate={first}"), 2),
        (format!("estate={second}"), 4),
        (format!("estate={NOBODY}"), 0),
        (format!("flat={flat}"), 1),
        ("live_on=2025-12-31".into(), 0),
        ("live_on=2026-01-01".into(), 2),
        ("live_on=2026-03-01".into(), 4),
        ("kind=licence".into(), 2),
        ("kind=licence&live_on=2026-04-30".into(), 0),
        (
            format!("estate={second}&kind=prh&live_on=2026-03-01&tenant_code=1000000005"),
            0,
        ),
    ] {
        let page = app
            .send(reading(&format!("/v1/tenancies?{query}")))
            .await
            .expect(200);
        assert_eq!(page["items"].as_array().unwrap().len(), found, "{query}");
    }
}

#[actix_web::test]
async fn a_tenancy_is_live_on_its_first_and_last_day() {
    let (app, _, tenancy) = start_with_tenancy().await;
    app.send(ending(id(&tenancy), "k", 1, "2026-11-30"))
        .await
        .expect(200);
    for (day, live) in [
        ("2026-10-31", 0),
        ("2026-11-01", 1),
        ("2026-11-30", 1),
        ("2026-12-01", 0),
    ] {
        let page = app
            .send(reading(&format!("/v1/tenancies?live_on={day}")))
            .await
            .expect(200);
        assert_eq!(page["items"].as_array().unwrap().len(), live, "{day}");
    }
}
