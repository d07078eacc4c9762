//! Is a device affected?

use std::collections::BTreeMap;

use crate::document::{Advisory, Product, Status, Vulnerability};
use crate::matching::{Certainty, Match, Ready, ReadyProduct};
use crate::range::{Held, Range};
use crate::version::Version;

/// Longest summary of what helps, in characters.
const SUMMARY_CHARS_MAX: usize = 240;

/// A device of the register.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// Its id.
    pub id: String,
    /// Maker, empty if not known; so are all that follow.
    pub vendor: String,
    /// Model.
    pub model: String,
    /// Order number.
    pub order_number: String,
    /// Serial number.
    pub serial_number: String,
    /// CPE, where people gave one.
    pub cpe: Option<String>,
    /// Firmware; `None` if not known.
    pub firmware: Option<Firmware>,
}

/// The firmware of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firmware {
    /// Its version, as the device says it.
    pub version: String,
    /// How many days before the moment of the register it was last proven.
    pub days_ago: u64,
}

/// How verdicts are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// After how many days a firmware that was not proven again counts as not known.
    pub max_age_days: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { max_age_days: 365 }
    }
}

/// The verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// The device is affected.
    Affected,
    /// It may be or not.
    CannotTell,
    /// It is not.
    NotAffected,
}

impl Verdict {
    /// In words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Affected => "affected",
            Self::CannotTell => "cannot tell",
            Self::NotAffected => "not affected",
        }
    }
}

/// A verdict on one device in view of vulnerabilities of one advisory for which it is the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Which.
    pub verdict: Verdict,
    /// Index of the device in what was given.
    pub device: usize,
    /// The CVEs.
    pub vulnerabilities: Vec<String>,
    /// Id of the product that decided.
    pub product_id: String,
    /// Its name, with its versions.
    pub product: String,
    /// Why the device is held to be that product.
    pub by: String,
    /// Why the verdict is what it is.
    pub reason: String,
    /// What helps, in short.
    pub remediation: String,
}

/// What one product says of one device.
struct Said<'a> {
    verdict: Verdict,
    id: &'a str,
    product: &'a Product,
    by: &'a Match,
    reason: String,
}

/// The verdicts on devices that an advisory is or may be about, by device, verdict and product. Devices that it is not
/// about are not named.
#[must_use]
pub fn judge(advisory: &Advisory, devices: &[Device], options: &Options) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    let products: Vec<(&str, ReadyProduct<'_>)> =
        advisory.products.iter().map(|(id, product)| (id.as_str(), ReadyProduct::new(product))).collect();
    for (index, device) in devices.iter().enumerate() {
        let ready = Ready::new(device);
        let matched: BTreeMap<&str, (&Product, Match)> = products
            .iter()
            .filter_map(|(id, product)| Some((*id, (product.product, ready.matches(product)?))))
            .collect();
        if matched.is_empty() {
            continue;
        }
        // Vulnerabilities with the same answer are told together.
        let mut grouped: BTreeMap<(Verdict, &str, String, String), Outcome> = BTreeMap::new();
        for vulnerability in &advisory.vulnerabilities {
            let Some(said) = decide(vulnerability, &matched, device, options) else { continue };
            let remediation = remediation(vulnerability, said.id);
            let key = (said.verdict, said.id, said.reason.clone(), remediation.clone());
            let outcome = grouped.entry(key).or_insert_with(|| Outcome {
                verdict: said.verdict,
                device: index,
                vulnerabilities: Vec::new(),
                product_id: said.id.to_owned(),
                product: product_name(said.product),
                by: said.by.by.clone(),
                reason: said.reason,
                remediation,
            });
            outcome.vulnerabilities.push(vulnerability.name.clone());
        }
        outcomes.extend(grouped.into_values());
    }
    outcomes
}

/// The verdict in view of one vulnerability; `None` if nothing is said of a product that the device may be.
fn decide<'a>(
    vulnerability: &Vulnerability,
    matched: &'a BTreeMap<&str, (&'a Product, Match)>,
    device: &Device,
    options: &Options,
) -> Option<Said<'a>> {
    let mut all: Vec<Said<'a>> = Vec::new();
    // Of other versions than the device's.
    let mut silent: Vec<Said<'a>> = Vec::new();
    // Who may be several products is none of them for certain, unless one of them it is for certain.
    let is_any_certain = vulnerability.status.iter().any(|(_, id)| {
        matched.get(id.as_str()).is_some_and(|(_, found)| found.certainty == Certainty::Certain)
    });
    for (status, id) in &vulnerability.status {
        let Some((id, (product, found))) = matched.get_key_value(id.as_str()) else { continue };
        if is_any_certain && found.certainty == Certainty::Possible {
            continue;
        }
        let said = |(verdict, reason)| Said { verdict, id, product, by: found, reason };
        match weigh(*status, product, found, device, options) {
            Some(weighed) => all.push(said(weighed)),
            None => {
                let range = product.version_text.as_deref().unwrap_or_default();
                let reason = format!("the advisory speaks of {range} only");
                silent.push(said((Verdict::CannotTell, reason)));
            }
        }
    }
    if all.is_empty() {
        return silent.into_iter().next();
    }
    let affected = all.iter().any(|said| said.verdict == Verdict::Affected);
    let cleared = all.iter().position(|said| said.verdict == Verdict::NotAffected && said.is_stated());
    if affected && let Some(cleared) = cleared.and_then(|at| all.get(at)) {
        let reason = format!("the advisory calls this version affected, and not ({})", cleared.id);
        let said = all.into_iter().find(|said| said.verdict == Verdict::Affected)?;
        return Some(Said { verdict: Verdict::CannotTell, reason, ..said });
    }
    // What is stated of this very version weighs more than that other ranges do not hold it.
    if !affected && cleared.is_some() {
        return cleared.map(|at| all.swap_remove(at));
    }
    // The gravest first; of equals the first product.
    all.sort_by(|a, b| (a.verdict, a.id).cmp(&(b.verdict, b.id)));
    all.into_iter().next()
}

