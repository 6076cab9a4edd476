//! Taking a command: the gate's table, admission, and what each command does.

use std::{sync::Arc, time::Duration};

use tokio::{sync::oneshot, time::Instant};

use super::{
    Because, Engine,
    commit::{Answer, describe},
    running::{Running, Waiting},
};
use crate::{
    access::Actor,
    driver::{DriverFault, Line},
    events::{ActorMark, EventKind},
    host::HostFault,
    server::{
        Accepted, Command, Identify, IdentifyState, Outcome, PowerAction, PowerState, Refused,
        RestartCause,
        admission::{Verdict, View, admit},
        handle::Envelope,
    },
};

impl Engine {
    pub(super) fn take_command(&mut self, envelope: Envelope) {
        let allowed = envelope
            .actor
            .may(envelope.command.operation(), Some(&self.id));
        let verdict = match allowed {
            Ok(()) => self.judge(&envelope.command),
            Err(denied) => Verdict::Deny(Refused::Denied(denied)),
        };
        match verdict {
            Verdict::Deny(refused) => self.refuse(envelope, refused),
            Verdict::Same => {
                self.note(&envelope);
                self.put_off_override();
                self.accept_done(envelope.reply);
            }
            Verdict::Join => {
                self.note(&envelope);
                let Command::Power(action) = envelope.command else {
                    return;
                };
                self.put_off_override();
                self.answer_later(action, envelope);
            }
            Verdict::Accept => self.carry(envelope),
        }
    }

    fn judge(&self, command: &Command) -> Verdict {
        let now = self.clock.now();
        let running = self
            .sequencer
            .running()
            .map(|(action, until)| (action, until.saturating_duration_since(now)));
        let power = PowerState::from(self.now_sensed.on);
        admit(
            View {
                abilities: &self.abilities,
                power,
                boot_options: &self.durable.boot_options,
                running,
                may_come_on: self.sequencer.may_come_on(now).is_some(),
            },
            command,
        )
    }

    fn note(&self, envelope: &Envelope) {
        let kind = EventKind::Accepted {
            command: describe(&envelope.command),
        };
        self.record(Some(&envelope.actor), kind);
    }

    pub(super) fn refuse(&self, envelope: Envelope, refused: Refused) {
        let command = describe(&envelope.command);
        let kind = EventKind::Refused {
            command,
            why: refused.to_string().into(),
        };
        self.record(Some(&envelope.actor), kind);
        let _ = envelope.reply.send(Err(refused));
    }

    fn carry(&mut self, envelope: Envelope) {
        let before = self.durable.clone();
        match &envelope.command {
            Command::Power(action) => {
                let action = *action;
                self.note(&envelope);
                self.claim_override(action);
                self.begin(action, &envelope.actor, RestartCause::ChassisControl);
                self.answer_later(action, envelope);
                return;
            }
            Command::Identify(identify) => {
                let now = self.clock.now();
                let (lit, until) = match *identify {
                    Identify::Off => (false, None),
                    Identify::On => (true, None),
                    Identify::For(seconds) => {
                        (true, Some(now + Duration::from_secs(seconds.into())))
                    }
                };
                if let Err(fault) = self.show_identify(lit, until) {
                    let refused = HostFault {
                        doing: "switch the identify light",
                        why: fault.to_string().into(),
                    };
                    return self.refuse(envelope, refused.into());
                }
                self.note(&envelope);
                self.publish();
                self.accept_done(envelope.reply);
                return;
            }
            Command::BootOverride(wanted) => {
                let via = envelope.actor.origin().via;
                if let Err(fault) = self.set_override(*wanted, via) {
                    let refused = HostFault {
                        doing: "hand over the boot override",
                        why: fault.to_string().into(),
                    };
                    return self.refuse(envelope, refused.into());
                }
            }
            Command::BootOptions(written) => {
                if let Err(bad) = self.write_boot_options(written) {
                    return self.refuse(envelope, bad.into());
                }
            }
            Command::RestorePolicy(policy) => self.durable.restore_policy = *policy,
            Command::CycleInterval(seconds) => {
                self.durable.cycle_interval = *seconds;
                self.apply_cycle_interval();
            }
            Command::AssetTag(tag) => self.durable.asset_tag = tag.clone(),
        }
        self.keep_and_answer(Answer { envelope, before });
    }

    /// Starts a power action for an actor, or for a policy.
    pub(super) fn begin(&mut self, action: PowerAction, actor: &Arc<Actor>, cause: RestartCause) {
        use PowerAction::{Cycle, On, Reset, SoftCycle};
        let now = self.clock.now();
        if matches!(action, On | Cycle | Reset | SoftCycle) {
            let commanded = cause == RestartCause::ChassisControl;
            let via = commanded.then_some(actor.origin().via);
            self.expected = Some(Because { cause, via });
        }
        let actor = ActorMark::from(actor.as_ref());
        self.running.push(Running {
            action,
            since: now,
            actor,
            waiting: Waiting::default(),
        });
        self.sequencer.begin(action, now);
        self.carry_out();
        self.publish();
    }

    /// Tells the sequencer the pause of a power cycle.
    pub(super) fn apply_cycle_interval(&mut self) {
        let pause = Duration::from_secs(self.durable.cycle_interval.into());
        self.sequencer.set_cycle_rest(pause);
    }

    fn answer_later(&mut self, action: PowerAction, envelope: Envelope) {
        let (ended, outcome) = oneshot::channel();
        match self
            .running
            .iter_mut()
            .find(|running| running.action == action)
        {
            Some(running) => running.waiting.add(ended),
            // It ended at once (a driver without any light), and that is the outcome.
            None => {
                let outcome = self.last_outcome.as_ref().map(|last| last.outcome.clone());
                let _ = ended.send(outcome.unwrap_or(Outcome::Unconfirmed));
            }
        }
        let accepted = Accepted {
            generation: self.generation,
            outcome,
        };
        let _ = envelope.reply.send(Ok(accepted));
    }

    /// Switches the identify light. What can't be switched is not said to be, but its time ends.
    pub(super) fn show_identify(
        &mut self,
        lit: bool,
        until: Option<Instant>,
    ) -> Result<(), DriverFault> {
        let driven = self.drive(Line::Identify, lit);
        match driven {
            Ok(()) => self.identify = IdentifyState { lit, until },
            Err(_) => self.identify.until = None,
        }
        self.changed = true;
        driven
    }
}
