//! A CSAF document: products and what is said of them.
//!
//! OASIS CSAF 2.0, sections 3.2.2 (product tree), 3.2.3 (vulnerabilities) and 3.1.2 (branches), 3.1.3.3 (product
//! identification helper); 2.1 has the same for what is read here.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::DOCUMENT_OCTETS_MAX;
use crate::json::{DocumentError, Node};
use crate::names::order_numbers_in;
use crate::range::Range;

/// Most products of a document.
const PRODUCTS_MAX: usize = 100_000;

/// Most vulnerabilities of a document, and entries of any list within one.
const LIST_MAX: usize = 100_000;

/// Deepest nesting of branches. CSAF's validators end at 30.
const DEPTH_MAX: usize = 64;

/// Longest chain of relationships that is followed.
const RELATIONS_MAX: usize = 16;

/// An advisory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advisory {
    /// `document.tracking.id`.
    pub id: String,
    /// `document.title`.
    pub title: String,
    /// `document.tracking.current_release_date`, and the version: the later of two of one id is the one that counts.
    pub released: String,
    /// SHA-256 of the octets of the document, in hexadecimal.
    pub sha256: String,
    /// Products by id.
    pub products: BTreeMap<String, Product>,
    /// What is said of them.
    pub vulnerabilities: Vec<Vulnerability>,
}

/// A product of an advisory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Product {
    /// Its name in whole.
    pub name: String,
    /// Names of branches of the category `vendor`.
    pub vendors: Vec<String>,
    /// Names of branches of `product_name` and `product_family`, outermost first.
    pub names: Vec<String>,
    /// SKUs, model numbers (with wildcards) and order numbers that stand in the names.
    pub order_numbers: BTreeSet<String>,
    /// Serial numbers, with wildcards; where there are some, only they are the product.
    pub serial_numbers: BTreeSet<String>,
    /// CPE, where stated.
    pub cpe: Option<String>,
    /// Which versions it is, as stated.
    pub version_text: Option<String>,
    /// As understood; `None` where no version is stated.
    pub versions: Option<Range>,
}

/// What an advisory says of a product in view of a vulnerability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// `known_affected`, `first_affected`, `last_affected`.
    Affected,
    /// `fixed`, `first_fixed`.
    Fixed,
    /// `known_not_affected`.
    NotAffected,
    /// `under_investigation`, `unknown`.
    Undecided,
}

/// A vulnerability.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vulnerability {
    /// Its CVE, or its title where it has none.
    pub name: String,
    /// Products by status.
    pub status: BTreeSet<(Status, String)>,
    /// What helps.
    pub remediations: Vec<Remediation>,
}

/// What helps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remediation {
    /// `vendor_fix`, `mitigation`, `workaround`, `no_fix_planned`, `none_available`.
    pub category: String,
    /// In words.
    pub details: String,
    /// For which products; all if empty.
    pub products: BTreeSet<String>,
}

impl Advisory {
    /// Reads a document.
    ///
    /// # Errors
    ///
    /// Fails if it is too large, no JSON, no CSAF of version 2.0 or 2.1, or not of the shape that CSAF prescribes in
    /// what is read here; the error says where.
    pub fn read(octets: &[u8]) -> Result<Self, DocumentError> {
        if octets.len() > DOCUMENT_OCTETS_MAX {
            return Err(DocumentError::TooLarge { octets: octets.len(), max: DOCUMENT_OCTETS_MAX });
        }
        let octets_of_text = octets.strip_prefix(b"\xef\xbb\xbf").unwrap_or(octets);
        let value: Value =
            serde_json::from_slice(octets_of_text).map_err(|error| DocumentError::Json(error.to_string()))?;
        let root = Node::root(&value);
        let Some(document) = root.get("document").ok().flatten() else {
            return Err(DocumentError::NotCsaf("there is no document object".to_owned()));
        };
        match document.text_of("csaf_version")?.as_deref() {
            Some("2.0" | "2.1") => {}
            Some(other) => return Err(DocumentError::NotCsaf(format!("it is of version {other}"))),
            None => return Err(DocumentError::NotCsaf("document.csaf_version is missing".to_owned())),
        }
        let mut tree = Tree::default();
        if let Some(products) = root.get("product_tree")? {
            tree.read(&products)?;
        }
        let groups = tree.groups;
        let vulnerabilities = root
            .list("vulnerabilities", LIST_MAX)?
            .iter()
            .map(|node| vulnerability(node, &groups))
            .collect::<Result<_, _>>()?;
        let tracking = document.need("tracking")?;
        let released = [tracking.text_of("current_release_date")?, tracking.text_of("version")?];
        Ok(Self {
            id: tracking.need("id")?.text()?,
            released: released.into_iter().flatten().collect::<Vec<_>>().join(" "),
            title: document.text_of("title")?.unwrap_or_default(),
            sha256: Sha256::digest(octets).iter().map(|octet| format!("{octet:02x}")).collect(),
            products: tree.products,
            vulnerabilities,
        })
    }
}

/// The product tree as it is read.
#[derive(Default)]
struct Tree {
    products: BTreeMap<String, Product>,
    groups: BTreeMap<String, BTreeSet<String>>,
}

/// Category and name of a branch.
type Step = (String, String);

impl Tree {
    fn read(&mut self, tree: &Node<'_>) -> Result<(), DocumentError> {
        for branch in tree.list("branches", LIST_MAX)? {
            self.branch(&branch, &mut Vec::new())?;
        }
        for product in tree.list("full_product_names", LIST_MAX)? {
            self.product(&product, &[])?;
        }
        self.relationships(tree)?;
        for group in tree.list("product_groups", LIST_MAX)? {
            let products = group.texts("product_ids", LIST_MAX)?.into_iter().collect();
            self.groups.insert(group.need("group_id")?.text()?, products);
        }
        Ok(())
    }

