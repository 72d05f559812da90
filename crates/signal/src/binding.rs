//! The rooms on a Socket.IO server: the only module that knows `twocan-socketio`.

use std::{
    collections::HashMap,
    convert::Infallible,
    fmt,
    future::pending,
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use serde::Serialize;
use serde_json::value::RawValue;
use tokio::{sync::Notify, time::sleep_until};
use tracing::{debug, error, info, warn};
use twocan_socketio::{
    Ack, ConnectError, ConnectRequest, DisconnectReason, Event, Handler, Socket,
};

use crate::{
    credentials::{Host, SeatName},
    figures::Figures,
    protocol::{Code, Refused, Request, ServerEvent, SocketId},
    rooms::{Asker, Caller, Command, Config, Now, Parting, Rooms},
};

/// How many lines about one socket are logged for everybody: enough for a call with all its mishaps,
/// too few to fill a disk.
const INFO_LINES: u64 = 8;

/// How often it is said at most that connections are refused, since anybody can bring it about.
const WARNING_INTERVAL: Duration = Duration::from_secs(60);

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
    sockets: HashMap<SocketId, Line>,
    requests: u64,
    /// When it was last said that connections are refused.
    warned: Option<Instant>,
}

/// A client's line.
struct Line {
    socket: Socket,
    /// The acknowledgements that it waits for, by the numbers of its requests.
    acks: Vec<(u64, Ack)>,
    /// How many lines of the log its requests have been worth.
    logged: u64,
}

impl Signalling {
    /// Signalling with no rooms yet. `on_ended` hears of each seat whose credentials are to be ended;
    /// it must not block.
    pub fn new(config: Config, on_ended: impl Fn(SeatName) + Send + Sync + 'static) -> Signalling {
        let rooms = Rooms::new(config, Box::new(numbers()) as Box<dyn FnMut() -> u64 + Send>);
        let inner = Inner { rooms, sockets: HashMap::new(), requests: 0, warned: None };
        let (inner, rescheduled) = (Mutex::new(inner), Notify::new());
        Signalling { shared: Arc::new(Shared { inner, on_ended: Box::new(on_ended), rescheduled }) }
    }

    /// Does what is to be done at its time. Never returns: run it beside the server, and drop it
    /// with the server.
    pub async fn run_timers(&self) -> Infallible {
        loop {
            let due = self.lock().rooms.poll_timeout();
            tokio::select! {
                () = self.shared.rescheduled.notified() => {}
                () = wait_until(due) => self.change(|inner, now| inner.rooms.handle_timeout(now)),
            }
        }
    }

    /// Whether whoever is at this address may open a session: to be asked before the server is, which
    /// counts sessions only in total.
    ///
    /// # Errors
    /// The reason in words, if as many have been opened from its network as may be.
    pub fn may_open(&self, address: IpAddr) -> Result<(), &'static str> {
        let (mut inner, now) = (self.lock(), now());
        let allowed = inner.rooms.may_open(address, now);
        allowed.map_err(|code| inner.refuse_connection(address, code, now))
    }

    /// Counts a session that the server has opened for this address.
    pub fn opened(&self, address: IpAddr) {
        self.lock().rooms.opened(address, now());
    }

    /// What there is, and what there has been.
    pub fn figures(&self) -> Figures {
        self.lock().rooms.figures()
    }

    /// Does what a socket asks for, and acknowledges it if that is wanted.
    fn request(&self, socket: &SocketId, request: Result<Request, Refused>, ack: Option<Ack>) {
        self.change(|inner, now| {
            inner.requests += 1;
            let asker = Asker { socket: socket.clone(), request: inner.requests };
            if let Some(ack) = ack
                && let Some(line) = inner.sockets.get_mut(socket)
            {
                line.acks.push((asker.request, ack));
            }
            inner.rooms.request(asker, request, now)
        });
    }

    /// Lets something happen, and carries out what follows: within the lock, so that everybody hears of
    /// everything in the order in which it was.
    fn change(&self, happen: impl FnOnce(&mut Inner, Now) -> Vec<Command>) {
        let mut inner = self.lock();
        let due = inner.rooms.poll_timeout();
        let commands = happen(&mut inner, now());
        // Who hears that a seat was left has its credentials behind it.
        for seat in inner.rooms.take_ended() {
            (self.shared.on_ended)(seat);
        }
        inner.carry_out(commands);
        if inner.rooms.poll_timeout() != due {
            self.shared.rescheduled.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic elsewhere leaves the rooms as they were between two commands.
        self.shared.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Signalling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signalling").field("figures", &self.figures()).finish()
    }
}

impl Handler for Signalling {
    type State = SocketId;

    async fn connect(
        &self,
        socket: Socket,
        request: &ConnectRequest,
    ) -> Result<SocketId, ConnectError> {
        if request.namespace != "/" {
            return Err(ConnectError::invalid_namespace());
        }
        let id = SocketId::from(socket.id());
        let host = request.handshake.host.as_deref().and_then(Host::from_header);
        let remote = request.handshake.remote;
        let caller = Caller { host, address: remote.ip() };
        let (mut inner, now) = (self.lock(), now());
        match inner.rooms.connect(id.clone(), caller, now) {
            Ok(()) => {
                debug!(socket = id.as_str(), %remote, "socket connected");
                inner.sockets.insert(id.clone(), Line { socket, acks: Vec::new(), logged: 0 });
                Ok(id)
            }
            Err(code) => Err(connect_error(code, inner.refuse_connection(remote.ip(), code, now))),
        }
    }

