//! Signed notes (C2SP signed-note): a text, a blank line, and a line for each signature.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::platform::crypto::{KeyError, SigningKey, is_signed, sha256};

/// The kind of signature that this is: Ed25519 over the text.
const ED25519: u8 = 1;
/// What a line of a signature begins with.
const DASH: &str = "\u{2014} ";
/// More signatures than anybody needs.
const MOST_SIGNATURES: usize = 100;

/// Why a note or its key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    #[error("not a signed note: {0}")]
    Malformed(&'static str),
    #[error("not a verifier key: NAME+HASH+BASE64 of an Ed25519 key")]
    Key,
    #[error("a key's name is not empty and has neither spaces nor +")]
    Name,
    #[error("no known key signed it")]
    Unsigned,
    #[error("a signature of the key {0:?} does not hold")]
    Forged(String),
}

/// Who may have signed: a name and the public half of an Ed25519 key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteKey {
    name: String,
    public: Vec<u8>,
}

impl NoteKey {
    /// The key `public` under `name`.
    pub fn new(name: &str, public: &[u8]) -> Result<Self, NoteError> {
        let bad = |c: char| c == '+' || c.is_whitespace() || c.is_control();
        if name.is_empty() || name.contains(bad) {
            return Err(NoteError::Name);
        }
        Ok(Self {
            name: name.to_owned(),
            public: public.to_owned(),
        })
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Four bytes that tell the key from others of its name.
    fn hash(&self) -> [u8; 4] {
        let digest = sha256(&[self.name.as_bytes(), b"\n", &[ED25519], &self.public]);
        let [a, b, c, d, ..] = digest;
        [a, b, c, d]
    }
}

impl fmt::Display for NoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[ED25519], self.public.as_slice()].concat();
        let (name, hash) = (&self.name, u32::from_be_bytes(self.hash()));
        write!(f, "{name}+{hash:08x}+{}", STANDARD.encode(key))
    }
}

impl FromStr for NoteKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.splitn(3, '+');
        let (name, _hash, key) = (parts.next(), parts.next(), parts.next());
        let bytes = key.and_then(|key| STANDARD.decode(key).ok());
        let (name, bytes) = name.zip(bytes).ok_or(NoteError::Key)?;
        let public = match bytes.split_first() {
            Some((&ED25519, public)) if public.len() == 32 => public,
            _ => return Err(NoteError::Key),
        };
        let key = Self::new(name, public)?;
        // The hash is part of the text, so it is compared as text.
        (key.to_string() == text)
            .then_some(key)
            .ok_or(NoteError::Key)
    }
}

/// Who signs.
#[derive(Debug)]
pub struct NoteSigner {
    key: SigningKey,
    public: NoteKey,
}

impl NoteSigner {
    /// Signs with `key` under `name`.
    pub fn new(name: &str, key: SigningKey) -> Result<Self, NoteError> {
        let public = NoteKey::new(name, key.public())?;
        Ok(Self { key, public })
    }

    /// The key that its signatures are checked with.
    #[must_use]
    pub fn public(&self) -> &NoteKey {
        &self.public
    }

    /// A new signer, for tests.
    pub fn generate(name: &str) -> Result<Self, KeyError> {
        Self::new(name, SigningKey::generate()?).map_err(|_| KeyError::Malformed)
    }
}

/// A text and its signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Signature {
    name: String,
    hash: [u8; 4],
    bytes: Vec<u8>,
}

impl Note {
    /// Signs `text`, lines that each end in a line feed.
    #[must_use]
    pub fn sign(text: String, signers: &[&NoteSigner]) -> Self {
        let signatures = signers.iter().map(|signer| Signature {
            name: signer.public.name.clone(),
            hash: signer.public.hash(),
            bytes: signer.key.sign(text.as_bytes()),
        });
        Self {
            signatures: signatures.collect(),
            text,
        }
    }

    /// What was signed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The first of `keys` that signed it. Signatures of others are passed over, but one that
    /// claims to be of a known key must hold.
    pub fn signed_by<'a>(&self, keys: &'a [NoteKey]) -> Result<&'a NoteKey, NoteError> {
        let mut found = None;
        for signature in &self.signatures {
            let mut keys = keys.iter();
            let claimed =
                keys.find(|key| key.name == signature.name && key.hash() == signature.hash);
            let Some(key) = claimed else { continue };
            if !is_signed(&key.public, self.text.as_bytes(), &signature.bytes) {
                return Err(NoteError::Forged(key.name.clone()));
            }
            found = found.or(Some(key));
        }
        found.ok_or(NoteError::Unsigned)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for Signature { name, hash, bytes } in &self.signatures {
            let signature = [hash.as_slice(), bytes].concat();
            writeln!(f, "{DASH}{name} {}", STANDARD.encode(signature))?;
        }
        Ok(())
    }
}

