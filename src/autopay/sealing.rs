//! Bank accounts and files, sealed and opened.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::model::Mandate;
use super::payer::Payer;
use crate::kernel::id::MandateId;
use crate::platform::crypto::hex;
use crate::platform::vault::{
    BlindIndex, Cell, DataKeys, IndexName, KeyClass, Padding, SealedColumn, Unopenable, Vault,
    VaultError,
};

const MANDATE: &str = "autopay_mandate";
const ACCOUNT: &str = "account";
const HOLDER: &str = "holder";
const PART: &str = "autopay_file_part";
const CONTENT: &str = "content";

const fn sealed(column: &'static str) -> SealedColumn {
    SealedColumn {
        table: MANDATE,
        column,
        id: "id",
        // Written once.
        revision: None,
        subject: "id",
        class: KeyClass::Finance,
        grows_only: false,
    }
}

/// The sealed columns of this slice.
pub const SEALED: &[SealedColumn] = &[
    sealed(ACCOUNT),
    sealed(HOLDER),
    SealedColumn {
        table: PART,
        column: CONTENT,
        subject: "collection",
        ..sealed(CONTENT)
    },
];

/// A payer sealed: the account and its holder.
pub struct Sealed {
    pub account: Vec<u8>,
    pub holder: Vec<u8>,
}

/// Seals the payer of a new mandate `id` under a key of its own.
pub fn seal(
    conn: &mut PgConnection,
    vault: &Vault,
    id: MandateId,
    payer: &Payer,
    now: DateTime<Utc>,
) -> Result<Sealed, VaultError> {
    let keys = vault.create(conn, KeyClass::Finance, id.as_uuid(), now)?;
    sealed_by(&keys, id, payer)
}

/// Seals the payer of mandate `id` with its own keys.
pub fn sealed_by(keys: &DataKeys, id: MandateId, payer: &Payer) -> Result<Sealed, VaultError> {
    let seal = |column, text: &str, padding| {
        keys.seal(&mandate_cell(id, column), text.as_bytes(), padding)
    };
    Ok(Sealed {
        account: seal(ACCOUNT, payer.account.reveal(), Padding::To32)?,
        holder: seal(HOLDER, payer.holder.reveal(), Padding::To96)?,
    })
}

/// The account number and the holder's name of a mandate.
pub struct Opened {
    pub account: Zeroizing<String>,
    pub holder: Zeroizing<String>,
}

/// Opens `mandate` with its own keys.
pub fn open(keys: &DataKeys, mandate: &Mandate) -> Result<Opened, VaultError> {
    let id = mandate.id;
    let open = |column, sealed: &[u8]| {
        let cell = mandate_cell(id, column);
        let text = keys.open(&cell, sealed)?;
        let what = Unopenable::Cell {
            table: cell.table,
            column: cell.column,
            row: cell.row,
        };
        let text = std::str::from_utf8(&text).map_err(|_| VaultError::Unopenable(what))?;
        Ok::<_, VaultError>(Zeroizing::new(text.to_owned()))
    };
    Ok(Opened {
        account: open(ACCOUNT, &mandate.account)?,
        holder: open(HOLDER, &mandate.holder)?,
    })
}

fn mandate_cell(id: MandateId, column: &'static str) -> Cell {
    Cell {
        table: MANDATE,
        column,
        row: id.as_uuid(),
        revision: 0,
    }
}

/// Where piece `id` of a file is.
pub fn part_cell(id: Uuid) -> Cell {
    Cell {
        table: PART,
        column: CONTENT,
        row: id,
        revision: 0,
    }
}

/// A keyed digest of a request for a mandate: a plain one would give the account away to whoever
/// tries all.
pub fn fingerprint(vault: &Vault, payer: &Payer, rest: &str) -> Result<String, VaultError> {
    const REQUEST: IndexName = IndexName {
        class: KeyClass::Finance,
        table: MANDATE,
        column: "request",
        purpose: "fingerprint",
    };
    let bank: String = payer.bank.clone().into();
    // None of the parts has a control character in it.
    let request = [
        bank.as_str(),
        payer.account.reveal(),
        payer.holder.reveal(),
        rest,
    ]
    .join("\n");
    let BlindIndex(digest) = vault.index(REQUEST, request.as_bytes())?;
    Ok(hex(&digest))
}

/// What is missing when the keys of `subject` are not there.
pub fn no_key(subject: Uuid) -> VaultError {
    VaultError::NoDataKey {
        class: KeyClass::Finance,
        subject,
    }
}
