//! The open sessions by their ids, and the count of tasks that a shutdown waits for.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use super::{
    link::{Input, Link},
    refusal::Refusal,
    session::Transport,
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
    sessions: HashMap<Arc<str>, Session>,
    /// How many of them have a WebSocket.
    websockets: usize,
    tasks: usize,
    closing: bool,
}

struct Session {
    link: Link,
    transport: Transport,
}

/// Holds a shutdown back for as long as it lives.
pub(crate) struct TaskGuard {
    registry: Registry,
}

/// A session's place in the registry; dropping it takes the session out.
pub(crate) struct Entry {
    sid: Arc<str>,
    task: TaskGuard,
}

impl Registry {
    /// Enters a session, unless there are `limit` already or the server is shutting down.
    pub(crate) fn enter(
        &self,
        sid: Arc<str>,
        link: Link,
        transport: Transport,
        limit: usize,
    ) -> Result<Entry, Refusal> {
        let mut state = self.lock();
        if state.closing {
            return Err(Refusal::ShuttingDown);
        }
        if state.sessions.len() >= limit {
            return Err(Refusal::TooManySessions);
        }
        state.sessions.insert(Arc::clone(&sid), Session { link, transport });
        state.websockets += usize::from(transport == Transport::WebSocket);
        state.tasks += 1;
        Ok(Entry { sid, task: TaskGuard { registry: self.clone() } })
    }

    pub(crate) fn get(&self, sid: &str) -> Option<Link> {
        self.lock().sessions.get(sid).map(|session| session.link.clone())
    }

    /// How many sessions are polling, and how many have a WebSocket.
    pub(crate) fn count(&self) -> (usize, usize) {
        let state = self.lock();
        (state.sessions.len() - state.websockets, state.websockets)
    }

    /// Ends all sessions and waits until their tasks have ended.
    pub(crate) async fn shutdown(&self) {
        let links: Vec<Link> = {
            let mut state = self.lock();
            state.closing = true;
            state.sessions.values().map(|session| session.link.clone()).collect()
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
        let mut state = self.task.registry.lock();
        if let Some(session) = state.sessions.remove(&self.sid) {
            state.websockets -= usize::from(session.transport == Transport::WebSocket);
        }
    }

    /// The session goes on by WebSocket.
    pub(crate) fn upgraded(&self) {
        let mut state = self.task.registry.lock();
        if let Some(session) = state.sessions.get_mut(&self.sid)
            && session.transport == Transport::Polling
        {
            session.transport = Transport::WebSocket;
            state.websockets += 1;
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_counted_by_transport_until_they_leave() {
        let registry = Registry::default();
        let enter = |sid: &str, transport| {
            registry.enter(sid.into(), Link::new(1024), transport, 2).map_err(drop)
        };
        let (a, b) = (enter("a", Transport::Polling), enter("b", Transport::WebSocket));
        assert!(enter("c", Transport::Polling).is_err(), "two are as many as there may be");
        assert_eq!(registry.count(), (1, 1));
        let a = a.unwrap();
        a.upgraded();
        a.upgraded();
        assert_eq!(registry.count(), (0, 2));
        a.leave();
        drop((a, b));
        assert_eq!(registry.count(), (0, 0));
    }
}
