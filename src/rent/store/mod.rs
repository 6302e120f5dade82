//! Rent in PostgreSQL. The only files that name its tables.

mod awards;
mod charges;
mod facts;
mod rule_book;
mod runs;
mod standing;
mod standings;

pub use awards::{add_award, assisted, award, awards_of, household_of_award, replace_award};
pub use charges::{
    NewAdjustment, Revision, add_adjustment, add_charges, adjustments_of, charged_as_at,
    charges_of, latest_revisions, revisions,
};
pub use facts::{awards_in, charged, tenures_in, tenures_of};
pub use rule_book::{NewRule, add_rule, assume_rates, book_version, load_book};
pub use runs::{
    begin_run, billed_months, count_uncharged, finish_run, households, progress, run, runs,
};
pub use standing::{Standing, standing};
pub use standings::standings;
