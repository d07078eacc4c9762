//! What one message tells: filled by a decoder, emptied by the caller after each message.

use std::ops::{Deref, DerefMut};

use observation::{Basis, End, Evidence, Octets, OperationKind, Rule, Station};

use crate::Malformed;
use crate::known::{Known, Print, Recall};

/// A fact as a decoder makes it; the caller adds protocol and time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenFact {
    /// Whom it is about.
    pub station: Station,
    /// Name of the attribute.
    pub attribute: &'static str,
    /// What the rule read.
    pub value: String,
    /// How it is known.
    pub basis: Basis,
    /// Name of the rule.
    pub rule: &'static str,
    /// The octets.
    pub evidence: Evidence,
    /// The protocol carried inside that says it, if another than the decoder's own.
    pub protocol: Option<&'static str>,
    /// By what [`Known`] knows it from now on, if there is one.
    pub print: Option<Print>,
}

/// An operation that one end asked of the other.
#[derive(Clone, Copy, Debug)]
pub struct Operation<'m> {
    /// What it does.
    pub kind: OperationKind,
    /// In the standard's words.
    pub name: &'static str,
    /// The octets that ask for it.
    pub octets: Octets<'m>,
}

/// A station below an address that sent a message itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoke {
    /// Who.
    pub station: Station,
}

/// A station that a message names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mentioned {
    /// Who is named.
    pub station: Station,
    /// Who names it.
    pub by: Station,
    /// In which way.
    pub reason: &'static str,
    /// The octets that name it.
    pub evidence: Evidence,
    /// The protocol carried inside that names it, if another than the decoder's own.
    pub protocol: Option<&'static str>,
}

/// What one message tells, but for operations: nothing here borrows from the message.
#[derive(Debug, Default)]
pub struct Said {
    /// Statements about stations.
    pub facts: Vec<SeenFact>,
    /// Facts that were stated before, by the caller's numbers.
    pub again: Vec<u32>,
    /// What was stated before, lent by the caller for one message; without it everything is stated in full.
    pub known: Option<Box<Known>>,
    /// Stations below an address that sent this message.
    pub spoke: Vec<Spoke>,
    /// Stations that this message names.
    pub mentioned: Vec<Mentioned>,
    /// Octets that must never be stored: passwords, communities, keys.
    pub secrets: Vec<Evidence>,
    /// Items that are not of the prescribed shape, in a message that is readable otherwise.
    pub malformed: Vec<Malformed>,
    /// The end that answers, if this message proves it: overrules ports and who spoke first.
    pub server_is: Option<End>,
    /// The end that answers, as far as this message makes it likely: overrules who spoke first, but no port and no proof.
    pub server_seems: Option<End>,
    /// The protocol that the conversation really carries, if another than the decoder's own name.
    pub carries: Option<&'static str>,
    /// True if the frames of this message are needed by a later one (a fragment).
    pub hold: bool,
    /// Entries that a bounded table of the decoder pushed out for room: unanswered requests, unfinished fragments.
    pub dropped: u32,
    /// True if this message shows that the conversation is of another protocol on the same transport: the caller looks
    /// for the protocol whose probe is certain of this message and has it read from here on.
    pub hand_over: bool,
    /// True if the rest of this connection says nothing more that can be read (it is encrypted): the caller counts it
    /// and does not look at it, so that it costs nothing. With `hand_over` only if no other protocol takes it.
    pub finished: bool,
    /// The protocol carried inside whose statements are made at the moment: see [`Output::inside`].
    inner: Option<&'static str>,
}

impl Said {
    /// True if nothing was said.
    fn is_empty(&self) -> bool {
        self.facts.is_empty()
            && self.again.is_empty()
            && self.spoke.is_empty()
            && self.mentioned.is_empty()
            && self.secrets.is_empty()
            && self.malformed.is_empty()
            && self.server_is.is_none()
            && self.server_seems.is_none()
            && self.carries.is_none()
            && !self.hold
            && !self.hand_over
            && !self.finished
            && self.dropped == 0
    }

    /// Forgets all of it; the room stays.
    fn clear(&mut self) {
        let Self {
            facts,
            again,
            known,
            spoke,
            mentioned,
            secrets,
            malformed,
            server_is,
            server_seems,
            carries,
            hold,
            dropped,
            hand_over,
            finished,
            inner,
        } = self;
        facts.clear();
        again.clear();
        *known = None;
        spoke.clear();
        mentioned.clear();
        secrets.clear();
        malformed.clear();
        (*server_is, *server_seems, *carries, *inner) = (None, None, None, None);
        (*hold, *hand_over, *finished, *dropped) = (false, false, false, 0);
    }
}

/// What one message tells: what is said of stations, reached through `Deref`, and the operations. Filled again and again
/// in the same [`Room`] it costs no allocation where nothing new is said.
#[derive(Debug, Default)]
pub struct Output<'m> {
    said: Box<Said>,
    /// False while nobody could have said anything: most cyclic messages are read without a word, and then nothing has
    /// to be looked through.
    is_touched: bool,
    /// What is asked of the other end. Requests only: an answer is no operation.
    pub operations: Vec<Operation<'m>>,
}

