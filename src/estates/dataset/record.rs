//! One record: every key of it, read or found odd.

use std::collections::HashSet;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::blocks::{self, Lines, MOST_BLOCKS};
use super::finding::{Finding, FindingKind as Kind};
use super::values::{LONGEST_NAME, Record, Refused};
use super::{fields, text};
use crate::estates::districts::District;
use crate::estates::model::{
    ApplicationDistrict, Details, EstateRecord, EstateType, FlatSizes, Position,
};
use crate::kernel::language::Trilingual;

/// Every key of a record, as published.
mod key {
    pub const NAME: &str = "Estate Name";
    pub const DISTRICT: &str = "District Name";
    pub const REGION: &str = "Region Name";
    pub const LATITUDE: &str = "Estate Map Latitude";
    pub const LONGITUDE: &str = "Estate Map Longitude";
    pub const TYPE: &str = "Type of Estate";
    pub const INTAKE: &str = "Year of Intake";
    pub const BLOCK_TYPES: &str = "Type(s) of Block(s)";
    pub const BLOCK_COUNT: &str = "No. of Blocks";
    pub const BLOCK_NAMES: &str = "Name of Block(s)";
    pub const FLATS: &str = "No. of Rental Flats";
    pub const FLAT_SIZE: &str = "Flat Size (m2)";
    pub const COMMITTEE: &str = "Estate Management Advisory Committee (EMAC)";
    pub const OFFICE: &str = "District Tenancy Management Office/Estate Office";
    pub const MANAGEMENT: &str = "Property Management";
    pub const CARPARK: &str = "Carpark Management";
    pub const WEBSITE: &str = "Estate Website";
    pub const FURTHER: &str = "Further Information";

    pub const ALL: [&str; 18] = [
        NAME,
        DISTRICT,
        REGION,
        LATITUDE,
        LONGITUDE,
        TYPE,
        INTAKE,
        BLOCK_TYPES,
        BLOCK_COUNT,
        BLOCK_NAMES,
        FLATS,
        FLAT_SIZE,
        COMMITTEE,
        OFFICE,
        MANAGEMENT,
        CARPARK,
        WEBSITE,
        FURTHER,
    ];
}

/// Reads the record numbered `number`; `seen` holds the names of those before it.
pub(super) fn read(
    number: usize,
    value: &Value,
    seen: &mut HashSet<String>,
    findings: &mut Vec<Finding>,
) -> Option<EstateRecord> {
    let mut record = Record {
        number,
        estate: None,
        findings,
    };
    let Value::Object(values) = value else {
        record.error(None, Kind::WrongType, "the record is not a JSON object");
        return None;
    };
    record.read(values, seen).ok()
}

