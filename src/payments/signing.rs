//! Settlement files that are signed (檔案簽署): by whom, and whether one must be.
//!
//! * By one fixed profile (`platform::auth::signed_file`): the three fields come with the request that
//!   brings the file, or in `FILE.sig` beside it, and are kept with it.
//! * The keys are those by which the channel's programs sign in: a file is its channel's when a program
//!   that speaks for the channel signed it.
//! * Which channels sign is in their terms. A file must be signed when the terms of its day say so, or
//!   those of the day on which it comes: nobody gets round it by an old date.
//! * A signature that does not hold is refused, whether one is needed or not. Nothing of the file is
//!   staged; it stays on the shelf, and that it was refused is in the audit trail.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, Utc};
use diesel::PgConnection;

use super::files::FileError;
use super::model::{Channel, FileSignature, PaymentError};
use super::store;
use crate::kernel::clock::hong_kong_date;
use crate::kernel::id::PaymentFileId;
use crate::platform::audit;
use crate::platform::auth::Actor;
use crate::platform::auth::signed_file::{FileClaim, Flaw, read};
use crate::platform::auth::signed_request::Headers;
use crate::platform::crypto::hex;
use crate::platform::db::{DbError, transact};
use crate::sign_in::{self, ChannelKey};

/// The most bytes that are read of a file beside another.
const AT_MOST: u64 = 4_096;

/// A signature that holds.
pub struct Proof {
    given: Headers,
    claim: FileClaim,
    key: ChannelKey,
}

impl Proof {
    /// As it is kept with file `id`.
    pub fn of_file(self, file: PaymentFileId) -> FileSignature {
        FileSignature {
            file,
            client: self.key.client,
            key: self.key.thumbprint,
            signed_at: self.claim.created,
            signature_input: self.given.signature_input,
            signature: self.given.signature,
        }
    }
}

/// The signature beside the file at `path`, if there is one.
pub fn beside(path: &Path) -> Result<Option<Headers>, PaymentError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".sig");
    let file = match File::open(PathBuf::from(name)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(FileError::from(error).into()),
    };
    let mut text = Vec::new();
    let taken = file.take(AT_MOST).read_to_end(&mut text);
    taken.map_err(FileError::from)?;
    Ok(Some(read(&String::from_utf8_lossy(&text))?))
}

/// The proof that `given`, if anything, is the signature of the file of digest `sha256`.
pub fn proven(
    conn: &mut PgConnection,
    given: Option<&Headers>,
    sha256: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<Proof>, PaymentError> {
    let Some(given) = given else {
        return Ok(None);
    };
    let claim = FileClaim::of(given, sha256, now)?;
    let client = claim.key.parse().map_err(|_| Flaw::KEY)?;
    let key = sign_in::channel_key(conn, client)?.ok_or(Flaw::KEY)?;
    if !claim.holds(key.by()) {
        return Err(Flaw::SIGNATURE.into());
    }
    let given = given.clone();
    Ok(Some(Proof { given, claim, key }))
}

/// Refuses a file of `channel`, of `day`, that is signed by `proof`, by somebody else than who
/// speaks for the channel, or by nobody where it must be.
pub fn demanded(
    conn: &mut PgConnection,
    proof: Option<&Proof>,
    (channel, day): (Channel, NaiveDate),
    now: DateTime<Utc>,
) -> Result<(), PaymentError> {
    if let Some(proof) = proof {
        let client = proof.key.client;
        let speaks = store::notices::speaks_for(conn, client, channel)?;
        return speaks.then_some(()).ok_or_else(|| Flaw::KEY.into());
    }
    for day in [day, hong_kong_date(now)] {
        let terms = store::terms_on(conn, day)?;
        if terms.iter().any(|one| one.channel == channel && one.signs) {
            return Err(Flaw::MISSING.into());
        }
    }
    Ok(())
}

/// Records that the file of digest `sha256` was refused for its signature, when that is why.
pub fn record_refusal(
    conn: &mut PgConnection,
    (sha256, error): (&[u8], &PaymentError),
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    if !matches!(error, PaymentError::Signature(_)) {
        return Ok(());
    }
    tracing::error!("the signature of a settlement file does not hold");
    let action = "payments.file.signature_refused";
    let digest = hex(sha256);
    transact(conn, |conn| {
        audit::record(conn, actor, action, &digest, now)
    })
}
