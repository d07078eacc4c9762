//! `reconcile`: the company's own list against what the wire shows.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ::export::baseline::Frozen;
use ::export::sheet::Sheet;
use ::export::workbook::{self, Table};
use clap::{Args, ValueEnum};
use inventory::kpi::Reconciled;
use inventory::reconcile::{Column, Entry, Line, Verdict, cell_values, columns, mapping, reconcile};
use inventory::{Snapshot, fields};
use observation::{Mac, number_of};
use register::Register;

use crate::arguments::Db;
use crate::failure::{CHECK_FAILED, Failure};
use crate::filters::no_slip;
use crate::people::arguments::Who;
use crate::people::{name, read_list};
use crate::session::{actor, snapshot};
use crate::terminal;

/// Most octets of a mapping file.
const MAPPING_OCTETS_MAX: u64 = 1 << 20;

/// Attributes by the column that they answer.
const ATTRIBUTES: [(Column, &str); 11] = [
    (Column::Serial, "serial_number"),
    (Column::AssetNumber, "lldp.asset_id"),
    (Column::AssetNumber, "snmp.asset_id"),
    (Column::Name, "station_name"),
    (Column::Name, "name"),
    (Column::Name, "hostname"),
    (Column::Vendor, "vendor"),
    (Column::Vendor, "mac_vendor"),
    (Column::Model, "model"),
    (Column::Model, "order_number"),
    (Column::Firmware, "firmware_version"),
];

/// How the lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Table,
    /// For spreadsheets.
    Csv,
    /// A workbook with a summary.
    Xlsx,
    /// For programs.
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Reconcile {
    /// The company's list: a CSV file or a workbook (XLSX), columns in any order. Exports of NetBox, Microsoft Defender
    /// for IoT and ServiceNow are known.
    #[arg(value_name = "FILE")]
    list: PathBuf,
    /// A TOML file that says which head is which column: `serial_number = "Fabrik-Nr."`.
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// Only assets of this site.
    #[arg(long, value_name = "NAME")]
    site: Option<String>,
    /// The baseline that tells what is new and what was there before; the last one if left out.
    #[arg(long, value_name = "NAME")]
    baseline: Option<String>,
    /// Modules and units without an address of their own count as not listed, too.
    #[arg(long)]
    components: bool,
    /// How to write.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Where to; `-` is standard output.
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    /// Exit with 6 if the list and the wire do not say the same.
    #[arg(long)]
    exit_code: bool,
    #[command(flatten)]
    who: Who,
    #[command(flatten)]
    db: Db,
}

pub(crate) fn run(arguments: &Reconcile) -> Result<ExitCode, Failure> {
    let sheet = read_list(&arguments.list)?;
    let mapped = match &arguments.mapping {
        Some(path) => read_mapping(path)?,
        None => BTreeMap::new(),
    };
    let columns = columns(&sheet.header, &mapped);
    let keys = [Column::AssetId, Column::Serial, Column::Mac, Column::AssetNumber, Column::Ip, Column::Name];
    if !columns.iter().flatten().any(|column| keys.contains(column)) {
        return Err(Failure::Usage(format!(
            "{}: no column is known as a serial number, MAC, IP address, asset number or name; say which by --mapping",
            arguments.list.display()
        )));
    }
    let (mut register, snapshot) = snapshot(&arguments.db.db, None)?;
    let rows = entries_of_list(&sheet, &columns);
    let mut assets = entries_of_register(&snapshot);
    if let Some(site) = &arguments.site {
        let known = snapshot.inventory.assets.iter().map(|asset| asset.site.as_str());
        no_slip("asset", "site", std::slice::from_ref(site), known)?;
        let mut kept = snapshot.inventory.assets.iter().map(|asset| asset.site == *site);
        assets.retain(|_| kept.next().unwrap_or(false));
    }
    assets.iter_mut().for_each(|asset| asset.stands_alone |= arguments.components);
    let mut lines = reconcile(&rows, &assets);
    let baseline = baseline(&register, arguments.baseline.as_deref())?;
    if let Some((name, frozen)) = &baseline {
        remember(&mut lines, &rows, &assets, name, frozen);
    }
    let unread =
        sheet.header.iter().zip(&columns).filter(|(head, column)| column.is_none() && !head.is_empty());
    let unread: Vec<&str> = unread.map(|(head, _)| head.as_str()).collect();
    let report = Report { rows: &rows, assets: &assets, lines: &lines };
    report.write(arguments, &sheet, &columns, baseline.as_ref().map(|(name, _)| name.as_str()))?;
    if !unread.is_empty() {
        terminal::say(&format!("columns that are not read: {}", ::export::safe_text(&unread.join(", "))));
    }
    let who = name(&arguments.who);
    let list = arguments.list.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let found = Reconciled {
        site: arguments.site.clone().unwrap_or_default(),
        compared: lines.len() as u64,
        gap: lines.iter().filter(|line| line.verdict != Verdict::Matched).count() as u64,
    };
    // A register that cannot be written can still be compared.
    let noted = register
        .record(&actor(&who), "reconcile", &list, &report.summary())
        .and_then(|()| register.keep_reconciled(&list, &found, &actor(&who)));
    if let Err(error) = noted {
        tracing::info!(%error, "not noted in the custody journal");
    }
    let differs = lines.iter().any(|line| line.verdict != Verdict::Matched);
    Ok(if differs && arguments.exit_code { ExitCode::from(CHECK_FAILED) } else { ExitCode::SUCCESS })
}

