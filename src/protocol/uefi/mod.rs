//! UEFI's variables as OVMF keeps them in flash: asking the firmware for its set-up, or for a boot
//! over HTTP.
//!
//! A firmware volume's header (PI 1.8 volume 3, section 3.2) is followed by the store's header and
//! then by variables, each at a multiple of four, up to the first bytes that were never written
//! (EDK II `VariableFormat.h`). A variable is never changed in place: it is marked as deleted and
//! written anew behind the last.

mod http_boot;

pub use http_boot::{HttpBoot, URI_MAX};

/// The signature of a firmware volume, at byte 40; its header's length is at byte 48.
const VOLUME: &[u8] = b"_FVH";

/// `gEfiAuthenticatedVariableGuid`, with which the store's header begins.
const STORE: [u8; 16] = [
    0x78, 0x2C, 0xF3, 0xAA, 0x7B, 0x94, 0x9A, 0x43, 0xA1, 0x80, 0x2E, 0x14, 0x4E, 0xC3, 0x77, 0x92,
];

/// Bytes of the store's header and of a variable's.
const STORE_HEADER: usize = 28;
const HEADER: usize = 60;

/// What a variable begins with, and where within its header things stand.
const START: [u8; 2] = [0xAA, 0x55];
const STATE: usize = 2;
const NAME_SIZE: usize = 36;
const DATA_SIZE: usize = 40;
const VENDOR: usize = 44;

/// The states of a variable that is there, and of one on its way out that still counts; the bit
/// that deletion clears.
const ADDED: u8 = 0x3F;
const IN_DELETION: u8 = 0x3E;
const DELETED: u8 = 0xFD;

/// `EFI_GLOBAL_VARIABLE` (UEFI 2.10 section 3.3).
const GLOBAL: [u8; 16] = [
    0x61, 0xDF, 0xE4, 0x8B, 0xCA, 0x93, 0xD2, 0x11, 0xAA, 0x0D, 0x00, 0xE0, 0x98, 0x03, 0x2B, 0x8C,
];

/// Kept without power, seen by boot and run time services.
const ATTRIBUTES: u32 = 7;

/// `EFI_OS_INDICATIONS_BOOT_TO_FW_UI` (UEFI 2.10 section 8.5.4).
const BOOT_TO_FIRMWARE: u64 = 1;

/// Why variables could not be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadStore {
    /// The bytes are no store of variables, or one that is torn.
    #[error("these are no UEFI variables")]
    NotAStore,
    /// There is no room for another variable until the firmware has tidied up.
    #[error("there is no room for another UEFI variable")]
    Full,
}

/// Makes the next start end in the firmware's set-up. The firmware forgets that by itself as it
/// enters, so it holds for one boot.
///
/// # Errors
/// [`BadStore`]; nothing has changed then.
pub fn ask_for_setup(flash: &mut [u8]) -> Result<(), BadStore> {
    write(flash, &[("OsIndications", &BOOT_TO_FIRMWARE.to_le_bytes())])
}

/// Makes the next start a boot over HTTP. The firmware forgets that by itself as it tries, so it
/// holds for one boot (UEFI 2.10 section 3.1.2, `BootNext`).
///
/// # Errors
/// [`BadStore`]; nothing has changed then.
pub fn ask_for_http_boot(flash: &mut [u8], boot: &HttpBoot<'_>) -> Result<(), BadStore> {
    let option = boot.load_option();
    let next = http_boot::NUMBER.to_le_bytes();
    write(flash, &[(http_boot::NAME, &option), ("BootNext", &next)])
}

/// Writes global variables, each behind the last, and marks what had their names as deleted.
fn write(flash: &mut [u8], variables: &[(&str, &[u8])]) -> Result<(), BadStore> {
    let (start, end) = store(flash).ok_or(BadStore::NotAStore)?;
    let names: Vec<Vec<u8>> = variables.iter().map(|(name, _)| utf16(name)).collect();
    let (mut at, mut replaced) = (start, Vec::new());
    while flash.get(at..at + START.len()) == Some(&START[..]) && at < end {
        let header = flash.get(at..at + HEADER).ok_or(BadStore::NotAStore)?;
        let name = size(header, NAME_SIZE).ok_or(BadStore::NotAStore)?;
        let data = size(header, DATA_SIZE).ok_or(BadStore::NotAStore)?;
        let named = name
            .checked_add(data)
            .and_then(|length| flash.get(at + HEADER..(at + HEADER).checked_add(length)?));
        let named = named.ok_or(BadStore::NotAStore)?;
        let there = matches!(header.get(STATE), Some(&ADDED | &IN_DELETION));
        let ours = |name| names.iter().any(|own| Some(&own[..]) == name);
        if there && header.get(VENDOR..) == Some(&GLOBAL[..]) && ours(named.get(..name)) {
            replaced.push(at + STATE);
        }
        at = (at + HEADER + named.len()).next_multiple_of(4);
    }
    let mut bytes = Vec::new();
    for (name, (_, data)) in names.iter().zip(variables) {
        bytes.resize(bytes.len().next_multiple_of(4), 0xFF);
        bytes.extend(variable(name, data));
    }
    let room = flash.get_mut(at..at + bytes.len());
    let room = room.filter(|_| at + bytes.len() <= end);
    let room = room.ok_or(BadStore::Full)?;
    if room.iter().any(|byte| *byte != 0xFF) {
        return Err(BadStore::NotAStore);
    }
    room.copy_from_slice(&bytes);
    for state in replaced {
        if let Some(state) = flash.get_mut(state) {
            *state &= DELETED;
        }
    }
    Ok(())
}

