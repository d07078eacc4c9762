//! Who reaches the plant across its boundary and from afar.

use std::collections::{BTreeMap, BTreeSet};

use inventory::policy::{Crossing, Level};
use inventory::{AssetEnd, Conversation, FindingState, remote_access};
use observation::Time;

use crate::report::Source;
use crate::report::page::{Cell, Kind, Section, Table, Tone, column, note, number_column};
use crate::report::view::{index_of, is_answered, minute};

/// Kinds of findings that a person may have accepted for such a path.
const KINDS: [&str; 4] = ["remote_access", "external_peer", "boundary_crossing", "zone_crossing"];

/// All that one end asks another by one protocol.
pub(crate) struct Path<'a> {
    pub(crate) client: &'a AssetEnd,
    pub(crate) server: &'a AssetEnd,
    pub(crate) protocol: &'a str,
    pub(crate) first: Time,
    pub(crate) last: Time,
    pub(crate) frames: u64,
    pub(crate) is_answered: bool,
    /// How it is called, if somebody works on another machine by it.
    pub(crate) access: Option<&'static str>,
    pub(crate) is_outside: bool,
    verdict: Verdict,
}

/// Whether anybody has said that it may be.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    Yes(String),
    No(String),
    NotAssessed,
}

impl Path<'_> {
    /// The assets at its ends.
    pub(crate) fn assets(&self) -> impl Iterator<Item = usize> {
        [self.client, self.server].into_iter().filter_map(index_of)
    }

    pub(crate) fn is_authorised(&self) -> bool {
        matches!(self.verdict, Verdict::Yes(_))
    }
}

/// Paths across the boundary and of remote access, least authorised and latest first.
pub(crate) fn paths<'a>(source: &'a Source<'_>) -> Vec<Path<'a>> {
    let view = &source.view;
    let mut paths: BTreeMap<(&AssetEnd, &AssetEnd, &str), Path<'a>> = BTreeMap::new();
    for conversation in &view.sorted.conversations {
        let conversation: &'a Conversation = conversation;
        let ends = [&conversation.client, &conversation.server];
        let access = remote_access(&conversation.protocol);
        let is_outside = ends.iter().any(|end| matches!(end, AssetEnd::External(_)));
        let level = |end: &AssetEnd| index_of(end).and_then(|index| view.level(index));
        let levels = (level(&conversation.client), level(&conversation.server));
        let is_across = is_outside
            || matches!(levels, (Some(one), Some(other)) if (one <= Level::L3) != (other <= Level::L3));
        let is_unicast = ends.iter().all(|end| matches!(end, AssetEnd::Asset(_) | AssetEnd::External(_)));
        if !is_unicast || !(is_across || access.is_some() && is_answered(conversation)) {
            continue;
        }
        let key = (&conversation.client, &conversation.server, conversation.protocol.as_str());
        let frames = conversation.frames.into_iter().fold(0_u64, u64::saturating_add);
        let path = paths.entry(key).or_insert_with(|| Path {
            client: &conversation.client,
            server: &conversation.server,
            protocol: &conversation.protocol,
            first: conversation.first,
            last: conversation.last,
            frames: 0,
            is_answered: false,
            access,
            is_outside,
            verdict: verdict(source, conversation, access.is_some() || is_outside),
        });
        path.first = path.first.min(conversation.first);
        path.last = path.last.max(conversation.last);
        path.frames = path.frames.saturating_add(frames);
        path.is_answered |= is_answered(conversation);
    }
    let mut paths: Vec<Path<'a>> = paths.into_values().collect();
    let urgency = |path: &Path<'_>| match path.verdict {
        Verdict::No(_) => 0,
        Verdict::NotAssessed => 1,
        Verdict::Yes(_) => 2,
    };
    paths.sort_by_cached_key(|path| {
        let urgent = (urgency(path), path.access.is_none(), !path.is_outside, std::cmp::Reverse(path.last));
        (urgent, view.end_order(path.client), view.end_order(path.server), path.protocol)
    });
    paths
}