#[expect(clippy::disallowed_methods, reason = "the binary opens files")]
fn read_mapping(path: &Path) -> Result<BTreeMap<String, Column>, Failure> {
    let naming = |error: String| Failure::Usage(format!("{}: {error}", path.display()));
    let mut text = String::new();
    let file = File::open(path).map_err(|error| naming(error.to_string()))?;
    file.take(MAPPING_OCTETS_MAX).read_to_string(&mut text).map_err(|error| naming(error.to_string()))?;
    mapping(&text).map_err(naming)
}

fn entries_of_list(sheet: &Sheet, columns: &[Option<Column>]) -> Vec<Entry> {
    let entry = |row: &::export::sheet::SheetRow| {
        let mut values: BTreeMap<Column, Vec<String>> = BTreeMap::new();
        for (at, column) in columns.iter().enumerate().filter_map(|(at, column)| Some((at, (*column)?))) {
            values.entry(column).or_default().extend(cell_values(column, row.cell(at)));
        }
        let name = values.get(&Column::Name).and_then(|names| names.first()).cloned().unwrap_or_default();
        Entry { label: row.number.to_string(), name, values, stands_alone: true }
    };
    sheet.rows.iter().map(entry).collect()
}

fn entries_of_register(snapshot: &Snapshot) -> Vec<Entry> {
    let pairs = snapshot.inventory.assets.iter().zip(&snapshot.identified);
    let entry = |(asset, identified): (&inventory::Asset, &inventory::Identified)| {
        let mut values: BTreeMap<Column, Vec<String>> = BTreeMap::new();
        let mut add = |column: Column, value: &str| values.entry(column).or_default().push(value.to_owned());
        add(Column::AssetId, &identified.id);
        identified.aliases.iter().for_each(|alias| add(Column::AssetId, alias));
        for (field, column) in [(fields::NAME, Column::Name), (fields::ASSET_NUMBER, Column::AssetNumber)] {
            identified.people.get(field).into_iter().for_each(|value| add(column, value));
        }
        for (column, attribute) in ATTRIBUTES {
            let known = asset.attributes.get(attribute).into_iter().flatten();
            known.for_each(|candidate| add(column, &candidate.value));
        }
        for station in &asset.stations {
            station.mac.iter().for_each(|mac| add(Column::Mac, &mac.to_string()));
            station.ips.iter().for_each(|ip| add(Column::Ip, &ip.to_string()));
        }
        asset.roles.iter().for_each(|claim| add(Column::Role, claim.role.as_str()));
        Entry {
            label: identified.id.clone(),
            name: asset.name.clone(),
            values,
            stands_alone: asset.parent.is_none(),
        }
    };
    pairs.map(entry).collect()
}

fn entries_of_baseline(frozen: &Frozen) -> Vec<Entry> {
    let entry = |asset: &::export::baseline::FrozenAsset| {
        let mut values: BTreeMap<Column, Vec<String>> = BTreeMap::new();
        let mut add = |column: Column, value: &str| values.entry(column).or_default().push(value.to_owned());
        add(Column::AssetId, &asset.id);
        asset.aliases.iter().for_each(|alias| add(Column::AssetId, alias));
        for (field, column) in [(fields::NAME, Column::Name), (fields::ASSET_NUMBER, Column::AssetNumber)] {
            asset.people.get(field).into_iter().for_each(|value| add(column, value));
        }
        for (column, attribute) in ATTRIBUTES {
            let known = asset.attributes.get(attribute).into_iter().flatten();
            known.for_each(|value| add(column, value));
        }
        for address in &asset.addresses {
            let column = if address.parse::<Mac>().is_ok() { Column::Mac } else { Column::Ip };
            add(column, address);
        }
        Entry { label: asset.id.clone(), name: asset.name.clone(), values, stands_alone: true }
    };
    frozen.assets.iter().map(entry).collect()
}

