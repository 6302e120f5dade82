//! Direct debits in PostgreSQL. The only folder that names their tables.

mod answers;
mod collections;
mod lines;
mod mandates;
mod policies;
mod reports;

pub use answers::{Debited, NewResult, add_results, add_strays, debited, last_answers, strays};
pub use collections::{
    add_collection, add_part, called, collection, collections, decided_before, last_run,
    lock_collection, part, save_collection,
};
pub use lines::{
    Debit, Told, Wanted, add_left_out, add_lines, attempts, debited_households, debits,
    holding_lines, left_out, left_out_of, lines, lines_of, on_their_way,
};
pub use mandates::{
    Age, InForce, Moved, add_events, add_mandate, count_active, events, lock_mandate, mandates_of,
    move_all, proposed_before, save_mandate, to_collect,
};
pub use policies::{policies, policy, policy_on};
pub use reports::{
    add_report, add_verdicts, end_report, report, report_of_digest, unnamed, verdicts,
};
