//! An MQTT broker: changes and findings as JSON with quality of service 1, and health. That of our own site is retained,
//! with a will for the time when we are gone; that of further sites is not, for a will is of one topic. One packet waits for its answer at a time, so what is told is the broker's.

use std::collections::BTreeSet;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ::export::events::mqtt::{self, Answer, BODY_OCTETS_MAX, Session};
use ::export::events::{Class, Event, metrics};

use super::board::Reading;
use super::carrier::connect;
use super::target::{Carrier, Told};
use super::tls;
use super::vitals::Vitals;
use crate::config::notify::Mqtt;

/// Seconds in which the broker hears of us, and how often it does.
const KEEP_ALIVE: u16 = 90;
const TENDS_EVERY: Duration = Duration::from_secs(30);

/// Octets of an answer that is read at most: a client that only publishes gets short ones.
const ANSWER_OCTETS_MAX: usize = 1024;

trait Line: Read + Write + Send {}
impl<T: Read + Write + Send> Line for T {}

/// Tells a broker.
pub(crate) struct Broker {
    settings: Mqtt,
    site: String,
    vitals: Arc<Vitals>,
    line: Option<Box<dyn Line>>,
    /// Number of the last packet.
    number: u16,
}

impl Broker {
    pub(crate) fn new(settings: Mqtt, site: String, vitals: Arc<Vitals>) -> Self {
        Self { settings, site, vitals, line: None, number: 0 }
    }

    fn topic(&self, site: &str, what: &str) -> String {
        let site = if site.is_empty() { &self.site } else { site };
        mqtt::topic(&self.settings.topic, site, what)
    }

    /// Connects and says who we are, if that was not done yet.
    fn open(&mut self) -> Result<(), String> {
        if self.line.is_some() {
            return Ok(());
        }
        let socket: TcpStream = connect(&self.settings.address)?;
        let mut line: Box<dyn Line> = match &self.settings.tls {
            Some(tls) => Box::new(tls::secure(tls, socket)?),
            None => Box::new(socket),
        };
        let password = self.settings.password.as_deref().map(password).transpose()?.unwrap_or_default();
        let (topic, gone) = (self.topic("", "health"), "{\"status\":\"gone\"}");
        let user =
            Some((self.settings.user.as_str(), password.as_bytes())).filter(|(user, _)| !user.is_empty());
        let session = Session {
            client_id: &self.settings.client_id,
            user,
            keep_alive: KEEP_ALIVE,
            will: Some((&topic, gone)),
        };
        line.write_all(&mqtt::connect(&session)).map_err(|error| error.to_string())?;
        match answer(&mut line)? {
            Answer::Connected(0) => {}
            Answer::Connected(code) => return Err(format!("the broker refuses us: {}", mqtt::refusal(code))),
            other => return Err(format!("the broker answers {other:?} to a connection")),
        }
        self.line = Some(line);
        Ok(())
    }

    /// Publishes and waits until the broker has it.
    fn publish(&mut self, topic: &str, message: &str, retained: bool) -> Result<(), String> {
        self.number = self.number.checked_add(1).unwrap_or(1);
        let number = self.number;
        self.exchange(&mqtt::publish(topic, message, retained, number), Answer::Published(number))
    }

    /// Sends a packet and waits for its answer. Whatever fails ends the connection.
    fn exchange(&mut self, packet: &[u8], wanted: Answer) -> Result<(), String> {
        self.open()?;
        let Some(line) = &mut self.line else { return Err("not connected".to_owned()) };
        let exchanged = line
            .write_all(packet)
            .and_then(|()| line.flush())
            .map_err(|error| error.to_string())
            .and_then(|()| answer(line))
            .and_then(|answer| {
                let fits = answer == wanted;
                if fits {
                    Ok(())
                } else {
                    Err(format!("the broker answers {answer:?} instead of {wanted:?}"))
                }
            });
        if exchanged.is_err() {
            self.line = None;
        }
        exchanged
    }
}

impl Carrier for Broker {
    fn tell(&mut self, events: &[Event]) -> Told {
        let mut count = 0_usize;
        for event in events {
            let what = match event.class {
                Class::Change => "changes",
                Class::Finding => "findings",
                Class::Journal => "journal",
            };
            let message =
                if event.json.len() > BODY_OCTETS_MAX { shortened(event) } else { event.json.clone() };
            if let Err(problem) = self.publish(&self.topic(&event.site, what), &message, false) {
                return Told { count, problem: Some(problem), unconfirmed: false };
            }
            count = count.saturating_add(1);
        }
        Told { count, ..Told::default() }
    }

    fn tend(&mut self, reading: Option<&Reading>, problem: Option<&str>) -> Result<bool, String> {
        let snapshot = reading.map(|reading| &reading.snapshot);
        let captures = snapshot.map(|snapshot| snapshot.captures.as_slice()).unwrap_or_default();
        let mut sites: BTreeSet<&str> = captures.iter().map(|capture| capture.site.as_str()).collect();
        sites.insert(&self.site);
        let process = self.vitals.process(reading, problem);
        let messages: Vec<(String, String, bool)> = sites
            .into_iter()
            .map(|site| {
                // The will speaks for one topic: what stays on another one would be "ok" long after we are gone.
                let stays = site == self.site;
                (self.topic(site, "health"), metrics::health(snapshot, &process, Some(site)), stays)
            })
            .collect();
        for (topic, message, stays) in messages {
            self.publish(&topic, &message, stays)?;
        }
        Ok(true)
    }

    fn tends_every(&self) -> Option<Duration> {
        Some(TENDS_EVERY)
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if self.line.is_some() {
            // Whoever looks later shall not take the last health for today's.
            let gone = self.publish(&self.topic("", "health"), "{\"status\":\"stopped\"}", true);
            if let (Ok(()), Some(line)) = (gone, &mut self.line) {
                let _ = line.write_all(&mqtt::disconnect()).and_then(|()| line.flush());
            }
        }
    }
}

/// An event whose object is too long for a packet, without its evidence.
fn shortened(event: &Event) -> String {
    let time = ::export::time::rfc3339(event.time);
    serde_json::json!({
        "id": event.id, "kind": event.kind, "time": time, "site": event.site, "text": event.text, "shortened": true,
    })
    .to_string()
}

fn password(path: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// Reads one answer.
fn answer(line: &mut impl Read) -> Result<Answer, String> {
    let mut octet = || -> Result<u8, String> {
        let mut octet = [0_u8];
        match line.read_exact(&mut octet) {
            Ok(()) => Ok(octet[0]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Err("the broker does not answer".to_owned())
            }
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                Err("the broker closed the connection".to_owned())
            }
            Err(error) => Err(error.to_string()),
        }
    };
    let first = octet()?;
    let (mut length, mut shift) = (0_usize, 0_u32);
    loop {
        let group = octet()?;
        length |= usize::from(group & 0x7f).checked_shl(shift).unwrap_or(usize::MAX);
        shift = shift.saturating_add(7);
        if group & 0x80 == 0 {
            break;
        }
        if shift > 21 {
            return Err("the broker sends no MQTT".to_owned());
        }
    }
    if length > ANSWER_OCTETS_MAX {
        return Err("the broker sends what nobody asked for".to_owned());
    }
    let mut body = vec![0_u8; length];
    line.read_exact(&mut body).map_err(|error| error.to_string())?;
    mqtt::answer(first, &body)
        .ok_or_else(|| format!("the broker sends a packet {first:#04x} that nobody asked for"))
}
