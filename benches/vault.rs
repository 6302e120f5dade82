//! Every data key replaced and every cell sealed anew while a reader reads, beside the same
//! updates without cryptography: as many workers write the same bytes by the same statement,
//! chunk by chunk.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use diesel::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Binary, Uuid as SqlUuid};
use kaifong::kernel::clock::{Clock, SystemClock};
use kaifong::platform::db::{connect, connect_as_owner, execute};
use kaifong::platform::vault::{
    Cell, FileRoot, KeyClass, Padding, Progress, Rotation, SealedColumn, Vault, rotate,
};
use uuid::Uuid;

use super::tools::{Database, folder, timed};

const CLASS: KeyClass = KeyClass::Identity;
const COLUMNS: [(&str, Padding); 3] = [
    ("hkid", Padding::To32),
    ("name", Padding::To96),
    ("phone", Padding::To32),
];
/// Of a rotation, too.
const CHUNK: u32 = 2_000;
const WORKERS: usize = 2;
/// Between two of the reader's requests.
const BREATH: Duration = Duration::from_millis(5);

pub fn bench(rows: u32) {
    let database = Database::create("bench_vault");
    let folder = folder().join("keys");
    let vault = open(&database, &folder);
    let ids = fill(&database, &vault, rows);
    let idle = beside_reader((&database, &vault, &ids), || {
        std::thread::sleep(Duration::from_secs(5));
    });
    let (mut bare, watch) = (Duration::ZERO, Watch::default());
    let beside_bare = beside_reader((&database, &vault, &ids), || {
        (bare, ()) = timed(|| rewrite(&database));
    });
    tidy(&database);
    let rotation = Rotation {
        class: CLASS,
        columns: &COLUMNS.map(|(column, _)| sealed(column)),
        retire: true,
        now: SystemClock.now(),
    };
    let beside = beside_reader((&database, &vault, &ids), || {
        rotate(&database.url, &vault, &rotation, &watch).unwrap();
    });
    let old = database.psql("SELECT count(*) FROM bench_sealed WHERE get_byte(name, 3) <> 2");
    assert_eq!(old.trim(), "0");

    let rate = |took: Duration| f64::from(rows) / took.as_secs_f64();
    println!("vault: {rows} rows of 3 sealed fields, a data key each, {WORKERS} workers:");
    for (doing, took) in watch.phases() {
        println!("  {doing}: {:.1} s", took.as_secs_f64());
    }
    let (sealing, bare) = (rate(watch.of("sealing anew")), rate(bare));
    println!(
        "  {sealing:.0} rows/s sealed anew (at least 20000), {bare:.0} rows/s without cryptography: {:.2} of it",
        sealing / bare
    );
    println!(
        "  99% of reads below {idle:.2} ms alone, {beside_bare:.2} ms beside the bare updates, {beside:.2} ms beside the rotation (under 10)\n"
    );
}

fn open(database: &Database, folder: &Path) -> Vault {
    let root = FileRoot::load(&folder.join("root.key")).unwrap();
    let mut conn = connect(&database.url).unwrap();
    Vault::open(&mut conn, Box::new(root), folder, SystemClock.now()).unwrap()
}

fn sealed(column: &'static str) -> SealedColumn {
    SealedColumn {
        table: "bench_sealed",
        column,
        id: "id",
        revision: None,
        subject: "id",
        class: CLASS,
        grows_only: false,
    }
}

fn cell(column: &'static str, row: Uuid) -> Cell {
    Cell {
        table: "bench_sealed",
        column,
        row,
        revision: 0,
    }
}

/// Makes the rows and their keys; says which rows there are.
fn fill(database: &Database, vault: &Vault, rows: u32) -> Vec<Uuid> {
    database.psql(
        "CREATE TABLE bench_sealed (id uuid PRIMARY KEY, hkid bytea, name bytea, phone bytea); \
         GRANT SELECT ON bench_sealed TO kaifong_app",
    );
    let mut conn = connect_as_owner(&database.url).unwrap();
    execute(&mut conn, "SET synchronous_commit = off").unwrap();
    let mut all = Vec::new();
    for chunk in 0..rows.div_ceil(CHUNK) {
        let (mut keys, mut ids, mut cells) = (vec![], vec![], [vec![], vec![], vec![]]);
        for _ in 0..CHUNK.min(rows - chunk * CHUNK) {
            let id = Uuid::now_v7();
            let (row, own) = vault.draft(CLASS, id, SystemClock.now()).unwrap();
            for (cells, (column, padding)) in cells.iter_mut().zip(COLUMNS) {
                let place = cell(column, id);
                cells.push(own.seal(&place, column.as_bytes(), padding).unwrap());
            }
            keys.push(row);
            ids.push(id);
        }
        Vault::load_drafts(&mut conn, &keys).unwrap();
        let [hkid, name, phone] = cells;
        diesel::sql_query("INSERT INTO bench_sealed SELECT * FROM unnest($1, $2, $3, $4)")
            .bind::<Array<SqlUuid>, _>(&ids)
            .bind::<Array<Binary>, _>(hkid)
            .bind::<Array<Binary>, _>(name)
            .bind::<Array<Binary>, _>(phone)
            .execute(&mut conn)
            .unwrap();
        all.extend(ids);
    }
    tidy(database);
    all
}

