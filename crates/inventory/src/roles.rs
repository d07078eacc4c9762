//! What assets are for, each role with its reasons.

use std::collections::{BTreeMap, BTreeSet};

use observation::{Basis, Transport, attribute, number_of};

use crate::asked::Asked;
use crate::guesses::{self, Guess};
use crate::identity::squash;
use crate::links::Forwarding;
use crate::model::{Asset, AssetEnd, Conversation, Role, RoleClaim};
use crate::rules::addresses::GROUP_ADDRESSES;
use crate::rules::products;
use crate::rules::roles::{
    CAPABILITIES, DATABASES, DEVICES_OF_MAKERS, EXECUTION_READS_APART_MIN, FIELD, HISTORIAN_SERVERS_MIN,
    HISTORIANS, HMI_SERVERS_MAX, NETWORK, OFFICE, PLANNING, PRODUCT_NAMES, PRODUCT_WORDS, PROGRAM_NAMES,
    REMOTE_SESSIONS, REMOTE_SESSIONS_MIN, SENDERS, SERVER_OPERATIONS, SERVERS, TYPES, TYPES_OF_LAST_RESORT,
};

/// Names in one reason; more are counted.
const NAMED_MAX: usize = 4;

/// Roles in the making: basis and reasons.
#[derive(Debug, Default)]
pub(crate) struct Claims(BTreeMap<Role, (Option<Basis>, BTreeSet<String>)>);

impl Claims {
    pub(crate) fn add(&mut self, role: Role, basis: Basis, reason: String) {
        let (strongest, reasons) = self.0.entry(role).or_default();
        *strongest = Some(strongest.map_or(basis, |known| known.min(basis)));
        reasons.insert(reason);
    }

    pub(crate) fn has(&self, role: Role) -> bool {
        self.0.contains_key(&role)
    }

    /// The role that comes first in [`Role::ALL`].
    pub(crate) fn primary(&self) -> Option<Role> {
        self.0.keys().next().copied()
    }

    pub(crate) fn is_field(&self) -> bool {
        FIELD.iter().any(|role| self.0.contains_key(role))
    }

    /// Primary first, in the order of [`Role::ALL`]; never empty.
    pub(crate) fn finish(self) -> Vec<RoleClaim> {
        let claims: Vec<_> = self
            .0
            .into_iter()
            .map(|(role, (basis, reasons))| RoleClaim {
                role,
                basis: basis.unwrap_or(Basis::Inferred),
                reasons: reasons.into_iter().collect(),
            })
            .collect();
        if claims.is_empty() {
            let reason = "nothing that it says or does tells what it is for".to_owned();
            return vec![RoleClaim { role: Role::Unknown, basis: Basis::Inferred, reasons: vec![reason] }];
        }
        claims
    }
}

/// What an asset says of itself, and what the family of its product is.
pub(crate) fn of_statements(asset: &Asset, claims: &mut Claims) {
    of_types(asset, TYPES, claims);
    for name in PRODUCT_NAMES {
        if let Some(winner) = asset.attributes.get(*name).and_then(|candidates| candidates.first())
            && let Some(role) = products::role_of(&squash(&winner.value))
        {
            claims.add(
                role,
                Basis::Inferred,
                format!("{name} {} is of a family of such devices", winner.value),
            );
        }
    }
    for name in PRODUCT_WORDS {
        if let Some(winner) = asset.attributes.get(*name).and_then(|candidates| candidates.first())
            && let Some(role) = products::role_in(&squash(&winner.value)).filter(|_| claims.0.is_empty())
        {
            claims.add(role, Basis::Inferred, format!("{name} {} names such a device", winner.value));
        }
    }
    let names = if claims.is_field() { &[][..] } else { PROGRAM_NAMES };
    for name in names {
        let runs = asset.attributes.get(*name).into_iter().flatten();
        let runs =
            runs.filter_map(|said| products::role_of_program(&squash(&said.value)).map(|role| (said, role)));
        for (said, role) in runs.collect::<Vec<_>>() {
            claims.add(role, Basis::Inferred, format!("runs {} ({name})", said.value));
        }
    }
    for (maker, number, device, table) in DEVICES_OF_MAKERS {
        let says = |name: &str, value: &str| {
            asset.attributes.get(name).and_then(|said| said.first()).is_some_and(|said| said.value == value)
        };
        let role = table.iter().find(|(value, _)| says(maker, number) && says(device, value));
        if let Some((value, role)) = role.filter(|_| claims.0.is_empty()) {
            claims.add(*role, Basis::Inferred, format!("{device} {value} of this maker is such a device"));
        }
    }
    if claims.0.is_empty() {
        of_types(asset, TYPES_OF_LAST_RESORT, claims);
    }
}

