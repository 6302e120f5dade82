//! What a dataset changes on the register. Pure.

use chrono::{DateTime, NaiveDate, Utc};

use super::model::{Block, Estate, EstateRecord};

/// The estate that `record` makes, read at `at`.
pub(super) fn estate(record: &EstateRecord, digest: &[u8], at: DateTime<Utc>) -> Estate {
    Estate {
        id: record.id(),
        name: record.name.clone(),
        district: record.district.clone(),
        region: record.region.clone(),
        application_district: record.application_district,
        estate_types: record.types.clone(),
        intake_years: record.intake_years.clone(),
        stated_blocks: record.stated_blocks,
        rental_flats: record.rental_flats,
        flats_as_at: record.flats_as_at,
        flat_size: record.flat_size.clone(),
        ifa_min: record.sizes.map(|sizes| sizes.min),
        ifa_max: record.sizes.map(|sizes| sizes.max),
        latitude: record.position.map(|position| position.latitude),
        longitude: record.position.map(|position| position.longitude),
        details: record.details.clone(),
        dataset_digest: digest.to_vec(),
        imported_at: at,
        version: 1,
    }
}

/// The names of what `new` says differently from `old`.
pub(super) fn differences(old: &Estate, new: &Estate) -> Vec<&'static str> {
    let same = [
        ("name", old.name == new.name),
        ("district", old.district == new.district),
        ("region", old.region == new.region),
        (
            "application_district",
            old.application_district == new.application_district,
        ),
        ("estate_types", old.estate_types == new.estate_types),
        ("intake_years", old.intake_years == new.intake_years),
        ("stated_blocks", old.stated_blocks == new.stated_blocks),
        ("rental_flats", old.rental_flats == new.rental_flats),
        ("flats_as_at", old.flats_as_at == new.flats_as_at),
        ("flat_size", old.flat_size == new.flat_size),
        (
            "ifa",
            (old.ifa_min, old.ifa_max) == (new.ifa_min, new.ifa_max),
        ),
        (
            "position",
            (old.latitude, old.longitude) == (new.latitude, new.longitude),
        ),
        (
            "block_types",
            old.details.block_types == new.details.block_types,
        ),
        (
            "advisory_committee",
            old.details.advisory_committee == new.details.advisory_committee,
        ),
        (
            "estate_office",
            old.details.estate_office == new.details.estate_office,
        ),
        (
            "property_management",
            old.details.property_management == new.details.property_management,
        ),
        (
            "carpark_management",
            old.details.carpark_management == new.details.carpark_management,
        ),
        ("website", old.details.website == new.details.website),
        (
            "further_information",
            old.details.further_information == new.details.further_information,
        ),
    ];
    same.into_iter()
        .filter(|(_, same)| !same)
        .map(|(field, _)| field)
        .collect()
}

/// The blocks to save, new or changed, so that those `known` of the estate become those that
/// `record` names. A block no longer named is withdrawn on `today`; one named again stands.
pub(super) fn blocks(known: &[Block], record: &EstateRecord, today: NaiveDate) -> Vec<Block> {
    let named: Vec<Block> = (1..)
        .zip(&record.blocks)
        .map(|(position, name)| Block {
            id: record.block_id(&name.en),
            estate_id: record.id(),
            position,
            name: name.clone(),
            withdrawn_on: None,
        })
        .collect();
    let vanished = known
        .iter()
        .filter(|block| block.withdrawn_on.is_none())
        .filter(|block| named.iter().all(|other| other.id != block.id))
        .map(|block| Block {
            withdrawn_on: Some(today),
            ..block.clone()
        })
        .collect::<Vec<_>>();
    let changed = named.into_iter().filter(|block| !known.contains(block));
    changed.chain(vanished).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estates::{REFERENCE, read_dataset};

    fn record() -> EstateRecord {
        read_dataset(REFERENCE).records.swap_remove(0)
    }

    fn today() -> NaiveDate {
        "2026-11-20".parse().unwrap()
    }

    #[test]
    fn the_same_record_differs_in_nothing() {
        let at = "2026-11-20T01:00:00Z".parse().unwrap();
        let later = "2027-11-20T01:00:00Z".parse().unwrap();
        let (old, new) = (estate(&record(), &[1], at), estate(&record(), &[2], later));
        assert!(differences(&old, &new).is_empty());
        let known = blocks(&[], &record(), today());
        assert_eq!(known.len(), 9);
        assert!(blocks(&known, &record(), today()).is_empty());
    }

    #[test]
    fn what_differs_is_named() {
        let at = "2026-11-20T01:00:00Z".parse().unwrap();
        let mut newer = record();
        newer.rental_flats = Some(8_300);
        newer.position = None;
        newer.details.website = Some("example.org".to_owned());
        let (old, new) = (estate(&record(), &[], at), estate(&newer, &[], at));
        assert_eq!(
            differences(&old, &new),
            ["rental_flats", "position", "website"]
        );
    }

    #[test]
    fn a_block_no_longer_named_is_withdrawn_until_named_again() {
        let known = blocks(&[], &record(), today());
        let mut newer = record();
        newer.blocks.truncate(8);
        let saved = blocks(&known, &newer, today());
        let [gone] = saved.as_slice() else {
            panic!("{saved:?}")
        };
        assert_eq!(
            (gone.name.en.as_str(), gone.withdrawn_on),
            ("Tak Pui House", Some(today()))
        );

        let mut known = known;
        *known.last_mut().unwrap() = gone.clone();
        let next_year = "2027-11-20".parse().unwrap();
        assert!(blocks(&known, &newer, next_year).is_empty());
        let saved = blocks(&known, &record(), next_year);
        assert_eq!(saved.len(), 1);
        assert_eq!(saved[0].withdrawn_on, None);
    }
}
