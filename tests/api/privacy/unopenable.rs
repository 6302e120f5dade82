//! What does not open is withheld, counted and put on record, whoever meets it.

use kaifong::platform::db::execute;
use serde_json::json;

use super::{ask_access, claim, id, read};
use crate::people::start_with_household;
use crate::support::{Answer, Call, count};

#[actix_web::test]
async fn a_damaged_claim_and_a_damaged_note_are_on_record() {
    let (app, mut owner, home) = start_with_household().await;
    let noted = Call::post(&format!("/v1/people/{}/unmask", home.head))
        .scope("people:unmask")
        .json(json!({ "fields": ["phone"], "reason": "emergency", "note": "NOTED" }));
    app.send(noted).await.expect(200);
    let claimed = id(&app.send(claim(&home.head)).await.expect(201));
    let asked = ask_access(&home.head).scope("privacy:request");
    let asked = id(&app.send(asked).await.expect(201));
    let bundle = format!("access-requests/{asked}/bundle");
    let correction = format!("correction-requests/{claimed}");
    app.send(read(&bundle)).await.expect(200);

    let withheld = |answer: &Answer| {
        assert_eq!(answer.problem(), "integrity-error");
        assert_eq!(answer.status, 500);
    };
    let on_record = |table: &str| {
        format!("audit_entry WHERE action = 'vault.unopenable' AND subject LIKE 'cell {table} %'")
    };
    let damage = |table: &str, column: &str| {
        format!(
            "ALTER TABLE {table} DISABLE TRIGGER USER; \
             UPDATE {table} SET {column} = set_byte({column}, 40, get_byte({column}, 40) # 1)"
        )
    };
    execute(&mut owner, &damage("correction_request", "claim")).unwrap();
    withheld(&app.send(read(&correction)).await);
    withheld(&app.send(read(&bundle)).await);
    assert_eq!(count(&mut owner, &on_record("correction_request.claim")), 2);
    execute(&mut owner, &damage("correction_request", "claim")).unwrap();

    execute(&mut owner, &damage("audit_entry", "detail")).unwrap();
    withheld(&app.send(read(&bundle)).await);
    assert_eq!(count(&mut owner, &on_record("audit_entry.detail")), 1);
    execute(&mut owner, &damage("audit_entry", "detail")).unwrap();
    app.send(read(&bundle)).await.expect(200);
}
