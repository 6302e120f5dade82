//! The dated rules.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use rust_decimal::Decimal;

use crate::kernel::id::EstateId;
use crate::platform::db::DbError;
use crate::platform::db::schema::{
    rent_rate, rent_review, rent_rule_book, rent_scheme, rent_waiver,
};
use crate::rent::model::{
    Effect, InForce, Rate, RentError, Review, RuleBook, RuleRow, Scheme, SchemeRule, Waiver,
};

/// The columns that every rule table has.
type Dated = (
    i32,
    NaiveDate,
    Option<NaiveDate>,
    DateTime<Utc>,
    Option<DateTime<Utc>>,
    String,
    bool,
);

/// The same for a waiver, which always has a last day.
type DatedWaiver = (
    i32,
    NaiveDate,
    NaiveDate,
    DateTime<Utc>,
    Option<DateTime<Utc>>,
    String,
    bool,
);

fn dated(
    (number, valid_from, valid_to, recorded_at, replaced_at, source, assumed): Dated,
) -> (RuleRow, InForce) {
    let row = RuleRow {
        number,
        source: Arc::from(source),
        assumed,
    };
    (
        row,
        InForce {
            valid_from,
            valid_to,
            recorded_at,
            replaced_at,
        },
    )
}

macro_rules! dated_columns {
    ($table:ident) => {
        (
            $table::id,
            $table::valid_from,
            $table::valid_to,
            $table::recorded_at,
            $table::replaced_at,
            $table::source,
            $table::assumed,
        )
    };
}

/// How often the rules have changed.
pub fn book_version(conn: &mut PgConnection) -> Result<i64, DbError> {
    Ok(rent_rule_book::table
        .select(rent_rule_book::version)
        .first(conn)?)
}

/// Every rule there ever was.
///
/// The count of changes is read first: a change in between makes the book look old, never new.
pub fn load_book(conn: &mut PgConnection) -> Result<RuleBook, DbError> {
    let mut book = RuleBook {
        version: book_version(conn)?,
        ..RuleBook::default()
    };
    let rates: Vec<(Dated, EstateId, Decimal, Decimal)> = rent_rate::table
        .select((
            dated_columns!(rent_rate),
            rent_rate::estate_id,
            rent_rate::rent_per_m2,
            rent_rate::rates_per_m2,
        ))
        .order(rent_rate::id)
        .load(conn)?;
    for (columns, estate, rent_per_m2, rates_per_m2) in rates {
        let (row, in_force) = dated(columns);
        let rate = Rate {
            row,
            in_force,
            rent_per_m2,
            rates_per_m2,
        };
        book.rates.entry(estate).or_default().push(rate);
    }
    let reviews: Vec<(Dated, Option<Decimal>, Decimal, Option<NaiveDate>)> = rent_review::table
        .select((
            dated_columns!(rent_review),
            rent_review::index_change,
            rent_review::rent_change,
            rent_review::increase_waived_until,
        ))
        .order((rent_review::valid_from, rent_review::id))
        .load(conn)?;
    for (columns, index_change, rent_change, increase_waived_until) in reviews {
        let (row, in_force) = dated(columns);
        book.reviews.push(Review {
            row,
            in_force,
            index_change,
            rent_change,
            increase_waived_until,
        });
    }
    load_schemes(conn, &mut book)?;
    Ok(book)
}

fn load_schemes(conn: &mut PgConnection, book: &mut RuleBook) -> Result<(), DbError> {
    let schemes: Vec<(Dated, Scheme, String, Decimal, Option<i16>)> = rent_scheme::table
        .select((
            dated_columns!(rent_scheme),
            rent_scheme::scheme,
            rent_scheme::effect,
            rent_scheme::figure,
            rent_scheme::longest,
        ))
        .order(rent_scheme::id)
        .load(conn)?;
    for (columns, scheme, effect, figure, longest) in schemes {
        let (row, in_force) = dated(columns);
        let effect = if effect == "reduce" {
            Effect::Reduce(figure)
        } else {
            Effect::Multiply(figure)
        };
        let longest = longest.and_then(|months| u32::try_from(months).ok());
        book.schemes.push(SchemeRule {
            row,
            in_force,
            scheme,
            effect,
            longest,
        });
    }
    let waivers: Vec<(DatedWaiver, Decimal, bool)> = rent_waiver::table
        .select((
            dated_columns!(rent_waiver),
            rent_waiver::share,
            rent_waiver::excludes_additional,
        ))
        .order(rent_waiver::id)
        .load(conn)?;
    for ((id, from, to, recorded, replaced, source, assumed), share, excludes_additional) in waivers
    {
        let (row, in_force) = dated((id, from, Some(to), recorded, replaced, source, assumed));
        book.waivers.push(Waiver {
            row,
            in_force,
            share,
            excludes_additional,
        });
    }
    Ok(())
}

