//! `vulns match`: which assets advisories affect, and of which that cannot be told.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ::export::csv::CsvOptions;
use ::export::{Filter, report, safe_text};
use advisories::{Advisory, DOCUMENT_OCTETS_MAX, Device, Firmware, Kev, Options, Outcome, Verdict, judge};
use inventory::{Asset, Identified, Snapshot};
use observation::{Basis, NANOS_PER_DAY, Time, attribute, number_of};
use serde_json::{Value, json};

use crate::arguments::ListFormat;
use crate::assets::winner;
use crate::export::{TOOL, naming, stdout};
use crate::failure::{Failure, PARTLY_READ};
use crate::session::snapshot;
use crate::table::{self, Column, column};
use crate::terminal;
use crate::vulns_arguments::{MatchVulns, VerdictWord};

/// Name and major version of the JSON.
const SCHEMA: &str = "tapledger.vulns/1";

/// Deepest folder that is searched.
const DEPTH_MAX: usize = 16;

const COLUMNS: [Column; 9] = [
    column("verdict", 12),
    column("asset", 40),
    column("firmware", 14),
    column("advisory", 16),
    column("vulnerabilities", 24).leaves(3),
    column("exploited", 9).leaves(4),
    column("why", 60),
    column("is it by", 36).leaves(2),
    column("what helps", 50).leaves(1),
];

const HEADER: [&str; 20] = [
    "verdict",
    "asset",
    "name",
    "site",
    "vendor",
    "model",
    "order_number",
    "firmware",
    "firmware_proven",
    "advisory",
    "advisory_title",
    "advisory_sha256",
    "vulnerabilities",
    "known_exploited",
    "product_id",
    "product",
    "matched_by",
    "reason",
    "remediation",
    "file",
];

/// An advisory and where it was read.
struct Document {
    advisory: Advisory,
    file: String,
}

/// One line of the answer.
struct Row<'a> {
    asset: &'a Asset,
    identified: &'a Identified,
    document: &'a Document,
    outcome: Outcome,
    exploited: Vec<String>,
}

pub(crate) fn run(arguments: &MatchVulns) -> Result<ExitCode, Failure> {
    let (_, snapshot) = snapshot(&arguments.db.db, None)?;
    let filter = arguments.filters.filter(&snapshot)?;
    let (documents, refused) = documents(&arguments.csaf)?;
    let kev = arguments.kev.as_deref().map(kev).transpose()?.unwrap_or_default();
    let held: Vec<(&Asset, &Identified)> = snapshot
        .inventory
        .assets
        .iter()
        .zip(&snapshot.identified)
        .filter(|(asset, _)| filter.holds(asset))
        .collect();
    let devices: Vec<Device> =
        held.iter().map(|(asset, identified)| device(asset, identified, snapshot.as_of)).collect();
    let nameless = devices.iter().filter(|device| is_nameless(device)).count();
    let options = Options { max_age_days: arguments.max_age };
    let mut rows = Vec::new();
    for document in documents.values() {
        for outcome in judge(&document.advisory, &devices, &options) {
            let Some((asset, identified)) = held.get(outcome.device) else { continue };
            if !is_asked_for(arguments, outcome.verdict) {
                continue;
            }
            let exploited =
                outcome.vulnerabilities.iter().filter(|cve| kev.get(cve).is_some()).cloned().collect();
            rows.push(Row { asset, identified, document, outcome, exploited });
        }
    }
    rows.sort_by(|a, b| key(a).cmp(&key(b)));
    match arguments.format {
        ListFormat::Table => print(&rows, arguments.wide)?,
        ListFormat::Csv => {
            let lines = rows.iter().map(csv_line);
            stdout(|out| ::export::csv::write_table(&HEADER, lines, out, &CsvOptions::default()))?;
        }
        ListFormat::Json => {
            let document =
                document(&snapshot, &filter, arguments, &documents, &refused, (&rows, nameless), &kev);
            let text =
                serde_json::to_string_pretty(&document).map_err(|error| Failure::Other(error.into()))?;
            terminal::print(&format!("{text}\n"))?;
        }
    }
    for (file, problem) in &refused {
        terminal::say(&safe_text(&format!("not read: {file}: {problem}")));
    }
    let count = |verdict| rows.iter().filter(|row| row.outcome.verdict == verdict).count();
    terminal::say(&format!(
        "{} and {}: {} affected, {} cannot tell, {} not affected; {} without model and order number match nothing",
        number_of(documents.len(), "advisory").replace("advisorys", "advisories"),
        number_of(held.len(), "asset"),
        count(Verdict::Affected),
        count(Verdict::CannotTell),
        count(Verdict::NotAffected),
        number_of(nameless, "asset"),
    ));
    Ok(if refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(PARTLY_READ) })
}

