//! `ComputerSystem.Reset`.
//!
//! Answered when the outcome is there; after two seconds without one, with a task that can be
//! followed. Where nothing could sense the effect, the answer and the task say so.

use std::time::Duration;

use futures_util::future::BoxFuture;
use http::{StatusCode, header};
use outband_core::{
    server::{Accepted, Command, Outcome as Ended, PowerAction, ServerHandle},
    tasks::{TaskHandle, TaskState},
};
use serde_json::Value;

use super::{
    super::{
        messages::{Message, base},
        page::Page,
        patch::short,
        refusals,
        reply::{Outcome, Reply},
        routes::Ask,
        words::{RESET_TYPES, meaning, words_where},
    },
    absent, tasks,
};
use crate::services::json::Object;

const ACTION: &str = "ComputerSystem.Reset";
const PARAMETER: &str = "ResetType";

/// How long a reply waits for the outcome.
const PATIENCE: Duration = Duration::from_secs(2);

/// Switches a server.
pub(in super::super) fn reset<'a>(
    ask: Ask<'a>,
    server: &'a ServerHandle,
    body: Object,
) -> BoxFuture<'a, Outcome<Reply>> {
    Box::pin(async move {
        let snapshot = server.snapshot();
        if snapshot.abilities.power.is_empty() {
            return Err(absent(&ask));
        }
        let power = &snapshot.abilities.power;
        let types: Vec<_> = words_where(RESET_TYPES, |action| power.contains(action)).collect();
        let (word, action) = read(body, &types).map_err(|wrong| Box::new(Reply::bad(&[wrong])))?;
        let accepted = server.submit(ask.actor, Command::Power(action)).await;
        let who = ask.actor.account();
        let mut accepted = accepted
            .map_err(|refused| Box::new(refusals::refused(&refused, who, ask.uri, PARAMETER)))?;
        if let Ok(ended) = tokio::time::timeout(PATIENCE, accepted.wait()).await {
            return outcome(&ended);
        }
        let id = server.id();
        let name = format!("Reset of server {id}: {word}");
        match ask.redfish.bmc.tasks.start(ask.actor, Some(id), name) {
            Some(task) => Ok(follow(&ask, accepted, task)),
            // As many tasks as there may be: the connection is the task.
            None => outcome(&accepted.outcome().await),
        }
    })
}

/// The reset type in a body: its word and the action it asks for.
fn read(body: Object, types: &[&'static str]) -> Result<(&'static str, PowerAction), Message> {
    let wrong = |definition, args| {
        let words = format!("Acceptable values: {}.", types.join(", "));
        Message::new::<3>(definition, args).saying(words)
    };
    for name in body.keys() {
        if name != PARAMETER && !name.contains('@') {
            let unknown = Message::new(&base::ACTION_PARAMETER_UNKNOWN, [ACTION, name]);
            return Err(unknown.about(&format!("/{name}")));
        }
    }
    match body.get(PARAMETER) {
        None => {
            let missing = Message::new(&base::ACTION_PARAMETER_MISSING, [ACTION, PARAMETER]);
            Err(missing.saying(format!("Acceptable values: {}.", types.join(", "))))
        }
        Some(Value::String(asked)) => {
            let word = types.iter().find(|word| *word == asked);
            word.and_then(|word| Some((*word, meaning(RESET_TYPES, word)?)))
                .ok_or_else(|| {
                    let definition = &base::ACTION_PARAMETER_VALUE_NOT_IN_LIST;
                    wrong(definition, [asked, PARAMETER, ACTION])
                })
        }
        Some(other) => {
            let definition = &base::ACTION_PARAMETER_VALUE_TYPE_ERROR;
            Err(wrong(definition, [&short(other), PARAMETER, ACTION]))
        }
    }
}

fn outcome(ended: &Ended) -> Outcome<Reply> {
    match ended {
        Ended::Done => Ok(Reply::done()),
        Ended::Unconfirmed => Ok(refusals::unconfirmed()),
        Ended::Failed { .. } | Ended::Superseded { .. } => Err(Box::new(refusals::failed(ended))),
    }
}

/// Answers with a task, and ends it when the outcome is there.
fn follow(ask: &Ask<'_>, accepted: Accepted, task: TaskHandle) -> Reply {
    let id = task.id;
    tokio::spawn(async move {
        let ended = accepted.outcome().await;
        let state = match &ended {
            Ended::Done => TaskState::Completed,
            Ended::Unconfirmed => TaskState::Unconfirmed,
            Ended::Failed { .. } => TaskState::Exception,
            Ended::Superseded { .. } => TaskState::Cancelled,
        };
        task.end(state, &refusals::outcome_words(&ended));
    });
    let mut page = Page::new(&tasks::uri(id), &tasks::SCHEMA);
    if let Some(task) = ask.redfish.bmc.tasks.get(id) {
        tasks::write(&mut page, &task);
    }
    Reply::page(StatusCode::ACCEPTED, page).with(header::LOCATION, &tasks::monitor_uri(id))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read_body(body: Value) -> Result<PowerAction, (String, String)> {
        let Value::Object(body) = body else {
            panic!("no object")
        };
        let read = read(body, &["On", "ForceOn", "ForceOff"]);
        read.map(|(_, action)| action).map_err(|message| {
            let id = message.id();
            (id.rsplit('.').next().unwrap().to_owned(), message.text())
        })
    }

    #[test]
    fn a_reset_type_among_the_allowable_values_is_an_action() {
        let read = |word| read_body(json!({ "ResetType": word }));
        assert_eq!(read("On"), Ok(PowerAction::On));
        assert_eq!(read("ForceOn"), Ok(PowerAction::On));
        assert_eq!(read("ForceOff"), Ok(PowerAction::Off));
    }

    #[test]
    fn any_other_is_refused_with_the_list() {
        for (body, id) in [
            (
                json!({"ResetType": "FullPowerCycle"}),
                "ActionParameterValueNotInList",
            ),
            (json!({"ResetType": "Nmi"}), "ActionParameterValueNotInList"),
            (
                json!({"ResetType": "Reset"}),
                "ActionParameterValueNotInList",
            ),
            (json!({"ResetType": 1}), "ActionParameterValueTypeError"),
            (json!({}), "ActionParameterMissing"),
        ] {
            let (refused, text) = read_body(body.clone()).unwrap_err();
            assert_eq!(refused, id, "{body}");
            assert!(
                text.ends_with("Acceptable values: On, ForceOn, ForceOff."),
                "{text}"
            );
        }
        let (refused, _) = read_body(json!({"ResetType": "On", "Delay": 5})).unwrap_err();
        assert_eq!(refused, "ActionParameterUnknown");
    }
}
