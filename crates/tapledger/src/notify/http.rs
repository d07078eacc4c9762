//! Metrics and health over HTTP, on a Unix socket or an address of this machine: `GET /metrics`, `GET /health`.

use std::convert::Infallible;
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use ::export::events::metrics;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};

use super::board::Board;
use super::vitals::Vitals;
use crate::config::notify::Listen;

/// Connections at once; more wait.
const CONNECTIONS_MAX: usize = 16;

/// How long a request may take to come, and a connection to last.
const REQUEST: Duration = Duration::from_secs(10);
const CONNECTION: Duration = Duration::from_secs(60);

/// Between two looks whether the end has come.
const TURN: Duration = Duration::from_millis(250);

/// An open door.
enum Door {
    Unix(std::os::unix::net::UnixListener),
    Tcp(std::net::TcpListener),
}

/// Opens the door; a socket that a process before left behind is replaced.
fn open(listen: &Listen) -> io::Result<Door> {
    let door = match listen {
        Listen::Tcp(address) => {
            let listener = std::net::TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            Door::Tcp(listener)
        }
        Listen::Unix(path) => {
            if path.symlink_metadata().is_ok_and(|found| found.file_type().is_socket())
                && std::os::unix::net::UnixStream::connect(path).is_err()
            {
                std::fs::remove_file(path)?;
            }
            let listener = std::os::unix::net::UnixListener::bind(path)?;
            // For the group: whoever scrapes is put into it.
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))?;
            listener.set_nonblocking(true)?;
            Door::Unix(listener)
        }
    };
    Ok(door)
}

/// What answers are made of.
struct Source {
    board: Arc<Board>,
    vitals: Arc<Vitals>,
    connections: AtomicUsize,
}

/// Opens the door and answers in a thread of its own until the end.
pub(crate) fn start(listen: &Listen, board: Arc<Board>, vitals: Arc<Vitals>) -> io::Result<JoinHandle<()>> {
    let door = open(listen)?;
    let path = match listen {
        Listen::Unix(path) => Some(path.clone()),
        Listen::Tcp(_) => None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    let source = Arc::new(Source { board, vitals, connections: AtomicUsize::new(0) });
    std::thread::Builder::new().name("metrics".to_owned()).spawn(move || {
        if let Err(error) = runtime.block_on(serve(door, source)) {
            tracing::error!(event = "metrics", %error, "nobody can ask any more");
        }
        remove(path.as_deref());
    })
}

fn remove(path: Option<&Path>) {
    if let Some(path) = path {
        // It may be gone already.
        let _ = std::fs::remove_file(path);
    }
}

async fn serve(door: Door, source: Arc<Source>) -> io::Result<()> {
    enum Listening {
        Unix(tokio::net::UnixListener),
        Tcp(tokio::net::TcpListener),
    }
    let listening = match door {
        Door::Unix(listener) => Listening::Unix(tokio::net::UnixListener::from_std(listener)?),
        Door::Tcp(listener) => Listening::Tcp(tokio::net::TcpListener::from_std(listener)?),
    };
    while !source.board.is_stopping() {
        if source.connections.load(Ordering::Relaxed) >= CONNECTIONS_MAX {
            tokio::time::sleep(TURN).await;
            continue;
        }
        // Whatever fails here (descriptors are used up) may pass.
        match &listening {
            Listening::Unix(listener) => match tokio::time::timeout(TURN, listener.accept()).await {
                Ok(Ok((stream, _))) => answer(TokioIo::new(stream), &source),
                Ok(Err(_)) => tokio::time::sleep(TURN).await,
                Err(_) => {}
            },
            Listening::Tcp(listener) => match tokio::time::timeout(TURN, listener.accept()).await {
                Ok(Ok((stream, _))) => answer(TokioIo::new(stream), &source),
                Ok(Err(_)) => tokio::time::sleep(TURN).await,
                Err(_) => {}
            },
        }
    }
    Ok(())
}

/// Answers the requests of one connection.
fn answer<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(stream: TokioIo<S>, source: &Arc<Source>) {
    let source = Arc::clone(source);
    source.connections.fetch_add(1, Ordering::Relaxed);
    tokio::spawn(async move {
        let own = Arc::clone(&source);
        let service = service_fn(move |request: Request<Incoming>| {
            let response = respond(request.method(), request.uri().path(), &own);
            async move { Ok::<_, Infallible>(response) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(REQUEST)
            .max_buf_size(16 << 10)
            .serve_connection(stream, service);
        // Whoever asks may go at any time.
        let _ = tokio::time::timeout(CONNECTION, connection).await;
        source.connections.fetch_sub(1, Ordering::Relaxed);
    });
}

fn respond(method: &Method, path: &str, source: &Source) -> Response<Full<Bytes>> {
    let build = |status: StatusCode, kind: &'static str, text: String| {
        let mut response = Response::new(Full::new(Bytes::from(text)));
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
        response
    };
    if !matches!(*method, Method::GET | Method::HEAD) {
        let mut response = build(StatusCode::METHOD_NOT_ALLOWED, "text/plain", "only GET\n".to_owned());
        response.headers_mut().insert(ALLOW, hyper::header::HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    let reading = source.board.reading();
    let problem = source.board.problem();
    let process = source.vitals.process(reading.as_deref(), problem.as_deref());
    let snapshot = reading.as_deref().map(|reading| &reading.snapshot);
    match path {
        "/metrics" => build(
            StatusCode::OK,
            "text/plain; version=0.0.4; charset=utf-8",
            metrics::text(snapshot, &process),
        ),
        "/health" => {
            let status =
                if metrics::is_well(&process) { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            build(status, "application/json", metrics::health(snapshot, &process, None) + "\n")
        }
        _ => build(StatusCode::NOT_FOUND, "text/plain", "there are /metrics and /health\n".to_owned()),
    }
}
