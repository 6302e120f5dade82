//! The eighteen districts, the region each lies in, and where its estates are applied for.
//!
//! The Housing Authority names the four application districts by town; by district is our
//! reading of it. One town splits its district: Tung Chung is extended urban, the rest of
//! Islands is not, so an estate there is told by where it stands.

use rust_decimal::Decimal;

use super::model::{ApplicationDistrict, Position};

/// A district as the dataset names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct District {
    name: &'static str,
    pub region: &'static str,
    applied_for: ApplicationDistrict,
}

const ISLAND: &str = "Hong Kong Island";
const KOWLOON: &str = "Kowloon";
const TERRITORIES: &str = "New Territories";

const fn district(
    name: &'static str,
    region: &'static str,
    applied_for: ApplicationDistrict,
) -> District {
    District {
        name,
        region,
        applied_for,
    }
}

const DISTRICTS: [District; 18] = {
    use ApplicationDistrict::{ExtendedUrban, Islands, NewTerritories, Urban};
    [
        district("Central & Western", ISLAND, Urban),
        district("Wan Chai", ISLAND, Urban),
        district("Eastern", ISLAND, Urban),
        district("Southern", ISLAND, Urban),
        district("Yau Tsim Mong", KOWLOON, Urban),
        district("Sham Shui Po", KOWLOON, Urban),
        district("Kowloon City", KOWLOON, Urban),
        district("Wong Tai Sin", KOWLOON, Urban),
        district("Kwun Tong", KOWLOON, Urban),
        district("Tsuen Wan", TERRITORIES, ExtendedUrban),
        district("Kwai Tsing", TERRITORIES, ExtendedUrban),
        district("Sha Tin", TERRITORIES, ExtendedUrban),
        district("Sai Kung", TERRITORIES, ExtendedUrban),
        district("Tuen Mun", TERRITORIES, NewTerritories),
        district("Yuen Long", TERRITORIES, NewTerritories),
        district("North", TERRITORIES, NewTerritories),
        district("Tai Po", TERRITORIES, NewTerritories),
        district("Islands", TERRITORIES, Islands),
    ]
};

impl District {
    /// The district called `name` in English, `&` or `and` alike.
    pub fn called(name: &str) -> Option<Self> {
        let name = name.replace(" and ", " & ");
        DISTRICTS
            .into_iter()
            .find(|district| district.name.eq_ignore_ascii_case(&name))
    }

    /// Where an estate of this district at `position` is applied for; unknown where the
    /// district alone does not tell.
    pub fn applied_for(self, position: Option<Position>) -> Option<ApplicationDistrict> {
        match (self.applied_for, position) {
            (ApplicationDistrict::Islands, None) => None,
            (ApplicationDistrict::Islands, Some(position)) if in_tung_chung(position) => {
                Some(ApplicationDistrict::ExtendedUrban)
            }
            (applied_for, _) => Some(applied_for),
        }
    }
}

/// Tung Chung new town with its extension lies in 22.265-22.310 N, 113.910-113.975 E;
/// the next estate, Ngan Wan at Mui Wo, is 2 km east of it.
fn in_tung_chung(position: Position) -> bool {
    let thousandths = |number| Decimal::new(number, 3);
    (thousandths(22_265)..=thousandths(22_310)).contains(&position.latitude)
        && (thousandths(113_910)..=thousandths(113_975)).contains(&position.longitude)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(latitude: &str, longitude: &str) -> Position {
        Position {
            latitude: latitude.parse().unwrap(),
            longitude: longitude.parse().unwrap(),
        }
    }

    #[test]
    fn an_islands_estate_is_told_by_where_it_stands() {
        use ApplicationDistrict::{ExtendedUrban, Islands};
        for (estate, position, expected) in [
            (
                "Fu Tung",
                Some(at("22.28692", "113.94148")),
                Some(ExtendedUrban),
            ),
            (
                "Yat Tung",
                Some(at("22.28247", "113.93458")),
                Some(ExtendedUrban),
            ),
            (
                "Mun Tung",
                Some(at("22.276863", "113.93296")),
                Some(ExtendedUrban),
            ),
            ("Ngan Wan", Some(at("22.26514", "113.99676")), Some(Islands)),
            ("Lung Tin", Some(at("22.25282", "113.86577")), Some(Islands)),
            ("Kam Peng", Some(at("22.28714", "114.03718")), Some(Islands)),
            ("nowhere", None, None),
        ] {
            let islands = District::called("Islands").unwrap();
            assert_eq!(islands.applied_for(position), expected, "{estate}");
        }
    }

    #[test]
    fn other_districts_need_no_place() {
        for (name, expected) in [
            ("Central & Western", Some(ApplicationDistrict::Urban)),
            ("central and western", Some(ApplicationDistrict::Urban)),
            ("Sai Kung", Some(ApplicationDistrict::ExtendedUrban)),
            ("North", Some(ApplicationDistrict::NewTerritories)),
        ] {
            let district = District::called(name).unwrap();
            assert_eq!(district.applied_for(None), expected, "{name}");
        }
        assert_eq!(District::called("Shenzhen"), None);
    }
}
