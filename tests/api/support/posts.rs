//! Sessions whose holders have the posts a test gives them, by the access table itself.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use futures_util::future::LocalBoxFuture;
use kaifong::access::{Post, grants};
use kaifong::kernel::reach::Reach;
use kaifong::kernel::role::Role;
use kaifong::platform::auth::{Actor, Claims, Standing, Standings};
use kaifong::platform::http::problem::Problem;
use uuid::Uuid;

/// Whoever signed in for real has the standing that sign-in gives.
pub struct Posts {
    held: Mutex<HashMap<Uuid, Arc<Standing>>>,
    real: Arc<dyn Standings>,
}

impl Posts {
    pub fn before(real: Arc<dyn Standings>) -> Self {
        Self {
            held: Mutex::default(),
            real,
        }
    }

    /// A session of a holder of `role` at `reach`.
    pub fn hold(&self, role: Role, reach: Reach, now: DateTime<Utc>) -> Uuid {
        self.keep(role.as_str(), grants(&[Post { role, at: reach }]), now)
    }

    /// A session of a holder of `scope` over `reach`, whatever the access table says.
    pub fn hold_scope(&self, scope: &'static str, reach: Reach, now: DateTime<Utc>) -> Uuid {
        self.keep("nobody's role", [(scope, reach)].into(), now)
    }

    fn keep(&self, actor: &str, grants: BTreeMap<&'static str, Reach>, now: DateTime<Utc>) -> Uuid {
        let session = Uuid::now_v7();
        let standing = Standing {
            actor: Actor::named(actor),
            session,
            grants,
            proven_at: now,
        };
        self.held
            .lock()
            .unwrap()
            .insert(session, Arc::new(standing));
        session
    }

    pub fn end_all(&self) {
        self.held.lock().unwrap().clear();
    }
}

impl Standings for Posts {
    fn of(
        &self,
        claims: &Claims,
    ) -> LocalBoxFuture<'static, Result<Option<Arc<Standing>>, Problem>> {
        let held = claims
            .sid
            .and_then(|sid| self.held.lock().unwrap().get(&sid).cloned());
        match held {
            Some(held) => Box::pin(async move { Ok(Some(held)) }),
            None => self.real.of(claims),
        }
    }
}
