//! Sessions whose holders have the posts a test gives them, by the access table itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use futures_util::future::LocalBoxFuture;
use kaifong::access::{Post, grants};
use kaifong::kernel::reach::Reach;
use kaifong::kernel::role::Role;
use kaifong::platform::auth::{Actor, Claims, Standing, Standings};
use kaifong::platform::http::problem::Problem;
use uuid::Uuid;

#[derive(Default)]
pub struct Posts(Mutex<HashMap<Uuid, Arc<Standing>>>);

impl Posts {
    /// A session of a holder of `role` at `reach`.
    pub fn hold(&self, role: Role, reach: Reach, now: DateTime<Utc>) -> Uuid {
        let session = Uuid::now_v7();
        let standing = Standing {
            actor: Actor::named(role.as_str()),
            session,
            grants: grants(&[Post { role, at: reach }]),
            proven_at: now,
        };
        self.0.lock().unwrap().insert(session, Arc::new(standing));
        session
    }

    pub fn end_all(&self) {
        self.0.lock().unwrap().clear();
    }
}

impl Standings for Posts {
    fn of(
        &self,
        claims: &Claims,
    ) -> LocalBoxFuture<'static, Result<Option<Arc<Standing>>, Problem>> {
        let held = claims
            .sid
            .and_then(|sid| self.0.lock().unwrap().get(&sid).cloned());
        Box::pin(async move { Ok(held) })
    }
}
