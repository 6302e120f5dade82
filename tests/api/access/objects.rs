//! For each operation that names a row: one within a posted caller's reach, one outside it
//! and one that does not exist.

use diesel::prelude::*;
use diesel::sql_types::Text;
use kaifong::kernel::hkid::Hkid;
use kaifong::kernel::id::{EstateId, MembershipId, PersonId};
use kaifong::kernel::identity_document::IdentityDocument;
use kaifong::kernel::person_name::PersonName;
use kaifong::kernel::tenant_code::TenantCode;
use kaifong::people::{self, MemberRole, Membership, Particulars, Sex};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{TestDatabase, fixture, world};

/// What a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing that belongs to anyone.
    Nobodys,
    /// What belongs to a household.
    Household,
    /// What belongs to an estate, and to none of its households.
    Estate,
}

/// One row of each sort, as the path writes it.
#[derive(Debug, Clone)]
pub struct Places {
    pub kind: Kind,
    pub near: String,
    pub far: String,
    pub absent: String,
}

impl Places {
    fn fill(path: &str, kind: Kind, parameter: &str, ids: [&str; 3]) -> Self {
        let [near, far, absent] = ids.map(|id| path.replace(parameter, id));
        Self {
            kind,
            near,
            far,
            absent,
        }
    }
}

/// Two households in two estates, and what belongs to them.
pub struct World {
    pub near: TenantCode,
    pub near_estate: EstateId,
    pub far_estate: EstateId,
    near_ids: Ids,
    far_ids: Ids,
}

struct Ids {
    code: String,
    tenancy: String,
    flat: String,
    empty_flat: String,
    award: String,
    head: String,
    asked: String,
    claim: String,
    hold: String,
    device: String,
    message: String,
    mandate: String,
    payment: String,
    counter_day: String,
    void: String,
}

const ABSENT: &str = "01940000-0000-7000-8000-000000000001";

pub fn build(database: &TestDatabase) -> World {
    let codes = world::settle(database, 2);
    let conn = &mut database.connect();
    // The second household lives in an estate of its own.
    let elsewhere = fixture::estate(conn);
    let block = fixture::block(conn, elsewhere);
    let flat = fixture::flat_in(conn, (elsewhere, block), "35.00");
    let far_empty = fixture::flat_in(conn, (elsewhere, block), "36.00");
    run(
        conn,
        &format!(
            "UPDATE tenancy SET flat_id = '{flat}' WHERE household = {}",
            codes[1].number()
        ),
    );
    let near_estate: EstateId = one(conn, &format!(
        "SELECT f.estate_id FROM tenancy t JOIN flat f ON f.id = t.flat_id WHERE t.household = {}",
        codes[0].number()
    ))
    .parse()
    .unwrap();
    let near_block = fixture::block(conn, near_estate);
    let near_empty = fixture::flat_in(conn, (near_estate, near_block), "37.00");
    let (near_head, far_head) = (
        people(database, codes[0], [1, 2]),
        people(database, codes[1], [3, 4]),
    );
    World {
        near: codes[0],
        near_estate,
        far_estate: elsewhere,
        near_ids: ids(conn, codes[0], &near_empty.to_string(), near_head),
        far_ids: ids(conn, codes[1], &far_empty.to_string(), far_head),
    }
}

#[expect(clippy::too_many_lines, reason = "one row of each kind")]
fn ids(conn: &mut PgConnection, code: TenantCode, empty_flat: &str, head: PersonId) -> Ids {
    let number = code.number();
    let award = Uuid::now_v7();
    run(
        conn,
        &format!(
            "INSERT INTO rent_award (id, revision, household, scheme, first_month, last_month, reason, \
         recorded_by, recorded_at) VALUES ('{award}', 1, {number}, 'assistance_25', '2027-01-01', \
         '2027-06-01', 'low income', 'officer-7', '2026-11-01T00:00:00Z')"
        ),
    );
    let (asked, claim, hold) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    for (table, id) in [
        ("data_access_request", asked),
        ("correction_request", claim),
    ] {
        run(
            conn,
            &format!(
                "INSERT INTO {table} (id, person, received_on, due_on, received_by, state) \
                 VALUES ('{id}', '{head}', '2026-11-20', '2026-12-30', 'officer-7', 'received')"
            ),
        );
    }
    run(
        conn,
        &format!(
            "INSERT INTO legal_hold (id, person, reason, case_ref, set_by, set_at) \
             VALUES ('{hold}', '{head}', 'debt', 'C-1', 'officer-7', '2026-11-20')"
        ),
    );
    let device = Uuid::now_v7();
    run(
        conn,
        &format!(
            "INSERT INTO device (id, kind, estate_id, state, created_by, created_at) \
             SELECT '{device}', 'kiosk', f.estate_id, 'pending', 'officer-7', '2026-11-01' \
             FROM tenancy t JOIN flat f ON f.id = t.flat_id WHERE t.household = {number}"
        ),
    );
    let of = |conn: &mut PgConnection, column: &str| {
        one(
            conn,
            &format!("SELECT {column} FROM tenancy WHERE household = {number}"),
        )
    };
    let [payment, counter_day, void] = counter(conn, code);
    Ids {
        code: code.to_string(),
        tenancy: of(conn, "id"),
        flat: of(conn, "flat_id"),
        empty_flat: empty_flat.to_owned(),
        award: award.to_string(),
        head: head.to_string(),
        asked: asked.to_string(),
        claim: claim.to_string(),
        hold: hold.to_string(),
        device: device.to_string(),
        message: message(conn, number),
        mandate: mandate(conn, number),
        payment,
        counter_day,
        void,
    }
}

