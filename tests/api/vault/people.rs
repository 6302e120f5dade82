//! Every person's sealed cells, read as they are stored: for tests of what may happen to them.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{Binary, Integer, Uuid as SqlUuid};
use kaifong::people;
use kaifong::platform::db::{connect, connect_as_owner};
use kaifong::platform::vault::{Cell, FileRoot, KeyClass, Vault};
use uuid::Uuid;

use super::now;
use crate::support::program::Program;

/// What every column of every person says.
pub type Everyone = BTreeMap<(Uuid, &'static str), String>;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Integer)]
    revision: i32,
    #[diesel(sql_type = Binary)]
    cell: Vec<u8>,
}

/// Opens every cell of every person who has keys.
pub fn everyone(url: &str, vault: &Vault) -> Everyone {
    let mut conn = connect_as_owner(url).unwrap();
    let mut all = Everyone::new();
    for column in people::SEALED {
        let (table, name) = (column.table, column.column);
        let rows: Vec<Row> = diesel::sql_query(format!(
            "SELECT id, revision, {name} AS cell FROM {table} WHERE {name} IS NOT NULL ORDER BY id"
        ))
        .load(&mut conn)
        .unwrap();
        let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        let keys = vault.many(&mut conn, KeyClass::Identity, &ids).unwrap();
        for row in &rows {
            let Some(keys) = keys.get(&row.id) else {
                continue;
            };
            let cell = Cell {
                table,
                column: name,
                row: row.id,
                revision: row.revision,
            };
            let text = keys.open(&cell, &row.cell).unwrap();
            let text = String::from_utf8(text.to_vec()).unwrap();
            all.insert((row.id, name), text);
        }
    }
    all
}

/// The vault of a program's data folder.
pub fn vault(program: &Program, url: &str) -> Vault {
    let folder = program.folder().join("keys");
    let root = FileRoot::load(&folder.join("root.key")).unwrap();
    Vault::open(&mut connect(url).unwrap(), Box::new(root), &folder, now()).unwrap()
}

/// Everyone in a program's cluster, with a vault opened anew.
pub fn all(program: &Program) -> Everyone {
    let cluster = program.hold();
    everyone(&cluster.url, &vault(program, &cluster.url))
}
