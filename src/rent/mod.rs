//! Rent (租金): what a household has to pay, and why.
//!
//! * `rules::quote` is the only place that says what is due. Every reader shows its figure:
//!   the account, the statement, the calculator, and later each payment channel.
//! * Every rule that a circular can change is a dated row with its source; a charge names the
//!   rows it used.
//! * A tenancy is charged once a month. A late decision books the difference; nothing that
//!   was booked is edited.
//! * Rules and awards are known from the instant they are recorded: what was quoted before
//!   can be quoted again.

mod api;
mod bill;
mod book;
mod bulk;
mod commands;
mod held;
mod jobs;
mod model;
mod rules;
mod run;
mod statement;
mod store;
mod tell;
mod words;

pub use api::routes;
pub use bill::Billed;
pub use book::RuleShelf;
pub use bulk::{
    FinishedRun, Terms, begin_charges, end_charges, is_empty, load_awards, load_charges, load_runs,
};
pub use held::held;
pub use jobs::{handlers, timetable};
pub use model::{
    Award, BookedCharge, Charge, Line, LineKind, Quote, RentError, RentRun, RuleRow, Scheme, Tenure,
};
pub use run::{RunOrder, run};
pub use statement::{Words, grouped, hkd};
pub use store::{assisted, assume_rates, run as run_of};
pub use tell::{Asked, Due, Overview, admit, dues, overview, quote, rents};
pub use words::line as word_of_line;
