//! The columns of the asset register: what the wire says, what people say, how it is known.

use inventory::fields::{FIELDS, Field, FieldKind};

use super::page::{Band, Head, Kind};

/// What stands where the wire said nothing.
pub(super) const NOT_OBSERVED: &str = "Not observed";

/// What stands where there is nothing of the kind.
pub(super) const NONE: &str = "None";

/// What stands where the question does not arise.
pub(super) const NO: &str = "–";

/// Head of the column that names the asset.
pub(crate) const ID: &str = "Asset ID";

/// Head of the column of names.
pub(super) const NAME: &str = "Asset name";

/// Head of the hidden column that keeps what was exported; the beginning says of which version it is.
pub(crate) const STATE_PREFIX: &str = "tapledger.workbook/";

/// Head of the hidden column by which addresses sort as numbers.
pub(super) const SORT_KEY: &str = "IPv4 as a number";

/// A column of what was observed or of how it is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) title: &'static str,
    pub(super) kind: Kind,
    pub(super) width: u16,
    /// What it says, for the dictionary.
    pub(super) says: &'static str,
    /// Who asks for it.
    pub(super) control: &'static str,
}

const fn column(
    title: &'static str,
    kind: Kind,
    width: u16,
    control: &'static str,
    says: &'static str,
) -> Column {
    Column { title, kind, width, says, control }
}

const ISO: &str = "ISO/IEC 27001:2022 A.5.9";
const CISA_HIGH: &str = "CISA OT asset inventory (high)";
const CISA_MEDIUM: &str = "CISA OT asset inventory (medium)";
const CISA_LOW: &str = "CISA OT asset inventory (low)";
const SR_7_8: &str = "IEC 62443-3-3 SR 7.8";
const ZONES: &str = "IEC 62443-3-2 (zones and conduits)";

use Kind::{Moment, Number, Text};

/// What the wire says.
pub(super) const OBSERVED: &[Column] = &[
    column(
        ID,
        Text,
        38,
        "CISA OT asset inventory (high), asset number",
        "UUID for life; import finds the row by it. Empty in a new row",
    ),
    column(
        NAME,
        Text,
        28,
        ISO,
        "people's name if there is one, else what the device calls itself, else product and address",
    ),
    column(
        "State",
        Text,
        11,
        ISO,
        "observed: it spoke; referenced: others name it; declared: people listed it and the wire has not shown it",
    ),
    column(
        "Asset type",
        Text,
        15,
        CISA_HIGH,
        "primary role; in a new row one of the roles of `tapledger assets list`",
    ),
    column(
        "Role basis and reasons",
        Text,
        36,
        ISO,
        "how the role is known (stated, reported, inferred, declared) and why, in words",
    ),
    column("Vendor", Text, 20, CISA_HIGH, "maker of the device"),
    column("Model", Text, 20, CISA_HIGH, "model or product name"),
    column("Order no.", Text, 21, SR_7_8, "order, part or catalogue number"),
    column("Serial no.", Text, 16, CISA_LOW, "serial number as the device prints it"),
    column("Hardware rev", Text, 12, SR_7_8, "hardware revision"),
    column(
        "Firmware version",
        Text,
        14,
        CISA_MEDIUM,
        "firmware of the device, or version of its software where it states no firmware",
    ),
    column("OS", Text, 20, CISA_HIGH, "operating system with its version"),
    column("Rack/slot", Text, 14, SR_7_8, "where it sits in or behind its parent"),
    column("Parent asset", Text, 24, SR_7_8, "the asset it sits in or behind"),
    column("IPv4", Text, 16, CISA_HIGH, "all IPv4 addresses"),
    column("IPv6", Text, 20, CISA_HIGH, "all IPv6 addresses"),
    column("MAC", Text, 18, CISA_HIGH, "all MAC addresses that are its own"),
    column("Hostname", Text, 20, CISA_HIGH, "host name"),
    column("VLAN", Text, 9, CISA_MEDIUM, "VLAN tags that its frames carried; untagged frames carry none"),
    column(
        "Subnet",
        Text,
        17,
        ZONES,
        "prefix of the policy that holds an address of it, else of the subnet mask that it was given by DHCP; listening alone cannot tell",
    ),
    column("Protocols", Text, 22, CISA_HIGH, "protocols it was heard to speak"),
    column("Listening services", Text, 24, CISA_HIGH, "ports on which it answered"),
    column(
        "Zone in force",
        Text,
        12,
        ZONES,
        "zone by people's word or the policy; without a policy everything is the plant",
    ),
    column("Level in force", Text, 9, ZONES, "Purdue level by people's word or the policy"),
    column("Talks to", Number, 9, SR_7_8, "number of assets it talked with"),
    column(
        "Crosses a zone boundary",
        Text,
        12,
        ZONES,
        "yes: a conversation of it left its zone, or a finding says that it crossed between IT and OT; no: it talked within only",
    ),
    column(
        "External and remote access peers",
        Text,
        26,
        "IEC 62443-3-3 SR 1.13",
        "addresses outside the plant that it talked with, and ends of remote access",
    ),
    column(
        "Site of stations",
        Text,
        14,
        ISO,
        "site that the captures were imported for; addresses of two sites never mix",
    ),
];