/// A proposed mandate of household `number`.
fn message(conn: &mut PgConnection, number: i64) -> String {
    let message = Uuid::now_v7();
    run(
        conn,
        &format!(
            "INSERT INTO outbox_event VALUES ('rent.due', '{message}', {number}, '{{}}', '2026-11-01')"
        ),
    );
    run(
        conn,
        &format!(
            "INSERT INTO message (id, kind, subject, medium, household, facts, policy, state, drafted_at, \
             due_at, stale_at, ended_at) SELECT '{message}', kind, '{message}', medium, {number}, '{{}}', \
             id, 'dead', '2026-11-01', '2026-11-01', '2026-11-04', '2026-11-02' FROM message_policy \
             WHERE kind = 'rent.due' AND medium = 'sms'"
        ),
    );
    message.to_string()
}

fn mandate(conn: &mut PgConnection, number: i64) -> String {
    let mandate = Uuid::now_v7();
    run(
        conn,
        &format!(
            "INSERT INTO autopay_mandate VALUES ('{mandate}', {number}, 'autopay', '004', '001', '', \
             '', NULL, 'proposed', NULL, NULL, '2026-11-01', 1)"
        ),
    );
    mandate.to_string()
}

/// A payment at the counter of the household's office, on a day of the past, and a proposal that
/// its receipt is void.
fn counter(conn: &mut PgConnection, code: TenantCode) -> [String; 3] {
    let number = code.number();
    let [payment, day, void] = [(); 3].map(|()| Uuid::now_v7());
    for row in [
        format!(
            "counter_office (estate_id) SELECT f.estate_id FROM tenancy t JOIN flat f \
             ON f.id = t.flat_id WHERE t.household = {number} ON CONFLICT DO NOTHING"
        ),
        format!(
            "counter_day SELECT '{day}', f.estate_id, 'officer-7', '2026-11-01', '2026-11-01', 'open', \
             NULL FROM tenancy t JOIN flat f ON f.id = t.flat_id WHERE t.household = {number}"
        ),
        format!(
            "payment VALUES ('{payment}', 'shroff', 'C-{code}', '{code}', 9, '2026-11-01', \
             '2026-11-01', {number}, NULL, NULL, '2026-11-01', 'officer-7', 'PLACE')"
        ),
        format!("receipt_book SELECT estate_id, 2026, 1 FROM counter_day WHERE id = '{day}'"),
        format!(
            "counter_receipt SELECT '{payment}', id, estate_id, 2026, 1, 'cash', NULL \
             FROM counter_day WHERE id = '{day}'"
        ),
        format!("counter_void VALUES ('{void}', '{payment}', 'a slip', 'officer-7', '2026-11-01')"),
    ] {
        run(conn, &format!("INSERT INTO {row}"));
    }
    [payment, day, void].map(|id| id.to_string())
}

/// A head and a member of household `code`, with these numbers; the head.
fn people(database: &TestDatabase, code: TenantCode, numbers: [u32; 2]) -> PersonId {
    let now = "2026-11-01T00:00:00Z".parse().unwrap();
    let vault = database.vault(now);
    let roles = [MemberRole::Head, MemberRole::AuthorisedMember];
    let drawn = numbers.into_iter().zip(roles).map(|(number, role)| {
        let id = PersonId::fresh();
        let known = Particulars {
            name: PersonName::new(None, Some("CHAN Tai Man".parse().unwrap())).unwrap(),
            document: Some(IdentityDocument::Hkid(Hkid::of("A", number).unwrap())),
            symbols: None,
            birth_date: Some("1980-05-06".parse().unwrap()),
            sex: Some(Sex::Male),
            phone: None,
            email: None,
        };
        let stay = Membership {
            id: MembershipId::fresh(),
            person: id,
            household: code,
            role,
            starts_on: "2020-01-01".parse().unwrap(),
            ends_on: None,
            end_reason: None,
            recorded_at: now,
            end_recorded_at: None,
            version: 1,
        };
        (people::draft(&vault, id, &known, now).unwrap(), stay)
    });
    let (drafts, stays): (Vec<_>, Vec<_>) = drawn.unzip();
    people::add_drafts(&mut database.connect(), drafts, &stays).unwrap();
    stays[0].person
}

