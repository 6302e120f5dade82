//! A household with somebody to write to, and carriers that catch what is sent.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use diesel::prelude::*;
use diesel::sql_types::Text;
use kaifong::kernel::clock::Clock;
use kaifong::kernel::id::{MembershipId, PersonId};
use kaifong::kernel::person_name::PersonName;
use kaifong::kernel::tenant_code::TenantCode;
use kaifong::messages::catcher::{Catch, Caught, catch_mail, catch_messages};
use kaifong::messages::{self, Carrier, Carriers, Desk, Gateway, Mail, MessageError};
use kaifong::payments::{AutopayRefused, Channel, PaymentReceived};
use kaifong::people::{self, MemberRole, Membership, Particulars, Sex};
use kaifong::platform::db::{DbError, connect, connect_as_owner, execute, transact};
use kaifong::platform::outbox;
use kaifong::platform::vault::Vault;
use kaifong::rent::RuleShelf;
use uuid::Uuid;

use crate::support::{FixedClock, TestDatabase, count, world};

/// Whom nobody must find in a table or a log.
pub const PHONE: &str = "+85291234567";
pub const EMAIL: &str = "canary@tenant.example";
pub const NAME: &str = "CANARY Tai Man";

/// What was caught, and which addresses are refused.
#[derive(Default)]
pub struct Net {
    caught: Mutex<Vec<Caught>>,
    refused: Mutex<BTreeSet<String>>,
}

impl Net {
    pub fn refuse(&self, to: &str) {
        self.refused.lock().unwrap().insert(to.to_owned());
    }

    pub fn caught(&self) -> Vec<Caught> {
        self.caught.lock().unwrap().clone()
    }

    /// What went by `medium`.
    pub fn by(&self, medium: &str) -> Vec<Caught> {
        let caught = self.caught().into_iter();
        caught.filter(|one| one.medium == medium).collect()
    }
}

impl Catch for Net {
    fn refuses(&self, to: &str) -> bool {
        self.refused.lock().unwrap().contains(to)
    }

    fn caught(&self, caught: Caught) {
        self.caught.lock().unwrap().push(caught);
    }
}

/// Two ports where nobody listens.
pub fn two_ports() -> (u16, u16) {
    let listen = || TcpListener::bind("127.0.0.1:0").unwrap();
    let (one, two) = (listen(), listen());
    let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
    (port(&one), port(&two))
}

/// Catches at these ports until the tests end.
pub fn open_net((smtp, http): (u16, u16), net: &Arc<Net>) {
    let catch: Arc<dyn Catch> = net.clone();
    let listen = |port: u16| TcpListener::bind(("127.0.0.1", port)).unwrap();
    let (mail, gateway) = (listen(smtp), listen(http));
    let also = catch.clone();
    std::thread::spawn(move || catch_mail(&mail, &catch));
    std::thread::spawn(move || catch_messages(&gateway, &also));
}

pub fn carriers((smtp, http): (u16, u16)) -> Carriers {
    let from = "rent@housing.example".parse().unwrap();
    let mail: Arc<dyn Carrier> = Arc::new(Mail::new("127.0.0.1", smtp, &from).unwrap());
    let gateway = Gateway::new(&format!("http://127.0.0.1:{http}/"), Some("a secret"));
    Carriers {
        mail: Some(mail),
        gateway: Some(Arc::new(gateway)),
    }
}

/// An estate office at ten in the morning of 20 November 2026, and its households.
pub struct Office {
    /// Goes with it, when it is its own.
    _database: Option<TestDatabase>,
    url: String,
    pub clock: Arc<FixedClock>,
    pub codes: Vec<TenantCode>,
    pub vault: Vault,
    pub net: Arc<Net>,
    pub ports: (u16, u16),
}

impl Office {
    /// With somebody to write to in the one household, and carriers that work.
    pub fn open() -> Self {
        let office = Self::without_carriers(1);
        open_net(office.ports, &office.net);
        office
    }

    /// With somebody to write to in each of `households`, and nobody who carries anything.
    pub fn without_carriers(households: i32) -> Self {
        let database = TestDatabase::create();
        let clock = FixedClock::at("2026-11-20T02:00:00Z");
        let codes = world::settle(&database, households);
        let office = Self {
            url: database.url().to_owned(),
            vault: database.vault(clock.now()),
            _database: Some(database),
            clock,
            codes,
            net: Arc::default(),
            ports: two_ports(),
        };
        for code in &office.codes {
            office.move_in(*code);
        }
        office
    }

    /// The office of `code` in somebody else's database, with carriers that work.
    pub fn beside((database, clock): (&TestDatabase, &Arc<FixedClock>), code: TenantCode) -> Self {
        let carriers = (Arc::default(), two_ports());
        let vault = database.vault(clock.now());
        let office = Self {
            clock: clock.clone(),
            ..Self::of(database, vault, vec![code], carriers)
        };
        open_net(office.ports, &office.net);
        office
    }

