//! Files sealed piece by piece, whatever their size: each under a key of its own.
//!
//! ```text
//! magic | id of the key | pieces
//! piece = 0 | length | nonce | ciphertext | tag      1 for the last
//! ```
//!
//! * A piece is bound to the file's key, to its number, and to whether it is the last; the last to
//!   the SHA-256 of all that was sealed. A file that was cut off, or whose pieces were exchanged,
//!   repeated or taken from another, does not open, nor does one that is called by another digest.
//! * What is read before the first wrong piece has been read. Whoever reads gives it up with the
//!   rest, as of any file that breaks off.

use std::fmt;
use std::io::{self, BufRead, Read, Write};

use uuid::Uuid;
use zeroize::Zeroizing;

use crate::platform::crypto::{Digest, OVERHEAD, Refused, Secret, open, packed, seal};

/// How a sealed file begins: no text does.
pub const MAGIC: &[u8; 16] = b"\0kaifong sealed\x01";
/// What is sealed at once.
const PIECE: usize = 64 * 1024;
const MIDDLE: u8 = 0;
const LAST: u8 = 1;

/// The key of one file.
#[derive(Debug, Clone)]
pub struct FileKey {
    pub id: Uuid,
    secret: Secret<32>,
}

impl FileKey {
    /// A new one.
    pub fn fresh() -> Result<Self, Refused> {
        Ok(Self {
            id: Uuid::new_v4(),
            secret: Secret::random()?,
        })
    }

    /// The key called `id` whose bytes are `secret`, when they are a key's.
    #[must_use]
    pub fn of(id: Uuid, secret: &[u8]) -> Option<Self> {
        let secret = Secret::copied(secret)?;
        Some(Self { id, secret })
    }

    /// Its bytes, to be sealed.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.secret.expose()
    }

    /// What piece `number` is bound to; the last to the digest of the whole.
    fn associated(&self, number: u64, last: Option<&Digest>) -> Vec<u8> {
        packed(&[
            b"kaifong",
            b"v1",
            b"piece",
            self.id.as_bytes(),
            &number.to_be_bytes(),
            last.map_or(&[], Digest::as_slice),
        ])
    }
}

/// Seals what is written to it.
pub struct Sealing<W> {
    out: W,
    key: FileKey,
    piece: Zeroizing<Vec<u8>>,
    sealed: Vec<u8>,
    number: u64,
}

impl<W: Write> Sealing<W> {
    /// Seals with `key`, to `out`.
    pub fn begin(mut out: W, key: FileKey) -> io::Result<Self> {
        out.write_all(MAGIC)?;
        out.write_all(key.id.as_bytes())?;
        Ok(Self {
            out,
            key,
            piece: Zeroizing::new(Vec::with_capacity(PIECE)),
            sealed: Vec::with_capacity(PIECE + OVERHEAD),
            number: 0,
        })
    }

    /// Seals the last piece, of a file whose digest is `whole`.
    pub fn finish(mut self, whole: &Digest) -> io::Result<W> {
        self.give(Some(whole))?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn give(&mut self, last: Option<&Digest>) -> io::Result<()> {
        let associated = self.key.associated(self.number, last);
        self.sealed.clear();
        seal(&self.key.secret, &associated, &self.piece, &mut self.sealed)
            .map_err(io::Error::other)?;
        let length = u32::try_from(self.sealed.len()).map_err(io::Error::other)?;
        let kind = if last.is_some() { LAST } else { MIDDLE };
        self.out.write_all(&[kind])?;
        self.out.write_all(&length.to_be_bytes())?;
        self.out.write_all(&self.sealed)?;
        self.piece.clear();
        self.number += 1;
        Ok(())
    }
}

impl<W: Write> Write for Sealing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.piece.len() == PIECE {
            self.give(None)?;
        }
        let room = PIECE - self.piece.len();
        let (now, _) = bytes.split_at(bytes.len().min(room));
        self.piece.extend_from_slice(now);
        Ok(now.len())
    }

    /// What is not a whole piece waits for the rest of it.
    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl<W> fmt::Debug for Sealing<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealing({}, piece {})", self.key.id, self.number)
    }
}

/// Opens what was sealed, as it is read.
pub struct Opening<R> {
    source: R,
    key: FileKey,
    whole: Digest,
    piece: Zeroizing<Vec<u8>>,
    /// How much of the piece was read.
    read: usize,
    number: u64,
    ended: bool,
}

impl<R: Read> Opening<R> {
    /// Opens with `key` what `source` has after its head: a file whose digest is `whole`.
    pub fn of(source: R, key: FileKey, whole: Digest) -> Self {
        Self {
            source,
            key,
            whole,
            piece: Zeroizing::default(),
            read: 0,
            number: 0,
            ended: false,
        }
    }

    fn next(&mut self) -> io::Result<()> {
        let mut head = [0; 5];
        self.source.read_exact(&mut head)?;
        let [kind, length @ ..] = head;
        let last = match kind {
            MIDDLE => None,
            LAST => Some(&self.whole),
            _ => return Err(self.unopenable()),
        };
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if length > PIECE + OVERHEAD {
            return Err(self.unopenable());
        }
        let mut sealed = vec![0; length];
        self.source.read_exact(&mut sealed)?;
        let associated = self.key.associated(self.number, last);
        let opened = open(&self.key.secret, &associated, &sealed);
        self.piece = opened.map_err(|Refused| self.unopenable())?;
        (self.read, self.ended) = (0, last.is_some());
        self.number += 1;
        // Nothing comes after the last.
        if self.ended && self.source.read(&mut [0])? > 0 {
            self.piece.clear();
            return Err(self.unopenable());
        }
        Ok(())
    }

