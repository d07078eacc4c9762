//! What a client says that it is when it connects, held against what it then does.

use observation::Basis;

use crate::asked::Asked;
use crate::model::{Asset, AssetEnd, Role};
use crate::roles::{Claims, list};
use crate::rules::roles::{CLIENT_FACTS, ClientFact};

/// What an asset says of itself when it connects. A word that libraries say unless they are told otherwise makes the
/// role only of who does what only such a client does, or nothing at all; of all others it is one more reason of what
/// they do.
pub(crate) fn of_greetings(
    asset: &Asset,
    asked: &Asked<'_>,
    names: &dyn Fn(&AssetEnd) -> String,
    claims: &mut Claims,
) {
    if claims.is_field() {
        return;
    }
    let said = CLIENT_FACTS.iter().filter_map(|fact| {
        let mut candidates = asset.attributes.get(fact.attribute).into_iter().flatten();
        let said = candidates.find(|candidate| candidate.value.eq_ignore_ascii_case(fact.word))?;
        Some((fact, said.basis, format!("connects as {} ({})", said.value, fact.attribute)))
    });
    let (defaults, others): (Vec<_>, Vec<_>) = said.partition(|(fact, ..)| fact.by_default);
    for (fact, basis, reason) in others {
        claims.add(fact.role, basis, reason);
    }
    for (fact, basis, reason) in defaults {
        if claims.has(fact.role) {
            claims.add(fact.role, basis, reason);
        } else {
            by_default(fact, basis, &reason, asked, names, claims);
        }
    }
}

/// Judges a word that libraries say by default by what the client asks for.
fn by_default(
    fact: &ClientFact,
    basis: Basis,
    said: &str,
    asked: &Asked<'_>,
    names: &dyn Fn(&AssetEnd) -> String,
    claims: &mut Claims,
) {
    let of = |ends: &mut dyn Iterator<Item = &&AssetEnd>| list(ends.map(|end| names(end)));
    let called = |names: &std::collections::BTreeSet<&str>| list(names.iter().map(|name| (*name).to_owned()));
    let default =
        format!("{said}, as libraries do by default, and does nothing that only such a client does");
    if !asked.inspecting.is_empty() {
        let reason = format!("{} on {}", called(&asked.inspecting), of(&mut asked.asked.iter()));
        claims.add(fact.role, Basis::Inferred, reason);
        claims.add(fact.role, basis, said.to_owned());
    } else if let Some(role) = claims.primary() {
        claims.add(role, Basis::Inferred, default);
    } else if asked.names.is_empty() {
        // The word is all there is.
        claims.add(fact.role, basis, said.to_owned());
    } else {
        let polled = asked.polled();
        let (role, reason) = if polled.is_empty() {
            (Role::Workstation, format!("{} on {}", called(&asked.names), of(&mut asked.asked.iter())))
        } else {
            (Role::DataGateway, format!("reads {} again and again, no write", of(&mut polled.iter())))
        };
        claims.add(role, Basis::Inferred, reason);
        claims.add(role, Basis::Inferred, default);
    }
}
