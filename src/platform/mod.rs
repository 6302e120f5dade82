//! What any service needs; nothing here knows of housing.

pub mod audit;
pub mod auth;
pub mod calendar;
pub mod cluster;
pub mod config;
pub mod crypto;
pub mod csv;
pub mod db;
pub mod http;
pub mod jobs;
pub mod limits;
pub mod outbox;
pub mod paper;
pub mod password;
pub mod telemetry;
pub mod tlog;
pub mod vault;