    /// The office of `codes` in a database with a vault and carriers of its own.
    pub fn of(
        database: &TestDatabase,
        vault: Vault,
        codes: Vec<TenantCode>,
        (net, ports): (Arc<Net>, (u16, u16)),
    ) -> Self {
        Self {
            url: database.url().to_owned(),
            vault,
            _database: None,
            clock: FixedClock::at("2026-11-20T02:00:00Z"),
            codes,
            net,
            ports,
        }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// A connection of the schema's owner.
    pub fn owner(&self) -> PgConnection {
        connect_as_owner(&self.url).unwrap()
    }

    /// Somebody with a telephone and an e-mail address becomes the head of `code`.
    pub fn move_in(&self, code: TenantCode) -> PersonId {
        let (id, now) = (PersonId::fresh(), self.clock.now());
        let known = Particulars {
            name: PersonName::new(None, Some(NAME.parse().unwrap())).unwrap(),
            document: None,
            symbols: None,
            birth_date: Some("1980-05-06".parse().unwrap()),
            sex: Some(Sex::Male),
            phone: Some(PHONE.parse().unwrap()),
            email: Some(EMAIL.parse().unwrap()),
        };
        let draft = people::draft(&self.vault, id, &known, now).unwrap();
        let stay = Membership {
            id: MembershipId::fresh(),
            person: id,
            household: code,
            role: MemberRole::Head,
            starts_on: "2020-01-01".parse().unwrap(),
            ends_on: None,
            end_reason: None,
            recorded_at: now,
            end_recorded_at: None,
            version: 1,
        };
        people::add_drafts(&mut self.owner(), vec![draft], &[stay]).unwrap();
        id
    }

    pub fn connect(&self) -> PgConnection {
        connect(&self.url).unwrap()
    }

    /// The first household paid, and it is written down.
    pub fn paid(&self, amount: &str) -> Uuid {
        let (id, event) = (Uuid::now_v7(), payment(amount));
        self.say(|conn| outbox::say(conn, (self.codes[0], id), &event, self.clock.now()));
        id
    }

    /// The bank of the first household refused: told by text message and by e-mail.
    pub fn refused(&self) -> Uuid {
        let id = Uuid::now_v7();
        let event = AutopayRefused {
            amount: "2364.00".parse().unwrap(),
            due_on: "2026-11-02".parse().unwrap(),
        };
        self.say(|conn| outbox::say(conn, (self.codes[0], id), &event, self.clock.now()));
        id
    }

    pub fn say(&self, say: impl FnOnce(&mut PgConnection) -> Result<(), DbError>) {
        transact(&mut self.connect(), say).unwrap();
    }

    pub fn draft(&self) -> usize {
        let rules = RuleShelf::default();
        messages::draft(&mut self.connect(), &rules, self.clock.now()).unwrap()
    }

    /// Drafts what happened and delivers what is due; how many messages were taken.
    pub fn work(&self) -> usize {
        while self.draft() > 0 {}
        self.deliver(&carriers(self.ports)).unwrap()
    }

    pub fn deliver(&self, carriers: &Carriers) -> Result<usize, MessageError> {
        let desk = Desk {
            vault: &self.vault,
            carriers,
            clock: &*self.clock,
            draw: &|| u16::MAX,
        };
        messages::deliver(&mut self.connect(), &desk, 1_000)
    }

    pub fn later(&self, wait: TimeDelta) {
        self.clock.advance(wait.num_seconds());
    }

    pub fn count(&self, from: &str) -> i64 {
        count(&mut self.owner(), from)
    }

    /// State and reason of each message, by medium.
    pub fn states(&self) -> Vec<(String, String, String)> {
        self.rows("SELECT medium, state, coalesce(reason, '') FROM message ORDER BY medium, id")
    }

    pub fn rows(&self, sql: &str) -> Vec<(String, String, String)> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            a: String,
            #[diesel(sql_type = Text)]
            b: String,
            #[diesel(sql_type = Text)]
            c: String,
        }
        let sql = format!("SELECT * FROM ({sql}) AS row (a, b, c)");
        let rows: Vec<Row> = diesel::sql_query(sql).load(&mut self.owner()).unwrap();
        rows.into_iter().map(|row| (row.a, row.b, row.c)).collect()
    }

    pub fn execute(&self, sql: &str) {
        execute(&mut self.owner(), sql).unwrap();
    }
}

pub fn payment(amount: &str) -> PaymentReceived {
    PaymentReceived {
        channel: Channel::Store,
        amount: amount.parse().unwrap(),
        paid_on: "2026-11-19".parse().unwrap(),
    }
}

pub fn told(rows: &[(String, String, String)]) -> Vec<(&str, &str, &str)> {
    rows.iter()
        .map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str()))
        .collect()
}