/// The baseline of a name, or the last one, if there is any.
fn baseline(register: &Register, wanted: Option<&str>) -> Result<Option<(String, Frozen)>, Failure> {
    let last = || Ok::<_, Failure>(register.baselines()?.pop().map(|entry| entry.name));
    let Some(name) = wanted.map(|name| Ok(Some(name.to_owned()))).unwrap_or_else(last)? else {
        return Ok(None);
    };
    let text = register.baseline(&name)?;
    let frozen = Frozen::parse(&text).map_err(|error| Failure::Other(error.into()))?;
    Ok(Some((name, frozen)))
}

/// Says of what is silent whether it was there before, and of what is not listed whether it is new.
fn remember(lines: &mut [Line], rows: &[Entry], assets: &[Entry], name: &str, frozen: &Frozen) {
    let before = entries_of_baseline(frozen);
    let silent: Vec<usize> =
        lines.iter().filter(|line| line.verdict == Verdict::Silent).filter_map(|line| line.row).collect();
    let wanted: Vec<Entry> = silent.iter().filter_map(|row| rows.get(*row)).cloned().collect();
    let mut was: BTreeMap<usize, String> = BTreeMap::new();
    for line in reconcile(&wanted, &before) {
        let found =
            line.row.and_then(|row| silent.get(row)).zip(line.asset.and_then(|asset| before.get(asset)));
        if let Some((row, asset)) = found {
            was.insert(*row, asset.name.clone());
        }
    }
    for line in lines.iter_mut() {
        let note = match (line.verdict, line.row, line.asset.and_then(|asset| assets.get(asset))) {
            (Verdict::Silent, Some(row), _) => match was.get(&row) {
                Some(asset) => format!("it was in baseline {name} as {asset}"),
                None => format!("it was not in baseline {name} either"),
            },
            (Verdict::NotListed, _, Some(asset)) => {
                let is_it = |old: &&Entry| {
                    let ids = |entry: &Entry| entry.values.get(&Column::AssetId).cloned().unwrap_or_default();
                    ids(old).iter().any(|id| ids(asset).contains(id))
                };
                match before.iter().find(is_it) {
                    Some(_) => format!("in baseline {name} as well"),
                    None => format!("new since baseline {name}"),
                }
            }
            _ => continue,
        };
        line.reason.push_str(&format!("; {note}"));
    }
}

/// What is written.
struct Report<'r> {
    rows: &'r [Entry],
    assets: &'r [Entry],
    lines: &'r [Line],
}

const HEADS: [&str; 12] = [
    "verdict",
    "row",
    "listed as",
    "asset",
    "id",
    "key",
    "reason",
    "conflicting",
    "serial (list / wire)",
    "MAC (list / wire)",
    "IP (list / wire)",
    "firmware (list / wire)",
];

