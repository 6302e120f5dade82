//! A guard that is switched off and on again is seen.

use kaifong::platform::audit::{self, Difference};

use super::{Trail, at, record};

/// How a guard is switched off, how on again, and what names it.
const GUARDS: [(&str, &str, &str); 8] = [
    (
        "ALTER TABLE ledger_transfer DISABLE TRIGGER ledger_transfer_only_grows",
        "ALTER TABLE ledger_transfer ENABLE TRIGGER ledger_transfer_only_grows",
        "trigger ledger_transfer_only_grows on public.ledger_transfer enabled=D",
    ),
    (
        "GRANT UPDATE ON audit_entry TO kaifong_app",
        "REVOKE UPDATE ON audit_entry FROM kaifong_app",
        "table public.audit_entry kind=r",
    ),
    (
        "GRANT UPDATE (amount) ON ledger_transfer TO kaifong_app",
        "REVOKE UPDATE (amount) ON ledger_transfer FROM kaifong_app",
        "column public.ledger_transfer.amount privileges=",
    ),
    (
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "",
        "function public.refuse_change()",
    ),
    (
        "ALTER TABLE audit_leaf OWNER TO kaifong_app",
        "",
        "table public.audit_leaf kind=r owner=kaifong_app",
    ),
    (
        "ALTER TABLE household ENABLE ROW LEVEL SECURITY; CREATE POLICY open ON household USING (true)",
        "",
        "policy open on public.household",
    ),
    (
        "CREATE RULE lost AS ON INSERT TO audit_entry DO INSTEAD NOTHING",
        "",
        "rule lost on public.audit_entry",
    ),
    (
        "ALTER TABLE ledger_transfer DROP CONSTRAINT ledger_transfer_moves_something",
        "",
        "constraint ledger_transfer_moves_something on public.ledger_transfer",
    ),
];

#[test]
fn a_guard_off_at_the_hour_is_told_and_named() {
    for (off, on, what) in GUARDS {
        let trail = Trail::new();
        record(&mut trail.app(), "thing", at(0));
        trail.seal_at(at(0));
        trail.plant(off);
        // Not yet: the hour's catalogue was taken.
        trail.seal_at(at(59));
        assert!(trail.verify().catalogue_changes.is_empty());
        if what.contains("rule lost") {
            // Nothing can be recorded any more, so nothing can be told.
            trail.plant("DROP RULE lost ON audit_entry; CREATE RULE lost AS ON UPDATE TO audit_entry DO INSTEAD NOTHING");
        }
        trail.seal_at(at(60));
        if !on.is_empty() {
            trail.plant(on);
            trail.seal_at(at(120));
        }
        let findings = trail.verify();
        assert!(findings.lies.is_empty(), "{:?}", findings.lies);
        let changes = &findings.catalogue_changes;
        assert_eq!(changes.len(), if on.is_empty() { 1 } else { 2 }, "{off}");
        let named = |change: &Difference| change.to_string().contains(what);
        assert!(
            changes[0].differences.iter().any(named),
            "{off}: {changes:?}"
        );
        if let Some(back) = changes.get(1) {
            assert_eq!(back.differences.len(), changes[0].differences.len());
        }
    }
}

#[test]
fn the_catalogue_is_taken_once_an_hour_and_only_then_is_there_anything_to_seal() {
    let trail = Trail::new();
    let mut conn = trail.app();
    let waiting = |conn: &mut _| crate::support::fixture::waiting_jobs(conn, "audit.seal").len();
    audit::timetable(&mut conn, at(0)).unwrap();
    assert_eq!(waiting(&mut conn), 1);
    kaifong::platform::db::execute(&mut conn, "DELETE FROM job").unwrap();
    assert_eq!(trail.seal_at(at(0)).entries, 1);
    assert_eq!(trail.seal_at(at(59)).entries, 0);
    audit::timetable(&mut conn, at(59)).unwrap();
    assert_eq!(waiting(&mut conn), 0);
    record(&mut conn, "thing", at(59));
    // Once every older transaction on the server, of other tests too, has ended.
    while waiting(&mut conn) == 0 {
        audit::timetable(&mut conn, at(59)).unwrap();
    }
    assert_eq!(trail.seal_at(at(60)).entries, 2);
    // Unchanged, it is kept once.
    assert_eq!(crate::support::count(&mut conn, "audit_catalogue"), 1);
}
