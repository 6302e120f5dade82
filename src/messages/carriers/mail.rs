//! E-mail, by SMTP (RFC 5321). TLS is spoken by a proxy on this host, or the server is on it.

use std::time::Duration;

use lettre::address::AddressError;
use lettre::message::Mailbox;
use lettre::message::header::{
    ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue,
};
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::extension::ClientId;
use lettre::{Message, SmtpTransport, Transport};

use super::{Carrier, Letter, Receipt, Refusal};
use crate::kernel::contact::Email;
use crate::messages::address::Address;

/// A server that takes longer is tried again later.
const PATIENCE: Duration = Duration::from_secs(20);
/// The name that is shown as the sender's.
const SENDER: &str = "街坊 Kaifong";

/// An e-mail server.
pub struct Mail {
    server: SmtpTransport,
    from: Mailbox,
    /// What the ids of messages end with.
    domain: String,
}

/// The sender's address is none.
#[derive(Debug, thiserror::Error)]
#[error("messages cannot be sent from that address")]
pub struct MailError(#[from] AddressError);

impl Mail {
    /// The server at `host`, for mail from `from`.
    pub fn new(host: &str, port: u16, from: &Email) -> Result<Self, MailError> {
        let address: lettre::Address = from.reveal().parse()?;
        let domain = address.domain().to_owned();
        Ok(Self {
            server: SmtpTransport::builder_dangerous(host)
                .port(port)
                .timeout(Some(PATIENCE))
                .hello_name(ClientId::Domain(domain.clone()))
                .build(),
            from: Mailbox::new(Some(SENDER.to_owned()), address),
            domain,
        })
    }

    fn message(&self, letter: &Letter) -> Option<Message> {
        let Address::Email(to) = &letter.to else {
            return None;
        };
        let to: lettre::Address = to.reveal().parse().ok()?;
        let message = Message::builder()
            .message_id(Some(format!("<{}@{}>", letter.id, self.domain)))
            .date(letter.at.into())
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(&letter.subject)
            .header(AutoSubmitted)
            .header(ContentType::TEXT_PLAIN)
            .header(ContentTransferEncoding::Base64);
        message.body(letter.text.clone()).ok()
    }
}

impl Carrier for Mail {
    fn send(&self, letter: &Letter) -> Result<Receipt, Refusal> {
        let message = self.message(letter);
        let message = message.ok_or_else(|| Refusal::Never("no e-mail address".to_owned()))?;
        let answer = self
            .server
            .send(&message)
            .map_err(|error| refusal(&error))?;
        Ok(Receipt(format!("smtp {}", answer.code())))
    }
}

/// What a server says of an address that it will never take (RFC 5321, 4.2.3; RFC 7504). Any
/// other refusal, of us or of all mail, is not the letter's fault.
const NO_SUCH_ADDRESS: [u16; 5] = [501, 550, 551, 553, 556];

/// What a server says has the address in it: its code is kept alone.
fn refusal(error: &SmtpError) -> Refusal {
    match error.status().map(u16::from) {
        Some(code) if NO_SUCH_ADDRESS.contains(&code) => Refusal::Never(format!("smtp {code}")),
        Some(code) => Refusal::Later(format!("smtp {code}")),
        None => Refusal::Away("smtp away".to_owned()),
    }
}

/// Nobody is to answer it by machine (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}
