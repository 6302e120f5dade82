//! `kaifong mock-iam-smart`: an iAM Smart of our own, for development.

use std::net::SocketAddr;
use std::process::ExitCode;

use actix_web::HttpServer;
use actix_web::web::Data;
use clap::Args;

use super::Failure;
use crate::platform::config::Config;
use crate::sign_in::identity_provider::Kek;
use crate::sign_in::mock_iam_smart::{Mock, Service, routes};

/// Serve a mock iAM Smart, for development: it lets anyone sign in as two invented people
#[derive(Debug, Args)]
pub(super) struct MockIamSmart {
    /// Where it listens
    #[arg(long, default_value = "127.0.0.1:8089")]
    listen: SocketAddr,
}

impl MockIamSmart {
    pub fn run(self, config: &Config) -> Result<ExitCode, Failure> {
        let missing = || {
            let why = "set KAIFONG_IAM_SMART_CLIENT, _SECRET and _REDIRECT as for the server";
            Failure::Usage(why.to_owned())
        };
        let settings = config.iam_smart.clone();
        let kek = Kek::load_or_create(&config.data_dir.join("keys/iam-smart.pk8"))?;
        let service = Service {
            client_id: settings.client_id.ok_or_else(missing)?,
            client_secret: settings
                .client_secret
                .ok_or_else(missing)?
                .reveal()
                .to_owned(),
            redirect_uri: settings.redirect_uri.ok_or_else(missing)?,
            public_key: kek.public()?,
        };
        let mock = Mock::new(service).map(Data::new).ok_or_else(missing)?;
        let server = HttpServer::new(move || actix_web::App::new().configure(routes(mock.clone())))
            .workers(1)
            .bind(self.listen)
            .map_err(Failure::io(format!("listen on {}", self.listen)))?;
        actix_web::rt::System::new()
            .block_on(server.run())
            .map_err(Failure::io("serve"))?;
        Ok(ExitCode::SUCCESS)
    }
}
