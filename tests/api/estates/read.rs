//! The register over HTTP.

use kaifong::estates::{Flat, add_flats};
use kaifong::kernel::id::{BlockId, EstateId};
use kaifong::platform::db::connect;
use serde_json::{Value, json};

use super::{A_YEAR_LATER, AT, import, records};
use crate::support::{Call, start};

/// Where an estate stands in the API.
fn estate(name: &str) -> String {
    format!("/v1/estates/{}", EstateId::derived(name))
}

fn names(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap().iter();
    items
        .map(|item| item["name"]["en"].as_str().unwrap())
        .collect()
}

#[actix_web::test]
async fn estates_are_found_in_any_language() {
    let app = start().await;
    import(&app.database, &records(), AT);
    for (query, expected) in [
        ("q=choi%20hung", vec!["Choi Hung Estate"]),
        ("q=%E5%BD%A9%E8%99%B9", vec!["Choi Hung Estate"]),
        ("q=%E5%AF%8C%E8%9D%B6", vec!["Fu Tip Estate"]),
        ("q=%E5%A4%A7%E5%85%83", vec!["Tai Yuen Estate"]),
        ("q=%25", vec![]),
        ("q=choi&district=North", vec!["Choi Shek Estate"]),
        (
            "district=%E9%9B%A2%E5%B3%B6",
            vec!["Ngan Wan Estate", "Ying Tung Estate"],
        ),
        (
            "district=islands&application_district=extended-urban",
            vec!["Ying Tung Estate"],
        ),
        ("application_district=islands", vec!["Ngan Wan Estate"]),
        ("district=Wan%20Chai", vec![]),
    ] {
        let page = app
            .send(Call::get(&format!("/v1/estates?{query}")))
            .await
            .expect(200);
        assert_eq!(names(&page), expected, "{query}");
    }
    for query in [
        "rent=1",
        "q=",
        "q=%00",
        "application_district=moon",
        "limit=0",
        "limit=101",
        "after=x",
        "after=W10",
        "after=Ilx1MDAwMCI",
    ] {
        let answer = app.send(Call::get(&format!("/v1/estates?{query}"))).await;
        assert_eq!(
            (answer.status.as_u16(), answer.problem()),
            (400, "malformed-request"),
            "{query}"
        );
    }
}

#[actix_web::test]
async fn every_estate_is_on_one_page_by_name() {
    let app = start().await;
    import(&app.database, &records(), AT);
    let mut seen = Vec::new();
    let mut query = "limit=7".to_owned();
    loop {
        let page = app
            .send(Call::get(&format!("/v1/estates?{query}")))
            .await
            .expect(200);
        seen.extend(names(&page).into_iter().map(str::to_owned));
        let Some(next) = page["next"].as_str() else {
            break;
        };
        query = format!("limit=7&after={next}");
    }
    let mut sorted = seen.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!((seen.len(), &seen), (24, &sorted));
}

#[actix_web::test]
async fn an_estate_is_read_in_the_callers_language_and_only_when_changed() {
    let app = start().await;
    import(&app.database, &records(), AT);
    let path = estate("Ying Tung Estate");
    for (language, name) in [
        ("en", "Ying Tung Estate"),
        ("zh-HK", "迎東邨"),
        ("zh-CN", "迎东邨"),
        ("fr", "迎東邨"),
    ] {
        let body = app
            .send(Call::get(&path).header("Accept-Language", language))
            .await
            .expect(200);
        assert_eq!(body["display_name"], name);
        assert_eq!(
            body["name"],
            json!({"en": "Ying Tung Estate", "zh-Hant": "迎東邨", "zh-Hans": "迎东邨"})
        );
    }
    let english = |tag: &str| {
        Call::get(&path)
            .header("Accept-Language", "en")
            .header("If-None-Match", tag)
    };
    let answer = app.send(english("\"other\"")).await;
    let tag = answer.header("etag").to_owned();
    assert_eq!(answer.header("vary"), "Accept-Language");
    let body = answer.expect(200);
    assert_eq!(body["application_district"], "extended-urban");
    assert_eq!(body["application_district_name"]["zh-Hant"], "擴展市區");
    assert_eq!(
        (&body["ifa_min"], &body["ifa_max"]),
        (&json!("14.05"), &json!("37.08"))
    );
    assert_eq!(
        (&body["latitude"], &body["rental_flats"]),
        (&json!("22.296284"), &json!(3600))
    );
    assert_eq!(body["details"]["website"], Value::Null);

    for held in [
        tag.clone(),
        format!("W/{tag}"),
        format!("\"x\", {tag}"),
        "*".to_owned(),
    ] {
        let answer = app.send(english(&held)).await;
        assert_eq!(
            (answer.status.as_u16(), answer.bytes.len()),
            (304, 0),
            "{held}"
        );
        assert_eq!(answer.header("etag"), tag);
    }
    app.send(
        Call::get(&path)
            .header("Accept-Language", "zh-HK")
            .header("If-None-Match", &tag),
    )
    .await
    .expect(200);

    let mut newer = records();
    for record in &mut newer {
        record.rental_flats = Some(100);
    }
    import(&app.database, &newer, A_YEAR_LATER);
    assert_eq!(
        app.send(english(&tag)).await.expect(200)["rental_flats"],
        100
    );
}