impl Deref for Output<'_> {
    type Target = Said;

    #[inline]
    fn deref(&self) -> &Said {
        &self.said
    }
}

impl DerefMut for Output<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Said {
        self.is_touched = true;
        &mut self.said
    }
}

/// The room of an output between two messages: empty, and keeps its memory.
#[derive(Debug, Default)]
pub struct Room {
    said: Box<Said>,
    operations: Vec<Operation<'static>>,
}

impl<'m> Output<'m> {
    /// An empty output in the room of the one before, with what was stated before.
    #[must_use]
    pub fn in_room_of(Room { mut said, operations }: Room, known: Option<Box<Known>>) -> Self {
        said.known = known;
        Self { said, is_touched: false, operations }
    }

    /// Gives back what was lent.
    #[must_use]
    pub fn take_known(&mut self) -> Option<Box<Known>> {
        self.said.known.take()
    }

    /// The room for the next message; what was said is forgotten.
    #[must_use]
    pub fn into_room(mut self) -> Room {
        if self.is_touched && !self.said.is_empty() {
            self.said.clear();
        }
        self.operations.clear();
        // The collection is empty: only its memory is handed on.
        Room { said: self.said, operations: self.operations.into_iter().map_while(|_| None).collect() }
    }

    /// Says `attribute` of `station`, as `rule` reads it from `octets`. Nothing is said where the rule reads nothing, and
    /// where the capture holds only the beginning of the octets: half a name is no name.
    pub fn fact(
        &mut self,
        station: &Station,
        attribute: &'static str,
        basis: Basis,
        rule: &'static Rule,
        octets: Octets<'_>,
    ) {
        self.fact_of(station, attribute, basis, rule, &[octets]);
    }

    /// Says `attribute` of `station` from octets of several places, which the rule reads one after another.
    pub fn fact_of(
        &mut self,
        station: &Station,
        attribute: &'static str,
        basis: Basis,
        rule: &'static Rule,
        octets: &[Octets<'_>],
    ) {
        if octets.iter().any(Octets::is_cut) {
            return;
        }
        self.is_touched = true;
        let this = &mut *self.said;
        let recalled = this
            .known
            .as_ref()
            .map(|known| known.recall(station, attribute, basis, rule, this.inner, octets));
        let print = match recalled {
            Some(Recall::Nothing) => return,
            Some(Recall::Fact(fact)) => return this.again.push(fact),
            Some(Recall::New(print)) => Some(print),
            None => None,
        };
        let said = match octets {
            [octets] => (rule.read)(octets.bytes).map(|value| (value, octets.evidence())),
            parts => {
                let (mut bytes, mut pieces) = (Vec::new(), Vec::new());
                for part in parts {
                    part.append_to(&mut bytes, &mut pieces);
                }
                (rule.read)(&bytes).map(|value| (value, Octets::new(&bytes, &pieces).evidence()))
            }
        };
        match (said, print, &mut this.known) {
            (Some((value, evidence)), print, _) => this.facts.push(SeenFact {
                station: station.clone(),
                attribute,
                value,
                basis,
                rule: rule.name,
                evidence,
                protocol: this.inner,
                print,
            }),
            (None, Some(print), Some(known)) => known.learn_nothing(print),
            (None, ..) => {}
        }
    }

    /// Has `read` fill this output with what a protocol carried inside says: facts and mentions made meanwhile are
    /// shown as that protocol's (NTLM in SMB, UMAS in Modbus).
    pub fn inside<T>(&mut self, protocol: &'static str, read: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.inner.replace(protocol);
        let result = read(self);
        self.inner = outer;
        result
    }

    /// Counts an operation that the sender of this message asks of the receiver.
    pub fn operation(&mut self, kind: OperationKind, name: &'static str, octets: Octets<'m>) {
        self.operations.push(Operation { kind, name, octets });
    }

    /// A station below an address sent this message.
    pub fn spoke(&mut self, station: Station) {
        self.spoke.push(Spoke { station });
    }

    /// This message names a station.
    pub fn mentioned(&mut self, station: Station, by: Station, reason: &'static str, octets: Octets<'_>) {
        let (evidence, protocol) = (octets.evidence(), self.inner);
        self.mentioned.push(Mentioned { station, by, reason, evidence, protocol });
    }

    /// These octets are secret: they are masked in every stored frame.
    pub fn secret(&mut self, octets: Octets<'_>) {
        self.secrets.push(octets.evidence());
    }

    /// An item is not of the prescribed shape; reading goes on.
    pub fn malformed(&mut self, malformed: Malformed) {
        self.malformed.push(malformed);
    }

    /// False if surely nothing was said but operations.
    #[must_use]
    pub fn is_said(&self) -> bool {
        self.is_touched
    }

    /// True if nothing was said of stations that was not said before.
    #[must_use]
    pub fn only_repeats(&self) -> bool {
        let Said { facts, spoke, mentioned, malformed, .. } = &*self.said;
        facts.is_empty() && spoke.is_empty() && mentioned.is_empty() && malformed.is_empty()
    }

    /// What was said, without the operations.
    #[must_use]
    pub fn into_said(self) -> Said {
        *self.said
    }

    /// True if nothing was said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty() && (!self.is_touched || self.said.is_empty())
    }
}
