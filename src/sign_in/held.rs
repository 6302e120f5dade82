//! What is held on how a household signs in, and who may act for it: told to its tenant. A PIN
//! or an identity is the household's; which of its people used it is not known.

use diesel::PgConnection;

use super::store;
use crate::kernel::held::{
    AT, ENDED_AT, Held, KIND, REASON, Said, Stay, TENANT_CODE, TO, cell, cell_at, cell_of,
};
use crate::platform::db::DbError;

const NAME: (&str, Said) = ("name", ["名稱", "名称", "Name"]);
const USED_AT: (&str, Said) = ("used_at", ["上次使用", "上次使用", "Last used"]);
const REFUSED: (&str, Said) = ("refused_tries", ["錯誤次數", "错误次数", "Refused tries"]);
const CLOSED: (&str, Said) = ("closed_until", ["停用至", "停用至", "Closed until"]);
const SCOPES: (&str, Said) = ("scopes", ["權限", "权限", "May do"]);
const DELEGATE: (&str, Said) = ("as_delegate", ["獲授權人", "获授权人", "As delegate"]);
const DEVICE: (&str, Said) = ("at_device", ["服務站", "服务站", "At a kiosk"]);

/// The credentials, delegates and sessions of those of `stays` whose tenant the person was.
#[expect(clippy::too_many_lines, reason = "one plain block a table")]
pub fn held(conn: &mut PgConnection, stays: &[Stay]) -> Result<Vec<Held>, DbError> {
    let (mut pins, mut delegates) = (Vec::new(), Vec::new());
    let (mut links, mut sessions, mut passkeys) = (Vec::new(), Vec::new(), Vec::new());
    for stay in stays.iter().filter(|stay| stay.heads) {
        let code = stay.household;
        let pin = store::pins::kept_of(conn, code)?;
        pins.extend(pin.filter(|pin| stay.saw(pin.0)).map(|(at, wrong, until)| {
            vec![
                cell(code),
                cell_at(at),
                cell(wrong),
                until.and_then(cell_at),
            ]
        }));
        let named = store::delegates::ever_of(conn, code)?.into_iter();
        let named = named.filter(|one| stay.saw(one.granted_at));
        delegates.extend(named.map(|one| {
            vec![
                cell(code),
                cell(one.kind),
                cell_at(one.granted_at),
                cell(one.expires_on),
                one.ended_at.and_then(cell_at),
                cell(one.scopes.join(", ")),
            ]
        }));
        let linked = store::links::ever_of(conn, code)?.into_iter();
        let linked = linked.filter(|one| stay.saw(one.linked_at));
        links.extend(linked.map(|one| {
            vec![
                cell(code),
                cell_at(one.linked_at),
                one.ended_at.and_then(cell_at),
                cell_of(one.delegate_id),
            ]
        }));
        let enrolled = store::passkeys::ever_of(conn, code)?.into_iter();
        let enrolled = enrolled.filter(|one| stay.saw(one.enrolled_at));
        passkeys.extend(enrolled.map(|one| {
            vec![
                cell(code),
                cell(one.name),
                cell_at(one.enrolled_at),
                one.used_at.and_then(cell_at),
            ]
        }));
        let opened = store::sessions::ever_of(conn, code)?.into_iter();
        let opened = opened.filter(|one| stay.saw(one.signed_in_at));
        sessions.extend(opened.map(|one| {
            vec![
                cell(code),
                cell(one.kind),
                cell_at(one.signed_in_at),
                one.ended_at.and_then(cell_at),
                cell(one.device_id.is_some()),
                cell_of(one.end_reason),
            ]
        }));
    }
    Ok(vec![
        Held {
            table: "tenant_pin",
            heading: ["密碼", "密码", "PIN"],
            columns: &[TENANT_CODE, AT, REFUSED, CLOSED],
            rows: pins,
        },
        Held {
            table: "delegate",
            heading: ["獲授權人", "获授权人", "Delegates"],
            columns: &[TENANT_CODE, KIND, AT, TO, ENDED_AT, SCOPES],
            rows: delegates,
        },
        Held {
            table: "identity_link",
            heading: ["智方便連結", "智方便连结", "Linked identities"],
            columns: &[TENANT_CODE, AT, ENDED_AT, DELEGATE],
            rows: links,
        },
        Held {
            table: "passkey",
            heading: ["通行密鑰", "通行密钥", "Passkeys"],
            columns: &[TENANT_CODE, NAME, AT, USED_AT],
            rows: passkeys,
        },
        Held {
            table: "session",
            heading: ["登入記錄", "登录记录", "Sign-ins"],
            columns: &[TENANT_CODE, KIND, AT, ENDED_AT, DEVICE, REASON],
            rows: sessions,
        },
    ])
}
