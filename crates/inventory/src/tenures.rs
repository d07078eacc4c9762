//! Who had an address when: a device that was replaced, or whose lease went to another, is another device.
//!
//! A *tenure* is a stretch of time in which one device has an address. It begins with a network card or a serial number
//! that was not there before, and only where it is proved that the two are two: they state different numbers in the same
//! protocol, both got the address from a server, or the card changed and what they state contradicts. What one states
//! before and after (a card, a number) shows one device that changed, and what is stated in turns shows a conflict:
//! neither makes tenures. Names prove nothing: they are given to the newcomer. Leases come back: an address that a server
//! gives to one, then to another and then to the first again is of two devices, one of which has it twice.
//!
//! Everything here is read from sums over captures and days, and rows are divided by their day, or by when the same was
//! first and last said at all: how observations are spread over files changes nothing. What the capture counts per day
//! only, on the day of the change, goes to the newcomer.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use foldhash::HashMap;
use observation::{Address, Basis, ConversationKey, Day, Mac, Path, Sighting, Station, Time, attribute};

use crate::addressing::Addressing;
use crate::identity::{is_serial, squash};
use crate::model::Captured;
use crate::rules::identity::{DISTINGUISHING, WORDED};
use crate::span::Span;

/// One device at an address, or at a place below it.
#[derive(Clone, Debug)]
pub(crate) struct Tenure<'a> {
    /// What tells it from the others at the address: `serial 00aa0001`, `mac 00:1b:1b:00:00:01`.
    pub(crate) label: String,
    /// When the first of what only this device states was seen, each time that the address came to it; never empty.
    pub(crate) from: Vec<Time>,
    /// Serial numbers as printed, with when they were stated.
    pub(crate) serials: BTreeMap<&'a str, Span>,
    /// Its cards.
    pub(crate) macs: BTreeSet<Mac>,
    /// The card came with the address that a server gave it.
    pub(crate) is_leased: bool,
    /// Everything that tells it from others, as one.
    pub(crate) span: Span,
}

