//! How the packets of a session are encrypted and authenticated (sections 13.28.4 and 13.29):
//! AES-CBC-128 inside, a truncated HMAC around it.
//!
//! A session's keys are made ready once; a packet is sealed and opened in the buffer it stands in.
//! The initialisation vector is the packet's session sequence number, encrypted under the same
//! key: never repeated, and not to be foreseen (NIST SP 800-38A, appendix C). It needs no entropy.

use std::fmt;

use aes::{
    Aes128, Block,
    cipher::{
        BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, InnerIvInit, KeyInit,
        array::{Array, sizes::U16},
    },
};

use super::{
    Suite,
    frame::{HEADER_LEN, Header, PAYLOAD_MAX},
    mac::{Code, Mac},
    rmcp,
};

const BLOCK: usize = 16;
/// The last byte of the trailer before the check value (table 13-8).
const NEXT_HEADER: u8 = 0x07;

/// Who sends. Both sides encrypt under one key, and must not use one vector twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// The BMC.
    Bmc = 0,
    /// The remote console.
    Console = 1,
}

/// The keys of a session, ready to be used.
pub struct Keys {
    suite: Suite,
    integrity: Mac,
    cipher: Aes128,
}

impl Keys {
    /// The keys that follow from a session's integrity key: K1 and K2 (section 13.32).
    pub(super) fn derive(suite: Suite, session_key: &Code) -> Self {
        let mac = Mac::new(suite, session_key.bytes());
        // The constants are 20 bytes with every suite.
        let integrity = mac.code(&[&[1; 20]]);
        let cipher = mac.code(&[&[2; 20]]);
        let mut key = Array::<u8, U16>::default();
        for (place, byte) in key.iter_mut().zip(cipher.bytes()) {
            *place = *byte;
        }
        let cipher = Aes128::new(&key);
        zeroize::Zeroize::zeroize(key.as_mut_slice());
        Self {
            suite,
            integrity: Mac::new(suite, integrity.bytes()),
            cipher,
        }
    }

    /// The suite they belong to.
    #[must_use]
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// Appends a whole datagram with what `body` appends as its payload. `false`, and nothing
    /// appended, when that is longer than [`PAYLOAD_MAX`].
    pub fn seal(
        &self,
        out: &mut Vec<u8>,
        (kind, sender): (u8, Sender),
        (session, sequence): (u32, u32),
        body: impl FnOnce(&mut Vec<u8>),
    ) -> bool {
        let begin = out.len();
        out.extend_from_slice(&rmcp::IPMI_HEADER);
        let header_at = out.len();
        out.extend_from_slice(&[0; HEADER_LEN]);
        let iv = self.vector(sender, sequence);
        out.extend_from_slice(&iv);
        let text_at = out.len();
        body(out);
        let length = out.len() - text_at;
        if length > PAYLOAD_MAX {
            out.truncate(begin);
            return false;
        }
        // 1, 2, 3, ..., and how many they are, up to a whole block.
        let pad = (BLOCK - 1 - length % BLOCK) as u8;
        out.extend(1..=pad);
        out.push(pad);
        if let Some(text) = out.get_mut(text_at..) {
            let (blocks, _) = Array::<u8, U16>::slice_as_chunks_mut(text);
            cbc::Encryptor::inner_iv_init(&self.cipher, &iv).encrypt_blocks(blocks);
        }
        let header = Header {
            kind,
            encrypted: true,
            authenticated: true,
            session,
            sequence,
            // Below PAYLOAD_MAX and three blocks.
            length: (out.len() - text_at + BLOCK) as u16,
        };
        if let Some(place) = out
            .get_mut(header_at..text_at)
            .and_then(<[u8]>::first_chunk_mut)
        {
            *place = header.to_bytes();
        }
        // From the authentication type to the next header, a multiple of four.
        let pad = (out.len() - header_at + 2).wrapping_neg() % 4;
        out.extend(std::iter::repeat_n(0xFF, pad));
        out.extend([pad as u8, NEXT_HEADER]);
        let code = self
            .integrity
            .code(&[out.get(header_at..).unwrap_or_default()]);
        out.extend_from_slice(code.check(self.suite));
        true
    }

    /// Whether a frame, from its authentication type on, carries the right check value.
    #[must_use]
    pub fn is_authentic(&self, header: &Header, frame: &[u8]) -> bool {
        let Some((covered, check)) = frame.split_last_chunk_of(self.suite.check_len()) else {
            return false;
        };
        let &[.., pad, NEXT_HEADER] = covered else {
            return false;
        };
        let end = HEADER_LEN + usize::from(header.length);
        pad < 4
            && end + usize::from(pad) + 2 == covered.len()
            && self.integrity.begins_with(&[covered], check)
    }

