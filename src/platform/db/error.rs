//! What can go wrong below the rules.

use std::error::Error;

use diesel::result::{ConnectionError, DatabaseErrorKind, Error as Diesel};

/// Diesel does not pass the SQLSTATE on (55P03, 57014, 40P01), only the words. Under another
/// `lc_messages` they differ, and the answer is 500 instead of 503.
const BREAKS_OFF: [&str; 3] = [
    "canceling statement due to lock timeout",
    "canceling statement due to statement timeout",
    "deadlock detected",
];

/// What went wrong below the rules.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The queue is full, or no connection came free in time.
    #[error("the database is busy")]
    Busy,
    /// The database cannot be reached.
    #[error("the database cannot be reached: {0}")]
    Away(String),
    /// PostgreSQL broke the work off: a limit passed, or two works waited for each other.
    #[error("the database broke the work off: {0}")]
    BrokenOff(String),
    /// A named constraint refused the row.
    #[error("constraint {0} refused the row")]
    Constraint(String),
    /// A figure does not fit its column.
    #[error("a figure is too large to be kept")]
    TooLarge,
    /// Anything else PostgreSQL said.
    #[error(transparent)]
    Query(Diesel),
    /// The work panicked.
    #[error("the database work panicked")]
    Panicked,
    #[error("migration: {0}")]
    Migration(Box<dyn Error + Send + Sync>),
}

impl DbError {
    /// The name of the constraint that refused the row, if one did.
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Constraint(name) => Some(name),
            _ => None,
        }
    }
}

impl From<Diesel> for DbError {
    fn from(error: Diesel) -> Self {
        match &error {
            Diesel::DatabaseError(DatabaseErrorKind::ClosedConnection, info) => {
                Self::Away(info.message().to_owned())
            }
            Diesel::DatabaseError(DatabaseErrorKind::SerializationFailure, info) => {
                Self::BrokenOff(info.message().to_owned())
            }
            Diesel::DatabaseError(DatabaseErrorKind::Unknown, info)
                if BREAKS_OFF.contains(&info.message()) =>
            {
                Self::BrokenOff(info.message().to_owned())
            }
            // SQLSTATE 22003, which Diesel does not hand over; servers may add the column.
            Diesel::DatabaseError(_, info)
                if info.message().starts_with("numeric field overflow") =>
            {
                Self::TooLarge
            }
            Diesel::DatabaseError(
                DatabaseErrorKind::UniqueViolation
                | DatabaseErrorKind::CheckViolation
                | DatabaseErrorKind::ForeignKeyViolation
                | DatabaseErrorKind::ExclusionViolation
                | DatabaseErrorKind::Unknown,
                info,
            ) => info
                .constraint_name()
                .map(str::to_owned)
                .map_or(Self::Query(error), Self::Constraint),
            _ => Self::Query(error),
        }
    }
}

impl From<ConnectionError> for DbError {
    fn from(error: ConnectionError) -> Self {
        Self::Away(error.to_string())
    }
}
