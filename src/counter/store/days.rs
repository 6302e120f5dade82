//! Counters' days and offices.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{SmallInt, Uuid as SqlUuid};
use uuid::Uuid;

use crate::counter::model::{CounterDay, CounterError, DayState, ReceiptNumber};
use crate::kernel::choice::choice;
use crate::kernel::id::{CounterDayId, EstateId};
use crate::kernel::reach::Reach;
use crate::platform::db::DbError;
use crate::platform::db::schema::{counter_day, counter_office};

choice! {
    /// In which order days are told.
    pub enum CounterDayOrder {
        Newest = "newest",
        Oldest = "oldest",
    }
}

/// The number of the office of `estate`; its first day at a counter gives it one.
pub fn office(conn: &mut PgConnection, estate: EstateId) -> Result<i32, DbError> {
    let row = counter_office::table.filter(counter_office::estate_id.eq(estate));
    let known: Option<i32> = row.select(counter_office::number).first(conn).optional()?;
    if let Some(number) = known {
        return Ok(number);
    }
    diesel::insert_into(counter_office::table)
        .values(counter_office::estate_id.eq(estate))
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(row.select(counter_office::number).first(conn)?)
}

/// Takes the next receipt number of the office of `estate` in the year of `today`: nobody else
/// gets one there until the transaction ends, and one that fails gives its number back.
pub fn next_number(
    conn: &mut PgConnection,
    estate: EstateId,
    today: NaiveDate,
) -> Result<ReceiptNumber, DbError> {
    #[derive(QueryableByName)]
    struct Taken {
        #[diesel(sql_type = diesel::sql_types::Integer)]
        last: i32,
    }
    let year = i16::try_from(today.year()).unwrap_or_default();
    let office = office(conn, estate)?;
    let taken: Taken = diesel::sql_query(
        "INSERT INTO receipt_book (estate_id, year, last) VALUES ($1, $2, 1) \
         ON CONFLICT (estate_id, year) DO UPDATE SET last = receipt_book.last + 1 \
         RETURNING last",
    )
    .bind::<SqlUuid, _>(estate)
    .bind::<SmallInt, _>(year)
    .get_result(conn)?;
    Ok(ReceiptNumber {
        office,
        year,
        number: taken.last,
    })
}

pub fn add(conn: &mut PgConnection, day: &CounterDay) -> Result<(), CounterError> {
    let added = diesel::insert_into(counter_day::table)
        .values(day)
        .execute(conn)
        .map_err(DbError::from);
    match added {
        Err(DbError::Constraint(name)) if name == "counter_day_one_open" => {
            Err(CounterError::AlreadyOpen)
        }
        added => Ok(added.map(drop)?),
    }
}

pub fn day(conn: &mut PgConnection, id: CounterDayId) -> Result<Option<CounterDay>, DbError> {
    Ok(counter_day::table
        .find(id)
        .select(CounterDay::as_select())
        .first(conn)
        .optional()?)
}

/// Day `id`, locked until the transaction ends: whoever adds to it or closes it comes by here.
pub fn lock(conn: &mut PgConnection, id: CounterDayId) -> Result<Option<CounterDay>, DbError> {
    Ok(counter_day::table
        .find(id)
        .select(CounterDay::as_select())
        .for_update()
        .first(conn)
        .optional()?)
}

pub fn save(conn: &mut PgConnection, day: &CounterDay) -> Result<(), DbError> {
    diesel::update(counter_day::table.find(day.id))
        .set((
            counter_day::state.eq(day.state),
            counter_day::closed_at.eq(day.closed_at),
        ))
        .execute(conn)?;
    Ok(())
}

/// Which days are wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub reach: Reach,
    pub estate: Option<EstateId>,
    pub shroff: Option<String>,
    pub state: Option<DayState>,
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    pub order: CounterDayOrder,
}

/// A place among days.
pub type Place = (DateTime<Utc>, CounterDayId);

/// Up to `rows` days as `wanted`, from after the one at `after`.
pub fn list(
    conn: &mut PgConnection,
    wanted: Wanted,
    after: Option<Place>,
    rows: i64,
) -> Result<Vec<CounterDay>, DbError> {
    let place = (counter_day::opened_at, counter_day::id);
    let mut query = counter_day::table
        .limit(rows)
        .select(CounterDay::as_select())
        .into_boxed();
    query = match wanted.order {
        CounterDayOrder::Newest => query.order((place.0.desc(), place.1.desc())),
        CounterDayOrder::Oldest => query.order(place),
    };
    match wanted.reach {
        Reach::Everywhere => {}
        Reach::Estates(estates) => {
            let estates: Vec<Uuid> = estates.iter().map(|estate| estate.as_uuid()).collect();
            query = query.filter(counter_day::estate_id.eq_any(estates));
        }
        Reach::Household(_) | Reach::Person(_) => return Ok(Vec::new()),
    }
    if let Some(estate) = wanted.estate {
        query = query.filter(counter_day::estate_id.eq(estate));
    }
    if let Some(shroff) = wanted.shroff {
        query = query.filter(counter_day::shroff.eq(shroff));
    }
    if let Some(state) = wanted.state {
        query = query.filter(counter_day::state.eq(state));
    }
    if let Some(from) = wanted.from {
        query = query.filter(counter_day::opened_on.ge(from));
    }
    if let Some(to) = wanted.to {
        query = query.filter(counter_day::opened_on.le(to));
    }
    if let Some((at, id)) = after {
        query = match wanted.order {
            CounterDayOrder::Newest => {
                query.filter(place.0.lt(at).or(place.0.eq(at).and(place.1.lt(id))))
            }
            CounterDayOrder::Oldest => {
                query.filter(place.0.gt(at).or(place.0.eq(at).and(place.1.gt(id))))
            }
        };
    }
    Ok(query.load(conn)?)
}
