//! The one cursor that all decoders read with.

use observation::Octets;

use crate::{Malformed, Problem};

/// Reads fields in wire order. No method panics or reads beyond the octets; each failure names the field.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    octets: Octets<'a>,
    /// What comes next, the end of `octets`: a field at its front needs one comparison.
    ahead: &'a [u8],
    base: usize,
}

macro_rules! numbers {
    ($($name:ident $type:ty, $from:ident, $order:literal;)*) => {
        $(
            #[doc = concat!("The next ", stringify!($type), ", ", $order, ".")]
            ///
            /// # Errors
            ///
            /// Fails if the message ends before it.
            pub fn $name(&mut self, what: &'static str) -> Result<$type, Malformed> {
                let Some((bytes, ahead)) = self.ahead.split_first_chunk() else {
                    return Err(self.short(size_of::<$type>(), what));
                };
                self.ahead = ahead;
                Ok(<$type>::$from(*bytes))
            }
        )*
    };
}

impl<'a> Reader<'a> {
    /// Reads from the start of `octets`.
    #[must_use]
    pub fn new(octets: Octets<'a>) -> Self {
        Self { octets, ahead: octets.bytes, base: 0 }
    }

    /// Reads nested octets that start `base` octets into the message, so that errors name offsets of the message.
    #[must_use]
    pub fn nested(octets: Octets<'a>, base: usize) -> Self {
        Self { octets, ahead: octets.bytes, base }
    }

    numbers! {
        u8 u8, from_be_bytes, "one octet";
        u16_be u16, from_be_bytes, "most significant octet first";
        u32_be u32, from_be_bytes, "most significant octet first";
        u64_be u64, from_be_bytes, "most significant octet first";
        u16_le u16, from_le_bytes, "least significant octet first";
        u32_le u32, from_le_bytes, "least significant octet first";
        u64_le u64, from_le_bytes, "least significant octet first";
    }

    /// The next `length` octets.
    ///
    /// # Errors
    ///
    /// Fails if the message ends before them.
    pub fn take(&mut self, length: usize, what: &'static str) -> Result<Octets<'a>, Malformed> {
        let ahead = self.ahead.get(length..);
        let (Some(ahead), Some(taken)) = (ahead, self.octets.slice(self.at(), length)) else {
            return Err(self.short(length, what));
        };
        self.ahead = ahead;
        Ok(taken)
    }

    /// The next `length` octets as a reader of their own, whose errors name offsets of the whole message.
    ///
    /// # Errors
    ///
    /// Fails if the message ends before them.
    pub fn sub(&mut self, length: usize, what: &'static str) -> Result<Self, Malformed> {
        let base = self.offset();
        self.take(length, what).map(|octets| Self::nested(octets, base))
    }

    /// The next `length` octets as a reader of their own; where the capture cut the message, those of them that are
    /// there. For what only wraps the fields: these still fail where they are not all there.
    ///
    /// # Errors
    ///
    /// Fails if the message ends before them and was not cut.
    pub fn part(&mut self, length: usize, what: &'static str) -> Result<Self, Malformed> {
        if length <= self.remaining() || !self.octets.is_cut() {
            return self.sub(length, what);
        }
        let base = self.offset();
        Ok(Self::nested(self.rest(), base))
    }

    /// Passes over `length` octets.
    ///
    /// # Errors
    ///
    /// Fails if the message ends before them.
    pub fn skip(&mut self, length: usize, what: &'static str) -> Result<(), Malformed> {
        let Some(ahead) = self.ahead.get(length..) else { return Err(self.short(length, what)) };
        self.ahead = ahead;
        Ok(())
    }

    /// Everything that is left; may be empty.
    pub fn rest(&mut self) -> Octets<'a> {
        let rest = self.peek();
        self.ahead = &[];
        rest
    }

    /// What is left, without reading it.
    #[must_use]
    pub fn peek(&self) -> Octets<'a> {
        self.octets.tail(self.at())
    }

    /// Number of octets left.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.ahead.len()
    }

    /// Where in the octets what comes next begins.
    fn at(&self) -> usize {
        self.octets.len().saturating_sub(self.ahead.len())
    }

    /// True if nothing is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.remaining() == 0
    }

    /// Octets from the start of the message to what comes next.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.base.saturating_add(self.at())
    }

    /// Everything must have been read.
    ///
    /// # Errors
    ///
    /// Fails if octets are left.
    pub fn finish(&self, what: &'static str) -> Result<(), Malformed> {
        match self.remaining() {
            0 => Ok(()),
            octets => Err(self.malformed(what, Problem::Trailing { octets })),
        }
    }

    /// The message ends before the next `length` octets.
    #[cold]
    fn short(&self, length: usize, what: &'static str) -> Malformed {
        self.malformed(what, Problem::Truncated { missing: length.saturating_sub(self.remaining()) })
    }

    /// An error about what comes next.
    #[must_use]
    pub fn malformed(&self, what: &'static str, problem: Problem) -> Malformed {
        Malformed { what, offset: self.offset(), problem }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_in_wire_order_and_both_byte_orders() {
        let mut reader = Reader::new(Octets::unplaced(&[1, 0x02, 0x03, 0x04, 0x05, 9, 9]));
        assert_eq!(reader.u8("a"), Ok(1));
        assert_eq!(reader.u16_be("b"), Ok(0x0203));
        assert_eq!(reader.u16_le("c"), Ok(0x0504));
        assert_eq!(reader.rest().bytes, [9, 9]);
        assert_eq!(reader.finish("message"), Ok(()));
    }

    #[test]
    fn a_short_message_names_the_field_the_place_and_the_lack() {
        let mut reader = Reader::new(Octets::unplaced(&[0, 0, 0]));
        reader.skip(2, "head").unwrap();
        let error = reader.u32_be("serial number").unwrap_err();
        assert_eq!(error.to_string(), "serial number at octet 2: 3 octets missing");
        let mut nested = reader.sub(1, "item").unwrap();
        assert_eq!(nested.u16_le("type").unwrap_err().to_string(), "type at octet 2: 1 octet missing");
        assert_eq!(nested.finish("item").unwrap_err().to_string(), "item at octet 2: 1 octet too many");
    }
}
