// Keys by their place: `KeyboardEvent.code` (W3C UI Events) to numbers of USB HID's Keyboard/Keypad
// page (HID Usage Tables 1.5, chapter 10). Which letter is on a key is the server's to know.

const codes: Record<string, number> = {};

const rows: [number, string][] = [
  [0x04, 'KeyA KeyB KeyC KeyD KeyE KeyF KeyG KeyH KeyI KeyJ KeyK KeyL KeyM'],
  [0x11, 'KeyN KeyO KeyP KeyQ KeyR KeyS KeyT KeyU KeyV KeyW KeyX KeyY KeyZ'],
  [0x1e, 'Digit1 Digit2 Digit3 Digit4 Digit5 Digit6 Digit7 Digit8 Digit9 Digit0'],
  [0x28, 'Enter Escape Backspace Tab Space Minus Equal BracketLeft BracketRight Backslash'],
  [0x33, 'Semicolon Quote Backquote Comma Period Slash CapsLock'],
  [0x3a, 'F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 F11 F12'],
  [0x46, 'PrintScreen ScrollLock Pause Insert Home PageUp Delete End PageDown'],
  [0x4f, 'ArrowRight ArrowLeft ArrowDown ArrowUp NumLock'],
  [0x54, 'NumpadDivide NumpadMultiply NumpadSubtract NumpadAdd NumpadEnter'],
  [0x59, 'Numpad1 Numpad2 Numpad3 Numpad4 Numpad5 Numpad6 Numpad7 Numpad8 Numpad9 Numpad0'],
  [0x63, 'NumpadDecimal IntlBackslash ContextMenu Power NumpadEqual'],
  [0x68, 'F13 F14 F15 F16 F17 F18 F19 F20 F21 F22 F23 F24'],
  [0x7f, 'AudioVolumeMute AudioVolumeUp AudioVolumeDown'],
  [0x85, 'NumpadComma'],
  [0x87, 'IntlRo KanaMode IntlYen Convert NonConvert'],
  [0x90, 'Lang1 Lang2 Lang3 Lang4 Lang5'],
  [0xe0, 'ControlLeft ShiftLeft AltLeft MetaLeft ControlRight ShiftRight AltRight MetaRight'],
];
for (const [first, names] of rows) {
  names.split(' ').forEach((name, at) => (codes[name] = first + at));
}

/** The usage of a key; `undefined` for one that no keyboard of a server has. */
export function usageOf(code: string): number | undefined {
  return Object.hasOwn(codes, code) ? codes[code] : undefined;
}

export const CONTROL_LEFT = 0xe0;
export const CONTROL_RIGHT = 0xe4;