/// What a number or word stands for.
fn of_types(asset: &Asset, table: &[(&str, &[(&str, Role)])], claims: &mut Claims) {
    for (name, types) in table {
        if let Some(winner) = asset.attributes.get(*name).and_then(|candidates| candidates.first())
            && let Some((_, role)) = types.iter().find(|(value, _)| *value == winner.value)
        {
            let said = asset
                .attributes
                .get(attribute::DEVICE_TYPE)
                .and_then(|candidates| candidates.first())
                .map_or(winner.value.as_str(), |word| word.value.as_str());
            let by = if winner.basis == Basis::Stated { "states" } else { "is said to have" };
            claims.add(*role, winner.basis, format!("{by} {name} {} ({said})", winner.value));
        }
    }
}

/// What an asset answers, is asked and sends.
pub(crate) fn of_services(asset: usize, conversations: &[&Conversation], claims: &mut Claims) {
    for conversation in conversations {
        let protocol = conversation.protocol.as_str();
        if conversation.server == AssetEnd::Asset(asset)
            && conversation.frames[1] > 0
            && let Some((_, role)) = SERVERS.iter().find(|(of, _)| *of == protocol)
        {
            let (transport, port) = (conversation.transport.as_str(), conversation.port);
            claims.add(*role, Basis::Inferred, format!("answers {protocol} on {transport} port {port}"));
        }
        if conversation.client == AssetEnd::Asset(asset)
            && conversation.frames[0] > 0
            && let Some((_, role)) = SENDERS.iter().find(|(of, _)| *of == protocol)
        {
            claims.add(*role, Basis::Inferred, format!("sends {protocol}"));
        }
    }
}

/// What an asset keeps, by the ports of products that keep nothing else.
pub(crate) fn of_products(asset: usize, conversations: &[&Conversation], claims: &mut Claims) {
    for product in ports_of(asset, conversations, HISTORIANS) {
        claims.add(Role::Historian, Basis::Inferred, format!("answers on the port of {product}"));
    }
}

/// What others do with an asset that does not say itself what it is.
pub(crate) fn of_treatment(asset: usize, conversations: &[&Conversation], claims: &mut Claims) {
    if claims.is_field() {
        return;
    }
    for conversation in
        conversations.iter().filter(|conversation| conversation.server == AssetEnd::Asset(asset))
    {
        for (_, seen) in &conversation.named {
            if let Some((_, role)) = SERVER_OPERATIONS.iter().find(|(part, _)| seen.name.contains(part)) {
                claims.add(
                    *role,
                    Basis::Inferred,
                    format!("is asked to {} in {}", seen.name, conversation.protocol),
                );
            }
        }
    }
}

/// What an asset forwards.
pub(crate) fn of_forwarding(mac: observation::Mac, forwarding: &Forwarding, claims: &mut Claims) {
    if forwarding.counted_down > 0 {
        let reason = format!(
            "{mac} carries {} whose hop limit a router has counted down",
            number_of(forwarding.counted_down, "address")
        );
        claims.add(Role::Router, Basis::Inferred, reason);
    }
    if forwarding.carried > 1 {
        let (carried, subnets) = (forwarding.carried, forwarding.subnets);
        let (carried, subnets) = (number_of(carried, "address"), number_of(subnets, "subnet"));
        let reason = format!("{mac} carries {carried} that are not its own, of {subnets} of customary size");
        claims.add(Role::Router, Basis::Inferred, reason);
    }
    if forwarding.claimed > 0 {
        claims.add(
            Role::Router,
            Basis::Inferred,
            format!("{mac} answers for {} (proxy ARP)", number_of(forwarding.claimed, "address")),
        );
    }
}