/// What the advisories in a folder or file say of the assets: of each advisory the gravest verdict. None read at all is an
/// error, as a report that says that none concern the plant would not be true.
pub(crate) fn by_asset(csaf: &Path, snapshot: &Snapshot) -> Result<report::Advisories, Failure> {
    let (documents, refused) = documents(csaf)?;
    for (file, problem) in &refused {
        terminal::say(&safe_text(&format!("not read: {file}: {problem}")));
    }
    if documents.is_empty() {
        return Err(Failure::Other(anyhow::anyhow!("{}: no advisory could be read", csaf.display())));
    }
    let held = || snapshot.inventory.assets.iter().zip(&snapshot.identified);
    let devices: Vec<Device> =
        held().map(|(asset, identified)| device(asset, identified, snapshot.as_of)).collect();
    let mut gravest: BTreeMap<(&str, &str), Verdict> = BTreeMap::new();
    for document in documents.values() {
        for outcome in judge(&document.advisory, &devices, &Options::default()) {
            let Some(device) = devices.get(outcome.device) else { continue };
            let verdict = gravest.entry((&device.id, &document.advisory.id)).or_insert(outcome.verdict);
            *verdict = outcome.verdict.min(*verdict);
        }
    }
    let mut by_asset: BTreeMap<String, Vec<report::Advisory>> = BTreeMap::new();
    for ((asset, id), verdict) in gravest {
        by_asset.entry(asset.to_owned()).or_default().push(report::Advisory {
            id: id.to_owned(),
            verdict: verdict.as_str().to_owned(),
            concerns: verdict != Verdict::NotAffected,
        });
    }
    Ok(report::Advisories { by_asset, read: documents.len(), unread: refused.len() })
}

/// The gravest first, then by asset and advisory.
fn key<'r>(row: &'r Row<'_>) -> (Verdict, &'r str, &'r str, &'r str, &'r [String]) {
    let outcome = &row.outcome;
    (
        outcome.verdict,
        &row.identified.id,
        &row.document.advisory.id,
        &outcome.product_id,
        &outcome.vulnerabilities,
    )
}

fn is_asked_for(arguments: &MatchVulns, verdict: Verdict) -> bool {
    let word = match verdict {
        Verdict::Affected => VerdictWord::Affected,
        Verdict::CannotTell => VerdictWord::CannotTell,
        Verdict::NotAffected => VerdictWord::NotAffected,
    };
    arguments.verdict.is_empty() || arguments.verdict.contains(&word)
}

fn is_nameless(device: &Device) -> bool {
    device.model.is_empty() && device.order_number.is_empty() && device.cpe.is_none()
}

/// What advisories need to know of an asset. Firmware counts only where the device or a peer said it.
fn device(asset: &Asset, identified: &Identified, as_of: Option<Time>) -> Device {
    let firmware = [attribute::FIRMWARE_VERSION, attribute::SOFTWARE_VERSION]
        .into_iter()
        .filter_map(|name| asset.attributes.get(name)?.first())
        .find(|candidate| matches!(candidate.basis, Basis::Stated | Basis::Reported));
    let days_ago = |last: Time| {
        let nanos = as_of.unwrap_or(last).0.saturating_sub(last.0).max(0);
        u64::try_from(nanos.checked_div(NANOS_PER_DAY).unwrap_or(0)).unwrap_or(0)
    };
    Device {
        id: identified.id.clone(),
        vendor: winner(asset, attribute::VENDOR),
        model: winner(asset, attribute::MODEL),
        order_number: winner(asset, attribute::ORDER_NUMBER),
        serial_number: winner(asset, attribute::SERIAL_NUMBER),
        cpe: identified.people.get("cpe").cloned(),
        firmware: firmware.map(|candidate| Firmware {
            version: candidate.value.clone(),
            days_ago: days_ago(candidate.last),
        }),
    }
}

