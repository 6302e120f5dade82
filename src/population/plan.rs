//! The whole population before any money: flats, households, tenancies, awards, habits.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::awards::{Grantee, awards};
use super::chance::{Dice, Purpose};
use super::habits::Payer;
use super::homes::{Place, household_size, share_out};
use super::lives::{Fate, Stay, Story, kind, story};
use super::model::{Order, Window};
use crate::estates::Flat;
use crate::kernel::id::{FlatId, TenancyId};
use crate::kernel::tenant_code::TenantCode;
use crate::rent::{Award, Tenure};
use crate::tenancy::{EndReason, TenancyKind};

/// A household, and how it pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Household {
    pub number: i64,
    pub opened_at: DateTime<Utc>,
    pub payer: Payer,
}

/// What a tenancy has beside its tenure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Letting {
    pub flat: FlatId,
    pub household_size: i16,
    pub end_reason: Option<EndReason>,
}

/// Everyone and where they live.
#[derive(Debug, Default)]
pub struct Plan {
    /// How many estates are lived in.
    pub estates: usize,
    pub flats: Vec<Flat>,
    /// By number, without a gap.
    pub households: Vec<Household>,
    /// By household and first day.
    pub tenures: Vec<(Tenure, Letting)>,
    pub awards: HashMap<i64, Vec<Award>>,
}

/// A tenancy of a household that has no number yet.
struct Draft {
    /// Its place among the households as they were thought of.
    tenant: usize,
    tenure: Tenure,
    letting: Letting,
}

/// A household that has no number yet.
struct Tenant {
    opened_at: DateTime<Utc>,
    since: NaiveDate,
    kind: TenancyKind,
    /// Whether it lives here at the end.
    stays: bool,
}

/// Plans `order` over `places`.
pub fn plan(places: &[Place], order: &Order, window: &Window) -> Plan {
    let weights: Vec<u32> = places.iter().map(|place| place.flats).collect();
    let shares = share_out(order.tenancies, &weights);
    let mut planner = Planner {
        order,
        window,
        plan: Plan::default(),
        tenants: Vec::new(),
        drafts: Vec::new(),
    };
    for ((which, place), share) in (0..).zip(places).zip(shares) {
        if share > 0 {
            planner.plan.estates += 1;
            planner.settle(place, which, share);
        }
    }
    planner.number()
}

struct Planner<'a> {
    order: &'a Order,
    window: &'a Window,
    plan: Plan,
    tenants: Vec<Tenant>,
    drafts: Vec<Draft>,
}

impl Planner<'_> {
    /// Lets `share` flats of `place`, its number being `which`.
    fn settle(&mut self, place: &Place, which: u32, share: u32) {
        let seed = self.order.seed;
        let stories: Vec<(Story, TenancyKind, Dice)> = (0..share)
            .map(|flat| {
                let stream = (u64::from(which) << 32) | u64::from(flat);
                let mut dice = Dice::new(seed, Purpose::Flat, stream);
                let fate = Fate::draw(&mut dice, self.window);
                let told = story(fate, place.opened, self.window, &mut dice);
                (told, kind(&mut dice), dice)
            })
            .collect();
        let moved = stories
            .iter()
            .filter(|(told, ..)| matches!(told, Story::Moved(..)));
        let left_behind = u32::try_from(moved.count()).unwrap_or(0);
        let flats = place.build(share + left_behind, seed, which);
        let mut free = flats.iter();
        for (told, kind, mut dice) in stories {
            let Some(flat) = free.next() else { break };
            let size = household_size(hundredths(flat.ifa), &mut dice);
            match told {
                Story::One(stay) => {
                    let tenant = self.open(stay, kind, true);
                    self.let_to(tenant, flat, stay, size);
                }
                Story::OneAfterOther(old, new) => {
                    let gone = self.open(old, kind, false);
                    let next = self.open(new, kind, true);
                    let other = household_size(hundredths(flat.ifa), &mut dice);
                    self.let_to(gone, flat, old, other);
                    self.let_to(next, flat, new, size);
                }
                Story::Moved(old, new) => {
                    let tenant = self.open(old, kind, true);
                    if let Some(left) = free.next() {
                        self.let_to(tenant, left, old, size);
                    }
                    self.let_to(tenant, flat, new, size);
                }
            }
        }
        self.plan.flats.extend(flats);
    }

    /// Thinks of a household; says which it is.
    fn open(&mut self, first: Stay, kind: TenancyKind, stays: bool) -> usize {
        self.tenants.push(Tenant {
            opened_at: first.recorded_at,
            since: first.starts_on,
            kind,
            stays,
        });
        self.tenants.len() - 1
    }

    fn let_to(&mut self, tenant: usize, flat: &Flat, stay: Stay, household_size: i16) {
        let name = format!("population/{}/{}", self.order.seed, self.drafts.len());
        let kind = self
            .tenants
            .get(tenant)
            .map_or(TenancyKind::Prh, |tenant| tenant.kind);
        self.drafts.push(Draft {
            tenant,
            tenure: Tenure {
                household: 0,
                tenancy_id: TenancyId::derived(&name),
                kind,
                starts_on: stay.starts_on,
                ends_on: stay.end.map(|(last, ..)| last),
                recorded_at: stay.recorded_at,
                end_recorded_at: stay.end.map(|(_, known, _)| known),
                estate_id: flat.estate_id,
                ifa: flat.ifa,
            },
            letting: Letting {
                flat: flat.id,
                household_size,
                end_reason: stay.end.map(|(.., reason)| reason),
            },
        });
    }

    /// Gives every household its number, in the order in which they were opened.
    fn number(self) -> Plan {
        let Self {
            order,
            window,
            mut plan,
            tenants,
            drafts,
        } = self;
        let mut opened: Vec<(usize, &Tenant)> = tenants.iter().enumerate().collect();
        opened.sort_by_key(|(which, tenant)| (tenant.opened_at, *which));
        let mut numbers = vec![TenantCode::FIRST; tenants.len()];
        for (number, (which, tenant)) in (TenantCode::FIRST..).zip(opened) {
            if let Some(slot) = numbers.get_mut(which) {
                *slot = number;
            }
            let stream = u64::try_from(which).unwrap_or(u64::MAX);
            let mut dice = Dice::new(order.seed, Purpose::Household, stream);
            let grantee = Grantee {
                household: number,
                kind: tenant.kind,
                since: tenant.since,
            };
            let awarded = if tenant.stays {
                awards(grantee, order.seed, window, &mut dice)
            } else {
                Vec::new()
            };
            plan.households.push(Household {
                number,
                opened_at: tenant.opened_at,
                payer: Payer::draw(!awarded.is_empty(), window, &mut dice),
            });
            if !awarded.is_empty() {
                plan.awards.insert(number, awarded);
            }
        }
        plan.tenures = drafts
            .into_iter()
            .map(|draft| {
                let household = numbers
                    .get(draft.tenant)
                    .copied()
                    .unwrap_or(TenantCode::FIRST);
                (
                    Tenure {
                        household,
                        ..draft.tenure
                    },
                    draft.letting,
                )
            })
            .collect();
        plan.tenures
            .sort_by_key(|(tenure, _)| (tenure.household, tenure.starts_on));
        plan
    }
}