fn run(conn: &mut PgConnection, sql: &str) {
    diesel::sql_query(sql).execute(conn).unwrap();
}

fn one(conn: &mut PgConnection, sql: &str) -> String {
    diesel::dsl::sql::<Text>(&format!("SELECT ({sql})::text"))
        .get_result(conn)
        .unwrap()
}

impl World {
    /// The rows that `path` may name; panics when the test does not know them.
    #[expect(clippy::too_many_lines, reason = "one plain arm a kind of row")]
    pub fn places(&self, path: &str) -> Places {
        let path = path.replace("{channel}", "fps");
        let fill = |kind, parameter, near, far, absent| {
            Places::fill(&path, kind, parameter, [near, far, absent])
        };
        let (near, far) = (&self.near_ids, &self.far_ids);
        // The check digit is right; the household is not there.
        let absent = TenantCode::of(987_654_321).unwrap().to_string();
        // What a household has may be named after it.
        let of_household = |near_id: &str, far_id: &str| {
            let places = fill(Kind::Household, "{code}", &near.code, &far.code, &absent);
            Places {
                near: places.near.replace("{id}", near_id),
                far: places.far.replace("{id}", far_id),
                absent: places.absent.replace("{id}", ABSENT),
                ..places
            }
        };
        let places = match path.as_str() {
            _ if path.starts_with("/v1/rent-accounts/{code}") => {
                of_household(&near.mandate, &far.mandate)
            }
            _ if path.starts_with("/v1/tenancies/{id}") => {
                fill(Kind::Household, "{id}", &near.tenancy, &far.tenancy, ABSENT)
            }
            _ if path.starts_with("/v1/rent-awards/{id}") => {
                fill(Kind::Household, "{id}", &near.award, &far.award, ABSENT)
            }
            _ if path.starts_with("/v1/households/{code}") => of_household(&near.head, &far.head),
            _ if path.starts_with("/v1/people/{id}")
                || path.starts_with("/v1/privacy/people/{id}") =>
            {
                fill(Kind::Household, "{id}", &near.head, &far.head, ABSENT)
            }
            _ if path.starts_with("/v1/privacy/access-requests/{id}") => {
                fill(Kind::Household, "{id}", &near.asked, &far.asked, ABSENT)
            }
            _ if path.starts_with("/v1/privacy/correction-requests/{id}") => {
                fill(Kind::Household, "{id}", &near.claim, &far.claim, ABSENT)
            }
            _ if path.starts_with("/v1/privacy/holds/{id}") => {
                fill(Kind::Household, "{id}", &near.hold, &far.hold, ABSENT)
            }
            _ if path.starts_with("/v1/devices/{id}") => {
                fill(Kind::Estate, "{id}", &near.device, &far.device, ABSENT)
            }
            _ if path.starts_with("/v1/messages/{id}") => {
                fill(Kind::Household, "{id}", &near.message, &far.message, ABSENT)
            }
            _ if path.starts_with("/v1/payments/{id}") => {
                fill(Kind::Household, "{id}", &near.payment, &far.payment, ABSENT)
            }
            _ if path.starts_with("/v1/counter-days/{id}") => {
                let (near, far) = (&near.counter_day, &far.counter_day);
                fill(Kind::Estate, "{id}", near, far, ABSENT)
            }
            _ if path.starts_with("/v1/counter-receipts/{id}") => {
                fill(Kind::Estate, "{id}", &near.payment, &far.payment, ABSENT)
            }
            _ if path.starts_with("/v1/counter-voids/{id}") => {
                fill(Kind::Estate, "{id}", &near.void, &far.void, ABSENT)
            }
            "/v1/flats/{id}/tenancies" => fill(Kind::Estate, "{id}", &near.flat, &far.flat, ABSENT),
            _ => {
                let path = path
                    .replace("{month}", "2026-11")
                    .replace("{day}", "2026-11-20")
                    .replace("{id}", ABSENT);
                Places {
                    kind: Kind::Nobodys,
                    near: path.clone(),
                    far: path.clone(),
                    absent: path,
                }
            }
        };
        assert!(
            !places.near.contains('{'),
            "{path} names a row this test does not know"
        );
        places
    }

