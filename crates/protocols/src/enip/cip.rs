//! Messages of the message router: CIP Networks Library volume 1, 2-4, 3-5.5 (connection manager) and appendix A.

use observation::Octets;

use super::epath::Target;
use crate::{Malformed, Problem, Reader};

/// Largest number of messages in one Multiple Service Packet that are read. Each takes two octets of offset and two
/// of message, so that real packets of at most 4002 octets hold fewer than 1001.
pub(super) const PACKED_MAX: usize = 1024;

/// Bit of the service octet that marks replies.
const REPLY: u8 = 0x80;

/// Service codes (volume 1, appendix A, and those of the objects that are read here).
pub(super) mod service {
    pub(crate) const GET_ATTRIBUTES_ALL: u8 = 0x01;
    pub(crate) const GET_ATTRIBUTE_LIST: u8 = 0x03;
    pub(crate) const MULTIPLE_SERVICE_PACKET: u8 = 0x0a;
    pub(crate) const GET_ATTRIBUTE_SINGLE: u8 = 0x0e;
    pub(crate) const EXECUTE_PCCC: u8 = 0x4b;
    pub(crate) const FORWARD_CLOSE: u8 = 0x4e;
    pub(crate) const UNCONNECTED_SEND: u8 = 0x52;
    pub(crate) const FORWARD_OPEN: u8 = 0x54;
    pub(crate) const LARGE_FORWARD_OPEN: u8 = 0x5b;
}

/// Class codes (volume 1, table 5-1.1; volume 2, chapter 5) that change how a message is read.
pub(super) mod class {
    pub(crate) const IDENTITY: u32 = 0x01;
    pub(crate) const CONNECTION_MANAGER: u32 = 0x06;
    /// Of Logix controllers: name and description of the project.
    pub(crate) const CONTROLLER_NAME: u32 = 0x64;
    /// Of Rockwell Automation: carries the commands of older controllers.
    pub(crate) const PCCC: u32 = 0x67;
    pub(crate) const PORT: u32 = 0xf4;
    pub(crate) const TCP_IP_INTERFACE: u32 = 0xf5;
    pub(crate) const ETHERNET_LINK: u32 = 0xf6;
}

/// General status: success (volume 1, appendix B-1).
pub(super) const SUCCESS: u8 = 0x00;
/// General status: the connection, or the way to the target, failed.
pub(super) const CONNECTION_FAILURE: u8 = 0x01;
/// General status: some of the attributes of a list could not be read.
pub(super) const ATTRIBUTE_LIST_ERROR: u8 = 0x0a;
/// General status: some of the packed messages failed.
pub(super) const EMBEDDED_SERVICE_ERROR: u8 = 0x1e;

/// True if the message is a reply.
pub(super) fn is_reply(message: &Reader<'_>) -> bool {
    message.peek().get(0).is_some_and(|service| service & REPLY != 0)
}

/// A request (2-4.1).
#[derive(Clone, Debug)]
pub(super) struct Request<'a> {
    /// Service code.
    pub(super) service: u8,
    /// What it addresses.
    pub(super) target: Target,
    /// Service code and path.
    pub(super) head: Octets<'a>,
    /// What is wrong with the path, if anything.
    pub(super) path_error: Option<Malformed>,
    /// Arguments of the service.
    pub(super) data: Reader<'a>,
}

impl<'a> Request<'a> {
    /// Reads a request that fills `message`.
    ///
    /// # Errors
    ///
    /// Fails if the message ends before its arguments.
    pub(super) fn parse(mut message: Reader<'a>) -> Result<Self, Malformed> {
        let whole = message.peek();
        let service = message.u8("service")?;
        let words = usize::from(message.u8("path size")?);
        let path = message.sub(words.saturating_mul(2), "request path")?;
        let head = whole.head(words.saturating_mul(2).saturating_add(2));
        let (target, path_error) = Target::read(path);
        Ok(Self { service, target, head, path_error, data: message })
    }

