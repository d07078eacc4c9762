//! Syslog messages over UDP, TCP and TLS.
//!
//! Syslog over TCP has no answer, and what was written to a connection that breaks may be lost. So a batch has a
//! connection of its own, and it is told only when the receiver has read to its end: we close our direction, the
//! receiver closes its own. A receiver that closes never is believed after a while, and that is counted.
//! Over UDP only a refusal is heard; what the network loses nobody hears of.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs, UdpSocket};
use std::time::Duration;

use ::export::events::syslog::{self, Sender};
use ::export::events::{Event, cef};

use super::target::{Carrier, Told};
use super::tls::{self, Line};
use crate::config::notify::{Receiver, Transport, host_and_port};

/// How long a connection, and one writing, may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// How long the receiver may take to close its direction.
const CLOSING: Duration = Duration::from_secs(5);

/// How long a refusal of a datagram may take to arrive.
const REFUSAL: Duration = Duration::from_millis(50);

/// As what events are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Rfc5424,
    Cef,
}

/// Tells a receiver of syslog messages.
pub(crate) struct Syslog {
    pub(crate) receiver: Receiver,
    pub(crate) form: Form,
    pub(crate) sender: Sender,
    /// Counts the messages of this run.
    pub(crate) sequence: u32,
}

impl Syslog {
    fn message(&mut self, event: &Event) -> String {
        match self.form {
            Form::Rfc5424 => {
                self.sequence = self.sequence.wrapping_add(1);
                syslog::message(event, &self.sender, self.sequence)
            }
            Form::Cef => cef::message(event, &self.sender),
        }
    }

    fn datagrams(&mut self, events: &[Event]) -> Told {
        let mut count = 0_usize;
        let problem = (|| -> io::Result<()> {
            let socket = datagram_socket(&self.receiver.address)?;
            for event in events {
                socket.send(self.message(event).as_bytes())?;
                count = count.saturating_add(1);
            }
            std::thread::sleep(REFUSAL);
            socket.take_error()?.map_or(Ok(()), Err)
        })();
        match problem {
            Ok(()) => Told { count, ..Told::default() },
            // Which of them was refused is not known.
            Err(error) => Told { problem: Some(error.to_string()), ..Told::default() },
        }
    }

    fn connection(&mut self, events: &[Event]) -> Result<bool, String> {
        let frames: Vec<u8> = events.iter().flat_map(|event| syslog::counted(&self.message(event))).collect();
        let socket = connect(&self.receiver.address)?;
        match &self.receiver.transport {
            Transport::Tls(tls) => hand_over(tls::secure(tls, socket)?, &frames, CLOSING),
            _ => hand_over(socket, &frames, CLOSING),
        }
    }
}

impl Carrier for Syslog {
    fn tell(&mut self, events: &[Event]) -> Told {
        if self.receiver.transport == Transport::Udp {
            return self.datagrams(events);
        }
        match self.connection(events) {
            Ok(confirmed) => Told { count: events.len(), unconfirmed: !confirmed, problem: None },
            Err(problem) => Told { problem: Some(problem), ..Told::default() },
        }
    }
}

fn addresses(address: &str) -> io::Result<Vec<SocketAddr>> {
    let (host, port) = host_and_port(address).ok_or_else(|| io::Error::from(ErrorKind::InvalidInput))?;
    Ok((host, port).to_socket_addrs()?.collect())
}

fn datagram_socket(address: &str) -> io::Result<UdpSocket> {
    let to = addresses(address)?.into_iter().next().ok_or_else(|| io::Error::from(ErrorKind::NotFound))?;
    let own: SocketAddr =
        if to.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { (std::net::Ipv6Addr::UNSPECIFIED, 0).into() };
    let socket = UdpSocket::bind(own)?;
    socket.connect(to)?;
    Ok(socket)
}

/// A connection to a host and port, whichever of its addresses answers.
pub(crate) fn connect(address: &str) -> Result<TcpStream, String> {
    let mut problem = "no address".to_owned();
    for to in addresses(address).map_err(|error| format!("{address}: {error}"))? {
        let socket = TcpStream::connect_timeout(&to, PATIENCE).and_then(|socket| {
            socket.set_write_timeout(Some(PATIENCE))?;
            socket.set_read_timeout(Some(PATIENCE))?;
            socket.set_nodelay(true)?;
            Ok(socket)
        });
        match socket {
            Ok(socket) => return Ok(socket),
            Err(error) => problem = format!("{to}: {error}"),
        }
    }
    Err(problem)
}

/// Writes everything and waits until the receiver has read to the end; false if it does not say so within `closing`.
fn hand_over(mut line: impl Line, frames: &[u8], closing: Duration) -> Result<bool, String> {
    line.write_all(frames).and_then(|()| line.close()).map_err(|error| error.to_string())?;
    let until = super::instant().checked_add(closing);
    let mut answer = [0_u8; 512];
    loop {
        let left = until.map(|until| until.saturating_duration_since(super::instant()));
        // A patience of nothing is for ever.
        let Some(left) = left.filter(|left| !left.is_zero()) else { return Ok(false) };
        line.patience(left).map_err(|error| error.to_string())?;
        match line.read(&mut answer) {
            Ok(0) => return Ok(true),
            // Syslog has no answers; whatever this is, it is no reason to stop.
            Ok(_) => {}
            // Closed without a farewell of TLS: it was read all the same.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(true),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Ok(false);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_receiver_that_does_not_close_is_believed_in_time_whether_it_speaks_or_not() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        for speaks in [false, true] {
            let socket = connect(&address).unwrap();
            let (mut stream, _) = listener.accept().unwrap();
            let receiver = std::thread::spawn(move || {
                stream.read_to_end(&mut Vec::new()).unwrap();
                for _ in 0..80 {
                    std::thread::sleep(Duration::from_millis(50));
                    if speaks && stream.write_all(b"x").is_err() {
                        return;
                    }
                }
            });
            let began = crate::notify::instant();
            assert_eq!(hand_over(socket, b"1 x", Duration::from_millis(300)), Ok(false));
            let took = began.elapsed();
            assert!(took >= Duration::from_millis(300) && took < Duration::from_secs(3), "{took:?}");
            receiver.join().unwrap();
        }
    }
}
