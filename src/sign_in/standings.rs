//! What each session may do at this moment.
//!
//! * A standing is looked up in the database and remembered until its session ends, the day
//!   turns in Hong Kong (postings have dates) or the revocation log names it.
//! * The log is read twice a second. When it could not be read for two seconds, nothing
//!   remembered is believed and every request asks the database.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use chrono::{DateTime, Days, Utc};
use diesel::PgConnection;
use futures_util::future::LocalBoxFuture;
use moka::sync::Cache;
use uuid::Uuid;

use super::model::{EnrolmentState, Posted, Session, SessionKind};
use super::store::revocation::{self, Changed};
use super::store::{clients, delegates, devices, links, reach_all, sessions, staff};
use crate::kernel::clock::{Clock, hong_kong_date, hong_kong_time};
use crate::kernel::id::EstateId;
use crate::kernel::reach::Reach;
use crate::kernel::role::Role;
use crate::platform::auth::{Actor, Claims, Standing, Standings};
use crate::platform::db::{self, Db, DbError};
use crate::platform::http::problem::Problem;

/// How often the log is read.
const BEAT: Duration = Duration::from_millis(500);
/// Without the log for this long, nothing remembered is believed.
const TRUST: Duration = Duration::from_secs(2);
const REMEMBERED: u64 = 100_000;

/// What the holders of roles may do: the access table.
pub type Grants = fn(&[Posted]) -> BTreeMap<&'static str, Reach>;

/// The standings of the sessions in the database.
#[derive(Clone)]
pub struct SessionStandings(Arc<Inner>);

struct Inner {
    db: Db,
    clock: Arc<dyn Clock>,
    grants: Grants,
    remembered: Cache<Uuid, Remembered>,
    log: Mutex<Log>,
}

#[derive(Clone)]
struct Remembered {
    standing: Arc<Standing>,
    principal: Uuid,
    until: DateTime<Utc>,
}

/// How far the log was read.
struct Log {
    /// Counts what was read: a standing looked up meanwhile may be out of date.
    read: u64,
    at: Option<Instant>,
}

impl SessionStandings {
    /// Looks standings up through `db`, and reads the log of the database at `url` until the
    /// last clone is gone.
    pub fn open(db: Db, url: &str, clock: Arc<dyn Clock>, grants: Grants) -> Self {
        let inner = Arc::new(Inner {
            db,
            clock,
            grants,
            remembered: Cache::builder().max_capacity(REMEMBERED).build(),
            log: Mutex::new(Log { read: 0, at: None }),
        });
        let (watched, url) = (Arc::downgrade(&inner), url.to_owned());
        let thread = std::thread::Builder::new().name("revocations".to_owned());
        if let Err(error) = thread.spawn(move || follow(&watched, &url)) {
            // Nothing is believed then: slower, not less safe.
            tracing::error!(error.cause = %error, "the revocation log is not read");
        }
        Self(inner)
    }
}

impl Standings for SessionStandings {
    fn of(
        &self,
        claims: &Claims,
    ) -> LocalBoxFuture<'static, Result<Option<Arc<Standing>>, Problem>> {
        let inner = Arc::clone(&self.0);
        let (sid, sub) = (claims.sid, claims.sub.clone());
        Box::pin(async move {
            let Some(sid) = sid else { return Ok(None) };
            let standing = inner.standing(sid).await?;
            Ok(standing.filter(|standing| standing.actor == sub))
        })
    }
}

impl Inner {
    async fn standing(self: &Arc<Self>, sid: Uuid) -> Result<Option<Arc<Standing>>, Problem> {
        let now = self.clock.now();
        let (believed, read) = {
            let log = self.log();
            (log.at.is_some_and(|at| at.elapsed() < TRUST), log.read)
        };
        if believed && let Some(found) = self.remembered.get(&sid) {
            if now < found.until {
                return Ok(Some(found.standing));
            }
            self.remembered.invalidate(&sid);
        }
        let grants = self.grants;
        let looked_up = self.db.read(move |conn| look_up(conn, sid, grants, now));
        let Some(found) = looked_up.await? else {
            return Ok(None);
        };
        let standing = Arc::clone(&found.standing);
        // Under the log's lock: what is read of it from now on finds this one to forget.
        let log = self.log();
        if believed && log.read == read {
            self.remembered.insert(sid, found);
        }
        drop(log);
        Ok(Some(standing))
    }

    fn log(&self) -> std::sync::MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn forget(&self, changed: &[Changed]) {
        for changed in changed {
            match changed {
                Changed::Session(id) => self.remembered.invalidate(id),
                Changed::Principal(id) => {
                    for (session, found) in &self.remembered {
                        if found.principal == *id {
                            self.remembered.invalidate(&*session);
                        }
                    }
                }
            }
        }
    }
}

