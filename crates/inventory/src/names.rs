//! Names for assets that people have not named.

use observation::{Position, attribute};

use crate::model::{Asset, Role};
use crate::rules::nesting::BACKPLANE;

/// Attributes that are a name, best first.
const NAMES: [&str; 3] = [attribute::STATION_NAME, attribute::NAME, attribute::HOSTNAME];

/// A name: what the plant calls it, else what it is, else what it is for; then where it sits, then the address.
pub(crate) fn name(asset: &Asset, address: &str) -> String {
    let value = |name: &str| {
        asset
            .attributes
            .get(name)
            .and_then(|candidates| candidates.first())
            .map(|winner| winner.value.as_str())
    };
    let given = NAMES.into_iter().find_map(value).map(str::to_owned);
    let product = || match (
        value(attribute::VENDOR),
        value(attribute::MODEL).or_else(|| value(attribute::ORDER_NUMBER)),
    ) {
        (Some(vendor), Some(model)) if model.to_lowercase().starts_with(&vendor.to_lowercase()) => {
            Some(model.to_owned())
        }
        (Some(vendor), Some(model)) => Some(format!("{vendor} {model}")),
        (Some(one), None) | (None, Some(one)) => Some(one.to_owned()),
        (None, None) => None,
    };
    let role = || asset.roles.first().map_or(Role::Unknown, |claim| claim.role).as_str().replace('_', " ");
    let called = given.or_else(product).unwrap_or_else(role);
    match (asset.parent, words(&asset.position)) {
        (Some(_), place) if !place.is_empty() => format!("{called} {place} @ {address}"),
        _ => format!("{called} @ {address}"),
    }
}

/// A position in words: `slot 2`, `rack 0 slot 2`, `unit 5`.
pub(crate) fn words(position: &[Position]) -> String {
    let (port, backplane, link) = BACKPLANE;
    let mut words = Vec::new();
    let mut steps = position.iter().peekable();
    while let Some(step) = steps.next() {
        match steps.peek() {
            Some(next) if step.kind == port && step.value == backplane && next.kind == link => {
                words.push(format!("slot {}", next.value));
                steps.next();
            }
            _ => words.push(format!("{} {}", step.kind, step.value)),
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_told_in_words() {
        let backplane = [Position::new("port", 1), Position::new("link", 3)];
        assert_eq!(words(&backplane), "slot 3");
        let remote = [
            Position::new("port", 1),
            Position::new("link", 3),
            Position::new("port", 2),
            Position::new("link", "10.0.0.9"),
        ];
        assert_eq!(words(&remote), "slot 3 port 2 link 10.0.0.9");
        assert_eq!(words(&[Position::new("rack", 0), Position::new("slot", 2)]), "rack 0 slot 2");
    }
}
