//! Sealing: no gap, nothing lost, whatever order transactions end in.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use diesel::prelude::*;
use kaifong::platform::audit::verify::{Lie, Terms, Verdict, verify};
use kaifong::platform::audit::{self, AuditError, Bundle};
use kaifong::platform::db::execute;

use super::{Trail, at, judge, record};
use crate::support::{count, dice};

/// The ids of sealed entries, in the order of the tree.
fn sealed(conn: &mut PgConnection) -> Vec<String> {
    diesel::dsl::sql::<diesel::sql_types::Text>(
        "SELECT subject FROM audit_leaf JOIN audit_entry ON id = entry \
         WHERE action = 'test.thing.done' ORDER BY seq",
    )
    .load(conn)
    .unwrap()
}

/// An older transaction's entry comes to light after a younger one's was sealed, if whoever
/// seals goes by ids or times.
#[test]
fn an_entry_committed_late_is_never_left_out() {
    let trail = Trail::new();
    let (mut slow, mut quick) = (trail.app(), trail.app());
    trail.seal_at(at(0));
    execute(&mut slow, "BEGIN").unwrap();
    record(&mut slow, "slow", at(1));
    record(&mut quick, "quick", at(2));

    let meanwhile = trail.seal_once(at(3));
    let first = sealed(&mut trail.app());
    execute(&mut slow, "COMMIT").unwrap();
    let after = trail.seal_at(at(4));

    // The younger one waits for the older: their order is settled only now.
    assert_eq!((meanwhile.entries, first), (0, vec![]));
    assert_eq!(after.entries, 2);
    assert_eq!(sealed(&mut trail.app()), ["slow", "quick"]);
    assert_eq!(trail.verify().verdict(), Verdict::Sound);
}

#[test]
fn random_histories_of_many_writers_are_sealed_without_gap_or_loss() {
    let trail = Trail::new();
    let over = AtomicBool::new(false);
    let recorded: usize = std::thread::scope(|scope| {
        let writers: Vec<_> = (1..=4_u64)
            .map(|writer| {
                let trail = &trail;
                scope.spawn(move || write(trail, writer))
            })
            .collect();
        let sealers = [5, 6].map(|_| {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    trail.seal_once(at(0));
                    let bundle = trail.export(0);
                    let findings = judge(bundle.path(), &[trail.key()], None);
                    assert_eq!(findings.lies, [], "{:?}", findings.missing);
                }
            })
        });
        let recorded = writers.into_iter().map(|writer| writer.join().unwrap());
        let recorded = recorded.sum();
        over.store(true, Ordering::Relaxed);
        for sealer in sealers {
            sealer.join().unwrap();
        }
        recorded
    });

    let last = trail.seal_at(at(1));

    let entries = count(
        &mut trail.app(),
        "audit_entry WHERE action = 'test.thing.done'",
    );
    assert_eq!(usize::try_from(entries).unwrap(), recorded);
    let all = count(&mut trail.app(), "audit_entry");
    assert_eq!(i64::try_from(last.size).unwrap(), all);
    let gaps = count(
        &mut trail.app(),
        "(SELECT seq - lag(seq, 1, -1::bigint) OVER (ORDER BY seq) AS step FROM audit_leaf) s WHERE step <> 1",
    );
    assert_eq!(gaps, 0);
    let findings = trail.verify();
    assert_eq!(findings.verdict(), Verdict::Sound, "{findings:?}");
    assert_eq!(findings.size, last.size);
}