/// What an asset asks of whom.
pub(crate) fn of_requests(
    asset: usize,
    conversations: &[&Conversation],
    asked: &Asked<'_>,
    names: &dyn Fn(&AssetEnd) -> String,
    claims: &mut Claims,
) {
    if !asked.engineered.is_empty() {
        let operations = asked.engineering.iter().map(|name| (*name).to_owned());
        let reason =
            format!("{} on {}", list(operations), list(asked.engineered.iter().map(|end| names(end))));
        claims.add(Role::EngineeringWorkstation, Basis::Inferred, reason);
    }
    if claims.is_field() {
        return;
    }
    if !asked.mastered.is_empty() {
        let reason = format!(
            "polls {} in {}",
            list(asked.mastered.iter().map(|end| names(end))),
            list(asked.masters.iter().map(|name| (*name).to_owned()))
        );
        claims.add(Role::ScadaServer, Basis::Inferred, reason);
        return;
    }
    let polled = asked.polled();
    let written: Vec<_> =
        asked.servers.iter().filter(|(_, counts)| counts.writes > 0).map(|(end, _)| *end).collect();
    let name = |ends: &[&AssetEnd]| list(ends.iter().map(|end| names(end)));
    // A server that was replaced is one place to read.
    let mut known = BTreeSet::new();
    let places = polled.iter().map(|end| names(end)).filter(|place| known.insert(place.clone()));
    let places: Vec<String> = places.collect();
    if polled.is_empty() {
        return;
    }
    let orders = orders_from(asset, conversations);
    if !written.is_empty()
        && !orders.is_empty()
        && asked.between().is_some_and(|between| between >= EXECUTION_READS_APART_MIN)
    {
        let reason = format!(
            "reads {}{}, writes to {}, and asks {}",
            name(&polled),
            asked.rhythm(),
            name(&written),
            list(orders.into_iter())
        );
        claims.add(Role::Mes, Basis::Inferred, reason);
    } else if !written.is_empty() && asked.servers.len() > HMI_SERVERS_MAX {
        claims.add(
            Role::ScadaServer,
            Basis::Inferred,
            format!(
                "reads {}{}, writes to {}",
                number_of(asked.servers.len(), "server"),
                asked.rhythm(),
                written.len()
            ),
        );
    } else if !written.is_empty() {
        let reason = format!(
            "reads {} again and again{}, writes to {}",
            name(&polled),
            asked.rhythm(),
            name(&written)
        );
        claims.add(Role::Hmi, Basis::Inferred, reason);
    } else if asked.engineered.is_empty() {
        let keeps = ports_of(asset, conversations, DATABASES);
        if places.len() >= HISTORIAN_SERVERS_MIN {
            let reason = format!(
                "reads {} again and again{}, no write{}: {}",
                number_of(places.len(), "server"),
                asked.rhythm(),
                asked.duration(),
                list(places.into_iter())
            );
            claims.add(Role::Historian, Basis::Inferred, reason);
        } else if !keeps.is_empty() {
            let kept = list(keeps.into_iter());
            let reason = format!(
                "reads {} again and again{}, no write, and answers on ports of {kept}",
                name(&polled),
                asked.rhythm()
            );
            claims.add(Role::Historian, Basis::Inferred, reason);
        }
    }
}

/// Whom an asset without any other role works on from afar.
pub(crate) fn of_sessions(
    asset: usize,
    conversations: &[&Conversation],
    names: &dyn Fn(&AssetEnd) -> String,
    claims: &mut Claims,
) {
    let own = AssetEnd::Asset(asset);
    let sessions = conversations.iter().filter(|conversation| {
        let is_open = conversation.frames.iter().all(|frames| *frames > 0);
        conversation.client == own && is_open && REMOTE_SESSIONS.contains(&conversation.protocol.as_str())
    });
    let (mut protocols, mut servers) = (BTreeSet::new(), BTreeSet::new());
    for session in sessions {
        protocols.insert(session.protocol.clone());
        servers.insert(names(&session.server));
    }
    if claims.0.is_empty() && protocols.len() >= REMOTE_SESSIONS_MIN {
        let (protocols, servers) = (list(protocols.into_iter()), list(servers.into_iter()));
        claims.add(Role::RemoteAccess, Basis::Inferred, format!("works on {servers} by {protocols}"));
    }
}

/// The products of the table on whose TCP ports an asset answers.
fn ports_of(asset: usize, conversations: &[&Conversation], products: &[(u16, &str)]) -> BTreeSet<String> {
    let answered = conversations.iter().filter(|conversation| {
        let is_server = conversation.server == AssetEnd::Asset(asset) && conversation.frames[1] > 0;
        is_server && conversation.transport == Transport::Tcp
    });
    let product = |port: u16| products.iter().find(|(known, _)| *known == port);
    answered
        .filter_map(|conversation| product(conversation.port))
        .map(|(_, name)| (*name).to_owned())
        .collect()
}