    /// True for a command of an older controller in the PCCC object.
    pub(super) fn is_pccc(&self) -> bool {
        self.service == service::EXECUTE_PCCC && self.target.is_class(class::PCCC)
    }

    /// True for a service of the connection manager, not of a tag that has the same number.
    pub(super) fn is_of_connection_manager(&self, service: u8) -> bool {
        self.service == service && self.target.is_class(class::CONNECTION_MANAGER)
    }
}

/// A reply (2-4.2).
#[derive(Clone, Debug)]
pub(super) struct Reply<'a> {
    /// Service code of the request.
    pub(super) service: u8,
    /// General status; 0 is success.
    pub(super) status: u8,
    /// Additional status: words that say more of a failure.
    pub(super) additional: Octets<'a>,
    /// What the service returns.
    pub(super) data: Reader<'a>,
}

impl<'a> Reply<'a> {
    /// Reads a reply that fills `message`.
    ///
    /// # Errors
    ///
    /// Fails if the message ends before what the service returns.
    pub(super) fn parse(mut message: Reader<'a>) -> Result<Self, Malformed> {
        let service = message.u8("reply service")? & !REPLY;
        message.skip(1, "reserved")?;
        let status = message.u8("general status")?;
        let words = usize::from(message.u8("additional status size")?);
        let additional = message.take(words.saturating_mul(2), "additional status")?;
        Ok(Self { service, status, additional, data: message })
    }
}

/// Arguments of an Unconnected Send: a message and the way it takes (3-5.5.4).
#[derive(Clone, Debug)]
pub(super) struct UnconnectedSend<'a> {
    /// The message for the device at the end of the way.
    pub(super) message: Reader<'a>,
    /// Port segments.
    pub(super) route: Reader<'a>,
}

impl<'a> UnconnectedSend<'a> {
    /// Reads the arguments.
    ///
    /// # Errors
    ///
    /// Fails if they are cut short.
    pub(super) fn parse(mut data: Reader<'a>) -> Result<Self, Malformed> {
        data.skip(2, "priority and time-out")?;
        let length = usize::from(data.u16_le("embedded message size")?);
        let message = data.sub(length, "embedded message")?;
        if length % 2 == 1 {
            data.skip(1, "pad")?;
        }
        let words = usize::from(data.u8("route path size")?);
        data.skip(1, "reserved")?;
        let route = data.sub(words.saturating_mul(2), "route path")?;
        Ok(Self { message, route })
    }
}

/// The messages of a Multiple Service Packet, in order, with their number in it (volume 1, A-4.10).
#[derive(Clone, Debug)]
pub(super) struct Packed<'a> {
    data: Octets<'a>,
    base: usize,
    count: usize,
    next: usize,
}

impl<'a> Packed<'a> {
    /// Reads the count of a request or a reply.
    ///
    /// # Errors
    ///
    /// Fails if it is missing, or larger than [`PACKED_MAX`].
    pub(super) fn parse(mut data: Reader<'a>) -> Result<Self, Malformed> {
        let (whole, base) = (data.peek(), data.offset());
        let count = usize::from(data.u16_le("number of services")?);
        if count > PACKED_MAX {
            let problem = Problem::Value { value: count.try_into().unwrap_or(u64::MAX) };
            return Err(Malformed { what: "number of services", offset: base, problem });
        }
        Ok(Self { data: whole, base, count, next: 0 })
    }

    /// Where message `index` starts, counted from the number of services; the end for the one behind the last.
    fn start(&self, index: usize) -> Result<usize, Malformed> {
        if index >= self.count {
            return Ok(self.data.len());
        }
        let at = index.saturating_mul(2).saturating_add(2);
        let field = self.data.slice(at, 2).map(|octets| Reader::nested(octets, self.base.saturating_add(at)));
        let missing = Malformed {
            what: "service offset",
            offset: self.base.saturating_add(at),
            problem: Problem::Truncated { missing: 2 },
        };
        field.ok_or(missing)?.u16_le("service offset").map(usize::from)
    }

