//! What one finds at a log-in: a user name, then a handful of honest commands.

use std::fmt::Write as _;

/// The longest line that is kept, in characters.
const LINE_MAX: usize = 80;

/// One log-in, on the screen or at the serial port.
#[derive(Debug, Clone, Default)]
pub(super) struct Session {
    line: String,
    logged_in: bool,
    /// A carriage return was the last letter: a line feed right after it ends no second line.
    returned: bool,
    /// Keys are being counted, and so many have come.
    counted: Option<u8>,
}

/// What a session knows of the system it runs on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts<'a> {
    /// The system's name and version.
    pub(super) system: &'a str,
    /// The system's name in the network.
    pub(super) host: &'a str,
    /// The processors' instruction set.
    pub(super) instruction_set: &'a str,
    /// The terminal's name.
    pub(super) terminal: &'a str,
    /// Seconds since the system started.
    pub(super) up: u64,
    /// How busy the processors are made, in percent.
    pub(super) load: u8,
    /// Hardware threads, where they are known.
    pub(super) threads: Option<u32>,
    /// Memory in MiB, where it is known.
    pub(super) memory_mib: Option<u64>,
}

/// What a command asks of the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Request {
    /// Start anew.
    Reboot,
    /// Switch off.
    PowerOff,
    /// Switch a keyboard light.
    Led(Led, bool),
    /// Make the processors busy, in percent.
    Load(u8),
    /// Fall over.
    Panic,
}

/// A light of the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Led {
    /// Caps Lock.
    Caps,
    /// Num Lock.
    Num,
    /// Scroll Lock.
    Scroll,
}

const HELP: &str = "\
help                          this list
uname                         the system's name
uptime                        how long it has been running, and how busy
free                          how much memory there is
load N                        keep the processors busy, 0 to 100 percent
led caps|num|scroll on|off    switch a light of the keyboard
keys                          count keys in bars, to be measured by; q ends it
clear                         clear the screen
reboot                        start anew
poweroff                      shut down and switch off
panic                         fall over
exit                          log out
";

/// Clears a terminal.
const CLEAR: &str = "\x1b[2J\x1b[H";

/// A number as eight bars in the upper left corner, the highest bit first: each four letters wide and
/// two high, white or black. Whoever measures reads it off the picture.
fn bars(number: u8) -> String {
    let bar = |bit: u8| {
        if number & (0x80 >> bit) == 0 {
            "    "
        } else {
            "████"
        }
    };
    let line: String = (0..8).map(bar).collect();
    format!("\x1b[H\x1b[1;37m{line}\n{line}\x1b[0m\n\n{number} keys, q ends it  ")
}

impl Session {
    /// What stands before the first letter: the name of the system and the question who is there.
    pub(super) fn greeting(facts: &Facts<'_>) -> String {
        format!(
            "\n{} {} {}\n\n{} login: ",
            facts.system, facts.host, facts.terminal, facts.host
        )
    }

    /// One letter was typed; gives what is printed and what is asked of the system.
    pub(super) fn letter(&mut self, letter: char, facts: &Facts<'_>) -> (String, Option<Request>) {
        let after_return = std::mem::replace(&mut self.returned, letter == '\r');
        if let Some(count) = &mut self.counted {
            if matches!(letter, 'q' | '\x03') {
                self.counted = None;
                return (format!("{CLEAR}{}", self.prompt(facts)), None);
            }
            *count = count.wrapping_add(1);
            return (bars(*count), None);
        }
        match letter {
            '\n' if after_return => (String::new(), None),
            '\n' | '\r' => {
                let line = std::mem::take(&mut self.line);
                let mut out = "\n".to_owned();
                let request = self.enter(line.trim(), facts, &mut out);
                (out, request)
            }
            '\x08' | '\x7f' => {
                let rubbed = self.line.pop().map(|_| "\x08 \x08".to_owned());
                (rubbed.unwrap_or_default(), None)
            }
            // Control-C and Control-U give the line up.
            '\x03' | '\x15' => {
                self.line.clear();
                (format!("^C\n{}", self.prompt(facts)), None)
            }
            letter if letter.is_control() || self.line.chars().count() >= LINE_MAX => {
                (String::new(), None)
            }
            letter => {
                self.line.push(letter);
                (letter.to_string(), None)
            }
        }
    }

