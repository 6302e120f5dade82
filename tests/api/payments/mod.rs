//! Payments: channels, and what a payer scans or types.

mod channels;
mod codes;