/// What an observation says, whenever and however often it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Statement<'a> {
    /// The station sent frames.
    Sent(&'a Station),
    /// It sent them from this MAC.
    Bound(&'a Station, Mac),
    /// It is said to have a value: attribute, value, protocol.
    Fact(&'a Station, &'a str, &'a str, &'a str),
    /// Somebody names it: reason.
    Named(&'a Station, &'a Station, &'a str),
    /// It talks.
    Talk(&'a ConversationKey),
}

/// A place and its devices, earliest first.
type Places<'a> = Vec<(&'a Path, Vec<Tenure<'a>>)>;

/// The tenures of a site. Addresses that one device has had all the time are not among them.
#[derive(Debug, Default)]
pub(crate) struct Tenures<'a> {
    by_address: BTreeMap<(IpAddr, u16), Places<'a>>,
    /// When each statement was made about these addresses, all captures and days together.
    spans: HashMap<Statement<'a>, Span>,
}

/// A card that was an address's own: when, and whether it opens a tenure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Card {
    pub(crate) mac: Mac,
    pub(crate) span: Span,
    /// It states the address itself, or a server gave it: a source MAC alone may be a router's.
    pub(crate) is_first_hand: bool,
    pub(crate) is_leased: bool,
}

static ROOT: Path = Path::ROOT;

impl<'a> Tenures<'a> {
    /// Finds the addresses that passed from device to device. `cards` are the cards of an address in a lane, `lane`
    /// the lane of an address and VLAN.
    pub(crate) fn new(
        captures: &[&'a Captured],
        addressing: &[Addressing<'a>],
        several_cards: &BTreeSet<IpAddr>,
        lane: &dyn Fn(IpAddr, Option<u16>) -> u16,
        cards: &dyn Fn(IpAddr, u16) -> Vec<Card>,
    ) -> Self {
        let mut watched = several_serials(addressing);
        watched.extend(several_cards);
        if watched.is_empty() {
            return Self::default();
        }
        let days = CardDays::new(captures, several_cards);
        let mut nodes: BTreeMap<(IpAddr, u16), BTreeMap<&Path, Statements<'a>>> = BTreeMap::new();
        for fact in captures.iter().flat_map(|capture| &capture.observed.facts) {
            let Some(ip) = fact.station.address.ip().filter(|ip| watched.contains(ip)) else { continue };
            if let Some(said) = Said::of(fact) {
                let span = Span::of(&fact.sighting);
                let place = nodes.entry((ip, lane(ip, fact.station.vlan))).or_default();
                let known = place.entry(&fact.station.path).or_default();
                known.entry(said).and_modify(|known| known.add(span)).or_insert(span);
            }
        }
        for ip in several_cards {
            nodes.entry((*ip, lane(*ip, None))).or_default();
        }
        let mut tenures = Self::default();
        for ((ip, lane), mut places) in nodes {
            let below: Vec<_> = places.keys().filter(|path| !path.is_root()).copied().collect();
            // A device that is alone below an address that states no number is the address.
            let is_numbered =
                |said: &Statements<'_>| said.keys().any(|said| said.attribute == attribute::SERIAL_NUMBER);
            if let [only] = below[..]
                && !places.get(&ROOT).is_some_and(is_numbered)
            {
                let said = places.remove(only).unwrap_or_default();
                let whole = places.entry(&ROOT).or_default();
                for (said, span) in said {
                    whole.entry(said).and_modify(|known| known.add(span)).or_insert(span);
                }
            }
            let whole = places.remove(&ROOT).unwrap_or_default();
            let cards = cards(ip, lane);
            let mut all = divide(&whole, &cards);
            if all.len() < 2 {
                all = days.leased_in_turns(ip, &cards);
            }
            if all.len() > 1 {
                tenures.by_address.insert((ip, lane), vec![(&ROOT, all)]);
                continue;
            }
            let parts = places.into_iter().map(|(path, said)| (path, divide(&said, &[])));
            let parts: Places<'a> = parts.filter(|(_, tenures)| tenures.len() > 1).collect();
            if !parts.is_empty() {
                tenures.by_address.insert((ip, lane), parts);
            }
        }
        if !tenures.by_address.is_empty() {
            tenures.read(captures);
        }
        tenures
    }

    /// Adds up when each statement about these addresses was made.
    fn read(&mut self, captures: &[&'a Captured]) {
        let addresses: BTreeSet<Address> = self.by_address.keys().map(|(ip, _)| Address::Ip(*ip)).collect();
        let mut add = |station: &Station, statement: Statement<'a>, sighting: &Sighting| {
            if addresses.contains(&station.address) {
                let span = Span::of(sighting);
                self.spans.entry(statement).and_modify(|known| known.add(span)).or_insert(span);
            }
        };
        for observed in captures.iter().map(|capture| &capture.observed) {
            for row in &observed.presences {
                add(&row.station, Statement::Sent(&row.station), &row.sighting);
            }
            for row in &observed.bindings {
                add(&row.station, Statement::Bound(&row.station, row.mac), &row.sighting);
            }
            for row in &observed.facts {
                add(&row.station, Statement::of(row), &row.sighting);
            }
            for row in &observed.mentions {
                add(&row.station, Statement::Named(&row.station, &row.by, &row.reason), &row.sighting);
            }
            for row in &observed.conversations {
                // Both ends may be such addresses: the sum must count once.
                let end = [&row.key.client, &row.key.server]
                    .into_iter()
                    .find(|end| addresses.contains(&end.address));
                if let Some(end) = end {
                    add(end, Statement::Talk(&row.key), &row.sighting);
                }
            }
        }
    }

    /// Devices at a place of an address, where there were several: the place that passed from one to the other, and
    /// they in their order.
    pub(crate) fn at(&self, ip: IpAddr, lane: u16, path: &Path) -> Option<&[Tenure<'a>]> {
        let places = self.by_address.get(&(ip, lane))?;
        places.iter().find(|(place, _)| path.0.starts_with(&place.0)).map(|(_, tenures)| tenures.as_slice())
    }

    /// Number of the device that a row is about: the one in whose time all of the statement lies, else the one that
    /// had the place at the end of that day.
    pub(crate) fn number(
        &self,
        ip: IpAddr,
        lane: u16,
        path: &Path,
        statement: Statement<'_>,
        day: Day,
    ) -> u16 {
        let Some(tenures) = self.at(ip, lane, path) else { return 0 };
        let at = |time: Time| last_begun(tenures, |from| from <= time);
        let whole = self.spans.get(&statement).map(|span| (at(span.first), at(span.last)));
        match whole {
            Some((first, last)) if first == last => first.map_or(0, |(_, number)| number),
            _ => last_begun(tenures, |from| from.day() <= day).map_or(0, |(_, number)| number),
        }
    }

    /// Number of the device that has the place now.
    pub(crate) fn latest(&self, ip: IpAddr, lane: u16, path: &Path) -> u16 {
        let tenures = self.at(ip, lane, path).unwrap_or_default();
        last_begun(tenures, |_| true).map_or(0, |(_, number)| number)
    }

    /// True if the address, or a place below it, passed from one device to another.
    pub(crate) fn is_passed(&self, ip: IpAddr) -> bool {
        self.by_address.range((ip, 0)..=(ip, u16::MAX)).next().is_some()
    }

    /// Every place with several devices.
    pub(crate) fn all(&self) -> impl Iterator<Item = (IpAddr, u16, &Path, &[Tenure<'a>])> {
        self.by_address.iter().flat_map(|((ip, lane), places)| {
            places.iter().map(move |(path, tenures)| (*ip, *lane, *path, tenures.as_slice()))
        })
    }
}

/// The turn that began last among those that `holds`, with the number of its device.
fn last_begun(tenures: &[Tenure<'_>], holds: impl Fn(Time) -> bool) -> Option<(Time, u16)> {
    let turns = (0_u16..)
        .zip(tenures)
        .flat_map(|(number, tenure)| tenure.from.iter().map(move |from| (*from, number)));
    turns.filter(|(from, _)| holds(*from)).max()
}

impl<'a> Statement<'a> {
    /// What a fact says.
    pub(crate) fn of(fact: &'a observation::Fact) -> Self {
        Self::Fact(&fact.station, &fact.attribute, &fact.value, &fact.protocol)
    }
}

/// A stated value that tells devices apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Said<'a> {
    attribute: &'a str,
    protocol: &'a str,
    value: &'a str,
}

impl<'a> Said<'a> {
    fn of(fact: &'a observation::Fact) -> Option<Self> {
        let attribute = fact.attribute.as_ref();
        let counts = fact.basis == Basis::Stated
            && [DISTINGUISHING, WORDED].iter().any(|names| names.contains(&attribute))
            && (attribute != attribute::SERIAL_NUMBER || is_serial(&fact.value));
        counts.then_some(Self { attribute, protocol: &fact.protocol, value: &fact.value })
    }
}

/// Addresses of which several serial numbers are stated, below or at the address.
fn several_serials(addressing: &[Addressing<'_>]) -> BTreeSet<IpAddr> {
    let mut first: HashMap<IpAddr, &str> = HashMap::default();
    let mut several = BTreeSet::new();
    for fact in addressing.iter().flat_map(|one| one.named(attribute::SERIAL_NUMBER)) {
        if let Some(ip) = fact.station.address.ip()
            && *first.entry(ip).or_insert(&fact.value) != fact.value.as_str()
        {
            several.insert(ip);
        }
    }
    several
}

/// When each was stated.
type Statements<'a> = BTreeMap<Said<'a>, Span>;

/// A tenure in the making.
#[derive(Debug)]
struct Stretch<'a> {
    span: Span,
    cards: BTreeMap<Mac, Card>,
    said: Statements<'a>,
}

/// What opens a tenure where another of its kind is: cards, and serial numbers of one protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sign<'a> {
    Card(Mac),
    Serial(Said<'a>),
}

/// The devices of a place, earliest first; one or none if nothing proves that there were several.
fn divide<'a>(said: &Statements<'a>, cards: &[Card]) -> Vec<Tenure<'a>> {
    let serials = said.iter().filter(|(said, _)| said.attribute == attribute::SERIAL_NUMBER);
    let mut signs: Vec<_> = serials.map(|(said, span)| (*span, Sign::Serial(*said))).collect();
    let own = cards.iter().filter(|card| card.is_first_hand);
    signs.extend(own.map(|card| (card.span, Sign::Card(card.mac))));
    signs.sort_by_key(|(span, sign)| (span.first, *sign));
    let mut stretches: Vec<Stretch<'a>> = Vec::new();
    for (span, sign) in signs {
        let opens = stretches.last().is_none_or(|last| match sign {
            Sign::Card(_) => !last.cards.is_empty(),
            Sign::Serial(serial) => last.said.keys().any(|known| known.protocol == serial.protocol),
        });
        if opens {
            stretches.push(Stretch {
                span: Span { count: 0, ..span },
                cards: BTreeMap::new(),
                said: BTreeMap::new(),
            });
        }
        let Some(last) = stretches.last_mut() else { continue };
        last.span.add(span);
        match sign {
            Sign::Card(mac) => {
                last.cards.extend(cards.iter().find(|card| card.mac == mac).map(|card| (mac, *card)))
            }
            Sign::Serial(serial) => {
                last.said.insert(serial, span);
            }
        }
    }
    let is_in_turns = stretches.windows(2).any(|pair| match pair {
        [before, after] => !after.span.is_after(&before.span),
        _ => false,
    });
    if is_in_turns || stretches.len() < 2 {
        return Vec::new();
    }
    // What else is stated, and cards that only frames show, belong where they lie; what lies across shows one device.
    let from: Vec<_> = stretches.iter().map(|stretch| stretch.span.first).collect();
    let until: Vec<_> = stretches.iter().map(|stretch| stretch.span.last).collect();
    let place = |span: &Span| {
        let at = from.iter().rposition(|from| *from <= span.first).unwrap_or(0);
        let crosses = |(until, next): (&Time, &Time)| span.first <= *until && span.last >= *next;
        (at, until.iter().zip(from.iter().skip(1)).any(crosses))
    };
    let others = said.iter().filter(|(said, _)| said.attribute != attribute::SERIAL_NUMBER);
    for (said, span) in others {
        let (at, crosses) = place(span);
        if let Some(stretch) = stretches.get_mut(at).filter(|_| !crosses) {
            stretch.said.insert(*said, *span);
        }
    }
    for card in cards.iter().filter(|card| !card.is_first_hand) {
        let (at, crosses) = place(&card.span);
        if crosses {
            return Vec::new();
        }
        stretches.get_mut(at).map(|stretch| stretch.cards.insert(card.mac, *card));
    }
    // Neighbours that nothing proves to be two are one.
    let mut proved: Vec<Stretch<'a>> = Vec::new();
    for next in stretches {
        match proved.last_mut() {
            Some(last) if !are_two(last, &next) => {
                last.span.add(next.span);
                last.cards.extend(next.cards);
                last.said.extend(next.said);
            }
            _ => proved.push(next),
        }
    }
    // The same number early and late is the same device.
    let mut numbers = BTreeSet::new();
    let is_repeated = proved.iter().any(|stretch| {
        let own: BTreeSet<_> = stretch.serials().map(|(serial, _)| squash(serial)).collect();
        own.into_iter().any(|serial| !numbers.insert(serial))
    });
    if is_repeated || proved.len() < 2 {
        return Vec::new();
    }
    proved.into_iter().map(Stretch::finish).collect()
}

/// True if what two neighbours show proves that they are two devices.
fn are_two(before: &Stretch<'_>, after: &Stretch<'_>) -> bool {
    let are_leased = |stretch: &Stretch<'_>| stretch.cards.values().any(|card| card.is_leased);
    let values = |stretch: &Stretch<'_>, attribute: &str, protocol: &str| -> BTreeSet<String> {
        let said =
            stretch.said.keys().filter(|said| (said.attribute, said.protocol) == (attribute, protocol));
        said.map(|said| squash(said.value)).collect()
    };
    let contradicts = after.said.keys().any(|said| {
        let own = values(before, said.attribute, said.protocol);
        !own.is_empty() && own.is_disjoint(&values(after, said.attribute, said.protocol))
    });
    // Whoever had a card that was seen is still behind it, as long as no other is.
    let is_same_card = !before.cards.is_empty() && after.cards.is_empty();
    !is_same_card && (contradicts || are_leased(before) && are_leased(after))
}

impl<'a> Stretch<'a> {
    fn serials(&self) -> impl Iterator<Item = (&'a str, Span)> + '_ {
        let serials = self.said.iter().filter(|(said, _)| said.attribute == attribute::SERIAL_NUMBER);
        serials.map(|(said, span)| (said.value, *span))
    }

    fn finish(self) -> Tenure<'a> {
        let mut serials: BTreeMap<&str, Span> = BTreeMap::new();
        for (serial, span) in self.serials() {
            serials.entry(serial).and_modify(|known| known.add(span)).or_insert(span);
        }
        let number = serials.keys().map(|serial| squash(serial)).min();
        let card = self.cards.keys().min();
        let card = card.map(|mac| format!("mac {mac}"));
        let label = number.map(|number| serial_label(&number)).or(card).unwrap_or_default();
        Tenure {
            label,
            from: vec![self.span.first],
            serials,
            is_leased: self.cards.values().any(|card| card.is_leased),
            macs: self.cards.into_keys().collect(),
            span: self.span,
        }
    }
}

/// When each card had an address, and when each serial number was stated at it, day by day: the order in which leases
/// came and went.
#[derive(Debug, Default)]
struct CardDays<'a> {
    cards: BTreeMap<(IpAddr, Mac), BTreeMap<Day, Span>>,
    serials: BTreeMap<(IpAddr, &'a str), BTreeMap<Day, Span>>,
}

impl<'a> CardDays<'a> {
    /// Of the addresses that several cards have had.
    fn new(captures: &[&'a Captured], addresses: &BTreeSet<IpAddr>) -> Self {
        let mut days = Self::default();
        if addresses.is_empty() {
            return days;
        }
        let add = |days: &mut BTreeMap<Day, Span>, sighting: &Sighting| {
            let span = Span::of(sighting);
            days.entry(sighting.day).and_modify(|known| known.add(span)).or_insert(span);
        };
        for observed in captures.iter().map(|capture| &capture.observed) {
            for row in &observed.bindings {
                if let Some(ip) = row.station.address.ip().filter(|ip| addresses.contains(ip)) {
                    add(days.cards.entry((ip, row.mac)).or_default(), &row.sighting);
                }
            }
            for fact in
                observed.facts.iter().filter(|fact| fact.station.path.is_root() || is_stated_serial(fact))
            {
                let (address, value) = (fact.station.address, fact.value.as_str());
                let card = match fact.attribute.as_ref() {
                    attribute::IP_ADDRESS => address.mac().zip(value.parse().ok()),
                    attribute::MAC_ADDRESS => value.parse().ok().zip(address.ip()),
                    _ => None,
                };
                if let Some((mac, ip)) = card.filter(|(_, ip)| addresses.contains(ip)) {
                    add(days.cards.entry((ip, mac)).or_default(), &fact.sighting);
                }
                if let Some(ip) = address.ip().filter(|ip| addresses.contains(ip) && is_stated_serial(fact)) {
                    add(days.serials.entry((ip, value)).or_default(), &fact.sighting);
                }
            }
        }
        days
    }

    /// The devices of an address that a server gives away again and again, the one that had it first first; none where
    /// cards have it at the same time, or a serial number is stated by more than one of them.
    fn leased_in_turns(&self, ip: IpAddr, cards: &[Card]) -> Vec<Tenure<'a>> {
        let own = || cards.iter().filter(|card| card.is_first_hand);
        if own().count() < 2 || !cards.iter().all(|card| card.is_first_hand && card.is_leased) {
            return Vec::new();
        }
        let days = own().filter_map(|card| Some((card.mac, self.cards.get(&(ip, card.mac))?)));
        let mut rows: Vec<_> =
            days.flat_map(|(mac, days)| days.values().map(move |span| (*span, mac))).collect();
        rows.sort_by_key(|(span, mac)| (span.first, span.last, *mac));
        let mut turns: Vec<(Span, Mac)> = Vec::new();
        for (span, mac) in rows {
            match turns.last_mut() {
                Some((turn, of)) if *of == mac => turn.add(span),
                Some((turn, _)) if !span.is_after(turn) => return Vec::new(),
                _ => turns.push((span, mac)),
            }
        }
        // Whose turn all of a day's statements lie in.
        let holder = |span: &Span| {
            let at = |time: Time| turns.iter().rposition(|(turn, _)| turn.first <= time).unwrap_or(0);
            let at = Some(at(span.first)).filter(|first| *first == at(span.last))?;
            turns.get(at).map(|(_, mac)| *mac)
        };
        let mut numbers: BTreeMap<String, Mac> = BTreeMap::new();
        let mut serials: BTreeMap<Mac, BTreeMap<&'a str, Span>> = BTreeMap::new();
        for ((_, serial), days) in self.serials.range((ip, "")..).take_while(|((of, _), _)| *of == ip) {
            for span in days.values() {
                let Some(mac) = holder(span) else { return Vec::new() };
                if *numbers.entry(squash(serial)).or_insert(mac) != mac {
                    return Vec::new();
                }
                let known = serials.entry(mac).or_default();
                known.entry(serial).and_modify(|known| known.add(*span)).or_insert(*span);
            }
        }
        let mut tenures: Vec<Tenure<'a>> = Vec::new();
        for (span, mac) in turns {
            if let Some(known) = tenures.iter_mut().find(|known| known.macs.contains(&mac)) {
                known.from.push(span.first);
                known.span.add(span);
                continue;
            }
            let serials = serials.remove(&mac).unwrap_or_default();
            let number = serials.keys().map(|serial| squash(serial)).min();
            tenures.push(Tenure {
                label: number.map_or_else(|| format!("mac {mac}"), |number| serial_label(&number)),
                from: vec![span.first],
                serials,
                macs: BTreeSet::from([mac]),
                is_leased: true,
                span,
            });
        }
        tenures
    }
}

/// True for a serial number that a device states and that can tell it from others.
fn is_stated_serial(fact: &observation::Fact) -> bool {
    fact.attribute == attribute::SERIAL_NUMBER && fact.basis == Basis::Stated && is_serial(&fact.value)
}

/// How a device is told from others at its address by its serial number, in letters and digits.
pub(crate) fn serial_label(squashed: &str) -> String {
    format!("serial {squashed}")
}