    fn prompt(&self, facts: &Facts<'_>) -> String {
        if self.logged_in {
            format!("\x1b[1;32mroot@{}\x1b[0m:\x1b[1;34m~\x1b[0m# ", facts.host)
        } else {
            format!("{} login: ", facts.host)
        }
    }

    /// A line was entered.
    fn enter(&mut self, line: &str, facts: &Facts<'_>, out: &mut String) -> Option<Request> {
        let mut request = None;
        if !self.logged_in {
            match line {
                "" => {}
                "root" => {
                    self.logged_in = true;
                    out.push_str("Welcome. `help` lists what can be done here.\n");
                }
                _ => out.push_str("Login incorrect\n\n"),
            }
        } else if line == "exit" || line == "logout" {
            *self = Self::default();
            out.push_str(&Self::greeting(facts));
            return None;
        } else {
            if line == "keys" {
                self.counted = Some(0);
                out.push_str(CLEAR);
                out.push_str(&bars(0));
                return None;
            }
            request = command(line, facts, out);
            // The system has the last word.
            if matches!(
                request,
                Some(Request::Reboot | Request::PowerOff | Request::Panic)
            ) {
                return request;
            }
        }
        out.push_str(&self.prompt(facts));
        request
    }
}

/// Carries a command out: prints its answer and gives what it asks of the system.
fn command(line: &str, facts: &Facts<'_>, out: &mut String) -> Option<Request> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        [] => {}
        ["help"] => out.push_str(HELP),
        ["uname", ..] => {
            let Facts {
                system,
                host,
                instruction_set,
                ..
            } = facts;
            // Writing to a `String` can't fail.
            let _ = writeln!(out, "{system} {host} {instruction_set}");
        }
        ["uptime"] => {
            let (minutes, seconds) = (facts.up / 60, facts.up % 60);
            let _ = writeln!(out, "up {minutes} min {seconds} s, load {} %", facts.load);
            if let Some(threads) = facts.threads {
                let _ = writeln!(out, "{threads} processors");
            }
        }
        ["free"] => {
            let _ = match facts.memory_mib {
                Some(mib) => writeln!(out, "{mib} MiB"),
                None => writeln!(out, "not known"),
            };
        }
        ["clear"] => out.push_str(CLEAR),
        ["reboot"] => return Some(Request::Reboot),
        ["poweroff"] => return Some(Request::PowerOff),
        ["panic"] => return Some(Request::Panic),
        ["load", percent] => match percent.trim_end_matches('%').parse::<u8>() {
            Ok(percent) if percent <= 100 => return Some(Request::Load(percent)),
            _ => out.push_str("load: 0 to 100 percent\n"),
        },
        ["led", which, on] => match (led(which), on_off(on)) {
            (Some(which), Some(on)) => return Some(Request::Led(which, on)),
            _ => out.push_str("led: caps|num|scroll on|off\n"),
        },
        ["load" | "led" | "keys", ..] => out.push_str("`help` says how\n"),
        [unknown, ..] => {
            let _ = writeln!(out, "{unknown}: command not found");
        }
    }
    None
}

fn led(word: &str) -> Option<Led> {
    match word {
        "caps" => Some(Led::Caps),
        "num" => Some(Led::Num),
        "scroll" => Some(Led::Scroll),
        _ => None,
    }
}

