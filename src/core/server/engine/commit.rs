//! Making changes durable without waiting: what is on its way to the store, in order.

use std::{collections::VecDeque, sync::Arc};

use tokio::sync::oneshot;

use super::{Engine, Envelope};
use crate::{
    events::EventKind,
    host::{BoxFuture, HostFault},
    server::{Accepted, Command, Outcome, Refused, durable::Durable},
};

/// Who is answered once a change is durable.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) envelope: Envelope,
    /// What was kept before: taken back when the store fails.
    pub(super) before: Durable,
}

struct InFlight {
    work: BoxFuture<Result<(), HostFault>>,
    /// In a box: most changes have none, and every idle engine keeps room for some changes.
    answer: Option<Box<Answer>>,
}

/// The changes on their way, oldest first. The store keeps their order.
#[derive(Default)]
pub(super) struct Commits(VecDeque<InFlight>);

impl std::fmt::Debug for Commits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Commits").field(&self.0.len()).finish()
    }
}

impl Commits {
    /// Waits for the oldest change; for ever when there is none.
    pub(super) async fn next(&mut self) -> (Result<(), HostFault>, Option<Box<Answer>>) {
        let Some(oldest) = self.0.front_mut() else {
            return std::future::pending().await;
        };
        let result = oldest.work.as_mut().await;
        let answer = self.0.pop_front().and_then(|done| done.answer);
        (result, answer)
    }

    /// Whether nothing is on its way.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A boot used this override: no failed change brings it back.
    pub(super) fn forget_override(&mut self, id: u64) {
        let answers = self
            .0
            .iter_mut()
            .filter_map(|flight| flight.answer.as_mut());
        for answer in answers {
            let before = &mut answer.before;
            before.boot_override.take_if(|held| held.uses_up(id));
        }
    }

    /// The next change on its way of the same setting.
    fn next_of(&mut self, command: &Command) -> Option<&mut Answer> {
        let kind = std::mem::discriminant(command);
        let mut answers = self
            .0
            .iter_mut()
            .filter_map(|change| change.answer.as_deref_mut());
        answers.find(|answer| std::mem::discriminant(&answer.envelope.command) == kind)
    }
}

impl Engine {
    /// Sends the present state to the store; nobody waits for it.
    pub(super) fn keep(&mut self) {
        let work = self.store.commit(vec![self.durable.change(&self.id)]);
        self.commits.0.push_back(InFlight { work, answer: None });
    }

    /// Sends the present state to the store and answers when it is there.
    pub(super) fn keep_and_answer(&mut self, answer: Answer) {
        let work = self.store.commit(vec![self.durable.change(&self.id)]);
        self.commits.0.push_back(InFlight {
            work,
            answer: Some(Box::new(answer)),
        });
    }

    pub(super) fn take_commit(&mut self, done: (Result<(), HostFault>, Option<Box<Answer>>)) {
        let (result, answer) = done;
        match (result, answer) {
            (Ok(()), Some(answer)) => {
                let Answer { envelope, .. } = *answer;
                let kind = EventKind::Accepted {
                    command: describe(&envelope.command),
                };
                self.record(Some(&envelope.actor), kind);
                self.publish();
                self.accept_done(envelope.reply);
            }
            (Ok(()), None) => {}
            (Err(fault), answer) => {
                self.report(&fault);
                if let Some(answer) = answer {
                    self.take_back(&answer.envelope.command, &answer.before);
                    self.refuse(answer.envelope, Refused::Host(fault));
                }
            }
        }
    }

    /// Undoes a setting that could not be made durable, in memory and in whatever of it went to the
    /// store with later changes.
    fn take_back(&mut self, command: &Command, before: &Durable) {
        if let Some(later) = self.commits.next_of(command) {
            // A later change of the same setting stands, and goes back to what was before both.
            copy_setting(command, before, &mut later.before);
        } else {
            copy_setting(command, before, &mut self.durable);
            self.apply_cycle_interval();
            self.put_off_override();
            if let (Command::BootOverride(_), Some(boot)) = (command, &self.boot) {
                let given = boot.set_override(before.boot_override);
                if let Err(fault) = given {
                    self.report(&fault);
                }
            }
        }
        self.keep();
        self.changed = true;
    }

    /// Answers that a command is accepted and done.
    pub(super) fn accept_done(&self, reply: oneshot::Sender<Result<Accepted, Refused>>) {
        let (done, outcome) = oneshot::channel();
        let _ = done.send(Outcome::Done);
        let _ = reply.send(Ok(Accepted {
            generation: self.generation,
            outcome,
        }));
    }
}

/// Copies the setting that a command is about.
fn copy_setting(command: &Command, from: &Durable, to: &mut Durable) {
    match command {
        Command::BootOverride(_) => {
            to.boot_override = from.boot_override;
            to.hurried_override = from.hurried_override;
        }
        Command::BootOptions(_) => to.boot_options = from.boot_options.clone(),
        Command::RestorePolicy(_) => to.restore_policy = from.restore_policy,
        Command::CycleInterval(_) => to.cycle_interval = from.cycle_interval,
        Command::AssetTag(_) => to.asset_tag = from.asset_tag.clone(),
        Command::Power(_) | Command::Identify(_) => {}
    }
}

/// A command in words, for the log.
pub(super) fn describe(command: &Command) -> Arc<str> {
    match command {
        Command::Power(action) => format!("power {action}"),
        Command::BootOverride(None) => "boot override off".to_owned(),
        Command::BootOverride(Some(wanted)) => {
            let mode = wanted
                .mode
                .map_or(String::new(), |mode| format!(", {mode:?}"));
            format!(
                "boot override {:?} {:?}{mode}",
                wanted.target, wanted.lifetime
            )
        }
        Command::BootOptions(written) => {
            // What is written is between its writer and its reader.
            let mut parameters: Vec<String> = written
                .iter()
                .map(|option| option.parameter().to_string())
                .collect();
            parameters.dedup();
            format!("boot options {}", parameters.join(", "))
        }
        Command::RestorePolicy(policy) => format!("restore policy {policy:?}"),
        Command::CycleInterval(seconds) => format!("pause of a power cycle {seconds} s"),
        Command::Identify(identify) => format!("identify {identify:?}"),
        Command::AssetTag(tag) => format!("asset tag `{tag}`"),
    }
    .into()
}
