//! Kaifong (街坊): tenant services for public housing.
//!
//! `kernel` holds the words, `platform` what any service needs, then the slices of the
//! domain, lowest first. The README has the map.

pub mod access;
pub mod app;
pub mod cli;
pub mod kernel;
pub mod platform;

mod audit_trail;
pub mod autopay;
pub mod break_glass;
pub mod counter;
pub mod cssa;
pub mod due_lists;
pub mod estates;
pub mod ledger;
pub mod messages;
pub mod payments;
pub mod people;
pub mod population;
pub mod privacy;
mod receipts;
pub mod rent;
pub mod sign_in;
mod system;
pub mod tenancy;
