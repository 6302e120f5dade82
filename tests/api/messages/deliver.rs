//! Delivery: once for each event and medium, whoever dies, is away or refuses.

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::TimeDelta;
use kaifong::kernel::clock::Clock;
use kaifong::kernel::watch::Unwatched;
use kaifong::messages::{self, Carrier, Carriers, Deliver, Letter, Receipt, Refusal};
use kaifong::payments::files::{Characters, write};
use kaifong::payments::{Channel, PaymentVoided, Shelf, intake, posting};
use kaifong::platform::auth::Actor;
use kaifong::platform::db::execute;
use kaifong::platform::jobs::Job;
use kaifong::platform::outbox;
use kaifong::rent::{self, RuleShelf, hkd};
use uuid::Uuid;

use super::office::{EMAIL, Office, PHONE, carriers, open_net, payment, told};
use crate::payments::office::line;
use crate::support::fixture::waiting_jobs;

#[test]
fn what_happened_is_told_once_by_each_medium() {
    let office = Office::open();
    let id = office.paid("2364.00");
    assert_eq!(office.work(), 2);
    let [mail] = &office.net.by("email")[..] else {
        panic!("{:?}", office.net.caught());
    };
    assert_eq!(mail.to, EMAIL);
    assert_eq!(mail.subject, "已收到租金 Rent received");
    assert!(mail.id.ends_with("@housing.example>"), "{}", mail.id);
    for said in [
        "金額：HK$2,364.00",
        "途徑：便利店",
        "----",
        "Amount: HK$2,364.00",
    ] {
        assert!(mail.text.contains(said), "{said}: {}", mail.text);
    }
    let [push] = &office.net.by("push")[..] else {
        panic!("{:?}", office.net.caught());
    };
    assert_eq!(push.to, office.codes[0].to_string());
    assert!(
        push.text
            .starts_with("街坊：收到11月19日經便利店繳交的HK$2,364.00")
    );

    // Said again, and looked for again.
    let event = payment("2364.00");
    let now = office.clock.now();
    office.say(|conn| outbox::say(conn, (office.codes[0], id), &event, now));
    assert_eq!(office.work(), 0);
    assert_eq!(office.net.caught().len(), 2);
    assert_eq!(office.count("outbox_event"), 1);
    let ids = "message m WHERE receipt IN ('smtp 250', 'caught ' || m.id) AND state = 'sent'";
    assert_eq!(office.count(ids), 2);
}

/// Whoever rather hears nothing of payments hears that one counts no more.
#[test]
fn a_void_is_told_once_by_each_medium_whatever_the_household_chose() {
    let office = Office::open();
    let (id, now) = (Uuid::now_v7(), office.clock.now());
    let chosen = format!(
        "INSERT INTO message_choice VALUES ({}, 'en', '{{payment.received}}', 1, 'one', now())",
        office.codes[0].number()
    );
    execute(&mut office.owner(), &chosen).unwrap();
    let voided = PaymentVoided {
        receipt: "001-2026-000001".to_owned(),
        amount: "2364.00".parse().unwrap(),
        paid_on: "2026-11-20".parse().unwrap(),
    };
    for _ in 0..2 {
        office.say(|conn| outbox::say(conn, (office.codes[0], id), &voided, now));
        office.work();
    }
    for medium in ["sms", "email", "push"] {
        let [told] = &office.net.by(medium)[..] else {
            panic!("{medium}: {:?}", office.net.caught());
        };
        assert!(told.text.contains("001-2026-000001"), "{}", told.text);
        assert!(told.text.contains("HK$2,364.00"), "{}", told.text);
    }
    assert_eq!(office.count("message WHERE kind = 'payment.voided'"), 3);
}

#[test]
fn a_text_message_goes_to_the_heads_telephone_and_its_parts_are_counted() {
    let office = Office::open();
    office.refused();
    assert_eq!(office.work(), 2);
    let [sms] = &office.net.by("sms")[..] else {
        panic!("{:?}", office.net.caught());
    };
    assert_eq!(sms.to, PHONE);
    assert!(sms.text.contains("HK$2,364.00") && sms.text.contains("\nKaifong: your bank"));
    assert_eq!(
        office.count("message WHERE medium = 'sms' AND parts = 3"),
        1
    );
    // Each reading of an address is on record, by field.
    for field in ["phone", "email"] {
        let viewed = format!(
            "audit_entry WHERE action = 'record.viewed' AND actor = 'kaifong:messages' \
             AND fields = '{{{field}}}' AND purpose = 'tenancy_matter'"
        );
        assert_eq!(office.count(&viewed), 1, "{field}");
    }
}

