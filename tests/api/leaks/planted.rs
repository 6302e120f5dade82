//! Ten thousand people who do not exist, each told from everybody else.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use kaifong::kernel::hkid::Hkid;
use kaifong::kernel::id::{MembershipId, PersonId};
use kaifong::kernel::identity_document::{DocumentKind, IdentityDocument};
use kaifong::kernel::person_name::PersonName;
use kaifong::kernel::tenant_code::TenantCode;
use kaifong::people::{self, MemberRole, Membership, Particulars, Sex};
use kaifong::platform::db::transact;
use kaifong::platform::vault::Vault;
use kaifong::population::PopulationError;
use serde_json::{Value, json};

/// How many there are.
pub const ALL: u32 = 10_000;

/// What every planted name, number and address begins with, and nothing else does.
const STEMS: [&str; 4] = ["PONG Planted", "龐植樹", "44798765432", "planted.pong"];

/// One of them.
pub struct Planted {
    pub hkid: Hkid,
    pub zh: String,
    pub en: String,
    pub phone: String,
    pub email: String,
}

impl Planted {
    pub fn number(number: u32) -> Self {
        let [en, zh, phone, email] = STEMS;
        let last = char::from_u32(0x5000 + number).unwrap();
        Self {
            // 104,729 is a prime: no number comes twice.
            hkid: Hkid::of("K", 104_729_u32.wrapping_mul(number + 7) % 1_000_000).unwrap(),
            zh: format!("{zh}{last}"),
            en: format!("{en} {}", letters(number)),
            phone: format!("{phone}{number:04}"),
            email: format!("{email}{number}@example.com"),
        }
    }

    /// As a clerk sends it.
    pub fn body(&self) -> Value {
        json!({
            "name_zh": self.zh, "name_en": self.en, "birth_date": "1980-05-06", "sex": "male",
            "document": { "kind": "hkid", "number": self.hkid.printed() },
            "symbols": "***AZ", "phone": format!("+{}", self.phone), "email": self.email,
        })
    }

    fn particulars(&self) -> Particulars {
        let (zh, en) = (self.zh.parse().unwrap(), self.en.parse().unwrap());
        let card = self.hkid.printed();
        Particulars {
            name: PersonName::new(Some(zh), Some(en)).unwrap(),
            document: Some(IdentityDocument::read(DocumentKind::Hkid, &card, None).unwrap()),
            symbols: "***AZ".parse().ok(),
            birth_date: "1980-05-06".parse().ok(),
            sex: Some(Sex::Male),
            phone: Some(format!("+{}", self.phone).parse().unwrap()),
            email: Some(self.email.parse().unwrap()),
        }
    }
}

/// What to look for: to find any of them is to find its stem. A card's number is its own, and
/// is found with and without its check digit and brackets.
pub fn needles() -> impl Iterator<Item = String> {
    let cards = (0..ALL).map(|number| {
        let hkid = Planted::number(number).hkid;
        hkid.reveal().chars().take(7).collect()
    });
    cards.chain(STEMS.map(str::to_owned))
}

/// Loads numbers `from` to the last as the population is loaded, 24 in a household; the codes of
/// the households.
pub fn load(
    conn: &mut PgConnection,
    vault: &Vault,
    from: u32,
    now: DateTime<Utc>,
) -> Vec<TenantCode> {
    let codes: Vec<_> = (0..(ALL - from).div_ceil(24))
        .map(|n| TenantCode::of(900_000_000 + i64::from(n)).unwrap())
        .collect();
    for code in &codes {
        let sql = format!("INSERT INTO household VALUES ({}, now())", code.number());
        diesel::sql_query(sql).execute(conn).unwrap();
    }
    let (mut drafts, mut stays) = (Vec::new(), Vec::new());
    for number in from..ALL {
        let id = PersonId::fresh();
        let known = Planted::number(number).particulars();
        drafts.push(people::draft(vault, id, &known, now).unwrap());
        stays.push(Membership {
            id: MembershipId::fresh(),
            person: id,
            household: codes[usize::try_from((number - from) / 24).unwrap()],
            role: MemberRole::AuthorisedMember,
            starts_on: now.date_naive(),
            ends_on: None,
            end_reason: None,
            recorded_at: now,
            end_recorded_at: None,
            version: 1,
        });
    }
    transact(conn, |conn| {
        people::begin_people(conn)?;
        people::load_people(conn, drafts)?;
        people::load_memberships(conn, &stays)?;
        Ok::<_, PopulationError>(())
    })
    .unwrap();
    codes
}

/// A number in letters: names have no digits.
fn letters(mut number: u32) -> String {
    let mut text = String::new();
    loop {
        text.push(char::from(b'A' + u8::try_from(number % 26).unwrap()));
        number /= 26;
        if number == 0 {
            return text;
        }
    }
}
