//! `kaifong catcher`: a mail server and a gateway of our own, for development.

use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use super::{Failure, answer};
use crate::messages::catcher::{Catch, Caught, catch_mail, catch_messages};

/// Catch messages, for development: print what comes, a JSON object a line, and send nothing on
///
/// With `KAIFONG_SMTP=127.0.0.1:2525`, `KAIFONG_MAIL_FROM=rent@housing.example` and
/// `KAIFONG_MESSAGE_GATEWAY=http://127.0.0.1:8090/` the program sends everything here.
#[derive(Debug, Args)]
pub(super) struct Catcher {
    /// Where e-mail comes
    #[arg(long, default_value = "127.0.0.1:2525")]
    smtp: SocketAddr,
    /// Where text messages and those of the app come
    #[arg(long, default_value = "127.0.0.1:8090")]
    http: SocketAddr,
}

/// Prints what comes.
struct Print;

impl Catch for Print {
    fn refuses(&self, _to: &str) -> bool {
        false
    }

    fn caught(&self, caught: Caught) {
        let line = serde_json::to_string(&caught).unwrap_or_default();
        // Catching goes on though nobody reads.
        let _ = answer(&format!("{line}\n"));
    }
}

impl Catcher {
    pub fn run(&self) -> Result<ExitCode, Failure> {
        let listen =
            |at: SocketAddr| TcpListener::bind(at).map_err(Failure::io(format!("listen on {at}")));
        let (mail, messages) = (listen(self.smtp)?, listen(self.http)?);
        let print: Arc<dyn Catch> = Arc::new(Print);
        std::thread::scope(|scope| {
            scope.spawn(|| catch_mail(&mail, &print));
            catch_messages(&messages, &print);
        });
        Ok(ExitCode::SUCCESS)
    }
}
