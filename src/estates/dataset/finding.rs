//! What was odd about a dataset, and where.

use std::fmt;

use serde::Serialize;

use crate::kernel::choice::choice;

choice! {
    /// How bad a finding is.
    pub enum Severity {
        /// The record was read, with this to know about it.
        Warning = "warning",
        /// The record, or the whole file, was refused.
        Error = "error",
    }
}

choice! {
    /// What kind of thing was found.
    pub enum FindingKind {
        /// The file as a whole cannot be read.
        File = "file",
        /// A value has another JSON type than the published one.
        WrongType = "wrong-type",
        /// The estate has no English name.
        MissingName = "missing-name",
        /// The estate stands in an earlier record already.
        DuplicateEstate = "duplicate-estate",
        /// A text or a list is longer than any real one.
        TooLong = "too-long",
        /// The stated number of blocks is not the number of names.
        BlockCount = "block-count",
        /// The languages name different numbers of blocks.
        BlockNamesDiffer = "block-names-differ",
        /// A heading or a remark stands among the block names.
        BlockHeading = "block-heading",
        /// One line stands for several blocks.
        BlockRange = "block-range",
        /// A block is named twice.
        DuplicateBlock = "duplicate-block",
        /// A number has a space between its thousands.
        SpacedThousands = "spaced-thousands",
        /// Flat sizes are told in words.
        FlatSizeText = "flat-size-text",
        /// More than one year, or a span, stands as the year of intake.
        SeveralYears = "several-years",
        /// The district is none of the eighteen, or does not tell the application district.
        UnknownDistrict = "unknown-district",
        /// The region is not the district's.
        WrongRegion = "wrong-region",
        /// The type of estate is none we know.
        UnknownType = "unknown-type",
        /// The coordinates are not in Hong Kong.
        OutsideHongKong = "outside-hong-kong",
        /// The languages give different figures.
        LanguagesDiffer = "languages-differ",
        /// A value is missing.
        Missing = "missing",
        /// A value cannot be read.
        Unreadable = "unreadable",
        /// A key we do not know.
        UnknownKey = "unknown-key",
    }
}

/// One thing to know about a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub severity: Severity,
    pub kind: FindingKind,
    /// The record, counted from 1; none when it is the file.
    pub record: Option<usize>,
    /// The estate's English name, when that could be read.
    pub estate: Option<String>,
    /// The key of the value, as published.
    pub key: Option<String>,
    pub message: String,
}

impl Finding {
    /// Why the whole file was refused.
    pub(super) fn file(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            kind: FindingKind::File,
            record: None,
            estate: None,
            key: None,
            message: message.into(),
        }
    }

    /// Whether it refused a record or the file.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(record) = self.record {
            write!(f, "record {record}")?;
            if let Some(estate) = &self.estate {
                write!(f, " ({estate})")?;
            }
            if let Some(key) = &self.key {
                write!(f, ", {key}")?;
            }
            f.write_str(": ")?;
        }
        f.write_str(&self.message)
    }
}
