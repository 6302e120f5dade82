//! News that comes at the same time, taken together: as if one after the other.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use futures_util::future::{join, join_all};
use kaifong::kernel::clock::Clock;
use kaifong::kernel::tenant_code::TenantCode;
use kaifong::payments::{
    Channel, News, Nonce, Notice, NoticeOutcome, NoticeState, Told, enter_told, take_all,
};
use kaifong::platform::auth::Actor;
use kaifong::platform::db::{connect, execute, transact};
use serde_json::Value;
use uuid::Uuid;

use super::notices::{Program, notice};
use crate::door::until_blocked;
use crate::support::{TestDatabase, count, dice, start, world};

/// Households of each side.
const HOMES: usize = 3;
const CASES: u32 = 25;

/// One of two who are told the same: every name of it begins with its own word.
struct Side<'a> {
    word: String,
    homes: &'a [TenantCode],
    clients: [Uuid; 3],
}

/// A piece of news, whoever is told.
#[derive(Debug, Clone, Copy)]
struct Piece {
    client: usize,
    channel: Channel,
    event: u64,
    reference: u64,
    nonce: u64,
    state: NoticeState,
    /// A household, or nobody.
    account: usize,
    amount: &'static str,
    instructed_at: &'static str,
}

impl Piece {
    fn roll(dice: &mut impl FnMut(u64) -> u64, number: u64) -> Self {
        let mut one_of =
            |sides: usize| usize::try_from(dice(u64::try_from(sides).unwrap())).unwrap();
        let channels = [
            Channel::Store,
            Channel::Store,
            Channel::Pps,
            // It is closed.
            Channel::Mtr,
        ];
        let amounts = ["10.00", "10.00", "10.00", "20.00", "0.00"];
        let times = ["2026-11-20T02:00:00Z"; 9].into_iter();
        let times: Vec<_> = times.chain(["2026-11-21T02:00:00Z"]).collect();
        let states = [NoticeState::Paid; 6].into_iter();
        let states: Vec<_> = states.chain(NoticeState::ALL.iter().copied()).collect();
        let (client, channel) = (one_of(5).saturating_sub(2), channels[one_of(4)]);
        let (state, reference) = (states[one_of(states.len())], one_of(6));
        // Mostly what was told of the payment before.
        let account = if one_of(5) == 0 {
            one_of(HOMES + 1)
        } else {
            reference % (HOMES + 1)
        };
        let (amount, instructed_at) = (amounts[one_of(amounts.len())], times[one_of(10)]);
        Self {
            client,
            channel,
            event: dice(30),
            reference: u64::try_from(reference).unwrap(),
            nonce: if dice(8) == 0 {
                dice(number + 1)
            } else {
                number
            },
            state,
            account,
            amount,
            instructed_at,
        }
    }
}

