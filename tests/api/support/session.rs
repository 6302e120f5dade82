//! Sessions without signing in: what a caller may do, as the test says.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use futures_util::future::LocalBoxFuture;
use kaifong::kernel::reach::Reach;
use kaifong::platform::auth::{Actor, Claims, Standing, Standings};
use kaifong::platform::http::problem::Problem;
use uuid::Uuid;

#[derive(Default)]
pub struct Sessions(Mutex<HashMap<Uuid, Arc<Standing>>>);

impl Sessions {
    pub fn begin(
        &self,
        actor: Actor,
        grants: &[(&'static str, Reach)],
        proven_at: DateTime<Utc>,
    ) -> Uuid {
        let session = Uuid::now_v7();
        let standing = Standing {
            actor,
            session,
            grants: grants.iter().cloned().collect(),
            proven_at,
        };
        self.0.lock().unwrap().insert(session, Arc::new(standing));
        session
    }
}

impl Standings for Sessions {
    fn of(
        &self,
        claims: &Claims,
    ) -> LocalBoxFuture<'static, Result<Option<Arc<Standing>>, Problem>> {
        let session = claims.sid.unwrap_or_default();
        let standing = self.0.lock().unwrap().get(&session).cloned();
        Box::pin(async { Ok(standing) })
    }
}
