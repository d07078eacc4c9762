//! Which controls of standards the register has evidence for, and how much of it.
//!
//! Numbers of controls are of ISO/IEC 27001:2022 Annex A, in brackets those of 2013; IEC 62443-2-1 and 3-2; CISA,
//! Foundations for OT Cybersecurity (2025); directive (EU) 2022/2555 (NIS2) article 21. `data/controls.tsv` says against
//! what they were checked; the texts themselves are sold, so the report asks to check them.

use observation::{attribute, number_of};

use crate::reading;
use crate::report::page::{Cell, Table, Tone, column};
use crate::report::view::share;
use crate::report::{Earlier, Source};

pub(crate) const NOTE: &str = "Supported: what the control asks of a register is there for every asset of the report; partial: for some; not covered: for none, or the control is about what no listening can show. The status speaks of evidence in this register, not of whether the control works. Numbers were checked against public tables; the texts of the standards decide.";

/// How much evidence there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Supported,
    Partial,
    NotCovered,
}

impl Status {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Supported => "supported",
            Self::Partial => "partial",
            Self::NotCovered => "not covered",
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Supported => Tone::Good,
            Self::Partial => Tone::Notice,
            Self::NotCovered => Tone::Missing,
        }
    }

    /// Of how many have it.
    pub(crate) fn of(part: usize, whole: usize) -> Self {
        match part {
            0 => Self::NotCovered,
            part if part >= whole => Self::Supported,
            _ => Self::Partial,
        }
    }

    /// All have all of it; some have a part of it.
    fn of_parts(parts: &[usize], whole: usize) -> Self {
        let least = parts.iter().copied().min().unwrap_or(0);
        let most = parts.iter().copied().max().unwrap_or(0);
        match Self::of(least, whole) {
            Self::NotCovered if most > 0 => Self::Partial,
            status => status,
        }
    }

    /// Never more than partial: the register has a part of what the control asks for at best.
    fn at_most_partial(self) -> Self {
        if self == Self::Supported { Self::Partial } else { self }
    }
}

pub(crate) struct Control {
    pub(crate) number: &'static str,
    pub(crate) about: &'static str,
    pub(crate) status: Status,
    pub(crate) evidence: String,
    pub(crate) section: &'static str,
}