#[test]
fn two_workers_at_once_send_each_message_once() {
    let office = Office::without_carriers(8);
    open_net(office.ports, &office.net);
    for number in 0..40 {
        let code = office.codes[number % 8];
        let event = payment("10.00");
        let now = office.clock.now();
        office.say(|conn| outbox::say(conn, (code, Uuid::now_v7()), &event, now));
    }
    office.execute("UPDATE message_terms SET daily_cap = 1000");
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| while office.work() > 0 {});
        }
    });
    while office.work() > 0 {}
    let mut times: BTreeMap<String, u32> = BTreeMap::new();
    for caught in office.net.caught() {
        *times.entry(caught.id).or_default() += 1;
    }
    assert_eq!(times.len(), 80);
    assert!(times.values().all(|times| *times == 1), "{times:?}");
    assert_eq!(
        office.count("message WHERE state = 'sent' AND attempts = 1"),
        80
    );
}

/// Sends, and dies before it can say so.
struct Dies(Arc<dyn Carrier>);

impl Carrier for Dies {
    fn send(&self, letter: &Letter) -> Result<Receipt, Refusal> {
        self.0.send(letter).unwrap();
        panic!("killed between sending and recording");
    }
}

#[test]
fn who_dies_between_sending_and_recording_sends_again_under_the_same_id() {
    let office = Office::open();
    office.paid("2364.00");
    office.draft();
    let mail = carriers(office.ports).mail.unwrap();
    let dying = Carriers {
        mail: Some(Arc::new(Dies(mail))),
        gateway: None,
    };
    catch_unwind(AssertUnwindSafe(|| office.deliver(&dying))).unwrap_err();
    assert_eq!(
        office.count("message WHERE state = 'waiting' AND attempts = 1"),
        1
    );
    // Whoever has it may be alive yet.
    office.later(TimeDelta::minutes(9));
    assert_eq!(
        office.deliver(&carriers(office.ports)).unwrap(),
        1,
        "the other one"
    );
    office.later(TimeDelta::minutes(1));
    assert_eq!(office.deliver(&carriers(office.ports)).unwrap(), 1);
    let [first, again] = &office.net.by("email")[..] else {
        panic!("{:?}", office.net.caught());
    };
    assert_eq!(first, again);
    assert_eq!(
        office.count("message WHERE state = 'sent' AND attempts = 2"),
        1
    );
}

#[test]
fn a_carrier_that_was_away_is_tried_again_later() {
    let office = Office::without_carriers(1);
    office.refused();
    assert_eq!(office.work(), 2);
    assert_eq!(
        told(&office.states()),
        [
            ("email", "waiting", "smtp away"),
            ("sms", "waiting", "http away")
        ]
    );
    open_net(office.ports, &office.net);
    office.later(TimeDelta::seconds(59));
    assert_eq!(office.work(), 0);
    office.later(TimeDelta::seconds(1));
    assert_eq!(office.work(), 2);
    assert_eq!(
        told(&office.states()),
        [("email", "sent", ""), ("sms", "sent", "")]
    );
    assert_eq!(office.net.caught().len(), 2);
}

/// Refuses whatever it is given, and counts it.
struct Refuses(Refusal, AtomicU32);

impl Carrier for Refuses {
    fn send(&self, _: &Letter) -> Result<Receipt, Refusal> {
        self.1.fetch_add(1, Ordering::Relaxed);
        Err(self.0.clone())
    }
}

#[test]
fn a_message_that_is_refused_too_often_is_given_up_and_somebody_is_told() {
    let office = Office::without_carriers(1);
    office.execute("UPDATE message_terms SET attempts = 2");
    office.refused();
    office.draft();
    let refuses: Arc<dyn Carrier> = Arc::new(Refuses(
        Refusal::Later("http 503".to_owned()),
        AtomicU32::new(0),
    ));
    let carriers = Carriers {
        mail: Some(refuses.clone()),
        gateway: Some(refuses),
    };
    assert_eq!(office.deliver(&carriers).unwrap(), 2);
    office.later(TimeDelta::minutes(1));
    assert_eq!(office.deliver(&carriers).unwrap(), 2);
    assert_eq!(
        told(&office.states()),
        [("email", "dead", "http 503"), ("sms", "dead", "http 503")]
    );
    assert_eq!(
        office.count("audit_entry WHERE action = 'messages.dead'"),
        2
    );
    office.later(TimeDelta::hours(1));
    assert_eq!(office.deliver(&carriers).unwrap(), 0, "the dead rest");
}