    /// A body that gets `operation` as far as looking at the row; none for those without.
    pub fn body(&self, operation: &str) -> Option<Value> {
        Some(match operation {
            "start_tenancy" => Self::start_in(&self.near_ids.empty_flat, None),
            "change_tenancy" => json!({ "household_size": 3 }),
            "end_tenancy" => json!({ "ends_on": "2027-05-31", "reason": "surrender" }),
            "transfer_tenancy" => {
                json!({ "flat_id": self.near_ids.empty_flat, "starts_on": "2027-03-01" })
            }
            "order_rent_run" => json!({ "month": "2026-11" }),
            "grant_award" => json!({
                "scheme": "assistance_50", "first_month": "2026-12", "last_month": "2026-12",
                "reason": "low income",
            }),
            "end_award" => json!({ "last_month": "2027-03" }),
            "adjust_rent" => {
                json!({ "amount": "-1.00", "effective_on": "2026-11-20", "reason": "goodwill" })
            }
            "refund_rent" => json!({ "amount": "1.00", "reason": "asked for" }),
            "reverse_rent" => json!({ "entry": ABSENT, "reason": "posted by mistake" }),
            "record_rent_rule" => json!({
                "rule": "waiver", "share": "0.5", "excludes_additional": true,
                "valid_from": "2027-06-01", "valid_to": "2027-06-30", "source": "a circular",
            }),
            "request_break_glass" => json!({
                "person": ABSENT, "reason": "danger", "ticket": "INC-1", "fields": ["phone"],
                "minutes": 10,
            }),
            "review_break_glass" => json!({ "outcome": "justified", "note": "as reported" }),
            "add_member" => json!({
                "person": {
                    "name_en": "LEE Mei", "birth_date": "1990-01-01", "sex": "female",
                },
                "role": "domestic_helper", "starts_on": "2026-11-01",
            }),
            "end_membership" => json!({ "ends_on": "2026-11-20", "reason": "moved_out" }),
            "change_head" => {
                json!({ "person_id": self.near_ids.head, "starts_on": "2026-11-20" })
            }
            "correct_person" => json!({ "sex": "male" }),
            "unmask_person" => json!({ "fields": ["document"], "reason": "tenancy_matter" }),
            "request_access" => json!({ "person_id": self.near_ids.head }),
            "decide_access_request" => json!({}),
            "request_correction" => {
                json!({ "person_id": self.near_ids.head, "claim": "my name is spelt so" })
            }
            "make_correction" => json!({ "person_version": 1, "change": { "sex": "male" } }),
            "refuse_correction" => json!({ "refusal": "accurate" }),
            "set_legal_hold" => json!({ "reason": "debt", "case_ref": "C-2" }),
            "request_erasure" => json!({ "reason": "purpose_over" }),
            "record_retention_rule" => json!({
                "data_class": "person", "valid_from": "2027-01-01", "keep_months": 84,
                "source": "a circular",
            }),
            "approve_matching" => json!({
                "purpose": "double benefits", "basis": "commissioner_consent",
                "source": "a letter", "valid_from": "2026-12-01", "valid_to": "2027-11-30",
            }),
            "choose_messages" => json!({ "language": "en", "refused": ["rent.due"] }),
            "search_people" => json!({ "name_en": "CHAN" }),
            _ => return self.counter_body(operation),
        })
    }

    fn counter_body(&self, operation: &str) -> Option<Value> {
        Some(match operation {
            "open_counter_day" => json!({ "estate": self.near_estate }),
            "take_counter_payment" => json!({
                "tenant_code": self.near.to_string(), "amount": "1.00", "tender": "cash",
            }),
            "propose_void" | "refuse_void" | "refuse_count" | "count_counter_day" => {
                json!({ "reason": "so" })
            }
            _ => return Self::payment_body(operation).or_else(|| self.autopay_body(operation)),
        })
    }

    fn payment_body(operation: &str) -> Option<Value> {
        Some(match operation {
            "release_payment_file"
            | "withdraw_payment_file"
            | "refuse_clearing"
            | "propose_assignment"
            | "refuse_assignment" => json!({ "reason": "so" }),
            "order_cssa_reconciliation" | "order_cssa_rents" => json!({ "month": "2026-11" }),
            "propose_clearing" => json!({ "parts": [{ "amount": "1.00" }], "reason": "so" }),
            "appoint_channel_client" => json!({ "client": ABSENT }),
            "record_channel_terms" => json!({
                "valid_from": "2027-06-01", "working_days_only": true, "lead_days": 0,
                "signs": false, "source": "a circular",
            }),
            _ => return None,
        })
    }

