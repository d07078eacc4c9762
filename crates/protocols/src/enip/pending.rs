//! Requests that wait for their reply, and connections that requests opened.
//!
//! A reply tells neither the object nor the device it comes from: both stand in the request alone.

use std::collections::VecDeque;

use super::objects::Asked;
use super::routes::Node;

/// Most requests of one conversation that wait for a reply. Clients have a handful under way; more means that the
/// replies are not captured.
pub(super) const REQUESTS_MAX: usize = 64;

/// Most connections of one conversation.
pub(super) const CONNECTIONS_MAX: usize = 128;

/// What a request and its reply have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// Of an unconnected message: session handle and sender context (volume 2, 2-4.7).
    Unconnected(u32, u64),
    /// Of a connected message: the connection's id from originator to target, and the sequence count (volume 2, 3-2.2).
    Connected(u32, u16),
}

/// A request that waits for its reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pending {
    /// What its reply carries too.
    pub(super) key: Key,
    /// Service code, which the reply repeats.
    pub(super) service: u8,
    /// The device that is asked; `None` if there are too many.
    pub(super) node: Option<Node>,
    /// What is asked, if the answer is read.
    pub(super) asked: Option<Asked>,
    /// The same for the messages of a Multiple Service Packet, by their number in it; the others are left out.
    pub(super) packed: Vec<(u16, Asked)>,
    /// The device that a Forward Open connects to.
    pub(super) opens: Option<Node>,
}

/// Requests that wait, oldest first.
#[derive(Debug, Default)]
pub(super) struct Requests {
    /// With true for those that another request made ambiguous.
    waiting: VecDeque<(Pending, bool)>,
}

impl Requests {
    /// A request was sent. Another one that waits under the same key and asks something else makes both ambiguous:
    /// either a reply was lost, or the client does not tell its requests apart. True if the oldest was given up for it.
    pub(super) fn push(&mut self, request: Pending) -> bool {
        if let Some((waiting, ambiguous)) =
            self.waiting.iter_mut().find(|(waiting, _)| waiting.key == request.key)
        {
            *ambiguous |= *waiting != request;
            return false;
        }
        let full = self.waiting.len() >= REQUESTS_MAX;
        if full {
            self.waiting.pop_front();
        }
        self.waiting.push_back((request, false));
        full
    }

    /// True if a request to the device is unanswered.
    pub(super) fn wait_for(&self, node: Node) -> bool {
        self.waiting.iter().any(|(waiting, _)| waiting.node == Some(node))
    }

    /// The request that a reply with this key answers, if it is known for certain.
    pub(super) fn take(&mut self, key: Key) -> Option<Pending> {
        let index = self.waiting.iter().position(|(waiting, _)| waiting.key == key)?;
        self.waiting.remove(index).filter(|(_, ambiguous)| !ambiguous).map(|(request, _)| request)
    }
}

/// Connection serial number, originator vendor id and originator serial number: what names a connection from its
/// opening to its close (volume 1, 3-5.5.1.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Triad {
    pub(super) connection_serial: u16,
    pub(super) vendor_id: u16,
    pub(super) serial_number: u32,
}

/// A connection that was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Connection {
    /// Its name.
    pub(super) triad: Triad,
    /// Id of its messages from originator to target.
    pub(super) to_target: u32,
    /// Id of its messages from target to originator.
    pub(super) to_originator: u32,
    /// The device it leads to.
    pub(super) node: Node,
}

/// Connections that are open, oldest first.
#[derive(Debug, Default)]
pub(super) struct Connections {
    open: VecDeque<Connection>,
}

impl Connections {
    /// A connection was opened. It takes the place of one of the same name or the same ids. True if the oldest was
    /// given up for it.
    pub(super) fn open(&mut self, connection: Connection) -> bool {
        self.open.retain(|other| {
            other.triad != connection.triad
                && other.to_target != connection.to_target
                && other.to_originator != connection.to_originator
        });
        let full = self.open.len() >= CONNECTIONS_MAX;
        if full {
            self.open.pop_front();
        }
        self.open.push_back(connection);
        full
    }

    /// A connection was closed.
    pub(super) fn close(&mut self, triad: Triad) {
        self.open.retain(|connection| connection.triad != triad);
    }

    /// The connection whose messages to the target have this id.
    pub(super) fn to_target(&self, id: u32) -> Option<&Connection> {
        self.open.iter().find(|connection| connection.to_target == id)
    }

    /// The connection whose messages to the originator have this id.
    pub(super) fn to_originator(&self, id: u32) -> Option<&Connection> {
        self.open.iter().find(|connection| connection.to_originator == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(context: u64, service: u8) -> Pending {
        let key = Key::Unconnected(1, context);
        Pending { key, service, node: Some(Node::SERVER), asked: None, packed: Vec::new(), opens: None }
    }

    #[test]
    fn a_reply_finds_its_request_once() {
        let mut requests = Requests::default();
        requests.push(request(7, 0x01));
        requests.push(request(8, 0x0e));
        assert_eq!(requests.take(Key::Unconnected(1, 8)).unwrap().service, 0x0e);
        assert_eq!(requests.take(Key::Unconnected(1, 8)), None);
        assert_eq!(requests.take(Key::Connected(1, 7)), None);
        assert_eq!(requests.take(Key::Unconnected(1, 7)).unwrap().service, 0x01);
    }

    #[test]
    fn two_requests_under_one_key_are_answered_by_nobody() {
        let mut requests = Requests::default();
        requests.push(request(0, 0x01));
        requests.push(request(0, 0x0e));
        assert_eq!(requests.take(Key::Unconnected(1, 0)), None);
        requests.push(request(0, 0x01));
        requests.push(request(0, 0x01));
        assert!(requests.take(Key::Unconnected(1, 0)).is_some());
    }

    #[test]
    fn the_oldest_request_gives_way() {
        let mut requests = Requests::default();
        for context in 0..=64 {
            assert_eq!(requests.push(request(context, 0x01)), context == 64);
        }
        assert_eq!(requests.take(Key::Unconnected(1, 0)), None);
        assert!(requests.take(Key::Unconnected(1, 1)).is_some());
    }

    #[test]
    fn a_connection_is_known_by_both_ids_until_it_closes() {
        let mut connections = Connections::default();
        let triad = Triad { connection_serial: 1, vendor_id: 1, serial_number: 42 };
        let connection = Connection { triad, to_target: 10, to_originator: 20, node: Node::SERVER };
        connections.open(connection);
        assert_eq!(connections.to_target(10), Some(&connection));
        assert_eq!(connections.to_originator(20), Some(&connection));
        assert_eq!(connections.to_target(20), None);
        connections.close(triad);
        assert_eq!(connections.to_target(10), None);
    }

    #[test]
    fn a_reused_id_names_the_newer_connection_and_the_oldest_gives_way() {
        let mut connections = Connections::default();
        for number in 0..200_u16 {
            let triad = Triad { connection_serial: number, vendor_id: 1, serial_number: 42 };
            let id = u32::from(number);
            let connection = Connection { triad, to_target: id, to_originator: id, node: Node::SERVER };
            assert_eq!(connections.open(connection), number >= 128);
            assert!(!connections.open(connection));
        }
        assert!(connections.to_target(71).is_none() && connections.to_target(72).is_some());
    }
}