impl Side<'_> {
    fn news(&self, piece: &Piece) -> News {
        let client = self.clients[piece.client];
        let account = self.homes.get(piece.account);
        News {
            nonce: Nonce {
                key: client.to_string(),
                nonce: format!("{}n{}", self.word, piece.nonce),
            },
            notice: Notice {
                channel: piece.channel,
                event: format!("{}e{}", self.word, piece.event),
                client,
                reference: format!("{}r{}", self.word, piece.reference),
                state: piece.state,
                account: account.map_or_else(|| "nobody".to_owned(), ToString::to_string),
                amount: piece.amount.parse().unwrap(),
                instructed_at: piece.instructed_at.parse().unwrap(),
                place: "7-Eleven".to_owned(),
                outcome: NoticeOutcome::Noted,
                received_at: DateTime::UNIX_EPOCH,
            },
            actor: Actor::named(&format!("client:{client}")),
        }
    }

    /// Takes `pieces` in one transaction; what each led to, without the side's own word.
    fn take(&self, conn: &mut PgConnection, pieces: &[Piece], now: DateTime<Utc>) -> Vec<String> {
        let news: Vec<News> = pieces.iter().map(|piece| self.news(piece)).collect();
        let taken = transact(conn, |conn| take_all(conn, &news, now)).unwrap();
        assert_eq!(taken.len(), pieces.len());
        let answers = taken.into_iter().zip(&news).map(|(answer, news)| {
            let said = match answer {
                Ok(kept) => {
                    assert_eq!((&kept.event, kept.received_at), (&news.notice.event, now));
                    format!("{} {} {}", kept.client, kept.amount, kept.outcome)
                }
                Err(error) => format!("{error:?}"),
            };
            said.replace(&self.word, "")
        });
        answers.collect()
    }

    /// What it made of payments, news and signatures, without the side's own word.
    fn rows(&self, conn: &mut PgConnection) -> Vec<String> {
        let first = self.homes[0].number();
        let of = |columns: &str, table: &str, named: &str| {
            format!(
                "SELECT '{table} ' || concat_ws(' ', {columns}) AS said FROM {table} \
                 WHERE {named} LIKE '%{}%'",
                self.word
            )
        };
        let all = [
            of(
                &format!("channel, reference, amount, household - {first}, value_on, told_by"),
                "payment",
                "reference",
            ),
            of(
                "channel, event, reference, client, state, outcome",
                "payment_notice",
                "event",
            ),
            of("key, nonce", "request_nonce", "nonce"),
            of("action, actor, subject", "audit_entry", "subject"),
        ];
        let sql = format!(
            "SELECT replace(said, '{}', '') FROM ({}) AS one ORDER BY 1",
            self.word,
            all.join(" UNION ALL ")
        );
        diesel::dsl::sql::<Text>(&sql).load(conn).unwrap()
    }

    /// Each household's balance, and how often it was told of a payment.
    fn balances(&self, conn: &mut PgConnection) -> Vec<String> {
        let sql = format!(
            "SELECT concat_ws(' ', balance, \
                 (SELECT sum(amount) FROM ledger_transfer WHERE credit = r.household), \
                 (SELECT count(*) FROM outbox_event o WHERE o.household = r.household)) \
             FROM rent_account r WHERE household BETWEEN {} AND {} ORDER BY household",
            self.homes[0].number(),
            self.homes[HOMES - 1].number()
        );
        diesel::dsl::sql::<Text>(&sql).load(conn).unwrap()
    }
}

/// Programs of which the first speaks for stores and others, the second for one, the third for none.
fn programs(conn: &mut PgConnection) -> [Uuid; 3] {
    let clients = [(); 3].map(|()| Uuid::new_v4());
    for (client, channel) in [(0, "store"), (0, "pps"), (0, "mtr"), (1, "pps")] {
        let client = clients[client];
        let row =
            format!("INSERT INTO channel_client VALUES ('{client}', '{channel}', 'one', now())");
        execute(conn, &row).unwrap();
    }
    clients
}

/// The reference that was paid otherwise before any news of it.
fn pay(conn: &mut PgConnection, side: &Side<'_>, now: DateTime<Utc>) {
    let told = Told {
        reference: format!("{}r0", side.word),
        account: side.homes[0].to_string(),
        amount: "10.00".parse().unwrap(),
        instructed_at: "2026-11-20T02:00:00Z".parse().unwrap(),
        place: String::new(),
    };
    let actor = Actor::program("test");
    enter_told(conn, Channel::Store, vec![told], &actor, now).unwrap();
}