fn tidy(database: &Database) {
    for table in ["bench_sealed", "data_key"] {
        database.psql(&format!("VACUUM (ANALYZE) {table}"));
    }
    database.psql("CHECKPOINT");
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Binary)]
    hkid: Vec<u8>,
    #[diesel(sql_type = Binary)]
    name: Vec<u8>,
    #[diesel(sql_type = Binary)]
    phone: Vec<u8>,
}

/// Reads every row and writes the same bytes back.
fn rewrite(database: &Database) {
    let after = Mutex::new(Uuid::nil());
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                let mut conn = connect_as_owner(&database.url).unwrap();
                execute(&mut conn, "SET synchronous_commit = off").unwrap();
                while let Some(rows) = next(&mut conn, &after) {
                    write_back(&mut conn, rows);
                }
            });
        }
    });
}

fn next(conn: &mut PgConnection, after: &Mutex<Uuid>) -> Option<Vec<Row>> {
    let mut after = after.lock().unwrap();
    let rows: Vec<Row> = diesel::sql_query(format!(
        "SELECT id, hkid, name, phone FROM bench_sealed WHERE id > $1 ORDER BY id LIMIT {CHUNK}"
    ))
    .bind::<SqlUuid, _>(*after)
    .load(conn)
    .unwrap();
    *after = rows.last()?.id;
    Some(rows)
}

fn write_back(conn: &mut PgConnection, rows: Vec<Row>) {
    let mut ids = Vec::with_capacity(rows.len());
    let (mut hkids, mut names, mut phones) = (vec![], vec![], vec![]);
    for row in rows {
        ids.push(row.id);
        hkids.push(row.hkid);
        names.push(row.name);
        phones.push(row.phone);
    }
    diesel::sql_query(
        "UPDATE bench_sealed t SET hkid = n.new0, name = n.new1, phone = n.new2 \
         FROM unnest($1, $2, $3, $4, $5, $6, $7) AS n (id, old0, new0, old1, new1, old2, new2) \
         WHERE t.id = n.id AND t.hkid IS NOT DISTINCT FROM n.old0 \
         AND t.name IS NOT DISTINCT FROM n.old1 AND t.phone IS NOT DISTINCT FROM n.old2",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<Binary>, _>(&hkids)
    .bind::<Array<Binary>, _>(&hkids)
    .bind::<Array<Binary>, _>(&names)
    .bind::<Array<Binary>, _>(&names)
    .bind::<Array<Binary>, _>(&phones)
    .bind::<Array<Binary>, _>(&phones)
    .execute(conn)
    .unwrap();
}

/// Beside `work`, reads rows from all over the table and opens them; the time in milliseconds
/// that 99 of 100 readings stayed below.
fn beside_reader((database, vault, ids): (&Database, &Vault, &[Uuid]), work: impl FnOnce()) -> f64 {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut conn = connect(&database.url).unwrap();
            let mut took = Vec::new();
            // A step without a divisor in common with most numbers of rows: everywhere in turn.
            for id in ids.iter().cycle().step_by(7_919) {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let asked = Instant::now();
                read(&mut conn, vault, *id);
                took.push(asked.elapsed());
                std::thread::sleep(BREATH);
            }
            took.sort_unstable();
            took[took.len() * 99 / 100].as_secs_f64() * 1_000.0
        });
        work();
        stop.store(true, Ordering::Relaxed);
        reader.join().unwrap()
    })
}

fn read(conn: &mut PgConnection, vault: &Vault, id: Uuid) {
    conn.transaction(|conn| {
        let row: Row =
            diesel::sql_query("SELECT id, hkid, name, phone FROM bench_sealed WHERE id = $1")
                .bind::<SqlUuid, _>(id)
                .get_result(conn)?;
        let keys = vault.keys(conn, CLASS, id).unwrap().unwrap();
        for ((column, _), sealed) in COLUMNS.iter().zip([row.hkid, row.name, row.phone]) {
            keys.open(&cell(column, row.id), &sealed).unwrap();
        }
        diesel::QueryResult::Ok(())
    })
    .unwrap();
}

/// How long each phase took.
#[derive(Default)]
struct Watch(Mutex<Vec<(&'static str, Instant, Instant)>>);

impl Progress for Watch {
    fn at(&self, doing: &'static str, _: i64, _: i64) {
        let now = Instant::now();
        let mut phases = self.0.lock().unwrap();
        let began = phases.last().map_or(now, |(_, _, ended)| *ended);
        match phases.last_mut() {
            Some((last, _, ended)) if *last == doing => *ended = now,
            _ => phases.push((doing, began, now)),
        }
    }
}

impl Watch {
    fn phases(&self) -> Vec<(&'static str, Duration)> {
        let phases = self.0.lock().unwrap();
        let took = phases
            .iter()
            .map(|(doing, began, ended)| (*doing, *ended - *began));
        took.collect()
    }

    fn of(&self, doing: &str) -> Duration {
        let phases = self.phases().into_iter();
        phases
            .filter(|(one, _)| *one == doing)
            .map(|(_, took)| took)
            .sum()
    }
}
