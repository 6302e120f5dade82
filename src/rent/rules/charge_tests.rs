//! Rent by the book: every rule, its edges, and how they combine.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;

use super::*;
use crate::kernel::id::{AwardId, EstateId, TenancyId};

/// When everything in these cases was recorded, unless a case says otherwise.
const EARLY: &str = "2010-01-01T00:00:00Z";

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn row(number: i32) -> RuleRow {
    RuleRow {
        number,
        source: "a circular".into(),
        assumed: false,
    }
}

fn in_force(from: &str, to: Option<&str>) -> crate::rent::model::InForce {
    crate::rent::model::InForce {
        valid_from: date(from),
        valid_to: to.map(date),
        recorded_at: instant(EARLY),
        replaced_at: None,
    }
}

fn estate() -> EstateId {
    EstateId::derived("Wah Fu (I) Estate")
}

fn scheme(
    number: i32,
    scheme: Scheme,
    effect: Effect,
    (from, to): (&str, Option<&str>),
) -> SchemeRule {
    SchemeRule {
        row: row(number),
        in_force: in_force(from, to),
        scheme,
        effect,
        longest: None,
    }
}

/// HK$70 a m2, HK$5 of it rates; reviews of 2022 and 2024; every scheme.
fn book() -> RuleBook {
    let rate = Rate {
        row: row(1),
        in_force: in_force("2020-10-01", None),
        rent_per_m2: decimal("70"),
        rates_per_m2: decimal("5"),
    };
    let review = |number, from, change, waived: Option<&str>| crate::rent::model::Review {
        row: row(number),
        in_force: in_force(from, None),
        index_change: None,
        rent_change: decimal(change),
        increase_waived_until: waived.map(date),
    };
    let until_2026 = ("2000-01-01", Some("2026-09-30"));
    let from_2026 = ("2026-10-01", None);
    let always = ("2000-01-01", None);
    let times = |text| Effect::Multiply(decimal(text));
    RuleBook {
        version: 1,
        rates: [(estate(), vec![rate])].into(),
        reviews: vec![
            review(2, "2018-09-01", "0.10", None),
            review(3, "2022-10-01", "0.0117", Some("2023-09-30")),
            review(4, "2024-10-01", "0.10", Some("2024-12-31")),
        ],
        schemes: vec![
            scheme(
                5,
                Scheme::Assistance25,
                Effect::Reduce(decimal("0.25")),
                always,
            ),
            scheme(
                6,
                Scheme::Assistance50,
                Effect::Reduce(decimal("0.5")),
                always,
            ),
            scheme(7, Scheme::AdditionalOver2, times("1.5"), until_2026),
            scheme(8, Scheme::AdditionalOver2, times("2.5"), from_2026),
            scheme(9, Scheme::AdditionalOver3, times("2"), until_2026),
            scheme(10, Scheme::AdditionalOver3, times("3.5"), from_2026),
            scheme(11, Scheme::AdditionalOver4, times("2"), until_2026),
            scheme(12, Scheme::AdditionalOver4, times("4.5"), from_2026),
            scheme(13, Scheme::Licence, times("2"), always),
            scheme(14, Scheme::Occupation, times("3"), always),
        ],
        waivers: vec![crate::rent::model::Waiver {
            row: row(15),
            in_force: in_force("2023-01-01", Some("2023-01-31")),
            share: Decimal::ONE,
            excludes_additional: true,
        }],
    }
}

/// 35.5 m2 since 2012: HK$2,485 by the rate alone.
fn tenure(kind: TenancyKind) -> Tenure {
    Tenure {
        household: 100_000_001,
        tenancy_id: TenancyId::derived("case"),
        kind,
        starts_on: date("2012-05-01"),
        ends_on: None,
        recorded_at: instant(EARLY),
        end_recorded_at: None,
        estate_id: estate(),
        ifa: decimal("35.5"),
    }
}

fn award(scheme: Scheme, first: &str, last: Option<&str>) -> Award {
    Award {
        id: AwardId::derived("case"),
        revision: 1,
        household: 100_000_001,
        scheme,
        first_month: date(first),
        last_month: last.map(date),
        reason: String::new(),
        recorded_by: String::new(),
        recorded_at: instant(EARLY),
        replaced_at: None,
    }
}

fn told(
    tenure: &Tenure,
    awards: &[Award],
    month: &str,
) -> Option<(String, Vec<(LineKind, String)>)> {
    let known = instant("2027-01-01T00:00:00Z");
    let charge = charge(&book(), tenure, awards, month.parse().unwrap(), known).unwrap()?;
    let lines = charge
        .lines
        .iter()
        .map(|line| (line.kind, line.amount.to_string()));
    Some((charge.amount.to_string(), lines.collect()))
}

fn amount(tenure: &Tenure, awards: &[Award], month: &str) -> String {
    told(tenure, awards, month).unwrap().0
}

