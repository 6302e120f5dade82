//! CSSA (綜援租金津貼直接轉帳): rent that the Social Welfare Department pays for its recipients.
//!
//! * The department's monthly file comes as every settlement file does. The rent in it is entered as
//!   every payment is; what it tells of allowances is taken in once the file is posted.
//! * What was told of an allowance is a row that is never changed. A row says what holds from its
//!   month on; months before that of its file are left as they were.
//! * A line that fits nothing we know changes nothing: it is kept with why, and keeps no other from
//!   being taken.
//! * A full allowance pays the whole of the month's rent; by a partial one the tenant pays the rest.
//!   What is still to come from the department is asked of nobody else.
//! * Each month is reconciled both ways, as often as is asked; what was found stays as it was
//!   found. Every dollar of the files' trailers is on an account, or on a line that is named.
//! * The department's case numbers are kept nowhere. That somebody lives on CSSA is seen by the
//!   household, its estate office and whoever keeps the accounts.

mod api;
mod file;
mod held;
mod jobs;
mod model;
mod reconcile;
mod rents;
mod rules;
mod store;
mod take;
mod tell;
mod words;

pub use api::routes;
pub use held::held;
pub use jobs::{handlers, timetable};
pub use model::{CssaError, ExceptionKind, Found, Reconciliation, RentFile, ToCome};
pub use reconcile::{make as make_reconciliation, order as order_reconciliation};
pub use rents::{bytes as rent_file, make as make_rents, order as order_rents};
pub use store::exceptions::all as exceptions;
pub use take::{Taken, take_waiting};
pub use tell::to_come;