/// Transactions of some entries each, some of them rolled back, some with savepoints.
fn write(trail: &Trail, seed: u64) -> usize {
    let (mut conn, mut dice, mut kept) = (trail.app(), dice(seed), 0);
    for round in 0..60 {
        execute(&mut conn, "BEGIN").unwrap();
        let entries = 1 + dice(4);
        for entry in 0..entries {
            if dice(3) == 0 {
                execute(&mut conn, "SAVEPOINT a").unwrap();
            }
            record(&mut conn, &format!("{seed} {round} {entry}"), at(0));
            if dice(3) == 0 {
                execute(&mut conn, &format!("SELECT pg_sleep(0.00{})", dice(9))).unwrap();
            }
        }
        if dice(5) == 0 {
            execute(&mut conn, "ROLLBACK").unwrap();
        } else {
            execute(&mut conn, "COMMIT").unwrap();
            kept += usize::try_from(entries).unwrap();
        }
    }
    kept
}

#[test]
fn the_tree_grows_across_its_kept_levels_and_every_entry_is_proved() {
    let trail = Trail::new();
    let mut conn = trail.app();
    let mut dice = dice(11);
    let mut total: u64 = 0;
    // Past two subtrees of 256, in steps that end before, at and after their ends.
    for step in [1, 200, 54, 1, 3, 250, 2, 10]
        .into_iter()
        .chain((0..5).map(|_| dice(40)))
    {
        for entry in 0..step {
            record(&mut conn, &format!("{total} {entry}"), at(0));
        }
        total = trail.seal_at(at(1)).size;
    }
    assert_eq!(
        count(&mut conn, "audit_node"),
        i64::try_from(total / 256).unwrap()
    );
    assert_eq!(trail.verify().verdict(), Verdict::Sound);

    let ids: Vec<uuid::Uuid> =
        diesel::dsl::sql::<diesel::sql_types::Uuid>("SELECT entry FROM audit_leaf ORDER BY seq")
            .load(&mut conn)
            .unwrap();
    for (seq, id) in ids.iter().enumerate().step_by(7) {
        let proof = audit::prove(&mut conn, *id).unwrap();
        assert_eq!(usize::try_from(proof.seq).unwrap(), seq);
        assert_eq!(proof.check(&[trail.key()]).unwrap(), Some(total));
        let mut forged = proof.clone();
        forged.entry.actor = "somebody".to_owned();
        assert_eq!(forged.check(&[trail.key()]).unwrap(), None);
        let mut forged = proof;
        forged.seq += 1;
        assert_eq!(forged.check(&[trail.key()]).unwrap(), None);
    }
    record(&mut conn, "unsealed", at(2));
    let unknown = audit::prove(&mut conn, uuid::Uuid::now_v7());
    assert!(matches!(unknown, Err(AuditError::NoSuchEntry)));

    let since = total - 30;
    let later = trail.seal_at(at(2)).size;
    assert_eq!(later, total + 1);
    partly(&trail, since, total);
}

/// A bundle that begins later is verified from a signed tree on, and not without one.
fn partly(trail: &Trail, between: u64, signed: u64) {
    let judge = |folder: &Path, since| {
        let keys = [trail.key()];
        let terms = Terms {
            keys: &keys,
            since,
            witness: Some(&trail.sealer.folder),
            tolerance: chrono::TimeDelta::hours(1),
        };
        verify(&Bundle::at(folder), &terms).unwrap()
    };
    let whole = trail.export(0);
    assert_eq!(judge(whole.path(), signed).lies, []);
    assert_eq!(judge(whole.path(), signed).verdict(), Verdict::Sound);
    assert_eq!(judge(whole.path(), signed).entries, 1);
    let part = trail.export(signed);
    assert_eq!(judge(part.path(), signed).lies, []);
    assert_eq!(judge(part.path(), signed).verdict(), Verdict::Sound);
    assert_eq!(judge(part.path(), 0).verdict(), Verdict::Incomplete);
    let odd = trail.export(between);
    assert_eq!(judge(odd.path(), between).verdict(), Verdict::Incomplete);
}