impl FromStr for Note {
    type Err = NoteError;

    fn from_str(note: &str) -> Result<Self, NoteError> {
        if note.contains(|c: char| c < ' ' && c != '\n') {
            return Err(NoteError::Malformed("it has control characters"));
        }
        let (text, signatures) = note
            .rsplit_once("\n\n")
            .ok_or(NoteError::Malformed("it has no blank line"))?;
        let signatures = signatures
            .strip_suffix('\n')
            .ok_or(NoteError::Malformed("its last line does not end"))?;
        let signatures: Vec<_> = signatures
            .split('\n')
            .take(MOST_SIGNATURES + 1)
            .map(signature)
            .collect::<Option<_>>()
            .filter(|read: &Vec<_>| read.len() <= MOST_SIGNATURES)
            .ok_or(NoteError::Malformed("a line is not a signature"))?;
        Ok(Self {
            text: format!("{text}\n"),
            signatures,
        })
    }
}

fn signature(line: &str) -> Option<Signature> {
    let (name, base64) = line.strip_prefix(DASH)?.split_once(' ')?;
    NoteKey::new(name, &[]).ok()?;
    let bytes = STANDARD.decode(base64).ok()?;
    let (hash, bytes) = bytes.split_first_chunk()?;
    (!bytes.is_empty()).then(|| Signature {
        name: name.to_owned(),
        hash: *hash,
        bytes: bytes.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that implementations of the format share.
    const KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\n\
        \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXg\
        KvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn the_published_example_is_read_checked_and_written_again() {
        let (note, key) = (NOTE.parse::<Note>().unwrap(), KEY.parse().unwrap());
        assert_eq!(note.signed_by(&[key]).unwrap().to_string(), KEY);
        assert_eq!(note.to_string(), NOTE);
        assert!(note.text().ends_with("problem is.\n"));
    }

    #[test]
    fn a_note_holds_for_its_text_and_key_only() {
        let signers = ["kaifong/audit", "kaifong/audit", "other"]
            .map(|name| NoteSigner::generate(name).unwrap());
        let keys = signers.each_ref().map(|signer| signer.public().clone());
        let note = Note::sign("a\nb\n".to_owned(), &[&signers[0], &signers[2]]);
        let read: Note = note.to_string().parse().unwrap();
        assert_eq!(read, note);
        assert_eq!(note.signed_by(&keys[..1]), Ok(&keys[0]));
        assert_eq!(note.signed_by(&keys[2..]), Ok(&keys[2]));
        assert_eq!(note.signed_by(&keys[1..2]), Err(NoteError::Unsigned));
        let forged: Note = note.to_string().replace("a\nb", "a\nc").parse().unwrap();
        assert_eq!(
            forged.signed_by(&keys),
            Err(NoteError::Forged("kaifong/audit".to_owned()))
        );
    }

    #[test]
    fn what_is_no_note_is_refused() {
        for text in [
            "",
            "a\n",
            "a\n\n",
            "a\n\n\u{2014} name\n",
            "a\n\n\u{2014} name AAAAAA==\n",
            "a\n\n- name AAAAAAAA\n",
            "a\n\n\u{2014} na+me AAAAAAAA\n",
            "a\n\n\u{2014} name AAAAAAAA",
            "a\u{1}\n\n\u{2014} name AAAAAAAA\n",
            "a\n\n\u{2014} name AAAAAAA\n",
        ] {
            assert!(text.parse::<Note>().is_err(), "{text:?}");
        }
        assert!("a\n\n\u{2014} name AAAAAAAA\n".parse::<Note>().is_ok());
        let many = format!("a\n\n{}", "\u{2014} name AAAAAAAA\n".repeat(101));
        assert!(many.parse::<Note>().is_err());
    }

    #[test]
    fn what_is_no_key_is_refused() {
        assert_eq!(KEY.parse::<NoteKey>().unwrap().name(), "PeterNeumann");
        for text in [
            "",
            "PeterNeumann",
            "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "PeterNeumann+c74f20a3+Ahpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "PeterNeumann+c74f20a3+ARpc",
        ] {
            assert!(text.parse::<NoteKey>().is_err(), "{text:?}");
        }
    }
}
