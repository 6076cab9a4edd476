//! Long work that a client can follow: started, progress, ended (Redfish `Task`).

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use crate::{
    access::{AccountId, Actor},
    host::{Clock, Stamp},
    server::ServerId,
};

/// A task's number, from 1, never reused while the daemon runs.
pub type TaskId = u64;

/// How far a task is (Redfish `TaskState`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TaskState {
    /// It runs.
    Running,
    /// It ended as it should.
    Completed,
    /// It was carried out, and whether it had its effect could not be sensed.
    Unconfirmed,
    /// It failed.
    Exception,
    /// It was cancelled.
    Cancelled,
}

/// A task, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Its number.
    pub id: TaskId,
    /// What it does, for people: `Reset of server 1: GracefulShutdown`.
    pub name: Arc<str>,
    /// The server it is about.
    pub server: Option<ServerId>,
    /// Whose it is.
    pub owner: Option<AccountId>,
    /// How far it is.
    pub state: TaskState,
    /// Percent done, where that is known.
    pub percent: Option<u8>,
    /// What it says, for people; the reason after a failure.
    pub message: Arc<str>,
    /// When it began.
    pub started: Stamp,
    /// When it ended.
    pub ended: Option<Stamp>,
}

/// The tasks of the daemon, at most [`Tasks::MAX`]: the oldest ended ones go first.
#[derive(Debug)]
pub struct Tasks {
    clock: Arc<dyn Clock>,
    all: Mutex<All>,
    changed: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct All {
    last: TaskId,
    tasks: BTreeMap<TaskId, Task>,
}

impl Tasks {
    /// How many tasks are kept.
    pub const MAX: usize = 256;
    /// The longest name or message in bytes; more is cut.
    pub const TEXT_MAX: usize = 1024;