    fn unopenable(&self) -> io::Error {
        tracing::error!(key = %self.key.id, piece = self.number, "a sealed file does not open");
        let what = format!("piece {} of a sealed file does not open", self.number);
        io::Error::new(io::ErrorKind::InvalidData, what)
    }
}

impl<R: Read> BufRead for Opening<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.read == self.piece.len() && !self.ended {
            self.next()?;
        }
        Ok(self.piece.get(self.read..).unwrap_or_default())
    }

    fn consume(&mut self, bytes: usize) {
        self.read = self.piece.len().min(self.read + bytes);
    }
}

impl<R: Read> Read for Opening<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut ready = self.fill_buf()?;
        let read = ready.read(out)?;
        self.consume(read);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::crypto::sha256;

    const HEAD: usize = 32;

    fn sealed(key: &FileKey, content: &[u8]) -> Vec<u8> {
        let mut sealing = Sealing::begin(Vec::new(), key.clone()).unwrap();
        sealing.write_all(content).unwrap();
        sealing.finish(&sha256(&[content])).unwrap()
    }

    fn opened(key: &FileKey, file: &[u8], whole: Digest) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        Opening::of(&file[HEAD..], key.clone(), whole).read_to_end(&mut content)?;
        Ok(content)
    }

    fn content(length: usize) -> Vec<u8> {
        (0..=250).cycle().take(length).collect()
    }

    /// Where each piece is.
    fn pieces(file: &[u8]) -> Vec<std::ops::Range<usize>> {
        let (mut pieces, mut at) = (Vec::new(), HEAD);
        while at < file.len() {
            let length: [u8; 4] = file[at + 1..at + 5].try_into().unwrap();
            let end = at + 5 + usize::try_from(u32::from_be_bytes(length)).unwrap();
            pieces.push(at..end);
            at = end;
        }
        pieces
    }

    #[test]
    fn what_was_sealed_opens_whatever_its_length() {
        let key = FileKey::fresh().unwrap();
        for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 3 * PIECE + 7] {
            let content = content(length);
            let file = sealed(&key, &content);
            assert!(file.starts_with(MAGIC) && file[16..HEAD] == *key.id.as_bytes());
            let whole = sha256(&[&content]);
            assert!(opened(&key, &file, whole).unwrap() == content, "{length}");
        }
    }

    #[test]
    fn what_was_cut_off_exchanged_or_taken_from_another_does_not_open() {
        let key = FileKey::fresh().unwrap();
        let content = content(3 * PIECE + 7);
        let whole = sha256(&[&content]);
        let file = sealed(&key, &content);
        let at = pieces(&file);
        assert_eq!(at.len(), 4);
        let of = |order: &[usize]| {
            let mut made = file[..HEAD].to_vec();
            for piece in order {
                made.extend_from_slice(&file[at[*piece].clone()]);
            }
            made
        };
        assert!(opened(&key, &of(&[0, 1, 2, 3]), whole).is_ok());
        for order in [
            &[][..],
            &[0],
            &[0, 1, 2],
            &[3],
            &[0, 1, 3],
            &[1, 0, 2, 3],
            &[0, 1, 1, 2, 3],
            &[0, 1, 2, 3, 3],
            &[0, 1, 2, 3, 0],
        ] {
            assert!(opened(&key, &of(order), whole).is_err(), "{order:?}");
        }
        for length in [HEAD, HEAD + 3, at[1].start + 1, file.len() - 1] {
            assert!(opened(&key, &file[..length], whole).is_err(), "{length}");
        }
        // The end of one file is not that of another, though the key be the same.
        let mut other = content.clone();
        other.push(b'.');
        assert!(opened(&key, &file, sha256(&[&other])).is_err());
        let another = sealed(&key, &other);
        let mut mixed = file[..at[3].start].to_vec();
        mixed.extend_from_slice(&another[pieces(&another)[3].clone()]);
        assert!(opened(&key, &mixed, whole).is_err());
        assert!(opened(&FileKey::fresh().unwrap(), &file, whole).is_err());
    }

    #[test]
    fn no_byte_of_it_can_be_another() {
        let key = FileKey::fresh().unwrap();
        let content = content(100);
        let whole = sha256(&[&content]);
        let file = sealed(&key, &content);
        for at in HEAD..file.len() {
            let mut changed = file.clone();
            changed[at] ^= 1;
            assert!(opened(&key, &changed, whole).is_err(), "{at}");
        }
    }

    /// No last piece can be told as one in the middle.
    #[test]
    fn what_is_last_is_bound() {
        let key = FileKey::fresh().unwrap();
        let content = content(PIECE + 1);
        let whole = sha256(&[&content]);
        let mut file = sealed(&key, &content);
        let first = pieces(&file)[0].clone();
        file.truncate(first.end);
        file[first.start] = LAST;
        assert!(opened(&key, &file, whole).is_err());
        assert!(opened(&key, &file, sha256(&[&content[..PIECE]])).is_err());
    }
}
