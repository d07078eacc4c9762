//! The register on paper: a page for the auditor and everything behind it, as one HTML file, as PDF, and the map alone
//! as SVG.
//!
//! # What it guarantees
//!
//! - HTML and PDF say the same: both are made of the same sections. What a flag leaves out is counted where it is missing.
//! - The HTML needs no script and nothing from elsewhere, and its policy (CSP) forbids both.
//! - Every text is escaped, whoever wrote it; control and direction characters are written out.
//! - The same register and options give the same octets.

mod content;
mod drawing;
mod html;
mod map;
mod numbers;
mod page;
mod pdf;
mod trend;
mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufWriter, Write};

use inventory::Snapshot;
use observation::Time;
use sha2::{Digest, Sha256};

pub use numbers::Earlier;
pub use trend::trend;

use self::page::Pages;
use self::view::View;
use crate::about::About;
use crate::error::Result;
use crate::filter::Filter;
use crate::json::Tool;
use crate::order::Sorted;

/// Name and major version of the HTML and PDF.
pub const SCHEMA: &str = "tapledger.report/1";

/// Name and major version of the map as SVG.
pub const MAP_SCHEMA: &str = "tapledger.map/1";

/// Which assets have a part of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Details {
    /// All, as long as they are [`DETAILED_MAX`] at most; of more, as many with the gravest findings that are open.
    #[default]
    Auto,
    /// All.
    All,
    /// Those with a finding that is open, or acknowledged.
    Findings,
    /// None.
    None,
}

/// Most assets that have a part of their own unless it is said which: some 250 sheets of paper.
pub const DETAILED_MAX: usize = 250;

/// A figure over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// What it counts.
    pub title: String,
    /// How it is counted.
    pub formula: String,
    /// Its values.
    pub points: Vec<(Time, f64)>,
}

/// What advisories say of the register.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advisories {
    /// By id of the asset.
    pub by_asset: BTreeMap<String, Vec<Advisory>>,
    /// Advisories that were read.
    pub read: usize,
    /// Files that are none, or could not be read.
    pub unread: usize,
}

/// What an advisory says of an asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advisory {
    /// Its number.
    pub id: String,
    /// `affected`, `not affected`, `cannot tell`.
    pub verdict: String,
    /// True unless it is certain that the asset is not affected.
    pub concerns: bool,
}

/// What a report is told beside the register.
#[derive(Clone, Debug, Default)]
pub struct Options<'a> {
    /// Whose register it is.
    pub organisation: &'a str,
    /// What of the plant is in the scope of the management system, in people's words.
    pub scope: &'a str,
    /// What the figures are compared with.
    pub earlier: Option<Earlier<'a>>,
    /// Fingerprint of the key that signs evidence bundles, if there is one.
    pub key_fingerprint: Option<&'a str>,
    /// Frames kept as proof, if the register was asked.
    pub kept_frames: Option<u64>,
    /// Show values of attributes that may be names of persons.
    pub with_users: bool,
    /// Which assets have a page of their own.
    pub details: Details,
    /// Figures over time.
    pub series: &'a [Series],
    /// What advisories say of assets, by id of the asset; `None` if none were matched.
    pub advisories: Option<&'a Advisories>,
}

/// What all pages are made from.
pub(crate) struct Source<'a> {
    pub(crate) view: View<'a>,
    /// Paths across the boundary and of remote access.
    pub(crate) paths: Vec<content::Path<'a>>,
    pub(crate) options: &'a Options<'a>,
    pub(crate) filter: &'a Filter,
    pub(crate) about: About<'a>,
    /// SHA-256 of the JSON document with the same filter.
    pub(crate) document: String,
}

/// A writer that only hashes.
struct Hashing(Sha256);

