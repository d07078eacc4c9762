//! Cyclic data: the status behind it, and when it is news.

use observation::{End, Octets};

/// FrameID, at least 40 octets of data, and the status of four octets (IEC 61158-6-10, chapter 4.7.1).
const LENGTH_MIN: usize = 46;

/// Relations of one conversation whose status is remembered. A device has one to a controller, rarely up to four.
const RELATIONS_MAX: usize = 8;

/// Frames in a row that must agree. A frame has no length field: one that the capture cut ends in data, which do not
/// count cycles.
const AGREEING_MIN: u8 = 3;

/// Largest step of the cycle counter between two frames: they are at most 512 ms apart, in units of 31.25 µs.
const STEP_MAX: u16 = 0x4000;

/// Bits of DataStatus (IEC 61158-6-10, chapter 4.7.2.1.3).
const DATA_VALID: u8 = 0x04;
const RESERVED: u8 = 0x48;

/// True for FrameIDs of cyclic data: RT_CLASS_3, RT_CLASS_2, RT_CLASS_1.
pub(super) fn is_cyclic(frame_id: u16) -> bool {
    matches!(frame_id, 0x0100..=0x0fff | 0x8000..=0xfbff)
}

/// What is remembered of one provider's frames with one FrameID.
#[derive(Clone, Copy, Debug)]
struct Relation {
    frame_id: u16,
    from: End,
    counter: u16,
    status: u8,
    agreeing: u8,
    said: Option<u8>,
}

impl Relation {
    /// Takes cycle counter and status of the next frame.
    fn count(&mut self, counter: u16, status: u8) {
        let step = counter.wrapping_sub(self.counter);
        let agrees = status == self.status && (1..=STEP_MAX).contains(&step);
        self.agreeing = if agrees { self.agreeing.saturating_add(1) } else { 1 };
        (self.counter, self.status) = (counter, status);
    }
}

/// All relations of one conversation.
#[derive(Debug, Default)]
pub(super) struct Relations {
    known: [Option<Relation>; RELATIONS_MAX],
    full: bool,
}

/// What a frame amounts to.
#[derive(Debug)]
pub(super) enum News<'m> {
    /// Nothing that was not said before, or not yet sure.
    None,
    /// A new DataStatus, of one octet.
    Status(Octets<'m>),
    /// There is no room for one more relation; said once.
    NoRoom,
}

impl Relations {
    /// True if a frame has the status that was said last of its relation; it is looked at then.
    pub(super) fn repeats(&mut self, frame_id: u16, from: End, frame: &[u8]) -> bool {
        let Some(&[high, low, status, transfer]) = frame.last_chunk::<4>() else { return false };
        let is_same = |known: &&mut Relation| known.frame_id == frame_id && known.from == from;
        let known = self.known.iter_mut().map_while(Option::as_mut).find(is_same);
        let Some(known) = known.filter(|known| known.said == Some(status)) else { return false };
        let is_sound = frame.len() >= LENGTH_MIN && transfer == 0;
        if is_sound {
            known.count(u16::from_be_bytes([high, low]), status);
        }
        is_sound
    }

    /// Looks at a cyclic frame.
    pub(super) fn look<'m>(&mut self, frame_id: u16, from: End, frame: Octets<'m>) -> News<'m> {
        let Some([high, low, status, transfer]) = frame.bytes.last_chunk::<4>().copied() else {
            return News::None;
        };
        if frame.len() < LENGTH_MIN || transfer != 0 || status & RESERVED != 0 || status & DATA_VALID == 0 {
            return News::None;
        }
        let counter = u16::from_be_bytes([high, low]);
        let is_same = |known: &Relation| known.frame_id == frame_id && known.from == from;
        let place = self.known.iter_mut().find(|place| place.as_ref().is_none_or(is_same));
        let Some(place) = place else {
            return if std::mem::replace(&mut self.full, true) { News::None } else { News::NoRoom };
        };
        let Some(known) = place else {
            *place = Some(Relation { frame_id, from, counter, status, agreeing: 1, said: None });
            return News::None;
        };
        known.count(counter, status);
        if known.agreeing < AGREEING_MIN || known.said == Some(status) {
            return News::None;
        }
        known.said = Some(status);
        frame.slice(frame.len().saturating_sub(2), 1).map_or(News::None, News::Status)
    }
}