/// A rule to add.
#[derive(Debug, Clone)]
pub enum NewRule {
    Rate {
        estate: EstateId,
        rent_per_m2: Decimal,
        rates_per_m2: Decimal,
    },
    Review {
        index_change: Option<Decimal>,
        rent_change: Decimal,
        increase_waived_until: Option<NaiveDate>,
    },
    Scheme {
        scheme: Scheme,
        effect: Effect,
        longest: Option<i16>,
    },
    Waiver {
        share: Decimal,
        excludes_additional: bool,
    },
}

/// Inserts a row with the columns that every rule table has and its own.
macro_rules! insert {
    ($conn:ident, $table:ident, $in_force:ident, $source:ident, $valid_to:expr, $($column:expr),*) => {
        diesel::insert_into($table::table)
            .values((
                $table::valid_from.eq($in_force.valid_from),
                $table::valid_to.eq($valid_to),
                $table::recorded_at.eq($in_force.recorded_at),
                $table::source.eq($source),
                $table::assumed.eq(false),
                $($column),*
            ))
            .returning($table::id)
            .get_result($conn)
    };
}

/// Adds a rule known from now on; the tables' constraints refuse what contradicts another.
pub fn add_rule(
    conn: &mut PgConnection,
    rule: &NewRule,
    in_force: &InForce,
    source: &str,
) -> Result<i32, RentError> {
    insert_rule(conn, rule, in_force, source).map_err(|error| match DbError::from(error) {
        DbError::Constraint(name) => RentError::Rule(name),
        error @ DbError::TooLarge => RentError::Rule(error.to_string()),
        other => other.into(),
    })
}

fn insert_rule(
    conn: &mut PgConnection,
    rule: &NewRule,
    in_force: &InForce,
    source: &str,
) -> QueryResult<i32> {
    match rule {
        NewRule::Rate {
            estate,
            rent_per_m2,
            rates_per_m2,
        } => insert!(
            conn,
            rent_rate,
            in_force,
            source,
            in_force.valid_to,
            rent_rate::estate_id.eq(estate),
            rent_rate::rent_per_m2.eq(rent_per_m2),
            rent_rate::rates_per_m2.eq(rates_per_m2)
        ),
        NewRule::Review {
            index_change,
            rent_change,
            increase_waived_until,
        } => insert!(
            conn,
            rent_review,
            in_force,
            source,
            in_force.valid_to,
            rent_review::index_change.eq(index_change),
            rent_review::rent_change.eq(rent_change),
            rent_review::increase_waived_until.eq(increase_waived_until)
        ),
        NewRule::Scheme {
            scheme,
            effect,
            longest,
        } => {
            let (effect, figure) = in_columns(effect);
            insert!(
                conn,
                rent_scheme,
                in_force,
                source,
                in_force.valid_to,
                rent_scheme::scheme.eq(scheme),
                rent_scheme::effect.eq(effect),
                rent_scheme::figure.eq(figure),
                rent_scheme::longest.eq(longest)
            )
        }
        NewRule::Waiver {
            share,
            excludes_additional,
        } => insert!(
            conn,
            rent_waiver,
            in_force,
            source,
            in_force.valid_to.unwrap_or(in_force.valid_from),
            rent_waiver::share.eq(share),
            rent_waiver::excludes_additional.eq(excludes_additional)
        ),
    }
}

fn in_columns(effect: &Effect) -> (&'static str, &Decimal) {
    match effect {
        Effect::Reduce(share) => ("reduce", share),
        Effect::Multiply(times) => ("multiply", times),
    }
}

/// Gives each estate without a rent rate the one assumed for its district; says how many.
pub fn assume_rates(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<usize, DbError> {
    use diesel::sql_types::Timestamptz;

    let assumed = diesel::sql_query(
        "INSERT INTO rent_rate (estate_id, rent_per_m2, rates_per_m2, valid_from, recorded_at, source, assumed) \
         SELECT e.id, d.rent_per_m2, d.rates_per_m2, d.valid_from, least($1, d.valid_from::timestamptz), d.source, true \
         FROM estate e JOIN district_rent_rate d USING (application_district) \
         WHERE NOT EXISTS (SELECT FROM rent_rate r WHERE r.estate_id = e.id)",
    )
    .bind::<Timestamptz, _>(now)
    .execute(conn)?;
    Ok(assumed)
}
