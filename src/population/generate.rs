//! Making and loading a population: one thread makes rows while PostgreSQL loads others.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use crossbeam_channel::{Receiver, bounded};
use diesel::PgConnection;

use super::history::{History, Piece, Told};
use super::homes::Place;
use super::model::{Order, PopulationError, Summary, Window};
use super::people::{Filling, Home};
use super::plan::{Letting, Plan, plan};
use crate::kernel::tenant_code::TenantCode;
use crate::kernel::watch::Watch;
use crate::people::{Membership, NewPerson};
use crate::platform::db::{self, DbError, execute, transact};
use crate::platform::vault::Vault;
use crate::rent::{FinishedRun, RentError, Tenure, Terms};
use crate::tenancy::Tenancy;
use crate::{estates, ledger, people, rent, tenancy};

/// Rows of a `COPY` of people and flats.
const AT_ONCE: usize = 50_000;
/// Households whose people are loaded at once: each person is a kilobyte.
const HOMES_AT_ONCE: usize = 4_000;

/// Pieces that are made ahead of the loading: they bound the memory.
const AHEAD: usize = 6;

/// Indexes are built sorted, in memory where it suffices. Two at once would deadlock.
const PREPARE: &str = "SELECT pg_advisory_xact_lock(7210831); \
    SET LOCAL maintenance_work_mem = '512MB'; SET LOCAL timezone = 'UTC'";

/// Fills an empty database at `url` as ordered; as the schema's owner.
///
/// What tells who somebody is, is sealed by `vault`, which is this database's.
pub fn generate(
    url: &str,
    vault: &Vault,
    order: &Order,
    now: DateTime<Utc>,
    watch: &dyn Watch,
) -> Result<Summary, PopulationError> {
    let window = order.window(now)?;
    let mut conn = db::connect_as_owner(url)?;
    let mut took = Took::default();
    let filled = transact(&mut conn, |conn| {
        execute(conn, PREPARE)?;
        if !is_empty(conn)? {
            return Err(PopulationError::NotEmpty);
        }
        let making = Making {
            vault,
            order,
            window,
        };
        fill(conn, making, watch, &mut took)
    });
    took.end("committing");
    let mut summary = filled?;
    summary.took = took.phases;
    Ok(summary)
}

/// Whether nobody lives here and nothing was ever booked.
pub fn is_empty(conn: &mut PgConnection) -> Result<bool, DbError> {
    Ok(!estates::has_flats(conn)?
        && tenancy::is_empty(conn)?
        && !people::has_people(conn)?
        && rent::is_empty(conn)?
        && ledger::is_empty(conn)?)
}

/// What to make, and what seals it.
#[derive(Clone, Copy)]
struct Making<'a> {
    vault: &'a Vault,
    order: &'a Order,
    window: Window,
}

fn fill(
    conn: &mut PgConnection,
    making: Making<'_>,
    watch: &dyn Watch,
    took: &mut Took,
) -> Result<Summary, PopulationError> {
    let Making { order, window, .. } = making;
    let terms = Terms::load(conn)?;
    let homes = estates::homes(conn)?;
    let places: Vec<Place> = homes
        .iter()
        .filter(|(estate, _)| terms.has_rate(estate.id, window.first))
        .filter_map(|(estate, blocks)| Place::of(estate, blocks))
        .collect();
    if places.is_empty() {
        return Err(PopulationError::NoEstates(window.first));
    }
    let mut plan = plan(&places, order, &window);
    let (tenures, lettings): (Vec<_>, Vec<_>) =
        std::mem::take(&mut plan.tenures).into_iter().unzip();
    took.end("planning");
    let history = History {
        plan: &plan,
        tenures: &tenures,
        terms: &terms,
        window,
        seed: order.seed,
    };
    let (send, receive) = bounded(AHEAD);
    let (loaded, told) = std::thread::scope(|scope| {
        let history = &history;
        let maker = scope.spawn(move || {
            history.tell(&mut |piece| send.send(piece).map_err(|_| PopulationError::Severed))
        });
        let mut loader = Loader {
            conn: &mut *conn,
            watch,
            took: &mut *took,
            done: 0,
            total: i64::from(order.tenancies) * i64::from(window.months()),
            month: None,
            runs: Vec::new(),
        };
        let result = loader.homes(&plan, &tenures, &lettings);
        let homes = homes_of(&plan, &tenures, &lettings);
        let result = result.and_then(|()| loader.people(making, &homes));
        let people = result.and_then(|people| loader.history(&receive).map(|()| people));
        // Lets the maker stop when the loader did.
        drop(receive);
        (
            people,
            maker.join().unwrap_or(Err(DbError::Panicked.into())),
        )
    });
    let people = loaded?;
    let told = told?;
    ledger::load_balances(conn, &told.balances)?;
    took.end("balances");
    execute(conn, "ANALYZE")?;
    took.end("analysing");
    Ok(Summary {
        people,
        ..summary(&plan, &tenures, &told, window)
    })
}

