//! Money in suspense, and where it shall go.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Integer, Numeric, Text, Uuid as SqlUuid};

use crate::kernel::four_eyes::Decision;
use crate::kernel::id::{PaymentId, ProposalId};
use crate::kernel::money::Money;
use crate::kernel::tenant_code::TenantCode;
use crate::payments::model::{Channel, Payment, PaymentError};
use crate::payments::suspense::{Part, Proposal};
use crate::platform::db::DbError;
use crate::platform::db::schema::{payment, suspense_decision, suspense_part, suspense_proposal};

/// Any number that only proposals for a payment lock, together with the payment.
const PAYMENT_LOCK: i32 = 7_210_852;

/// Keeps other proposals for `payment` out until the transaction ends.
pub fn hold(conn: &mut PgConnection, payment: PaymentId) -> Result<(), DbError> {
    diesel::sql_query("SELECT pg_advisory_xact_lock($1, hashtext($2::text))")
        .bind::<Integer, _>(PAYMENT_LOCK)
        .bind::<SqlUuid, _>(payment)
        .execute(conn)?;
    Ok(())
}

/// Which items are wanted.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    pub channel: Option<Channel>,
    /// Those for which a proposal is open, or none is.
    pub proposed: Option<bool>,
    /// Entered by this instant.
    pub before: Option<DateTime<Utc>>,
}

/// Up to `rows` payments that are in suspense, the oldest first, from after the one recorded at
/// `after`.
pub fn list(
    conn: &mut PgConnection,
    wanted: Wanted,
    after: Option<(DateTime<Utc>, PaymentId)>,
    rows: i64,
) -> Result<Vec<Payment>, DbError> {
    let place = (payment::recorded_at, payment::id);
    let cleared = suspense_decision::table
        .filter(suspense_decision::payment.eq(payment::id))
        .filter(suspense_decision::approved);
    let mut query = payment::table
        .filter(payment::household.is_null())
        .filter(not(exists(cleared)))
        .order(place)
        .limit(rows)
        .select(Payment::as_select())
        .into_boxed();
    if let Some(channel) = wanted.channel {
        query = query.filter(payment::channel.eq(channel));
    }
    if let Some(before) = wanted.before {
        query = query.filter(place.0.le(before));
    }
    if let Some(proposed) = wanted.proposed {
        let decided =
            suspense_decision::table.filter(suspense_decision::proposal.eq(suspense_proposal::id));
        let open = suspense_proposal::table
            .filter(suspense_proposal::payment.eq(payment::id))
            .filter(not(exists(decided)));
        query = if proposed {
            query.filter(exists(open))
        } else {
            query.filter(not(exists(open)))
        };
    }
    if let Some((at, id)) = after {
        query = query.filter(place.0.gt(at).or(place.0.eq(at).and(place.1.gt(id))));
    }
    Ok(query.load(conn)?)
}

/// Payments of one channel that have been in suspense for so long.
#[derive(Debug, Clone, QueryableByName)]
pub struct Age {
    #[diesel(sql_type = Text)]
    pub channel: Channel,
    /// The fewest days that they have been there.
    #[diesel(sql_type = Integer)]
    pub days: i32,
    #[diesel(sql_type = BigInt)]
    pub payments: i64,
    #[diesel(sql_type = Numeric)]
    pub amount: Money,
}

/// How long what is in suspense on `today` has been there, by channel: under 8 days, under 31,
/// under 91, and longer.
pub fn ages(conn: &mut PgConnection, today: NaiveDate) -> Result<Vec<Age>, DbError> {
    Ok(diesel::sql_query(
        "SELECT channel, CASE WHEN days >= 91 THEN 91 WHEN days >= 31 THEN 31 \
                 WHEN days >= 8 THEN 8 ELSE 0 END AS days, \
             count(*) AS payments, sum(amount) AS amount \
         FROM (SELECT p.channel, p.amount, \
                   $1 - (p.recorded_at AT TIME ZONE 'Asia/Hong_Kong')::date AS days \
               FROM payment p WHERE p.household IS NULL AND NOT EXISTS ( \
                   SELECT FROM suspense_decision d WHERE d.payment = p.id AND d.approved)) AS item \
         GROUP BY 1, 2 ORDER BY 1, 2",
    )
    .bind::<Date, _>(today)
    .load(conn)?)
}

type Row = (
    ProposalId,
    PaymentId,
    String,
    String,
    DateTime<Utc>,
    Option<(bool, Option<String>, String, DateTime<Utc>)>,
);

/// What was proposed for `payment`, oldest first.
pub fn proposals(conn: &mut PgConnection, payment: PaymentId) -> Result<Vec<Proposal>, DbError> {
    let rows: Vec<Row> = rows()
        .filter(suspense_proposal::payment.eq(payment))
        .order((suspense_proposal::proposed_at, suspense_proposal::id))
        .load(conn)?;
    rows.into_iter().map(|row| whole(conn, row)).collect()
}

