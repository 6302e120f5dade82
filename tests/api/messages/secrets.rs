//! Whom messages go to is in no table and no log.

use std::process::Command;
use std::sync::Arc;

use diesel::prelude::*;
use diesel::sql_types::Text;
use kaifong::kernel::clock::{Clock, SystemClock};
use kaifong::messages::Deliver;
use kaifong::platform::db::{connect, connect_as_owner, execute};
use kaifong::platform::jobs;
use kaifong::platform::vault::{FileRoot, Vault};

use super::office::{EMAIL, NAME, Net, Office, PHONE, open_net, two_ports};
use crate::support::{TestDatabase, world};

/// Every row of every table, as text.
fn everything(conn: &mut PgConnection) -> String {
    let tables: Vec<String> = diesel::dsl::sql::<Text>(
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'",
    )
    .load(conn)
    .unwrap();
    let rows = tables.into_iter().map(|table| {
        let all = format!("SELECT coalesce(string_agg(t::text, E'\\n'), '') FROM {table} t");
        let text: String = diesel::dsl::sql::<Text>(&format!("({all})"))
            .get_result(conn)
            .unwrap();
        text
    });
    rows.collect::<Vec<_>>().join("\n")
}

fn nobody_is_in(text: &str) {
    for never in [PHONE, &PHONE[4..], EMAIL, "canary", NAME, "CANARY"] {
        assert!(!text.contains(never), "{never}");
    }
}

#[test]
fn no_table_says_where_a_message_went_nor_what_it_said() {
    let office = Office::open();
    office.net.refuse(EMAIL);
    office.paid("2364.00");
    office.refused();
    assert_eq!(office.work(), 4);
    assert!(office.net.by("sms").iter().any(|sms| sms.to == PHONE));
    let text = everything(&mut office.owner());
    for marker in ["autopay.refused", "smtp 550", "kaifong:messages"] {
        assert!(text.contains(marker), "{marker} did not get there");
    }
    nobody_is_in(&text);
    assert!(!text.contains("街坊"), "what was said");
}

/// The program itself, by its settings.
#[test]
fn the_program_sends_what_waits_and_its_log_says_nothing_of_whom() {
    let database = TestDatabase::create();
    let folder = database.folder();
    let run = |words: &[&str], settings: &[(&str, String)]| {
        let output = Command::new(env!("CARGO_BIN_EXE_kaifong"))
            .args(words)
            .env("KAIFONG_DATABASE_URL", database.url())
            .env("KAIFONG_DATA_DIR", &folder)
            .envs(settings.iter().map(|(name, value)| (name, value)))
            .output()
            .unwrap();
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
    };
    run(&["keys", "init"], &[]);
    let now = SystemClock.now();
    let keys = folder.join("keys");
    let root = FileRoot::load_or_make(&keys.join("root.key")).unwrap();
    let mut conn = connect(database.url()).unwrap();
    let vault = Vault::open(&mut conn, Box::new(root), &keys, now).unwrap();
    let codes = world::settle(&database, 1);
    let (net, ports) = (Arc::<Net>::default(), two_ports());
    net.refuse(EMAIL);
    open_net(ports, &net);
    let office = Office::of(&database, vault, codes, (net, ports));
    office.clock.set(&now.to_rfc3339());
    office.move_in(office.codes[0]);
    office.paid("2364.00");
    office.refused();
    // Whatever the time of day is.
    let awake = "UPDATE message_terms SET quiet_from = '03:00', quiet_to = '03:00'";
    execute(&mut connect_as_owner(database.url()).unwrap(), awake).unwrap();
    jobs::enqueue(&mut conn, &Deliver {}, now).unwrap();
    let said = run(
        &["work", "--once"],
        &[
            ("KAIFONG_LOG", "trace".to_owned()),
            ("KAIFONG_SMTP", format!("127.0.0.1:{}", ports.0)),
            ("KAIFONG_MAIL_FROM", "rent@housing.example".to_owned()),
            (
                "KAIFONG_MESSAGE_GATEWAY",
                format!("http://127.0.0.1:{}/", ports.1),
            ),
        ],
    );
    assert_eq!(office.net.by("sms").len(), 1, "{said}");
    assert_eq!(office.net.by("push").len(), 1, "{said}");
    assert_eq!(
        office.count("message WHERE state = 'dead' AND reason = 'smtp 550'"),
        2
    );
    assert!(said.contains("a message is dead"), "{said}");
    nobody_is_in(&said);
}
