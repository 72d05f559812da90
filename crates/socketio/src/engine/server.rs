//! The engine's answers to HTTP requests.

use std::{
    collections::VecDeque,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use http_body_util::BodyExt;
use hyper::{
    Method, Request as HttpRequest, Response, StatusCode,
    body::{Body as _, Incoming},
    header::{CACHE_CONTROL, HeaderValue},
};
use tokio::{
    sync::oneshot,
    time::{Instant, timeout},
};
use tracing::{debug, error, warn};

use super::{
    Service,
    driver::{self, Start},
    link::{Input, Link},
    packet::Packet,
    refusal::{Refusal, response},
    registry::{Entry, Registry},
    request::{Query, Request, handshake},
    session::{Timing, Transport},
    sparing::Sparing,
    websocket::{self, WebSocket},
};
use crate::{Body, Config, Figures, Handshake, Peer, id::random_id, origin::Verdict};

/// An Engine.IO server: give it the requests of its path. Cheap to clone; all clones are one server.
pub struct Server<S> {
    shared: Arc<Shared<S>>,
}

struct Shared<S> {
    config: Config,
    service: Arc<S>,
    registry: Registry,
    opened: AtomicU64,
    origin_warnings: Sparing,
    rejected_origins: AtomicU64,
    turned_away: AtomicU64,
}

impl<S: Service> Server<S> {
    /// A server with the given settings, which calls `service` for every session.
    pub fn new(config: Config, service: S) -> Self {
        Self {
            shared: Arc::new(Shared {
                config,
                service: Arc::new(service),
                registry: Registry::default(),
                opened: AtomicU64::new(0),
                origin_warnings: Sparing::default(),
                rejected_origins: AtomicU64::new(0),
                turned_away: AtomicU64::new(0),
            }),
        }
    }

    /// What is called for every session.
    pub fn service(&self) -> &S {
        &self.shared.service
    }

    /// Whether a request for `path` (without its query) is this server's.
    pub fn handles(&self, path: &str) -> bool {
        let own = &self.shared.config.path;
        path == own || Some(path) == own.strip_suffix('/')
    }

    /// Answers one request; must run inside a tokio runtime, since it starts the session's task.
    ///
    /// Serve the connection `with_upgrades()`, otherwise no WebSocket opens.
    pub async fn serve(&self, request: HttpRequest<Incoming>, peer: Peer) -> Response<Body> {
        if !self.handles(request.uri().path()) {
            return Refusal::NotFound.response();
        }
        let verdict = Verdict::of(request.headers(), peer.secure, &self.shared.config.origins);
        if let Verdict::Refused(words) = &verdict {
            self.shared.rejected_origins.fetch_add(1, Ordering::Relaxed);
            let now = Instant::now().into_std();
            if let Some(suppressed) = self.shared.origin_warnings.allow(now) {
                warn!(remote = %peer.remote, suppressed, "{words}");
            }
            return Refusal::Forbidden.response();
        }
        let cors = verdict.cors();
        let mut response = if request.method() == Method::OPTIONS {
            cors.preflight(request.headers())
        } else {
            self.answer(request, peer).await.unwrap_or_else(|refusal| {
                if refusal == Refusal::TooManySessions {
                    self.shared.turned_away.fetch_add(1, Ordering::Relaxed);
                }
                debug!(remote = %peer.remote, ?refusal, "request refused");
                refusal.response()
            })
        };
        cors.apply(response.headers_mut());
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }

    /// How many sessions there are, and who was turned away.
    pub fn figures(&self) -> Figures {
        let (polling, websocket) = self.shared.registry.count();
        Figures {
            polling,
            websocket,
            rejected_origins: self.shared.rejected_origins.load(Ordering::Relaxed),
            turned_away: self.shared.turned_away.load(Ordering::Relaxed),
        }
    }

    /// Ends every session and waits until their tasks have ended. Who asks for a new one is answered with
    /// 503.
    pub async fn shutdown(&self) {
        self.shared.registry.shutdown().await;
    }

    async fn answer(
        &self,
        mut request: HttpRequest<Incoming>,
        peer: Peer,
    ) -> Result<Response<Body>, Refusal> {
        let registry = &self.shared.registry;
        let upgrade = websocket::is_upgrade(request.headers());
        let query = request.uri().query().unwrap_or_default().to_owned();
        let asked = Query::parse(&query)
            .classify(request.method(), upgrade, |sid| registry.get(sid).is_some())?;
        let session = |sid| registry.get(sid).ok_or(Refusal::UnknownSession);
        match asked {
            Request::OpenPolling => self.open_polling(handshake(request.headers(), peer)),
            Request::OpenWebSocket => {
                let response = websocket::accept(request.headers())?;
                let handshake = handshake(request.headers(), peer);
                self.open_websocket(handshake, hyper::upgrade::on(&mut request))?;
                Ok(response)
            }
            Request::Upgrade(sid) => {
                let response = websocket::accept(request.headers())?;
                self.open_candidate(session(sid)?, hyper::upgrade::on(&mut request));
                Ok(response)
            }
            Request::Poll(sid) => poll(session(sid)?).await,
            Request::Post(sid) => {
                post(session(sid)?, request.into_body(), &self.shared.config).await
            }
        }
    }

    fn open_polling(&self, handshake: Handshake) -> Result<Response<Body>, Refusal> {
        let (sid, link, entry) = self.enter(Transport::Polling)?;
        let mut body = String::new();
        self.open_packet(&sid, &["websocket"]).write_text(&mut body);
        tokio::spawn(self.session(handshake, None, None, link, entry));
        Ok(response(StatusCode::OK, "text/plain; charset=UTF-8", body))
    }

    fn open_websocket(
        &self,
        handshake: Handshake,
        upgrade: hyper::upgrade::OnUpgrade,
    ) -> Result<(), Refusal> {
        // The place is taken before the WebSocket opens, since only a request can be refused.
        let (sid, link, entry) = self.enter(Transport::WebSocket)?;
        let server = self.clone();
        tokio::spawn(async move {
            let Some(socket) = server.upgraded(upgrade).await else {
                return;
            };
            let open = server.open_packet(&sid, &[]);
            drop(sid);
            let session = server.session(handshake, Some(open), Some(socket), link, entry);
            drop(server);
            tokio::spawn(session);
        });
        Ok(())
    }

    fn open_candidate(&self, link: Link, upgrade: hyper::upgrade::OnUpgrade) {
        let server = self.clone();
        tokio::spawn(async move {
            let Some(socket) = server.upgraded(upgrade).await else {
                return;
            };
            if let Err(Input::Candidate(socket)) = link.push(Input::Candidate(socket)) {
                socket.close(VecDeque::new(), None).await;
            }
        });
    }

    async fn upgraded(&self, upgrade: hyper::upgrade::OnUpgrade) -> Option<Box<WebSocket>> {
        match upgrade.await {
            Ok(upgraded) => Some(WebSocket::new(upgraded, self.shared.config.max_payload)),
            Err(error) => {
                debug!(%error, "the connection ended before its WebSocket opened");
                None
            }
        }
    }

    /// A place for a new session.
    fn enter(&self, transport: Transport) -> Result<(Arc<str>, Link, Entry), Refusal> {
        let Config { max_queue, max_sessions, .. } = self.shared.config;
        let sid: Arc<str> = random_id().map(Arc::from).map_err(|error| {
            error!(%error, "the system gives no random bytes");
            Refusal::NoRandomness
        })?;
        let link = Link::new(max_queue);
        let registry = &self.shared.registry;
        let entry = registry.enter(Arc::clone(&sid), link.clone(), transport, max_sessions)?;
        Ok((sid, link, entry))
    }

    fn open_packet(&self, sid: &str, upgrades: &[&str]) -> Packet {
        let Config { ping_interval, ping_timeout, max_payload, .. } = &self.shared.config;
        let (ping_interval, ping_timeout) = (ping_interval.as_millis(), ping_timeout.as_millis());
        // The order is the reference's; nothing in these values needs an escape.
        Packet::Open(format!(
            "{{\"sid\":\"{sid}\",\"upgrades\":{upgrades:?},\"pingInterval\":{ping_interval},\
             \"pingTimeout\":{ping_timeout},\"maxPayload\":{max_payload}}}"
        ))
    }

    /// The session's task.
    fn session(
        &self,
        handshake: Handshake,
        open: Option<Packet>,
        socket: Option<Box<WebSocket>>,
        link: Link,
        entry: Entry,
    ) -> impl Future<Output = ()> + Send + use<S> {
        let config = &self.shared.config;
        let service = Arc::clone(&self.shared.service);
        let (receiver, application) = service.open(link.clone(), Arc::new(handshake));
        let start = Start {
            number: self.shared.opened.fetch_add(1, Ordering::Relaxed),
            timing: Timing {
                ping_interval: config.ping_interval,
                ping_timeout: config.ping_timeout,
                upgrade_timeout: config.upgrade_timeout,
            },
            open,
            socket,
            link,
            receiver,
            entry,
        };
        driver::run(start, application)
    }
}

impl<S> Clone for Server<S> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

async fn poll(link: Link) -> Result<Response<Body>, Refusal> {
    let (answer, answered) = oneshot::channel();
    link.push(Input::Poll(answer)).map_err(|_| Refusal::UnknownSession)?;
    let guard = AbortGuard { link, input: Some(Input::PollAborted) };
    let body = answered.await.map_err(|_| Refusal::UnknownSession);
    guard.disarm();
    Ok(response(StatusCode::OK, "text/plain; charset=UTF-8", body??))
}

async fn post(link: Link, body: Incoming, config: &Config) -> Result<Response<Body>, Refusal> {
    let (answer, answered) = oneshot::channel();
    link.push(Input::PostStarted(answer)).map_err(|_| Refusal::UnknownSession)?;
    answered.await.map_err(|_| Refusal::UnknownSession)??;

    let mut guard = AbortGuard { link: link.clone(), input: Some(Input::PostFailed) };
    // Who takes longer for it than for a pong is gone.
    let patience = config.ping_interval + config.ping_timeout;
    let body = timeout(patience, read_body(body, config.max_payload)).await;
    let body = body.unwrap_or(Err(Refusal::BadRequest)).inspect_err(|refusal| {
        if let Refusal::TooLarge(_) = refusal {
            guard.input = Some(Input::PostRefused);
        }
    })?;
    guard.disarm();

    let (answer, answered) = oneshot::channel();
    link.push(Input::Posted(body, answer)).map_err(|_| Refusal::UnknownSession)?;
    answered.await.map_err(|_| Refusal::UnknownSession)??;
    Ok(response(StatusCode::OK, "text/html", "ok"))
}

async fn read_body(mut body: Incoming, max_payload: usize) -> Result<String, Refusal> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > max_payload {
        return Err(Refusal::TooLarge(max_payload));
    }
    let mut content = Vec::with_capacity(announced);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Refusal::BadRequest)?.into_data() else {
            continue;
        };
        if content.len() + data.len() > max_payload {
            return Err(Refusal::TooLarge(max_payload));
        }
        content.extend_from_slice(&data);
    }
    String::from_utf8(content).map_err(|_| Refusal::BadRequest)
}

/// Tells the session that a request broke off: hyper drops the answering future when the client goes.
struct AbortGuard {
    link: Link,
    input: Option<Input>,
}

impl AbortGuard {
    fn disarm(mut self) {
        self.input = None;
    }
}

impl Drop for AbortGuard {
    fn drop(&mut self) {
        if let Some(input) = self.input.take() {
            // A session that has ended needs no telling.
            let _ = self.link.push(input);
        }
    }
}
