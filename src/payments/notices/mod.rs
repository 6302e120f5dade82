//! Payments as they happen (即時通知): what a channel's program tells, signed.
//!
//! * A piece of news is taken once, however often it is delivered; in whatever order they come,
//!   one payment is posted once. The money may be told by a file first: then the news adds nothing.
//! * What is pending or unknown posts nothing. What failed and was paid, by news or by a file,
//!   contradicts itself: nothing more is posted, and somebody must look.

mod model;

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::book::enter_told;
use super::model::{Fate, PaymentError, Told};
use super::rules::fit;
use super::store::notices as store;
use super::store::payments::is_paid;
use crate::platform::audit;
use crate::platform::auth::Actor;
use crate::platform::auth::signed_request::Claim;

pub(super) use model::{Notice, NoticeOutcome, NoticeState};

/// What refuses news, or a payment, that somebody else is taking at the same time.
pub(super) const ONCE: &[&str] = &["payment_notice_pkey", "payment_pkey"];

/// Takes the news of `notice`, whose signature was `claim`; as it is kept.
pub(super) fn take(
    conn: &mut PgConnection,
    claim: &Claim,
    notice: Notice,
    actor: &Actor,
) -> Result<Notice, PaymentError> {
    let now = notice.received_at;
    let nonce = (claim.key.as_str(), claim.nonce.as_str());
    if !store::use_nonce(conn, nonce, now)? {
        return Err(PaymentError::Replayed);
    }
    if !store::speaks_for(conn, notice.client, notice.channel)? {
        return Err(PaymentError::NotItsChannel(notice.channel));
    }
    if let Some(before) = store::notice(conn, notice.channel, &notice.event)? {
        let same = Notice {
            outcome: before.outcome,
            received_at: before.received_at,
            client: before.client,
            ..notice
        };
        return if same == before {
            Ok(before)
        } else {
            Err(PaymentError::EventTaken)
        };
    }
    let outcome = outcome(conn, &notice, actor, now)?;
    let notice = Notice { outcome, ..notice };
    store::add(conn, &notice)?;
    if outcome == NoticeOutcome::Contradicts {
        tracing::error!("a channel's news contradicts what it told before");
        let subject = format!("{}/{}", notice.channel, notice.event);
        audit::record(conn, actor, "payments.notice.contradicts", &subject, now)?;
    }
    Ok(notice)
}

/// What `notice`, which is new, leads to.
fn outcome(
    conn: &mut PgConnection,
    notice: &Notice,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<NoticeOutcome, PaymentError> {
    let told = Told {
        reference: notice.reference.clone(),
        account: notice.account.clone(),
        amount: notice.amount,
        instructed_at: notice.instructed_at,
        place: notice.place.clone(),
    };
    fit(&told, now).map_err(PaymentError::Unfit)?;
    let payment = (notice.channel, notice.reference.as_str());
    // Other news of the same payment waits until this is kept, and then sees it.
    store::hold(conn, payment)?;
    match notice.state {
        NoticeState::Failed if is_paid(conn, payment)? => return Ok(NoticeOutcome::Contradicts),
        NoticeState::Pending | NoticeState::Unknown | NoticeState::Failed => {
            return Ok(NoticeOutcome::Noted);
        }
        NoticeState::Paid if store::has_failed(conn, payment)? => {
            return Ok(NoticeOutcome::Contradicts);
        }
        NoticeState::Paid => {}
    }
    let fates = match enter_told(conn, notice.channel, vec![told], actor, now) {
        Err(PaymentError::Contradicts { .. }) => return Ok(NoticeOutcome::Contradicts),
        fates => fates?,
    };
    Ok(match fates.first() {
        Some(Fate::Posted) => NoticeOutcome::Posted,
        Some(Fate::Suspense) => NoticeOutcome::Suspense,
        Some(Fate::Contradicts) => NoticeOutcome::Contradicts,
        Some(Fate::Duplicate | Fate::Settled) | None => NoticeOutcome::Duplicate,
    })
}
