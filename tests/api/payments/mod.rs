//! Payments: channels, what a payer scans or types, settlement files and what they pay.

mod bringing;
mod channels;
mod codes;
mod contradictions;
mod files;
mod gathered;
mod intake;
mod january_2023;
mod mutations;
mod notices;
mod odd_days;
pub mod office;
mod programs;
mod reconciliation;
mod replay;
mod shares;
mod shelf;
mod signed;
mod statements;
mod suspense;
mod torture;
mod verify;
