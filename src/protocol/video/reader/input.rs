//! Bytes off the front of what was received.

use super::Unreadable;

/// Takes bytes from the front.
pub(super) fn piece<'a>(bytes: &mut &'a [u8], length: usize) -> Result<&'a [u8], Unreadable> {
    let (piece, rest) = bytes.split_at_checked(length).ok_or(Unreadable::Short)?;
    *bytes = rest;
    Ok(piece)
}

/// Takes an array from the front.
pub(super) fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], Unreadable> {
    let piece = piece(bytes, N)?;
    piece.first_chunk().copied().ok_or(Unreadable::Short)
}

/// Takes a length of one to three bytes.
pub(super) fn compact(bytes: &mut &[u8]) -> Result<usize, Unreadable> {
    let mut length = 0;
    for (shift, bits) in [(0, 0x7F), (7, 0x7F), (14, 0xFF)] {
        let [byte] = take(bytes)?;
        length |= usize::from(byte & bits) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    Ok(length)
}
