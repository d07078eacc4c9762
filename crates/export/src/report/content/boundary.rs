//! Who reaches the plant across its boundary and from afar.

use std::collections::{BTreeMap, BTreeSet};

use inventory::policy::{Crossing, Level};
use inventory::{AssetEnd, Conversation, Finding, FindingState, about_words, remote_access};
use observation::Time;

use crate::report::Source;
use crate::report::page::{Cell, Kind, Section, Table, Tone, column, note, number_column};
use crate::report::view::{View, index_of, is_answered, minute};

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

/// Whether anybody has said that it may be, worst first.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    No(String),
    NotAssessed,
    Yes(String),
}

impl Verdict {
    fn rank(&self) -> u8 {
        match self {
            Self::No(_) => 0,
            Self::NotAssessed => 1,
            Self::Yes(_) => 2,
        }
    }
}

/// Accepted findings, by kind, what they are about, and their assets. Those of the two directions of a pair share a key.
type Accepted<'s> = BTreeMap<(&'s str, &'s str, &'s [usize]), Vec<&'s Finding>>;

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
pub(crate) fn paths<'s>(view: &View<'s>) -> Vec<Path<'s>> {
    let accepted = accepted(view);
    let mut paths: BTreeMap<(&AssetEnd, &AssetEnd, &str), Path<'s>> = BTreeMap::new();
    for conversation in view.sorted.conversations.iter().copied() {
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
        let verdict = verdict(view, &accepted, conversation);
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
            verdict: verdict.clone(),
        });
        path.first = path.first.min(conversation.first);
        path.last = path.last.max(conversation.last);
        path.frames = path.frames.saturating_add(frames);
        path.is_answered |= is_answered(conversation);
        // What is allowed on one port allows nothing on another.
        if verdict.rank() < path.verdict.rank() {
            path.verdict = verdict;
        }
    }
    let mut paths: Vec<Path<'s>> = paths.into_values().collect();
    paths.sort_by_cached_key(|path| {
        let urgent =
            (path.verdict.rank(), path.access.is_none(), !path.is_outside, std::cmp::Reverse(path.last));
        (urgent, view.end_order(path.client), view.end_order(path.server), path.protocol)
    });
    paths
}

fn accepted<'s>(view: &View<'s>) -> Accepted<'s> {
    let mut accepted: Accepted<'s> = BTreeMap::new();
    let findings = view.sorted.findings.iter().copied();
    for finding in findings.filter(|finding| finding.standing.state == FindingState::Accepted) {
        let key = (finding.kind, finding.about.as_str(), finding.assets.as_slice());
        accepted.entry(key).or_default().push(finding);
    }
    accepted
}

/// The decision that covers a conversation, if there is one: of remote access, that about these two ends and this protocol;
/// of all else, that about an asset's peers outside, or about a crossing between these two assets.
fn decision<'s>(
    view: &View<'_>,
    accepted: &Accepted<'s>,
    conversation: &Conversation,
) -> Option<&'s Finding> {
    let ends = [&conversation.client, &conversation.server];
    let own: Vec<usize> = ends.into_iter().filter_map(index_of).collect();
    let assets: Vec<usize> = own.iter().copied().collect::<BTreeSet<usize>>().into_iter().collect();
    let has_outside = ends.iter().any(|end| matches!(end, AssetEnd::External(_)));
    let (kind, about) = match (remote_access(&conversation.protocol), has_outside) {
        (Some(_), _) => ("remote_access", about_words(&conversation.protocol, &ends)),
        (None, true) => ("external_peer", String::new()),
        (None, false) => ("boundary_crossing", String::new()),
    };
    // Anchors stand in the order of who asks and who is asked.
    let is_in_order = |finding: &Finding| {
        let anchors = own.iter().map(|index| view.asset(*index).map(|asset| &asset.anchors));
        finding.anchors.iter().map(Some).eq(anchors)
    };
    let found = accepted.get(&(kind, about.as_str(), assets.as_slice()))?;
    found.iter().copied().find(|finding| is_in_order(finding))
}

/// Whether the policy, people's fields or a decision about a finding allow it.
fn verdict(view: &View<'_>, accepted: &Accepted<'_>, conversation: &Conversation) -> Verdict {
    match view.sorted.crossing(conversation) {
        Crossing::Allowed { conduit, .. } => return Verdict::Yes(format!("conduit {conduit}")),
        Crossing::NotAllowed { reason, .. } => return Verdict::No(format!("policy: {reason}")),
        Crossing::Within | Crossing::Unjudged { .. } => {}
    }
    if let Some(finding) = decision(view, accepted, conversation) {
        return Verdict::Yes(format!("accepted: {}", finding.standing.reason));
    }
    let ends = [&conversation.client, &conversation.server];
    let is_remote = remote_access(&conversation.protocol).is_some()
        || ends.iter().any(|end| matches!(end, AssetEnd::External(_)));
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
    let paths = &source.paths;
    let caption = format!("Paths across the boundary and of remote access: {}", paths.len());
    let blocks = vec![
        note(
            "A path is listed if one of its ends is outside, if its ends lie on different sides of the boundary between level 3 and 3.5, or if its protocol is one by which people work on other machines. Authorised says what the policy, a decision about a finding, or people's field remote_access_allowed say, in this order, and of several conversations of a path the worst counts. A decision covers what its finding names: of remote access one protocol between two ends; of external_peer what an asset talks with outside, and of boundary_crossing what a pair talks, neither of them remote access. Not assessed means that nobody has said anything.",
        ),
        crate::report::page::Block::Table(table(source, paths, &caption, usize::MAX)),
    ];
    Section::new("boundary", "Boundary and remote access", Kind::Chapter, blocks)
}
