//! Payments (繳費): how rent reaches us.
//!
//! * A channel's terms are dated rows with their source: from when, until what time of day, how
//!   much at most.
//! * What a payer scans or types is made from the same quote as every other figure. A payer who
//!   changes the amount, or pays by an older code, has paid all the same: the difference is
//!   credit, or stays due.
//! * A channel's reference is paid once for ever, whatever file names it, and however often.
//! * A household is told of every payment onto its account: that it was posted is written to the
//!   outbox with it.
//! * A channel's program brings its channel's settlement files and sees those only. Where the channel
//!   signs them, one that is not signed by such a program is refused.
//! * What a channel's files, the bank and the ledger say of a day is compared whenever it is read.
//! * Whether somebody paid in time goes by when they told the channel to pay; which day the money
//!   counts from, by the channel's cut-off and working days.

mod api;
mod book;
mod channel;
mod credit;
mod debits;
mod events;
pub mod files;
mod fps_code;
mod held;
pub mod intake;
mod jobs;
mod model;
mod notices;
mod picture;
pub mod posting;
mod programs;
pub mod reconciliation;
mod rules;
pub mod shares;
mod shelf;
mod signing;
mod staging;
mod store;
mod suspense;
mod tell;
mod terms;
pub mod verify;
mod words;

pub use api::{routes, shelve};
pub use book::{enter_told, paid_before, posted_by};
pub use credit::{Credit, Paid, credits, paid_to, place};
pub use debits::{DebitTold, count_debits, paid_debits, unpaid_debits};
pub use events::{
    AutopayRefused, AutopaySuspended, PaymentReceived, PaymentVoided, PaymentsPosted, received,
};
pub use held::held;
pub use jobs::{AllowancesPosted, DebitsTold, handlers, timetable};
pub use model::{
    Channel, Fate, FileState, HeldFile, Payment, PaymentError, PaymentFile, Tally, Told, paid_by,
};
pub use notices::{
    News, NewsGatherer, Nonce, Notice, NoticeOutcome, NoticeState, gather_news, take_all,
};
pub use shelf::{Content, Kept, SEALED, Shelf};
pub use store::allowances::{
    AllowanceFile, Unplaced, allowance_files, allowance_lines, allowance_lines_at, reached,
    returned, unplaced,
};
pub use store::files::{held as held_files, tally};
pub use store::notices::speaks_for;
pub use store::terms_on;
pub use words::channel as word_of_channel;
