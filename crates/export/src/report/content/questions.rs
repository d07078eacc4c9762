//! The questions that certification fails on, each answered from data or marked as people's.

use std::collections::BTreeMap;

use inventory::policy::{NO_ZONE, OUTSIDE};
use inventory::{AssetState, Role};
use observation::number_of;

use super::systems::{ASKED_FOR, of_roles};
use super::{recovery, suppliers, systems, threats};
use crate::report::page::{Block, Cell, Kind, Section, Table, Tone, column, note, number_column};
use crate::report::view::{is_personal, share};
use crate::report::{Source, numbers};

/// Who can answer a question.
#[derive(Clone, Copy)]
enum From {
    Data,
    People,
    Both,
}

impl From {
    fn cell(self) -> Cell {
        match self {
            Self::Data => Cell::new("data"),
            Self::People => Cell::new("people").toned(Tone::Missing),
            Self::Both => Cell::new("data and people"),
        }
    }
}

pub(crate) fn sections(source: &Source<'_>) -> Vec<Section> {
    vec![questions(source), systems::section(source), suppliers::section(source), recovery::section(source)]
}

/// Share of the report's assets for which all of the fields are filled in, and if it is all of them.
fn filled(source: &Source<'_>, fields: &[&str]) -> (String, bool) {
    let assets: Vec<_> = source.view.counted().collect();
    let has = |index: usize| fields.iter().all(|field| !source.view.people(index, field).is_empty());
    let count = assets.iter().filter(|(index, ..)| has(*index)).count();
    (share(count, assets.len()), count == assets.len() && count > 0)
}

fn gap(is_closed: bool, open: &str) -> Cell {
    if is_closed { Cell::new("none").toned(Tone::Good) } else { Cell::new(open).toned(Tone::Notice) }
}

