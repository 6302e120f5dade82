//! The three languages tenants read, and text that exists in all of them.

use diesel::deserialize::FromSql;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{Output, ToSql};
use diesel::sql_types::Jsonb;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A language a tenant reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub enum Language {
    /// Traditional Chinese (繁體中文).
    #[default]
    #[serde(rename = "zh-HK")]
    ZhHk,
    /// Simplified Chinese (简体中文).
    #[serde(rename = "zh-CN")]
    ZhCn,
    /// English.
    #[serde(rename = "en")]
    En,
}

impl Language {
    pub const ALL: [Self; 3] = [Self::ZhHk, Self::ZhCn, Self::En];

    /// Its tag in `Accept-Language` and `Content-Language`.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::ZhHk => "zh-HK",
            Self::ZhCn => "zh-CN",
            Self::En => "en",
        }
    }

    /// What is said in this language, of what is said in Traditional Chinese, in Simplified
    /// Chinese and in English.
    #[must_use]
    pub fn of<T>(self, [zh_hk, zh_cn, en]: [T; 3]) -> T {
        match self {
            Self::ZhHk => zh_hk,
            Self::ZhCn => zh_cn,
            Self::En => en,
        }
    }

    /// The best of ours for an `Accept-Language` header (RFC 9110 12.5.4); Traditional
    /// Chinese when it asks for none of them.
    #[must_use]
    pub fn negotiate(header: &str) -> Self {
        let mut best: Option<(u16, Self)> = None;
        for range in header.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default().to_ascii_lowercase();
            let quality = parts
                .find_map(|part| part.strip_prefix("q="))
                .map_or(Some(1000), thousandths);
            let language = match tag.as_str() {
                "zh-cn" | "zh-sg" | "zh-my" => Self::ZhCn,
                tag if tag.starts_with("zh-hans") => Self::ZhCn,
                tag if tag == "zh" || tag.starts_with("zh-") => Self::ZhHk,
                tag if tag == "en" || tag.starts_with("en-") => Self::En,
                _ => continue,
            };
            if let Some(quality) = quality.filter(|quality| *quality > 0)
                && best.is_none_or(|(other, _)| quality > other)
            {
                best = Some((quality, language));
            }
        }
        best.map(|(_, language)| language).unwrap_or_default()
    }
}

/// A quality value such as `0.8`, in thousandths.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let whole: u16 = whole.parse().ok().filter(|whole| *whole <= 1)?;
    let fraction: u16 = format!("{fraction:0<3}").parse().ok()?;
    Some(whole * 1000 + fraction).filter(|quality| *quality <= 1000)
}

/// A text in all three languages; a missing one is empty.
#[derive(
    Debug,
    Clone,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    ToSchema,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[diesel(sql_type = Jsonb)]
#[serde(deny_unknown_fields)]
pub struct Trilingual {
    pub en: String,
    #[serde(rename = "zh-Hant")]
    pub zh_hant: String,
    #[serde(rename = "zh-Hans")]
    pub zh_hans: String,
}

impl Trilingual {
    /// The text in `language`, or in English when that is missing.
    #[must_use]
    pub fn get(&self, language: Language) -> &str {
        let text = match language {
            Language::ZhHk => &self.zh_hant,
            Language::ZhCn => &self.zh_hans,
            Language::En => &self.en,
        };
        if text.is_empty() { &self.en } else { text }
    }
}

impl FromSql<Jsonb, Pg> for Trilingual {
    fn from_sql(bytes: PgValue<'_>) -> diesel::deserialize::Result<Self> {
        let value = <serde_json::Value as FromSql<Jsonb, Pg>>::from_sql(bytes)?;
        Ok(serde_json::from_value(value)?)
    }
}

impl ToSql<Jsonb, Pg> for Trilingual {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> diesel::serialize::Result {
        let value = serde_json::to_value(self)?;
        <serde_json::Value as ToSql<Jsonb, Pg>>::to_sql(&value, &mut out.reborrow())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_chooses_the_language() {
        for (header, language) in [
            ("", Language::ZhHk),
            ("fr", Language::ZhHk),
            ("zh-TW", Language::ZhHk),
            ("zh-Hant-HK, en;q=0.5", Language::ZhHk),
            ("zh-CN", Language::ZhCn),
            ("zh-Hans", Language::ZhCn),
            ("en-GB, zh-HK;q=0.9", Language::En),
            ("fr, en;q=0.2, zh-cn;q=0.3", Language::ZhCn),
            ("en;q=0, zh-CN;q=0.001", Language::ZhCn),
            ("en;q=9, zh-CN;q=0.1", Language::ZhCn),
        ] {
            assert_eq!(Language::negotiate(header), language, "{header:?}");
        }
    }
}