/// Whether the policy, people's fields or a decision about a finding allow it.
fn verdict(source: &Source<'_>, conversation: &Conversation, is_remote: bool) -> Verdict {
    let view = &source.view;
    match view.sorted.crossing(conversation) {
        Crossing::Allowed { conduit, .. } => return Verdict::Yes(format!("conduit {conduit}")),
        Crossing::NotAllowed { reason, .. } => return Verdict::No(format!("policy: {reason}")),
        Crossing::Within | Crossing::Unjudged { .. } => {}
    }
    let ends: BTreeSet<usize> =
        [&conversation.client, &conversation.server].into_iter().filter_map(index_of).collect();
    let accepted = ends.iter().flat_map(|index| view.findings_of(*index)).find(|finding| {
        let about: BTreeSet<usize> = finding.assets.iter().copied().collect();
        let is_of_pair = about == ends;
        let is_of_protocol =
            finding.kind != "remote_access" || finding.about.contains(&conversation.protocol);
        KINDS.contains(&finding.kind)
            && finding.standing.state == FindingState::Accepted
            && is_of_pair
            && is_of_protocol
    });
    if let Some(finding) = accepted {
        return Verdict::Yes(format!("accepted: {}", finding.standing.reason));
    }
    if !is_remote {
        return Verdict::NotAssessed;
    }
    let said = index_of(&conversation.server)
        .into_iter()
        .chain(index_of(&conversation.client))
        .map(|index| (view.people(index, "remote_access_allowed"), view.people(index, "remote_access_how")))
        .find(|(allowed, _)| !allowed.is_empty());
    match said {
        Some(("yes", "")) => Verdict::Yes("people's field".to_owned()),
        Some(("yes", how)) => Verdict::Yes(format!("people's field: {how}")),
        Some(_) => Verdict::No("people's field says no".to_owned()),
        None => Verdict::NotAssessed,
    }
}

fn row(source: &Source<'_>, path: &Path<'_>) -> Vec<Cell> {
    let protocol = match path.access {
        Some(access) => format!("{} ({access})", path.protocol),
        None => path.protocol.to_owned(),
    };
    let answered = if path.is_answered { protocol } else { format!("{protocol}, not answered") };
    let verdict = match &path.verdict {
        Verdict::Yes(why) => Cell::new(format!("yes, {why}")).toned(Tone::Good),
        Verdict::No(why) => Cell::new(format!("no, {why}")).toned(Tone::Warning),
        Verdict::NotAssessed => Cell::said(""),
    };
    vec![
        source.view.end_cell(path.client),
        source.view.end_cell(path.server),
        Cell::new(answered),
        Cell::new(minute(path.first)),
        Cell::new(minute(path.last)),
        Cell::count(path.frames),
        verdict,
    ]
}

/// A table of paths.
pub(crate) fn table_of(source: &Source<'_>, paths: &[&Path<'_>], caption: &str) -> Table {
    let columns = vec![
        column("Who asks", 19),
        column("Who is asked", 19),
        column("Protocol", 15),
        column("First (UTC)", 12),
        column("Last (UTC)", 12),
        number_column("Frames", 7),
        column("Authorised?", 16),
    ];
    Table::new(caption, columns, paths.iter().map(|path| row(source, path)))
}

/// A table of the first paths.
pub(crate) fn table(source: &Source<'_>, paths: &[Path<'_>], caption: &str, most: usize) -> Table {
    let first: Vec<&Path<'_>> = paths.iter().take(most).collect();
    table_of(source, &first, caption)
}

/// All of them.
pub(crate) fn section(source: &Source<'_>) -> Section {
    let paths = paths(source);
    let caption = format!("Paths across the boundary and of remote access: {}", paths.len());
    let blocks = vec![
        note(
            "A path is listed if one of its ends is outside, if its ends lie on different sides of the boundary between level 3 and 3.5, or if its protocol is one by which people work on other machines. Authorised says what the policy, a decision about a finding, or people's field remote_access_allowed say, in this order; not assessed means that nobody has said anything.",
        ),
        crate::report::page::Block::Table(table(source, &paths, &caption, usize::MAX)),
    ];
    Section::new("boundary", "Boundary and remote access", Kind::Chapter, blocks)
}
