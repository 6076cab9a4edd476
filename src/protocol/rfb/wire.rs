//! Big-endian numbers out of a message's fixed part, whose length was seen to.

/// Takes `count` bytes, or as many as there are, from the front.
pub(super) fn advance<'a>(bytes: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (taken, rest) = bytes.split_at(count.min(bytes.len()));
    *bytes = rest;
    taken
}

pub(super) fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let found = bytes.get(at..).and_then(<[u8]>::first_chunk::<N>);
    debug_assert!(found.is_some(), "{N} bytes at {at} of {}", bytes.len());
    found.copied().unwrap_or([0; N])
}

pub(super) fn u8(bytes: &[u8], at: usize) -> u8 {
    u8::from_be_bytes(array(bytes, at))
}

pub(super) fn u16(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes(array(bytes, at))
}

pub(super) fn u32(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(array(bytes, at))
}

pub(super) fn i32(bytes: &[u8], at: usize) -> i32 {
    i32::from_be_bytes(array(bytes, at))
}
