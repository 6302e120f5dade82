//! One published value each: what it says, or nothing when it cannot be read.

use chrono::NaiveDate;
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::Number;

use crate::estates::model::{EstateType, FlatSizes};

/// A count such as `8 200`, and whether its thousands stand apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count {
    pub number: i32,
    pub spaced: bool,
}

/// Reads a whole number whose thousands may be set apart by a space or a comma. The spaces
/// are those of a tidied text: thin and non-breaking ones have become plain.
pub(super) fn count(text: &str) -> Option<Count> {
    let groups: Vec<&str> = text.split([' ', ',']).collect();
    let (first, others) = groups.split_first()?;
    let grouped = others.iter().all(|group| group.len() == 3);
    let digits: String = groups.concat();
    let lone = others.is_empty() || first.len() <= 3;
    let fits = (1..=7).contains(&digits.len()) && !first.is_empty();
    if !grouped || !lone || !fits || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(Count {
        number: digits.parse().ok()?,
        spaced: text.contains(' '),
    })
}

/// Reads `8 200 as at 31.12.2025`, or `8 200 截至2025年12月31日的情況`. A `*` after the
/// count points at a remark in the further information.
pub(super) fn flats(text: &str) -> Option<(Count, NaiveDate)> {
    let (number, date) = if let Some((number, date)) = text.split_once("as at") {
        (number, NaiveDate::parse_from_str(date.trim(), "%d.%m.%Y"))
    } else {
        let (number, date) = text.split_once("截至")?;
        let (date, _) = date.split_once('日')?;
        (number, NaiveDate::parse_from_str(date.trim(), "%Y年%m月%d"))
    };
    let number = number.trim().trim_end_matches('*').trim_end();
    count(number).zip(date.ok())
}

/// The years a text names, in order and once each: `2016 (Phase 1) 2019 (Phase 2)` is two
/// years, and so is `1982 - 1993`. Nothing when it says something else.
pub(super) fn years(text: &str) -> Option<Vec<i32>> {
    let text = without_brackets(text);
    let words = text.split(|letter: char| !letter.is_ascii_digit());
    let mut years = words
        .filter(|word| !word.is_empty())
        .map(|word| {
            let year = word.parse().ok().filter(|_| word.len() == 4)?;
            (1900..=2100).contains(&year).then_some(year)
        })
        .collect::<Option<Vec<i32>>>()?;
    let known = |letter: char| letter.is_ascii_digit() || " ,/-–、".contains(letter);
    if years.is_empty() || !text.chars().all(known) {
        return None;
    }
    years.sort_unstable();
    years.dedup();
    Some(years)
}

/// `text` without what stands in round brackets, half or full width.
fn without_brackets(text: &str) -> String {
    let mut depth = 0_u32;
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '(' | '（' => depth = depth.saturating_add(1),
            ')' | '）' => depth = depth.saturating_sub(1),
            _ if depth == 0 => out.push(letter),
            _ => {}
        }
    }
    out
}

/// Flat sizes, and whether the text is more than `smallest - largest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sizes {
    pub sizes: FlatSizes,
    pub in_words: bool,
}

/// Reads `14.05 - 37.08`, also with words about it. Of gross floor and saleable areas, the
/// saleable is taken: it is the nearer to the internal floor area that rent is charged by.
pub(super) fn sizes(text: &str) -> Option<Sizes> {
    let saleable = ["Saleable", "實用", "实用"]
        .into_iter()
        .find_map(|word| text.split_once(word).map(|(_, after)| after));
    let gross = ["Gross", "建築", "建筑"]
        .iter()
        .any(|word| text.contains(word));
    let range = match (saleable, gross) {
        (Some(saleable), _) => saleable,
        (None, true) => return None,
        (None, false) => text,
    };
    let mut numbers = range
        .split(|letter: char| !letter.is_ascii_digit() && letter != '.')
        .map(|word| word.trim_matches('.'))
        .filter(|word| !word.is_empty());
    let (min, max) = (size(numbers.next()?)?, size(numbers.next()?)?);
    if numbers.next().is_some() || min > max {
        return None;
    }
    let plain = |letter: char| letter.is_ascii_digit() || ". -–".contains(letter);
    Some(Sizes {
        sizes: FlatSizes { min, max },
        in_words: !text.chars().all(plain),
    })
}

/// A flat's size: to a hundredth of a square metre, and of a size that a flat has.
fn size(text: &str) -> Option<Decimal> {
    let size = Decimal::from_str_exact(text).ok()?;
    let plausible = size >= Decimal::ONE && size <= Decimal::from(500);
    (plausible && size.scale() <= 2).then_some(size)
}

/// A coordinate in degrees between `low` and `high`, to the sixth place (a hand's breadth).
pub(super) fn degrees(number: &Number, low: Decimal, high: Decimal) -> Option<Decimal> {
    let text = number.to_string();
    let exact = Decimal::from_str_exact(&text).ok()?;
    let degrees = exact.round_dp_with_strategy(6, RoundingStrategy::MidpointAwayFromZero);
    (low..=high).contains(&degrees).then(|| degrees.normalize())
}

