//! What changed, in observed-time order: a pure function of what was observed.
//!
//! # What the days allow to say
//!
//! Presence, conversations and facts are kept per UTC day with their first and last time and a count. So the moment
//! something appears is exact, and so is a silence that goes on past the end of a day; how long somebody was silent
//! *within* a day is not known, nor how often two values took turns within it.
//!
//! # The learning period
//!
//! What happens within [`Options::learning`] of the first observed time of a sensor builds the first baseline: it is
//! marked `learned` and asks nobody to act.

mod conflicts;
mod contacts;
mod listening;
mod model;
mod modules;
mod presence;
mod quiet;
mod values;
pub(crate) mod words;

use observation::{Evidence, Time};

use crate::assets::Context;
use crate::model::{Asset, FindingEvidence};
use crate::options::Options;
use listening::Listening;
pub use model::{Change, ChangeKind};
use modules::Modules;
pub use words::moment;

/// Most places to look at that one change names.
const EVIDENCE_MAX: usize = 4;

/// All changes of a site, by time, kind, asset and what they say.
pub(crate) fn changes(context: &Context<'_, '_>, assets: &[Asset], options: &Options) -> Vec<Change> {
    let listening = Listening::new(context.gathered, options);
    let writer = Writer { context, assets, listening, modules: Modules::new(context) };
    let mut changes = writer.presence();
    changes.extend(writer.modules());
    changes.extend(writer.values());
    changes.extend(writer.contacts());
    changes.extend(writer.conflicts());
    changes.sort();
    changes.dedup();
    changes
}

/// What the parts of this module share.
struct Writer<'w, 'c, 'a> {
    context: &'w Context<'c, 'a>,
    assets: &'w [Asset],
    listening: Listening<'a>,
    modules: Modules<'a>,
}

impl Writer<'_, '_, '_> {
    /// A change that nothing but its kind and time is known of.
    fn change(&self, kind: ChangeKind, time: Time, capture: &str) -> Change {
        Change {
            time,
            kind,
            site: self.context.gathered.site.to_owned(),
            asset: None,
            peer: None,
            subject: String::new(),
            before: None,
            after: None,
            learned: self.listening.is_learning(capture, time),
            evidence: Vec::new(),
        }
    }
}

/// Where to look: the octets, or the capture alone where no octets were kept.
fn place(capture: &str, evidence: Option<&Evidence>) -> FindingEvidence {
    FindingEvidence { capture: capture.to_owned(), evidence: evidence.cloned().unwrap_or_default() }
}
