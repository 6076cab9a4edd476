//! What is under way: the task service, tasks, and their monitors (DSP0266 section 12.2).

use http::{StatusCode, header};
use outband_core::tasks::{Task, TaskId, TaskState};

use super::{
    super::{
        health::{Health, status},
        messages::{Message, annotate_as, base},
        page::Page,
        refusals,
        reply::{Outcome, Reply},
        routes::{Ask, Schema},
        time::iso,
    },
    absent, collection,
};

/// What a task is.
pub(super) const SCHEMA: Schema = Schema {
    name: "Task",
    version: Some("v1_7_4"),
};

/// Where a task is.
pub(super) fn uri(id: TaskId) -> String {
    format!("/redfish/v1/TaskService/Tasks/{id}")
}

/// Where a task's end can be waited for.
pub(super) fn monitor_uri(id: TaskId) -> String {
    format!("/redfish/v1/TaskService/TaskMonitors/{id}")
}

/// The task service.
pub(in super::super) fn service(ask: &Ask<'_>, page: &mut Page) -> Outcome<()> {
    page.text("Id", "TaskService");
    page.text("Name", "Task service");
    let now = iso(ask.redfish.bmc.clock.wall());
    page.live(|page| page.maybe("DateTime", now.as_deref()));
    page.text("CompletedTaskOverWritePolicy", "Oldest");
    page.plain("LifeCycleEventOnTaskStateChange", false);
    page.plain("ServiceEnabled", true);
    status(page, Some("Enabled"), Some(Health::Ok));
    page.link("Tasks", "/redfish/v1/TaskService/Tasks");
    Ok(())
}

/// Whether a task may be shown: it is about a server that the actor reaches, or about none.
fn is_shown(ask: &Ask<'_>, task: &Task) -> bool {
    let server = task.server.as_ref();
    server.is_none_or(|server| ask.redfish.shows(ask.actor, server))
}

/// The tasks.
pub(in super::super) fn list(ask: &Ask<'_>, page: &mut Page) -> Outcome<()> {
    let tasks = ask.redfish.bmc.tasks.list();
    let tasks = tasks.iter().filter(|task| is_shown(ask, task));
    let ids: Vec<TaskId> = tasks.map(|task| task.id).collect();
    collection(page, ask.uri, "Tasks", ids.into_iter());
    Ok(())
}

fn find(ask: &Ask<'_>) -> Outcome<Task> {
    let id = ask.id.parse().ok();
    let task = id.and_then(|id: TaskId| ask.redfish.bmc.tasks.get(id));
    task.filter(|task| is_shown(ask, task))
        .ok_or_else(|| absent(ask))
}

/// A task.
pub(in super::super) fn show(ask: &Ask<'_>, page: &mut Page) -> Outcome<()> {
    write(page, &find(ask)?);
    Ok(())
}

/// Writes a task.
pub(super) fn write(page: &mut Page, task: &Task) {
    let (state, health) = match task.state {
        TaskState::Running => ("Running", "OK"),
        TaskState::Completed => ("Completed", "OK"),
        TaskState::Unconfirmed => ("Completed", "Warning"),
        TaskState::Exception => ("Exception", "Critical"),
        TaskState::Cancelled => ("Cancelled", "Warning"),
    };
    page.text("Id", &task.id.to_string());
    page.text("Name", &task.name);
    page.text("TaskState", state);
    page.text("TaskStatus", health);
    page.maybe("StartTime", iso(task.started).as_deref());
    page.maybe("EndTime", task.ended.and_then(iso).as_deref());
    page.known("PercentComplete", task.percent);
    page.text("TaskMonitor", &monitor_uri(task.id));
    let said = |definition| Message::new(definition, []).saying(&*task.message);
    let message = match task.state {
        TaskState::Running => None,
        TaskState::Completed => Some(said(&base::SUCCESS)),
        // The message says all of it.
        TaskState::Unconfirmed => Some(Message::new(&base::EFFECT_NOT_SENSED, [])),
        TaskState::Exception | TaskState::Cancelled => Some(said(&base::OPERATION_FAILED)),
    };
    annotate_as(page, "Messages", message.as_slice());
}

/// A task's monitor: answers 202 while it runs, and then what the request itself would have been
/// answered, had it waited.
pub(in super::super) fn monitor(ask: &Ask<'_>, _page: &mut Page) -> Outcome<()> {
    let task = find(ask)?;
    let failed = |status| {
        let message = Message::new(&base::OPERATION_FAILED, []).saying(&*task.message);
        Reply::error(status, &[message])
    };
    Err(Box::new(match task.state {
        TaskState::Running => {
            let mut page = Page::new(&uri(task.id), &SCHEMA);
            write(&mut page, &task);
            Reply::page(StatusCode::ACCEPTED, page).with(header::LOCATION, &monitor_uri(task.id))
        }
        TaskState::Completed => Reply::done(),
        TaskState::Unconfirmed => refusals::unconfirmed(),
        TaskState::Exception => failed(StatusCode::INTERNAL_SERVER_ERROR),
        TaskState::Cancelled => failed(StatusCode::CONFLICT),
    }))
}

#[cfg(test)]
mod tests {
    use outband_core::host::Stamp;
    use serde_json::Value;

    use super::*;

    fn shown(state: TaskState) -> Value {
        let at = Stamp {
            unix_ms: 0,
            synchronised: true,
        };
        let mut page = Page::bare();
        let task = Task {
            id: 3,
            name: "Reset of server 1: GracefulShutdown".into(),
            server: None,
            owner: None,
            state,
            percent: None,
            message: "Still on after 120 s.".into(),
            started: at,
            ended: (state != TaskState::Running).then_some(at),
        };
        write(&mut page, &task);
        serde_json::from_slice(&page.bare_bytes()).unwrap()
    }

    #[test]
    fn a_failed_task_is_an_exception_with_its_reason() {
        let task = shown(TaskState::Exception);
        assert_eq!(task["TaskState"], "Exception");
        assert_eq!(task["TaskStatus"], "Critical");
        let message = &task["Messages"][0]["Message"];
        assert!(message.as_str().unwrap().ends_with("Still on after 120 s."));
        assert_eq!(task["EndTime"], "1970-01-01T00:00:00Z");
    }

    #[test]
    fn a_running_task_has_no_end() {
        let task = shown(TaskState::Running);
        assert_eq!(task["TaskState"], "Running");
        assert_eq!(task.get("EndTime"), None);
        assert_eq!(task["Messages"], serde_json::json!([]));
        assert_eq!(task["TaskMonitor"], monitor_uri(3));
    }
}
