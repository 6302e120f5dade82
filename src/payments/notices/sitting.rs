//! One transaction in which news is taken.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use uuid::Uuid;

use super::model::{News, Nonce, Notice, NoticeOutcome, NoticeState};
use super::{event, payment};
use crate::kernel::clock::hong_kong_date;
use crate::kernel::id::PaymentId;
use crate::payments::book::{Coming, Entries, Way};
use crate::payments::model::{Channel, Fate, PaymentError, paid_by};
use crate::payments::rules::fit;
use crate::payments::store::notices::{self as store, Name};
use crate::payments::store::payments::before;
use crate::platform::audit;

/// What all of it goes by.
pub struct Sitting {
    /// The nonces that nobody used before; those of what is taken leave.
    unused: HashSet<Nonce>,
    /// Who may speak for which channel.
    speakers: HashSet<(Uuid, Channel)>,
    now: DateTime<Utc>,
}

/// What was told before.
struct Known<'a> {
    events: HashMap<Name<'a>, &'a Notice>,
    failed: HashSet<Name<'a>>,
    paid: HashSet<PaymentId>,
}

/// Where a piece of news leads.
enum Course {
    /// It was taken before, and so.
    Known(Notice),
    /// It moves no money.
    Kept(NoticeOutcome),
    /// The money is to be entered.
    Enter,
}

impl Sitting {
    pub fn open(
        conn: &mut PgConnection,
        news: &[News],
        now: DateTime<Utc>,
    ) -> Result<Self, PaymentError> {
        let nonces: Vec<&Nonce> = news.iter().map(|one| &one.nonce).collect();
        let clients: HashSet<Uuid> = news.iter().map(|one| one.notice.client).collect();
        let clients: Vec<Uuid> = clients.into_iter().collect();
        Ok(Self {
            unused: store::use_nonces(conn, &nonces, now)?,
            speakers: store::speakers(conn, &clients)?,
            now,
        })
    }

    /// Whether `news` is heard at all.
    pub fn hears(&self, news: &News) -> Result<(), PaymentError> {
        let Notice {
            client, channel, ..
        } = news.notice;
        if !self.unused.contains(&news.nonce) {
            return Err(PaymentError::Replayed);
        }
        if !self.speakers.contains(&(client, channel)) {
            return Err(PaymentError::NotItsChannel(channel));
        }
        Ok(())
    }

    /// Takes `news`, of which no two have anything in common.
    pub fn take(
        &mut self,
        conn: &mut PgConnection,
        news: &[&News],
    ) -> Result<Vec<Result<Notice, PaymentError>>, PaymentError> {
        let courses = self.courses(conn, news)?;
        let mut fates = self.enter(conn, news, &courses)?.into_iter();
        let mut new = Vec::with_capacity(news.len());
        let answers = news.iter().zip(courses).map(|(one, course)| {
            let outcome = match course? {
                Course::Known(before) => return Ok(before),
                Course::Kept(outcome) => outcome,
                Course::Enter => led_to(fates.next())?,
            };
            let notice = Notice {
                outcome,
                received_at: self.now,
                ..one.notice.clone()
            };
            new.push((*one, notice.clone()));
            Ok(notice)
        });
        let answers: Vec<_> = answers.collect();
        self.keep(conn, &new)?;
        for (one, _) in news.iter().zip(&answers).filter(|(_, one)| one.is_ok()) {
            self.unused.remove(&one.nonce);
        }
        Ok(answers)
    }

    /// What is refused has not used its signature.
    pub fn close(self, conn: &mut PgConnection) -> Result<(), PaymentError> {
        if !self.unused.is_empty() {
            store::give_back(conn, &self.unused.iter().collect::<Vec<_>>())?;
        }
        Ok(())
    }