#[test]
fn nothing_is_built_upon_a_tree_that_was_tampered_with() {
    for lie in [
        "UPDATE audit_leaf SET hash = sha256('x') WHERE seq = 1",
        "DELETE FROM audit_leaf WHERE seq = 1",
        "DELETE FROM audit_leaf WHERE seq = (SELECT max(seq) FROM audit_leaf)",
        "DELETE FROM audit_checkpoint",
        "UPDATE audit_checkpoint SET note = replace(note, E'\\n3\\n', E'\\n4\\n')",
    ] {
        let trail = Trail::new();
        let mut conn = trail.app();
        record(&mut conn, "one", at(0));
        record(&mut conn, "two", at(0));
        trail.seal_at(at(1));
        trail.plant(lie);
        record(&mut conn, "three", at(2));
        let refused = audit::seal(&mut conn, &trail.sealer, at(3));
        assert!(
            matches!(refused, Err(AuditError::Broken(_))),
            "{lie}: {refused:?}"
        );
    }
}

#[test]
fn checkpoints_outside_are_caught_up_and_never_overwritten() {
    let trail = Trail::new();
    let mut conn = trail.app();
    let files = || {
        let folder = trail.sealer.folder.join("00000000000000");
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort_unstable();
        names
    };
    for minute in 0..3 {
        record(&mut conn, "thing", at(minute));
        trail.seal_at(at(minute));
    }
    let sizes = files();
    let last = sizes.last().unwrap();
    assert_eq!(*last, format!("{:020}", 4));
    let newest = trail.sealer.folder.join("00000000000000").join(last);
    let note = audit::newest_note(&mut conn).unwrap().unwrap();
    assert_eq!(std::fs::read_to_string(&newest).unwrap(), note);

    // A crash before the file was written.
    std::fs::remove_file(&newest).unwrap();
    assert_eq!(
        trail.verify().verdict(),
        Verdict::Sound,
        "files may be behind"
    );
    trail.seal_at(at(3));
    assert_eq!(files(), sizes);

    // The newest entries taken away, with leaves and checkpoints, and others put there.
    trail.plant(
        "DELETE FROM audit_entry WHERE id = (SELECT entry FROM audit_leaf WHERE seq = 3); \
         DELETE FROM audit_leaf WHERE seq = 3; DELETE FROM audit_checkpoint WHERE size = 4",
    );
    assert_eq!(trail.verify().lies, [Lie::RolledBack { size: 4, found: 3 }]);
    record(&mut conn, "another", at(4));
    let refused = audit::seal(&mut conn, &trail.sealer, at(4));
    assert!(
        matches!(refused, Err(AuditError::Witness(_))),
        "{refused:?}"
    );
    // Until every older transaction of the server has ended, the new entry does not count.
    for _ in 0..3_000 {
        if trail.verify().lies == [Lie::NotWitnessed { size: 4 }] {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
        let _ = audit::seal(&mut conn, &trail.sealer, at(4));
    }
    assert_eq!(trail.verify().lies, [Lie::NotWitnessed { size: 4 }]);
    assert_eq!(std::fs::read_to_string(&newest).unwrap(), note);
}

/// Numbers of transactions begin anew in another cluster.
#[test]
fn rows_brought_from_another_cluster_are_sealed_and_so_are_those_after_them() {
    let trail = Trail::new();
    let mut conn = trail.app();
    trail.seal_at(at(0));
    trail.plant(
        "INSERT INTO audit_entry (id, actor, action, subject, at, written_by) \
         SELECT gen_random_uuid(), 'a', 'test.thing.done', 'old ' || n, '2026-11-20 01:01Z', \
                (4000000000 + n)::text::xid8 FROM generate_series(1, 3) AS n",
    );
    assert_eq!(trail.seal_at(at(1)).entries, 3);
    record(&mut conn, "new", at(2));
    assert_eq!(trail.seal_at(at(2)).entries, 1);
    record(&mut conn, "newer", at(3));
    let findings = trail.verify();
    assert_eq!(findings.lies, []);
    assert_eq!(trail.seal_at(at(3)).entries, 1);
    assert_eq!(
        sealed(&mut conn),
        ["old 1", "old 2", "old 3", "new", "newer"]
    );
}
