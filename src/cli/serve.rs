//! `kaifong serve`: the API and, beside it, the background work.
//!
//! On SIGTERM or Ctrl-C it takes no more requests, finishes those it took and the job under
//! way, and then stops the private cluster.

use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::HttpServer;
use actix_web::dev::ServerHandle;
use actix_web::middleware::{Compress, from_fn};
use actix_web::web::Data;
use clap::Args;
use tracing_actix_web::TracingLogger;
use utoipa_actix_web::AppExt;

use super::database::{Database, heed_server_log};
use super::work::worker;
use super::{Failure, keys, means, token};
use crate::app::{self, App, Desk};
use crate::kernel::clock::{Clock, SystemClock};
use crate::payments::{Shelf, gather_news};
use crate::platform::auth::Gate;
use crate::platform::config::Config;
use crate::platform::db::{self, Db, Patience};
use crate::platform::http::measure::measure;
use crate::platform::telemetry::{self, Metrics, RequestLog};
use crate::sign_in::SessionStandings;

/// Serve the API, and do the background work
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Leave the background work to `kaifong work`
    #[arg(long)]
    no_work: bool,
}

impl Serve {
    pub fn run(self, config: &Config) -> Result<ExitCode, Failure> {
        Database::with(config, |url| serve(config, url, !self.no_work, |_| Ok(())))
    }
}

/// A server that listens.
pub(super) struct Served {
    pub address: SocketAddr,
    handle: ServerHandle,
}

impl Served {
    /// Ends the serving, as a signal would.
    pub fn stop(&self) {
        futures_util::future::FutureExt::now_or_never(self.handle.stop(true));
    }
}

/// Serves until told to stop; calls `started` beside it once it listens.
pub(super) fn serve(
    config: &Config,
    url: &str,
    work: bool,
    started: impl FnOnce(Served) -> Result<(), Failure> + Send,
) -> Result<ExitCode, Failure> {
    telemetry::start(&config.log, config.log_format);
    heed_server_log(url)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let patience = Patience {
        connections: u32::try_from(config.db_connections).unwrap_or(u32::MAX),
        queue: config.db_queue,
        wait: config.db_patience,
    };
    let db = Db::open(url, patience);
    let vault = keys::open_vault(config, &mut db::connect(url)?, clock.now())?;
    let app = Data::new(App {
        news: gather_news(&db, Arc::clone(&clock)),
        db,
        clock: Arc::clone(&clock),
        rules: Arc::default(),
        body_limit: config.body_limit,
        shelf: Shelf::of(&config.data_dir, config.payment_file_limit, &vault),
        vault,
        desk: Desk::default(),
        sign_in: means::means(config, &clock)?,
    });
    let gate = Data::new(Gate {
        verifier: token::verifier(config, Arc::clone(&clock))?,
        standings: Arc::new(SessionStandings::open(
            app.db.clone(),
            url,
            Arc::clone(&clock),
            app::grants,
        )),
        operators: config.operator_tokens,
    });
    let metrics = Data::new(Metrics::new()?);
    let listener = TcpListener::bind(config.listen)
        .map_err(Failure::io(format!("listen on {}", config.listen)))?;
    let (stopping, worker) = (AtomicBool::new(false), worker(config, url, &clock));
    std::thread::scope(|scope| {
        if work {
            scope.spawn(|| worker.run(|| stopping.load(Ordering::Relaxed)));
        }
        let (ready, listening) = std::sync::mpsc::channel();
        let beside = scope.spawn(move || match listening.recv() {
            Ok(served) => started(served),
            // It never listened; why is told by the server itself.
            Err(_) => Ok(()),
        });
        let served = answer_requests(config, listener, (&app, &gate, &metrics), |served| {
            let _ = ready.send(served);
        });
        drop(ready);
        stopping.store(true, Ordering::Relaxed);
        served.and(beside.join().unwrap_or(Ok(())))
    })?;
    Ok(ExitCode::SUCCESS)
}

fn answer_requests(
    config: &Config,
    listener: TcpListener,
    (app, gate, metrics): (&Data<App>, &Data<Gate>, &Data<Metrics>),
    ready: impl FnOnce(Served),
) -> Result<(), Failure> {
    let (app, gate, metrics) = (app.clone(), gate.clone(), metrics.clone());
    let behind_tls = config.behind_tls;
    let address = listener.local_addr().map_err(Failure::io("listen"))?;
    tracing::info!(listen = %address, "serving");
    let server = HttpServer::new(move || {
        actix_web::App::new()
            .wrap(app::headers(behind_tls))
            .wrap(from_fn(measure))
            .wrap(TracingLogger::<RequestLog>::new())
            .wrap(Compress::default())
            .into_utoipa_app()
            .configure(app::routes(app.clone(), gate.clone(), metrics.clone()))
            .into_app()
    })
    .workers(config.http_workers)
    .shutdown_timeout(30)
    .listen(listener)
    .map_err(Failure::io("listen"))?;
    actix_web::rt::System::new()
        .block_on(async {
            let server = server.run();
            let handle = server.handle();
            ready(Served { address, handle });
            server.await
        })
        .map_err(Failure::io("serve"))
}