#[test]
fn together_it_comes_to_what_it_comes_to_one_by_one() {
    let database = TestDatabase::create();
    let codes = world::settle(&database, 2 * i32::try_from(HOMES).unwrap());
    let clients = programs(&mut database.connect());
    let mut conn = connect(database.url()).unwrap();
    let (mut dice, mut heard) = (dice(20_261_122), Vec::new());
    for case in 0..CASES {
        let now: DateTime<Utc> = "2026-11-20T12:00:00Z".parse().unwrap();
        let side = |word: &str, at: usize| Side {
            word: format!("{word}{case:03}"),
            homes: &codes[at..at + HOMES],
            clients,
        };
        let (together, apart) = (side("tog", 0), side("apa", HOMES));
        if dice(2) == 0 {
            pay(&mut conn, &together, now);
            pay(&mut conn, &apart, now);
        }
        let pieces = 1 + dice(40);
        let pieces: Vec<Piece> = (0..pieces).map(|n| Piece::roll(&mut dice, n)).collect();
        let (mut rest, mut of_all, mut of_each) = (&pieces[..], Vec::new(), Vec::new());
        while !rest.is_empty() {
            let many = usize::try_from(1 + dice(16)).unwrap().min(rest.len());
            of_all.extend(together.take(&mut conn, &rest[..many], now));
            rest = &rest[many..];
        }
        for piece in &pieces {
            of_each.extend(apart.take(&mut conn, std::slice::from_ref(piece), now));
        }
        for (piece, (together, apart)) in pieces.iter().zip(of_all.iter().zip(&of_each)) {
            assert_eq!(together, apart, "case {case}: {piece:?} of {pieces:#?}");
        }
        let (rows, alone) = (together.rows(&mut conn), apart.rows(&mut conn));
        assert_eq!(rows, alone, "case {case}: {pieces:#?}");
        assert_eq!(
            together.balances(&mut conn),
            apart.balances(&mut conn),
            "case {case}"
        );
        heard.extend(of_all);
    }
    // The dice showed every side.
    for word in [
        "posted",
        "suspense",
        "duplicate",
        "noted",
        "contradicts",
        "Replayed",
        "NotItsChannel",
        "EventTaken",
        "Unfit",
        "Closed",
    ] {
        assert!(heard.iter().any(|one| one.contains(word)), "{word}");
    }
}

/// Two that hold the same payments must begin with the same: who waits for the first holds none
/// of the others.
#[test]
fn payments_are_held_in_one_order() {
    let database = TestDatabase::create();
    let codes = world::settle(&database, 3);
    let clients = programs(&mut database.connect());
    let side = Side {
        word: "one".to_owned(),
        homes: &codes,
        clients,
    };
    let mut conn = database.connect();
    let place = |number: u64| format!("hashtext('store/oner{number}')");
    let places = (0..9).map(|number| {
        format!(
            "SELECT {number}::text AS number, {} AS place",
            place(number)
        )
    });
    let sql = format!(
        "SELECT number FROM ({}) AS one ORDER BY place",
        places.collect::<Vec<_>>().join(" UNION ALL ")
    );
    let sorted: Vec<String> = diesel::dsl::sql::<Text>(&sql).load(&mut conn).unwrap();
    let sorted: Vec<u64> = sorted
        .iter()
        .map(|number| number.parse().unwrap())
        .collect();
    // Another holds the first of them; it comes last.
    let hold = format!(
        "BEGIN; SELECT pg_advisory_xact_lock(7210853, {})",
        place(sorted[0])
    );
    execute(&mut conn, &hold).unwrap();
    let pieces: Vec<Piece> = sorted.iter().rev().map(|number| paid(*number)).collect();
    std::thread::scope(|scope| {
        let taking = scope.spawn(|| {
            let mut conn = connect(database.url()).unwrap();
            side.take(&mut conn, &pieces, "2026-11-20T12:00:00Z".parse().unwrap())
        });
        actix_web::rt::System::new().block_on(until_blocked(&database));
        let mut other = database.connect();
        for number in &sorted[1..] {
            let sql = format!("pg_try_advisory_lock(7210853, {})", place(*number));
            let free: bool = diesel::select(diesel::dsl::sql::<Bool>(&sql))
                .get_result(&mut other)
                .unwrap();
            assert!(free, "{number}");
        }
        execute(&mut other, "SELECT pg_advisory_unlock_all()").unwrap();
        execute(&mut conn, "COMMIT").unwrap();
        let answers = taking.join().unwrap();
        assert!(
            answers.iter().all(|one| one.ends_with("posted")),
            "{answers:?}"
        );
    });
}

