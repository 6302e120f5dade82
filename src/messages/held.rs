//! What is held of the messages to the household of which somebody was the tenant.

use diesel::PgConnection;

use super::store::{choices, messages};
use crate::kernel::held::{AT, Held, KIND, Said, Stay, TENANT_CODE, cell, cell_at, cell_of};
use crate::kernel::language::Language;
use crate::platform::db::DbError;

const MEDIUM: (&str, Said) = ("medium", ["方式", "方式", "By"]);
const STATE: (&str, Said) = ("state", ["狀況", "状况", "State"]);
const TRIED_AT: (&str, Said) = ("tried_at", ["最後發送", "最后发送", "Last tried"]);
const LANGUAGE: (&str, Said) = ("language", ["語言", "语言", "Language"]);
const REFUSED: (&str, Said) = ("refused", ["不接收", "不接收", "Not wanted"]);

/// The messages to those of `stays` whose tenant the person was, and what they chose.
pub fn held(conn: &mut PgConnection, stays: &[Stay]) -> Result<Vec<Held>, DbError> {
    let (mut sent, mut chosen) = (Vec::new(), Vec::new());
    for stay in stays.iter().filter(|stay| stay.heads) {
        let all = messages::of_household(conn, stay.household)?.into_iter();
        let during = all.filter(|message| stay.saw(message.drafted_at));
        sent.extend(during.map(|message| {
            vec![
                cell(stay.household),
                cell_at(message.drafted_at),
                cell(message.kind),
                cell(message.medium),
                cell(message.state),
                message.tried_at.and_then(cell_at),
            ]
        }));
        let choice = choices::held(conn, stay.household)?;
        let choice = choice.filter(|(at, _)| stay.saw(*at));
        chosen.extend(choice.map(|(at, choice)| {
            let refused: Vec<&str> = choice.refused.iter().map(|kind| kind.as_str()).collect();
            vec![
                cell(stay.household),
                cell_at(at),
                cell_of(choice.language.map(Language::tag)),
                cell(refused.join(", ")),
            ]
        }));
    }
    Ok(vec![
        Held {
            table: "message",
            heading: ["訊息", "讯息", "Messages"],
            columns: &[TENANT_CODE, AT, KIND, MEDIUM, STATE, TRIED_AT],
            rows: sent,
        },
        Held {
            table: "message_choice",
            heading: ["接收訊息的選擇", "接收讯息的选择", "Choices about messages"],
            columns: &[TENANT_CODE, AT, LANGUAGE, REFUSED],
            rows: chosen,
        },
    ])
}
