//! Messages: who carries them, from the settings, and the background work that sends them.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::keys::open_vault;
use crate::messages::{
    self, Carrier, Carriers, Deliver, Desk, Gateway, Mail, MailError, RemindDue,
};
use crate::platform::config::Config;
use crate::platform::crypto::fill_random;
use crate::platform::jobs::{Handlers, JobFailure};
use crate::platform::password::Remembered;
use crate::platform::vault::Vault;
use crate::rent::RuleShelf;

/// Adds the work of drafting, delivering and reminding.
pub(super) fn handlers(handlers: Handlers, config: &Config) -> Handlers {
    let settings = config.clone();
    let (opened, shelf) = (Mutex::new(None), RuleShelf::default());
    let handlers = handlers.on(move |conn, bench, Deliver {}| {
        let desk = Desk {
            vault: &vault(&opened, &settings, conn, bench.clock.now())?,
            carriers: &carriers(&settings)?,
            clock: &*bench.clock,
            draw: &draw,
        };
        Ok(messages::work(conn, &shelf, &desk)?)
    });
    handlers.on(|conn, bench, RemindDue { month }| {
        messages::remind(conn, month, bench.clock.now())?;
        Ok(())
    })
}

/// The vault, opened for the first message: messages go out every minute.
fn vault(
    opened: &Mutex<Option<Vault>>,
    config: &Config,
    conn: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<Vault, JobFailure> {
    let mut opened = opened.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(vault) = &*opened {
        return Ok(vault.clone());
    }
    let vault = open_vault(config, conn, now).map_err(|error| error.to_string())?;
    *opened = Some(vault.clone());
    Ok(vault)
}

/// Who carries messages: what is not set carries nothing.
fn carriers(config: &Config) -> Result<Carriers, MailError> {
    let settings = &config.messages;
    let mut carriers = Carriers::default();
    if let Some((server, from)) = settings
        .mail_server
        .as_ref()
        .zip(settings.mail_from.as_ref())
    {
        let mail: Arc<dyn Carrier> = Arc::new(Mail::new(&server.host, server.port, from)?);
        carriers.mail = Some(mail);
    }
    if let Some(url) = &settings.gateway {
        let token = settings.gateway_token.as_ref().map(Remembered::reveal);
        let gateway = Gateway::new(url.as_str(), token);
        carriers.gateway = Some(Arc::new(gateway));
    }
    Ok(carriers)
}

/// A number at random; without randomness the longest wait.
fn draw() -> u16 {
    let mut bytes = [u8::MAX; 2];
    let _ = fill_random(&mut bytes);
    u16::from_be_bytes(bytes)
}
