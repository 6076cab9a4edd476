//! The firmware's version, read from the machine's own ROM.

use outband_protocol::qmp::Command;

use super::{folder::Folder, monitor::Monitor};

/// SeaBIOS's image ends at 4 GiB and has this size.
const SIZE: u32 = 256 << 10;
const ADDRESS: u64 = (1 << 32) - SIZE as u64;

/// The longest version that is taken for one.
const LONGEST: usize = 64;

/// The file that the ROM is written to on its way.
const FILE: &str = "firmware.rom";

/// The version; `None` where the ROM doesn't tell, as UEFI's, which is compressed.
pub(super) async fn version(folder: &Folder, monitor: &mut Monitor) -> Option<String> {
    let saved = Command::pmemsave(ADDRESS, SIZE, FILE);
    if let Err(fault) = monitor.execute(saved).await {
        tracing::debug!("{fault}");
        return None;
    }
    let rom = folder.take(FILE, SIZE.into())?;
    seabios(&rom)
}

/// The version in an image of SeaBIOS: the one text that is shaped like one, `1.16.2-debian-1.16.2-1`
/// or `rel-1.16.3-0-g1234abc`.
fn seabios(rom: &[u8]) -> Option<String> {
    // What it writes its version into; nothing else is asked for one.
    const NAME: &[u8] = b"SeaBIOS (version %s)";
    rom.windows(NAME.len()).find(|bytes| *bytes == NAME)?;
    // A compiler fills up before a text with whatever it likes.
    let texts = rom.split(|byte| *byte == 0).filter_map(|bytes| {
        let before = bytes
            .iter()
            .rposition(|byte| !byte.is_ascii_graphic() && *byte != b' ');
        let text = bytes.get(before.map_or(0, |at| at + 1)..)?;
        let short = (5..=LONGEST).contains(&text.len());
        std::str::from_utf8(text).ok().filter(|_| short)
    });
    let mut versions = texts.filter(|text| is_version(text));
    let version = versions.next()?;
    versions
        .all(|other| other == version)
        .then(|| version.to_owned())
}

fn is_version(text: &str) -> bool {
    let text = text.strip_prefix("rel-").unwrap_or(text);
    let (number, rest) = text.split_at(text.find(['-', '+']).unwrap_or(text.len()));
    let parts: Vec<&str> = number.split('.').collect();
    let digits = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-+_~".contains(&byte);
    (2..=3).contains(&parts.len()) && parts.iter().all(digits) && rest.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rom(texts: &[&str]) -> Vec<u8> {
        let mut rom = vec![0xFF, 0];
        for text in texts {
            rom.extend(text.as_bytes());
            rom.push(0);
        }
        rom
    }

    const NAME: &str = "SeaBIOS (version %s)";

    #[test]
    fn the_version_is_the_one_text_that_is_shaped_like_one() {
        for version in [
            "1.16.2-debian-1.16.2-1",
            "rel-1.16.3-0-ga6ed6b701f0a",
            "1.16.3",
        ] {
            let rom = rom(&[NAME, "04/01/2014", "1234", "a 1.2.3", version, "SeaBIOS"]);
            assert_eq!(seabios(&rom).as_deref(), Some(version));
        }
    }

    #[test]
    fn filling_before_a_version_is_no_part_of_it() {
        let mut rom = rom(&[NAME]);
        rom.extend(b"\x901.16.3-debian-1.16.3-2\0\x90\0");
        assert_eq!(seabios(&rom).as_deref(), Some("1.16.3-debian-1.16.3-2"));
    }

    #[test]
    fn a_rom_that_does_not_tell_clearly_has_no_version() {
        assert_eq!(seabios(&rom(&["1.16.3"])), None);
        assert_eq!(seabios(&rom(&[NAME])), None);
        assert_eq!(seabios(&rom(&[NAME, "1.16.3", "1.16.4"])), None);
        assert_eq!(seabios(&[]), None);
    }
}
