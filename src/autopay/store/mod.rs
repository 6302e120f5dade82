//! Direct debits in PostgreSQL. The only folder that names their tables.

mod answers;
mod collections;
mod lines;
mod mandates;
mod policies;

pub use answers::{Debited, NewResult, add_results, add_strays, debited, last_answers, strays};
pub use collections::{
    add_collection, add_part, collection, collections, last_run, lock_collection, part,
    save_collection,
};
pub use lines::{
    Debit, Told, Wanted, add_left_out, add_lines, attempts, debits, lapsed, left_out, left_out_of,
    lines, lines_of, on_their_way,
};
pub use mandates::{
    add_events, add_mandate, count_active, end_all, events, lock_mandate, mandates_of,
    save_mandate, suspend_all, to_collect,
};
pub use policies::{policies, policy, policy_on};