impl Report<'_> {
    fn count(&self, verdict: Verdict) -> usize {
        self.lines.iter().filter(|line| line.verdict == verdict).count()
    }

    fn summary(&self) -> String {
        let counts = Verdict::ALL.map(|verdict| format!("{} {}", verdict.as_str(), self.count(verdict)));
        format!(
            "{} against {}: {}",
            number_of(self.rows.len(), "row"),
            number_of(self.assets.len(), "asset"),
            counts.join(", ")
        )
    }

    fn cells(&self, line: &Line) -> Vec<String> {
        let row = line.row.and_then(|row| self.rows.get(row));
        let asset = line.asset.and_then(|asset| self.assets.get(asset));
        let both = |column: Column| {
            let of = |entry: Option<&Entry>| {
                entry
                    .and_then(|entry| entry.values.get(&column))
                    .map(|values| values.join(" "))
                    .unwrap_or_default()
            };
            match (of(row), of(asset)) {
                (listed, wire) if listed.is_empty() && wire.is_empty() => String::new(),
                (listed, wire) if listed == wire => listed,
                (listed, wire) => format!("{listed} / {wire}"),
            }
        };
        vec![
            line.verdict.as_str().to_owned(),
            row.map(|row| row.label.clone()).unwrap_or_default(),
            row.map(|row| row.name.clone()).unwrap_or_default(),
            asset.map(|asset| asset.name.clone()).unwrap_or_default(),
            asset.map(|asset| asset.label.clone()).unwrap_or_default(),
            line.key.map_or("", Column::as_str).to_owned(),
            line.reason.clone(),
            line.conflicts.iter().map(|conflict| conflict.column.as_str()).collect::<Vec<_>>().join(", "),
            both(Column::Serial),
            both(Column::Mac),
            both(Column::Ip),
            both(Column::Firmware),
        ]
    }

    fn json(&self, baseline: Option<&str>) -> serde_json::Value {
        let lines: Vec<_> = self
            .lines
            .iter()
            .map(|line| {
                let row = line.row.and_then(|row| self.rows.get(row));
                let asset = line.asset.and_then(|asset| self.assets.get(asset));
                let conflicts: Vec<_> = line
                    .conflicts
                    .iter()
                    .map(|one| serde_json::json!({"field": one.column.as_str(), "list": one.listed, "wire": one.wire}))
                    .collect();
                serde_json::json!({
                    "verdict": line.verdict.as_str(),
                    "row": row.and_then(|row| row.label.parse::<u64>().ok()),
                    "listed_name": row.map(|row| row.name.as_str()),
                    "asset": asset.map(|asset| asset.label.as_str()),
                    "asset_name": asset.map(|asset| asset.name.as_str()),
                    "key": line.key.map(Column::as_str),
                    "reason": line.reason,
                    "conflicts": conflicts,
                })
            })
            .collect();
        let counts: BTreeMap<&str, usize> =
            Verdict::ALL.into_iter().map(|verdict| (verdict.as_str(), self.count(verdict))).collect();
        serde_json::json!({
            "schema": "tapledger.reconcile/1",
            "rows": self.rows.len(),
            "assets": self.assets.len(),
            "baseline": baseline,
            "counts": counts,
            "lines": lines,
        })
    }

    fn write(
        &self,
        arguments: &Reconcile,
        sheet: &Sheet,
        columns: &[Option<Column>],
        baseline: Option<&str>,
    ) -> Result<(), Failure> {
        let rows: Vec<Vec<String>> = self.lines.iter().map(|line| self.cells(line)).collect();
        let write = |out: &mut dyn Write| -> Result<(), ::export::Error> {
            match arguments.format {
                Format::Table => {
                    let shown: Vec<Vec<String>> = rows
                        .iter()
                        .map(|row| [0, 1, 2, 3, 6].map(|at| row.get(at).cloned().unwrap_or_default()).into())
                        .collect();
                    let heads = [0, 1, 2, 3, 6].map(|at| HEADS.get(at).copied().unwrap_or_default());
                    out.write_all(terminal::table(&heads, shown).as_bytes())?;
                    Ok(out.write_all(format!("{}\n", self.summary()).as_bytes())?)
                }
                Format::Csv => ::export::csv::write_table(&HEADS, rows.clone(), out, &Default::default()),
                Format::Json => {
                    serde_json::to_writer_pretty(&mut *out, &self.json(baseline))?;
                    Ok(out.write_all(b"\n")?)
                }
                Format::Xlsx => {
                    let mut summary: Vec<Vec<String>> = Verdict::ALL
                        .map(|verdict| vec![verdict.as_str().to_owned(), self.count(verdict).to_string()])
                        .into();
                    summary.push(vec!["baseline".into(), baseline.unwrap_or("none").to_owned()]);
                    let read: Vec<Vec<String>> = sheet
                        .header
                        .iter()
                        .zip(columns)
                        .map(|(head, column)| {
                            vec![head.clone(), column.map_or("not read", Column::as_str).to_owned()]
                        })
                        .collect();
                    let tables = [
                        Table { name: "Summary", heads: &["verdict", "count"], rows: &summary },
                        Table { name: "Reconciliation", heads: &HEADS, rows: &rows },
                        Table { name: "Columns", heads: &["head", "read as"], rows: &read },
                    ];
                    workbook::write(&tables, out)
                }
            }
        };
        if arguments.output == Path::new("-") {
            crate::export::stdout(write)?;
            return Ok(());
        }
        let naming =
            |error: String| Failure::Other(anyhow::anyhow!("{}: {error}", arguments.output.display()));
        let mut file =
            BufWriter::new(File::create(&arguments.output).map_err(|error| naming(error.to_string()))?);
        write(&mut file).map_err(|error| naming(error.to_string()))?;
        file.flush().map_err(|error| naming(error.to_string()))?;
        terminal::say(&self.summary());
        Ok(())
    }
}