    fn branch(&mut self, branch: &Node<'_>, steps: &mut Vec<Step>) -> Result<(), DocumentError> {
        if steps.len() >= DEPTH_MAX {
            return Err(DocumentError::TooMany { place: branch.place().to_owned(), max: DEPTH_MAX });
        }
        steps.push((branch.need("category")?.text()?, branch.need("name")?.text()?));
        if let Some(product) = branch.get("product")? {
            self.product(&product, steps)?;
        }
        for inner in branch.list("branches", LIST_MAX)? {
            self.branch(&inner, steps)?;
        }
        steps.pop();
        Ok(())
    }

    fn product(&mut self, node: &Node<'_>, steps: &[Step]) -> Result<(), DocumentError> {
        let mut product = Product { name: node.need("name")?.text()?, ..Product::default() };
        for (category, name) in steps {
            match category.as_str() {
                "vendor" => product.vendors.push(name.clone()),
                "product_name" | "product_family" => product.names.push(name.clone()),
                "product_version" => {
                    product.versions = Some(Range::exactly(name));
                    product.version_text = Some(name.clone());
                }
                "product_version_range" => {
                    product.versions = Some(Range::parse(name));
                    product.version_text = Some(name.clone());
                }
                _ => {}
            }
        }
        if product.names.is_empty() {
            product.names.push(product.name.clone());
        }
        for name in &product.names {
            product.order_numbers.extend(order_numbers_in(name));
        }
        if let Some(helper) = node.get("product_identification_helper")? {
            for list in ["skus", "model_numbers"] {
                product.order_numbers.extend(helper.texts(list, LIST_MAX)?);
            }
            product.serial_numbers.extend(helper.texts("serial_numbers", LIST_MAX)?);
            product.cpe = helper.text_of("cpe")?;
        }
        self.add(node, product)
    }

    fn add(&mut self, node: &Node<'_>, product: Product) -> Result<(), DocumentError> {
        let id = node.need("product_id")?.text()?;
        if self.products.len() >= PRODUCTS_MAX {
            return Err(DocumentError::TooMany { place: "product_tree".to_owned(), max: PRODUCTS_MAX });
        }
        if self.products.insert(id.clone(), product).is_some() {
            return Err(DocumentError::Twice { place: node.place().to_owned(), id });
        }
        Ok(())
    }

    /// Products that are made of two: firmware installed on a device is that device, in the versions of the firmware.
    fn relationships(&mut self, tree: &Node<'_>) -> Result<(), DocumentError> {
        let mut waiting = Vec::new();
        for relation in tree.list("relationships", LIST_MAX)? {
            let what = relation.need("product_reference")?.text()?;
            let on = relation.need("relates_to_product_reference")?.text()?;
            waiting.push((relation.need("full_product_name")?, what, on));
        }
        // A relation may be of products that other relations make; chains are short, and cycles end here.
        for _ in 0..RELATIONS_MAX {
            let mut left = Vec::new();
            for (node, what, on) in waiting {
                let (Some(software), Some(device)) = (self.products.get(&what), self.products.get(&on))
                else {
                    left.push((node, what, on));
                    continue;
                };
                let (versions, text) = if software.versions.is_some() {
                    (software.versions.clone(), software.version_text.clone())
                } else {
                    (device.versions.clone(), device.version_text.clone())
                };
                let name = node.need("name")?.text()?;
                let product = Product { name, versions, version_text: text, ..device.clone() };
                self.add(&node, product)?;
            }
            waiting = left;
            if waiting.is_empty() {
                break;
            }
        }
        // What relates to nothing that is defined is still a product that statuses may name: of a name alone.
        for (node, _, _) in waiting {
            let name = node.need("name")?.text()?;
            let order_numbers = order_numbers_in(&name).into_iter().collect();
            self.add(
                &node,
                Product { names: vec![name.clone()], name, order_numbers, ..Product::default() },
            )?;
        }
        Ok(())
    }
}

fn vulnerability(
    node: &Node<'_>,
    groups: &BTreeMap<String, BTreeSet<String>>,
) -> Result<Vulnerability, DocumentError> {
    // `recommended` is no statement that something is fixed, and is not read.
    const LISTS: [(&str, Status); 8] = [
        ("known_affected", Status::Affected),
        ("first_affected", Status::Affected),
        ("last_affected", Status::Affected),
        ("fixed", Status::Fixed),
        ("first_fixed", Status::Fixed),
        ("known_not_affected", Status::NotAffected),
        ("under_investigation", Status::Undecided),
        ("unknown", Status::Undecided),
    ];
    let name = match node.text_of("cve")? {
        Some(cve) => cve,
        None => node.text_of("title")?.unwrap_or_else(|| node.place().to_owned()),
    };
    let mut status = BTreeSet::new();
    if let Some(lists) = node.get("product_status")? {
        for (list, of) in LISTS {
            status.extend(lists.texts(list, LIST_MAX)?.into_iter().map(|id| (of, id)));
        }
    }
    let mut remediations = Vec::new();
    for remedy in node.list("remediations", LIST_MAX)? {
        let mut products: BTreeSet<String> = remedy.texts("product_ids", LIST_MAX)?.into_iter().collect();
        for group in remedy.texts("group_ids", LIST_MAX)? {
            products.extend(groups.get(&group).into_iter().flatten().cloned());
        }
        remediations.push(Remediation {
            category: remedy.text_of("category")?.unwrap_or_default(),
            details: remedy.text_of("details")?.unwrap_or_default(),
            products,
        });
    }
    Ok(Vulnerability { name, status, remediations })
}
