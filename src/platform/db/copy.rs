//! COPY in PostgreSQL's binary format, for tables made or emptied in the same transaction.
//!
//! Diesel copies whatever is `Insertable`, but cannot freeze: rows that are not frozen are
//! rewritten by the first reader of each page and once more by vacuum. For tens of millions
//! of rows that is minutes.

use std::io::Write;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::{CopyFormat, CopyTarget};
use diesel::prelude::*;
use diesel::result::Error as Diesel;
use uuid::Uuid;

use super::DbError;
use crate::kernel::money::Money;

/// What the file of a COPY begins with: a signature, no flags, no extension.
const HEADER: &[u8; 19] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();
/// PostgreSQL counts from 2000-01-01.
const EPOCH_MICROS: i64 = 946_684_800_000_000;
/// The type of an `int4` in an array.
const INT4: i32 = 23;
/// Bytes that are handed over at once.
const AT_ONCE: usize = 64 * 1024;

/// One row being written, column by column.
pub struct CopyRow<'a>(&'a mut Vec<u8>);

impl CopyRow<'_> {
    fn field(&mut self, bytes: &[u8]) -> &mut Self {
        let length = i32::try_from(bytes.len()).unwrap_or(i32::MAX);
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(bytes);
        self
    }

    pub fn uuid(&mut self, id: Uuid) -> &mut Self {
        self.field(id.as_bytes())
    }

    /// A uuid, or null.
    pub fn maybe_uuid(&mut self, id: Option<Uuid>) -> &mut Self {
        match id {
            Some(id) => self.uuid(id),
            None => self.null(),
        }
    }

    pub fn bigint(&mut self, number: i64) -> &mut Self {
        self.field(&number.to_be_bytes())
    }

    pub fn smallint(&mut self, number: i16) -> &mut Self {
        self.field(&number.to_be_bytes())
    }

    pub fn integers(&mut self, numbers: &[i32]) -> &mut Self {
        let dimensions = i32::from(!numbers.is_empty());
        let count = i32::try_from(numbers.len()).unwrap_or(i32::MAX);
        let mut words = vec![dimensions, 0, INT4];
        if dimensions == 1 {
            words.extend([count, 1]);
            words.extend(numbers.iter().flat_map(|number| [4, *number]));
        }
        let bytes: Vec<u8> = words.into_iter().flat_map(i32::to_be_bytes).collect();
        self.field(&bytes)
    }

    /// Bytes, or null.
    pub fn maybe_bytes(&mut self, bytes: Option<&[u8]>) -> &mut Self {
        match bytes {
            Some(bytes) => self.field(bytes),
            None => self.null(),
        }
    }

    /// A word, or null.
    pub fn maybe_text(&mut self, text: Option<&str>) -> &mut Self {
        self.maybe_bytes(text.map(str::as_bytes))
    }

    pub fn maybe_smallint(&mut self, number: Option<i16>) -> &mut Self {
        match number {
            Some(number) => self.smallint(number),
            None => self.null(),
        }
    }

    pub fn integer(&mut self, number: i32) -> &mut Self {
        self.field(&number.to_be_bytes())
    }

    pub fn maybe_date(&mut self, date: Option<NaiveDate>) -> &mut Self {
        match date {
            Some(date) => self.date(date),
            None => self.null(),
        }
    }

    pub fn maybe_instant(&mut self, at: Option<DateTime<Utc>>) -> &mut Self {
        match at {
            Some(at) => self.instant(at),
            None => self.null(),
        }
    }

    fn null(&mut self) -> &mut Self {
        self.0.extend_from_slice(&(-1_i32).to_be_bytes());
        self
    }

    pub fn text(&mut self, text: &str) -> &mut Self {
        self.field(text.as_bytes())
    }

    pub fn date(&mut self, date: NaiveDate) -> &mut Self {
        let midnight = date.and_time(chrono::NaiveTime::MIN).and_utc();
        let days = (midnight.timestamp_micros() - EPOCH_MICROS) / 86_400_000_000;
        self.field(&i32::try_from(days).unwrap_or(i32::MAX).to_be_bytes())
    }

    pub fn instant(&mut self, at: DateTime<Utc>) -> &mut Self {
        self.bigint(at.timestamp_micros() - EPOCH_MICROS)
    }

    /// An amount as `numeric`: groups of four decimal digits.
    pub fn money(&mut self, amount: Money) -> &mut Self {
        let cents = amount.cents();
        let (whole, rest) = (cents.unsigned_abs() / 100, cents.unsigned_abs() % 100);
        // Money is below 10^10: three groups before the point, one after it.
        let groups = [whole / 100_000_000, whole / 10_000 % 10_000, whole % 10_000];
        let groups = groups.into_iter().chain([rest * 100]);
        let sign = if cents < 0 { 0x4000 } else { 0 };
        let words = [4, 2, sign, 2].into_iter();
        let groups = groups.map(|group| i16::try_from(group).unwrap_or(i16::MAX));
        let bytes: Vec<u8> = words.chain(groups).flat_map(i16::to_be_bytes).collect();
        self.field(&bytes)
    }
}

/// Copies `rows` into `table`, which this transaction made or emptied: they are frozen, and
/// whoever may see the table once it is committed sees all of them.
///
/// `write` writes every one of the table's `columns`, in the order that the table declares
/// them; PostgreSQL refuses any other number of them.
pub fn copy_frozen<T, R>(
    conn: &mut PgConnection,
    (table, columns): (T, i16),
    rows: &[R],
    write: impl Fn(&R, &mut CopyRow<'_>),
) -> Result<(), DbError>
where
    T: diesel::Table + CopyTarget<Table = T> + Copy,
{
    let columns = columns.to_be_bytes();
    let send = |sink: &mut dyn Write| {
        let mut bytes = Vec::with_capacity(AT_ONCE + 1024);
        bytes.extend_from_slice(HEADER);
        for row in rows {
            bytes.extend_from_slice(&columns);
            write(row, &mut CopyRow(&mut bytes));
            if bytes.len() >= AT_ONCE {
                sink.write_all(&bytes)?;
                bytes.clear();
            }
        }
        bytes.extend_from_slice(&TRAILER);
        sink.write_all(&bytes)
    };
    diesel::copy_from(table)
        .from_raw_data(table, |sink| {
            send(sink).map_err(|error| Diesel::SerializationError(error.into()))
        })
        .with_format(CopyFormat::Binary)
        .with_freeze(true)
        .execute(conn)?;
    Ok(())
}