#[actix_web::test]
async fn blocks_are_listed_as_published() {
    let app = start().await;
    let mut newer = records();
    import(&app.database, &newer, AT);
    newer[0].blocks.remove(0);
    import(&app.database, &newer, A_YEAR_LATER);
    let path = format!("{}/blocks", estate("Tak Long Estate"));
    let body = app
        .send(Call::get(&path).header("Accept-Language", "zh-HK"))
        .await
        .expect(200);
    let blocks = body["items"].as_array().unwrap();
    assert_eq!(blocks.len(), 9);
    assert_eq!(names(&body).last(), Some(&"Tak Pui House"));
    assert_eq!(blocks[8]["display_name"], "德珮樓");
    let withdrawn = blocks
        .iter()
        .find(|block| block["withdrawn_on"] == "2027-11-20")
        .unwrap();
    assert_eq!(withdrawn["name"]["en"], "Tak Cheung House");
}

#[actix_web::test]
async fn flats_are_paged_by_floor_and_unit() {
    let app = start().await;
    import(&app.database, &records(), AT);
    let block = records()[0].block_id("Tak Cheung House");
    let estate_id = EstateId::derived("Tak Long Estate");
    let flat = |floor: i16, unit: &str| Flat {
        id: Flat::id_of(block, floor, unit),
        block_id: block,
        estate_id,
        floor,
        unit: unit.into(),
        ifa: "37.08".parse().unwrap(),
    };
    let flats: Vec<Flat> = (1..=3)
        .flat_map(|floor| ["01", "02", "03"].map(|unit| flat(floor, unit)))
        .collect();
    let mut conn = connect(app.database.url()).unwrap();
    add_flats(&mut conn, &flats).unwrap();
    assert!(add_flats(&mut conn, &flats[..1]).is_err());
    let elsewhere = Flat {
        estate_id: EstateId::derived("Oi Man Estate"),
        ..flat(4, "01")
    };
    assert!(
        add_flats(&mut conn, &[elsewhere]).is_err(),
        "a flat's estate is its block's"
    );

    let path = format!("/v1/blocks/{block}/flats");
    let mut seen = Vec::new();
    let mut query = "limit=2".to_owned();
    loop {
        let page = app
            .send(Call::get(&format!("{path}?{query}")))
            .await
            .expect(200);
        seen.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["id"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next"].as_str() else {
            break;
        };
        query = format!("limit=2&after={next}");
    }
    assert_eq!(
        seen,
        flats
            .iter()
            .map(|flat| flat.id.to_string())
            .collect::<Vec<_>>()
    );
    let first = &app.send(Call::get(&path)).await.expect(200)["items"][0];
    assert_eq!(
        *first,
        json!({"id": flats[0].id, "floor": 1, "unit": "01", "ifa": "37.08"})
    );
    for query in ["floor=1", "after=WzEsIlx1MDAwMCJd"] {
        app.send(Call::get(&format!("{path}?{query}")))
            .await
            .expect(400);
    }
}

#[actix_web::test]
async fn what_is_not_there_is_not_found() {
    let app = start().await;
    let block = BlockId::derived("x");
    for path in [
        estate("Nowhere"),
        format!("{}/blocks", estate("Nowhere")),
        format!("/v1/blocks/{block}/flats"),
    ] {
        let answer = app.send(Call::get(&path)).await;
        assert_eq!(
            (answer.status.as_u16(), answer.problem()),
            (404, "not-found"),
            "{path}"
        );
    }
    app.send(Call::get("/v1/estates/choi-hung"))
        .await
        .expect(400);
}