    fn courses(
        &self,
        conn: &mut PgConnection,
        news: &[&News],
    ) -> Result<Vec<Result<Course, PaymentError>>, PaymentError> {
        let heard = news.iter().filter(|one| self.hears(one).is_ok());
        let heard: Vec<&News> = heard.copied().collect();
        let of = |state: NoticeState| -> Vec<Name<'_>> {
            let told = heard.iter().filter(|one| one.notice.state == state);
            told.map(|one| payment(one)).collect()
        };
        let events: Vec<Name<'_>> = heard.iter().map(|one| event(one)).collect();
        let events = store::known(conn, &events)?;
        let failed = store::failed(conn, &of(NoticeState::Paid))?;
        let ids = of(NoticeState::Failed).into_iter();
        let ids: Vec<PaymentId> = ids.map(|(at, name)| paid_by(at, name)).collect();
        let paid = before(conn, &ids)?;
        let events = events.iter().map(|one| ((one.channel, &*one.event), one));
        let known = Known {
            events: events.collect(),
            failed: failed.iter().map(|(at, name)| (*at, &**name)).collect(),
            paid: paid.into_keys().collect(),
        };
        Ok(news.iter().map(|one| self.course(one, &known)).collect())
    }

    /// Where `news` leads, given what is `known`.
    fn course(&self, news: &News, known: &Known<'_>) -> Result<Course, PaymentError> {
        self.hears(news)?;
        let (notice, payment) = (&news.notice, payment(news));
        if let Some(before) = known.events.get(&event(news)) {
            let same = notice.says_as(before).then(|| (*before).clone());
            return same.map(Course::Known).ok_or(PaymentError::EventTaken);
        }
        fit(&notice.told(), self.now).map_err(PaymentError::Unfit)?;
        Ok(match notice.state {
            NoticeState::Failed if known.paid.contains(&paid_by(payment.0, payment.1)) => {
                Course::Kept(NoticeOutcome::Contradicts)
            }
            NoticeState::Paid if known.failed.contains(&payment) => {
                Course::Kept(NoticeOutcome::Contradicts)
            }
            NoticeState::Paid => Course::Enter,
            NoticeState::Pending | NoticeState::Unknown | NoticeState::Failed => {
                Course::Kept(NoticeOutcome::Noted)
            }
        })
    }

    /// Enters the money of those that are to be entered; what became of each.
    fn enter(
        &self,
        conn: &mut PgConnection,
        news: &[&News],
        courses: &[Result<Course, PaymentError>],
    ) -> Result<Vec<Result<Fate, PaymentError>>, PaymentError> {
        let to_enter = news.iter().zip(courses);
        let to_enter = to_enter.filter(|(_, course)| matches!(course, Ok(Course::Enter)));
        let coming = to_enter.map(|(one, _)| Coming {
            channel: one.notice.channel,
            told: one.notice.told(),
            way: Way::Told(&one.actor),
        });
        let coming: Vec<Coming<'_>> = coming.collect();
        if coming.is_empty() {
            return Ok(Vec::new());
        }
        let dates = (hong_kong_date(self.now), self.now);
        Entries::of(conn, coming, dates)?.write(conn)
    }

    /// Keeps what is `new`.
    fn keep(&self, conn: &mut PgConnection, new: &[(&News, Notice)]) -> Result<(), PaymentError> {
        store::add(
            conn,
            &new.iter().map(|(_, notice)| notice).collect::<Vec<_>>(),
        )?;
        for (news, notice) in new {
            if notice.outcome == NoticeOutcome::Contradicts {
                tracing::error!("a channel's news contradicts what it told before");
                let subject = format!("{}/{}", notice.channel, notice.event);
                let action = "payments.notice.contradicts";
                audit::record(conn, &news.actor, action, &subject, self.now)?;
            }
        }
        Ok(())
    }
}

/// What came of money that was to be entered.
fn led_to(fate: Option<Result<Fate, PaymentError>>) -> Result<NoticeOutcome, PaymentError> {
    match fate {
        Some(Err(PaymentError::Contradicts { .. }) | Ok(Fate::Contradicts)) => {
            Ok(NoticeOutcome::Contradicts)
        }
        Some(Err(error)) => Err(error),
        Some(Ok(Fate::Posted)) => Ok(NoticeOutcome::Posted),
        Some(Ok(Fate::Suspense)) => Ok(NoticeOutcome::Suspense),
        Some(Ok(Fate::Duplicate | Fate::Settled)) | None => Ok(NoticeOutcome::Duplicate),
    }
}
