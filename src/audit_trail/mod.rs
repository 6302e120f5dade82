//! The audit trail as the auditor reads it, and the checkpoint that everybody may read.
//!
//! * It owns no table: entries are recorded, sealed and kept by `platform::audit`.
//! * An entry belongs to no estate, so whoever reads them reads all of them.
//! * The newest checkpoint tells nothing but how many entries there are: whoever keeps a copy
//!   can show later that the trail was rewritten.

mod api;

pub use api::routes;