fn on_off(word: &str) -> Option<bool> {
    match word {
        "on" => Some(true),
        "off" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACTS: Facts<'_> = Facts {
        system: "SimOS 1.0",
        host: "sim-1",
        instruction_set: "x86-64",
        terminal: "tty1",
        up: 125,
        load: 5,
        threads: Some(16),
        memory_mib: Some(16384),
    };

    fn typed(session: &mut Session, text: &str) -> (String, Vec<Request>) {
        let (mut out, mut requests) = (String::new(), Vec::new());
        for letter in text.chars() {
            let (printed, request) = session.letter(letter, &FACTS);
            out.push_str(&printed);
            requests.extend(request);
        }
        (out, requests)
    }

    fn logged_in() -> Session {
        let mut session = Session::default();
        typed(&mut session, "root\n");
        session
    }

    #[test]
    fn only_root_gets_in_and_needs_no_password() {
        let mut session = Session::default();
        let (out, _) = typed(&mut session, "mallory\n");
        assert!(out.ends_with("Login incorrect\n\nsim-1 login: "), "{out}");
        let (out, requests) = typed(&mut session, "poweroff\n");
        assert!(out.contains("Login incorrect") && requests.is_empty());
        let (out, _) = typed(&mut session, "root\n");
        assert!(out.ends_with("# "), "{out}");
    }

    #[test]
    fn commands_ask_the_system_for_what_they_say() {
        for (line, wanted) in [
            ("reboot\n", Request::Reboot),
            ("poweroff\n", Request::PowerOff),
            ("panic\n", Request::Panic),
            ("load 80\n", Request::Load(80)),
            ("load 100%\n", Request::Load(100)),
            ("led caps on\n", Request::Led(Led::Caps, true)),
            ("led scroll off\n", Request::Led(Led::Scroll, false)),
        ] {
            let (_, requests) = typed(&mut logged_in(), line);
            assert_eq!(requests, [wanted], "{line}");
        }
    }

    #[test]
    fn what_makes_no_sense_asks_for_nothing_and_says_so() {
        for (line, says) in [
            ("load 101\n", "0 to 100"),
            ("load -1\n", "0 to 100"),
            ("led caps maybe\n", "on|off"),
            ("led\n", "help"),
            ("rm -rf /\n", "rm: command not found"),
        ] {
            let (out, requests) = typed(&mut logged_in(), line);
            assert!(out.contains(says), "{line}: {out}");
            assert!(requests.is_empty(), "{line}");
        }
    }

    #[test]
    fn facts_are_told_as_they_are() {
        let (out, _) = typed(&mut logged_in(), "uname\nuptime\nfree\n");
        assert!(out.contains("SimOS 1.0 sim-1 x86-64\n"));
        assert!(out.contains("up 2 min 5 s, load 5 %\n16 processors\n"));
        assert!(out.contains("16384 MiB\n"));
    }

    #[test]
    fn keys_are_counted_in_bars_until_it_is_ended() {
        let mut session = logged_in();
        let (out, _) = typed(&mut session, "keys\n");
        assert!(out.contains(&format!("{}\n", " ".repeat(32))), "{out:?}");
        let (out, requests) = typed(&mut session, "poweroff\nx");
        assert!(requests.is_empty(), "it takes every key");
        let ten = "\x1b[H\x1b[1;37m                ████    ████    \n";
        assert!(
            out.contains(ten) && out.ends_with("10 keys, q ends it  "),
            "{out:?}"
        );
        let (out, _) = typed(&mut session, "q");
        assert!(out.starts_with(CLEAR) && out.ends_with("# "), "{out:?}");
        let (_, requests) = typed(&mut session, "reboot\n");
        assert_eq!(requests, [Request::Reboot]);
    }

    #[test]
    fn a_line_can_be_mended_and_is_bounded() {
        let (_, requests) = typed(&mut logged_in(), "panicc\x08\x08\x08\x08\x08\x08reboot\n");
        assert_eq!(requests, [Request::Reboot]);
        let mut session = logged_in();
        let (out, _) = typed(&mut session, &"x".repeat(500));
        assert_eq!(out.len(), LINE_MAX);
    }

    #[test]
    fn a_return_with_a_line_feed_is_one_end_of_a_line() {
        let mut session = logged_in();
        let (out, _) = typed(&mut session, "\r\n");
        assert_eq!(out.matches("# ").count(), 1, "{out:?}");
    }
}
