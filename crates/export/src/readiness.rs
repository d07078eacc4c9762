//! Audit readiness as tables and as JSON.

use std::io::Write;

use inventory::readiness::{Answer, AnswerState, AssetReadiness, FORMULA, Readiness, Said, Sum, Task};
use inventory::{Snapshot, readiness};
use serde::Serialize;

use crate::about::ToolOut;
use crate::error::Result;
use crate::json::Tool;
use crate::safe_text;
use crate::time::rfc3339;

/// Name and major version of the document.
pub const SCHEMA: &str = "tapledger.readiness/1";

/// Heads of [`fields`].
pub const FIELD_COLUMNS: [&str; 13] = [
    "profile",
    "group",
    "field",
    "title",
    "clause",
    "applicable",
    "present",
    "missing",
    "percent",
    "wire",
    "people",
    "stale",
    "oldest_days",
];

/// Heads of [`places`].
pub const PLACE_COLUMNS: [&str; 11] = [
    "profile",
    "site",
    "zone",
    "applicable",
    "present",
    "missing",
    "percent",
    "wire",
    "people",
    "stale",
    "oldest_days",
];

/// Heads of [`assets`].
pub const ASSET_COLUMNS: [&str; 18] = [
    "profile",
    "asset",
    "name",
    "site",
    "zone",
    "owner",
    "group",
    "field",
    "clause",
    "state",
    "age_days",
    "wire_value",
    "wire_basis",
    "wire_last",
    "people_value",
    "people_by",
    "people_last",
    "source",
];

/// Heads of [`work`].
pub const WORK_COLUMNS: [&str; 9] =
    ["profile", "owner", "field", "title", "clause", "missing", "stale", "assets", "ids"];

/// Who does what nobody answers for.
pub const NOBODY: &str = "nobody";

fn numbers(sum: Sum) -> [String; 8] {
    [
        sum.applicable.to_string(),
        sum.present.to_string(),
        sum.missing().to_string(),
        sum.percent().map(|percent| percent.to_string()).unwrap_or_default(),
        sum.wire.to_string(),
        sum.people.to_string(),
        sum.stale.to_string(),
        sum.oldest_days.map(|days| days.to_string()).unwrap_or_default(),
    ]
}

/// A row for each field of the profile.
#[must_use]
pub fn fields(found: &Readiness<'_>) -> Vec<Vec<String>> {
    let row = |(at, field): (usize, &readiness::ProfileField)| {
        let own =
            [&found.profile.id, &field.group, &field.name, &field.title, &field.clause].map(Clone::clone);
        own.into_iter().chain(numbers(found.of_field(at))).collect()
    };
    found.profile.fields.iter().enumerate().map(row).collect()
}

/// A row for each site (without a zone) and for each zone of it.
#[must_use]
pub fn places(found: &Readiness<'_>) -> Vec<Vec<String>> {
    let row = |site: &str, zone: &str, sum: Sum| -> Vec<String> {
        let own = [found.profile.id.clone(), site.to_owned(), zone.to_owned()];
        own.into_iter().chain(numbers(sum)).collect()
    };
    let zones = found.zones();
    let of_site = |(site, sum): (&str, Sum)| {
        let own = zones.iter().filter(|((of, _), _)| *of == site);
        let rows: Vec<_> = own.map(|((_, zone), sum)| row(site, zone, *sum)).collect();
        std::iter::once(row(site, "", sum)).chain(rows).collect::<Vec<_>>()
    };
    found.sites().into_iter().flat_map(of_site).collect()
}

/// A row for each asset and field.
#[must_use]
pub fn assets(found: &Readiness<'_>, snapshot: &Snapshot) -> Vec<Vec<String>> {
    let row = |asset: &AssetReadiness, field: &readiness::ProfileField, answer: &Answer| {
        let side = |said: &Option<Said>| {
            let said = said.as_ref();
            [
                said.map(|said| said.value.clone()).unwrap_or_default(),
                said.map(|said| said.by.clone()).unwrap_or_default(),
                said.and_then(|said| said.last).map(rfc3339).unwrap_or_default(),
            ]
        };
        let source = answer.wire.as_ref().or(answer.people.as_ref()).map(|said| said.source.clone());
        let (id, name) = label(snapshot, asset.asset);
        let own = [
            found.profile.id.clone(),
            id,
            name,
            asset.site.clone(),
            asset.zone.clone(),
            asset.owner.clone().unwrap_or_default(),
            field.group.clone(),
            field.name.clone(),
            field.clause.clone(),
            answer.state.as_str().to_owned(),
            answer.age_days.map(|days| days.to_string()).unwrap_or_default(),
        ];
        own.into_iter()
            .chain(side(&answer.wire))
            .chain(side(&answer.people))
            .chain([source.unwrap_or_default()])
            .collect()
    };
    let each = |asset: &AssetReadiness| -> Vec<Vec<String>> {
        let pairs = found.profile.fields.iter().zip(&asset.answers);
        pairs.map(|(field, answer)| row(asset, field, answer)).collect()
    };
    found.assets.iter().flat_map(each).collect()
}