/// Reads the log until nobody asks for standings any more.
fn follow(watched: &Weak<Inner>, url: &str) {
    while let Some(inner) = watched.upgrade() {
        // Where reading begins must be known before anything is believed.
        let mut log = inner.log();
        log.at = None;
        log.read = log.read.wrapping_add(1);
        inner.remembered.invalidate_all();
        drop(log);
        drop(inner);
        if let Err(error) = follow_on(watched, url) {
            tracing::error!(error.cause = %error, "the revocation log cannot be read");
        }
        std::thread::sleep(BEAT);
    }
}

fn follow_on(watched: &Weak<Inner>, url: &str) -> Result<(), DbError> {
    let mut conn = db::connect(url)?;
    // A reading that hangs must end before anyone believes it went well.
    db::execute(&mut conn, "SET statement_timeout = '1s'")?;
    let mut last = revocation::last(&mut conn)?;
    loop {
        let asked = Instant::now();
        let (changed, number) = revocation::since(&mut conn, last)?;
        let Some(inner) = watched.upgrade() else {
            return Ok(());
        };
        let mut log = inner.log();
        if !changed.is_empty() {
            log.read = log.read.wrapping_add(1);
            inner.forget(&changed);
        }
        log.at = Some(asked);
        drop(log);
        drop(inner);
        last = number;
        std::thread::sleep(BEAT);
    }
}

/// The standing of session `sid`, looked up in one snapshot.
fn look_up(
    conn: &mut PgConnection,
    sid: Uuid,
    grants: Grants,
    now: DateTime<Utc>,
) -> Result<Option<Remembered>, DbError> {
    let session = sessions::session(conn, sid)?.filter(|session| session.is_open(now));
    let Some(session) = session else {
        return Ok(None);
    };
    let Some((posted, only)) = posted(conn, &session, now)? else {
        return Ok(None);
    };
    let mut grants = grants(&posted);
    if let Some(only) = only {
        grants.retain(|scope, _| only.iter().any(|held| held == scope));
    }
    let tomorrow = hong_kong_date(now)
        .checked_add_days(Days::new(1))
        .map_or(now, |day| hong_kong_time(day, 0));
    Ok(Some(Remembered {
        principal: session.principal,
        until: session.ends_at.min(tomorrow),
        standing: Arc::new(Standing {
            actor: Actor::named(&session.subject()),
            session: sid,
            grants,
            proven_at: session.stepped_up_at.unwrap_or(session.signed_in_at),
        }),
    }))
}

/// The roles that the holder of `session` has now and, of a delegate, the scopes it is held to;
/// none when the credential is not good any more.
#[expect(
    clippy::type_complexity,
    reason = "two things that belong together once"
)]
fn posted(
    conn: &mut PgConnection,
    session: &Session,
    now: DateTime<Utc>,
) -> Result<Option<(Vec<Posted>, Option<Vec<String>>)>, DbError> {
    let today = hong_kong_date(now);
    let id = session.principal;
    let one = |role, reach| Some((vec![Posted { role, reach }], None));
    let household = session.household.map(Reach::Household);
    Ok(match session.kind {
        SessionKind::Staff => {
            let account = staff::account(conn, id)?;
            let roles = staff::postings(conn, id, today)?;
            let posted = roles.into_iter().map(|held| Posted {
                role: held.role,
                reach: reach(held.estates),
            });
            account
                .filter(|account| account.ended_at.is_none())
                .map(|_| (posted.collect(), None))
        }
        SessionKind::Pin => household.and_then(|reach| one(Role::Tenant, reach)),
        SessionKind::Link => {
            reach_all(conn)?;
            let link = links::link(conn, id)?.filter(|link| link.ended_at.is_none());
            let Some((link, reach)) = link.zip(household) else {
                return Ok(None);
            };
            match link.delegate_id {
                None => one(Role::Tenant, reach),
                Some(id) => delegates::delegate(conn, id)?
                    .filter(|delegate| delegate.ended_at.is_none() && today <= delegate.expires_on)
                    .map(|delegate| {
                        let role = Role::Delegate;
                        (vec![Posted { role, reach }], Some(delegate.scopes))
                    }),
            }
        }
        SessionKind::Device => devices::device(conn, id)?
            .filter(|device| device.state == EnrolmentState::Active)
            .and_then(|device| {
                let reach = Reach::Estates([device.estate_id].into());
                one(device.kind.into(), reach)
            }),
        SessionKind::Client => clients::client(conn, id)?
            .filter(|client| client.state == EnrolmentState::Active)
            .and_then(|client| one(client.kind.into(), reach(client.estates))),
    })
}

fn reach(estates: Option<Vec<Uuid>>) -> Reach {
    estates.map_or(Reach::Everywhere, |estates| {
        Reach::Estates(estates.into_iter().map(EstateId::from).collect())
    })
}