/// The databases and systems of planning that an asset asks, by the TCP ports on which they answer it.
fn orders_from(asset: usize, conversations: &[&Conversation]) -> BTreeSet<String> {
    let asked = conversations.iter().filter(|conversation| {
        let is_client = conversation.client == AssetEnd::Asset(asset)
            && conversation.frames.iter().all(|frames| *frames > 0);
        is_client && conversation.transport == Transport::Tcp
    });
    let name = |port: u16| {
        let planning =
            PLANNING.iter().find(|(first, last, _)| (*first..=*last).contains(&port)).map(|(.., name)| *name);
        planning.or_else(|| DATABASES.iter().find(|(known, _)| *known == port).map(|(_, name)| *name))
    };
    asked.filter_map(|conversation| name(conversation.port)).map(str::to_owned).collect()
}

/// What an asset says that it does in the network. A telephone's switch makes no switch of it, nor does a computer's.
pub(crate) fn of_capabilities(asset: &Asset, claims: &mut Claims) {
    let stated: Vec<_> = CAPABILITIES
        .iter()
        .filter_map(|(name, word, role)| {
            let mut candidates = asset.attributes.get(*name).into_iter().flatten();
            let said = candidates.find(|candidate| candidate.value == *word)?;
            Some((*role, said.basis, format!("states {name} {word}")))
        })
        .collect();
    let in_group = GROUP_ADDRESSES.iter().filter_map(|name| {
        let said = asset.attributes.get(*name)?.first()?;
        Some((Role::Router, said.basis, format!("states {name} {}", said.value)))
    });
    let stated: Vec<_> = stated.into_iter().chain(in_group).collect();
    let is_network = |role: &Role| NETWORK.contains(role);
    // A switch that routes as well is a switch; what makes it a router is what it forwards.
    let is_switch = stated.iter().any(|(role, ..)| *role == Role::Switch);
    let stated_other = stated.iter().any(|(role, ..)| !is_network(role));
    let is_other = !claims.0.keys().all(is_network);
    for (role, basis, reason) in stated {
        let is_built_in = is_network(&role) && (is_other || stated_other);
        let role = if is_switch && role == Role::Router { Role::Switch } else { role };
        if !is_built_in {
            claims.add(role, basis, reason);
        }
    }
}

/// What usually listens on the ports that answered, where nothing else tells what an asset is for.
pub(crate) fn of_guesses(asset: usize, conversations: &[&Conversation], claims: &mut Claims) {
    if !claims.0.is_empty() {
        return;
    }
    for conversation in conversations {
        if conversation.server != AssetEnd::Asset(asset) || conversation.frames[1] == 0 {
            continue;
        }
        let (transport, port) = (conversation.transport, conversation.port);
        let candidates = guesses::candidates(&conversation.protocol, transport, port);
        // Where a port has users of several kinds it tells nothing.
        if let Some((Guess { role: Some(role), name }, others)) = candidates.split_first()
            && others.iter().all(|other| other.role == Some(*role))
        {
            let reason = format!("answers on {} port {port}, customary for {name}", transport.as_str());
            claims.add(*role, Basis::Inferred, reason);
        }
    }
    of_office(asset, conversations, claims);
}

/// What an asset without any other role serves or asks in the protocols of offices.
fn of_office(asset: usize, conversations: &[&Conversation], claims: &mut Claims) {
    let own = AssetEnd::Asset(asset);
    let is_office = |conversation: &&&Conversation| OFFICE.contains(&conversation.protocol.as_str());
    let names = |protocols: BTreeSet<&str>| list(protocols.into_iter().map(str::to_owned));
    let answered = conversations.iter().filter(is_office);
    let answered: BTreeSet<&str> = answered
        .filter(|conversation| conversation.server == own && conversation.frames[1] > 0)
        .map(|conversation| conversation.protocol.as_str())
        .collect();
    let asked = conversations.iter().filter(is_office);
    let asked: BTreeSet<&str> = asked
        .filter(|conversation| conversation.client == own && conversation.frames[0] > 0)
        .map(|conversation| conversation.protocol.as_str())
        .collect();
    if !claims.0.is_empty() {
        return;
    }
    if !answered.is_empty() {
        claims.add(Role::Server, Basis::Inferred, format!("answers {}", names(answered)));
    } else if !asked.is_empty() {
        claims.add(
            Role::Workstation,
            Basis::Inferred,
            format!("asks {}, answers none of them", names(asked)),
        );
    }
}

/// A few of many, in words.
pub(crate) fn list(parts: impl Iterator<Item = String>) -> String {
    let parts: Vec<_> = parts.collect();
    let shown = parts.get(..NAMED_MAX.min(parts.len())).unwrap_or_default().join(", ");
    match parts.len().saturating_sub(NAMED_MAX) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
