//! Long work that a client can follow: started, progress, ended (Redfish `Task`).

use std::sync::Arc;

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
pub struct Tasks {}

#[allow(clippy::todo, unused_variables)]
impl Tasks {
    /// How many tasks are kept.
    pub const MAX: usize = 256;

    /// No tasks.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {}
    }

    /// Starts a task; `None` when [`Tasks::MAX`] tasks run already.
    #[must_use]
    pub fn start(
        self: &Arc<Self>,
        owner: &Actor,
        server: Option<&ServerId>,
        name: String,
    ) -> Option<TaskHandle> {
        todo!()
    }

    /// A task.
    #[must_use]
    pub fn get(&self, id: TaskId) -> Option<Task> {
        todo!()
    }

    /// All tasks, oldest first.
    #[must_use]
    pub fn list(&self) -> Vec<Task> {
        todo!()
    }

    /// Counts up with each change of any task.
    #[must_use]
    pub fn changed(&self) -> watch::Receiver<u64> {
        todo!()
    }
}

/// The right to say how far a task is. Dropped without [`TaskHandle::end`], the task is an
/// exception: its worker died.
#[derive(Debug)]
pub struct TaskHandle {
    /// The task's number.
    pub id: TaskId,
}

#[allow(clippy::todo, unused_variables)]
impl TaskHandle {
    /// Says how far it is.
    pub fn progress(&self, percent: u8, message: &str) {
        todo!()
    }

    /// Ends it.
    pub fn end(self, state: TaskState, message: &str) {
        todo!()
    }
}
