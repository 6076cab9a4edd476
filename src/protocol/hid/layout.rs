//! Keyboard layouts: which character a key gives.

use super::{HeldKeys, Usage};

/// What the unmodified keys 1Eh to 38h of a US keyboard give, from `1` to `/`; a blank stands for
/// a key that gives no visible character (Enter, Escape, Backspace, Tab) and for the space bar.
const PLAIN: &[u8; 27] = b"1234567890     -=[]\\\\;'`,./";
/// The same with Shift.
const SHIFTED: &[u8; 27] = b"!@#$%^&*()     _+{}||:\"~<>?";
/// What the keypad's keys 54h to 63h give while Num Lock is on.
const KEYPAD: &[u8; 16] = b"/*-+\n1234567890.";

/// The character that a key gives on a US keyboard, with `\n` for Enter, `\t` for Tab and `\x08`
/// for Backspace; `None` for keys that give none, and while Control, Alt or GUI is held.
///
/// `held` are the keys held with it, of which the modifiers count.
#[must_use]
pub fn us(key: Usage, held: &HeldKeys, caps_lock: bool, num_lock: bool) -> Option<char> {
    const SILENCING: [Usage; 6] = [
        Usage::LEFT_CONTROL,
        Usage::RIGHT_CONTROL,
        Usage::LEFT_ALT,
        Usage::RIGHT_ALT,
        Usage::LEFT_GUI,
        Usage::RIGHT_GUI,
    ];
    if SILENCING.iter().any(|modifier| held.holds(*modifier)) {
        return None;
    }
    let shift = held.holds(Usage::LEFT_SHIFT) || held.holds(Usage::RIGHT_SHIFT);
    match key {
        Usage::ENTER => return Some('\n'),
        Usage::TAB => return Some('\t'),
        Usage::BACKSPACE => return Some('\x08'),
        Usage::SPACE => return Some(' '),
        _ => {}
    }
    let code = key.get();
    if (Usage::A.get()..=Usage::Z.get()).contains(&code) {
        let letter = b'a' + (code - Usage::A.get());
        let upper = shift != caps_lock;
        return Some(char::from(if upper {
            letter.to_ascii_uppercase()
        } else {
            letter
        }));
    }
    if let Some(at) = code.checked_sub(0x54) {
        let always = matches!(
            KEYPAD.get(usize::from(at)),
            Some(b'/' | b'*' | b'-' | b'+' | b'\n')
        );
        let digit = num_lock && !shift;
        return (always || digit)
            .then(|| KEYPAD.get(usize::from(at)).copied().map(char::from))
            .flatten();
    }
    let table = if shift { SHIFTED } else { PLAIN };
    let at = usize::from(code.checked_sub(Usage::DIGIT_1.get())?);
    table
        .get(at)
        .copied()
        .filter(|byte| *byte != b' ')
        .map(char::from)
}

/// The keys that give a character on a US keyboard, as a set to hold; `None` for characters that
/// this keyboard has no key for. `\n` is Enter.
#[must_use]
pub fn us_keys(wanted: char) -> Option<HeldKeys> {
    let shifted: HeldKeys = [Usage::LEFT_SHIFT].into_iter().collect();
    [HeldKeys::NONE, shifted].into_iter().find_map(|modifiers| {
        (0x04..=0x38)
            .filter_map(Usage::new)
            .find(|key| us(*key, &modifiers, false, false) == Some(wanted))
            .map(|key| {
                let mut held = modifiers;
                held.press(key);
                held
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_printable_ascii_character_has_keys_that_give_it() {
        for wanted in (' '..='~').chain(['\n', '\t', '\x08']) {
            let held = us_keys(wanted).unwrap_or_else(|| panic!("{wanted:?}"));
            let key = held.iter().find(|key| !key.is_modifier()).unwrap();
            assert_eq!(us(key, &held, false, false), Some(wanted));
        }
        assert_eq!(us_keys('\u{e4}'), None);
    }

    #[test]
    fn caps_lock_turns_letters_alone_and_shift_turns_them_back() {
        let none = HeldKeys::NONE;
        let shift: HeldKeys = [Usage::RIGHT_SHIFT].into_iter().collect();
        assert_eq!(us(Usage::A, &none, true, false), Some('A'));
        assert_eq!(us(Usage::A, &shift, true, false), Some('a'));
        assert_eq!(us(Usage::DIGIT_1, &none, true, false), Some('1'));
    }

    #[test]
    fn control_alt_and_gui_silence_a_key() {
        for modifier in [Usage::LEFT_CONTROL, Usage::RIGHT_ALT, Usage::LEFT_GUI] {
            let held: HeldKeys = [modifier].into_iter().collect();
            assert_eq!(us(Usage::A, &held, false, false), None);
        }
    }

    #[test]
    fn the_keypad_gives_digits_only_with_num_lock() {
        let seven = Usage::new(0x5F).unwrap();
        let plus = Usage::new(0x57).unwrap();
        assert_eq!(us(seven, &HeldKeys::NONE, false, true), Some('7'));
        assert_eq!(us(seven, &HeldKeys::NONE, false, false), None);
        assert_eq!(us(plus, &HeldKeys::NONE, false, false), Some('+'));
    }
}