    fn autopay_body(&self, operation: &str) -> Option<Value> {
        Some(match operation {
            "propose_mandate" => json!({
                "channel": "autopay", "bank": "004", "account": "123456789001",
                "holder": "CHAN TAI MAN",
            }),
            "answer_mandate" => json!({ "answer": "accepted", "bank_reference": "DDA-1" }),
            "suspend_mandate" | "end_mandate" => json!({ "reason": "asked for" }),
            "order_autopay_collection" => json!({ "month": "2026-12", "channel": "autopay" }),
            "release_autopay_collection" => json!({ "sha256": "0".repeat(64) }),
            "report_autopay_results" => {
                json!({ "results": [{ "reference": "A-1", "code": "ACCEPTED" }] })
            }
            _ => return self.sign_in_body(operation),
        })
    }

    fn sign_in_body(&self, operation: &str) -> Option<Value> {
        let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": "A".repeat(43) });
        let arrival = json!({ "code": "a", "state": "b", "nonce": "c" });
        Some(match operation {
            "create_staff_account" => {
                let name = Uuid::now_v7().simple().to_string();
                json!({ "login": format!("a{}", &name[..20]) })
            }
            "request_staff_role" => json!({ "role": "auditor", "from": "2026-11-20" }),
            "add_device" => json!({ "kind": "kiosk", "estate": self.near_estate }),
            "change_device" | "change_client" => json!({ "change": "retire" }),
            "add_client" => json!({ "kind": "contractor", "name": "Firm", "public_key": key }),
            "set_pin" => json!({ "tenant_code": self.near.to_string(), "pin": "481516" }),
            "link_own_identity" => arrival,
            "link_identity" => json!({
                "tenant_code": self.near.to_string(), "code": "a", "state": "b", "nonce": "c",
            }),
            "name_delegate" => json!({
                "kind": "carer", "scopes": ["rent:read"], "expires_on": "2026-12-31",
            }),
            _ => return None,
        })
    }

    fn start_in(flat: &str, code: Option<&str>) -> Value {
        json!({
            "tenant_code": code, "flat_id": flat, "kind": "prh", "starts_on": "2027-02-01",
            "household_size": 2,
        })
    }

    /// Bodies that name a row outside a posted caller's reach, beside the same with one that
    /// does not exist: the answers must be alike.
    pub fn foreign_bodies(&self) -> Vec<(String, String, Value, Value)> {
        let (near, far) = (&self.near_ids, &self.far_ids);
        let absent = TenantCode::of(987_654_321).unwrap().to_string();
        let transfer = |flat: &str| json!({ "flat_id": flat, "starts_on": "2027-03-01" });
        vec![
            (
                "privacy:request".to_owned(),
                "/v1/privacy/access-requests".to_owned(),
                json!({ "person_id": far.head }),
                json!({ "person_id": ABSENT }),
            ),
            (
                "tenancy:write".to_owned(),
                "/v1/tenancies".to_owned(),
                Self::start_in(&far.empty_flat, None),
                Self::start_in(ABSENT, None),
            ),
            (
                "tenancy:write".to_owned(),
                "/v1/tenancies".to_owned(),
                Self::start_in(&near.empty_flat, Some(&far.code)),
                Self::start_in(&near.empty_flat, Some(&absent)),
            ),
            (
                "tenancy:write".to_owned(),
                format!("/v1/tenancies/{}/transfer", near.tenancy),
                transfer(&far.empty_flat),
                transfer(ABSENT),
            ),
            (
                "counter:take".to_owned(),
                "/v1/counter-days".to_owned(),
                json!({ "estate": self.far_estate }),
                json!({ "estate": ABSENT }),
            ),
            (
                "devices:write".to_owned(),
                "/v1/devices".to_owned(),
                json!({ "kind": "kiosk", "estate": self.far_estate }),
                json!({ "kind": "kiosk", "estate": ABSENT }),
            ),
            (
                "pins:write".to_owned(),
                "/v1/tenant-pins".to_owned(),
                json!({ "tenant_code": far.code, "pin": "481516" }),
                json!({ "tenant_code": absent, "pin": "481516" }),
            ),
            (
                "identity:write".to_owned(),
                "/v1/identity-links".to_owned(),
                json!({ "tenant_code": far.code, "code": "a", "state": "b", "nonce": "c" }),
                json!({ "tenant_code": absent, "code": "a", "state": "b", "nonce": "c" }),
            ),
        ]
    }
}
