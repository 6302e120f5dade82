//! A list in the house layout (本署格式), as settlement files have it:
//!
//! ```text
//! H|kaifong-due-1|store|2026-11-21|37|UTF-8|2026-11-21T00:01:07+08:00
//! D|1|1000000018|2364.00|HKD
//! D|2|1000000026|1200.00|HKD
//! T|2|3564.00|37
//! ```
//!
//! Lines of fields between `|`, each ending with a line feed. The header names the layout, the
//! channel, the day, the list's number in the channel's own row, the characters, and the time in
//! Hong Kong as at which every figure is. A detail has its number in the list, the tenant code, what
//! is due with two places, and the currency; details go by tenant code. The trailer says how many,
//! how much, and the number once more.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use chrono_tz::Asia::Hong_Kong;

use crate::kernel::money::Money;
use crate::kernel::tenant_code::TenantCode;
use crate::payments::Channel;

const LAYOUT: &str = "kaifong-due-1";

/// What a list begins with.
pub fn header(
    (channel, number): (Channel, i32),
    business_date: NaiveDate,
    as_at: DateTime<Utc>,
) -> String {
    let as_at = as_at.with_timezone(&Hong_Kong);
    let as_at = as_at.to_rfc3339_opts(SecondsFormat::Secs, false);
    format!("H|{LAYOUT}|{channel}|{business_date}|{number}|UTF-8|{as_at}\n")
}

/// What `code` has to pay, the `number`th of the list.
pub fn detail(number: i32, code: TenantCode, due: Money) -> String {
    format!("D|{number}|{code}|{due}|HKD\n")
}

/// What a list of so many lines ends with.
pub fn trailer(lines: i32, amount: Money, number: i32) -> String {
    format!("T|{lines}|{amount}|{number}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_as_the_layout_says() {
        let as_at = "2026-11-20T16:01:07.5Z".parse().unwrap();
        let code = |number| TenantCode::of(number).unwrap();
        let money = |text: &str| text.parse::<Money>().unwrap();
        let list = [
            header((Channel::Store, 37), "2026-11-21".parse().unwrap(), as_at),
            detail(1, code(100_000_001), money("2364.00")),
            detail(2, code(100_000_002), money("1200.5")),
            trailer(2, money("3564.50"), 37),
        ];
        assert_eq!(
            list.concat(),
            "H|kaifong-due-1|store|2026-11-21|37|UTF-8|2026-11-21T00:01:07+08:00\n\
             D|1|1000000018|2364.00|HKD\n\
             D|2|1000000026|1200.50|HKD\n\
             T|2|3564.50|37\n"
        );
    }
}
