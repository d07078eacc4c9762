//! Is a device a product of an advisory?

use std::collections::BTreeSet;

use crate::document::Product;
use crate::families::families;
use crate::names::{
    Catalogue, catalogue_numbers, may_be_one, number, patterns_in, vendor_words, without_brackets, words,
};
use crate::patterns::is_like;
use crate::verdict::Device;

/// Shortest order number that identifies without the maker: shorter ones several makers have.
const LONE_NUMBER_CHARS: usize = 10;

/// How sure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// It is the product.
    Certain,
    /// It may be the product: something that would tell is not known.
    Possible,
}

/// Why a device is held to be a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// How sure.
    pub certainty: Certainty,
    /// By what, in words: `order number 6ES7315-2EH14-0AB0`.
    pub by: String,
}

fn certain(by: String) -> Option<Match> {
    Some(Match { certainty: Certainty::Certain, by })
}

fn possible(by: String) -> Option<Match> {
    Some(Match { certainty: Certainty::Possible, by })
}

/// A product with what is compared made ready: once for all devices.
pub(crate) struct ReadyProduct<'p> {
    pub(crate) product: &'p Product,
    vendor: Vec<String>,
    /// Patterns of its order numbers.
    numbers: Vec<String>,
    names: Vec<ReadyName<'p>>,
}

struct ReadyName<'p> {
    name: &'p str,
    catalogue: Catalogue,
    catalogue_numbers: Vec<String>,
    patterns: Vec<String>,
    /// Without what stands in brackets, and with it.
    words: [Vec<String>; 2],
}

impl<'p> ReadyProduct<'p> {
    pub(crate) fn new(product: &'p Product) -> Self {
        let name = |name: &'p String| ReadyName {
            name: name.trim(),
            catalogue: Catalogue::of(name),
            catalogue_numbers: catalogue_numbers(name),
            patterns: patterns_in(name),
            words: [words(&without_brackets(name)), words(name)],
        };
        Self {
            product,
            vendor: product.vendors.iter().flat_map(|vendor| vendor_words(vendor)).collect(),
            numbers: product.order_numbers.iter().map(|stated| number(stated)).collect(),
            names: product.names.iter().map(name).collect(),
        }
    }
}

/// A device with what is compared made ready.
pub(crate) struct Ready<'d> {
    pub(crate) device: &'d Device,
    vendor: Vec<String>,
    order_number: String,
    model: Catalogue,
    /// Order number and model, as numbers.
    numbers: BTreeSet<String>,
    /// Families, and their words.
    families: Vec<(&'static str, Vec<String>)>,
    catalogue_numbers: Vec<String>,
}

impl<'d> Ready<'d> {
    pub(crate) fn new(device: &'d Device) -> Self {
        let vendor = vendor_words(&device.vendor);
        let order_number = number(&device.order_number);
        let numbers: BTreeSet<String> = [order_number.clone(), number(&device.model)]
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect();
        let families: BTreeSet<&str> = numbers.iter().flat_map(|number| families(&vendor, number)).collect();
        Self {
            device,
            model: Catalogue::of(&device.model),
            vendor,
            order_number,
            numbers,
            families: families.into_iter().map(|family| (family, words(family))).collect(),
            catalogue_numbers: catalogue_numbers(&device.model),
        }
    }

    /// Why the device is the product, or may be it; `None` if it is another.
    pub(crate) fn matches(&self, product: &ReadyProduct<'_>) -> Option<Match> {
        // Makers of makers: the advisory names Belden, and the product is called Hirschmann's.
        let is_named = || {
            let mut words = product.names.iter().flat_map(|name| &name.words[1]);
            words.any(|word| self.vendor.contains(word))
        };
        if !may_be_one(&self.vendor, &product.vendor) && !is_named() {
            return None;
        }
        let found = self.by_number(product).or_else(|| {
            // Where both have an order number and they differ, names do not matter.
            let differs = !self.order_number.is_empty() && !product.numbers.is_empty();
            if differs { None } else { self.by_name(product) }
        });
        let found = found.or_else(|| self.by_cpe(product.product))?;
        self.by_serial(product.product, found)
    }

    fn by_number(&self, product: &ReadyProduct<'_>) -> Option<Match> {
        for pattern in &product.numbers {
            for own in &self.numbers {
                let is_own_kind =
                    !self.vendor.is_empty() && !product.vendor.is_empty() || own.len() >= LONE_NUMBER_CHARS;
                if is_own_kind && is_like(pattern, own) {
                    return certain(format!("order number {own}"));
                }
                // A model number may be stated in part: CSAF 2.0, 3.1.3.3.4. Too little of it is not enough.
                if own.len() > pattern.len()
                    && pattern.len() >= LONE_NUMBER_CHARS
                    && own.starts_with(pattern.as_str())
                {
                    return possible(format!("order number {own} begins as {pattern}"));
                }
            }
        }
        None
    }

    fn by_name(&self, product: &ReadyProduct<'_>) -> Option<Match> {
        let mut best: Option<Match> = None;
        for name in &product.names {
            match self.by_one_name(name) {
                Some(found) if found.certainty == Certainty::Certain => return Some(found),
                Some(found) => best = best.or(Some(found)),
                None => {}
            }
        }
        best
    }