/// How it is known.
pub(super) const EVIDENCE: &[Column] = &[
    column("First seen (UTC)", Moment, 19, ISO, "earliest sighting"),
    column("Last seen (UTC)", Moment, 19, ISO, "latest sighting"),
    column(
        "Observed in capture",
        Text,
        26,
        "ISO/IEC 27001:2022 A.5.28",
        "captures whose octets prove an attribute of it",
    ),
    column(
        "Observations",
        Number,
        12,
        "ISO/IEC 27001:2022 A.5.28",
        "how often its attributes were told, all candidates added up",
    ),
    column(
        "Evidence ref",
        Text,
        66,
        "ISO/IEC 27001:2022 A.5.28",
        "for each identity attribute: beginning of the capture's SHA-256, and the frame; `tapledger evidence show` prints the octets",
    ),
    column(
        "Confidence",
        Text,
        24,
        ISO,
        "how many of the six identity attributes (vendor, model, order number, serial number, firmware, hardware) are known, and on what basis",
    ),
    column("Approved", Text, 20, ISO, "who confirmed that it belongs in the plant, and on what day"),
    column("Row version", Text, 14, ISO, "changes if anything in the row does (SHA-256, twelve digits)"),
];

/// The people's columns, as [`FIELDS`] orders them.
pub(super) fn people() -> impl Iterator<Item = (&'static Field, Head)> {
    FIELDS.iter().map(|field| {
        let kind = match field.kind {
            FieldKind::Date => Kind::Day,
            FieldKind::Number => Number,
            FieldKind::Text | FieldKind::YesNo | FieldKind::List(_) => Text,
        };
        let width = match field.kind {
            FieldKind::Text if field.name == "notes" => 32.0,
            FieldKind::Text => 18.0,
            FieldKind::Date | FieldKind::YesNo | FieldKind::Number => 13.0,
            FieldKind::List(_) => 14.0,
        };
        (field, Head { title: field.title.into(), kind, width, band: Band::People })
    })
}

fn heads_of(columns: &'static [Column], band: Band) -> impl Iterator<Item = Head> {
    columns.iter().map(move |column| Head {
        title: column.title.into(),
        kind: column.kind,
        width: column.width.into(),
        band,
    })
}

/// The heads of every column in its place, the two hidden ones last.
pub(super) fn heads(state: &str) -> Vec<Head> {
    let hidden =
        |title: String, kind: Kind| Head { title: title.into(), kind, width: 10.0, band: Band::Evidence };
    let mut heads: Vec<Head> = heads_of(OBSERVED, Band::Observed).collect();
    heads.extend(people().map(|(_, head)| head));
    heads.extend(heads_of(EVIDENCE, Band::Evidence));
    heads.push(hidden(SORT_KEY.to_owned(), Number));
    heads.push(hidden(state.to_owned(), Text));
    heads
}

/// What tells a reader which device a row is: before people's columns, so that who fills them in has both in view. The
/// rest of what was observed comes behind them.
const IDENTIFYING: [&str; 11] = [
    ID,
    NAME,
    "Asset type",
    "Vendor",
    "Model",
    "Order no.",
    "Serial no.",
    "Firmware version",
    "IPv4",
    "MAC",
    "Zone in force",
];

/// People's fields that come first and are on paper.
pub(super) const PRINTED_FIELDS: [&str; 5] =
    ["owner", "physical_location", "criticality", "classification", "status"];

/// The columns as they lie in the sheet, by their place among [`heads`].
pub(super) fn order() -> Vec<usize> {
    let place = |title: &str| OBSERVED.iter().position(|column| column.title == title);
    let identifying: Vec<usize> = IDENTIFYING.iter().filter_map(|title| place(title)).collect();
    let more = (0..OBSERVED.len()).filter(|at| !identifying.contains(at));
    let field = |name: &str| FIELDS.iter().position(|field| field.name == name);
    let printed: Vec<usize> = PRINTED_FIELDS.iter().filter_map(|name| field(name)).collect();
    let others = (0..FIELDS.len()).filter(|at| !printed.contains(at));
    let people = printed.iter().copied().chain(others).map(|at| at.saturating_add(OBSERVED.len()));
    let evidence = OBSERVED.len().saturating_add(FIELDS.len());
    let end = evidence.saturating_add(EVIDENCE.len()).saturating_add(2);
    identifying.iter().copied().chain(people).chain(more).chain(evidence..end).collect()
}

/// Heads or cells as they lie in the sheet.
pub(super) fn in_order<T>(all: Vec<T>, order: &[usize]) -> Vec<T> {
    let mut all: Vec<Option<T>> = all.into_iter().map(Some).collect();
    order.iter().filter_map(|at| all.get_mut(*at)?.take()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use inventory::fields::field_named;

    use super::*;

    #[test]
    fn every_column_has_one_place_in_the_sheet() {
        let order = order();
        assert_eq!(order.iter().copied().collect::<BTreeSet<_>>(), (0..heads("x").len()).collect());
        let titles: Vec<_> = in_order(heads("x"), &order).into_iter().map(|head| head.title).collect();
        assert_eq!(titles[..IDENTIFYING.len()], IDENTIFYING);
        for (title, name) in titles[IDENTIFYING.len()..].iter().zip(PRINTED_FIELDS) {
            assert_eq!(field_named(title).map(|field| field.name), Some(name));
        }
        assert_eq!(titles[titles.len() - 2..], [SORT_KEY, "x"]);
    }

    #[test]
    fn no_two_columns_share_a_head_and_none_but_people_s_is_taken_for_a_field() {
        let heads = heads("tapledger.workbook/1");
        let titles: BTreeSet<String> = heads.iter().map(|head| head.title.to_lowercase()).collect();
        assert_eq!(titles.len(), heads.len());
        for head in &heads {
            assert_eq!(field_named(&head.title).is_some(), head.band == Band::People, "{}", head.title);
        }
    }
}