/// Good news of a payment.
fn paid(number: u64) -> Piece {
    Piece {
        client: 0,
        channel: Channel::Store,
        event: number,
        reference: number,
        nonce: number,
        state: NoticeState::Paid,
        account: 0,
        amount: "10.00",
        instructed_at: "2026-11-20T02:00:00Z",
    }
}

#[actix_web::test]
async fn many_at_once_are_few_transactions() {
    let app = start().await;
    app.clock.set("2026-11-20T12:00:00Z");
    let code = world::settle(&app.database, 1)[0];
    let program = Program::of(&mut app.database.connect());
    let told = (0..48).map(|number| {
        let told = notice(
            &format!("e-{number}"),
            &format!("N-{number}"),
            "paid",
            &code,
        );
        app.send(program.tells(&told, app.clock.now()))
    });
    for answer in join_all(told).await {
        assert_eq!(answer.expect(200)["outcome"], "posted");
    }
    let mut conn = app.database.connect();
    assert_eq!(count(&mut conn, "payment"), 48);
    let transactions = count(
        &mut conn,
        "(SELECT DISTINCT xmin::text FROM payment) AS one",
    );
    assert!(transactions <= 24, "{transactions}");
}

/// Told while a program of ours enters the same payment by another way.
#[actix_web::test]
async fn who_comes_second_is_told_so_with_its_company() {
    let app = start().await;
    app.clock.set("2026-11-20T12:00:00Z");
    let codes = world::settle(&app.database, 3);
    let program = Program::of(&mut app.database.connect());
    let side = Side {
        word: "N-".to_owned(),
        homes: &codes,
        clients: [Uuid::nil(); 3],
    };
    let mut other = app.database.connect();
    execute(&mut other, "BEGIN").unwrap();
    pay(&mut other, &side, app.clock.now());
    let told = (0..9).map(|number| {
        let told = notice(
            &format!("e-{number}"),
            &format!("N-r{number}"),
            "paid",
            &codes[0],
        );
        app.send(program.tells(&told, app.clock.now()))
    });
    let (answers, ()) = join(join_all(told), async {
        until_blocked(&app.database).await;
        execute(&mut other, "COMMIT").unwrap();
    })
    .await;
    let outcomes: Vec<Value> = answers
        .into_iter()
        .map(|answer| answer.expect(200)["outcome"].clone())
        .collect();
    assert_eq!(outcomes[0], "duplicate");
    assert!(
        outcomes[1..].iter().all(|one| one == "posted"),
        "{outcomes:?}"
    );
    assert_eq!(count(&mut other, "payment"), 9);
}

#[actix_web::test]
async fn what_the_database_refuses_spoils_nothing_else() {
    let app = start().await;
    app.clock.set("2026-11-20T12:00:00Z");
    let code = world::settle(&app.database, 1)[0];
    let program = Program::of(&mut app.database.connect());
    let mut owner = app.database.connect();
    execute(
        &mut owner,
        "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN RAISE EXCEPTION 'it is spoilt'; END $$; \
         CREATE TRIGGER spoil BEFORE INSERT ON payment FOR EACH ROW \
         WHEN (NEW.reference = 'N-7') EXECUTE FUNCTION spoil()",
    )
    .unwrap();
    let told = (0..30).map(|number| {
        let told = notice(
            &format!("e-{number}"),
            &format!("N-{number}"),
            "paid",
            &code,
        );
        app.send(program.tells(&told, app.clock.now()))
    });
    for (number, answer) in join_all(told).await.into_iter().enumerate() {
        assert_eq!(answer.status.as_u16(), if number == 7 { 500 } else { 200 });
    }
    assert_eq!(count(&mut owner, "payment"), 29);
    assert_eq!(count(&mut owner, "payment_notice"), 29);
    assert_eq!(count(&mut owner, "request_nonce"), 29);
}
