//! Reads the frames of one conversation.

use observation::{Basis, End, Octets, attribute};

use super::configuration::{self, Form};
use super::rules;
use super::wire::{FrameType, HEADER, Header, operation};
use crate::{Assembly, Context, Malformed, Output, Problem, Reader, Session};

/// Most octets of a configuration 3 in fragments.
const CONFIGURATION_OCTETS_MAX: usize = 64 * 1024;

/// Continuation index of a configuration 3 that is whole, and of the last fragment (table 10, CONT_IDX).
const WHOLE: u16 = 0;
const LAST: u16 = 0xffff;

/// Gathers the fragments of a configuration 3.
#[derive(Debug, Default)]
pub(super) struct Synchrophasor {
    fragments: Assembly,
    /// Continuation index that comes next; 0 if no fragment is gathered.
    next: u16,
}

impl Session for Synchrophasor {
    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let header = Header::parse(message)?;
        if header.kind == FrameType::Command {
            output.server_is = Some(context.from.other());
            let mut data = Reader::nested(header.data, HEADER);
            let asks = data.peek().head(2);
            let (kind, name) = operation(data.u16_be("command")?);
            output.operation(kind, name, asks);
        } else {
            output.server_is = Some(context.from);
        }
        match header.kind {
            FrameType::Data | FrameType::Command => {}
            FrameType::Header => {
                let station = context.source();
                output.fact(&station, attribute::DESCRIPTION, Basis::Stated, &rules::TEXT, header.data);
                stream(context, &header, output);
            }
            FrameType::Configuration1 | FrameType::Configuration2 => {
                stream(context, &header, output);
                let data = Reader::nested(header.data, HEADER);
                configuration::say(&context.source(), Form::Fixed, data, output)?;
            }
            FrameType::Configuration3 => {
                stream(context, &header, output);
                self.configuration_3(context, &header, output)?;
            }
        }
        match usize::from(header.length).saturating_sub(message.len()) {
            0 => Ok(()),
            missing => Err(Malformed {
                what: "frame",
                offset: message.len(),
                problem: Problem::Truncated { missing },
            }),
        }
    }

    fn gap(&mut self, _: End) {
        self.forget();
    }
}

impl Synchrophasor {
    fn forget(&mut self) {
        self.fragments.clear();
        self.next = 0;
    }

    fn configuration_3(
        &mut self,
        context: &Context,
        header: &Header<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), Malformed> {
        let mut data = Reader::nested(header.data, HEADER);
        let index = data.u16_be("continuation index")?;
        if index == WHOLE {
            return configuration::say(&context.source(), Form::Variable, data, output);
        }
        if index == 1 {
            if self.next > 0 {
                output.dropped = output.dropped.saturating_add(1);
            }
            self.forget();
            self.next = 1;
        }
        // The last fragment has no number of its own.
        let is_next = self.next > 0 && (index == self.next || index == LAST);
        if !is_next || !self.fragments.push(data.rest(), CONFIGURATION_OCTETS_MAX) {
            if self.next > 0 {
                output.dropped = output.dropped.saturating_add(1);
            }
            self.forget();
            return Ok(());
        }
        if index != LAST {
            output.hold = true;
            self.next = self.next.saturating_add(1);
            return Ok(());
        }
        let whole = std::mem::take(&mut self.fragments);
        self.next = 0;
        // Whether one before the last was lost shows only in that what is put together does not fit.
        let mut said = Output::default();
        configuration::say(&context.source(), Form::Variable, Reader::new(whole.octets()), &mut said)?;
        output.facts.append(&mut said.facts);
        output.mentioned.append(&mut said.mentioned);
        Ok(())
    }
}

/// The identification code of the stream is that of whoever sends it.
fn stream(context: &Context, header: &Header<'_>, output: &mut Output<'_>) {
    output.fact(&context.source(), "c37118.stream_id_code", Basis::Stated, &rules::ID_CODE, header.id_code);
}
