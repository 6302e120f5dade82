//! PPS, stores and MTR: files in the house layout.

use chrono::NaiveDate;

use super::households::{Owing, misread};
use super::{Stage, off_by, sum};
use crate::cli::Failure;
use crate::kernel::money::Money;
use crate::payments::Channel;
use crate::payments::files::{Characters, Line, write};

/// What a payer gave and paid, and where.
type Given = (String, Money, &'static str);

fn given(payers: &[Owing], place: &'static str) -> Vec<Given> {
    let payers = payers.iter();
    payers
        .map(|(code, due)| (code.to_string(), *due, place))
        .collect()
}

/// Three days by telephone. One payment stands in its file twice.
pub fn pps(stage: &mut Stage<'_>) -> Result<(), Failure> {
    for (place, day) in stage.days.clone().into_iter().take(3).enumerate() {
        let paid = given(&stage.households.some(24 + 8 * place, 8), "");
        let mut lines = lines(Channel::Pps, day, &paid);
        if let (0, Some(first)) = (place, lines.first().cloned()) {
            let number = u32::try_from(lines.len()).unwrap_or_default() + 1;
            lines.push(Line { number, ..first });
        }
        let amount = sum(paid.iter().map(|one| one.1))?;
        bring(stage, (Channel::Pps, day), &lines)?;
        stage.credit(day, "PPS SETTLEMENT".to_owned(), amount);
    }
    Ok(())
}

/// Three days of cash: a misread code, a household that left, one that pays HK$500 too much, the
/// rest that a partial allowance leaves, one that has paid by PPS. The bank is one cent short on the
/// second day.
pub fn stores(stage: &mut Stage<'_>) -> Result<(), Failure> {
    const PLACE: &str = "7-Eleven 華富邨";
    for (place, day) in stage.days.clone().into_iter().take(3).enumerate() {
        let households = &stage.households;
        let mut paid = given(&households.some(90 + 12 * place, 12), PLACE);
        match place {
            0 => {
                if let [(one, due), (other, more)] = households.some(126, 2)[..] {
                    paid.push((misread(one), due, PLACE));
                    paid.push((other.to_string(), off_by(more, 50_000), PLACE));
                }
                let left = households.gone.map(|code| code.to_string());
                paid.extend(left.map(|code| (code, off_by(Money::ZERO, 123_400), PLACE)));
                // The department pays the other half.
                if let Some((code, rent)) = households.recipients.get(1) {
                    let rest = off_by(Money::ZERO, rent.cents() - rent.cents() / 2);
                    paid.push((code.to_string(), rest, PLACE));
                }
            }
            1 => paid.extend(given(&households.some(24, 1), PLACE)),
            _ => {}
        }
        let amount = sum(paid.iter().map(|one| one.1))?;
        let lines = lines(Channel::Store, day, &paid);
        bring(stage, (Channel::Store, day), &lines)?;
        let wording = format!("STORES TAKINGS {}", day.format("%Y%m%d"));
        let short = if place == 1 { -1 } else { 0 };
        stage.credit(day, wording, off_by(amount, short));
    }
    Ok(())
}

/// The counters have closed: the file is refused.
pub fn mtr(stage: &mut Stage<'_>) -> Result<(), Failure> {
    let paid = given(&stage.households.some(130, 3), "港鐵彩虹站");
    let Some(day) = stage.days.first().copied() else {
        return Ok(());
    };
    let lines = lines(Channel::Mtr, day, &paid);
    bring(stage, (Channel::Mtr, day), &lines)
}

fn lines(channel: Channel, day: NaiveDate, paid: &[Given]) -> Vec<Line> {
    let numbered = (1..).zip(paid).enumerate();
    numbered
        .map(|(minutes, (number, (account, amount, place)))| Line {
            number,
            reference: format!("{}-{number:05}", called(channel, day)),
            end_to_end: None,
            wording: None,
            account: account.clone(),
            amount: *amount,
            instructed_at: Stage::at(day, minutes),
            place: (*place).to_owned(),
        })
        .collect()
}

fn bring(
    stage: &mut Stage<'_>,
    (channel, day): (Channel, NaiveDate),
    lines: &[Line],
) -> Result<(), Failure> {
    let number = stage.next_number(channel, "")?;
    let bytes = write((channel, day, number), Characters::Big5, lines)
        .map_err(|error| Failure::Usage(error.to_string()))?;
    let name = format!("{}.txt", called(channel, day));
    stage.take(&name, &bytes).map(drop)
}

fn called(channel: Channel, day: NaiveDate) -> String {
    format!("{channel}-{}", day.format("%Y%m%d"))
}