#[test]
fn a_carrier_that_is_away_is_asked_once_and_no_message_is_the_worse_for_it() {
    let office = Office::without_carriers(3);
    let working = carriers(office.ports);
    open_net(office.ports, &office.net);
    // Each is told by the app and by e-mail.
    for code in &office.codes {
        let (event, now) = (payment("10.00"), office.clock.now());
        office.say(|conn| outbox::say(conn, (*code, Uuid::now_v7()), &event, now));
    }
    while office.draft() > 0 {}
    let away = Arc::new(Refuses(
        Refusal::Away("http away".to_owned()),
        AtomicU32::new(0),
    ));
    let without = Carriers {
        mail: working.mail.clone(),
        gateway: Some(away.clone()),
    };
    for _ in 0..20 {
        office.deliver(&without).unwrap();
        office.later(TimeDelta::minutes(2));
    }
    assert_eq!(away.1.load(Ordering::Relaxed), 20, "once a job");
    assert_eq!(
        office.count("message WHERE state = 'sent'"),
        3,
        "the e-mails"
    );
    let untouched = "message WHERE medium = 'push' AND state = 'waiting' AND attempts = 0 \
         AND tried_at IS NULL";
    assert_eq!(office.count(untouched), 3);
    // It comes back, and carries all of them.
    assert_eq!(office.deliver(&working).unwrap(), 3);
    assert_eq!(office.net.by("push").len(), 3);
}

#[test]
fn an_address_that_is_refused_is_dead_at_once_and_the_others_go_on() {
    let office = Office::open();
    office.net.refuse(EMAIL);
    office.refused();
    assert_eq!(office.work(), 2);
    assert_eq!(
        told(&office.states()),
        [("email", "dead", "smtp 550"), ("sms", "sent", "")]
    );
    assert_eq!(
        office.count("audit_entry WHERE action = 'messages.dead'"),
        1
    );
    office.net.refuse(PHONE);
    office.refused();
    assert_eq!(office.work(), 2);
    assert_eq!(
        office.count("message WHERE state = 'dead' AND reason = 'http 422'"),
        1
    );
}

#[test]
fn nobody_is_disturbed_at_night() {
    let office = Office::open();
    office.refused();
    office.clock.set("2026-11-20T13:00:00Z");
    assert_eq!(office.work(), 0);
    office.clock.set("2026-11-21T00:59:59Z");
    assert_eq!(office.work(), 0);
    office.clock.set("2026-11-21T01:00:00Z");
    assert_eq!(office.work(), 2);
}

#[test]
fn a_household_is_sent_so_many_messages_a_day_and_the_rest_tomorrow() {
    let office = Office::open();
    for _ in 0..4 {
        office.paid("1.00");
    }
    assert_eq!(office.work(), 8);
    assert_eq!(office.net.caught().len(), 6);
    let tomorrow = "message WHERE state = 'waiting' AND attempts = 0 \
                    AND due_at = '2026-11-21T01:00:00Z'";
    assert_eq!(office.count(tomorrow), 2);
    office.clock.set("2026-11-21T01:00:00Z");
    assert_eq!(office.work(), 2);
    assert_eq!(office.net.caught().len(), 8);
}

#[test]
fn messages_wait_for_a_carrier_that_is_not_set_until_they_are_of_no_use() {
    let office = Office::open();
    office.refused();
    office.draft();
    assert_eq!(office.deliver(&Carriers::default()).unwrap(), 0);
    assert_eq!(
        told(&office.states()),
        [("email", "waiting", ""), ("sms", "waiting", "")]
    );
    let mail = Carriers {
        gateway: None,
        ..carriers(office.ports)
    };
    assert_eq!(office.deliver(&mail).unwrap(), 1);
    office.later(TimeDelta::days(7));
    assert_eq!(office.deliver(&Carriers::default()).unwrap(), 0);
    assert_eq!(
        told(&office.states()),
        [("email", "sent", ""), ("sms", "stale", "")]
    );
    assert_eq!(office.work(), 0);
    assert_eq!(office.net.caught().len(), 1);
}

#[test]
fn where_nobody_lives_or_no_address_is_known_it_is_said_so() {
    let office = Office::open();
    office.refused();
    office.execute(
        "UPDATE membership SET ends_on = '2026-11-19', end_reason = 'moved_out', end_recorded_at = now()",
    );
    assert_eq!(office.work(), 2);
    let nobody = "no address on record";
    assert_eq!(
        told(&office.states()),
        [
            ("email", "unaddressed", nobody),
            ("sms", "unaddressed", nobody)
        ]
    );
    // The app is reached by the household's code alone.
    office.paid("1.00");
    office.work();
    assert_eq!(office.net.by("push").len(), 1);
    assert_eq!(office.net.caught().len(), 1);
}