    fn message(&self, index: usize) -> Result<Reader<'a>, Malformed> {
        let next = index.saturating_add(1);
        let (from, to) = (self.start(index)?, self.start(next)?);
        let octets = to.checked_sub(from).and_then(|length| match next < self.count {
            true => self.data.slice(from, length),
            false => Some(self.data.tail(from)),
        });
        let offset = self.base.saturating_add(index.saturating_mul(2)).saturating_add(2);
        let problem = match from.max(to).saturating_sub(self.data.len()) {
            missing @ 1.. if self.data.is_cut() => Problem::Truncated { missing },
            _ => Problem::Value { value: from.try_into().unwrap_or(u64::MAX) },
        };
        let octets = octets.ok_or(Malformed { what: "service offset", offset, problem })?;
        Ok(Reader::nested(octets, self.base.saturating_add(from)))
    }
}

impl<'a> Iterator for Packed<'a> {
    type Item = Result<(u16, Reader<'a>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let index = self.next;
        if index >= self.count {
            return None;
        }
        let message = self.message(index);
        self.next = if message.is_err() { self.count } else { index.saturating_add(1) };
        Some(message.map(|message| (u16::try_from(index).unwrap_or(u16::MAX), message)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(octets: &[u8]) -> Reader<'_> {
        Reader::new(Octets::unplaced(octets))
    }

    #[test]
    fn a_request_has_service_path_and_data() {
        let request = Request::parse(reader(b"\x0e\x03\x20\xf5\x24\x01\x30\x05")).unwrap();
        assert_eq!(request.service, service::GET_ATTRIBUTE_SINGLE);
        assert!(request.target.is_class(class::TCP_IP_INTERFACE));
        assert_eq!((request.target.instance, request.target.attribute), (Some(1), Some(5)));
        assert_eq!(request.head.len(), 8);
        assert!(request.data.is_empty());
        let error = Request::parse(reader(b"\x0e\x03\x20\xf5")).unwrap_err();
        assert_eq!(error.to_string(), "request path at octet 2: 4 octets missing");
    }

    #[test]
    fn a_reply_has_status_and_data() {
        let reply = Reply::parse(reader(b"\xd2\x00\x01\x01\x04\x02\x01\x00")).unwrap();
        assert_eq!((reply.service, reply.status), (service::UNCONNECTED_SEND, CONNECTION_FAILURE));
        assert_eq!(reply.additional.bytes, [0x04, 0x02]);
        assert_eq!(reply.data.peek().bytes, [1, 0]);
    }

    #[test]
    fn an_unconnected_send_pads_an_odd_message() {
        let send =
            UnconnectedSend::parse(reader(b"\x07\xf9\x03\x00\x01\x00\xff\x00\x01\x00\x01\x02")).unwrap();
        assert_eq!(send.message.peek().bytes, [0x01, 0x00, 0xff]);
        assert_eq!(send.route.peek().bytes, [0x01, 0x02]);
    }

    #[test]
    fn packed_messages_lie_between_their_offsets() {
        let data = b"\x02\x00\x06\x00\x0a\x00\x81\x00\x00\x00\x8e\x00\x05\x00";
        let messages: Vec<_> = Packed::parse(reader(data)).unwrap().map(Result::unwrap).collect();
        assert_eq!(messages.len(), 2);
        assert_eq!(messages[0].1.peek().bytes, [0x81, 0, 0, 0]);
        assert_eq!((messages[1].0, messages[1].1.peek().bytes), (1, &[0x8e, 0, 5, 0][..]));
        assert_eq!(messages[1].1.offset(), 10);
    }

    #[test]
    fn offsets_that_lead_nowhere_end_the_packet() {
        let mut packed = Packed::parse(reader(b"\x02\x00\x06\x00\x04\x00\x81\x00\x00\x00")).unwrap();
        let error = packed.next().unwrap().unwrap_err();
        assert_eq!(error.to_string(), "service offset at octet 2: value 0x6 is not allowed");
        assert!(packed.next().is_none());
        assert!(Packed::parse(reader(b"\xff\xff")).is_err());
    }
}