impl Write for Hashing {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        self.0.update(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// SHA-256 of what `export --format json` writes with the same filter, in hexadecimal.
fn document_hash(snapshot: &Snapshot, tool: &Tool<'_>, filter: &Filter) -> Result<String> {
    let mut hashing = Hashing(Sha256::new());
    crate::json::write_filtered(snapshot, tool, filter, &mut hashing)?;
    Ok(hashing.0.finalize().iter().map(|octet| format!("{octet:02x}")).collect())
}

fn pages(snapshot: &Snapshot, tool: &Tool<'_>, filter: &Filter, options: &Options<'_>) -> Result<Pages> {
    let sorted = Sorted::filtered(snapshot, filter)?;
    let mut view = View::new(snapshot, &sorted);
    view.paged = paged(&view, options.details);
    let about = About::new(SCHEMA, &sorted, snapshot.as_of, tool, filter);
    let document = document_hash(snapshot, tool, filter)?;
    let paths = content::paths(&view);
    let source = Source { view, paths, options, filter, about, document };
    let as_of = snapshot.as_of.map_or_else(|| "nothing observed".to_owned(), view::second);
    let hash = source.document.get(..16).unwrap_or_default();
    Ok(Pages {
        title: content::title(&source),
        running: format!("{} {} register report, as of {as_of}, document {hash}", tool.name, tool.version),
        sections: content::sections(&source),
    })
}

/// The assets that have a part of their own.
fn paged(view: &View<'_>, details: Details) -> BTreeSet<usize> {
    let all = || view.assets().iter().map(|(index, ..)| *index);
    let gravest = |index: usize| {
        let open = view.findings_of(index).iter().filter(|finding| content::is_open(finding));
        open.map(|finding| finding.severity).max()
    };
    match details {
        Details::Auto if view.assets().len() > DETAILED_MAX => {
            let mut found: Vec<_> = all().filter_map(|index| Some((gravest(index)?, index))).collect();
            // Those of one weight stay in the order of people.
            found.sort_by_key(|(severity, _)| std::cmp::Reverse(*severity));
            found.into_iter().take(DETAILED_MAX).map(|(_, index)| index).collect()
        }
        Details::Auto | Details::All => all().collect(),
        Details::Findings => all().filter(|index| gravest(*index).is_some()).collect(),
        Details::None => BTreeSet::new(),
    }
}

/// Writes the report as one HTML file.
///
/// # Errors
///
/// Fails if `writer` does, or if the snapshot refers to assets that it does not hold.
pub fn write_html(
    snapshot: &Snapshot,
    tool: &Tool<'_>,
    filter: &Filter,
    options: &Options<'_>,
    writer: impl Write,
) -> Result<()> {
    let pages = pages(snapshot, tool, filter, options)?;
    let mut writer = BufWriter::new(writer);
    writer.write_all(html::document(&pages).as_bytes())?;
    writer.flush()?;
    Ok(())
}

/// Writes the report as PDF.
///
/// # Errors
///
/// Fails if `writer` does, if the snapshot refers to assets that it does not hold, or if no PDF can be made of it.
pub fn write_pdf(
    snapshot: &Snapshot,
    tool: &Tool<'_>,
    filter: &Filter,
    options: &Options<'_>,
    writer: impl Write,
) -> Result<()> {
    let pages = pages(snapshot, tool, filter, options)?;
    let mut writer = BufWriter::new(writer);
    writer.write_all(&pdf::document(&pages, tool, snapshot.as_of)?)?;
    writer.flush()?;
    Ok(())
}

/// Writes the map of the network as SVG.
///
/// # Errors
///
/// Fails if `writer` does, or if the snapshot refers to assets that it does not hold.
pub fn write_map(
    snapshot: &Snapshot,
    tool: &Tool<'_>,
    filter: &Filter,
    mut writer: impl Write,
) -> Result<()> {
    let sorted = Sorted::filtered(snapshot, filter)?;
    let view = View::new(snapshot, &sorted);
    let about = About::new(MAP_SCHEMA, &sorted, snapshot.as_of, tool, filter);
    let caption: Vec<String> = about.pairs().iter().map(|(name, value)| format!("{name}: {value}")).collect();
    writer.write_all(drawing::svg_file(&map::draw(&view), &caption).as_bytes())?;
    writer.flush()?;
    Ok(())
}
