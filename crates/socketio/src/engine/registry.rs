//! The open sessions by their ids, and the count of tasks that a shutdown waits for.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use super::{
    link::{Input, Link},
    refusal::Refusal,
};

#[derive(Clone, Default)]
pub(crate) struct Registry {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    idle: Notify,
}

#[derive(Default)]
struct State {
    sessions: HashMap<String, Link>,
    tasks: usize,
    closing: bool,
}

/// Holds a shutdown back for as long as it lives.
pub(crate) struct TaskGuard {
    registry: Registry,
}

/// A session's place in the registry; dropping it takes the session out.
pub(crate) struct Entry {
    sid: String,
    task: TaskGuard,
}

impl Registry {
    /// Enters a session, unless there are `limit` already or the server is shutting down.
    pub(crate) fn enter(&self, sid: String, link: Link, limit: usize) -> Result<Entry, Refusal> {
        let mut state = self.lock();
        if state.closing {
            return Err(Refusal::ShuttingDown);
        }
        if state.sessions.len() >= limit {
            return Err(Refusal::TooManySessions);
        }
        state.sessions.insert(sid.clone(), link);
        state.tasks += 1;
        Ok(Entry { sid, task: TaskGuard { registry: self.clone() } })
    }

    pub(crate) fn get(&self, sid: &str) -> Option<Link> {
        self.lock().sessions.get(sid).cloned()
    }

    /// Ends all sessions and waits until their tasks have ended.
    pub(crate) async fn shutdown(&self) {
        let links: Vec<Link> = {
            let mut state = self.lock();
            state.closing = true;
            state.sessions.values().cloned().collect()
        };
        for link in links {
            // A session that has ended by itself needs no telling.
            let _ = link.push(Input::Shutdown);
        }
        loop {
            let idle = self.shared.idle.notified();
            if self.lock().tasks == 0 {
                return;
            }
            idle.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    /// Takes the session out; its task still holds a shutdown back.
    pub(crate) fn leave(&self) {
        self.task.registry.lock().sessions.remove(&self.sid);
    }

    /// A guard for a task that outlives the session's own.
    pub(crate) fn another_task(&self) -> TaskGuard {
        let registry = self.task.registry.clone();
        registry.lock().tasks += 1;
        TaskGuard { registry }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Drop for TaskGuard {
    fn drop(&mut self) {
        let mut state = self.registry.lock();
        state.tasks -= 1;
        if state.tasks == 0 {
            drop(state);
            self.registry.shared.idle.notify_waiters();
        }
    }
}
