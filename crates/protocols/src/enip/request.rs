//! What a request says: what it asks for, which way it takes, and what its reply needs to be understood.

use observation::Basis;

use super::cip::{Packed, Request, UnconnectedSend, class, service};
use super::epath::{Hop, Segment, Segments};
use super::forward_open::ForwardOpen;
use super::objects::Asked;
use super::observe::{Enip, Way};
use super::pending::{Key, Pending};
use super::routes::Node;
use super::{identity, operations, rules};
use crate::{Context, Malformed, Output, Reader, pccc};

/// Most Unconnected Sends within one another that are followed. Real ones hold one message.
const NESTING_MAX: u8 = 3;

/// Most messages of one Multiple Service Packet whose answers are read. Identity and addresses fill a few.
const WANTED_MAX: usize = 32;

impl Enip {
    /// Reads a request that travels by `way`, `depth` Unconnected Sends deep.
    ///
    /// # Errors
    ///
    /// Fails if the request cannot be read to its end. What was read before is said.
    pub(super) fn request<'m>(
        &mut self,
        context: &Context,
        way: Way,
        message: Reader<'m>,
        depth: u8,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let request = Request::parse(message)?;
        output.malformed.extend(request.path_error.clone());
        output.server_is = Some(context.from.other());
        if request.is_of_connection_manager(service::UNCONNECTED_SEND) && depth < NESTING_MAX {
            let send = UnconnectedSend::parse(request.data)?;
            let node = self.follow(context, way.node, &send, output);
            return self.request(context, Way { node, ..way }, send.message, depth.saturating_add(1), output);
        }
        let (kind, name) = operations::operation(&request);
        let mut pending = way.key.map(|key| Pending {
            key,
            service: request.service,
            node: way.node,
            asked: Asked::of(&request),
            packed: Vec::new(),
            opens: None,
        });
        let mut read = Ok(());
        if request.service == service::MULTIPLE_SERVICE_PACKET {
            let mut packed = Vec::new();
            read = unpack(&request, &mut packed, output);
            if let Some(pending) = &mut pending {
                pending.packed = packed;
            }
        } else if request.is_of_connection_manager(service::FORWARD_OPEN)
            || request.is_of_connection_manager(service::LARGE_FORWARD_OPEN)
        {
            let large = request.service == service::LARGE_FORWARD_OPEN;
            let open = ForwardOpen::parse(request.data.clone(), large)?;
            let name = if open.carries_io() { "forward open i/o connection" } else { name };
            output.operation(kind, name, request.head);
            let opens = self.open(context, way.node, &open, output);
            if let Some(pending) = &mut pending {
                pending.opens = opens;
            }
        } else if request.is_pccc() {
            read = self.pccc_request(&request, output);
        } else {
            self.names_other(&request, output);
            output.operation(kind, name, request.head);
        }
        // Of a connected message the reply tells the connection; only what is read of it needs the request.
        let wanted = |pending: &Pending| {
            matches!(pending.key, Key::Unconnected(..))
                || pending.asked.is_some()
                || !pending.packed.is_empty()
        };
        match pending {
            Some(pending) if wanted(&pending) => {
                let full = self.requests.push(pending);
                output.dropped = output.dropped.saturating_add(full.into());
            }
            // Sequence counts come round: this reply must not be taken for that to an earlier request.
            Some(pending) => drop(self.requests.take(pending.key)),
            None => (),
        }
        read
    }

    /// A command of an older controller. A conversation of nothing else is called by it: controllers alone answer.
    fn pccc_request<'m>(&mut self, request: &Request<'m>, output: &mut Output<'m>) -> Result<(), Malformed> {
        let (mut data, pccc) = (request.data.clone(), self.pccc.get_or_insert_default());
        if !pccc.has_company {
            output.carries = Some(pccc::PROTOCOL.name);
        }
        output.inside(pccc::PROTOCOL.name, |output| {
            pccc::skip_requester(&mut data)?;
            pccc.commands.request(data, output)
        })
    }

    /// Another service than those that identify and connect, in a conversation called by its PCCC commands.
    fn names_other(&mut self, request: &Request<'_>, output: &mut Output<'_>) {
        let company =
            !request.target.is_class(class::IDENTITY) && !request.target.is_class(class::CONNECTION_MANAGER);
        if let Some(pccc) = self.pccc.as_mut().filter(|pccc| company && !pccc.has_company) {
            pccc.has_company = true;
            output.carries = Some(super::PROTOCOL.name);
        }
    }

    /// Follows the route of an Unconnected Send.
    fn follow<'m>(
        &mut self,
        context: &Context,
        from: Option<Node>,
        send: &UnconnectedSend<'m>,
        output: &mut Output<'m>,
    ) -> Option<Node> {
        let mut node = from;
        for segment in Segments::new(send.route.clone()) {
            match segment {
                Ok(Segment::Port(hop)) => node = self.step(node, &hop, output),
                Ok(_) => (),
                Err(malformed) => {
                    // A route that cannot be read to its end leads to no known device.
                    output.malformed(malformed);
                    return None;
                }
            }
        }
        // Browsers ask every slot, and the router answers for the empty ones: a single request names nothing. Where
        // an earlier one is still unanswered, the replies are not captured, and requests are all there is.
        if self.requests.wait_for(node?) {
            self.mention(context, node?, "unconnected send route", send.route.peek(), output);
        }
        node
    }

    /// Follows the path of a connection, and says what its electronic keys expect and who opens it.
    fn open<'m>(
        &mut self,
        context: &Context,
        from: Option<Node>,
        open: &ForwardOpen<'m>,
        output: &mut Output<'m>,
    ) -> Option<Node> {
        let client = context.source();
        let (vendor_id, serial) = (open.originator_vendor_id, open.originator_serial);
        output.fact(
            &client,
            "cip.originator_vendor_id",
            Basis::Stated,
            &rules::ORIGINATOR_VENDOR_ID,
            vendor_id,
        );
        output.fact(&client, "cip.originator_serial", Basis::Stated, &rules::ORIGINATOR_SERIAL, serial);
        let mut node = from;
        for segment in Segments::new(open.path.clone()) {
            match segment {
                Ok(Segment::Port(hop)) => node = self.step(node, &hop, output),
                // A key is about the device at this point of the path.
                Ok(Segment::Key(key)) => {
                    if let Some(keyed) = node {
                        let station = self.station(keyed, context.destination());
                        identity::say_key(&key, &station, output);
                        if keyed != Node::SERVER {
                            output.mentioned(station, context.source(), "electronic key", key.segment);
                        }
                    }
                }
                Ok(_) => (),
                Err(malformed) => {
                    output.malformed(malformed);
                    return None;
                }
            }
        }
        self.mention(context, node?, "connection path", open.path.peek(), output);
        node
    }

    fn step(&mut self, from: Option<Node>, hop: &Hop<'_>, output: &mut Output<'_>) -> Option<Node> {
        let node = self.routes.step(from?, hop);
        output.dropped = output.dropped.saturating_add(node.is_none().into());
        node
    }
}

/// Counts the operations of a Multiple Service Packet and notes those whose answers are read.
fn unpack<'m>(
    request: &Request<'m>,
    wanted: &mut Vec<(u16, Asked)>,
    output: &mut Output<'m>,
) -> Result<(), Malformed> {
    for packed in Packed::parse(request.data.clone())? {
        let (index, message) = packed?;
        let request = Request::parse(message)?;
        output.malformed.extend(request.path_error.clone());
        let (kind, name) = operations::operation(&request);
        output.operation(kind, name, request.head);
        if let Some(asked) = Asked::of(&request) {
            if wanted.len() < WANTED_MAX {
                wanted.push((index, asked));
            } else {
                output.dropped = output.dropped.saturating_add(1);
            }
        }
    }
    Ok(())
}
