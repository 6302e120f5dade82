//! Who still owes is reminded once a month, of the quote's own figure.

use std::sync::Arc;

use kaifong::kernel::clock::Clock;
use kaifong::kernel::watch::Unwatched;
use kaifong::messages::{self, Deliver, RemindDue};
use kaifong::platform::db::transact;
use kaifong::platform::jobs::Job;
use kaifong::rent::{self, RentError, RuleShelf, RunOrder, hkd};

use super::office::{Office, open_net};
use crate::support::fixture::waiting_jobs;

#[test]
fn who_still_owes_is_reminded_once_a_month_with_the_quotes_figure() {
    let office = Office::without_carriers(3);
    open_net(office.ports, &office.net);
    let month = "2026-11".parse().unwrap();
    let order = RunOrder {
        month,
        revise: false,
        rehearse: false,
    };
    let clock: Arc<dyn Clock> = office.clock.clone();
    let url = office.url();
    rent::run(url, &clock, order, &Unwatched).unwrap();
    let [one, two, three] = office.codes[..] else {
        panic!("three households");
    };
    // One has paid before, another pays after the reminder is written.
    pay(&office, two);
    let queued = |kind| waiting_jobs(&mut office.owner(), kind).len();
    let timetable = || messages::timetable(&mut office.connect(), office.clock.now()).unwrap();
    office.clock.set("2026-11-22T15:59:59Z");
    timetable();
    assert_eq!(queued(RemindDue::KIND), 0);
    // Monday the 23rd: five working days before the end of the 30th.
    office.clock.set("2026-11-22T16:00:00Z");
    timetable();
    timetable();
    assert_eq!(queued(RemindDue::KIND), 1);
    let remind = || messages::remind(&mut office.connect(), month, office.clock.now()).unwrap();
    assert_eq!(remind(), 2);
    office.execute("DELETE FROM job");
    timetable();
    assert_eq!((queued(RemindDue::KIND), queued(Deliver::KIND)), (0, 1));
    // Broken off and done again, it writes nothing twice.
    assert_eq!(remind(), 2);
    assert_eq!(office.count("outbox_event WHERE kind = 'rent.due'"), 2);

    pay(&office, three);
    office.clock.set("2026-11-23T01:00:00Z");
    assert_eq!(office.work(), 2);
    let [sms] = &office.net.by("sms")[..] else {
        panic!("{:?}", office.net.caught());
    };
    let due = due(&office, one);
    let said = format!("現時應繳{due}，請於11月30日或之前繳交。");
    assert!(sms.text.contains(&said), "{said}: {}", sms.text);
    assert_eq!(office.net.by("push")[0].to, one.to_string());
    assert_eq!(office.count("message"), 2);
    timetable();
    assert_eq!(queued(RemindDue::KIND), 0);
}

fn due(office: &Office, code: kaifong::kernel::tenant_code::TenantCode) -> String {
    let (shelf, now) = (RuleShelf::default(), office.clock.now());
    let overview = rent::overview(&mut office.connect(), &shelf, code, now);
    hkd(overview.unwrap().this_month.due)
}

/// The household pays all that it owes.
fn pay(office: &Office, code: kaifong::kernel::tenant_code::TenantCode) {
    use kaifong::ledger::{self, Account, General, Source, Transfer, TransferKind};
    let now = office.clock.now();
    transact(&mut office.connect(), |conn| {
        let owed = ledger::booked_balance(conn, code)?;
        let transfer = Transfer::of(
            (
                Account::General(General::StoreClearing),
                Account::Household(code),
            ),
            owed,
            TransferKind::Payment,
            Source {
                id: uuid::Uuid::now_v7(),
                part: "",
            },
            ("2026-11-20".parse().unwrap(), now),
        );
        ledger::post(conn, &[transfer], now)?;
        Ok::<_, RentError>(())
    })
    .unwrap();
}
