//! What a reply says, once its request is found.

use observation::{Basis, Station};

use super::cip::{CONNECTION_FAILURE, EMBEDDED_SERVICE_ERROR, Packed, Reply, SUCCESS, service};
use super::forward_open::{self, Opened};
use super::objects::{self, Asked, Subject};
use super::observe::{Enip, Way};
use super::pending::{Connection, Key};
use super::routes::Node;
use super::rules;
use crate::{Context, Malformed, Output, Reader, pccc};

impl Enip {
    /// Reads a reply that travelled by `way`.
    ///
    /// # Errors
    ///
    /// Fails if the reply cannot be read to its end. What was read before is said.
    pub(super) fn reply<'m>(
        &mut self,
        context: &Context,
        way: Way,
        message: Reader<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let reply = Reply::parse(message)?;
        output.server_is = Some(context.from);
        let pending = way.key.and_then(|key| self.requests.take(key));
        let connected = matches!(way.key, None | Some(Key::Connected(..)));
        let node = if connected { way.node } else { pending.as_ref().and_then(|pending| pending.node) };
        // An Unconnected Send that fails on its way is answered by a router, under its own service code.
        if pending.as_ref().is_some_and(|pending| pending.service != reply.service) {
            return Ok(());
        }
        let Some(node) = node else { return Ok(()) };
        // A failed tag service of the same code looks like one of a router.
        let routers = reply.status == CONNECTION_FAILURE
            || (reply.service == service::UNCONNECTED_SEND && reply.status != SUCCESS && !connected);
        if !routers {
            self.speaks(context, node, output);
        }
        if reply.service == service::EXECUTE_PCCC && reply.status == SUCCESS && self.pccc.is_some() {
            let station = self.station(node, context.source());
            return self.pccc_reply(&station, reply.data, output);
        }
        let Some(pending) = pending else { return Ok(()) };
        if let Some(opens) = pending.opens {
            self.opened(context, opens, &reply, output)
        } else if reply.service == service::FORWARD_CLOSE && reply.status == SUCCESS && !connected {
            forward_open::triad(&mut reply.data.clone()).map(|triad| self.connections.close(triad))
        } else if let Some(asked) = pending.asked {
            self.answer(context, node, asked, &reply, output)
        } else if !pending.packed.is_empty() && matches!(reply.status, SUCCESS | EMBEDDED_SERVICE_ERROR) {
            for packed in Packed::parse(reply.data)? {
                let (index, message) = packed?;
                // The numbers wanted ascend, as the packet was read.
                let wanted = pending.packed.binary_search_by_key(&index, |(number, _)| *number);
                if let Some((_, asked)) = wanted.ok().and_then(|at| pending.packed.get(at)) {
                    let reply = Reply::parse(message)?;
                    let read = self.answer(context, node, *asked, &reply, output);
                    output.malformed.extend(read.err());
                }
            }
            Ok(())
        } else {
            Ok(())
        }
    }

    /// A command of an older controller is answered.
    fn pccc_reply<'m>(
        &mut self,
        station: &Station,
        mut data: Reader<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let Some(pccc) = &mut self.pccc else { return Ok(()) };
        output.inside(pccc::PROTOCOL.name, |output| {
            pccc::skip_requester(&mut data)?;
            pccc.commands.reply(station, data, output)
        })
    }

    /// A Forward Open is answered.
    fn opened<'m>(
        &mut self,
        context: &Context,
        node: Node,
        reply: &Reply<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        if reply.status == SUCCESS {
            let Opened { to_target, to_originator, triad } = Opened::parse(reply.data.clone())?;
            let full = self.connections.open(Connection { triad, to_target, to_originator, node });
            output.dropped = output.dropped.saturating_add(full.into());
            self.speaks(context, node, output);
        } else if let Some(extended) = reply.additional.slice(0, 2) {
            let station = self.station(node, context.source());
            output.fact(&station, "cip.key_mismatch", Basis::Stated, &rules::KEY_MISMATCH, extended);
        }
        Ok(())
    }

    /// Says what a reply tells of the device it comes from.
    fn answer<'m>(
        &mut self,
        context: &Context,
        node: Node,
        asked: Asked,
        reply: &Reply<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let station = self.station(node, context.source());
        let subject = Subject { station: &station, logix_controller: self.routes.is_logix_controller(node) };
        if objects::observe(asked, reply, &subject, output)? {
            self.routes.set_logix_controller(node);
        }
        Ok(())
    }
}
