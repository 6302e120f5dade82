//! Days at counters: one open for a shroff at an office, listed as asked for.

use kaifong::kernel::reach::Reach;
use kaifong::kernel::role::Role;
use serde_json::json;

use super::{cash, fresh, read, start_with, wah_fu, work};
use crate::support::{Call, count, fixture};

#[actix_web::test]
async fn a_shroff_has_one_day_open_at_an_office() {
    let (app, _codes) = start_with(1).await;
    let body = json!({ "estate": wah_fu() });
    let opened = app.send(work("counter-days", "k1", body.clone())).await;
    let opened = opened.expect(201);
    assert_eq!(
        json!([opened["shroff"], opened["state"], opened["opened_on"]]),
        json!(["one", "open", "2026-11-20"])
    );
    // Asked again, the same; another is refused, and leaves nothing.
    let again = app.send(work("counter-days", "k1", body.clone())).await;
    assert_eq!(again.expect(201), opened);
    let second = app.send(work("counter-days", "k2", body.clone())).await;
    assert_eq!(
        (second.status.as_u16(), second.problem()),
        (409, "counter-open")
    );
    assert_eq!(count(&mut app.database.connect(), "counter_day"), 1);
    // Somebody else's is another, and so is one at another office.
    let other = work("counter-days", "k3", body.clone()).by("two");
    app.send(other).await.expect(201);
    let elsewhere = fixture::estate(&mut app.database.connect());
    let elsewhere = work("counter-days", "k4", json!({ "estate": elsewhere }));
    app.send(elsewhere).await.expect(201);
    let nowhere = json!({ "estate": "01940000-0000-7000-8000-000000000001" });
    app.send(work("counter-days", "k5", nowhere))
        .await
        .expect(404);
    // Closed, it makes room.
    let day = format!("counter-days/{}", opened["id"].as_str().unwrap());
    app.count(&day, json!({})).await.expect(200);
    app.send(work("counter-days", "k6", body)).await.expect(201);
}

#[actix_web::test]
async fn a_day_is_opened_where_the_shroff_is_posted() {
    let (app, _codes) = start_with(1).await;
    let elsewhere = fixture::estate(&mut app.database.connect());
    let officer = app.session(Role::EstateOfficer, Reach::Estates([wah_fu()].into()));
    let open = |estate| {
        Call::post("/v1/counter-days")
            .bearer(&officer)
            .key(&fresh())
            .json(json!({ "estate": estate }))
    };
    app.send(open(wah_fu())).await.expect(201);
    app.send(open(elsewhere)).await.expect(404);
}

#[actix_web::test]
async fn days_are_listed_page_by_page_as_asked_for() {
    let (app, codes) = start_with(1).await;
    let elsewhere = fixture::estate(&mut app.database.connect());
    let mut opened = Vec::new();
    for date in ["20", "23", "24"] {
        app.clock.set(&format!("2026-11-{date}T01:00:00Z"));
        for (estate, shroff) in [(wah_fu(), "one"), (elsewhere, "one"), (wah_fu(), "two")] {
            let call = work("counter-days", &fresh(), json!({ "estate": estate }));
            let day = app.send(call.by(shroff)).await.expect(201);
            let path = format!("counter-days/{}", day["id"].as_str().unwrap());
            if date != "24" {
                app.count(&path, json!({})).await.expect(200);
            }
            opened.push(day["id"].clone());
        }
    }
    let there = format!("estate={elsewhere}");
    let ids = |list: &serde_json::Value| {
        let items = list["items"].as_array().unwrap().iter();
        items.map(|day| day["id"].clone()).collect::<Vec<_>>()
    };
    for (query, wanted) in [
        ("order=oldest", vec![0, 1, 2, 3, 4, 5, 6, 7, 8]),
        ("", vec![8, 7, 6, 5, 4, 3, 2, 1, 0]),
        ("shroff=two&order=oldest", vec![2, 5, 8]),
        ("state=open&order=oldest", vec![6, 7, 8]),
        ("from=2026-11-21&to=2026-11-23", vec![5, 4, 3]),
        (there.as_str(), vec![7, 4, 1]),
        ("shroff=nobody", vec![]),
    ] {
        let (mut told, mut after) = (Vec::new(), String::new());
        loop {
            let page = read(&format!("counter-days?limit=2&{query}{after}"));
            let page = app.send(page).await.expect(200);
            told.extend(ids(&page));
            assert!(told.len() <= opened.len(), "{query}");
            let Some(next) = page["next"].as_str() else {
                break;
            };
            after = format!("&after={next}");
        }
        let wanted: Vec<_> = wanted
            .iter()
            .map(|day: &usize| opened[*day].clone())
            .collect();
        assert_eq!(told, wanted, "{query}");
    }
    for query in [
        "order=random",
        "state=lost",
        "estate=x",
        "from=2026-02-30",
        "x=1",
    ] {
        let refused = app.send(read(&format!("counter-days?{query}"))).await;
        assert_eq!(refused.status, 400, "{query}");
    }
    // An office sees its own.
    let officer = app.session(Role::EstateOfficer, Reach::Estates([elsewhere].into()));
    let list = app
        .send(Call::get("/v1/counter-days").bearer(&officer))
        .await;
    let wanted: Vec<_> = [7, 4, 1].map(|day: usize| opened[day].clone()).to_vec();
    assert_eq!(ids(&list.expect(200)), wanted);
    let other = format!("/v1/counter-days/{}", opened[8].as_str().unwrap());
    for path in [other.clone(), format!("{other}/receipts")] {
        app.send(Call::get(&path).bearer(&officer))
            .await
            .expect(404);
    }
    let take = Call::post(&format!("{other}/payments"))
        .bearer(&officer)
        .key("k")
        .json(cash(codes[0], "1.00"));
    app.send(take).await.expect(404);
}