fn hundredths(ifa: Decimal) -> u32 {
    (ifa * Decimal::ONE_HUNDRED).to_u32().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::kernel::id::{BlockId, EstateId};

    fn places() -> Vec<Place> {
        let place = |name: &str, flats, opened: Option<&str>| Place {
            estate: EstateId::derived(name),
            flats,
            blocks: vec![
                BlockId::derived(name),
                BlockId::derived(&format!("{name}/2")),
            ],
            sizes: (1_400, 4_500),
            opened: opened.map(|date| date.parse().unwrap()),
        };
        vec![
            place("old", 6_000, Some("1972-01-01")),
            place("new", 500, Some("2026-01-01")),
            place("undated", 1_500, None),
        ]
    }

    fn planned(tenancies: u32, seed: u64) -> Plan {
        let now = "2026-11-20T01:00:00Z".parse().unwrap();
        let order = Order::new(tenancies, seed, now);
        plan(&places(), &order, &order.window(now).unwrap())
    }

    #[test]
    fn exactly_as_many_tenancies_run_as_were_ordered() {
        for count in [1, 2, 999, 4_000] {
            let plan = planned(count, 5);
            let running = plan
                .tenures
                .iter()
                .filter(|(tenure, _)| tenure.ends_on.is_none());
            assert_eq!(running.count(), usize::try_from(count).unwrap());
            assert!(
                plan.households
                    .is_sorted_by_key(|household| household.number)
            );
            assert!(
                plan.households
                    .is_sorted_by_key(|household| household.opened_at)
            );
        }
    }

    #[test]
    fn no_flat_has_two_households_on_one_day() {
        let plan = planned(4_000, 5);
        let ids: HashSet<_> = plan.flats.iter().map(|flat| flat.id).collect();
        assert_eq!(ids.len(), plan.flats.len());
        let mut lets: HashMap<FlatId, Vec<&Tenure>> = HashMap::new();
        for (tenure, letting) in &plan.tenures {
            assert!(ids.contains(&letting.flat));
            lets.entry(letting.flat).or_default().push(tenure);
        }
        for tenures in lets.values_mut() {
            tenures.sort_by_key(|tenure| tenure.starts_on);
            for pair in tenures.windows(2) {
                assert!(pair[0].ends_on.unwrap() < pair[1].starts_on);
            }
        }
    }

    #[test]
    fn estates_are_lived_in_from_their_opening_and_by_their_weight() {
        let plan = planned(4_000, 5);
        let new = EstateId::derived("new");
        let there: Vec<_> = plan
            .tenures
            .iter()
            .filter(|(tenure, _)| tenure.estate_id == new)
            .collect();
        assert_eq!(there.len(), 250);
        let opening = "2026-01-01".parse().unwrap();
        assert!(there.iter().all(|(tenure, _)| tenure.starts_on >= opening));
    }

    #[test]
    fn the_seed_decides() {
        let tenures = |plan: Plan| plan.tenures;
        assert_eq!(tenures(planned(500, 1)), tenures(planned(500, 1)));
        assert_ne!(tenures(planned(500, 1)), tenures(planned(500, 2)));
    }
}