/// A text in UTF-16 with its end, as names are written.
fn utf16(text: &str) -> Vec<u8> {
    let units = text.encode_utf16().chain([0]);
    units.flat_map(u16::to_le_bytes).collect()
}

fn variable(name: &[u8], data: &[u8]) -> Vec<u8> {
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes();
    let mut bytes = Vec::with_capacity(HEADER + name.len() + data.len());
    bytes.extend(START);
    bytes.extend([ADDED, 0]);
    bytes.extend(ATTRIBUTES.to_le_bytes());
    bytes.extend([0; 28]); // count, time and key of authenticated variables
    bytes.extend(length(name));
    bytes.extend(length(data));
    bytes.extend(GLOBAL);
    bytes.extend(name);
    bytes.extend(data);
    bytes
}

/// Where the store's variables begin, and where the store ends.
fn store(flash: &[u8]) -> Option<(usize, usize)> {
    let volume = flash.get(40..44)? == VOLUME;
    let at = usize::from(u16::from_le_bytes(flash.get(48..50)?.try_into().ok()?));
    let store = flash.get(at..at + STORE.len())? == STORE;
    let length = size(flash, at + 16)?;
    let end = at.checked_add(length)?;
    (volume && store && end <= flash.len()).then_some((at + STORE_HEADER, end))
}

fn size(bytes: &[u8], at: usize) -> Option<usize> {
    let bytes = bytes.get(at..at + 4)?.try_into().ok()?;
    usize::try_from(u32::from_le_bytes(bytes)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn os_indications() -> Vec<u8> {
        variable(&utf16("OsIndications"), &BOOT_TO_FIRMWARE.to_le_bytes())
    }

    fn flash() -> Vec<u8> {
        with_store_of(400)
    }

    /// A store of this size behind a volume header of 72, with a variable of somebody else's.
    fn with_store_of(size: u16) -> Vec<u8> {
        let mut flash = vec![0xFF; 72 + usize::from(size)];
        flash[40..44].copy_from_slice(VOLUME);
        flash[48..50].copy_from_slice(&72u16.to_le_bytes());
        flash[72..88].copy_from_slice(&STORE);
        flash[88..92].copy_from_slice(&u32::from(size).to_le_bytes());
        let mut other = os_indications();
        other[VENDOR] = 0;
        other.truncate(HEADER + 28 + 1);
        other[DATA_SIZE] = 1;
        flash[100..100 + other.len()].copy_from_slice(&other);
        flash
    }

    #[test]
    fn the_wish_is_written_behind_what_is_there() {
        let mut flash = flash();
        let before = flash[..192].to_vec();
        ask_for_setup(&mut flash).unwrap();
        assert_eq!(flash[..192], before);
        // 100 + 89, at the next multiple of four.
        assert_eq!(flash[192..192 + 96], os_indications());
        assert_eq!(flash[192 + 96..], [0xFF; 472 - 288]);
    }

    #[test]
    fn a_wish_that_is_there_is_replaced() {
        let mut flash = flash();
        ask_for_setup(&mut flash).unwrap();
        ask_for_setup(&mut flash).unwrap();
        assert_eq!(flash[192 + STATE], ADDED & DELETED);
        assert_eq!(flash[288..288 + 96], os_indications());
        let full = flash.clone();
        assert_eq!(ask_for_setup(&mut flash), Err(BadStore::Full));
        assert_eq!(flash, full);
    }

    #[test]
    fn a_boot_over_http_is_an_option_and_the_wish_for_it() {
        let mut flash = with_store_of(800);
        let boot = HttpBoot {
            slot: 0x16,
            mac: [0x52, 0x54, 0, 1, 2, 3],
            uri: "http://192.0.2.1/a.efi",
        };
        ask_for_http_boot(&mut flash, &boot).unwrap();
        let option = variable(&utf16(http_boot::NAME), &boot.load_option());
        assert_eq!(flash[192..192 + option.len()], option);
        let next = 192 + option.len().next_multiple_of(4);
        let wish = variable(&utf16("BootNext"), &http_boot::NUMBER.to_le_bytes());
        assert_eq!(flash[next..next + wish.len()], wish);
    }

    #[test]
    fn what_is_no_store_is_left_alone() {
        for (at, byte) in [(40, 0), (72, 0), (88 + 2, 1), (100 + NAME_SIZE + 2, 1)] {
            let mut flash = flash();
            flash[at] = byte;
            let before = flash.clone();
            assert_eq!(ask_for_setup(&mut flash), Err(BadStore::NotAStore), "{at}");
            assert_eq!(flash, before);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(
            at in 0usize..472, bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..40),
            length in 0usize..472,
        ) {
            let mut flash = flash();
            for (to, from) in flash.iter_mut().skip(at).zip(bytes) {
                *to = from;
            }
            flash.truncate(length);
            let _ = ask_for_setup(&mut flash);
        }
    }
}
