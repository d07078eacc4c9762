//! Roles: what the register says that devices are for, against what is known of them.
//!
//! A labelled device counts for the *recall* of its role if that role is among those the register gives it. It counts for
//! the *precision* of the role that the register puts first. The label of a device is one role; what else a device is
//! (a switch that routes) is not counted against it.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::support::{self, list, text};

/// What one device is known to be for.
#[derive(Debug)]
pub struct Label {
    /// IP address, or MAC where it has none, in lower case.
    pub address: String,
    pub role: String,
    /// Unit behind the address; empty for the device that has it.
    pub unit: String,
    /// Its order number, product name or type of station says so.
    pub by_product: bool,
}

/// The labels of the corpus, by capture.
pub fn of_corpus() -> BTreeMap<String, Vec<Label>> {
    let table = fs::read_to_string(support::root().join("tests/roles.tsv")).unwrap();
    let mut labels: BTreeMap<String, Vec<Label>> = BTreeMap::new();
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<_> = line.split('\t').collect();
        let [file, address, role, known_by, why] = columns[..] else { panic!("{line}") };
        assert!(matches!(known_by, "product" | "document") && !why.is_empty(), "{line}");
        let by_product = known_by == "product";
        let label = Label { address: address.into(), unit: String::new(), role: role.into(), by_product };
        labels.entry(file.to_owned()).or_default().push(label);
    }
    labels
}

/// Counts of one role.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    labelled: usize,
    among: usize,
    first: usize,
    first_right: usize,
}

/// How the register's roles compare with the labels.
#[derive(Debug, Default)]
pub struct Roles {
    by_role: BTreeMap<String, Counts>,
    /// Devices known by their product, and those of them whose first role is right.
    pub by_product: (usize, usize),
    misses: Vec<String>,
}

impl Roles {
    /// Compares the assets of one register with the labels of its capture.
    pub fn judge(&mut self, register: &Value, capture: &str, labels: &[Label]) {
        for label in labels {
            let assets = || list(register, "assets").iter();
            let holder = assets().find(|asset| {
                list(asset, "stations").iter().any(|station| {
                    let mut ips = list(station, "ips").iter().filter_map(Value::as_str);
                    ips.any(|ip| ip == label.address) || text(station, "mac") == label.address
                })
            });
            let is_unit = |asset: &&Value| {
                let mut steps = list(asset, "position").iter();
                steps.any(|step| text(step, "kind") == "unit" && text(step, "value") == label.unit)
            };
            let behind = |holder: &Value| {
                assets().filter(is_unit).find(|asset| text(asset, "parent") == text(holder, "id"))
            };
            let asset = if label.unit.is_empty() { holder } else { holder.and_then(behind) };
            let roles = asset.map(|asset| list(asset, "roles")).unwrap_or_default();
            let roles: Vec<&str> = roles.iter().map(|role| text(role, "role")).collect();
            let first = roles.first().copied().unwrap_or("unknown");
            let is_right = first == label.role;
            let own = self.by_role.entry(label.role.clone()).or_default();
            own.labelled += 1;
            own.among += usize::from(roles.contains(&label.role.as_str()));
            let claimed = self.by_role.entry(first.to_owned()).or_default();
            claimed.first += 1;
            claimed.first_right += usize::from(is_right);
            if label.by_product {
                self.by_product.0 += 1;
                self.by_product.1 += usize::from(is_right);
            }
            if !is_right {
                let what =
                    format!("{capture} {} is {}, the register says {roles:?}", label.address, label.role);
                self.misses.push(what);
            }
        }
    }

    /// Prints precision and recall of each role.
    pub fn print(&self, what: &str) {
        let percent = |part: usize, of: usize| {
            if of == 0 { "-".to_owned() } else { format!("{:.1} %", 100.0 * part as f64 / of as f64) }
        };
        println!("\nRoles on {what}");
        println!("| role | devices | with the role | recall | role is first | rightly | precision |");
        println!("|---|---|---|---|---|---|---|");
        for (role, counts) in &self.by_role {
            println!(
                "| {role} | {} | {} | {} | {} | {} | {} |",
                counts.labelled,
                counts.among,
                percent(counts.among, counts.labelled),
                counts.first,
                counts.first_right,
                percent(counts.first_right, counts.first)
            );
        }
        let (known, right) = self.by_product;
        println!(
            "known by product: {right} of {known} have the right role first ({})",
            percent(right, known)
        );
        for miss in &self.misses {
            println!("role: {miss}");
        }
    }
}