pub fn proposal(conn: &mut PgConnection, id: ProposalId) -> Result<Proposal, PaymentError> {
    let row: Option<Row> = rows()
        .filter(suspense_proposal::id.eq(id))
        .first(conn)
        .optional()
        .map_err(DbError::from)?;
    let row = row.ok_or(PaymentError::NoSuchPayment)?;
    Ok(whole(conn, row)?)
}

#[diesel::dsl::auto_type(no_type_alias)]
fn rows() -> _ {
    suspense_proposal::table
        .left_join(
            suspense_decision::table.on(suspense_decision::proposal.eq(suspense_proposal::id)),
        )
        .select((
            suspense_proposal::id,
            suspense_proposal::payment,
            suspense_proposal::reason,
            suspense_proposal::proposed_by,
            suspense_proposal::proposed_at,
            (
                suspense_decision::approved,
                suspense_decision::reason,
                suspense_decision::decided_by,
                suspense_decision::decided_at,
            )
                .nullable(),
        ))
}

fn whole(conn: &mut PgConnection, row: Row) -> Result<Proposal, DbError> {
    let (id, payment, reason, proposed_by, proposed_at, decision) = row;
    let parts: Vec<(Option<TenantCode>, Money)> = suspense_part::table
        .filter(suspense_part::proposal.eq(id))
        .order(suspense_part::number)
        .select((suspense_part::household, suspense_part::amount))
        .load(conn)?;
    let parts = parts
        .into_iter()
        .map(|(household, amount)| Part { household, amount });
    let decision = decision.map(|(approved, reason, decided_by, decided_at)| Decision {
        approved,
        reason,
        decided_by,
        decided_at,
    });
    Ok(Proposal {
        id,
        payment,
        reason,
        proposed_by,
        proposed_at,
        parts: parts.collect(),
        decision,
    })
}

/// Adds `proposal`, which is open.
pub fn add(conn: &mut PgConnection, proposal: &Proposal) -> Result<(), DbError> {
    diesel::insert_into(suspense_proposal::table)
        .values((
            suspense_proposal::id.eq(proposal.id),
            suspense_proposal::payment.eq(proposal.payment),
            suspense_proposal::reason.eq(&proposal.reason),
            suspense_proposal::proposed_by.eq(&proposal.proposed_by),
            suspense_proposal::proposed_at.eq(proposal.proposed_at),
        ))
        .execute(conn)?;
    let parts = (1..).zip(&proposal.parts).map(|(number, part): (i16, _)| {
        (
            suspense_part::proposal.eq(proposal.id),
            suspense_part::number.eq(number),
            suspense_part::household.eq(part.household),
            suspense_part::amount.eq(part.amount),
        )
    });
    diesel::insert_into(suspense_part::table)
        .values(parts.collect::<Vec<_>>())
        .execute(conn)?;
    Ok(())
}

pub fn add_decision(
    conn: &mut PgConnection,
    proposal: &Proposal,
    decision: &Decision,
) -> Result<(), DbError> {
    diesel::insert_into(suspense_decision::table)
        .values((
            suspense_decision::proposal.eq(proposal.id),
            suspense_decision::payment.eq(proposal.payment),
            suspense_decision::proposed_by.eq(&proposal.proposed_by),
            suspense_decision::approved.eq(decision.approved),
            suspense_decision::reason.eq(&decision.reason),
            suspense_decision::decided_by.eq(&decision.decided_by),
            suspense_decision::decided_at.eq(decision.decided_at),
        ))
        .execute(conn)?;
    Ok(())
}

/// What of payments that were in suspense reached `code`: how each came, and how much of it.
pub fn of_household(
    conn: &mut PgConnection,
    code: TenantCode,
) -> Result<Vec<(Payment, Money)>, DbError> {
    Ok(suspense_part::table
        .inner_join(
            suspense_decision::table.on(suspense_decision::proposal.eq(suspense_part::proposal)),
        )
        .inner_join(payment::table.on(payment::id.eq(suspense_decision::payment)))
        .filter(suspense_decision::approved)
        .filter(suspense_part::household.eq(code))
        .order((payment::value_on, payment::id))
        .select((Payment::as_select(), suspense_part::amount))
        .load(conn)?)
}

/// Up to `rows` of the same, the newest first, from after the one at `after`.
pub fn newest_of(
    conn: &mut PgConnection,
    code: TenantCode,
    after: Option<(NaiveDate, PaymentId)>,
    rows: i64,
) -> Result<Vec<(Payment, Money)>, DbError> {
    let place = (payment::value_on, payment::id);
    let mut query = suspense_part::table
        .inner_join(
            suspense_decision::table.on(suspense_decision::proposal.eq(suspense_part::proposal)),
        )
        .inner_join(payment::table.on(payment::id.eq(suspense_decision::payment)))
        .filter(suspense_decision::approved)
        .filter(suspense_part::household.eq(code))
        .order((place.0.desc(), place.1.desc()))
        .limit(rows)
        .select((Payment::as_select(), suspense_part::amount))
        .into_boxed();
    if let Some((day, id)) = after {
        query = query.filter(place.0.lt(day).or(place.0.eq(day).and(place.1.lt(id))));
    }
    Ok(query.load(conn)?)
}
