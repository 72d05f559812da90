//! The rooms on a Socket.IO server: the only module that knows `twocan-socketio`.

use std::{
    collections::HashMap,
    convert::Infallible,
    fmt,
    future::pending,
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use tokio::{sync::Notify, time::sleep_until};
use tracing::{debug, error, info};
use twocan_socketio::{
    Ack, ConnectError, ConnectRequest, DisconnectReason, Event, Handler, Socket,
};

use crate::{
    credentials::{Host, SeatName},
    protocol::{Code, Refused, Request, ServerEvent, UserId},
    rooms::{Command, Config, Now, Parting, Rooms},
};

/// How many lines about one socket are logged for everybody: enough for a call with all its mishaps,
/// too few to fill a disk.
const INFO_LINES: u64 = 8;

/// The signalling of a server, as a handler of its sockets. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Signalling {
    shared: Arc<Shared>,
}

struct Shared {
    inner: Mutex<Inner>,
    on_ended: Box<dyn Fn(SeatName) + Send + Sync>,
    /// Told when the time for which [`Signalling::run_timers`] waits may have changed.
    rescheduled: Notify,
}

struct Inner {
    rooms: Rooms<Box<dyn FnMut() -> u64 + Send>>,
    sockets: HashMap<UserId, Socket>,
}

impl Signalling {
    /// Signalling with no rooms yet. `on_ended` hears of each seat whose credentials are to be ended;
    /// it must not block.
    pub fn new(config: Config, on_ended: impl Fn(SeatName) + Send + Sync + 'static) -> Signalling {
        let rooms = Rooms::new(config, Box::new(names()) as Box<dyn FnMut() -> u64 + Send>);
        let inner = Mutex::new(Inner { rooms, sockets: HashMap::new() });
        let on_ended = Box::new(on_ended);
        Signalling { shared: Arc::new(Shared { inner, on_ended, rescheduled: Notify::new() }) }
    }

    /// Sends what is to be sent at its time. Never returns: run it beside the server, and drop it
    /// with the server.
    pub async fn run_timers(&self) -> Infallible {
        loop {
            let due = self.lock().rooms.poll_timeout();
            tokio::select! {
                () = self.shared.rescheduled.notified() => {}
                () = wait_until(due) => {
                    let mut inner = self.lock();
                    let now = now();
                    let commands = inner.rooms.handle_timeout(now);
                    inner.carry_out(commands, None);
                    self.end_credentials(&mut inner, now);
                }
            }
        }
    }

    /// How many rooms have somebody in them.
    pub fn room_count(&self) -> usize {
        self.lock().rooms.room_count()
    }

    /// After a change: ends credentials that are due, and sees to it that the timers hear of others.
    fn settle(&self, inner: &mut Inner, due_before: Option<Instant>, now: Now) {
        self.end_credentials(inner, now);
        if inner.rooms.poll_timeout() != due_before {
            self.shared.rescheduled.notify_one();
        }
    }

    fn end_credentials(&self, inner: &mut Inner, now: Now) {
        for seat in inner.rooms.take_ended(now) {
            (self.shared.on_ended)(seat);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic elsewhere leaves the rooms as they were between two commands.
        self.shared.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Signalling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signalling").field("rooms", &self.room_count()).finish()
    }
}

impl Handler for Signalling {
    type State = Connected;

    async fn connect(
        &self,
        socket: Socket,
        request: ConnectRequest,
    ) -> Result<Connected, ConnectError> {
        if request.namespace != "/" {
            return Err(ConnectError::invalid_namespace());
        }
        let user = UserId::from(socket.id());
        let host = request.handshake.host.as_deref().and_then(Host::from_header);
        debug!(user = user.as_str(), remote = %request.handshake.remote, "socket connected");
        let mut inner = self.lock();
        inner.rooms.connect(user.clone(), host);
        inner.sockets.insert(user.clone(), socket.clone());
        Ok(Connected { user, socket, lines: 0 })
    }

    async fn event(&self, state: &mut Connected, event: Event) {
        let Event { name, args, attachments, ack } = event;
        let request = if attachments.is_empty() {
            Request::parse(&name, &args)
        } else {
            let help = "Send JSON: binary data is not handed on.";
            Err(Refused::with_message(&name, Code::Malformed, help))
        };

        let mut inner = self.lock();
        let (now, due) = (now(), inner.rooms.poll_timeout());
        let commands = match request {
            Ok(request) => inner.rooms.request(&state.user, request, now),
            Err(refused) => vec![Command::Answer(ServerEvent::Refused(refused))],
        };
        // Who hears that a seat was left has its credentials behind it.
        self.settle(&mut inner, due, now);
        // Within the lock, so that everybody hears of everything in the order in which it was.
        inner.carry_out(commands, Some((state, ack)));
    }