    fn by_one_name(&self, ready: &ReadyName<'_>) -> Option<Match> {
        let mut stated = ready.catalogue.clone();
        stated.words.retain(|word| !self.vendor.contains(word));
        let (shown, patterns) = (ready.name, &ready.patterns);
        if let Some(pattern) =
            patterns.iter().find(|pattern| self.numbers.iter().any(|own| is_like(pattern, own)))
        {
            return certain(format!("model {} is like {pattern}", self.device.model));
        }
        if !patterns.is_empty() {
            // It says which devices it is about, and this is none of them.
            return None;
        }
        let is_same_number =
            ready.catalogue_numbers.iter().any(|number| self.catalogue_numbers.contains(number));
        let is_same_name = !self.model.words.is_empty() && self.model.words == stated.words;
        if is_same_number || is_same_name {
            return match (stated.series.as_slice(), self.model.series.as_slice()) {
                ([], _) => certain(format!("model {}", self.device.model)),
                (_, []) => possible(format!("model {}; the advisory tells series apart", self.device.model)),
                (all, own) if own.iter().any(|series| all.contains(series)) => {
                    certain(format!("model {}", self.device.model))
                }
                _ => None,
            };
        }
        if let Some(family) = self.family_of(ready) {
            let bracket = shown.to_lowercase();
            // Families that leave something out, or tell series apart that the device does not state.
            return if bracket.contains("excl") || bracket.contains("without") {
                possible(format!("family {family} ({shown}), which leaves some out"))
            } else if stated.series.is_empty()
                || stated.series.iter().any(|series| self.model.series.contains(series))
            {
                certain(format!("family {family} ({shown})"))
            } else if self.model.series.is_empty() {
                possible(format!("family {family} ({shown}); the advisory tells series apart"))
            } else {
                None
            };
        }
        // The model in the middle of the name, or the name in the model: with a number in what they share.
        let has_number =
            |words: &[String]| words.iter().any(|word| word.chars().any(|one| one.is_ascii_digit()));
        let shares = contains(&stated.words, &self.model.words) && has_number(&self.model.words)
            || contains(&self.model.words, &stated.words) && has_number(&stated.words);
        if shares { possible(format!("model {} may be {shown}", self.device.model)) } else { None }
    }

    /// The family of the device that a name is about: all words of the family in a row. Longer families are told from
    /// shorter ones that they contain: `S7-400 PN/DP V6` is about no V7, although both are S7-400.
    fn family_of(&self, ready: &ReadyName<'_>) -> Option<&'static str> {
        const TELLING: [&str; 10] = ["v4", "v5", "v6", "v7", "h", "l1", "l2", "l3", "process", "compact"];
        let [of_name, with_brackets] = &ready.words;
        let mut found: Option<&'static str> = None;
        for (family, of_family) in &self.families {
            // What is included is said in brackets.
            let is_named = contains(of_name, of_family) || contains(with_brackets, of_family);
            if is_named && found.is_none_or(|known| family.len() > known.len()) {
                found = Some(family);
            }
        }
        let family = found?;
        let own = words(family);
        let tells_more = of_name.iter().any(|word| TELLING.contains(&word.as_str()) && !own.contains(word));
        let of_other =
            ["software", "open", "siplus", "plcsim", "communication", "communications", "module", "modules"];
        let is_other = of_name.iter().any(|word| of_other.contains(&word.as_str()));
        (!tells_more && !is_other).then_some(family)
    }

    fn by_cpe(&self, product: &Product) -> Option<Match> {
        let (own, stated) = (self.device.cpe.as_deref()?, product.cpe.as_deref()?);
        let ([own_vendor, own_product], [vendor, stated_product]) = (cpe(own)?, cpe(stated)?);
        let is_one = is_like(&vendor, &own_vendor) && is_like(&stated_product, &own_product);
        if is_one { certain(format!("CPE {stated}")) } else { None }
    }

    /// Where serial numbers are stated, only those are the product.
    fn by_serial(&self, product: &Product, found: Match) -> Option<Match> {
        if product.serial_numbers.is_empty() {
            return Some(found);
        }
        let own = number(&self.device.serial_number);
        if own.is_empty() {
            return possible(format!(
                "{}; which serial numbers is stated, and that of the device is not known",
                found.by
            ));
        }
        let is_one = product.serial_numbers.iter().any(|stated| is_like(&number(stated), &own));
        is_one.then_some(found)
    }
}

/// True if the words of the one stand in a row in the other.
fn contains(all: &[String], some: &[String]) -> bool {
    !some.is_empty() && all.windows(some.len()).any(|window| window == some)
}

/// Vendor and product of a CPE 2.2 or 2.3 name, in small letters.
fn cpe(name: &str) -> Option<[String; 2]> {
    let lower = name.to_lowercase();
    let rest = lower.strip_prefix("cpe:2.3:").or_else(|| lower.strip_prefix("cpe:/"))?;
    let mut parts = rest.split(':').skip(1);
    let (vendor, product) = (parts.next()?, parts.next()?);
    (!vendor.is_empty() && !product.is_empty() && product != "*")
        .then(|| [vendor.to_owned(), product.to_owned()])
}