impl Said<'_> {
    /// True if the advisory says it of this version, not only of others.
    fn is_stated(&self) -> bool {
        !self.reason.contains("is outside of")
    }
}

/// What a status says of a device that is or may be the product; nothing if it is of other versions and those are not
/// the affected ones.
fn weigh(
    status: Status,
    product: &Product,
    found: &Match,
    device: &Device,
    options: &Options,
) -> Option<(Verdict, String)> {
    let range = product.version_text.as_deref().unwrap_or_default();
    let doubt = |reason: String| Some((Verdict::CannotTell, reason));
    let affected = |reason: String| Some((Verdict::Affected, reason));
    let clear = |reason: String| Some((Verdict::NotAffected, reason));
    if found.certainty == Certainty::Possible {
        return doubt(format!("not certain that it is this product: {}", found.by));
    }
    let Some(versions) = &product.versions else {
        return match status {
            Status::NotAffected => clear("the advisory calls the product not affected".to_owned()),
            _ => doubt("the advisory names no version".to_owned()),
        };
    };
    if *versions == Range::Unclear {
        return doubt(format!("the advisory's versions are not understood: \"{range}\""));
    }
    if *versions == Range::All {
        return match status {
            Status::Affected => affected("all versions are affected".to_owned()),
            Status::NotAffected => clear("no version is affected".to_owned()),
            Status::Fixed => clear("all versions are fixed".to_owned()),
            Status::Undecided => doubt("the maker is still investigating".to_owned()),
        };
    }
    let Some(firmware) = &device.firmware else {
        return doubt(format!("firmware is not known; the advisory is about {range}"));
    };
    if firmware.days_ago > options.max_age_days {
        return doubt(format!(
            "firmware {} was last proven {} days ago; the advisory is about {range}",
            firmware.version, firmware.days_ago
        ));
    }
    let Some(version) = Version::parse(&firmware.version) else {
        return doubt(format!(
            "firmware {} is no version that can be compared with {range}",
            firmware.version
        ));
    };
    let own = &firmware.version;
    match (versions.holds(&version), status) {
        (Held::Unclear, _) => doubt(format!("firmware {own} cannot be compared with {range}")),
        (Held::In, Status::Affected) => affected(format!("firmware {own} is in {range}")),
        (Held::In, Status::Fixed) => clear(format!("firmware {own} is fixed ({range})")),
        (Held::In, Status::NotAffected) => clear(format!("firmware {own} is called not affected ({range})")),
        (Held::In, Status::Undecided) => doubt(format!("the maker is still investigating {range}")),
        (Held::Out, Status::Affected) if versions.is_enumeration() => {
            doubt(format!("the advisory lists single versions ({range}), and firmware {own} is none of them"))
        }
        (Held::Out, Status::Affected) => {
            clear(format!("firmware {own} is outside of the affected versions ({range})"))
        }
        (Held::Out, Status::Fixed | Status::NotAffected | Status::Undecided) => None,
    }
}

fn product_name(product: &Product) -> String {
    match &product.version_text {
        Some(version) if !product.name.contains(version.as_str()) => format!("{} {version}", product.name),
        _ => product.name.clone(),
    }
}

/// What helps, the maker's fix first, in short.
fn remediation(vulnerability: &Vulnerability, product: &str) -> String {
    const ORDER: [&str; 7] = [
        "vendor_fix",
        "optional_patch",
        "mitigation",
        "workaround",
        "no_fix_planned",
        "none_available",
        "fix_planned",
    ];
    let rank = |category: &str| ORDER.iter().position(|known| *known == category).unwrap_or(ORDER.len());
    let all = vulnerability.remediations.iter();
    let of_it = all.filter(|remedy| remedy.products.is_empty() || remedy.products.contains(product));
    let Some(best) = of_it.min_by_key(|remedy| rank(&remedy.category)) else { return String::new() };
    let details = best.details.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = details.chars().take(SUMMARY_CHARS_MAX).collect();
    let more = if details.chars().count() > SUMMARY_CHARS_MAX { "…" } else { "" };
    format!("{}: {short}{more}", best.category.replace('_', " "))
}
