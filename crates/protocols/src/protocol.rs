//! What every protocol folder provides.

use observation::{Address, End, Octets, OperationKind, Rule, Station, Time, Transport};

use crate::{Malformed, Output};

/// A protocol: how to recognise and delimit its messages, and who reads them.
#[derive(Debug)]
pub struct Protocol {
    /// Name in the contract, in the register and in the folder: `modbus`.
    pub name: &'static str,
    /// Name for people: `Modbus/TCP`.
    pub title: &'static str,
    /// The documents it follows, with edition and chapter.
    pub specification: &'static str,
    /// Registered or customary server ports on TCP.
    pub tcp: &'static [u16],
    /// Registered or customary server ports on UDP.
    pub udp: &'static [u16],
    /// EtherTypes.
    pub ethertypes: &'static [u16],
    /// IP protocol numbers, where it is carried by IP without ports.
    pub ip_protocols: &'static [u8],
    /// Delimits the first message of the octets.
    pub frame: fn(&[u8], Transport) -> Frame,
    /// Tells by content alone whether octets on a foreign port are this protocol.
    pub probe: fn(&[u8], Transport) -> Probe,
    /// A new reader for one conversation, both directions.
    pub session: fn() -> Box<dyn Session>,
    /// Every rule its facts are made by.
    pub rules: &'static [&'static Rule],
    /// What is read and what is not: makes the README's table.
    pub depth: Depth,
}

/// What a decoder reads and what it does not, in short phrases for the README's table.
#[derive(Debug)]
pub struct Depth {
    /// Identity: which messages and which attributes.
    pub identity: &'static str,
    /// Roles and operations.
    pub operations: &'static str,
    /// Stations below the address.
    pub nesting: &'static str,
    /// What is not read.
    pub not_read: &'static str,
    /// What it was tried on: corpus, lab, made-up.
    pub tried_on: &'static str,
}

/// How the first octets of a stream or datagram are delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// The first message has this many octets, and they are all there. Never 0.
    Message(usize),
    /// A message begins here; at least this many octets are needed in all to go on.
    Partial(usize),
    /// These octets are no message of this protocol.
    Foreign,
}

/// Whether octets on a foreign port are of this protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// Chance would have to produce at least four octets of magic or checksum.
    Certain,
    /// It fits, but chance could do it: several messages in a row must fit.
    Unsure,
    /// It does not fit.
    Foreign,
}

/// What a decoder may know of a message besides its octets.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// Address of the sender: IP where there is one, else MAC.
    pub source: Address,
    /// Address of the receiver; may be a group address.
    pub destination: Address,
    /// VLAN of this frame.
    pub vlan: Option<u16>,
    /// VLAN of the frames that the receiver sends, where seen; otherwise that of this frame.
    pub destination_vlan: Option<u16>,
    /// What carries the message.
    pub transport: Transport,
    /// Port of the sender; 0 without ports.
    pub source_port: u16,
    /// Port of the receiver; the EtherType without ports.
    pub destination_port: u16,
    /// The end that sent it, as far as known: by who opened, by port, by what decoders said before.
    pub from: End,
    /// When.
    pub time: Time,
}

impl Context {
    /// What `from` sends in a conversation of two ends, each an address and a port.
    #[cfg(test)]
    pub(crate) fn of_test(from: End, client: (&str, u16), server: (&str, u16), transport: Transport) -> Self {
        let (source, destination) = if from == End::Client { (client, server) } else { (server, client) };
        Self {
            source: source.0.parse().unwrap(),
            destination: destination.0.parse().unwrap(),
            vlan: None,
            destination_vlan: None,
            transport,
            source_port: source.1,
            destination_port: destination.1,
            from,
            time: Time(0),
        }
    }

    /// The sender.
    #[must_use]
    pub fn source(&self) -> Station {
        Station::root(self.source, self.vlan)
    }

    /// The receiver.
    #[must_use]
    pub fn destination(&self) -> Station {
        Station::root(self.destination, self.destination_vlan)
    }

    /// The end that asks, as far as known.
    #[must_use]
    pub fn client(&self) -> Station {
        match self.from {
            End::Client => self.source(),
            End::Server => self.destination(),
        }
    }

    /// The end that answers, as far as known.
    #[must_use]
    pub fn server(&self) -> Station {
        match self.from {
            End::Client => self.destination(),
            End::Server => self.source(),
        }
    }
}

/// What a message amounts to at a first look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// It has to be read.
    No,
    /// It says nothing that was not said before, and asks for nothing.
    Silent,
    /// It says nothing that was not said before, and asks for this.
    Asks(OperationKind, &'static str),
}

/// Reads the messages of one conversation, in both directions, in the order they were sent as far as that is known.
pub trait Session {
    /// Reads one whole message, as the protocol's `frame` delimits it, or the beginning of one that the capture cut
    /// ([`Octets::is_cut`]): then what stands before the cut is said.
    ///
    /// # Errors
    ///
    /// Fails if the message is not of the prescribed shape. What was read before stays in `output`.
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed>;

    /// A first look at a whole message that [`message`](Self::message) would be given next. Where it says nothing but what
    /// this tells, it is not read: most frames of cyclic data cost no more than that. `message` would do the same with it.
    fn repeat(&mut self, from: End, transport: Transport, message: &[u8]) -> Repeat {
        let _ = (from, transport, message);
        Repeat::No
    }

    /// True if every datagram tells what it says without those before it: between two of them another session may take over,
    /// and all that is lost is what need not be said again.
    fn stands_alone(&self) -> bool {
        false
    }

    /// Octets of one direction were lost: whatever was gathered of it is worthless.
    fn gap(&mut self, from: End) {
        let _ = from;
    }
}
