//! What any service needs; nothing here knows of housing.

pub mod cluster;
pub mod config;