fn summary(plan: &Plan, tenures: &[Tenure], told: &Told, window: Window) -> Summary {
    let ended = tenures
        .iter()
        .filter(|tenure| tenure.ends_on.is_some())
        .count();
    let mut summary = Summary {
        estates: plan.estates,
        flats: plan.flats.len(),
        households: plan.households.len(),
        tenancies: tenures.len() - ended,
        ended,
        awards: plan.awards.values().map(Vec::len).sum(),
        months: window.months(),
        charges: told.charges,
        transfers: told.transfers,
        payments: told.payments,
        charged: told.charged,
        paid: told.paid,
        ..Summary::default()
    };
    for (_, balance) in &told.balances {
        summary.count_balance(*balance);
    }
    summary
}

/// Loads what others make.
struct Loader<'a> {
    conn: &'a mut PgConnection,
    watch: &'a dyn Watch,
    took: &'a mut Took,
    done: i64,
    total: i64,
    /// The ledger's month being filled.
    month: Option<ledger::MonthLoad>,
    runs: Vec<FinishedRun>,
}

impl Loader<'_> {
    fn homes(
        &mut self,
        plan: &Plan,
        tenures: &[Tenure],
        lettings: &[Letting],
    ) -> Result<(), PopulationError> {
        for flats in plan.flats.chunks(AT_ONCE) {
            self.go_on()?;
            estates::load_flats(self.conn, flats)?;
        }
        self.took.end("flats");
        let households = plan.households.iter();
        let households: Vec<_> = households
            .map(|household| (household.number, household.opened_at))
            .collect();
        tenancy::load_households(self.conn, &households)?;
        self.took.end("households");
        for (tenures, lettings) in tenures.chunks(AT_ONCE).zip(lettings.chunks(AT_ONCE)) {
            self.go_on()?;
            let rows = tenures.iter().zip(lettings).map(tenancy_of);
            tenancy::load_tenancies(self.conn, &rows.collect::<Result<Vec<_>, _>>()?)?;
        }
        self.took.end("tenancies");
        // By household: the same rows in the same order, whatever the map's.
        let mut awards: Vec<_> = plan.awards.values().flatten().cloned().collect();
        awards.sort_unstable_by_key(|award| (award.household, award.first_month));
        rent::load_awards(self.conn, &awards)?;
        self.took.end("awards");
        Ok(())
    }

    /// Loads the people of `homes` while another thread draws and seals the next ones.
    fn people(&mut self, making: Making<'_>, homes: &[Home]) -> Result<u64, PopulationError> {
        people::begin_people(self.conn)?;
        let (send, receive) = bounded(AHEAD);
        let (loaded, drawn) = std::thread::scope(|scope| {
            let drawing = scope.spawn(move || {
                let send = &send;
                draw_people(making, homes, |drawn| {
                    send.send(drawn).map_err(|_| PopulationError::Severed)
                })
            });
            let loaded = receive.iter().try_for_each(|(people, stays): Drawn| {
                self.go_on()?;
                people::load_people(self.conn, people)?;
                self.took.end("people");
                people::load_memberships(self.conn, &stays)?;
                self.took.end("memberships");
                Ok(())
            });
            // Lets the drawing stop when the loading did.
            drop(receive);
            let drawn = drawing.join().unwrap_or(Err(DbError::Panicked.into()));
            (loaded, drawn)
        });
        loaded.and(drawn)
    }

    fn history(&mut self, pieces: &Receiver<Piece>) -> Result<(), PopulationError> {
        rent::begin_charges(self.conn)?;
        for piece in pieces {
            self.took.end("waiting for rows");
            self.go_on()?;
            self.piece(piece)?;
        }
        self.end_month()?;
        rent::end_charges(self.conn)?;
        rent::load_runs(self.conn, &self.runs)?;
        self.took.end("key of charges");
        Ok(())
    }

    fn piece(&mut self, piece: Piece) -> Result<(), PopulationError> {
        match piece {
            Piece::Begins(month) => {
                self.end_month()?;
                self.month = Some(ledger::MonthLoad::begin(self.conn, month)?);
            }
            Piece::Charged(charges, transfers) => {
                rent::load_charges(self.conn, &charges)?;
                self.took.end("charges");
                self.transfers(&transfers)?;
                self.done += i64::try_from(charges.len()).unwrap_or(0);
                self.watch.progress(self.done, self.total);
            }
            Piece::Paid(transfers) => self.transfers(&transfers)?,
            Piece::Ends(run) => self.runs.push(run),
        }
        Ok(())
    }

    fn transfers(&mut self, transfers: &[ledger::Transfer]) -> Result<(), PopulationError> {
        if let Some(month) = &self.month {
            month.add(self.conn, transfers)?;
        }
        self.took.end("transfers");
        Ok(())
    }

    fn end_month(&mut self) -> Result<(), PopulationError> {
        if let Some(month) = self.month.take() {
            month.finish(self.conn)?;
            self.took.end("indexes of the ledger");
        }
        Ok(())
    }

    fn go_on(&self) -> Result<(), PopulationError> {
        if self.watch.stopped() {
            return Err(PopulationError::Stopped);
        }
        Ok(())
    }
}

