//! `kaifong work`: the background work.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::audit::sealer;
use super::database::{Database, heed_server_log};
use super::keys::open_vault;
use super::verify::{KEY, WITNESS};
use super::{Failure, answer, messages};
use crate::app;
use crate::autopay::{self, PrepareCollection};
use crate::kernel::clock::{Clock, SystemClock};
use crate::ledger::{self, SealDays};
use crate::platform::audit::{self, SealAudit};
use crate::platform::config::Config;
use crate::platform::crypto::SigningKey;
use crate::platform::jobs::Worker;
use crate::platform::telemetry;
use crate::privacy::{self, Retain};

/// Do the background work until told to stop
#[derive(Debug, Args)]
pub(super) struct Work {
    /// Do what is due, then end
    #[arg(long)]
    once: bool,
}

impl Work {
    pub fn run(self, config: &Config) -> Result<ExitCode, Failure> {
        telemetry::start(&config.log, config.log_format);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        Database::with(config, |url| {
            heed_server_log(url)?;
            let worker = worker(config, url, &clock);
            if self.once {
                let tried = worker.drain()?;
                return answer(&format!("{tried} jobs tried\n"));
            }
            until_stopped(|stopped| worker.run(|| stopped.load(Ordering::Relaxed)))?;
            Ok(ExitCode::SUCCESS)
        })
    }
}

/// A worker that knows every kind of job; the ledger's and the audit trail's keys
/// and witnesses are in the data folder.
pub(super) fn worker(config: &Config, url: &str, clock: &Arc<dyn Clock>) -> Worker {
    let (key, witness) = (config.data_dir.join(KEY), config.data_dir.join(WITNESS));
    let handlers = app::handlers().on(move |conn, bench, SealDays { before }| {
        let key = SigningKey::load_or_create(&key)?;
        ledger::seal_days(conn, &key, &witness, before, bench.clock.now())?;
        Ok(())
    });
    let (data, origin) = (config.data_dir.clone(), config.audit_origin.clone());
    let handlers = handlers.on(move |conn, bench, SealAudit {}| {
        audit::seal(conn, &sealer(&data, &origin)?, bench.clock.now())?;
        Ok(())
    });
    let settings = config.clone();
    let handlers = handlers.on(move |conn, bench, Retain {}| {
        let now = bench.clock.now();
        let vault = open_vault(&settings, conn, now).map_err(|error| error.to_string())?;
        privacy::retain(conn, &vault, now)?;
        Ok(())
    });
    let handlers = messages::handlers(handlers, config);
    let settings = config.clone();
    let handlers = handlers.on(move |conn, bench, job: PrepareCollection| {
        let vault = open_vault(&settings, conn, bench.clock.now());
        let vault = vault.map_err(|error| error.to_string())?;
        autopay::prepare_ordered((conn, &bench.url), &vault, bench.clock.as_ref(), &job)?;
        Ok(())
    });
    Worker::new(handlers, url, Arc::clone(clock)).by_timetable(app::timetable)
}

/// Runs `work` beside a thread that waits for SIGTERM or Ctrl-C and then raises its flag.
pub(super) fn until_stopped<T>(work: impl FnOnce(&AtomicBool) -> T) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::io("wait for signals"))?;
    let guard = runtime.enter();
    // From here on the signals wait for us instead of ending the program.
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::io("wait for signals"))?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::io("wait for signals"))?;
    drop(guard);
    let flag = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&flag);
    // Ends with the program: nobody waits for a signal that may never come.
    std::thread::spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        });
        raised.store(true, Ordering::Relaxed);
    });
    Ok(work(&flag))
}
