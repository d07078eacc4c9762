//! A block of header fields (RFC 7541 section 6), without the table that both ends keep.

use observation::Octets;

use crate::Reader;

/// Fields of one block that are looked at.
const FIELDS_MAX: usize = 128;

/// Places in the static table (appendix A) that are told apart.
pub(super) mod place {
    pub(in super::super) const GET: usize = 2;
    pub(in super::super) const POST: usize = 3;
    pub(super) const CONTENT_TYPE: usize = 31;
    pub(super) const SERVER: usize = 54;
    pub(super) const USER_AGENT: usize = 58;
    pub(super) const LAST: usize = 61;
    /// Authorization, cookie, proxy-authorization, set-cookie.
    pub(super) const SECRETS: [usize; 4] = [23, 32, 49, 55];
}

/// A string: as it is, or compressed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Text<'a> {
    Plain(Octets<'a>),
    Compressed(Octets<'a>),
}

impl<'a> Text<'a> {
    pub(super) fn octets(self) -> Octets<'a> {
        match self {
            Self::Plain(octets) | Self::Compressed(octets) => octets,
        }
    }

    fn plain(self) -> Option<Octets<'a>> {
        match self {
            Self::Plain(octets) => Some(octets),
            Self::Compressed(_) => None,
        }
    }
}

/// What a field is by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    ContentType,
    Server,
    UserAgent,
    /// Known, and neither of these nor secret.
    Other,
    /// Secret, or of a name that only both ends know: it may be.
    Secret,
}

/// A field.
#[derive(Clone, Copy, Debug)]
pub(super) enum Field<'a> {
    /// A place in the tables, which says name and value.
    Indexed(usize),
    /// A value that stands here.
    Literal(Name, Text<'a>),
}

fn by_place(place: usize) -> Name {
    match place {
        place::CONTENT_TYPE => Name::ContentType,
        place::SERVER => Name::Server,
        place::USER_AGENT => Name::UserAgent,
        place if place::SECRETS.contains(&place) || place > place::LAST => Name::Secret,
        _ => Name::Other,
    }
}

fn by_text(name: Text<'_>) -> Name {
    match name.plain().map(|name| name.bytes) {
        Some(b"content-type") => Name::ContentType,
        Some(b"server") => Name::Server,
        Some(b"user-agent") => Name::UserAgent,
        Some(
            b"te" | b"grpc-timeout" | b"grpc-encoding" | b"grpc-accept-encoding" | b"grpc-status" | b"accept",
        ) => Name::Other,
        _ => Name::Secret,
    }
}

/// A number whose first bits stand in an octet (section 5.1).
fn number(first: u8, bits: u8, reader: &mut Reader<'_>) -> Option<usize> {
    let mask = 1_u8.checked_shl(bits.into())?.wrapping_sub(1);
    let mut value = usize::from(first & mask);
    if value < usize::from(mask) {
        return Some(value);
    }
    // More than three octets no length that fits into a frame has.
    for shift in [0, 7, 14] {
        let octet = reader.u8("number").ok()?;
        value = value.checked_add(usize::from(octet & 0x7f) << shift)?;
        if octet & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn text<'a>(reader: &mut Reader<'a>) -> Option<Text<'a>> {
    let first = reader.u8("length of a string").ok()?;
    let length = number(first, 7, reader)?;
    let octets = match reader.take(length, "string") {
        Ok(octets) => octets,
        // Cut: what is there may be secret.
        Err(_) => reader.rest(),
    };
    Some(if first & 0x80 == 0 { Text::Plain(octets) } else { Text::Compressed(octets) })
}

/// The fields of a block, up to what cannot be read.
pub(super) fn fields(block: Octets<'_>) -> impl Iterator<Item = Field<'_>> {
    let mut reader = Reader::new(block);
    std::iter::from_fn(move || {
        loop {
            let first = reader.u8("field").ok()?;
            let bits = match first {
                0x80.. => return Some(Field::Indexed(number(first, 7, &mut reader)?)),
                0x40..=0x7f => 6,
                0x20..=0x3f => {
                    number(first, 5, &mut reader)?;
                    continue;
                }
                _ => 4,
            };
            let name = match number(first, bits, &mut reader)? {
                0 => by_text(text(&mut reader)?),
                place => by_place(place),
            };
            return Some(Field::Literal(name, text(&mut reader)?));
        }
    })
    .take(FIELDS_MAX)
}
