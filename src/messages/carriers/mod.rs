//! Who carries messages: an e-mail server, and a gateway for text messages and the app.
//!
//! A carrier is given a letter with an id, and may be given the same one again: it sends what it
//! has not sent yet. Neither a refusal nor a receipt repeats what was in the letter, for both are
//! kept.

mod gateway;
mod mail;

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::address::Address;
use super::model::Medium;
use crate::kernel::id::MessageId;

pub use gateway::Gateway;
pub use mail::{Mail, MailError};

/// Carries letters to people.
pub trait Carrier: Send + Sync {
    /// Sends `letter`, unless it was sent before.
    fn send(&self, letter: &Letter) -> Result<Receipt, Refusal>;
}

/// What is sent. Shown by nothing: it has an address.
pub struct Letter {
    /// The same whenever it is tried again.
    pub id: MessageId,
    pub to: Address,
    pub subject: String,
    pub text: String,
    pub at: DateTime<Utc>,
}

/// That a carrier took a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt(pub String);

/// Why a carrier did not take a letter: a code, without what was in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It would not take it later either.
    Never(String),
    /// It may be tried again.
    Later(String),
    /// Nobody answers, which is no letter's fault: no other may be tried for now.
    Away(String),
}

/// The longest receipt or reason that is kept.
const LONGEST: usize = 64;

/// What of `text` may be kept: letters and digits of a short name, such as `250` or `a-1`.
fn kept(text: &str) -> String {
    text.chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || "-_. ".contains(*letter))
        .take(LONGEST)
        .collect()
}

/// The carriers that are set.
#[derive(Clone, Default)]
pub struct Carriers {
    pub mail: Option<Arc<dyn Carrier>>,
    /// For text messages and the app.
    pub gateway: Option<Arc<dyn Carrier>>,
}

impl Carriers {
    /// Who carries messages of `medium`.
    #[must_use]
    pub fn of(&self, medium: Medium) -> Option<&dyn Carrier> {
        match medium {
            Medium::Email => self.mail.as_deref(),
            Medium::Sms | Medium::Push => self.gateway.as_deref(),
        }
    }

    /// Whether messages of both media have one carrier.
    #[must_use]
    pub fn share(one: Medium, other: Medium) -> bool {
        (one == Medium::Email) == (other == Medium::Email)
    }

    /// The media that somebody carries.
    #[must_use]
    pub fn media(&self) -> Vec<Medium> {
        let all = Medium::ALL.iter().copied();
        all.filter(|medium| self.of(*medium).is_some()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_an_answer_is_a_short_plain_name() {
        assert_eq!(kept("queued as 4xyZ-1.2"), "queued as 4xyZ-1.2");
        assert_eq!(kept("<chan@example.com> \n+852"), "chanexample.com 852");
        assert_eq!(kept(&"a".repeat(100)).len(), 64);
    }
}
