//! The things an estate is made of.
//!
//! An estate, a block and a flat are known by their names, so each identifier is derived
//! from them: the same file read twice, here or in another installation, names the same things.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::kernel::choice::choice;
use crate::kernel::id::{BlockId, EstateId, FlatId};
use crate::kernel::language::Trilingual;

choice! {
    /// One of the four districts an applicant for public rental housing chooses from.
    pub enum ApplicationDistrict {
        /// Hong Kong Island and Kowloon.
        Urban = "urban",
        /// Sha Tin, Ma On Shan, Tseung Kwan O, Tsuen Wan, Kwai Chung, Tsing Yi and Tung Chung.
        ExtendedUrban = "extended-urban",
        /// Tuen Mun, Yuen Long, Tin Shui Wai, Sheung Shui, Fanling and Tai Po.
        NewTerritories = "new-territories",
        /// The islands without Tung Chung.
        Islands = "islands",
    }
}

impl ApplicationDistrict {
    /// Its name.
    #[must_use]
    pub fn name(self) -> Trilingual {
        match self {
            Self::Urban => trilingual("Urban", "市區", "市区"),
            Self::ExtendedUrban => trilingual("Extended Urban", "擴展市區", "扩展市区"),
            Self::NewTerritories => trilingual("New Territories", "新界", "新界"),
            Self::Islands => trilingual("Islands", "離島", "离岛"),
        }
    }
}

choice! {
    /// On what terms an estate's flats are held; a mixed estate has several.
    pub enum EstateType {
        /// Public rental housing (租住屋邨).
        PublicRental = "public-rental",
        /// Flats sold to their sitting tenants (租者置其屋計劃, TPS).
        TenantsPurchase = "tenants-purchase",
        /// Flats offered for sale or rent (可租可買計劃).
        BuyOrRent = "buy-or-rent",
        /// Temporary homes (中轉房屋).
        InterimHousing = "interim-housing",
    }
}

fn trilingual(en: &str, traditional: &str, simplified: &str) -> Trilingual {
    Trilingual {
        en: en.to_owned(),
        zh_hant: traditional.to_owned(),
        zh_hans: simplified.to_owned(),
    }
}

/// The smallest and the largest flat, in square metres.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlatSizes {
    pub min: Decimal,
    pub max: Decimal,
}

/// Where an estate is, in degrees (WGS 84).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    pub latitude: Decimal,
    pub longitude: Decimal,
}

/// What is told of an estate and decides nothing: plain text, one line a line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Details {
    /// The designs its blocks are built to.
    pub block_types: Trilingual,
    /// Whether an Estate Management Advisory Committee (屋邨管理諮詢委員會) sits.
    pub advisory_committee: Trilingual,
    /// The District Tenancy Management Office or estate office: name, address, telephone.
    pub estate_office: Trilingual,
    pub property_management: Trilingual,
    pub carpark_management: Trilingual,
    pub website: Option<String>,
    pub further_information: Trilingual,
}

/// An estate as the Housing Authority publishes it, once read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EstateRecord {
    pub name: Trilingual,
    /// One of the eighteen districts.
    pub district: Trilingual,
    pub region: Trilingual,
    /// Where an applicant for one of its flats is queued; unknown for an unknown district.
    pub application_district: Option<ApplicationDistrict>,
    pub types: Vec<EstateType>,
    /// The years named as years of intake, in order. Of a span only its ends are named.
    pub intake_years: Vec<i32>,
    /// How many blocks it is said to have; the blocks named may be more or fewer.
    pub stated_blocks: Option<i32>,
    /// Rental flats, rounded to hundreds by the publisher.
    pub rental_flats: Option<i32>,
    /// The date of that count.
    pub flats_as_at: Option<NaiveDate>,
    /// Flat sizes as published, in English.
    pub flat_size: String,
    pub sizes: Option<FlatSizes>,
    pub position: Option<Position>,
    pub details: Details,
    /// The names of its blocks, in published order.
    pub blocks: Vec<Trilingual>,
}

impl EstateRecord {
    /// The estate's identifier.
    #[must_use]
    pub fn id(&self) -> EstateId {
        EstateId::derived(&self.name.en)
    }

    /// The identifier of this estate's block called `block` in English.
    #[must_use]
    pub fn block_id(&self, block: &str) -> BlockId {
        BlockId::derived(&format!("{}/{block}", self.name.en))
    }
}

/// A flat to put on the register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flat {
    pub id: FlatId,
    pub block_id: BlockId,
    /// Its block's estate: rent, posts and kiosks go by estate.
    pub estate_id: EstateId,
    pub floor: i16,
    pub unit: String,
    /// Internal floor area in square metres.
    pub ifa: Decimal,
}

impl Flat {
    /// The identifier of the flat at `floor` and `unit` of `block`.
    #[must_use]
    pub fn id_of(block: BlockId, floor: i16, unit: &str) -> FlatId {
        FlatId::derived(&format!("{block}/{floor}/{unit}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_application_district_has_three_names() {
        for district in ApplicationDistrict::ALL {
            let name = district.name();
            assert!(![&name.en, &name.zh_hant, &name.zh_hans].contains(&&String::new()));
        }
    }

    #[test]
    fn a_flat_is_known_by_where_it_is() {
        let block = BlockId::derived("Tak Long Estate/Tak Cheung House");
        assert_eq!(Flat::id_of(block, 12, "05"), Flat::id_of(block, 12, "05"));
        assert_ne!(Flat::id_of(block, 12, "05"), Flat::id_of(block, 1, "205"));
        assert_ne!(Flat::id_of(block, 12, "05"), Flat::id_of(block, 12, "06"));
    }
}