/// Advisories by id, the latest of each, and the files that are none with the reason.
type Documents = (BTreeMap<String, Document>, Vec<(String, String)>);

fn documents(path: &Path) -> Result<Documents, Failure> {
    let mut files = Vec::new();
    if path.is_dir() {
        search(path, 0, &mut files)?;
        files.sort();
    } else {
        files.push(path.to_owned());
    }
    let (mut documents, mut refused) = (BTreeMap::<String, Document>::new(), Vec::new());
    for file in files {
        let name = file.strip_prefix(path).ok().filter(|name| !name.as_os_str().is_empty()).unwrap_or(&file);
        let name = name.display().to_string();
        let octets = read(&file)?;
        match Advisory::read(&octets) {
            Ok(advisory) => {
                let known = documents.get(&advisory.id);
                if known.is_none_or(|known| known.advisory.released < advisory.released) {
                    documents.insert(advisory.id.clone(), Document { advisory, file: name });
                }
            }
            Err(error) => refused.push((name, error.to_string())),
        }
    }
    if documents.is_empty() && refused.is_empty() {
        return Err(Failure::Usage(format!("{} holds no JSON document", path.display())));
    }
    Ok((documents, refused))
}

fn search(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    for entry in fs::read_dir(folder).map_err(|error| naming(folder, error))? {
        let path = entry.map_err(|error| naming(folder, error))?.path();
        if path.is_dir() && depth < DEPTH_MAX {
            search(&path, depth.saturating_add(1), files)?;
        } else if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json")) {
            files.push(path);
        }
    }
    Ok(())
}

/// At most one octet more than what is read as a document.
#[expect(clippy::disallowed_methods, reason = "the binary opens files; what is read is bounded")]
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let file = File::open(path).map_err(|error| naming(path, error))?;
    let mut octets = Vec::new();
    let limit = u64::try_from(DOCUMENT_OCTETS_MAX).unwrap_or(u64::MAX).saturating_add(1);
    file.take(limit).read_to_end(&mut octets).map_err(|error| naming(path, error))?;
    Ok(octets)
}

fn kev(path: &Path) -> Result<Kev, Failure> {
    Kev::read(&read(path)?).map_err(|error| Failure::Other(anyhow::anyhow!("{}: {error}", path.display())))
}

fn firmware(asset: &Asset) -> String {
    let software = || winner(asset, attribute::SOFTWARE_VERSION);
    Some(winner(asset, attribute::FIRMWARE_VERSION))
        .filter(|version| !version.is_empty())
        .unwrap_or_else(software)
}

