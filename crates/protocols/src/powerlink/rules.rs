//! How octets become values. All numbers are least significant octet first.

use observation::{Rule, Rules};

/// A number of four octets in hexadecimal; 0 and all ones are none.
pub(super) static NUMBER: Rule = Rule { name: "powerlink-number", read: number };
/// Vendor numbers are those of CAN in Automation.
pub(super) static VENDOR: Rule = Rule { name: "powerlink-vendor", read: vendor };
pub(super) static SERIAL: Rule = Rule { name: "powerlink-serial", read: serial };
/// Profile in the lower half of object 0x1000, of four octets.
pub(super) static PROFILE: Rule = Rule { name: "powerlink-profile", read: profile };
pub(super) static TEXT: Rule = Rule { name: "powerlink-text", read: Rules::text };
/// Node number, of one octet.
pub(super) static NODE: Rule = Rule { name: "powerlink-node", read: node };
/// Kind of node, by its number.
pub(super) static KIND: Rule = Rule { name: "powerlink-kind", read: kind };
/// NMT state, of one octet.
pub(super) static STATE: Rule = Rule { name: "powerlink-state", read: state };
/// Days since 1984-01-01, of four octets.
pub(super) static DATE: Rule = Rule { name: "powerlink-date", read: date };
/// Node number, then IP address or mask.
pub(super) static IPV4: Rule = Rule { name: "powerlink-ipv4", read: ipv4 };

pub(super) const ALL: &[&Rule] =
    &[&NUMBER, &VENDOR, &SERIAL, &PROFILE, &TEXT, &NODE, &KIND, &STATE, &DATE, &IPV4];

/// Node number of the managing node.
const MANAGING: u8 = 240;

/// Vendor number of B&R, by far the most frequent, as its device descriptions (XDD) give it.
const VENDORS: &[(u32, &str)] = &[(0x0100_006c, "B&R Industrial Automation")];

fn number32(octets: &[u8]) -> Option<u32> {
    let number = u32::from_le_bytes(octets.try_into().ok()?);
    (!matches!(number, 0 | u32::MAX)).then_some(number)
}

fn number(octets: &[u8]) -> Option<String> {
    number32(octets).map(|number| format!("{number:#010x}"))
}

fn vendor(octets: &[u8]) -> Option<String> {
    let number = number32(octets)?;
    VENDORS.iter().find(|(known, _)| *known == number).map(|(_, name)| (*name).to_owned())
}

fn serial(octets: &[u8]) -> Option<String> {
    number32(octets).map(|number| number.to_string())
}

fn profile(octets: &[u8]) -> Option<String> {
    number32(octets)
        .map(|number| number & 0xffff)
        .filter(|profile| *profile != 0)
        .map(|profile| profile.to_string())
}

fn node(octets: &[u8]) -> Option<String> {
    let [node] = *octets else { return None };
    (1..=254).contains(&node).then(|| node.to_string())
}

fn kind(octets: &[u8]) -> Option<String> {
    let [node] = *octets else { return None };
    match node {
        MANAGING => Some("managing node".to_owned()),
        1..=239 => Some("controlled node".to_owned()),
        _ => None,
    }
}

/// EPSG DS 301, chapter 7.1.4 and appendix 3.6; the same numbers for managing and controlled nodes.
fn state(octets: &[u8]) -> Option<String> {
    let [state] = *octets else { return None };
    Some(
        match state {
            0x19 => "INITIALISING",
            0x29 => "RESET_APPLICATION",
            0x39 => "RESET_COMMUNICATION",
            0x79 => "RESET_CONFIGURATION",
            0x1c => "NOT_ACTIVE",
            0x1d => "PRE_OPERATIONAL_1",
            0x5d => "PRE_OPERATIONAL_2",
            0x6d => "READY_TO_OPERATE",
            0xfd => "OPERATIONAL",
            0x4d => "STOPPED",
            0x1e => "BASIC_ETHERNET",
            _ => return None,
        }
        .to_owned(),
    )
}

/// Days since 1984-01-01 (TIME_OF_DAY, EPSG DS 301 chapter 6.1.6.6), by the civil calendar.
fn date(octets: &[u8]) -> Option<String> {
    /// Days from 0000-03-01, where the calendar's years of 365 and 366 days are counted from, to 1984-01-01.
    const EPOCH: u32 = 724_581;
    let days = number32(octets).filter(|days| *days < 100_000)?;
    let days = days.checked_add(EPOCH)?;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let leaps = (day_of_era / 1_460).saturating_add(day_of_era / 146_096).saturating_sub(day_of_era / 36_524);
    let year_of_era = day_of_era.checked_sub(leaps)? / 365;
    let before =
        year_of_era.saturating_mul(365).saturating_add(year_of_era / 4).saturating_sub(year_of_era / 100);
    let day_of_year = day_of_era.checked_sub(before)?;
    let month = day_of_year.saturating_mul(5).saturating_add(2) / 153;
    let day = day_of_year.saturating_sub(month.saturating_mul(153).saturating_add(2) / 5).saturating_add(1);
    let month = if month < 10 { month.saturating_add(3) } else { month.saturating_sub(9) };
    let year = year_of_era.saturating_add(era.saturating_mul(400)).saturating_add(u32::from(month <= 2));
    Some(format!("{year:04}-{month:02}-{day:02}"))
}

/// The last part of the address is the number of the node (EPSG DS 301, chapter 5.1.2). The layout says least significant
/// octet first; devices that write it as IP does are told by that part, too.
fn ipv4(octets: &[u8]) -> Option<String> {
    let [node, a, b, c, d] = *octets else { return None };
    match node {
        0 => None,
        _ if a == node => Rules::ipv4(&[d, c, b, a]),
        _ if d == node => Rules::ipv4(&[a, b, c, d]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_by_the_calendar() {
        let of = |days: u32| date(&days.to_le_bytes());
        assert_eq!(of(1).as_deref(), Some("1984-01-02"));
        assert_eq!(of(59).as_deref(), Some("1984-02-29"));
        assert_eq!(of(60).as_deref(), Some("1984-03-01"));
        assert_eq!(of(15_301).as_deref(), Some("2025-11-22"));
        assert_eq!((of(0), of(u32::MAX - 1)), (None, None));
    }
}