/// Reads `Public Rental Housing / Interim Housing`; the words it does not know come back.
pub(super) fn types(text: &str) -> (Vec<EstateType>, Vec<String>) {
    let mut known = Vec::new();
    let mut unknown = Vec::new();
    for word in text
        .split('/')
        .map(str::trim)
        .filter(|word| !word.is_empty())
    {
        let kind = match word.to_ascii_lowercase().as_str() {
            "public rental housing" => EstateType::PublicRental,
            "tenants purchase scheme" => EstateType::TenantsPurchase,
            "buy or rent option" => EstateType::BuyOrRent,
            "interim housing" => EstateType::InterimHousing,
            _ => {
                unknown.push(word.to_owned());
                continue;
            }
        };
        if !known.contains(&kind) {
            known.push(kind);
        }
    }
    (known, unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_with_or_without_a_space() {
        for (text, expected) in [
            ("600", Some((600, false))),
            ("8 200", Some((8_200, true))),
            ("12 300", Some((12_300, true))),
            ("1,100", Some((1_100, false))),
            ("8200", Some((8_200, false))),
            ("0", Some((0, false))),
            ("8 20", None),
            ("8200 000", None),
            ("8  200", None),
            (" 200", None),
            ("", None),
            ("-200", None),
            ("about 200", None),
            ("99999999999", None),
            ("８200", None),
        ] {
            let read = count(text).map(|count| (count.number, count.spaced));
            assert_eq!(read, expected, "{text:?}");
        }
    }

    #[test]
    fn flats_carry_the_date_of_their_count() {
        for (text, expected) in [
            ("8 200 as at 31.12.2025", Some((8_200, "2025-12-31"))),
            ("600 * as at 31.12.2025", Some((600, "2025-12-31"))),
            (
                "2 200 * 截至2025年12月31日的情況",
                Some((2_200, "2025-12-31")),
            ),
            ("8 200 as at 31.13.2025", None),
            ("8 200 as at", None),
            ("8 200", None),
            ("截至日", None),
            ("", None),
        ] {
            let read = flats(text).map(|(count, date)| (count.number, date));
            let expected = expected.map(|(number, date)| (number, date.parse().unwrap()));
            assert_eq!(read, expected, "{text:?}");
        }
    }

    #[test]
    fn years_of_intake_are_those_named() {
        for (text, expected) in [
            ("2013", Some(vec![2013])),
            ("1977, 2024", Some(vec![1977, 2024])),
            ("1978 , 2020", Some(vec![1978, 2020])),
            ("1982 - 1993", Some(vec![1982, 1993])),
            ("1991-1992", Some(vec![1991, 1992])),
            ("2021/2022", Some(vec![2021, 2022])),
            ("2020, 2012, 2020", Some(vec![2012, 2020])),
            ("2016 (Phase 1) 2019 (Phase 2)", Some(vec![2016, 2019])),
            (
                "2020 (第一期b) ,2021 (第二期), 2022 (第三期)",
                Some(vec![2020, 2021, 2022]),
            ),
            ("", None),
            ("(1999)", None),
            ("circa 1999", None),
            ("99", None),
            ("0999", None),
            ("20131", None),
        ] {
            assert_eq!(years(text), expected, "{text:?}");
        }
    }

    #[test]
    fn flat_sizes_are_read_where_they_can_be() {
        for (text, expected) in [
            ("14.05-37.08", Some(("14.05", "37.08", false))),
            ("14 – 37", Some(("14", "37", false))),
            ("24.9 - 24.9", Some(("24.9", "24.9", false))),
            ("17.99 to 39.59", Some(("17.99", "39.59", true))),
            ("14.05 - 36.34sq.m", Some(("14.05", "36.34", true))),
            ("14.3 至 35.99", Some(("14.3", "35.99", true))),
            (
                "Gross Floor Areas (sqm): 33.6 - 93.9:\nSaleable Areas (sqm): 25.7 - 71.8",
                Some(("25.7", "71.8", true)),
            ),
            (
                "單位建築面積（平方米）：15.1 - 74.5;\n單位實用面積（平方米）：11.7 - 53.1",
                Some(("11.7", "53.1", true)),
            ),
            ("Gross Floor Areas (sqm):19.3 - 70.8", None),
            ("37 - 14", None),
            ("14", None),
            ("14 - 37 - 52", None),
            ("0.5 - 37", None),
            ("14 - 9999", None),
            ("14.055 - 37", None),
            ("1.2.3 - 4", None),
            ("", None),
        ] {
            let read = sizes(text);
            let expected = expected.map(|(min, max, in_words)| Sizes {
                sizes: FlatSizes {
                    min: min.parse().unwrap(),
                    max: max.parse().unwrap(),
                },
                in_words,
            });
            assert_eq!(read, expected, "{text:?}");
        }
    }

    #[test]
    fn coordinates_keep_their_published_digits() {
        let (low, high) = (Decimal::from(22), Decimal::from(23));
        for (json, expected) in [
            ("22.330105", Some("22.330105")),
            ("22.5", Some("22.5")),
            ("22", Some("22")),
            ("22.3301054999", Some("22.330105")),
            ("114.2", None),
            ("-22.3", None),
            ("2.2e1", Some("22")),
            ("1e300", None),
        ] {
            let number: Number = serde_json::from_str(json).unwrap();
            let read = degrees(&number, low, high).map(|degrees| degrees.to_string());
            assert_eq!(read.as_deref(), expected, "{json}");
        }
    }

    #[test]
    fn a_mixed_estate_has_several_types() {
        let (known, unknown) = types("Public Rental Housing / Buy or Rent Option");
        assert_eq!(known, [EstateType::PublicRental, EstateType::BuyOrRent]);
        assert!(unknown.is_empty());
        let (known, unknown) = types("Tenants Purchase Scheme / Castle");
        assert_eq!(known, [EstateType::TenantsPurchase]);
        assert_eq!(unknown, ["Castle"]);
    }
}
