//! What the report says, section by section.

mod asset;
mod assets;
mod boundary;
mod changes;
mod controls;
mod coverage;
mod front;
mod gaps;
mod questions;
mod recovery;
mod suppliers;
mod systems;
mod threats;
mod traffic;

use inventory::{Finding, FindingState};

use super::drawing::Drawing;
use super::page::{Block, Kind, Section, note};
use super::{Source, map, trend};
pub(crate) use boundary::{Path, paths};

/// True if somebody still has to do something about it.
pub(crate) fn is_open(finding: &Finding) -> bool {
    matches!(finding.standing.state, FindingState::Open | FindingState::Acknowledged)
}

pub(crate) fn title(source: &Source<'_>) -> String {
    let of = match source.options.organisation {
        "" => String::new(),
        organisation => format!(" of {organisation}"),
    };
    super::page::shown(&format!("Register of industrial assets{of}"))
}

/// All sections, the page for the auditor first.
pub(crate) fn sections(source: &Source<'_>) -> Vec<Section> {
    let mut sections = vec![front::section(source)];
    sections.extend(questions::sections(source));
    sections.push(threats::section(source));
    sections.push(map_section(source));
    sections.push(traffic::matrix(source));
    sections.push(boundary::section(source));
    sections.push(gaps::section(source));
    sections.push(changes::section(source));
    sections.push(trends(source));
    sections.push(coverage::section(source));
    sections.push(assets::section(source));
    sections.extend(asset::sections(source));
    sections.push(traffic::conversations(source));
    sections
}

fn map_section(source: &Source<'_>) -> Section {
    Section::new("map", "Network map", Kind::Wide, vec![Block::Drawing(map::draw(&source.view))])
}

/// Figures over time: those that were given, and how the register grew.
fn trends(source: &Source<'_>) -> Section {
    let given = source.options.series.iter().flat_map(|series| {
        let drawing: Drawing = trend::draw(&series.title, &series.points);
        [Block::Drawing(drawing), note(&series.formula)]
    });
    let growth = changes::growth(source);
    let own = [
        Block::Drawing(trend::draw("Assets in the register by day of their first sighting", &growth)),
        note(
            "Each day: assets of this report that were first seen on it or before. A step at a first day of listening is what was there already, not what was added.",
        ),
    ];
    Section::new("trends", "Figures over time", Kind::Chapter, given.chain(own).collect())
}
