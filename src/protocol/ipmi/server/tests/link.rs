//! Consoles and a server on a bad network: datagrams are lost, doubled, delayed and overtake each
//! other. Every command runs exactly once and is answered.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use super::{
    hostile::Dice,
    rig::{Console, Rig, login, request},
};
use crate::ipmi::{
    Completion, Suite,
    client::Heard,
    server::{Ticket, Work},
};

const MS: Duration = Duration::from_millis(1);
/// How long a console waits for an answer.
const PATIENCE: Duration = Duration::from_millis(250);
const COMMANDS: u8 = 150;

/// What is under way, by when it arrives.
enum Event {
    ToServer(Vec<u8>),
    ToConsole(Vec<u8>),
    /// A command is done.
    Done(Ticket, u8),
}

struct Network {
    events: BTreeMap<(Instant, u64), Event>,
    count: u64,
    dice: Dice,
}

impl Network {
    fn at(&mut self, when: Instant, event: Event) {
        self.count += 1;
        self.events.insert((when, self.count), event);
    }

    /// A fifth is lost, a fifth comes twice, and each takes its own time.
    fn send(&mut self, now: Instant, datagram: &[u8], event: impl Fn(Vec<u8>) -> Event) {
        let copies = [0, 1, 1, 1, 2][self.dice.below(5)];
        for _ in 0..copies {
            let delay = 1 + self.dice.below(120) as u32;
            self.at(now + MS * delay, event(datagram.to_vec()));
        }
    }
}

fn run(seed: u64, suite: Suite) {
    let mut rig = Rig::new();
    let begun = rig.now;
    let mut console = Console::with(login("admin", suite));
    let dice = Dice(seed);
    let mut network = Network {
        events: BTreeMap::new(),
        count: 0,
        dice,
    };
    // How often each command ran, and which is to be answered now.
    let mut ran = [0_u32; COMMANDS as usize];
    let mut asked = 0;
    let mut retry = rig.now;
    while asked < COMMANDS {
        assert!(
            rig.now < begun + Duration::from_secs(3_000),
            "seed {seed}: stuck at {asked}"
        );
        if rig.now >= retry {
            let mut datagram = Vec::new();
            if console.client.is_standing() {
                let data = [asked];
                let request = request(asked % 64, 0, 2, &data);
                console.client.request(&request, &mut datagram);
            } else {
                console.client.step(&mut datagram);
            }
            network.send(rig.now, &datagram, Event::ToServer);
            retry = rig.now + PATIENCE;
        }
        let next = network.events.keys().next().map_or(retry, |(at, _)| *at);
        if next > retry || network.events.is_empty() {
            rig.now = rig.now.max(retry);
            continue;
        }
        rig.now = rig.now.max(next);
        let Some((_, event)) = network.events.pop_first() else {
            continue;
        };
        let now = rig.now;
        let Rig {
            server, house, out, ..
        } = &mut rig;
        match event {
            Event::ToServer(mut datagram) => {
                let work = server.input(&mut datagram, console.peer, now, house, out);
                if let Some(Work::Command(command)) = work {
                    let which = command.data[0];
                    ran[usize::from(which)] += 1;
                    // Some take longer than the console's patience.
                    let takes = MS * network.dice.below(600) as u32;
                    network.at(now + takes, Event::Done(command.ticket, which));
                }
                for datagram in out.datagrams() {
                    network.send(now, datagram, Event::ToConsole);
                }
            }
            Event::Done(ticket, which) => {
                server.reply(ticket, Completion::OK, &[which], now, house, out);
                for datagram in out.datagrams() {
                    network.send(now, datagram, Event::ToConsole);
                }
            }
            Event::ToConsole(mut datagram) => match console.client.input(&mut datagram) {
                Some(Heard::Response(response)) if response.data == [asked] => {
                    asked += 1;
                    retry = now;
                }
                Some(Heard::Step | Heard::Standing) => retry = now,
                Some(Heard::Refused(why)) => panic!("seed {seed}: {why:?}"),
                _ => {}
            },
        }
    }
    assert!(ran.iter().all(|times| *times == 1), "seed {seed}: {ran:?}");
    assert_eq!(rig.count(), 1, "seed {seed}");
}

#[test]
fn every_command_runs_once_and_is_answered() {
    for seed in 1..=40 {
        let suite = Suite::ALL[seed as usize % 2];
        run(0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(seed), suite);
    }
}
