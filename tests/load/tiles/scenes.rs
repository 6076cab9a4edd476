//! What a server's screen shows while it is measured: text in a bitmap font, noise, a film.

use spleen_font::{FONT_12X24, PSF2Font};

use crate::{Failure, dice::Dice};

pub(super) const WIDTH: usize = 1920;
pub(super) const HEIGHT: usize = 1080;
/// Pixels of a letter.
const LETTER: (usize, usize) = (12, 24);
/// Letters in a line, lines of a screen.
const COLUMNS: usize = WIDTH / LETTER.0;
const LINES: usize = HEIGHT / LETTER.1;

/// Blue, green, red, unused.
type Colour = [u8; 4];
const BLACK: Colour = [0, 0, 0, 0];
const GREY: Colour = [170, 170, 170, 0];
const BLUE: Colour = [168, 0, 0, 0];
const YELLOW: Colour = [85, 255, 255, 0];

const WORDS: &[&str] = &[
    "the", "kernel", "device", "driver", "init", "loaded", "module", "usb", "hub", "port", "link",
    "up", "eth0", "speed", "error", "retry", "timeout", "sector", "read", "write", "mount", "ext4",
    "systemd", "started", "service", "network", "target", "reached", "memory", "cpu", "thermal",
];

/// What happens on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scene {
    /// Nothing.
    Static,
    /// A cursor blinks once a second.
    Cursor,
    /// Ten letters a second.
    Typing,
    /// A line of text a frame.
    Scroll,
    /// A menu through a bad converter: each pixel is up to 3 brighter or darker in each frame.
    Noise,
    /// A film with grain on the whole screen.
    Film,
}

impl Scene {
    pub(super) const ALL: [(&'static str, Self); 6] = [
        ("static", Self::Static),
        ("cursor", Self::Cursor),
        ("typing", Self::Typing),
        ("scroll", Self::Scroll),
        ("noise", Self::Noise),
        ("film", Self::Film),
    ];
}

/// A screen of which each frame can be taken, thirty of them a second.
pub(super) struct Screen {
    scene: Scene,
    font: PSF2Font<'static>,
    dice: Dice,
    frame: usize,
    /// What there would be without noise.
    clean: Vec<u8>,
    pub(super) bytes: Vec<u8>,
}

impl Screen {
    pub(super) fn new(scene: Scene) -> Result<Self, Failure> {
        let mut screen = Self {
            scene,
            font: PSF2Font::new(FONT_12X24)?,
            dice: Dice::new(1),
            frame: 0,
            clean: Vec::new(),
            bytes: BLACK.repeat(WIDTH * HEIGHT),
        };
        match scene {
            Scene::Static | Scene::Noise => screen.menu(),
            Scene::Film => {}
            Scene::Cursor | Scene::Typing | Scene::Scroll => {
                for line in 0..LINES - 1 {
                    screen.log(line);
                }
            }
        }
        screen.clean = screen.bytes.clone();
        Ok(screen)
    }

    /// Goes on to the next frame.
    pub(super) fn advance(&mut self) {
        let at = self.frame;
        self.frame += 1;
        match self.scene {
            Scene::Static => {}
            Scene::Cursor => {
                let colour = if (at / 15).is_multiple_of(2) {
                    GREY
                } else {
                    BLACK
                };
                self.block(0, LINES - 1, colour);
            }
            Scene::Typing if at.is_multiple_of(3) => {
                let letter = b'a' + self.dice.below(26) as u8;
                self.letter(at / 3, LINES - 1, letter, GREY, BLACK);
                self.block(at / 3 + 1, LINES - 1, GREY);
            }
            Scene::Typing => {}
            Scene::Scroll => {
                self.bytes.copy_within(WIDTH * 4 * LETTER.1.., 0);
                self.log(LINES - 1);
            }
            Scene::Noise => {
                for (pixel, clean) in pixels(&mut self.bytes).zip(self.clean.as_chunks().0) {
                    let by = self.dice.below(7) as i16 - 3;
                    *pixel = brighter(*clean, by);
                }
            }
            Scene::Film => self.film(at),
        }
    }

    /// A picture that moves, as a camera sees it.
    fn film(&mut self, at: usize) {
        for (place, pixel) in pixels(&mut self.bytes).enumerate() {
            let (x, y) = (place % WIDTH, place / WIDTH);
            let wave = |value: usize| (value % 512).abs_diff(256) as u8 / 2 + 40;
            let clean = [
                wave(x + at * 8),
                wave(x + y + at * 5),
                wave(y * 2 + at * 3),
                0,
            ];
            *pixel = brighter(clean, self.dice.below(17) as i16 - 8);
        }
    }

    /// A firmware's menu.
    fn menu(&mut self) {
        self.bytes = BLUE.repeat(WIDTH * HEIGHT);
        for column in 0..COLUMNS {
            self.letter(column, 0, b' ', BLUE, GREY);
        }
        self.text(60, 0, "Setup Utility - Advanced", BLUE, GREY);
        for line in (3..LINES - 2).step_by(2) {
            let name = self.words(34);
            self.text(5, line, &name, GREY, BLUE);
            let value = self.words(16);
            self.text(55, line, &format!("[{value}]"), YELLOW, BLUE);
        }
    }

    /// A line of a kernel's log.
    fn log(&mut self, line: usize) {
        let length = 30 + self.dice.below(COLUMNS - 45);
        let text = self.words(length);
        let time = self.dice.below(10_000_000);
        let text = format!("[{:5}.{:06}] {text}", time / 1000, time % 1_000_000);
        for column in 0..COLUMNS {
            let letter = text.as_bytes().get(column).copied().unwrap_or(b' ');
            self.letter(column, line, letter, GREY, BLACK);
        }
    }

    fn words(&mut self, length: usize) -> String {
        let mut text = String::new();
        while text.len() < length {
            text.push_str(WORDS.get(self.dice.below(WORDS.len())).unwrap_or(&""));
            text.push(' ');
        }
        text.truncate(length);
        text
    }

    fn text(&mut self, column: usize, line: usize, text: &str, ink: Colour, paper: Colour) {
        for (column, letter) in (column..).zip(text.bytes()) {
            self.letter(column, line, letter, ink, paper);
        }
    }

    fn block(&mut self, column: usize, line: usize, colour: Colour) {
        self.letter(column, line, b' ', colour, colour);
    }

    fn letter(&mut self, column: usize, line: usize, letter: u8, ink: Colour, paper: Colour) {
        let (x, y) = (column % COLUMNS * LETTER.0, line * LETTER.1);
        let Some(glyph) = self.font.glyph_for_utf8(&[letter]) else {
            return;
        };
        for (y, row) in (y..).zip(glyph) {
            let start = (y * WIDTH + x) * 4;
            let target = self.bytes.get_mut(start..).unwrap_or_default();
            for (pixel, lit) in pixels(target).take(LETTER.0).zip(row) {
                *pixel = if lit { ink } else { paper };
            }
        }
    }
}

fn pixels(bytes: &mut [u8]) -> impl Iterator<Item = &mut Colour> {
    bytes.as_chunks_mut().0.iter_mut()
}

fn brighter(colour: Colour, by: i16) -> Colour {
    let [blue, green, red, unused] = colour;
    let change = |part: u8| (i16::from(part) + by).clamp(0, 255) as u8;
    [change(blue), change(green), change(red), unused]
}