/// A row for each owner and field that is left to do.
#[must_use]
pub fn work(found: &Readiness<'_>, snapshot: &Snapshot) -> Vec<Vec<String>> {
    let row = |task: Task| {
        let field = found.profile.fields.get(task.field)?;
        let all = || task.missing.iter().chain(&task.stale);
        let names: Vec<String> = all().map(|asset| label(snapshot, *asset).1).collect();
        let ids: Vec<String> = all().map(|asset| label(snapshot, *asset).0).collect();
        Some(vec![
            found.profile.id.clone(),
            task.owner.clone().unwrap_or_else(|| NOBODY.to_owned()),
            field.name.clone(),
            field.title.clone(),
            field.clause.clone(),
            task.missing.len().to_string(),
            task.stale.len().to_string(),
            names.join("; "),
            ids.join("; "),
        ])
    };
    found.worklist().into_iter().filter_map(row).collect()
}

/// What is left to do as sentences: `owner Ada: 12 assets lack location`.
#[must_use]
pub fn sentences(found: &Readiness<'_>) -> Vec<String> {
    let sentence = |task: Task| {
        let field = found.profile.fields.get(task.field)?;
        let who = match &task.owner {
            Some(owner) => format!("owner {owner}"),
            None => NOBODY.to_owned(),
        };
        let title = field.title.to_lowercase();
        let lack = match task.missing.len() {
            0 => None,
            1 => Some(format!("1 asset lacks {title}")),
            missing => Some(format!("{missing} assets lack {title}")),
        };
        let stale = match task.stale.len() {
            0 => None,
            stale => Some(format!("{} older than {} days: {stale}", title, field.max_age_days.unwrap_or(0))),
        };
        let parts: Vec<String> = lack.into_iter().chain(stale).collect();
        Some(format!("{who}: {} ({})", parts.join(", "), field.clause))
    };
    found.worklist().into_iter().filter_map(sentence).collect()
}

fn label(snapshot: &Snapshot, index: usize) -> (String, String) {
    let id = snapshot.identified.get(index).map(|identified| identified.id.clone()).unwrap_or_default();
    let name = snapshot.inventory.assets.get(index).map(|asset| asset.name.clone()).unwrap_or_default();
    (id, name)
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    tool: ToolOut<'a>,
    as_of: Option<String>,
    formula: &'static str,
    profiles: Vec<ProfileOut>,
}

#[derive(Serialize)]
struct ProfileOut {
    id: String,
    title: String,
    source: String,
    edition: String,
    checked: String,
    total: SumOut,
    groups: Vec<GroupOut>,
    fields: Vec<FieldOut>,
    sites: Vec<SiteOut>,
    worklist: Vec<TaskOut>,
    assets: Vec<AssetOut>,
}

#[derive(Serialize)]
struct SumOut {
    assets: usize,
    applicable: u64,
    present: u64,
    wire: u64,
    people: u64,
    stale: u64,
    percent: Option<u64>,
    oldest_days: Option<i64>,
}

#[derive(Serialize)]
struct GroupOut {
    group: String,
    #[serde(flatten)]
    sum: SumOut,
}

#[derive(Serialize)]
struct FieldOut {
    field: String,
    title: String,
    clause: String,
    group: String,
    sources: Vec<String>,
    why_none: String,
    max_age_days: Option<u32>,
    max_age_why: String,
    #[serde(flatten)]
    sum: SumOut,
}

#[derive(Serialize)]
struct SiteOut {
    site: String,
    #[serde(flatten)]
    sum: SumOut,
    zones: Vec<ZoneOut>,
}

#[derive(Serialize)]
struct ZoneOut {
    zone: String,
    #[serde(flatten)]
    sum: SumOut,
}

#[derive(Serialize)]
struct TaskOut {
    owner: Option<String>,
    field: String,
    missing: Vec<String>,
    stale: Vec<String>,
}

#[derive(Serialize)]
struct AssetOut {
    asset: String,
    name: String,
    site: String,
    zone: String,
    owner: Option<String>,
    percent: Option<u64>,
    answers: Vec<AnswerOut>,
}

#[derive(Serialize)]
struct AnswerOut {
    field: String,
    state: &'static str,
    age_days: Option<i64>,
    wire: Option<SaidOut>,
    people: Option<SaidOut>,
}

