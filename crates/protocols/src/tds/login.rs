//! What a login says of the client ([MS-TDS] section 2.2.6.4).

use observation::{Basis, Octets, attribute};

use super::rules;
use crate::{Context, Malformed, Output, Reader, security_token};

/// Reads a login.
///
/// # Errors
///
/// Fails if its fixed fields are cut short.
pub(super) fn read(context: &Context, login: Octets<'_>, output: &mut Output<'_>) -> Result<(), Malformed> {
    let mut reader = Reader::new(login);
    reader.skip(36, "login")?;
    let [host, user, password, application, server] = places(&mut reader)?;
    let [_, library, _, database] = places(&mut reader)?;
    let id = reader.take(6, "client id")?;
    let [sspi, _, change] = places(&mut reader)?;
    // Names of users are personal; what the client calls the server may be anything.
    let _ = (user, server);
    for password in [password, change] {
        // In UTF-16, scrambled. Whatever there is of it is masked.
        let octets = login.tail(password.offset).head(password.characters.saturating_mul(2));
        if !octets.is_empty() {
            output.secret(octets);
        }
    }
    let client = context.source();
    let mut say = |station, name, basis, rule, place: Place| {
        if let Some(octets) = login.slice(place.offset, place.characters.saturating_mul(2)) {
            output.fact(station, name, basis, rule, octets);
        }
    };
    say(&client, attribute::HOSTNAME, Basis::Stated, &rules::HOST_NAME, host);
    say(&client, "tds.application", Basis::Stated, &rules::APPLICATION, application);
    say(&client, "tds.library", Basis::Stated, &rules::LIBRARY, library);
    say(&context.destination(), "tds.database", Basis::Reported, &rules::DATABASE, database);
    // The address of some network card of the client, not necessarily of the one it sends from.
    output.fact(&client, "tds.client_id", Basis::Stated, &rules::CLIENT_ID, id);
    security_token::read(context, login.tail(sspi.offset).head(sspi.characters), output);
    Ok(())
}

/// Where a field is.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    /// Octets from the start of the login.
    offset: usize,
    /// Characters of UTF-16; octets for a token.
    characters: usize,
}

fn places<const N: usize>(reader: &mut Reader<'_>) -> Result<[Place; N], Malformed> {
    let mut places = [Place::default(); N];
    for place in &mut places {
        place.offset = reader.u16_le("offset of a field")?.into();
        place.characters = reader.u16_le("length of a field")?.into();
    }
    Ok(places)
}