    /// Decrypts the payload of a frame that was found authentic, where it stands. `None` when it is
    /// no whole number of blocks, or its padding is wrong.
    #[must_use]
    pub fn decrypt<'a>(&self, header: &Header, frame: &'a mut [u8]) -> Option<&'a mut [u8]> {
        let end = HEADER_LEN + usize::from(header.length);
        let payload = frame.get_mut(HEADER_LEN..end)?;
        let (iv, text) = payload.split_first_chunk_mut::<BLOCK>()?;
        let (blocks, rest) = Array::<u8, U16>::slice_as_chunks_mut(text);
        if !rest.is_empty() {
            return None;
        }
        let iv = Block::from(*iv);
        cbc::Decryptor::inner_iv_init(&self.cipher, &iv).decrypt_blocks(blocks);
        let (&mut pad, padded) = text.split_last_mut()?;
        let length = padded.len().checked_sub(usize::from(pad))?;
        let (text, padding) = padded.split_at_mut_checked(length)?;
        let right = usize::from(pad) < BLOCK && padding.iter().copied().eq(1..=pad);
        right.then_some(text)
    }

    /// Makes a whole datagram authentic again after it was changed; one that is shorter than a
    /// check value stays as it is.
    pub(super) fn sign(&self, datagram: &mut Vec<u8>) {
        let Some(end) = datagram.len().checked_sub(self.suite.check_len()) else {
            return;
        };
        datagram.truncate(end);
        let covered = datagram.get(rmcp::HEADER_LEN..).unwrap_or_default();
        let code = self.integrity.code(&[covered]);
        datagram.extend_from_slice(code.check(self.suite));
    }

    /// A vector that no other packet under this key has.
    fn vector(&self, sender: Sender, sequence: u32) -> Block {
        let mut block = Block::default();
        for (place, byte) in block.iter_mut().zip(sequence.to_le_bytes()) {
            *place = byte;
        }
        block[BLOCK - 1] = sender as u8;
        self.cipher.encrypt_block(&mut block);
        block
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("suite", &self.suite)
            .finish_non_exhaustive()
    }
}

/// Splitting at the end, by a length that isn't known when compiling.
trait SplitLast {
    fn split_last_chunk_of(&self, len: usize) -> Option<(&[u8], &[u8])>;
}

impl SplitLast for [u8] {
    fn split_last_chunk_of(&self, len: usize) -> Option<(&[u8], &[u8])> {
        self.split_at_checked(self.len().checked_sub(len)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keys(suite: Suite) -> Keys {
        Keys::derive(suite, &Mac::new(suite, b"a key").code(&[b"something"]))
    }

    fn sealed(keys: &Keys, sequence: u32, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let to = (0x0403_0201, sequence);
        assert!(keys.seal(&mut out, (1, Sender::Bmc), to, |out| {
            out.extend_from_slice(text)
        }));
        out.drain(..rmcp::HEADER_LEN);
        out
    }

    fn opened(keys: &Keys, frame: &mut [u8]) -> Option<Vec<u8>> {
        let header = Header::parse(frame)?;
        keys.is_authentic(&header, frame)
            .then(|| keys.decrypt(&header, frame).map(|text| text.to_vec()))?
    }

    #[test]
    fn every_changed_bit_and_every_cut_is_found() {
        for suite in Suite::ALL {
            let keys = keys(suite);
            let whole = sealed(&keys, 5, b"power cycle");
            assert_eq!(
                opened(&keys, &mut whole.clone()).as_deref(),
                Some(&b"power cycle"[..])
            );
            for at in 0..whole.len() {
                assert_eq!(
                    opened(&keys, &mut whole[..at].to_vec()),
                    None,
                    "cut to {at}"
                );
                for bit in 0..8 {
                    let mut wrong = whole.clone();
                    wrong[at] ^= 1 << bit;
                    assert_eq!(opened(&keys, &mut wrong), None, "byte {at}, bit {bit}");
                }
            }
        }
    }

    #[test]
    fn no_vector_comes_twice() {
        let keys = keys(Suite::Sha256);
        let mut seen = std::collections::BTreeSet::new();
        for sender in [Sender::Bmc, Sender::Console] {
            assert!((0..1000).all(|sequence| seen.insert(keys.vector(sender, sequence))));
        }
    }

    #[test]
    fn wrong_padding_under_a_right_check_value_opens_nothing() {
        let keys = keys(Suite::Sha1);
        // Whole blocks, so that the last byte of the text stands where the pad length is read
        // once the block of padding behind it is cut off.
        for last in 0..=255 {
            let mut text = [9; 32];
            text[31] = last;
            let mut frame = sealed(&keys, 1, &text);
            let mut header = Header::parse(&frame).unwrap();
            header.length -= 16;
            let expected = (last == 0).then_some(&text[..31]);
            assert_eq!(
                keys.decrypt(&header, &mut frame).map(|t| &*t),
                expected,
                "{last}"
            );
            header.length -= 1;
            assert_eq!(keys.decrypt(&header, &mut frame), None);
        }
    }

    #[test]
    fn too_long_a_payload_leaves_nothing_behind() {
        let mut out = vec![1, 2, 3];
        let text = [0; PAYLOAD_MAX + 1];
        let body = |out: &mut Vec<u8>| out.extend_from_slice(&text);
        assert!(!keys(Suite::Sha1).seal(&mut out, (0, Sender::Bmc), (1, 1), body));
        assert_eq!(out, [1, 2, 3]);
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens(
            text in proptest::collection::vec(any::<u8>(), 0..300),
            sequence: u32,
            suite in proptest::sample::select(Suite::ALL.to_vec()),
        ) {
            let keys = keys(suite);
            let mut frame = sealed(&keys, sequence, &text);
            prop_assert_eq!((frame.len() - suite.check_len()) % 4, 0);
            prop_assert_eq!(opened(&keys, &mut frame), Some(text));
        }
    }
}