    /// No tasks.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            all: Mutex::default(),
            changed: watch::Sender::new(0),
        }
    }

    /// Starts a task; `None` when [`Tasks::MAX`] tasks run already.
    #[must_use]
    pub fn start(
        self: &Arc<Self>,
        owner: &Actor,
        server: Option<&ServerId>,
        name: String,
    ) -> Option<TaskHandle> {
        self.start_for(owner.account(), server, &name)
    }

    fn start_for(
        self: &Arc<Self>,
        owner: Option<AccountId>,
        server: Option<&ServerId>,
        name: &str,
    ) -> Option<TaskHandle> {
        let mut all = self.lock();
        if all.tasks.len() >= Self::MAX {
            let ended = |task: &&Task| task.state != TaskState::Running;
            // Ids grow with time, so that the first ended one by id began first; what counts is
            // who ended first.
            let oldest = all
                .tasks
                .values()
                .filter(ended)
                .min_by_key(|task| task.ended);
            let oldest = oldest?.id;
            all.tasks.remove(&oldest);
        }
        all.last += 1;
        let id = all.last;
        let task = Task {
            id,
            name: cut(name),
            server: server.cloned(),
            owner,
            state: TaskState::Running,
            percent: None,
            message: "".into(),
            started: self.clock.wall(),
            ended: None,
        };
        all.tasks.insert(id, task);
        drop(all);
        self.note();
        Some(TaskHandle {
            id,
            tasks: self.clone(),
        })
    }

    /// A task.
    #[must_use]
    pub fn get(&self, id: TaskId) -> Option<Task> {
        self.lock().tasks.get(&id).cloned()
    }

    /// All tasks, oldest first.
    #[must_use]
    pub fn list(&self) -> Vec<Task> {
        self.lock().tasks.values().cloned().collect()
    }

    /// Counts up with each change of any task.
    #[must_use]
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Changes a task that runs; one that has ended stays as it is.
    fn change(&self, id: TaskId, change: impl FnOnce(&mut Task)) {
        let mut all = self.lock();
        let running = all.tasks.get_mut(&id).filter(|task| task.ended.is_none());
        if let Some(task) = running {
            change(task);
            drop(all);
            self.note();
        }
    }

    fn end(&self, id: TaskId, state: TaskState, message: &str) {
        let now = self.clock.wall();
        self.change(id, |task| {
            task.state = state;
            task.message = cut(message);
            task.ended = Some(now);
            if state == TaskState::Completed {
                task.percent = Some(100);
            }
        });
    }

    fn note(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    fn lock(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn cut(text: &str) -> Arc<str> {
    let mut end = text.len().min(Tasks::TEXT_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().into()
}

/// The right to say how far a task is. Dropped without [`TaskHandle::end`], the task is an
/// exception: its worker died.
#[derive(Debug)]
pub struct TaskHandle {
    /// The task's number.
    pub id: TaskId,
    tasks: Arc<Tasks>,
}

impl TaskHandle {
    /// Says how far it is, in percent; more than 100 is 100.
    pub fn progress(&self, percent: u8, message: &str) {
        self.tasks.change(self.id, |task| {
            task.percent = Some(percent.min(100));
            task.message = cut(message);
        });
    }

    /// Ends it. [`TaskState::Running`] is no end: it counts as [`TaskState::Exception`].
    pub fn end(self, state: TaskState, message: &str) {
        let state = match state {
            TaskState::Running => TaskState::Exception,
            ended => ended,
        };
        self.tasks.end(self.id, state, message);
    }
}

impl Drop for TaskHandle {
    fn drop(&mut self) {
        // Says nothing of a task that has ended.
        self.tasks
            .end(self.id, TaskState::Exception, "its worker died");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    #[derive(Debug, Default)]
    struct Ticking(AtomicI64);

    impl Clock for Ticking {
        fn now(&self) -> tokio::time::Instant {
            tokio::time::Instant::now()
        }
        fn wall(&self) -> Stamp {
            Stamp {
                unix_ms: self.0.fetch_add(1, Ordering::Relaxed),
                synchronised: true,
            }
        }
    }

    fn tasks() -> Arc<Tasks> {
        Arc::new(Tasks::new(Arc::new(Ticking::default())))
    }

    fn start(tasks: &Arc<Tasks>) -> Option<TaskHandle> {
        tasks.start_for(Some(AccountId(7)), None, "work")
    }

    #[test]
    fn a_task_runs_progresses_and_ends_once() {
        let tasks = tasks();
        let mut changed = tasks.changed();
        let handle = start(&tasks).unwrap();
        let id = handle.id;
        assert!(changed.has_changed().unwrap());
        changed.mark_unchanged();
        handle.progress(250, "half way");
        let task = tasks.get(id).unwrap();
        assert_eq!((task.percent, task.state), (Some(100), TaskState::Running));
        assert_eq!(task.owner, Some(AccountId(7)));
        assert!(changed.has_changed().unwrap());
        handle.end(TaskState::Completed, "done");
        let task = tasks.get(id).unwrap();
        assert_eq!((&*task.message, task.state), ("done", TaskState::Completed));
        assert!(task.ended > Some(task.started));
    }

    #[test]
    fn a_worker_that_dies_leaves_an_exception() {
        let tasks = tasks();
        let id = start(&tasks).unwrap().id;
        let task = tasks.get(id).unwrap();
        assert_eq!(task.state, TaskState::Exception);
        assert_eq!(&*task.message, "its worker died");
        let handle = start(&tasks).unwrap();
        let id = handle.id;
        handle.end(TaskState::Running, "odd");
        assert_eq!(tasks.get(id).unwrap().state, TaskState::Exception);
    }

    #[test]
    fn the_first_to_end_goes_first_and_running_ones_never() {
        let tasks = tasks();
        let mut handles: Vec<_> = (0..Tasks::MAX).map(|_| start(&tasks).unwrap()).collect();
        assert!(start(&tasks).is_none());
        handles.remove(9).end(TaskState::Completed, "");
        handles.remove(3).end(TaskState::Completed, "");
        let next = start(&tasks).unwrap();
        assert_eq!(next.id, 257);
        assert!(tasks.get(10).is_none());
        assert!(tasks.get(4).is_some());
        assert_eq!(tasks.list().len(), Tasks::MAX);
    }

    #[test]
    fn texts_are_cut_at_a_letter() {
        let tasks = tasks();
        let handle = tasks.start_for(None, None, &"\u{e9}".repeat(600)).unwrap();
        assert_eq!(tasks.get(handle.id).unwrap().name.len(), Tasks::TEXT_MAX);
        handle.progress(1, &format!("x{}", "\u{e9}".repeat(600)));
        assert_eq!(tasks.get(handle.id).unwrap().message.len(), 1023);
    }
}
