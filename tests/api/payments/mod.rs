//! Payments: channels, what a payer scans or types, settlement files and what they pay.

mod channels;
mod codes;
mod files;
mod intake;
mod office;
mod statements;