#[test]
fn the_rent_is_rate_times_area_and_the_reviews_since() {
    let tenure = tenure(TenancyKind::Prh);
    for (month, rent) in [
        // A review before the rate was set is in the rate already.
        ("2022-09", "2485.00"),
        // 2485 x 1.0117 = 2514.07 -> 2514, but the increase is waived for a year.
        ("2022-10", "2485.00"),
        ("2023-09", "2485.00"),
        ("2023-10", "2514.00"),
        // 2514 x 1.1 = 2765.4 -> 2765, waived for three months.
        ("2024-09", "2514.00"),
        ("2024-10", "2514.00"),
        ("2024-12", "2514.00"),
        ("2025-01", "2765.00"),
    ] {
        assert_eq!(amount(&tenure, &[], month), rent, "{month}");
    }
    let (_, lines) = told(&tenure, &[], "2024-11").unwrap();
    assert_eq!(
        lines,
        [
            (LineKind::BaseRent, "2485.00".to_owned()),
            (LineKind::RentReview, "29.00".to_owned()),
            (LineKind::RentReview, "251.00".to_owned()),
            (LineKind::IncreaseWaived, "-251.00".to_owned()),
        ]
    );
}

#[test]
fn assistance_takes_its_share_off_what_is_payable() {
    let tenure = tenure(TenancyKind::Prh);
    let quarter = award(Scheme::Assistance25, "2025-01-01", Some("2026-12-01"));
    // 2765 x 0.75 = 2073.75 -> 2074
    assert_eq!(
        amount(&tenure, std::slice::from_ref(&quarter), "2025-01"),
        "2074.00"
    );
    assert_eq!(
        amount(&tenure, std::slice::from_ref(&quarter), "2026-12"),
        "2074.00"
    );
    assert_eq!(amount(&tenure, &[quarter], "2024-12"), "2514.00");
    // Half of 2514, the increase being waived.
    let half = award(Scheme::Assistance50, "2024-10-01", Some("2024-12-01"));
    assert_eq!(amount(&tenure, &[half], "2024-10"), "1257.00");
}

#[test]
fn additional_rent_multiplies_the_net_rent_and_leaves_the_rates() {
    let tenure = tenure(TenancyKind::Prh);
    // Rates 177.50; net rent 2765 - 177.50 = 2587.50.
    for (scheme, september, october) in [
        // 1.5 x 2587.5 + 177.5 = 4058.75 -> 4059; 2.5 x 2587.5 + 177.5 = 6646.25 -> 6646
        (Scheme::AdditionalOver2, "4059.00", "6646.00"),
        (Scheme::AdditionalOver3, "5353.00", "9234.00"),
        (Scheme::AdditionalOver4, "5353.00", "11821.00"),
    ] {
        let award = [award(scheme, "2026-09-01", None)];
        assert_eq!(amount(&tenure, &award, "2026-09"), september, "{scheme}");
        assert_eq!(amount(&tenure, &award, "2026-10"), october, "{scheme}");
        assert_eq!(amount(&tenure, &award, "2026-08"), "2765.00", "{scheme}");
    }
}

#[test]
fn a_government_waiver_leaves_out_additional_rent_and_licences() {
    let prh = tenure(TenancyKind::Prh);
    assert_eq!(amount(&prh, &[], "2023-01"), "0.00");
    assert_eq!(amount(&prh, &[], "2023-02"), "2485.00");
    let assisted = award(Scheme::Assistance50, "2023-01-01", Some("2023-01-01"));
    assert_eq!(amount(&prh, &[assisted], "2023-01"), "0.00");
    let well_off = award(Scheme::AdditionalOver2, "2023-01-01", None);
    assert_ne!(amount(&prh, &[well_off], "2023-01"), "0.00");
    assert_eq!(
        amount(&tenure(TenancyKind::InterimHousing), &[], "2023-01"),
        "0.00"
    );
    assert_ne!(
        amount(&tenure(TenancyKind::Licence), &[], "2023-01"),
        "0.00"
    );
    assert_ne!(
        amount(&tenure(TenancyKind::Occupation), &[], "2023-01"),
        "0.00"
    );
}