    async fn connected(&self, socket: &mut SocketId, request: ConnectRequest) {
        if let Some(join) = request.auth.as_deref().and_then(Request::parse_auth) {
            self.request(socket, join, None);
        }
    }

    async fn event(&self, socket: &mut SocketId, event: Event) {
        let Event { name, args, attachments, ack } = event;
        let request = if attachments.is_empty() {
            Request::parse(&name, &args)
        } else {
            let help = "Send JSON: binary data is not handed on.";
            Err(Refused::with_message(&name, Code::Malformed, help))
        };
        self.request(socket, request, ack);
    }

    async fn disconnect(&self, socket: SocketId, reason: DisconnectReason) {
        let parting = match reason {
            DisconnectReason::ClientDisconnect => Parting::Goodbye,
            _ => Parting::Lost,
        };
        self.change(|inner, now| {
            let logged = inner.sockets.remove(&socket).map_or(0, |line| line.logged);
            let rooms = inner.rooms.seat_count(&socket);
            let suppressed = logged.saturating_sub(INFO_LINES);
            let socket_id = socket.as_str();
            debug!(socket = socket_id, %reason, "socket disconnected");
            if rooms > 0 || suppressed > 0 {
                info!(socket = socket_id, rooms, suppressed, %reason, "went from its rooms");
            }
            inner.rooms.disconnect(&socket, parting, now)
        });
    }
}

impl Inner {
    /// What to tell somebody at whose address there are too many connections, which the operator is told
    /// as well.
    fn refuse_connection(&mut self, address: IpAddr, code: Code, now: Now) -> &'static str {
        let rested = |warned| now.monotonic >= warned + WARNING_INTERVAL;
        if self.warned.is_none_or(rested) {
            self.warned = Some(now.monotonic);
            warn!(
                %address,
                "too many connections come from this address, so more are refused; if it is a proxy's, \
                 name it with --trusted-proxy, and its clients are counted instead"
            );
        } else {
            debug!(%address, code = code.as_str(), "refused a connection");
        }
        code.message("connect")
    }

    fn carry_out(&mut self, commands: Vec<Command>) {
        for command in commands {
            match command {
                Command::Answer(asker, event) => {
                    if let Some(line) = self.sockets.get_mut(&asker.socket) {
                        log(asker.socket.as_str(), &event, &mut line.logged);
                        emit(&line.socket, &event);
                    }
                    self.acknowledge(&asker, &event);
                }
                Command::Acknowledge(asker, room) => self.acknowledge(&asker, &room),
                Command::Tell(socket, event) => {
                    if let Some(line) = self.sockets.get(&socket) {
                        emit(&line.socket, &event);
                    }
                }
            }
        }
    }

    fn acknowledge<T: Serialize>(&mut self, asker: &Asker, argument: &T) {
        let Some(line) = self.sockets.get_mut(&asker.socket) else {
            return;
        };
        let place = line.acks.iter().position(|(request, _)| *request == asker.request);
        if let Some((_, ack)) = place.map(|place| line.acks.swap_remove(place))
            && let Err(err) = ack.send(argument)
        {
            error!(%err, "cannot write an acknowledgement; please report this");
        }
    }
}

/// Refuses a connection as an event is refused: with words, and a code for programs.
fn connect_error(code: Code, message: &str) -> ConnectError {
    let error = ConnectError::new(message);
    let data = RawValue::from_string(format!(r#"{{"code":"{}"}}"#, code.as_str()));
    match data {
        Ok(data) => error.with_data(data),
        Err(_) => error,
    }
}

fn emit(socket: &Socket, event: &ServerEvent) {
    if let Err(err) = socket.emit(event.name(), event) {
        error!(event = event.name(), %err, "cannot write an event; please report this");
    }
}

/// One line for what became of a request, the first of each socket for everybody. Room names are
/// secrets, so none is in it.
fn log(socket: &str, event: &ServerEvent, lines: &mut u64) {
    let (people, what) = match event {
        ServerEvent::Joined(joined) if joined.resumed => {
            (Some(joined.user_num), "is back in a room")
        }
        ServerEvent::Joined(joined) => (Some(joined.user_num), "joined a room"),
        ServerEvent::Leaved(_) => (None, "left a room"),
        ServerEvent::Full(full) => (Some(full.user_num), "met a full room"),
        ServerEvent::Refused(refused) => {
            let Refused { event, code, .. } = refused;
            debug!(socket, event, code = code.as_str(), "refused a request");
            return;
        }
        _ => return,
    };
    *lines += 1;
    if *lines <= INFO_LINES {
        info!(socket, people, "{what}");
    } else {
        debug!(socket, people, "{what}");
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

/// Draws the names of seats, and the epoch of the store. They need not be secret, only tell nothing and
/// not be mistaken for each other: numbers under a hash with a key that is drawn once do so, and can never
/// fail.
fn numbers() -> impl FnMut() -> u64 + Send {
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
        let mut next = numbers();
        let drawn: Vec<u64> = std::iter::repeat_with(&mut next).take(1000).collect();
        assert_eq!(drawn.iter().collect::<HashSet<_>>().len(), 1000);
        assert!(!drawn.is_sorted());
        assert_ne!(numbers()(), drawn[0]);
    }
}