fn questions(source: &Source<'_>) -> Section {
    let view = &source.view;
    let options = source.options;
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    let mut ask = |question: &str, answer: String, from: From, gap: Cell, section: &str| {
        let link = (!section.is_empty()).then(|| section.to_owned());
        let more = Cell::new(section).linked(link);
        rows.push(vec![Cell::new(question), Cell::new(answer), from.cell(), gap, more]);
    };

    let zones = zones(source);
    let unseen = zones.iter().filter(|zone| zone.heard == 0).count();
    let scope = if options.scope.is_empty() { "no scope statement was given" } else { options.scope };
    let zones_words = if view.snapshot.policy.is_given {
        format!(
            "{} of the policy, {unseen} of them without an asset that was heard",
            number_of(zones.len(), "zone")
        )
    } else {
        "no policy of zones is given, so no zone is known to be missing".to_owned()
    };
    ask(
        "Is OT in the scope of the management system?",
        format!("{scope}; {zones_words}"),
        From::Both,
        gap(
            !options.scope.is_empty() && unseen == 0 && view.snapshot.policy.is_given,
            "scope statement (--scope) or zones that nobody listened in",
        ),
        "",
    );

    let registered: Vec<String> =
        ASKED_FOR.iter().map(|(name, roles)| format!("{name} {}", of_roles(source, roles).len())).collect();
    let unknown = of_roles(source, &[Role::Unknown]).len();
    ask(
        "Are controllers, HMIs, historians, engineering workstations, AI and edge systems registered?",
        registered.join(", "),
        From::Data,
        gap(unknown == 0, "assets whose role nobody knows"),
        "systems",
    );

    let threats = threats::threats(source);
    let count = |is: &dyn Fn(&threats::Threats<'_>) -> bool| threats.values().filter(|own| is(own)).count();
    let answer = format!(
        "insecure protocol {}, programmed or controlled {}, remote path {}, advisory {}, no owner {} (assets)",
        count(&|own| !own.insecure.is_empty()),
        count(&|own| !own.programmed.is_empty()),
        count(&|own| !own.remote.is_empty()),
        if options.advisories.is_some() {
            count(&|own| !own.advisories.is_empty()).to_string()
        } else {
            "not assessed".to_owned()
        },
        count(&|own| own.has_no_owner),
    );
    ask(
        "Which OT threats does each asset have, as input for the register of risks?",
        answer,
        From::Data,
        Cell::new("likelihood, harm and treatment are people's").toned(Tone::Missing),
        "threats",
    );

    let paths = &source.paths;
    let across = paths.iter().filter(|path| path.access.is_none() || path.is_outside).count();
    let guards = of_roles(source, &[Role::Firewall, Role::Router]);
    let unauthorised = paths.iter().filter(|path| !path.is_authorised()).count();
    ask(
        "Which controls stand at the boundary?",
        format!(
            "firewalls and routers heard as such {}; {} across the boundary, {unauthorised} of all paths not authorised by policy, decision or field; {} across it",
            guards.len(),
            number_of(across, "path"),
            number_of(numbers::boundary(view, None).len(), "asset")
        ),
        From::Both,
        gap(unauthorised == 0, "paths that nobody authorised; rules of firewalls are not on the wire"),
        "boundary",
    );

    let remote = paths.iter().filter(|path| path.access.is_some()).count();
    let (suppliers, all_suppliers) = filled(source, &["supplier"]);
    ask(
        "Which suppliers are there, and how do they come in?",
        format!("supplier filled in for {suppliers}; {} of remote access", number_of(remote, "path")),
        From::Both,
        gap(all_suppliers, "assets without a supplier; contracts are people's"),
        "suppliers",
    );

    let (places, all_places) = filled(source, &["physical_location"]);
    ask(
        "Is the physical location recorded?",
        format!("for {places}"),
        From::People,
        gap(all_places, "people's field physical_location"),
        "assets",
    );

    let (recovery, all_recovery) =
        filled(source, &["rto", "rpo", "recovery_order", "backup_last", "backup_restore_tested"]);
    ask(
        "Can it be recovered, in which order, and was it tried?",
        format!("RTO, RPO, order, last backup and restore test for {recovery}"),
        From::People,
        gap(all_recovery, "people's fields rto, rpo, recovery_order, backup_last, backup_restore_tested"),
        "recovery",
    );

    let kept = match options.kept_frames {
        Some(frames) => format!(
            "{} kept as proof with the register; {}",
            number_of(frames, "frame"),
            if options.key_fingerprint.is_some() {
                "bundles can be signed"
            } else {
                "there is no key to sign bundles with"
            }
        ),
        None => "kept frames were not counted for this report".to_owned(),
    };
    ask(
        "Is evidence of incidents kept?",
        format!("{kept}; incidents, drills and what was learned are people's records and not in this report"),
        From::Both,
        gap(
            options.kept_frames.is_some_and(|frames| frames > 0) && options.key_fingerprint.is_some(),
            "a signing key (`tapledger keys generate`), the log of incidents",
        ),
        "",
    );

    let personal: usize = view
        .assets()
        .iter()
        .map(|(_, asset, _)| asset.attributes.keys().filter(|name| is_personal(name)).count())
        .fold(0, usize::saturating_add);
    let personal_words = match (personal, options.with_users) {
        (0, _) => "names of users are not collected from the wire, and no attribute that may name a person is in this register".to_owned(),
        (count, false) => format!("{count} attribute values that may name a person are left out (off by default; --with-users shows them)"),
        (count, true) => format!("{count} attribute values that may name a person are shown, because --with-users was given"),
    };
    ask(
        "Which personal data is in this report?",
        format!("{personal_words}; owners, custodians and reviewers stand as people entered them"),
        From::Data,
        Cell::new("legal ground is people's").toned(Tone::Missing),
        "",
    );

    let columns = vec![
        column("Question", 25),
        column("Answer", 40),
        column("From", 8),
        column("Gap", 19),
        column("More", 8),
    ];
    let mut blocks = vec![
        note(
            "Data: the wire or the register answers. People: nobody but people can; what they filled in is counted.",
        ),
        Block::Table(Table::new("Questions of certification", columns, rows)),
    ];
    blocks.push(zones_table(&zones));
    Section::new("questions", "Certification questions", Kind::Chapter, blocks)
}

/// A zone, and what was heard in it.
struct ZoneSeen {
    id: String,
    name: String,
    level: String,
    assets: usize,
    heard: usize,
}

/// Zones of the policy and zones that assets are in.
fn zones(source: &Source<'_>) -> Vec<ZoneSeen> {
    let view = &source.view;
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for zone in &view.snapshot.policy.zones {
        counts.entry(&zone.id).or_default();
    }
    for (index, asset, _) in view.counted() {
        let (assets, heard) = counts.entry(view.zone(index)).or_default();
        *assets = assets.saturating_add(1);
        *heard = heard.saturating_add(usize::from(asset.state == AssetState::Observed));
    }
    counts.remove(OUTSIDE);
    let seen = |(id, (assets, heard)): (&str, (usize, usize))| {
        let zone = view.snapshot.policy.zone(id);
        let level = zone.and_then(|zone| zone.level).map_or("", |level| level.as_str());
        ZoneSeen {
            id: id.to_owned(),
            name: zone.map(|zone| zone.name.clone()).unwrap_or_default(),
            level: level.to_owned(),
            assets,
            heard,
        }
    };
    counts.into_iter().map(seen).collect()
}

fn zones_table(zones: &[ZoneSeen]) -> Block {
    let rows = zones.iter().map(|zone| {
        let covered = match (zone.id.as_str(), zone.heard) {
            (NO_ZONE, _) => Cell::new("in no zone of the policy").toned(Tone::Notice),
            (_, 0) => Cell::new("not covered: nothing was heard in it").toned(Tone::Warning),
            _ => Cell::new("covered").toned(Tone::Good),
        };
        vec![
            Cell::new(&zone.id),
            Cell::new(&zone.name),
            Cell::new(&zone.level),
            Cell::count(zone.assets),
            Cell::count(zone.heard),
            covered,
        ]
    });
    let columns = vec![
        column("Zone", 18),
        column("Name", 30),
        column("Level", 8),
        number_column("Assets", 10),
        number_column("Heard", 10),
        column("Covered?", 24),
    ];
    Block::Table(Table::new("Zones covered and not covered", columns, rows))
}
