//! Golden messages, wrong ones, hostile ones, and ten thousand spoiled ones.

mod golden;
mod hostile;
mod report;
mod wrong;
