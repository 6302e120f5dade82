//! Estates, their blocks and their flats: where public housing is.
//!
//! * The Housing Authority's dataset says which estates and blocks there are. Reading it
//!   again changes nothing; reading a newer one changes what it says is different.
//! * Nothing is ever deleted: a block no longer named is withdrawn, on a date.
//! * Estates, blocks and flats are known by their names, so their identifiers are derived.
//! * What stands here is no personal data and may be read by anyone.

mod api;
mod bulk;
mod commands;
mod dataset;
mod districts;
mod model;
mod reference;
mod rules;
mod store;

pub use api::routes;
pub use bulk::{has_flats, homes, load_flats};
pub use commands::import;
pub use dataset::{Dataset, Finding, FindingKind, MOST_BYTES, Severity, read as read_dataset};
pub use model::{
    ApplicationDistrict, Block, ChangedEstate, Details, Estate, EstateError, EstateRecord,
    EstateType, Flat, FlatSizes, ImportReport, Position,
};
pub use reference::REFERENCE;
pub use store::{add_flats, block, estate, flat};