#[derive(Serialize)]
struct SaidOut {
    value: String,
    source: String,
    by: String,
    last: Option<String>,
}

/// Writes what profiles find as one JSON document, indented, with a line end after it.
///
/// # Errors
///
/// Fails if `writer` does.
pub fn write_json(
    found: &[Readiness<'_>],
    snapshot: &Snapshot,
    tool: &Tool<'_>,
    mut writer: impl Write,
) -> Result<()> {
    let document = Document {
        schema: SCHEMA,
        tool: ToolOut { name: tool.name, version: tool.version },
        as_of: snapshot.as_of.map(rfc3339),
        formula: FORMULA,
        profiles: found.iter().map(|found| profile(found, snapshot)).collect(),
    };
    serde_json::to_writer_pretty(&mut writer, &document)?;
    writer.write_all(b"\n")?;
    writer.flush()?;
    Ok(())
}

fn safe(text: &str) -> String {
    safe_text(text).into_owned()
}

fn profile(found: &Readiness<'_>, snapshot: &Snapshot) -> ProfileOut {
    let own = found.profile;
    let count = |is: &dyn Fn(&AssetReadiness) -> bool| found.assets.iter().filter(|asset| is(asset)).count();
    let all = found.assets.len();
    let asked = |at: usize| {
        count(&|asset| asset.answers.get(at).is_some_and(|answer| answer.state != AnswerState::NotApplicable))
    };
    let fields = own.fields.iter().enumerate().map(|(at, field)| FieldOut {
        field: safe(&field.name),
        title: safe(&field.title),
        clause: safe(&field.clause),
        group: safe(&field.group),
        sources: field.any.iter().map(ToString::to_string).collect(),
        why_none: safe(&field.why_none),
        max_age_days: field.max_age_days,
        max_age_why: safe(&field.max_age_why),
        sum: sum(asked(at), found.of_field(at)),
    });
    let zones = found.zones();
    let sites = found.sites().into_iter().map(|(site, of_site)| SiteOut {
        site: safe(site),
        sum: sum(count(&|asset| asset.site == site), of_site),
        zones: zones
            .iter()
            .filter(|((of, _), _)| *of == site)
            .map(|((_, zone), of_zone)| ZoneOut {
                zone: safe(zone),
                sum: sum(count(&|asset| asset.site == site && asset.zone == *zone), *of_zone),
            })
            .collect(),
    });
    let ids = |assets: &[usize]| assets.iter().map(|asset| label(snapshot, *asset).0).collect();
    let tasks = found.worklist().into_iter().filter_map(|task| {
        Some(TaskOut {
            owner: task.owner.as_deref().map(safe),
            field: safe(&own.fields.get(task.field)?.name),
            missing: ids(&task.missing),
            stale: ids(&task.stale),
        })
    });
    ProfileOut {
        id: safe(&own.id),
        title: safe(&own.title),
        source: safe(&own.source),
        edition: safe(&own.edition),
        checked: safe(&own.checked),
        total: sum(all, found.total()),
        groups: found
            .groups()
            .into_iter()
            .map(|(group, of_group)| GroupOut { group: safe(group), sum: sum(all, of_group) })
            .collect(),
        fields: fields.collect(),
        sites: sites.collect(),
        worklist: tasks.collect(),
        assets: found.assets.iter().map(|asset| one_asset(found, snapshot, asset)).collect(),
    }
}

fn sum(assets: usize, sum: Sum) -> SumOut {
    let Sum { applicable, present, wire, people, stale, oldest_days } = sum;
    SumOut { assets, applicable, present, wire, people, stale, percent: sum.percent(), oldest_days }
}

fn one_asset(found: &Readiness<'_>, snapshot: &Snapshot, asset: &AssetReadiness) -> AssetOut {
    let (id, name) = label(snapshot, asset.asset);
    let said = |said: &Option<Said>| {
        said.as_ref().map(|said| SaidOut {
            value: safe(&said.value),
            source: said.source.clone(),
            by: safe(&said.by),
            last: said.last.map(rfc3339),
        })
    };
    let answers = found.profile.fields.iter().zip(&asset.answers).map(|(field, answer)| AnswerOut {
        field: safe(&field.name),
        state: answer.state.as_str(),
        age_days: answer.age_days,
        wire: said(&answer.wire),
        people: said(&answer.people),
    });
    AssetOut {
        asset: id,
        name: safe(&name),
        site: safe(&asset.site),
        zone: safe(&asset.zone),
        owner: asset.owner.as_deref().map(safe),
        percent: Readiness::of_asset(asset).percent(),
        answers: answers.collect(),
    }
}