    async fn disconnect(&self, state: Connected, reason: DisconnectReason) {
        let user = state.user.as_str();
        debug!(user, %reason, "socket disconnected");
        let mut inner = self.lock();
        inner.sockets.remove(&state.user);
        let rooms = inner.rooms.seat_count(&state.user);
        let suppressed = state.lines.saturating_sub(INFO_LINES);
        if rooms > 0 || suppressed > 0 {
            info!(user, rooms, suppressed, %reason, "left its rooms");
        }
        let (now, due) = (now(), inner.rooms.poll_timeout());
        let parting = match reason {
            DisconnectReason::ClientDisconnect => Parting::Goodbye,
            _ => Parting::Lost,
        };
        let commands = inner.rooms.disconnect(&state.user, parting, now);
        self.settle(&mut inner, due, now);
        inner.carry_out(commands, None);
    }
}

/// What is kept for each socket.
#[derive(Debug)]
pub struct Connected {
    user: UserId,
    socket: Socket,
    /// How many lines its requests have been worth.
    lines: u64,
}

impl Inner {
    /// Emits what the commands say; `asker` is whose request they answer.
    fn carry_out(&self, commands: Vec<Command>, mut asker: Option<(&mut Connected, Option<Ack>)>) {
        for command in commands {
            match command {
                Command::Answer(event) => {
                    if let Some((connected, ack)) = asker.take() {
                        log(connected.user.as_str(), &event, &mut connected.lines);
                        emit(&connected.socket, &event);
                        acknowledge(ack, &event);
                    }
                }
                Command::Acknowledge(room) => {
                    if let Some((_, ack)) = asker.take() {
                        acknowledge(ack, &room);
                    }
                }
                Command::Tell(user, event) => {
                    if let Some(socket) = self.sockets.get(&user) {
                        emit(socket, &event);
                    }
                }
            }
        }
    }
}

fn emit(socket: &Socket, event: &ServerEvent) {
    if let Err(err) = socket.emit(event.name(), event) {
        error!(event = event.name(), %err, "cannot write an event; please report this");
    }
}

fn acknowledge<T: serde::Serialize>(ack: Option<Ack>, argument: &T) {
    if let Some(ack) = ack
        && let Err(err) = ack.send(argument)
    {
        error!(%err, "cannot write an acknowledgement; please report this");
    }
}

/// One line for what became of a request, the first of each socket for everybody. Room names are
/// secrets, so none is in it.
fn log(user: &str, event: &ServerEvent, lines: &mut u64) {
    let (people, what) = match event {
        ServerEvent::Joined(joined) => (Some(joined.user_num), "joined a room"),
        ServerEvent::Leaved(_) => (None, "left a room"),
        ServerEvent::Full(full) => (Some(full.user_num), "met a full room"),
        ServerEvent::Refused(refused) => {
            let Refused { event, code, .. } = refused;
            debug!(user, event, code = code.as_str(), "refused a request");
            return;
        }
        _ => return,
    };
    *lines += 1;
    if *lines <= INFO_LINES {
        info!(user, people, "{what}");
    } else {
        debug!(user, people, "{what}");
    }
}

async fn wait_until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due.into()).await,
        None => pending().await,
    }
}

fn now() -> Now {
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    Now { monotonic: Instant::now(), unix }
}

/// Draws the names of seats. They need not be secret, only tell nothing and not be mistaken for each
/// other: numbers under a hash with a key that is drawn once do so, and can never fail.
fn names() -> impl FnMut() -> u64 + Send {
    let key = RandomState::new();
    let mut number = 0_u64;
    move || {
        number += 1;
        key.hash_one(number)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::HashSet,
        sync::atomic::{AtomicU64, Ordering},
    };

    use tracing::{Level, Metadata, Subscriber, span};

    use super::*;
    use crate::protocol::InRoom;

    #[test]
    fn a_socket_fills_no_disk_with_its_lines() {
        let info = Infos::default();
        let leaved = ServerEvent::Leaved(InRoom { room_id: "tea".to_owned().try_into().unwrap() });
        let mut lines = 0;
        tracing::subscriber::with_default(info.clone(), || {
            for _ in 0..1000 {
                log("Xq", &leaved, &mut lines);
            }
        });
        assert_eq!(info.count.load(Ordering::Relaxed), INFO_LINES);
        assert_eq!(lines, 1000);
    }

    /// Counts what is logged at the level of people.
    #[derive(Clone, Default)]
    struct Infos {
        count: Arc<AtomicU64>,
    }

    impl Subscriber for Infos {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn event(&self, event: &tracing::Event<'_>) {
            if *event.metadata().level() == Level::INFO {
                self.count.fetch_add(1, Ordering::Relaxed);
            }
        }

        fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
            span::Id::from_u64(1)
        }

        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

        fn enter(&self, _: &span::Id) {}

        fn exit(&self, _: &span::Id) {}
    }

    #[test]
    fn seats_have_different_names_that_follow_no_order() {
        let mut next = names();
        let drawn: Vec<u64> = std::iter::repeat_with(&mut next).take(1000).collect();
        assert_eq!(drawn.iter().collect::<HashSet<_>>().len(), 1000);
        assert!(!drawn.is_sorted());
        assert_ne!(names()(), drawn[0]);
    }
}
