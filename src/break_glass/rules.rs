//! How long access lasts, and when it must have been reviewed.

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc, Weekday};

use super::model::{Approval, BreakGlassError, Request, Review};
use crate::kernel::clock::hong_kong_date;

/// How long a request may wait for its approval.
const PATIENCE: TimeDelta = TimeDelta::hours(1);

/// The approval of `request` by `approver`.
pub fn approval(
    request: &Request,
    approver: &str,
    now: DateTime<Utc>,
) -> Result<Approval, BreakGlassError> {
    if approver == request.staff {
        return Err(BreakGlassError::OwnRequest);
    }
    if now - request.requested_at > PATIENCE {
        return Err(BreakGlassError::TooLate);
    }
    Ok(Approval {
        request: request.id,
        staff: request.staff.clone(),
        approver: approver.to_owned(),
        starts_at: now,
        ends_at: now + TimeDelta::minutes(request.minutes.into()),
        review_by: next_working_day(hong_kong_date(now)),
    })
}

/// Whether `review` may be made of `approval`.
pub fn review(approval: &Approval, review: &Review) -> Result<(), BreakGlassError> {
    if review.reviewer == approval.staff {
        return Err(BreakGlassError::OwnRequest);
    }
    if review.reviewed_at < approval.ends_at {
        return Err(BreakGlassError::UnderWay(approval.ends_at));
    }
    Ok(())
}

/// The working day after `date`. Public holidays count as working days: a review may come
/// early, never late.
fn next_working_day(date: NaiveDate) -> NaiveDate {
    let ahead = match date.weekday() {
        Weekday::Fri => 3,
        Weekday::Sat => 2,
        _ => 1,
    };
    date.checked_add_days(Days::new(ahead)).unwrap_or(date)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::model::{Outcome, Reason};
    use super::*;

    fn request() -> Request {
        Request {
            id: Uuid::from_u128(1),
            staff: "officer-7".to_owned(),
            person: Some(Uuid::from_u128(2)),
            household: None,
            reason: Reason::Danger,
            ticket: "INC-1".to_owned(),
            fields: vec!["phone".to_owned()],
            minutes: 20,
            requested_at: at("2026-11-20T01:00:00Z"),
        }
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn another_approves_and_within_the_hour() {
        let asked = request();
        let approved = approval(&asked, "manager-1", at("2026-11-20T02:00:00Z")).unwrap();
        assert_eq!(approved.ends_at, at("2026-11-20T02:20:00Z"));
        let own = approval(&asked, "officer-7", at("2026-11-20T01:00:00Z"));
        assert!(matches!(own, Err(BreakGlassError::OwnRequest)));
        let late = approval(&asked, "manager-1", at("2026-11-20T02:00:01Z"));
        assert!(matches!(late, Err(BreakGlassError::TooLate)));
    }

    #[test]
    fn it_is_reviewed_by_the_end_of_the_next_working_day() {
        for (day, by) in [
            ("2026-11-19", "2026-11-20"),
            ("2026-11-20", "2026-11-23"),
            ("2026-11-21", "2026-11-23"),
            ("2026-11-22", "2026-11-23"),
        ] {
            assert_eq!(next_working_day(day.parse().unwrap()), by.parse().unwrap());
        }
    }

    #[test]
    fn another_reviews_it_and_once_it_is_over() {
        let approved = approval(&request(), "manager-1", at("2026-11-20T01:00:00Z")).unwrap();
        let by = |reviewer: &str, when: &str| {
            let made = Review {
                request: approved.request,
                staff: approved.staff.clone(),
                reviewer: reviewer.to_owned(),
                outcome: Outcome::Justified,
                note: "seen".to_owned(),
                reviewed_at: at(when),
            };
            review(&approved, &made)
        };
        assert!(by("privacy-1", "2026-11-20T01:20:00Z").is_ok());
        let early = by("privacy-1", "2026-11-20T01:19:59Z");
        assert!(matches!(early, Err(BreakGlassError::UnderWay(_))));
        let own = by("officer-7", "2026-11-20T01:20:00Z");
        assert!(matches!(own, Err(BreakGlassError::OwnRequest)));
    }
}
