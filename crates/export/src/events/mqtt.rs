//! MQTT 3.1.1 packets of a client that only publishes, and topics (OASIS Standard, 29 October 2014; sections in brackets).

/// Quality of service 1: at least once.
const QOS: u8 = 1;

/// Octets of a topic's level at most.
const LEVEL_OCTETS_MAX: usize = 255;

/// Octets of a packet's body at most, so that no broker refuses it for its length.
pub const BODY_OCTETS_MAX: usize = 200_000;

/// What a client says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session<'a> {
    /// Its id; the broker closes another connection of the same id.
    pub client_id: &'a str,
    /// User and password, if the broker asks for them.
    pub user: Option<(&'a str, &'a [u8])>,
    /// Seconds in which the client is heard of.
    pub keep_alive: u16,
    /// Topic and text that the broker publishes, retained, when the connection breaks.
    pub will: Option<(&'a str, &'a str)>,
}

/// What a broker answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// CONNACK: 0 is accepted [3.2.2.3].
    Connected(u8),
    /// PUBACK of a packet [3.4].
    Published(u16),
    /// PINGRESP [3.13].
    Alive,
}

/// The site's level of topics: a level separator or wildcard in it is `_`, and so is what would act.
#[must_use]
pub fn topic(first: &str, site: &str, what: &str) -> String {
    let level: String = site
        .chars()
        .map(|character| match character {
            '/' | '+' | '#' => '_',
            character if observation::acts(character) => '_',
            character => character,
        })
        .collect();
    let level = if level.is_empty() { "_".to_owned() } else { super::cut(&level, LEVEL_OCTETS_MAX) };
    format!("{first}/{level}/{what}")
}

/// CONNECT with a clean session [3.1].
#[must_use]
pub fn connect(session: &Session<'_>) -> Vec<u8> {
    let mut body = Vec::new();
    text(&mut body, b"MQTT");
    // Protocol level 4 is 3.1.1; flag 0x02 is a clean session.
    let mut flags = 0x02;
    if session.will.is_some() {
        // A will, with quality of service 1, retained.
        flags |= 0x04 | QOS << 3 | 0x20;
    }
    if session.user.is_some() {
        flags |= 0x80 | 0x40;
    }
    body.extend([4, flags]);
    body.extend(session.keep_alive.to_be_bytes());
    text(&mut body, session.client_id.as_bytes());
    if let Some((topic, message)) = session.will {
        text(&mut body, topic.as_bytes());
        text(&mut body, message.as_bytes());
    }
    if let Some((user, password)) = session.user {
        text(&mut body, user.as_bytes());
        text(&mut body, password);
    }
    packet(0x10, &body)
}

/// PUBLISH with quality of service 1 [3.3]. `packet` is not 0.
#[must_use]
pub fn publish(topic: &str, message: &str, retained: bool, number: u16) -> Vec<u8> {
    let mut body = Vec::new();
    text(&mut body, topic.as_bytes());
    body.extend(number.to_be_bytes());
    body.extend_from_slice(message.as_bytes());
    packet(0x30 | QOS << 1 | u8::from(retained), &body)
}

/// PINGREQ [3.12].
#[must_use]
pub fn ping() -> Vec<u8> {
    packet(0xc0, &[])
}

/// DISCONNECT: the will is not published [3.14].
#[must_use]
pub fn disconnect() -> Vec<u8> {
    packet(0xe0, &[])
}

/// The answer that a broker gave: its first octet and body. `None` for what a client that only publishes never gets.
#[must_use]
pub fn answer(first: u8, body: &[u8]) -> Option<Answer> {
    match (first, body) {
        (0x20, [_, code]) => Some(Answer::Connected(*code)),
        (0x40, [high, low]) => Some(Answer::Published(u16::from_be_bytes([*high, *low]))),
        (0xd0, []) => Some(Answer::Alive),
        _ => None,
    }
}

/// Why a broker refuses a connection [3.2.2.3].
#[must_use]
pub fn refusal(code: u8) -> &'static str {
    match code {
        1 => "it does not speak MQTT 3.1.1",
        2 => "it refuses the client id",
        3 => "it is not available",
        4 => "user or password are wrong",
        5 => "it does not let this client in",
        _ => "for an unknown reason",
    }
}

/// A text with its length before it [1.5.3], cut at what the length can say.
fn text(body: &mut Vec<u8>, octets: &[u8]) {
    let octets = octets.get(..usize::from(u16::MAX)).unwrap_or(octets);
    body.extend(u16::try_from(octets.len()).unwrap_or(u16::MAX).to_be_bytes());
    body.extend_from_slice(octets);
}

/// Fixed header with the remaining length in groups of seven bits, lowest first [2.2.3], and the body.
fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut octets = vec![first];
    let mut length = body.len();
    loop {
        let group = u8::try_from(length & 0x7f).unwrap_or(0x7f);
        length >>= 7;
        octets.push(if length > 0 { group | 0x80 } else { group });
        if length == 0 {
            break;
        }
    }
    octets.extend_from_slice(body);
    octets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_those_of_the_standard() {
        let session = Session { client_id: "a", user: None, keep_alive: 60, will: None };
        assert_eq!(connect(&session), b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01a");
        let session = Session { user: Some(("u", b"p")), will: Some(("t", "w")), ..session };
        assert_eq!(
            connect(&session),
            b"\x10\x19\x00\x04MQTT\x04\xee\x00\x3c\x00\x01a\x00\x01t\x00\x01w\x00\x01u\x00\x01p"
        );
        assert_eq!(publish("a/b", "x", true, 10), b"\x33\x08\x00\x03a/b\x00\x0ax");
        assert_eq!((ping(), disconnect()), (vec![0xc0, 0], vec![0xe0, 0]));
        // 321 octets are 65 + 2 x 128: the example of section 2.2.3.
        assert_eq!(publish("a", &"x".repeat(316), false, 1)[..3], [0x32, 0xc1, 0x02]);
    }

    #[test]
    fn answers_are_read_and_anything_else_is_none() {
        assert_eq!(answer(0x20, &[0, 5]), Some(Answer::Connected(5)));
        assert_eq!(answer(0x40, &[1, 2]), Some(Answer::Published(0x0102)));
        assert_eq!(answer(0xd0, &[]), Some(Answer::Alive));
        assert_eq!(answer(0x40, &[1]), None);
        assert_eq!(answer(0x30, &[0, 0]), None);
    }

    #[test]
    fn a_site_is_one_level_of_a_topic_whatever_it_is_called() {
        assert_eq!(topic("tapledger", "hall 2", "changes"), "tapledger/hall 2/changes");
        assert_eq!(topic("tapledger", "a/b+#\0\u{202e}c", "health"), "tapledger/a_b____c/health");
        assert_eq!(topic("plant/ot", "", "findings"), "plant/ot/_/findings");
    }
}
