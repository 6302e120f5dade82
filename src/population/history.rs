//! Month by month: what everyone is charged, and what everyone pays.

use chrono::{DateTime, Datelike, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::chance::{Dice, Purpose};
use super::habits::{Due, second_of_day};
use super::model::{PopulationError, Window};
use super::plan::{Household, Plan};
use crate::kernel::clock::hong_kong_time;
use crate::kernel::money::Money;
use crate::kernel::month::Month;
use crate::kernel::tenant_code::TenantCode;
use crate::ledger::{General, Source, Transfer, TransferKind};
use crate::rent::{BookedCharge, FinishedRun, RentError, Tenure, Terms};

/// Households are told of, and rows are handed over, this many at a time.
pub const AT_ONCE: i64 = 8192;

/// The monthly charge is booked five minutes into the month.
const CHARGE_AT: u32 = 300;

/// A part of the history, in the order in which it is to be loaded.
pub enum Piece {
    Begins(Month),
    Charged(Vec<BookedCharge>, Vec<Transfer>),
    Paid(Vec<Transfer>),
    Ends(FinishedRun),
}

/// What the history came to.
#[derive(Debug, Default)]
pub struct Told {
    pub charges: u64,
    pub transfers: u64,
    pub payments: u64,
    pub charged: Decimal,
    pub paid: Decimal,
    /// What each household owes in the end, in the order of their numbers.
    pub balances: Vec<(i64, Money)>,
}

/// The history being told.
pub struct History<'a> {
    pub plan: &'a Plan,
    pub tenures: &'a [Tenure],
    pub terms: &'a Terms,
    pub window: Window,
    pub seed: u64,
}

/// A payment to be booked.
struct Payment {
    at: DateTime<Utc>,
    household: i64,
    cents: i64,
    channel: General,
    source: Uuid,
}

/// What each household owes so far, in cents.
struct Balances(Vec<i64>);

impl History<'_> {
    /// Tells all of it, a piece at a time.
    pub fn tell(
        &self,
        emit: &mut dyn FnMut(Piece) -> Result<(), PopulationError>,
    ) -> Result<Told, PopulationError> {
        let mut told = Told::default();
        let mut balances = Balances(vec![0; self.plan.households.len()]);
        for month in self.window.first.through(self.window.last) {
            emit(Piece::Begins(month))?;
            let payments = self.charge(month, &mut balances, &mut told, emit)?;
            pay(&payments, &mut balances, &mut told, emit)?;
        }
        told.balances = (TenantCode::FIRST..)
            .zip(balances.0)
            .map(|(household, cents)| Money::of_cents(cents).map(|balance| (household, balance)))
            .collect::<Result<_, _>>()?;
        Ok(told)
    }

    /// Charges everyone for `month`; returns what they pay in it, in the order of time.
    fn charge(
        &self,
        month: Month,
        balances: &mut Balances,
        told: &mut Told,
        emit: &mut dyn FnMut(Piece) -> Result<(), PopulationError>,
    ) -> Result<Vec<Payment>, PopulationError> {
        let started_at = hong_kong_time(month.first(), CHARGE_AT);
        let mut run = FinishedRun {
            month,
            tenancies: 0,
            charged: Money::ZERO,
            started_at,
            finished_at: started_at,
        };
        let mut payments = Vec::with_capacity(self.plan.households.len());
        let band =
            |one: &Tenure, other: &Tenure| one.household / AT_ONCE == other.household / AT_ONCE;
        for tenures in self.tenures.chunk_by(band) {
            let awards = &self.plan.awards;
            let (charges, transfers) = self.terms.bookings(tenures, awards, month, started_at)?;
            balances.add(&transfers);
            run.tenancies += i64::try_from(charges.len()).unwrap_or(0);
            let sum = Money::sum(charges.iter().map(|charge| charge.amount))?;
            run.charged = run.charged.checked_add(sum)?;
            self.decide(tenures, &charges, month, balances, &mut payments);
            told.transfers += u64::try_from(transfers.len()).unwrap_or(0);
            emit(Piece::Charged(charges, transfers))?;
        }
        told.charges += run.tenancies.unsigned_abs();
        told.charged += run.charged.as_decimal();
        // As fast as a real run is: some thousands a second.
        run.finished_at += chrono::TimeDelta::seconds(1 + run.tenancies / 5_000);
        emit(Piece::Ends(run))?;
        payments.sort_unstable_by_key(|payment| (payment.at, payment.household));
        Ok(payments)
    }

    /// Asks the households of `tenures` what they pay in `month`.
    fn decide(
        &self,
        tenures: &[Tenure],
        charges: &[BookedCharge],
        month: Month,
        balances: &Balances,
        payments: &mut Vec<Payment>,
    ) {
        let numbers = tenures.first().zip(tenures.last());
        let Some((first, last)) = numbers else { return };
        let range = index(first.household)..=index(last.household);
        let households = self.plan.households.get(range.clone()).unwrap_or_default();
        let owed = balances.0.get(range).unwrap_or_default();
        let mut charges = charges.iter().peekable();
        for (household, balance) in households.iter().zip(owed) {
            let mut due = Due {
                month,
                balance: *balance,
                rent: 0,
                from_day: 1,
            };
            while let Some(charge) = charges.next_if(|charge| charge.household == household.number)
            {
                if due.rent == 0 {
                    due.from_day = charge.effective_on.day();
                }
                due.rent += charge.amount.cents();
            }
            payments.extend(self.payment(household, due));
        }
    }

    /// What `household` pays in the month, as far as the month has passed.
    fn payment(&self, household: &Household, due: Due) -> Option<Payment> {
        if due.balance <= 0 {
            return None;
        }
        let months = due
            .month
            .first()
            .signed_duration_since(Month::earliest().first());
        let stream = (index_of(household.number) << 24) | months.num_days().unsigned_abs();
        let mut dice = Dice::new(self.seed, Purpose::Payment, stream);
        let (day, cents) = household.payer.pays(due, &mut dice)?;
        let date = due.month.first().with_day(day)?;
        let channel = household.payer.channel;
        let at = hong_kong_time(date, second_of_day(channel, &mut dice));
        (at <= self.window.now).then(|| Payment {
            at,
            household: household.number,
            cents,
            channel,
            source: uuid::Builder::from_random_bytes(dice.bytes()).into_uuid(),
        })
    }
}