/// Sealed people and their stays.
type Drawn = (Vec<NewPerson>, Vec<Membership>);

/// Draws and seals the people of `homes`, hands them on by the thousand, and counts them.
fn draw_people(
    making: Making<'_>,
    homes: &[Home],
    hand_on: impl Fn(Drawn) -> Result<(), PopulationError>,
) -> Result<u64, PopulationError> {
    let mut filling = Filling {
        seed: making.order.seed,
        window: &making.window,
        drawn: 0,
    };
    for homes in homes.chunks(HOMES_AT_ONCE) {
        let mut drawn = (Vec::new(), Vec::new());
        for home in homes {
            for one in filling.people(home)? {
                let known = (&one.particulars, one.stay.recorded_at);
                drawn
                    .0
                    .push(people::draft(making.vault, one.id, known.0, known.1)?);
                drawn.1.push(one.stay);
            }
        }
        hand_on(drawn)?;
    }
    Ok(filling.drawn)
}

/// Every household from its first day to its last, with the size that its tenancy has.
fn homes_of(plan: &Plan, tenures: &[Tenure], lettings: &[Letting]) -> Vec<Home> {
    let mut stays = tenures.iter().zip(lettings).peekable();
    let mut homes = Vec::with_capacity(plan.households.len());
    for household in &plan.households {
        let mut home: Option<Home> = None;
        while let Some((tenure, letting)) =
            stays.next_if(|(tenure, _)| tenure.household == household.number)
        {
            let starts_on = home.map_or(tenure.starts_on, |home| home.starts_on);
            home = TenantCode::of(household.number).map(|code| Home {
                household: code,
                opened_at: household.opened_at,
                starts_on,
                end: tenure.ends_on.zip(tenure.end_recorded_at),
                size: letting.household_size,
            });
        }
        homes.extend(home);
    }
    homes
}

fn tenancy_of((tenure, letting): (&Tenure, &Letting)) -> Result<Tenancy, PopulationError> {
    let code = TenantCode::of(tenure.household);
    Ok(Tenancy {
        id: tenure.tenancy_id,
        household: code.ok_or(RentError::NoSuchAccount)?,
        flat_id: letting.flat,
        kind: tenure.kind,
        starts_on: tenure.starts_on,
        ends_on: tenure.ends_on,
        end_reason: letting.end_reason,
        household_size: letting.household_size,
        recorded_at: tenure.recorded_at,
        end_recorded_at: tenure.end_recorded_at,
        version: if tenure.ends_on.is_some() { 2 } else { 1 },
    })
}

/// Where the time goes.
struct Took {
    since: Instant,
    phases: Vec<(&'static str, Duration)>,
}

impl Default for Took {
    fn default() -> Self {
        Self {
            since: Instant::now(),
            phases: Vec::new(),
        }
    }
}

impl Took {
    /// What was done since the last call was `phase`.
    fn end(&mut self, phase: &'static str) {
        let now = Instant::now();
        let took = now - std::mem::replace(&mut self.since, now);
        match self.phases.iter_mut().find(|(name, _)| *name == phase) {
            Some((_, sum)) => *sum += took,
            None => self.phases.push((phase, took)),
        }
    }
}
