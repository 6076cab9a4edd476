//! What a CD calls itself: the primary volume descriptor of ISO 9660 (ECMA-119 section 8.4).

/// Where the first volume descriptor lies in an image, in bytes: sector 16 (ECMA-119 section 6.2.1).
pub const DESCRIPTORS_AT: u64 = 16 * SECTOR as u64;

/// Bytes in a sector, and in a volume descriptor.
pub const SECTOR: usize = 2048;

/// How many descriptors are looked at for the primary one. The standard sets no limit.
pub const DESCRIPTORS_MAX: usize = 8;

/// Why there is no volume label to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotIso9660 {
    /// The bytes end before the primary volume descriptor does.
    #[error("it is too short for an ISO 9660 volume descriptor")]
    Short,
    /// The standard's mark `CD001` isn't there.
    #[error("it has no ISO 9660 volume descriptor")]
    Mark,
    /// There are descriptors and none is the primary one.
    #[error("it has no primary ISO 9660 volume descriptor")]
    NoPrimary,
}

/// The volume label of an image, given its bytes from [`DESCRIPTORS_AT`] on; empty when the medium
/// has none. At most 32 characters; what is not printable ASCII is shown as `?`.
///
/// # Errors
/// [`NotIso9660`] when these are not an ISO 9660 image's descriptors.
pub fn volume_label(descriptors: &[u8]) -> Result<String, NotIso9660> {
    const PRIMARY: u8 = 1;
    const TERMINATOR: u8 = 255;
    for descriptor in descriptors.chunks(SECTOR).take(DESCRIPTORS_MAX) {
        if descriptor.get(1..6).ok_or(NotIso9660::Short)? != b"CD001" {
            return Err(NotIso9660::Mark);
        }
        match descriptor.first() {
            // Byte positions 41 to 72 of the descriptor (section 8.4.6).
            Some(&PRIMARY) => return descriptor.get(40..72).map(text).ok_or(NotIso9660::Short),
            Some(&TERMINATOR) => return Err(NotIso9660::NoPrimary),
            _ => {}
        }
    }
    Err(if descriptors.is_empty() {
        NotIso9660::Short
    } else {
        NotIso9660::NoPrimary
    })
}

/// A padded field as text.
fn text(field: &[u8]) -> String {
    let printable = |&byte: &u8| match byte {
        b' '..=b'~' => char::from(byte),
        _ => '?',
    };
    // Padding is spaces by the standard, and zeros by some writers.
    let end = field.iter().rposition(|byte| !matches!(byte, 0 | b' '));
    let kept = end.map_or(0, |last| last + 1);
    field.iter().take(kept).map(printable).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn descriptor(kind: u8, label: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; SECTOR];
        bytes[0] = kind;
        bytes[1..6].copy_from_slice(b"CD001");
        bytes[6] = 1;
        bytes[40..72].fill(b' ');
        bytes[40..40 + label.len()].copy_from_slice(label);
        bytes
    }

    #[test]
    fn the_label_is_read_without_its_padding() {
        let image = descriptor(1, b"LIVE_SYSTEM 12");
        assert_eq!(volume_label(&image).unwrap(), "LIVE_SYSTEM 12");
        assert_eq!(volume_label(&descriptor(1, b"")).unwrap(), "");
        assert_eq!(volume_label(&descriptor(1, b"A\0\0\0")).unwrap(), "A");
    }

    #[test]
    fn the_primary_descriptor_is_found_behind_others() {
        let image = [descriptor(0, b"boot"), descriptor(1, b"RIGHT")].concat();
        assert_eq!(volume_label(&image).unwrap(), "RIGHT");
        let none = [
            descriptor(2, b"joliet"),
            descriptor(255, b""),
            descriptor(1, b"late"),
        ]
        .concat();
        assert_eq!(volume_label(&none), Err(NotIso9660::NoPrimary));
    }

    #[test]
    fn what_is_no_image_is_refused_and_says_why() {
        assert_eq!(volume_label(&[]), Err(NotIso9660::Short));
        assert_eq!(volume_label(&[1, b'C', b'D']), Err(NotIso9660::Short));
        assert_eq!(volume_label(&[0; SECTOR]), Err(NotIso9660::Mark));
        assert_eq!(
            volume_label(&descriptor(1, b"x")[..60]),
            Err(NotIso9660::Short)
        );
        let endless = descriptor(2, b"").repeat(20);
        assert_eq!(volume_label(&endless), Err(NotIso9660::NoPrimary));
    }

    #[test]
    fn bytes_that_are_not_text_can_do_no_harm() {
        let label = volume_label(&descriptor(1, b"\x1b[2J\xff")).unwrap();
        assert_eq!(label, "?[2J?");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_end_in_an_answer(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..6000)) {
            if let Ok(label) = volume_label(&bytes) {
                proptest::prop_assert!(label.len() <= 32);
            }
        }
    }
}