#[test]
fn the_kind_of_tenancy_decides_fee_and_account() {
    for (kind, fee, income) in [
        (TenancyKind::Prh, "2765.00", General::RentIncome),
        (
            TenancyKind::InterimHousing,
            "2765.00",
            General::LicenceFeeIncome,
        ),
        // 2 x 2587.5 + 177.5 = 5352.5 -> 5353
        (TenancyKind::Licence, "5353.00", General::LicenceFeeIncome),
        // 3 x 2587.5 + 177.5 = 7940
        (
            TenancyKind::Occupation,
            "7940.00",
            General::OccupationFeeIncome,
        ),
    ] {
        let known = instant("2027-01-01T00:00:00Z");
        let month = "2025-03".parse().unwrap();
        // What was granted does not follow a household into a licence.
        let granted = match kind {
            TenancyKind::Licence | TenancyKind::Occupation => {
                vec![award(
                    Scheme::Assistance50,
                    "2025-03-01",
                    Some("2025-03-01"),
                )]
            }
            _ => vec![],
        };
        let charge = charge(&book(), &tenure(kind), &granted, month, known)
            .unwrap()
            .unwrap();
        assert_eq!(charge.amount.to_string(), fee, "{kind}");
        assert!(
            charge.lines.iter().all(|line| line.general == income),
            "{kind}"
        );
    }
}

#[test]
fn a_part_of_a_month_is_charged_by_the_day() {
    let mut tenure = tenure(TenancyKind::Prh);
    for (starts, ends, month, charged) in [
        ("2025-01-16", None, "2025-01", Some("1427.10")), // 16 of 31 days of 2765
        ("2025-01-31", None, "2025-01", Some("89.20")),   // 80.16 + 0.94 + 8.10
        ("2024-02-29", None, "2024-02", Some("86.69")),   // one of 29 days of 2514
        ("2012-05-01", Some("2024-02-28"), "2024-02", Some("2427.31")),
        ("2012-05-01", Some("2024-02-29"), "2024-02", Some("2514.00")),
        ("2012-05-01", Some("2024-02-29"), "2024-03", None),
        ("2024-03-01", None, "2024-02", None),
        ("2025-04-30", Some("2025-04-30"), "2025-04", Some("92.17")),
    ] {
        tenure.starts_on = date(starts);
        tenure.ends_on = ends.map(date);
        tenure.end_recorded_at = ends.map(|_| instant(EARLY));
        let told = told(&tenure, &[], month).map(|(amount, _)| amount);
        assert_eq!(told.as_deref(), charged, "{starts} to {ends:?} in {month}");
    }
}

#[test]
fn what_was_not_known_yet_does_not_count() {
    let month = "2025-03".parse().unwrap();
    let mut held = tenure(TenancyKind::Prh);
    held.ends_on = Some(date("2025-03-15"));
    held.end_recorded_at = Some(instant("2025-03-10T00:00:00Z"));
    let granted = Award {
        recorded_at: instant("2025-03-05T00:00:00Z"),
        replaced_at: Some(instant("2025-03-20T00:00:00Z")),
        ..award(Scheme::Assistance50, "2025-03-01", Some("2025-03-01"))
    };
    let told = |known: &str| {
        let charge = charge(
            &book(),
            &held,
            std::slice::from_ref(&granted),
            month,
            instant(known),
        );
        charge.unwrap().unwrap().amount.to_string()
    };
    assert_eq!(told("2025-03-04T23:59:59Z"), "2765.00");
    assert_eq!(told("2025-03-05T00:00:00Z"), "1383.00");
    // Half of the rent, 15 of 31 days, line by line.
    assert_eq!(told("2025-03-10T00:00:00Z"), "669.19");
    assert_eq!(told("2025-03-20T00:00:00Z"), "1337.90");
    held.recorded_at = instant("2025-04-01T00:00:00Z");
    let known = instant("2025-03-31T00:00:00Z");
    assert_eq!(charge(&book(), &held, &[], month, known).unwrap(), None);
}

#[test]
fn an_estate_without_a_rate_is_an_error_that_names_it() {
    let mut nowhere = tenure(TenancyKind::Prh);
    nowhere.estate_id = EstateId::derived("nowhere");
    let known = instant("2027-01-01T00:00:00Z");
    let refused = charge(&book(), &nowhere, &[], "2025-03".parse().unwrap(), known);
    assert!(matches!(refused, Err(RentError::NoRate(estate, _)) if estate == nowhere.estate_id));
}

proptest::proptest! {
    /// However a month is cut between households, they pay the month's rent between them.
    #[test]
    fn a_month_cut_in_two_costs_the_month(day in 1_u32..31, ifa in 800_i64..8000, month in 1_u32..=12) {
        let month: Month = format!("2025-{month:02}").parse().unwrap();
        let day = day.min(month.days() - 1);
        let mut before = tenure(TenancyKind::Prh);
        before.ifa = Decimal::new(ifa, 2);
        let (mut first, mut second) = (before.clone(), before.clone());
        first.ends_on = month.first().with_day(day);
        first.end_recorded_at = Some(instant(EARLY));
        second.starts_on = month.first().with_day(day + 1).unwrap();
        let known = instant("2027-01-01T00:00:00Z");
        let cost = |tenure| charge(&book(), tenure, &[], month, known).unwrap().unwrap().amount;
        let both = cost(&first).checked_add(cost(&second)).unwrap();
        proptest::prop_assert_eq!(both, cost(&before));
    }
}