#[test]
fn what_cannot_be_read_holds_up_nobody_else() {
    let office = Office::open();
    office.execute(&format!(
        "INSERT INTO outbox_event VALUES ('autopay.refused', gen_random_uuid(), {}, '{{\"a\": 1}}', \
         '2026-11-20T01:00:00Z')",
        office.codes[0].number()
    ));
    office.refused();
    office.work();
    assert_eq!(
        office.count("message WHERE state = 'dead' AND reason = 'the event does not read'"),
        2
    );
    assert_eq!(office.count("message WHERE state = 'sent'"), 2);
    // A telephone that was sealed for another place does not open.
    office.execute("UPDATE person SET phone = name_en");
    office.refused();
    assert_eq!(office.work(), 2);
    let unread = "message WHERE state = 'waiting' AND attempts = 1 AND tried_at IS NULL \
                  AND reason = 'the address cannot be read'";
    assert_eq!(office.count(unread), 2);
    assert_eq!(office.count("message WHERE state = 'sent'"), 2);
}

#[test]
fn a_payment_in_a_settlement_file_is_told_with_what_is_due_then() {
    let office = Office::open();
    let one = office.codes[0];
    let lines = [
        line(1, "S-1", &one, "364.00"),
        line(2, "S-2", &"1000000019", "50.00"),
        line(3, "S-1", &one, "364.00"),
    ];
    let date = "2026-11-20".parse().unwrap();
    let bytes = write((Channel::Store, date, 1), Characters::Utf8, &lines).unwrap();
    let folder = std::env::temp_dir().join(Uuid::now_v7().to_string());
    fs::create_dir(&folder).unwrap();
    let path = folder.join("takings.txt");
    fs::write(&path, bytes).unwrap();
    let (conn, actor) = (&mut office.connect(), Actor::program("test"));
    let now = office.clock.now();
    let kept_in = Shelf::of(&folder, 1 << 30, &office.vault);
    let file = (path.as_path(), "takings.txt");
    intake::receive(conn, &kept_in, file, &actor, now).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    let (door, clock) = ((&mut *conn, office.url()), office.clock.as_ref());
    posting::post_waiting(door, Channel::Store, &actor, clock, &Unwatched).unwrap();
    // One event for all of them, whatever they are.
    assert_eq!(office.count("outbox_event WHERE household IS NULL"), 1);
    assert_eq!(office.count("outbox_event"), 1);
    messages::timetable(conn, now).unwrap();
    assert_eq!(waiting_jobs(&mut office.owner(), Deliver::KIND).len(), 1);
    assert_eq!(office.work(), 2);
    // Money in suspense is nobody's news, and a duplicate is none.
    let told = "outbox_event e JOIN payment p ON p.id = e.subject AND p.household = e.household";
    assert_eq!((office.count(told), office.count("outbox_event")), (1, 2));
    let due = rent::overview(conn, &RuleShelf::default(), one, now).unwrap();
    let due = hkd(due.this_month.due);
    let push = &office.net.by("push")[0].text;
    let said = format!(
        "街坊：收到11月20日經便利店繳交的HK$364.00（戶口尾號{}）。尚欠{due}。",
        &one.to_string()[6..]
    );
    assert!(push.starts_with(&said), "{said}: {push}");
}

#[test]
fn an_event_that_does_not_read_keeps_what_it_tells_and_holds_up_nobody() {
    let office = Office::open();
    office.execute(
        "INSERT INTO outbox_event (kind, subject, household, detail, said_at) \
         VALUES ('payments.posted', gen_random_uuid(), NULL, '{\"of\": \"another time\"}', \
                 '2026-11-19T00:00:00Z')",
    );
    let file = write(
        (Channel::Store, "2026-11-20".parse().unwrap(), 1),
        Characters::Utf8,
        &[line(1, "S-1", &office.codes[0], "10.00")],
    );
    let folder = std::env::temp_dir().join(format!("posted-{}", Uuid::now_v7()));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("takings.txt");
    fs::write(&path, file.unwrap()).unwrap();
    office.clock.set("2026-11-20T12:00:00Z");
    let (actor, now) = (Actor::program("test"), office.clock.now());
    let mut conn = office.connect();
    let shelf = Shelf::of(&folder, 1 << 20, &office.vault);
    intake::receive(&mut conn, &shelf, (&path, "takings.txt"), &actor, now).unwrap();
    let door = (&mut conn, office.url());
    posting::post_waiting(door, Channel::Store, &actor, &now, &Unwatched).unwrap();
    while office.draft() > 0 {}
    assert_eq!(office.count("message WHERE kind = 'payment.received'"), 2);
    let unread = "outbox_event WHERE kind = 'payments.posted' AND read_at IS NULL";
    assert_eq!(office.count(unread), 1, "for a program that reads it");
    fs::remove_dir_all(folder).unwrap();
}