fn print(rows: &[Row<'_>], wide: bool) -> Result<(), Failure> {
    let cells = rows.iter().map(|row| {
        let outcome = &row.outcome;
        let first = outcome.vulnerabilities.first().cloned().unwrap_or_default();
        let more = outcome.vulnerabilities.len().saturating_sub(1);
        vec![
            outcome.verdict.as_str().to_owned(),
            row.asset.name.clone(),
            firmware(row.asset),
            row.document.advisory.id.clone(),
            if more > 0 { format!("{first} +{more}") } else { first },
            if row.exploited.is_empty() { String::new() } else { "yes".to_owned() },
            outcome.reason.clone(),
            outcome.by.clone(),
            outcome.remediation.clone(),
        ]
    });
    let room = (!wide).then(terminal::room);
    let (text, note) = table::list(&COLUMNS, cells.collect(), room);
    terminal::print(&format!("{text}{}{note}\n", number_of(rows.len(), "verdict")))
}

fn proven(asset: &Asset) -> Option<String> {
    let names = [attribute::FIRMWARE_VERSION, attribute::SOFTWARE_VERSION];
    let candidate = names.iter().find_map(|name| asset.attributes.get(*name)?.first())?;
    Some(::export::time::rfc3339(candidate.last))
}

fn csv_line(row: &Row<'_>) -> Vec<String> {
    let (asset, advisory, outcome) = (row.asset, &row.document.advisory, &row.outcome);
    vec![
        outcome.verdict.as_str().to_owned(),
        row.identified.id.clone(),
        asset.name.clone(),
        asset.site.clone(),
        winner(asset, attribute::VENDOR),
        winner(asset, attribute::MODEL),
        winner(asset, attribute::ORDER_NUMBER),
        firmware(asset),
        proven(asset).unwrap_or_default(),
        advisory.id.clone(),
        advisory.title.clone(),
        advisory.sha256.clone(),
        outcome.vulnerabilities.join("; "),
        row.exploited.join("; "),
        outcome.product_id.clone(),
        outcome.product.clone(),
        outcome.by.clone(),
        outcome.reason.clone(),
        outcome.remediation.clone(),
        row.document.file.clone(),
    ]
}

fn document(
    snapshot: &Snapshot,
    filter: &Filter,
    arguments: &MatchVulns,
    documents: &BTreeMap<String, Document>,
    refused: &[(String, String)],
    (rows, nameless): (&[Row<'_>], usize),
    kev: &Kev,
) -> Value {
    let moment = |time: Option<Time>| time.map(::export::time::rfc3339);
    let outcomes = rows.iter().map(|row| outcome_json(row, kev));
    let advisories = documents.values().map(|document| {
        json!({
            "id": safe_text(&document.advisory.id), "title": safe_text(&document.advisory.title),
            "sha256": document.advisory.sha256, "released": safe_text(&document.advisory.released),
            "file": safe_text(&document.file),
        })
    });
    let refused =
        refused.iter().map(|(file, problem)| json!({"file": safe_text(file), "problem": safe_text(problem)}));
    json!({
        "schema": SCHEMA,
        "tool": {"name": TOOL.name, "version": TOOL.version},
        "as_of": moment(snapshot.as_of),
        "max_age_days": arguments.max_age,
        "filters": filter,
        "assets_without_model": nameless,
        "advisories": advisories.collect::<Vec<_>>(),
        "refused": refused.collect::<Vec<_>>(),
        "outcomes": outcomes.collect::<Vec<_>>(),
    })
}

fn outcome_json(row: &Row<'_>, kev: &Kev) -> Value {
    let (asset, outcome) = (row.asset, &row.outcome);
    let shown = |text: &str| safe_text(text).into_owned();
    let exploited = row.exploited.iter().filter_map(|cve| Some((cve, kev.get(cve)?)));
    let exploited = exploited.map(
        |(cve, entry)| json!({"cve": shown(cve), "added": shown(&entry.added), "due": shown(&entry.due)}),
    );
    json!({
        "verdict": outcome.verdict.as_str(),
        "asset": row.identified.id,
        "name": shown(&asset.name),
        "vendor": shown(&winner(asset, attribute::VENDOR)),
        "model": shown(&winner(asset, attribute::MODEL)),
        "order_number": shown(&winner(asset, attribute::ORDER_NUMBER)),
        "firmware": shown(&firmware(asset)),
        "firmware_proven": proven(asset),
        "advisory": shown(&row.document.advisory.id),
        "advisory_sha256": row.document.advisory.sha256,
        "vulnerabilities": outcome.vulnerabilities.iter().map(|name| shown(name)).collect::<Vec<_>>(),
        "known_exploited": exploited.collect::<Vec<_>>(),
        "product_id": shown(&outcome.product_id),
        "product": shown(&outcome.product),
        "matched_by": shown(&outcome.by),
        "reason": shown(&outcome.reason),
        "remediation": shown(&outcome.remediation),
    })
}
