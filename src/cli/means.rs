//! What signing in needs, from the settings and the data folder.

use std::sync::Arc;
use std::time::Duration;

use super::{Failure, token};
use crate::app;
use crate::kernel::clock::Clock;
use crate::platform::config::{Config, IamSmartSettings};
use crate::platform::limits::{InProcess, Limiter, Shared};
use crate::platform::password::{Hasher, Wrapper};
use crate::sign_in::identity_provider::{IamSmart, IdentityProvider, Kek, Settings};
use crate::sign_in::{Means, RelyingParty};

/// Refusals leave on this beat: longer than hashing takes on an idle machine.
const BEAT: Duration = Duration::from_millis(600);

/// What signing in needs.
pub(super) fn means(config: &Config, clock: &Arc<dyn Clock>) -> Result<Means, Failure> {
    let limiter: Box<dyn Limiter> = match &config.redis_url {
        Some(url) => Box::new(Shared::open(url.reveal(), Arc::clone(clock))?),
        None => Box::new(InProcess::new(Arc::clone(clock))),
    };
    Ok(Means {
        issuer: token::issuer(config),
        signing: token::signing(config)?,
        hasher: Hasher::default(),
        limiter,
        wrapper: wrapper(config)?,
        grants: app::grants,
        provider: provider(config, clock)?,
        relying_party: Arc::new(RelyingParty::new(
            &config.passkey_domain,
            &config.passkey_origins,
        )?),
        beat: BEAT,
    })
}

/// What sign-in's secrets are wrapped with.
pub(super) fn wrapper(config: &Config) -> Result<Wrapper, Failure> {
    Ok(Wrapper::load_or_create(
        &config.data_dir.join("keys/sign-in.key"),
    )?)
}

/// iAM Smart, when all of it is set.
fn provider(
    config: &Config,
    clock: &Arc<dyn Clock>,
) -> Result<Option<Arc<dyn IdentityProvider>>, Failure> {
    let IamSmartSettings {
        page: Some(page),
        api: Some(api),
        client_id: Some(client_id),
        client_secret: Some(client_secret),
        redirect_uri: Some(redirect_uri),
        callback_uri: Some(callback_uri),
    } = config.iam_smart.clone()
    else {
        return Ok(None);
    };
    let settings = Settings {
        page,
        api,
        client_id,
        client_secret: client_secret.reveal().to_owned(),
        redirect_uri,
        callback_uri,
    };
    let kek = Kek::load_or_create(&config.data_dir.join("keys/iam-smart.pk8"))?;
    let provider = IamSmart::new(settings, kek, Arc::clone(clock));
    Ok(Some(Arc::new(provider)))
}