impl Record<'_> {
    fn read(
        &mut self,
        values: &Map<String, Value>,
        seen: &mut HashSet<String>,
    ) -> Result<EstateRecord, Refused> {
        let name = self.name(values, seen)?;
        for unknown in values
            .keys()
            .filter(|key| !key::ALL.contains(&key.as_str()))
        {
            let shown = text::tidy(unknown).chars().take(80).collect::<String>();
            self.warn(
                &shown,
                Kind::UnknownKey,
                "the dataset has no such key; it is left out",
            );
        }
        let district = self.text(values, key::DISTRICT)?;
        let region = self.text(values, key::REGION)?;
        let position = self.position(values)?;
        let (rental_flats, flats_as_at) = self.flats(values)?.unzip();
        let flat_size = self.text(values, key::FLAT_SIZE)?;
        let stated_blocks = self.stated_blocks(values)?;
        Ok(EstateRecord {
            application_district: self.place(&district, &region, position),
            types: self.types(values)?,
            intake_years: self.intake(values)?,
            stated_blocks,
            rental_flats,
            flats_as_at,
            sizes: self.sizes(&flat_size),
            details: self.details(values)?,
            blocks: self.blocks(values, stated_blocks)?,
            flat_size: flat_size.en,
            name,
            district,
            region,
            position,
        })
    }

    fn name(
        &mut self,
        values: &Map<String, Value>,
        seen: &mut HashSet<String>,
    ) -> Result<Trilingual, Refused> {
        // Read ahead of all else, so that whatever is found can say whose record it is.
        self.estate = values
            .get(key::NAME)
            .and_then(|names| names.get("en"))
            .and_then(Value::as_str)
            .map(|name| text::tidy(name).chars().take(LONGEST_NAME).collect())
            .filter(|name: &String| !name.is_empty());
        let name = one_line(&self.text(values, key::NAME)?);
        if name.en.is_empty() {
            return self.refuse(
                key::NAME,
                Kind::MissingName,
                "the estate has no English name",
            );
        }
        self.short_enough(key::NAME, &name)?;
        if !seen.insert(name.en.to_lowercase()) {
            let message = "an earlier record is of this estate";
            return self.refuse(key::NAME, Kind::DuplicateEstate, message);
        }
        Ok(name)
    }

    fn place(
        &mut self,
        district: &Trilingual,
        region: &Trilingual,
        position: Option<Position>,
    ) -> Option<ApplicationDistrict> {
        let Some(known) = District::called(&district.en) else {
            let message = format!("{:?} is none of the eighteen districts", district.en);
            self.warn(key::DISTRICT, Kind::UnknownDistrict, message);
            return None;
        };
        if !region.en.eq_ignore_ascii_case(known.region) {
            let message = format!(
                "{} lies in {}, not {:?}",
                district.en, known.region, region.en
            );
            self.warn(key::REGION, Kind::WrongRegion, message);
        }
        let applied_for = known.applied_for(position);
        if applied_for.is_none() {
            let message = "without coordinates it may be in Tung Chung or not";
            self.warn(key::DISTRICT, Kind::UnknownDistrict, message);
        }
        applied_for
    }

    fn position(&mut self, values: &Map<String, Value>) -> Result<Option<Position>, Refused> {
        let latitude = self.number(values, key::LATITUDE)?;
        let longitude = self.number(values, key::LONGITUDE)?;
        let Some((latitude, longitude)) = latitude.zip(longitude) else {
            return Ok(None);
        };
        let hundredths = |number| Decimal::new(number, 2);
        let read = |number, low, high| fields::degrees(number, hundredths(low), hundredths(high));
        let position = read(&latitude, 2_213, 2_257)
            .zip(read(&longitude, 11_382, 11_445))
            .map(|(latitude, longitude)| Position {
                latitude,
                longitude,
            });
        if position.is_none() {
            let message = format!("{latitude}, {longitude} is not in Hong Kong; left out");
            self.warn(key::LATITUDE, Kind::OutsideHongKong, message);
        }
        Ok(position)
    }

    fn types(&mut self, values: &Map<String, Value>) -> Result<Vec<EstateType>, Refused> {
        let (known, unknown) = fields::types(&self.text(values, key::TYPE)?.en);
        for word in unknown {
            let message = format!("{word:?} is no type of estate we know; left out");
            self.warn(key::TYPE, Kind::UnknownType, message);
        }
        Ok(known)
    }

    fn intake(&mut self, values: &Map<String, Value>) -> Result<Vec<i32>, Refused> {
        let text = self.text(values, key::INTAKE)?;
        let read = fields::years(&text.en);
        self.agree(key::INTAKE, &text, read.as_ref(), |text| {
            fields::years(text)
        });
        let years = read.unwrap_or_default();
        if years.is_empty() {
            self.unreadable(key::INTAKE, &text);
        } else if years.len() > 1 {
            let message = format!("{:?} is read as the years {years:?}", text.en);
            self.warn(key::INTAKE, Kind::SeveralYears, message);
        }
        Ok(years)
    }

    fn stated_blocks(&mut self, values: &Map<String, Value>) -> Result<Option<i32>, Refused> {
        let text = match values.get(key::BLOCK_COUNT) {
            Some(Value::String(text)) => self.bounded(key::BLOCK_COUNT, text)?,
            Some(Value::Number(number)) => number.to_string(),
            Some(_) => return self.wrong_type(key::BLOCK_COUNT, "a text"),
            None => String::new(),
        };
        let count = fields::count(&text).map(|count| count.number);
        if count.is_none() {
            let text = Trilingual {
                en: text,
                ..Trilingual::default()
            };
            self.unreadable(key::BLOCK_COUNT, &text);
        }
        Ok(count)
    }

    fn flats(&mut self, values: &Map<String, Value>) -> Result<Option<(i32, NaiveDate)>, Refused> {
        let text = self.text(values, key::FLATS)?;
        let read = fields::flats(&text.en);
        let figures = |read: (fields::Count, NaiveDate)| (read.0.number, read.1);
        self.agree(key::FLATS, &text, read.map(figures).as_ref(), |text| {
            fields::flats(text).map(figures)
        });
        match read {
            None => self.unreadable(key::FLATS, &text),
            Some((count, _)) if count.spaced => {
                let message = format!("{:?} is read as {}", text.en, count.number);
                self.warn(key::FLATS, Kind::SpacedThousands, message);
            }
            Some(_) => {}
        }
        Ok(read.map(figures))
    }

    fn sizes(&mut self, text: &Trilingual) -> Option<FlatSizes> {
        let read = fields::sizes(&text.en);
        let figures = read.map(|read| read.sizes);
        self.agree(key::FLAT_SIZE, text, figures.as_ref(), |text| {
            fields::sizes(text).map(|read| read.sizes)
        });
        match read {
            None => self.unreadable(key::FLAT_SIZE, text),
            Some(read) if read.in_words => {
                let (min, max) = (read.sizes.min, read.sizes.max);
                let message = format!("{:?} is read as {min} to {max}", text.en);
                self.warn(key::FLAT_SIZE, Kind::FlatSizeText, message);
            }
            Some(_) => {}
        }
        figures
    }

    fn details(&mut self, values: &Map<String, Value>) -> Result<Details, Refused> {
        let website = match values.get(key::WEBSITE) {
            Some(Value::String(website)) => self.bounded(key::WEBSITE, website)?,
            Some(_) => return self.wrong_type(key::WEBSITE, "a text"),
            None => {
                self.warn(key::WEBSITE, Kind::Missing, "the key is missing");
                String::new()
            }
        };
        Ok(Details {
            block_types: self.text(values, key::BLOCK_TYPES)?,
            advisory_committee: self.text(values, key::COMMITTEE)?,
            estate_office: self.text(values, key::OFFICE)?,
            property_management: self.text(values, key::MANAGEMENT)?,
            carpark_management: self.text(values, key::CARPARK)?,
            website: Some(website).filter(|website| !website.is_empty()),
            further_information: self.text(values, key::FURTHER)?,
        })
    }

    fn blocks(
        &mut self,
        values: &Map<String, Value>,
        stated: Option<i32>,
    ) -> Result<Vec<Trilingual>, Refused> {
        let text = self.text(values, key::BLOCK_NAMES)?;
        let en = Lines::read(&text.en);
        let chinese = [&text.zh_hant, &text.zh_hans].map(|text| Lines::read(text));
        self.odd_lines(&en, &chinese);
        let counts = [en.count, en.names.len()].map(|count| i32::try_from(count).ok());
        if let Some(stated) = stated
            && counts.iter().any(|count| *count != Some(stated))
        {
            let (lines, names) = (en.count, en.names.len());
            let message = format!("{stated} stated, {lines} lines, read as {names} blocks");
            self.warn(key::BLOCK_NAMES, Kind::BlockCount, message);
        }
        if en.names.is_empty() {
            self.unreadable(key::BLOCK_NAMES, &text);
        }
        if en.names.len() > MOST_BLOCKS {
            let message = format!("more than {MOST_BLOCKS} blocks");
            return self.refuse(key::BLOCK_NAMES, Kind::TooLong, message);
        }
        let [traditional, simplified] = &chinese;
        let mut blocks: Vec<Trilingual> = Vec::new();
        for block in blocks::pair(&en, traditional, simplified) {
            self.short_enough(key::BLOCK_NAMES, &block)?;
            if blocks.iter().any(|other| other.en == block.en) {
                let message = format!("{:?} is named twice", block.en);
                self.warn(key::BLOCK_NAMES, Kind::DuplicateBlock, message);
            } else {
                blocks.push(block);
            }
        }
        Ok(blocks)
    }

    /// Headings, ranges, and languages that do not pair line by line.
    fn odd_lines(&mut self, en: &Lines, chinese: &[Lines; 2]) {
        for heading in &en.headings {
            let message = format!("{heading:?} is a heading or a remark, not a block");
            self.warn(key::BLOCK_NAMES, Kind::BlockHeading, message);
        }
        for range in &en.ranges {
            let message = format!("{range:?} is read as every block in it");
            self.warn(key::BLOCK_NAMES, Kind::BlockRange, message);
        }
        for (language, lines) in ["zh-Hant", "zh-Hans"].into_iter().zip(chinese) {
            if lines.count != en.count || lines.names.len() != en.names.len() {
                let (ours, theirs) = (en.names.len(), lines.names.len());
                let outcome = if ours == theirs {
                    "paired"
                } else {
                    "left without"
                };
                let message = format!(
                    "{} lines in en, {} in {language}: {ours} and {theirs} blocks, {outcome}",
                    en.count, lines.count
                );
                self.warn(key::BLOCK_NAMES, Kind::BlockNamesDiffer, message);
            }
        }
    }
}

/// Names stand on one line.
fn one_line(name: &Trilingual) -> Trilingual {
    Trilingual {
        en: text::tidy(&name.en),
        zh_hant: text::tidy(&name.zh_hant),
        zh_hans: text::tidy(&name.zh_hans),
    }
}
