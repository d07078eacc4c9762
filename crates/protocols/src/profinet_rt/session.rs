//! What the frames between two stations say.

use observation::{Basis, End, Octets, Rule, Transport, attribute};

use super::alarm::{self, Alarm};
use super::cyclic::{self, News, Relations};
use crate::{Context, Malformed, Output, Reader, Repeat, Session};

static MODE: Rule = Rule { name: "profinet-rt-mode", read: |octets| bit(octets, 4, "STOP", "RUN") };
static STATE: Rule = Rule { name: "profinet-rt-state", read: |octets| bit(octets, 0, "backup", "primary") };
static PROBLEM: Rule = Rule {
    name: "profinet-rt-station-problem",
    read: |octets| bit(octets, 5, "problem detected", "normal operation"),
};
static ALARM: Rule = Rule { name: "profinet-rt-alarm", read: alarm::show };

pub(super) const RULES: &[&Rule] = &[&MODE, &STATE, &PROBLEM, &ALARM];

/// A bit of DataStatus in words.
fn bit(octets: &[u8], bit: u8, clear: &str, set: &str) -> Option<String> {
    let status = *octets.first()?;
    Some(if status >> bit & 1 == 0 { clear } else { set }.to_owned())
}

/// Remembers the status of each relation.
#[derive(Debug, Default)]
pub(super) struct Rt {
    relations: Relations,
}

impl Session for Rt {
    fn repeat(&mut self, from: End, _: Transport, message: &[u8]) -> Repeat {
        let frame_id = message.first_chunk().map_or(0, |octets| u16::from_be_bytes(*octets));
        let is_repeated = cyclic::is_cyclic(frame_id) && self.relations.repeats(frame_id, from, message);
        if is_repeated { Repeat::Silent } else { Repeat::No }
    }

    fn message<'m>(
        &mut self,
        context: &Context,
        message: Octets<'m>,
        output: &mut Output<'m>,
    ) -> Result<(), Malformed> {
        let frame_id = Reader::new(message).u16_be("FrameID")?;
        if cyclic::is_cyclic(frame_id) {
            match self.relations.look(frame_id, context.from, message) {
                News::None => {}
                News::NoRoom => output.dropped = output.dropped.saturating_add(1),
                News::Status(status) => say_status(context, status, output),
            }
        } else if alarm::is_alarm(frame_id) {
            match alarm::parse(message)? {
                // Devices notify, controllers acknowledge (IEC 61158-5-10, alarm service).
                Alarm::Notification(event) => {
                    output.server_is = Some(context.from);
                    output.fact(&context.source(), "profinet_rt.alarm", Basis::Stated, &ALARM, event);
                }
                Alarm::Acknowledgement => output.server_is = Some(context.from.other()),
                Alarm::Other => {}
            }
        }
        Ok(())
    }
}

fn say_status(context: &Context, status: Octets<'_>, output: &mut Output<'_>) {
    let provider = context.source();
    output.fact(&provider, attribute::MODE, Basis::Stated, &MODE, status);
    output.fact(&provider, "profinet_rt.state", Basis::Stated, &STATE, status);
    output.fact(&provider, "profinet_rt.station_problem", Basis::Stated, &PROBLEM, status);
}
