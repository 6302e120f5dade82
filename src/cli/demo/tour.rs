//! Every kind of caller signs in at the served API and is shown what it may see.

use std::fmt::Write as _;
use std::time::Duration;

use diesel::PgConnection;
use serde_json::Value;

use super::callers::SignedIn;
use crate::cli::{Failure, means};
use crate::kernel::clock::Clock;
use crate::kernel::id::EstateId;
use crate::kernel::tenant_code::TenantCode;
use crate::platform::config::Config;
use crate::sign_in::{self, Credential, Stage};
use crate::{estates, tenancy};

/// What the tour looks at: the estate where the officers are posted, a household of it, and one
/// of another estate.
pub struct Sights {
    pub estate: EstateId,
    pub near: TenantCode,
    pub far: TenantCode,
}

/// The sights around `near`; none when it has no flat or no household lives elsewhere.
pub fn sights(conn: &mut PgConnection, near: TenantCode) -> Result<Option<Sights>, Failure> {
    let Some(estate) = estate_of(conn, near)? else {
        return Ok(None);
    };
    for number in TenantCode::FIRST.. {
        let Some(far) = TenantCode::of(number) else {
            return Ok(None);
        };
        match estate_of(conn, far)? {
            None => return Ok(None),
            Some(other) if other != estate => return Ok(Some(Sights { estate, near, far })),
            Some(_) => {}
        }
    }
    Ok(None)
}

fn estate_of(conn: &mut PgConnection, code: TenantCode) -> Result<Option<EstateId>, Failure> {
    let last = tenancy::by_household(conn, code)?.pop();
    let flat = match last {
        Some(tenancy) => estates::flat(conn, tenancy.flat_id)?,
        None => None,
    };
    Ok(flat.map(|flat| flat.estate_id))
}

/// Makes a credential for each kind of caller.
pub fn credentials(
    config: &Config,
    conn: &mut PgConnection,
    sights: &Sights,
    clock: &dyn Clock,
) -> Result<Vec<Credential>, Failure> {
    let now = clock.now();
    let stage = Stage {
        estate: sights.estate,
        household: sights.near,
        audience: &config.token_issuer,
        wrapper: &means::wrapper(config)?,
    };
    // A second demo in the same folder makes callers of its own.
    let suffix = format!("{:x}", now.timestamp());
    Ok(sign_in::demo(conn, &stage, &suffix, now)?)
}

/// A question of the tour: what it is called and where it is asked.
type Question = (&'static str, fn(&Sights) -> String);

const QUESTIONS: &[Question] = &[
    ("rent here", |s| format!("/v1/rent-accounts/{}", s.near)),
    ("rent elsewhere", |s| format!("/v1/rent-accounts/{}", s.far)),
    ("members here", |s| {
        format!("/v1/households/{}/members", s.near)
    }),
    ("audit trail", |_| "/v1/audit/entries".to_owned()),
    ("staff", |_| "/v1/staff-accounts".to_owned()),
    ("devices", |_| "/v1/devices".to_owned()),
];

/// Signs every caller in at `base_url`; what each was told, and a table of it.
pub fn walk(
    base_url: &str,
    sights: &Sights,
    credentials: Vec<Credential>,
) -> Result<(Vec<SignedIn>, String), Failure> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(30)))
        .build()
        .into();
    let mut text = String::from(
        "\nWho may see what (200 told, 403 not theirs to ask, 404 not there for them)\n",
    );
    let _ = write!(text, "\n{:<20}{:<20}", "", "signs in with");
    for (name, _) in QUESTIONS {
        let _ = write!(text, "{name:>16}");
    }
    text.push('\n');
    let mut signed_in = Vec::new();
    for credential in credentials {
        let answer = ask(agent
            .post(format!("{base_url}/v1/auth/token"))
            .header("Content-Type", "application/json")
            .send(credential.grant.to_string()))?;
        let token = answer.1.get("access_token").and_then(Value::as_str);
        let token = token.map(str::to_owned).ok_or_else(|| {
            Failure::Usage(format!("{} cannot sign in: {}", credential.role, answer.1))
        })?;
        let _ = write!(
            text,
            "{:<20}{:<20}",
            credential.role.as_str(),
            means_of(&credential.grant)
        );
        for (_, path) in QUESTIONS {
            let asked = agent
                .get(format!("{base_url}{}", path(sights)))
                .header("Authorization", format!("Bearer {token}"));
            let _ = write!(text, "{:>16}", ask(asked.call())?.0);
        }
        text.push('\n');
        signed_in.push(SignedIn { credential, token });
    }
    Ok((signed_in, text))
}

fn means_of(grant: &Value) -> &'static str {
    match grant.get("grant_type").and_then(Value::as_str) {
        Some("password") => "password and code",
        Some("pin") => "tenant code and PIN",
        _ => "its own key",
    }
}

fn ask(
    answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> Result<(u16, Value), Failure> {
    let mut answer = answer
        .map_err(|error| Failure::io("call the API")(std::io::Error::other(error.to_string())))?;
    let status = answer.status().as_u16();
    let body = answer.body_mut().read_to_vec();
    let body = body
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok());
    Ok((status, body.unwrap_or_default()))
}
