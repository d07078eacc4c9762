//! One conversation: puts fragments together, pairs answers with requests, and reads messages.
//!
//! Requests wait for their answers only where the answer alone does not say what it is about ([`PENDING_MAX`]).

use std::mem;

use observation::{End, Octets};

use super::layers::{self, Opened};
use super::observe::{self, Awaited, Layouts, Said};
use super::wire::{Confirmed, Kind};
use crate::ber::Element;
use crate::cotp::{Data, Tpdu};
use crate::pending::Pending;
use crate::told::{Print, Told};
use crate::tsdu::{Taken, Tsdus};
use crate::{Context, Malformed, Output, Session};

/// Requests that wait for their answer. Stations allow five at a time or so.
const PENDING_MAX: usize = 16;
/// Reports of one conversation that are remembered as told.
const REPORTS_MAX: usize = 8;

/// Reads one conversation.
#[derive(Debug, Default)]
pub(super) struct Mms {
    /// What the end with the lower address and port has sent in part, and the other one.
    lower: Lane,
    upper: Lane,
    /// What answers are about, by the invocation and whether the lower end asked.
    pending: Pending<(u32, bool), Awaited, PENDING_MAX>,
    layouts: Layouts,
    said: Said,
    reports: Told<REPORTS_MAX>,
    /// True once the client and the server were told apart.
    oriented: bool,
}

/// What one end has sent in part.
#[derive(Debug, Default)]
struct Lane {
    /// The last label of this end.
    from: Option<End>,
    tsdus: Tsdus,
}

impl Session for Mms {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        self.lane(context).from = Some(context.from);
        let result = match Tpdu::parse(message)? {
            Tpdu::Data(data) => self.data(context, data, output),
            _ => Ok(()),
        };
        output.hold = self.lower.tsdus.waits() || self.upper.tsdus.waits();
        result
    }

    fn gap(&mut self, from: End) {
        for lane in [&mut self.lower, &mut self.upper] {
            if lane.from == Some(from) {
                *lane = Lane { from: lane.from, ..Lane::default() };
            }
        }
    }
}

impl Mms {
    fn data<'m>(
        &mut self,
        context: &Context,
        data: Data<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        match self.lane(context).tsdus.take(&data)? {
            Taken::Nothing => Ok(()),
            Taken::Whole => self.unit(context, data.octets, data.at, data.octets, output),
            Taken::Assembled(whole) => self.unit(context, whole.octets(), 0, data.octets, output),
        }
    }

    /// Reads a service data unit that `carried` octets of this message complete.
    fn unit<'m>(
        &mut self,
        context: &Context,
        octets: Octets<'_>,
        base: usize,
        carried: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let opened = Opened::new(octets, base)?;
        if let Some(association) = &opened.association {
            observe::association(association, &context.source(), &context.destination(), output);
        }
        let Some(mms) = &opened.mms else {
            // The relatives in the same transport begin with 0x32 and 0x72.
            output.hand_over = matches!(octets.get(0), Some(0x32 | 0x72));
            return layers::cut(opened.missing, base);
        };
        let end = base.saturating_add(octets.len());
        let carrier = Carrier { octets: carried, whole: carried.len() == octets.len() };
        match Kind(mms.tag.octet) {
            Kind::INITIATE_REQUEST => self.orient(context.from.other(), output),
            Kind::INITIATE_RESPONSE => self.orient(context.from, output),
            Kind::CONFIRMED_REQUEST => {
                self.orient(context.from.other(), output);
                let request = Confirmed::parse(mms)?;
                self.request(context, &request, carrier, output);
                return layers::cut(request.missing.max(opened.missing), end);
            }
            Kind::CONFIRMED_RESPONSE => {
                self.orient(context.from, output);
                let response = Confirmed::parse(mms)?;
                let awaited = self.awaited(context, response.invoke);
                let server = context.source();
                observe::response(&response.service, awaited, &mut self.layouts, &server, output);
                return layers::cut(response.missing.max(opened.missing), end);
            }
            Kind::CONFIRMED_ERROR => {
                let invoke = mms.find(0x80).and_then(|invoke| invoke.number());
                drop(invoke.and_then(|invoke| self.awaited(context, invoke)));
            }
            Kind::UNCONFIRMED => self.report(context, mms, output),
            _ => {}
        }
        layers::cut(opened.missing, end)
    }

    fn request<'m>(
        &mut self,
        context: &Context,
        request: &Confirmed<'_>,
        carrier: Carrier<'m>,
        output: &mut Output<'m>,
    ) {
        let server = context.destination();
        let asked = observe::request(&request.service, &server, &mut self.said, output);
        // The service ends the unit: what is behind its head is values that are written.
        let values = request.service.whole.len().saturating_sub(asked.head);
        let (kind, name) = asked.named;
        output.operation(kind, name, carrier.without_end(values));
        let Some(awaited) = asked.awaited else { return };
        self.pending.ask((request.invoke, is_lower(context)), awaited, output);
    }

    /// What the answer to a request of the other end is about.
    fn awaited(&mut self, context: &Context, invoke: u32) -> Option<Awaited> {
        self.pending.take(&(invoke, !is_lower(context)))
    }

    fn report(&mut self, context: &Context, mms: &Element<'_>, output: &mut Output<'_>) {
        let Some(reference) = observe::reported(mms) else { return };
        self.orient(context.from, output);
        // Reports come again and again: each is told of once.
        if !self.reports.is_new(Print::new().with(reference.bytes)) {
            return;
        }
        observe::report(reference, &context.source(), output);
    }

    fn orient(&mut self, server: End, output: &mut Output<'_>) {
        if !mem::replace(&mut self.oriented, true) {
            output.server_is = Some(server);
        }
    }

    fn lane(&mut self, context: &Context) -> &mut Lane {
        if is_lower(context) { &mut self.lower } else { &mut self.upper }
    }
}

/// Where the octets of an operation are: in the message itself, or, where it was put together from fragments, in its
/// last one.
#[derive(Clone, Copy, Debug)]
struct Carrier<'m> {
    octets: Octets<'m>,
    whole: bool,
}

impl<'m> Carrier<'m> {
    fn without_end(self, octets: usize) -> Octets<'m> {
        if self.whole { self.octets.head(self.octets.len().saturating_sub(octets)) } else { self.octets }
    }
}

fn is_lower(context: &Context) -> bool {
    (context.source, context.source_port) < (context.destination, context.destination_port)
}
