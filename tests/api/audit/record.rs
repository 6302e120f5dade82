//! What is recorded, and that it stays.

use diesel::Connection;
use diesel::connection::SimpleConnection;
use kaifong::platform::audit::verify::Verdict;
use kaifong::platform::audit::{self, Detail, Viewed, Wanted};
use kaifong::platform::auth::Actor;
use kaifong::platform::db::execute;
use kaifong::platform::vault::{Erasure, KeyClass};
use uuid::Uuid;

use super::{Trail, at, officer, record};
use crate::support::count;

#[test]
fn a_person_sees_who_read_which_fields_and_what_for() {
    let trail = Trail::new();
    let mut conn = trail.app();
    let (person, other) = (Uuid::now_v7(), Uuid::now_v7());
    for (minute, person, fields) in [
        (0, person, &["hkid"][..]),
        (1, other, &["phone"]),
        (2, person, &["name", "phone"]),
        (3, person, &["name"]),
    ] {
        let viewed = Viewed {
            person,
            household: Some("1000000018"),
            fields,
            purpose: "counter enquiry",
            request: None,
        };
        audit::viewed(&mut conn, &officer(), &viewed, at(minute)).unwrap();
    }
    record(&mut conn, &person.to_string(), at(4));

    let first = audit::views_of(&mut conn, person, None, 2).unwrap();
    let last = first.last().map(|view| (view.at, view.id));
    let rest = audit::views_of(&mut conn, person, last, 2).unwrap();

    let read: Vec<_> = first.iter().chain(&rest).collect();
    let times: Vec<_> = read.iter().map(|view| view.at).collect();
    assert_eq!(times, [at(3), at(2), at(0)]);
    let fields = read[1].fields.clone().unwrap();
    assert_eq!(fields, ["name", "phone"]);
    assert_eq!(read[1].actor, "officer-7");
    assert_eq!(read[1].household.as_deref(), Some("1000000018"));
    assert_eq!(read[1].purpose.as_deref(), Some("counter enquiry"));
}

#[test]
fn the_application_adds_to_the_trail_and_nothing_else() {
    let trail = Trail::new();
    let mut conn = trail.app();
    record(&mut conn, "one", at(0));
    trail.seal_at(at(1));
    for table in [
        "audit_entry",
        "audit_leaf",
        "audit_node",
        "audit_checkpoint",
        "audit_catalogue",
    ] {
        for change in [
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table}"),
            format!("ALTER TABLE {table} DISABLE TRIGGER ALL"),
        ] {
            assert!(execute(&mut conn, &change).is_err(), "{change}");
        }
        let owner = &mut trail.database.connect();
        let rows = count(owner, table);
        let emptied = owner.batch_execute(&format!("TRUNCATE {table}"));
        assert!(emptied.is_err(), "the owner's slip: {table}");
        let deleted = owner.batch_execute(&format!("DELETE FROM {table}"));
        assert!(deleted.is_err() || rows == 0, "the owner's slip: {table}");
    }
    let update = "UPDATE audit_entry SET actor = 'somebody'";
    assert!(execute(&mut conn, update).is_err());
    let choose = "INSERT INTO audit_entry (id, actor, action, subject, at, written_by) \
                  VALUES (gen_random_uuid(), 'a', 'b', 'c', now(), '1')";
    assert!(
        execute(&mut conn, choose).is_err(),
        "nobody chooses the transaction"
    );
}

/// No entry, no answer: what is recorded is recorded with the work, or neither is kept.
#[test]
fn an_entry_of_work_that_is_rolled_back_was_never_there() {
    let trail = Trail::new();
    let mut conn = trail.app();
    execute(&mut conn, "BEGIN").unwrap();
    record(&mut conn, "one", at(0));
    execute(&mut conn, "ROLLBACK").unwrap();
    record(&mut conn, "two", at(0));

    let sealed = trail.seal_at(at(1));

    assert_eq!((sealed.entries, sealed.size), (2, 2), "with the catalogue");
    assert!(trail.verify().lies.is_empty());
}

#[test]
fn an_erased_persons_detail_is_gone_and_the_tree_stands() {
    let trail = Trail::new();
    let vault = trail.database.vault(at(0));
    let mut conn = trail.app();
    let (person, class) = (Uuid::now_v7(), KeyClass::Audit);
    let keys = vault.create(&mut conn, class, person, at(0)).unwrap();
    let told = Detail {
        person,
        keys: &keys,
        detail: b"moved for her safety",
    };
    let what = ("test.thing.done", &person);
    audit::record_detail(&mut conn, &officer(), what, &told, at(0)).unwrap();
    trail.seal_at(at(1));
    let wanted = Wanted {
        person: Some(person),
        ..Wanted::default()
    };
    let entry = audit::entries(&mut conn, &wanted, 1).unwrap().remove(0);
    let opened = audit::detail(&mut conn, entry.id, &keys).unwrap().unwrap();
    assert_eq!(opened.as_slice(), told.detail);

    let (one, other) = (Actor::program("one"), Actor::program("other"));
    let erasure = Erasure {
        class,
        subject: person,
        reason: "retention",
        approved_by: [&one, &other],
        at: at(2),
    };
    conn.transaction(|conn| vault.erase(conn, &erasure))
        .unwrap();

    assert!(vault.keys(&mut conn, class, person).unwrap().is_none());
    trail.seal_at(at(3));
    let findings = trail.verify();
    assert_eq!(findings.verdict(), Verdict::Sound, "{findings:?}");
    let proof = audit::prove(&mut conn, entry.id).unwrap();
    assert!(proof.check(&[trail.key()]).unwrap().is_some());
    // The bundle has not even the ciphertext.
    let bundle = trail.export(0);
    let text = std::fs::read_to_string(bundle.path().join("entries.jsonl")).unwrap();
    assert!(text.contains("\"detail_hash\":\"") && !text.contains("\"detail\""));
}
