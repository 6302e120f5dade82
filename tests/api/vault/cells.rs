//! Ciphertexts swapped, rolled back and brought home to others: none opens.

use kaifong::platform::auth::Actor;
use kaifong::platform::db::{Db, Patience};
use kaifong::platform::http::problem::Problem;
use kaifong::platform::vault::{Cell, DataKeys, Padding, VaultError, record_unopenable};
use uuid::Uuid;

use super::{CLASS, Opened, now, open, someone};
use crate::support::{count, dice};

const PEOPLE: u64 = 20;
const COLUMNS: [&str; 3] = ["hkid", "name_en", "phone"];
const TABLES: [&str; 2] = ["person", "contractor"];
const REVISIONS: u64 = 3;

/// A cell, whose key sealed it, and what it holds.
struct Sealed {
    who: usize,
    cell: Cell,
    bytes: Vec<u8>,
}

/// Every table, column and revision of some people's rows.
fn sealed(people: &[(Uuid, DataKeys)]) -> Vec<Sealed> {
    let mut cells = Vec::new();
    for (who, (row, keys)) in people.iter().enumerate() {
        for (table, column) in TABLES
            .iter()
            .flat_map(|table| COLUMNS.map(|column| (*table, column)))
        {
            for revision in 1..=i32::try_from(REVISIONS).unwrap() {
                let cell = Cell {
                    table,
                    column,
                    row: *row,
                    revision,
                };
                let value = format!("{table} {column} {revision} of {who}");
                let bytes = keys.seal(&cell, value.as_bytes(), Padding::To96).unwrap();
                cells.push(Sealed { who, cell, bytes });
            }
        }
    }
    cells
}

#[test]
fn of_100_000_ciphertexts_moved_or_altered_none_opens() {
    let Opened {
        vault,
        mut conn,
        database: _database,
    } = open();
    let people: Vec<_> = (0..PEOPLE)
        .map(|_| {
            let who = someone();
            (who, vault.create(&mut conn, CLASS, who, now()).unwrap())
        })
        .collect();
    let cells = sealed(&people);
    for Sealed { who, cell, bytes } in &cells {
        assert!(people[*who].1.open(cell, bytes).is_ok());
    }
    let mut dice = dice(20_261_121);
    let mut roll = |sides: usize| usize::try_from(dice(u64::try_from(sides).unwrap())).unwrap();
    let mut refused = [0; 8];
    while refused.iter().sum::<usize>() < 100_000 {
        let Sealed { who, cell, bytes } = &cells[roll(cells.len())];
        let (mut who, mut cell, mut bytes) = (*who, *cell, bytes.clone());
        let kind = roll(refused.len());
        match kind {
            0 => cell.row = people[(who + 1 + roll(people.len() - 1)) % people.len()].0,
            1 => cell.column = COLUMNS[roll(COLUMNS.len())],
            2 => cell.table = TABLES[roll(TABLES.len())],
            // Another subject's key, at the same place.
            3 => who = roll(people.len()),
            4 => cell.revision = 1 + i32::try_from(roll(4)).unwrap(),
            // Another version or format.
            5 => bytes[roll(4)] ^= 1 << roll(8),
            6 => bytes.truncate(roll(bytes.len())),
            _ => {
                let place = roll(bytes.len());
                bytes[place] ^= 1 << roll(8);
            }
        }
        let is_moved = cells
            .iter()
            .all(|one| (one.who, one.cell, &one.bytes) != (who, cell, &bytes));
        if is_moved {
            let error = people[who].1.open(&cell, &bytes).unwrap_err();
            assert!(error.unopenable().is_some(), "{error}");
            refused[kind] += 1;
        }
    }
    assert!(refused.iter().all(|count| *count > 5_000), "{refused:?}");
    assert_eq!(vault.unopenable().get(), 100_000);
}

#[actix_web::test]
async fn what_does_not_open_is_an_integrity_error_and_is_recorded() {
    let Opened {
        vault,
        mut conn,
        database,
    } = open();
    let who = someone();
    let keys = vault.create(&mut conn, CLASS, who, now()).unwrap();
    let cell = super::cell("hkid", who);
    let error = keys.open(&cell, b"nonsense").unwrap_err();
    let (what, clerk) = (error.unopenable().unwrap(), Actor::program("test"));
    let db = Db::open(database.url(), Patience::default());
    record_unopenable(&db, &clerk, what, now()).await.unwrap();
    let recorded = format!(
        "audit_entry WHERE action = 'vault.unopenable' AND subject = 'cell person.hkid {who}'"
    );
    assert_eq!(count(&mut conn, &recorded), 1);
    let problem = serde_json::to_value(Problem::from(error)).unwrap();
    assert_eq!(
        (problem["type"].as_str(), problem["status"].as_u64()),
        (Some("/problems/integrity-error"), Some(500))
    );
    assert_eq!(problem["detail"], serde_json::Value::Null);
    assert!(matches!(
        keys.open(&cell, b""),
        Err(VaultError::Unopenable(_))
    ));
}
