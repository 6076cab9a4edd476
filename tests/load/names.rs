//! `names`: whether the time until RAKP message 2 tells a user's name from a made-up one.
//!
//! In each round three consoles ask for the proof, in an order by chance: one for the owner's name and
//! two for made-up names of the same length. The third one is there to measure the measurement: how
//! far two answers to unknown names are apart is what the other distance is to be compared with.
//! Each round comes from an address of its own, so that no limit on guessing is ever near; the owner
//! finishes its login, so that its name is never slowed down either.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Instant,
};

use clap::Args;
use outband_protocol::ipmi::{Privilege, rakp::Name};
use serde_json::{Value, json};

use crate::{
    Failure, Found,
    console::{Console, DATAGRAM_MAX, receive},
    dice::Dice,
    statistics::{Distance, median},
    target::Target,
};

/// The first address; the others are counted up from it.
const FIRST: Ipv4Addr = Ipv4Addr::new(127, 64, 0, 1);
/// Rounds that aren't counted: everything is new to the BMC in the first ones.
const WARM_UP: u32 = 100;

/// `names`.
#[derive(Debug, Args)]
pub(crate) struct Names {
    /// It must answer on loopback
    #[command(flatten)]
    target: Target,
    /// How many times each name is asked for
    #[arg(long, default_value_t = 5000, value_name = "N", value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    rounds: u32,
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Owner,
    Nobody,
    NobodyElse,
}

/// Who asked, how many microseconds the answer took, and how long it was.
type Answered = (Who, f64, usize);

/// The times of one of them, in microseconds, and how long the answers were.
#[derive(Debug, Default)]
struct Seen {
    times: Vec<f64>,
    lengths: Vec<usize>,
}

impl Names {
    pub(crate) fn run(self) -> Result<Found, Failure> {
        let mut dice = Dice::of_now();
        let mut seen: [Seen; 3] = Default::default();
        let mut lost = 0;
        for round in 0..WARM_UP + self.rounds {
            let from = Ipv4Addr::from_bits(FIRST.to_bits() + round);
            let Some(answers) = self.round(from.into(), &mut dice)? else {
                lost += 1;
                continue;
            };
            if round < WARM_UP {
                continue;
            }
            for (who, microseconds, length) in answers {
                let place = &mut seen[who as usize];
                place.times.push(microseconds);
                if !place.lengths.contains(&length) {
                    place.lengths.push(length);
                }
            }
        }
        let [owner, nobody, nobody_else] = &seen;
        let unknown = Distance::of(&owner.times, &nobody.times);
        let control = Distance::of(&nobody_else.times, &nobody.times);
        let alike = seen.iter().all(|seen| seen.lengths == owner.lengths);
        Ok(Found {
            line: json!({
                "mode": "names", "rounds": owner.times.len(), "lost": lost,
                "lengths": owner.lengths, "alike": alike,
                "known_us": median(&owner.times), "unknown_us": median(&nobody.times),
                "known_unknown": line(&unknown), "unknown_unknown": line(&control),
            }),
            good: alike && owner.lengths.len() == 1 && lost * 10 < self.rounds,
        })
    }

    /// All three ask once; `None` when a datagram got lost or was very late.
    fn round(&self, from: IpAddr, dice: &mut Dice) -> Result<Option<Vec<Answered>>, Failure> {
        let mut order = vec![Who::Owner, Who::Nobody, Who::NobodyElse];
        let mut answers = Vec::new();
        let mut owner = None;
        while !order.is_empty() {
            let who = order.swap_remove(dice.below(order.len()));
            let mut console = self.console(who, from, dice)?;
            console.step()?;
            // Had it to ask again, what comes next might be the answer to that.
            let answered = if console.resent == 0 {
                timed(&console)?
            } else {
                None
            };
            let Some((microseconds, answer)) = answered else {
                return Ok(None);
            };
            answers.push((who, microseconds, answer.len()));
            if who == Who::Owner {
                let mut answer = answer;
                console.client.input(&mut answer);
                owner = Some(console);
            }
        }
        if let Some(mut owner) = owner {
            owner.set_up()?;
            owner.close()?;
        }
        Ok(Some(answers))
    }

    fn console(&self, who: Who, from: IpAddr, dice: &mut Dice) -> Result<Console, Failure> {
        let mut login = self.target.login(Privilege::User)?;
        if who != Who::Owner {
            let letter = |_| b'a' + (dice.byte() % 26);
            let made_up: Vec<u8> = login.name.as_bytes().iter().map(letter).collect();
            login.name = Name::new(&made_up).unwrap_or_default();
        }
        let socket = self.target.socket(Some(from))?;
        Ok(Console::new(socket, login, Dice::new(dice.next())))
    }
}

/// Sends the step that is due; gives how many microseconds passed until its answer, and the answer.
fn timed(console: &Console) -> Result<Option<(f64, Vec<u8>)>, Failure> {
    let mut datagram = Vec::new();
    console.client.step(&mut datagram);
    let mut answer = vec![0; DATAGRAM_MAX];
    let from = Instant::now();
    console.socket.send(&datagram)?;
    let length = receive(&console.socket, &mut answer)?;
    let took = from.elapsed();
    Ok(length.map(|length| {
        answer.truncate(length);
        (took.as_secs_f64() * 1e6, answer)
    }))
}

fn line(distance: &Distance) -> Value {
    json!({ "medians_us": distance.medians, "t": distance.t })
}
