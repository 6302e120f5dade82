//! A root key that never leaves a PKCS#11 token (an HSM; `SoftHSM` in the tests).
//!
//! The token wraps by AES-GCM, with what is wrapped as associated data. The key is an AES-256
//! key that the token made and does not give out; its recovery is the escrow, which holds the
//! keys below it.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::object::{Attribute, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use zeroize::Zeroizing;

use super::root::{RootError, RootKey};
use crate::platform::crypto::{NONCE_LENGTH, Secret, fill_random};

const TAG_BITS: u64 = 128;

/// Where the root key is.
#[derive(Clone, Copy)]
pub struct Token<'a> {
    /// The token's library.
    pub module: &'a Path,
    /// The token's label.
    pub label: &'a str,
    pub pin: &'a str,
    /// The key's label.
    pub key: &'a str,
}

/// The root key in a token.
pub struct Pkcs11Root {
    // One call at a time: a session holds the state of its operation.
    session: Mutex<Session>,
    key: ObjectHandle,
    /// Kept for as long as its session.
    _library: Pkcs11,
}

impl Pkcs11Root {
    /// The key that `token` names.
    pub fn open(token: Token<'_>) -> Result<Self, RootError> {
        let (library, session) = log_in(token)?;
        let mut found = session.find_objects(&named(token.key))?.into_iter();
        let (Some(key), None) = (found.next(), found.next()) else {
            let why = format!("it must have one AES key {:?}", token.key);
            return Err(RootError::Token(why));
        };
        Ok(Self {
            session: Mutex::new(session),
            key,
            _library: library,
        })
    }

    /// Makes the key that `token` names, in the token, where there must be none.
    pub fn make(token: Token<'_>) -> Result<(), RootError> {
        let (_library, session) = log_in(token)?;
        if !session.find_objects(&named(token.key))?.is_empty() {
            let why = format!("it has a key {:?} already", token.key);
            return Err(RootError::Token(why));
        }
        let mut template = named(token.key);
        template.extend([
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Encrypt(true),
            Attribute::Decrypt(true),
            Attribute::Wrap(false),
            Attribute::Unwrap(false),
            Attribute::ValueLen(32.into()),
        ]);
        session.generate_key(&Mechanism::AesKeyGen, &template)?;
        Ok(())
    }

    fn session(&self) -> std::sync::MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RootKey for Pkcs11Root {
    fn wrap(&self, place: &[u8], key: &Secret<32>) -> Result<Vec<u8>, RootError> {
        let mut nonce = [0; NONCE_LENGTH];
        fill_random(&mut nonce)?;
        let mut wrapped = nonce.to_vec();
        let params = GcmParams::new(&mut nonce, place, TAG_BITS.into())?;
        let mechanism = Mechanism::AesGcm(params);
        wrapped.extend(self.session().encrypt(&mechanism, self.key, key.expose())?);
        Ok(wrapped)
    }

    fn unwrap(&self, place: &[u8], wrapped: &[u8]) -> Result<Secret<32>, RootError> {
        let (nonce, text) = wrapped
            .split_first_chunk::<NONCE_LENGTH>()
            .ok_or(RootError::WrongKey)?;
        let mut nonce = *nonce;
        let params = GcmParams::new(&mut nonce, place, TAG_BITS.into())?;
        let mechanism = Mechanism::AesGcm(params);
        let key = match self.session().decrypt(&mechanism, self.key, text) {
            Ok(key) => Zeroizing::new(key),
            Err(Error::Pkcs11(error, _)) if refuses_text(error) => return Err(RootError::WrongKey),
            Err(error) => return Err(error.into()),
        };
        Secret::copied(&key).ok_or(RootError::WrongKey)
    }
}

/// Whether the token says that the text was not made by this key for this place. Tokens differ in
/// how they say it; `SoftHSM` has only the general word.
fn refuses_text(error: RvError) -> bool {
    matches!(
        error,
        RvError::EncryptedDataInvalid
            | RvError::EncryptedDataLenRange
            | RvError::GeneralError
            | RvError::FunctionFailed
    )
}

fn log_in(token: Token<'_>) -> Result<(Pkcs11, Session), RootError> {
    let library = Pkcs11::new(token.module)?;
    let threads = CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK);
    match library.initialize(threads) {
        Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
        Err(error) => return Err(error.into()),
    }
    let slot = slot(&library, token.label)?;
    let session = library.open_rw_session(slot)?;
    match session.login(UserType::User, Some(&AuthPin::from(token.pin))) {
        Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {}
        Err(error) => return Err(error.into()),
    }
    Ok((library, session))
}

fn slot(library: &Pkcs11, label: &str) -> Result<Slot, RootError> {
    for slot in library.get_slots_with_initialized_token()? {
        if library.get_token_info(slot)?.label().trim_end() == label {
            return Ok(slot);
        }
    }
    Err(RootError::Token(format!("there is none named {label:?}")))
}

fn named(key: &str) -> Vec<Attribute> {
    vec![
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(cryptoki::object::KeyType::AES),
        Attribute::Label(key.as_bytes().to_vec()),
    ]
}

impl From<Error> for RootError {
    fn from(error: Error) -> Self {
        Self::Token(error.to_string())
    }
}