pub(crate) fn controls(source: &Source<'_>) -> Vec<Control> {
    let view = &source.view;
    let assets: Vec<_> = view.counted().collect();
    let all = assets.len();
    let filled = |fields: &[&str]| {
        let has = |index: usize| fields.iter().all(|field| !view.people(index, field).is_empty());
        assets.iter().filter(|(index, ..)| has(*index)).count()
    };
    let known = |names: &[&str]| {
        let has = |asset: &inventory::Asset| names.iter().any(|name| reading::winner(asset, name).is_some());
        assets.iter().filter(|(_, asset, _)| has(asset)).count()
    };
    let owned = filled(&["owner"]);
    let reviewed = filled(&["owner", "reviewed_on"]);
    let classified = filled(&["classification", "confidentiality", "integrity", "availability"]);
    let supplied = assets
        .iter()
        .filter(|(index, ..)| {
            ["supplier", "maintainer"].iter().any(|field| !view.people(*index, field).is_empty())
        })
        .count();
    let paths = &source.paths;
    let authorised = paths.iter().filter(|path| path.is_authorised()).count();
    let firmware = known(&[attribute::FIRMWARE_VERSION, attribute::OS_VERSION, attribute::SOFTWARE_VERSION]);
    let backed_up = filled(&["backup_last"]);
    let recovery = filled(&["rto", "rpo", "recovery_order"]);
    let vendors = known(&[attribute::VENDOR]);
    let models = known(&[attribute::MODEL, attribute::ORDER_NUMBER]);
    let critical = filled(&["criticality"]);
    let placed = assets.iter().filter(|(index, ..)| view.zone(*index) != inventory::policy::NO_ZONE).count();
    let is_given = view.snapshot.policy.is_given;
    let policy_status = if is_given { Status::of(placed, all) } else { Status::NotCovered };
    let proven = source.options.kept_frames;
    let (vulnerable, vulnerabilities) = match source.options.advisories {
        Some(advisories) => (
            Status::of(firmware, all).at_most_partial(),
            format!(
                "{} advisories matched{}, {} concerned; versions known of {}",
                advisories.read,
                match advisories.unread {
                    0 => String::new(),
                    unread => format!(" ({} not read)", number_of(unread, "file")),
                },
                number_of(
                    advisories.by_asset.values().filter(|all| all.iter().any(|one| one.concerns)).count(),
                    "asset"
                ),
                share(firmware, all)
            ),
        ),
        None => (
            Status::NotCovered,
            format!("no advisories matched for this report; versions known of {}", share(firmware, all)),
        ),
    };
    let baseline = match source.options.earlier {
        Some(Earlier::Baseline(name, _)) => (
            Status::Partial,
            format!("compared with baseline {name}; what is set inside of devices is not seen"),
        ),
        _ => (Status::NotCovered, "no baseline was compared with (--baseline)".to_owned()),
    };
    let listened = if source.about.window.frames > 0 { Status::Partial } else { Status::NotCovered };
    let control = |number, about, status, evidence: String, section| Control {
        number,
        about,
        status,
        evidence,
        section,
    };
    vec![
        control(
            "ISO 27001 A.5.9 (A.8.1.1, A.8.1.2)",
            "inventory of assets and owners",
            Status::of_parts(&[owned, reviewed], all),
            format!("owner {}; owner and review {reviewed}", share(owned, all)),
            "assets",
        ),
        control(
            "ISO 27001 A.5.10 (A.8.1.3, A.8.2.3)",
            "acceptable use",
            Status::NotCovered,
            "rules of use are people's; nothing on the wire shows them".to_owned(),
            "questions",
        ),
        control(
            "ISO 27001 A.5.12 (A.8.2.1)",
            "classification",
            Status::of(classified, all),
            format!("class and C/I/A {}", share(classified, all)),
            "assets",
        ),
        control(
            "ISO 27001 A.5.19\u{2013}5.22 (A.15)",
            "suppliers",
            Status::of(supplied, all).at_most_partial(),
            format!(
                "supplier or maintainer {}; paths authorised {}",
                share(supplied, all),
                share(authorised, paths.len())
            ),
            "suppliers",
        ),
        control(
            "ISO 27001 A.5.28 (A.16.1.7)",
            "collection of evidence",
            if proven.is_some_and(|frames| frames > 0) { Status::Supported } else { Status::NotCovered },
            match proven {
                Some(frames) => {
                    format!("{frames} frames kept as proof; each observed value names frame and octets")
                }
                None => "kept frames were not counted for this report".to_owned(),
            },
            "assets",
        ),
        control(
            "ISO 27001 A.5.30 (new), A.8.13 (A.12.3.1)",
            "recovery and backup",
            Status::of_parts(&[recovery, backed_up], all),
            format!("RTO, RPO, order {}; last backup {backed_up}", share(recovery, all)),
            "recovery",
        ),
        control(
            "ISO 27001 A.8.8 (A.12.6.1, A.18.2.3)",
            "technical vulnerabilities",
            vulnerable,
            vulnerabilities,
            "threats",
        ),
        control("ISO 27001 A.8.9 (new)", "configuration", baseline.0, baseline.1, "changes"),
        control(
            "ISO 27001 A.8.15 (A.12.4), A.8.16 (new)",
            "logging and monitoring",
            listened,
            "communications and changes were heard; logs inside of devices are not read".to_owned(),
            "coverage",
        ),
        control(
            "ISO 27001 A.8.20\u{2013}8.22 (A.13.1)",
            "networks and segregation",
            policy_status,
            if is_given {
                format!("zones and conduits given; placed {}", share(placed, all))
            } else {
                "no policy of zones given (`tapledger policy set`)".to_owned()
            },
            "matrix",
        ),
        control(
            "IEC 62443-2-1, 62443-3-2",
            "zones, conduits, inventory",
            policy_status.at_most_partial(),
            if is_given {
                format!("placed {}; target levels are people's", share(placed, all))
            } else {
                "no policy of zones given; target levels are people's".to_owned()
            },
            "map",
        ),
        control(
            "CISA OT inventory (high)",
            "maker, model, criticality and more",
            Status::of_parts(&[vendors, models, critical], all).at_most_partial(),
            format!(
                "maker {vendors}, model {models}, criticality {critical} of {all}; logging and accounts are not heard"
            ),
            "assets",
        ),
        control(
            "NIS2 art. 21(2)",
            "(d) supply chain, (i) assets",
            Status::of_parts(&[supplied, owned, critical], all).at_most_partial(),
            format!("owner {owned}, supplier {supplied}, criticality {critical} of {all}"),
            "suppliers",
        ),
    ]
}

pub(crate) fn table(source: &Source<'_>) -> Table {
    let rows = controls(source).into_iter().map(|control| {
        vec![
            Cell::new(control.number),
            Cell::new(control.about),
            Cell::new(control.status.as_str()).toned(control.status.tone()),
            Cell::new(&control.evidence),
            Cell::new(control.section).linked(Some(control.section.to_owned())),
        ]
    });
    let columns = vec![
        column("Control", 27),
        column("About", 19),
        column("Status", 9),
        column("Evidence in this register", 37),
        column("Section", 8),
    ];
    Table::new("Control mapping", columns, rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_supported_that_is_not_there_for_all() {
        assert_eq!(Status::of(0, 0), Status::NotCovered);
        assert_eq!(Status::of(0, 5), Status::NotCovered);
        assert_eq!(Status::of(4, 5), Status::Partial);
        assert_eq!(Status::of(5, 5), Status::Supported);
        assert_eq!(Status::of_parts(&[5, 0], 5), Status::Partial);
        assert_eq!(Status::of_parts(&[0, 0], 5), Status::NotCovered);
        assert_eq!(Status::of_parts(&[5, 5], 5), Status::Supported);
        assert_eq!(Status::of(5, 5).at_most_partial(), Status::Partial);
        assert_eq!(Status::of(0, 5).at_most_partial(), Status::NotCovered);
    }
}