/// Books `payments`, some at a time.
fn pay(
    payments: &[Payment],
    balances: &mut Balances,
    told: &mut Told,
    emit: &mut dyn FnMut(Piece) -> Result<(), PopulationError>,
) -> Result<(), PopulationError> {
    for some in payments.chunks(usize::try_from(AT_ONCE).unwrap_or(1)) {
        let mut transfers = Vec::with_capacity(some.len());
        for payment in some {
            told.paid += Decimal::new(payment.cents, 2);
            transfers.extend(transfer(payment)?);
        }
        balances.add(&transfers);
        let count = u64::try_from(transfers.len()).unwrap_or(0);
        told.payments += count;
        told.transfers += count;
        emit(Piece::Paid(transfers))?;
    }
    Ok(())
}

/// The transfer of a payment: from the channel's clearing account onto the household's.
fn transfer(payment: &Payment) -> Result<Option<Transfer>, PopulationError> {
    let code = TenantCode::of(payment.household).ok_or(RentError::NoSuchAccount)?;
    let amount = Money::of_cents(payment.cents)?.negated();
    let source = Source {
        id: payment.source,
        part: "",
    };
    let dates = (crate::kernel::clock::hong_kong_date(payment.at), payment.at);
    let kind = TransferKind::Payment;
    Ok(Transfer::between(
        code,
        payment.channel,
        amount,
        kind,
        source,
        dates,
    ))
}

impl Balances {
    fn add(&mut self, transfers: &[Transfer]) {
        for transfer in transfers {
            let cents = transfer.amount.cents();
            if let Some(balance) = self.0.get_mut(index(transfer.debit)) {
                *balance += cents;
            }
            if let Some(balance) = self.0.get_mut(index(transfer.credit)) {
                *balance -= cents;
            }
        }
    }
}

fn index_of(number: i64) -> u64 {
    u64::try_from(number - TenantCode::FIRST).unwrap_or(u64::MAX)
}

/// The place of a household among all; of a general account, no place.
fn index(number: i64) -> usize {
    usize::try_from(number - TenantCode::FIRST).unwrap_or(usize::MAX)
}
