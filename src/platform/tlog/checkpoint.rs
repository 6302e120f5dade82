//! Checkpoints (C2SP tlog-checkpoint): how many leaves a log has, and the root over them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::note::{Note, NoteError, NoteKey, NoteSigner};
use crate::platform::crypto::Digest;

/// How far a log has grown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name, which is its key's name too.
    pub origin: String,
    pub size: u64,
    pub root: Digest,
}

/// Why a checkpoint cannot be trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    #[error(transparent)]
    Note(#[from] NoteError),
    #[error("not a checkpoint: origin, size and root are a line each")]
    Malformed,
    #[error("it is of the log {0:?}, whose key did not sign it")]
    Origin(String),
}

impl Checkpoint {
    /// The note of it, signed by its log.
    #[must_use]
    pub fn sign(size: u64, root: &Digest, signer: &NoteSigner) -> Note {
        let origin = signer.public().name();
        let text = format!("{origin}\n{size}\n{}\n", STANDARD.encode(root));
        Note::sign(text, &[signer])
    }

    /// What `text` says, whoever signed it.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        let number: u64 = size.parse().ok()?;
        let plain = !origin.is_empty() && number.to_string() == size;
        // Lines after the third are extensions, which we have none of and pass over.
        let extended = lines.all(|line| !line.is_empty());
        let checkpoint = Self {
            origin: origin.to_owned(),
            size: number,
            root: STANDARD.decode(root).ok()?.try_into().ok()?,
        };
        (plain && extended).then_some(checkpoint)
    }

    /// The checkpoint in `note`, which the key of its log among `keys` must have signed.
    pub fn open(note: &str, keys: &[NoteKey]) -> Result<Self, CheckpointError> {
        let note: Note = note.parse()?;
        let checkpoint = Self::read(note.text()).ok_or(CheckpointError::Malformed)?;
        let own = keys.iter().filter(|key| key.name() == checkpoint.origin);
        let own: Vec<_> = own.cloned().collect();
        match note.signed_by(&own) {
            Ok(_) => Ok(checkpoint),
            Err(NoteError::Unsigned) if own.is_empty() => {
                Err(CheckpointError::Origin(checkpoint.origin))
            }
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_reads_back_as_it_was_signed() {
        let signer = NoteSigner::generate("kaifong/audit").unwrap();
        let keys = [signer.public().clone()];
        let note = Checkpoint::sign(1_048_576, &[7; 32], &signer).to_string();
        let lines: Vec<_> = note.lines().collect();
        let root = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
        assert_eq!(lines[..4], ["kaifong/audit", "1048576", root, ""]);
        assert!(lines[4].starts_with("\u{2014} kaifong/audit "));
        assert_eq!((lines.len(), note.ends_with('\n')), (5, true));

        let read = Checkpoint::open(&note, &keys).unwrap();
        assert_eq!((read.size, read.root), (1_048_576, [7; 32]));
        let other = NoteSigner::generate("kaifong/audit").unwrap();
        let stranger = NoteSigner::generate("elsewhere").unwrap();
        assert_eq!(
            Checkpoint::open(&note, &[other.public().clone()]),
            Err(NoteError::Unsigned.into())
        );
        assert_eq!(
            Checkpoint::open(&note, &[stranger.public().clone()]),
            Err(CheckpointError::Origin("kaifong/audit".to_owned()))
        );
    }

    #[test]
    fn only_plain_checkpoints_are_read() {
        let root = STANDARD.encode([7; 32]);
        assert!(Checkpoint::read(&format!("log\n0\n{root}\n")).is_some());
        assert!(Checkpoint::read(&format!("log\n10\n{root}\nextension\n")).is_some());
        for text in [
            format!("log\n10\n{root}"),
            format!("\n10\n{root}\n"),
            format!("log\n010\n{root}\n"),
            format!("log\n+10\n{root}\n"),
            format!("log\n-1\n{root}\n"),
            format!("log\n18446744073709551616\n{root}\n"),
            format!("log\n10\n{root}\n\n"),
            "log\n10\nBwc=\n".to_owned(),
            "log\n10\n".to_owned(),
        ] {
            assert!(Checkpoint::read(&text).is_none(), "{text:?}");
        }
    }

    /// A key of another log must not speak for this one, even if it is known.
    #[test]
    fn a_known_key_of_another_log_is_not_enough() {
        let signer = NoteSigner::generate("elsewhere").unwrap();
        let text = format!("kaifong/audit\n1\n{}\n", STANDARD.encode([7; 32]));
        let note = Note::sign(text, &[&signer]).to_string();
        let known = [signer.public().clone()];
        assert!(Checkpoint::open(&note, &known).is_err());
    }
}
