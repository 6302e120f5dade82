//! Payments as they happen (即時通知): what a channel's program tells, signed.
//!
//! * A piece of news is taken once, however often it is delivered; in whatever order they come,
//!   one payment is posted once. The money may be told by a file first: then the news adds nothing.
//! * What is pending or unknown posts nothing. What failed and was paid, by news or by a file,
//!   contradicts itself: nothing more is posted, and somebody must look.
//! * What comes at the same time is taken in one transaction, each statement for all of it. It
//!   comes to what it would come to one after the other, in the order in which it came: pieces of
//!   one event or payment, or with one signature, are looked at in different rounds.
//! * What is refused is as if it had never come; it spoils nothing for what came with it.
//! * All that a transaction takes counts from when it began to be taken.

mod gather;
mod model;
mod rounds;
mod sitting;

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::model::{Channel, PaymentError};
use super::store::notices::{self as store, Name};

pub use gather::{NewsGatherer, gather_news};
pub use model::{News, Nonce, Notice, NoticeOutcome, NoticeState};
use rounds::rounds;
use sitting::Sitting;

/// Takes all of `news`; each as it is kept, or why it is refused, in their order.
///
/// Whoever takes the same at the same time, and comes second, must do its transaction anew when a
/// key of notices or payments refuses it.
pub fn take_all(
    conn: &mut PgConnection,
    news: &[News],
    now: DateTime<Utc>,
) -> Result<Vec<Result<Notice, PaymentError>>, PaymentError> {
    let mut sitting = Sitting::open(conn, news, now)?;
    // Other news of the same payments waits until these are kept, and then sees them.
    let heard = news.iter().filter(|one| sitting.hears(one).is_ok());
    let payments: Vec<Name<'_>> = heard.map(payment).collect();
    store::hold(conn, &payments)?;
    let mut answers = Vec::with_capacity(news.len());
    for round in rounds(news.iter().enumerate(), |(_, one)| in_common(one)) {
        let (places, news): (Vec<usize>, Vec<&News>) = round.into_iter().unzip();
        answers.extend(places.into_iter().zip(sitting.take(conn, &news)?));
    }
    sitting.close(conn)?;
    answers.sort_unstable_by_key(|(place, _)| *place);
    Ok(answers.into_iter().map(|(_, answer)| answer).collect())
}

/// What two pieces of news may have in common.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Shared {
    Nonce(Nonce),
    Event(Channel, String),
    Payment(Channel, String),
}

fn in_common(news: &News) -> [Shared; 3] {
    let (channel, notice) = (news.notice.channel, &news.notice);
    [
        Shared::Nonce(news.nonce.clone()),
        Shared::Event(channel, notice.event.clone()),
        Shared::Payment(channel, notice.reference.clone()),
    ]
}

/// The payment that it is about.
fn payment(news: &News) -> Name<'_> {
    (news.notice.channel, &news.notice.reference)
}

/// Its own name.
fn event(news: &News) -> Name<'_> {
    (news.notice.channel, &news.notice.event)
}
