//! The things an estate is made of.
//!
//! An estate, a block and a flat are known by their names, so each identifier is derived
//! from them: the same file read twice, here or in another installation, names the same things.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::deserialize::FromSql;
use diesel::pg::{Pg, PgValue};
use diesel::prelude::*;
use diesel::serialize::{Output, ToSql};
use diesel::sql_types::Jsonb;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::kernel::choice::choice;
use crate::kernel::id::{BlockId, EstateId, FlatId};
use crate::kernel::language::Trilingual;
use crate::platform::crypto::{Digest, sha256};
use crate::platform::db::DbError;
use crate::platform::db::schema::{block, estate, flat};

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
#[derive(
    Debug,
    Clone,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    ToSchema,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[diesel(sql_type = Jsonb)]
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

impl FromSql<Jsonb, Pg> for Details {
    fn from_sql(bytes: PgValue<'_>) -> diesel::deserialize::Result<Self> {
        let value = <serde_json::Value as FromSql<Jsonb, Pg>>::from_sql(bytes)?;
        Ok(serde_json::from_value(value)?)
    }
}

impl ToSql<Jsonb, Pg> for Details {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> diesel::serialize::Result {
        let value = serde_json::to_value(self)?;
        <serde_json::Value as ToSql<Jsonb, Pg>>::to_sql(&value, &mut out.reborrow())
    }
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

    /// The digest of all it says.
    pub fn digest(&self) -> Result<Digest, serde_json::Error> {
        serde_json::to_vec(self).map(|canonical| sha256(&[&canonical]))
    }

    /// The identifier of this estate's block called `block` in English.
    #[must_use]
    pub fn block_id(&self, block: &str) -> BlockId {
        BlockId::derived(&format!("{}/{block}", self.name.en))
    }
}

/// An estate on the register.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = estate, check_for_backend(Pg), treat_none_as_null = true)]
pub struct Estate {
    pub id: EstateId,
    pub name: Trilingual,
    pub district: Trilingual,
    pub region: Trilingual,
    pub application_district: Option<ApplicationDistrict>,
    pub estate_types: Vec<EstateType>,
    pub intake_years: Vec<i32>,
    pub stated_blocks: Option<i32>,
    pub rental_flats: Option<i32>,
    pub flats_as_at: Option<NaiveDate>,
    pub flat_size: String,
    pub ifa_min: Option<Decimal>,
    pub ifa_max: Option<Decimal>,
    pub latitude: Option<Decimal>,
    pub longitude: Option<Decimal>,
    pub details: Details,
    /// Of the record it was read from.
    pub dataset_digest: Vec<u8>,
    /// When it was last changed by a dataset.
    pub imported_at: DateTime<Utc>,
    pub version: i32,
}

/// A block on the register.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = block, check_for_backend(Pg), treat_none_as_null = true)]
pub struct Block {
    pub id: BlockId,
    pub estate_id: EstateId,
    /// Its place among the estate's blocks, as published.
    pub position: i16,
    pub name: Trilingual,
    /// The day a dataset first did not name it.
    pub withdrawn_on: Option<NaiveDate>,
}

/// A flat on the register.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = flat, check_for_backend(Pg))]
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

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// The English names of the estates that are new.
    pub added: Vec<String>,
    pub changed: Vec<ChangedEstate>,
    /// How many stand as they stood.
    pub unchanged: usize,
}

/// An estate that a dataset says something new of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangedEstate {
    /// Its English name.
    pub estate: String,
    /// What of it is different.
    pub fields: Vec<&'static str>,
}

/// Why the register refused something.
#[derive(Debug, thiserror::Error)]
pub enum EstateError {
    #[error("no such estate or block")]
    NotFound,
    /// A flat is on the register already, under this block, floor and unit.
    #[error("the flat is on the register already")]
    FlatExists,
    /// A record cannot be written as JSON.
    #[error(transparent)]
    Canonical(#[from] serde_json::Error),
    #[error(transparent)]
    Db(#[from] DbError),
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
