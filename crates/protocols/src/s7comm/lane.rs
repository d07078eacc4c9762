//! What one end of a conversation has sent in part: transport fragments, and answers in several data units.

use std::mem;

use observation::{End, Octets};

use super::wire::{self, Userdata};
use crate::cotp::Data;
use crate::{Assembly, Malformed, Problem};

/// Octets of one protocol data unit put together from TPDUs, and of one answer put together from data units. A
/// protocol data unit has 65,535 at most by its length fields, the longest lists of a CPU a few thousand.
const GATHERED_OCTETS_MAX: usize = 0x1_0000;
/// Answers in several units that one end may have under way.
const ANSWERS_MAX: usize = 4;
/// Messages of the conversation after which an unfinished answer is given up: the asker has stopped asking.
const ANSWER_MESSAGES_MAX: u16 = 64;

/// What one end has sent in part.
#[derive(Debug, Default)]
pub(super) struct Lane {
    /// The last label of this end.
    from: Option<End>,
    /// Fragments of a protocol data unit.
    fragments: Assembly,
    /// True while fragments of another protocol, or of what is too long, pass by.
    passing: bool,
    /// Answers in several data units.
    answers: Vec<Answer>,
}

/// An answer under way.
#[derive(Debug)]
struct Answer {
    /// Data unit reference.
    unit: u8,
    /// Messages seen since its last unit.
    age: u16,
    assembly: Assembly,
}

/// What the data of a TPDU is.
#[derive(Debug)]
pub(super) enum Taken {
    /// Nothing to read, or not yet.
    Nothing,
    /// The start of another protocol's data.
    Other,
    /// A whole S7 protocol data unit, as it came.
    Whole,
    /// A whole S7 protocol data unit, put together.
    Assembled(Assembly),
}

impl Lane {
    /// Notes which end this is called at the moment.
    pub(super) fn label(&mut self, from: End) {
        self.from = Some(from);
    }

    /// Forgets everything if `from` is this end: octets were lost.
    pub(super) fn gap(&mut self, from: End) {
        if self.from == Some(from) {
            *self = Self { from: self.from, ..Self::default() };
        }
    }

    /// True while something is put together, whose frames are needed.
    pub(super) fn waits(&self) -> bool {
        !self.fragments.is_empty() || !self.answers.is_empty()
    }

    /// Takes the data of one TPDU.
    ///
    /// # Errors
    ///
    /// Fails if the fragments become longer than a protocol data unit can be; they are forgotten.
    pub(super) fn take(&mut self, data: &Data<'_>) -> Result<Taken, Malformed> {
        if self.passing {
            self.passing = !data.last;
            return Ok(Taken::Nothing);
        }
        if self.fragments.is_empty() {
            match data.octets.get(0) {
                // STEP 7 acknowledges each answer with data without octets.
                None => return Ok(Taken::Nothing),
                Some(wire::PROTOCOL_ID) if data.last => return Ok(Taken::Whole),
                Some(wire::PROTOCOL_ID) => {}
                Some(_) => {
                    self.passing = !data.last;
                    return Ok(Taken::Other);
                }
            }
        }
        if !self.fragments.push(data.octets, GATHERED_OCTETS_MAX) {
            self.fragments.clear();
            self.passing = !data.last;
            let problem = Problem::Trailing { octets: data.octets.len() };
            return Err(Malformed { what: "COTP fragments", offset: data.at, problem });
        }
        Ok(if data.last { Taken::Assembled(mem::take(&mut self.fragments)) } else { Taken::Nothing })
    }

    /// Takes one data unit of an answer; gives the whole back with the last. The oldest answer is dropped where there
    /// are too many.
    ///
    /// # Errors
    ///
    /// Fails if the answer becomes too long; it is forgotten.
    pub(super) fn unit(
        &mut self,
        userdata: &Userdata<'_>,
        octets: Octets<'_>,
        dropped: &mut u32,
    ) -> Result<Option<Assembly>, Malformed> {
        let at = self.answers.iter().position(|answer| answer.unit == userdata.unit);
        let mut assembly = at.map_or_else(Assembly::new, |at| self.answers.remove(at).assembly);
        if !assembly.push(octets, GATHERED_OCTETS_MAX) {
            let problem = Problem::Trailing { octets: octets.len() };
            return Err(Malformed { what: "SZL data units", offset: 0, problem });
        }
        if !userdata.more {
            return Ok(Some(assembly));
        }
        if self.answers.len() >= ANSWERS_MAX {
            self.answers.remove(0);
            *dropped = dropped.saturating_add(1);
        }
        self.answers.push(Answer { unit: userdata.unit, age: 0, assembly });
        Ok(None)
    }

    /// Counts one message of the conversation, and gives up answers that nobody asks for any longer. Returns how many.
    pub(super) fn grow_old(&mut self) -> u32 {
        let before = self.answers.len();
        self.answers.retain_mut(|answer| {
            answer.age = answer.age.saturating_add(1);
            answer.age <= ANSWER_MESSAGES_MAX
        });
        u32::try_from(before.saturating_sub(self.answers.len())).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn userdata(unit: u8) -> Userdata<'static> {
        let octet = Octets::unplaced(&[1]);
        let way = wire::Way::Response;
        Userdata {
            way,
            group: 4,
            subfunction: 1,
            subfunction_octet: octet,
            unit,
            more: true,
            long: true,
            error: 0,
        }
    }

    #[test]
    fn the_oldest_answer_gives_way_and_is_counted() {
        let mut lane = Lane::default();
        let mut dropped = 0;
        for unit in 1..=5 {
            let octets = vec![0; unit.into()];
            let taken = lane.unit(&userdata(unit), Octets::unplaced(&octets), &mut dropped);
            assert!(taken.unwrap().is_none());
        }
        assert_eq!((dropped, lane.answers.len()), (1, ANSWERS_MAX));
        assert_eq!(lane.answers[0].unit, 2);
    }
}
