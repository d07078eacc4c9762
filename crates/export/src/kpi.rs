//! Key figures over time: series for tables, CSV, JSON and drawings, and what two moments differ in.

use std::collections::BTreeMap;
use std::io::Write;

use inventory::kpi::{Definition, Figure, Unit, tenths};
use observation::Time;
use serde::Serialize;

use crate::about::ToolOut;
use crate::error::Result;
use crate::json::Tool;
use crate::safe_text;
use crate::time::rfc3339;

/// Name and major version of the document.
pub const SCHEMA: &str = "tapledger.kpi/1";

/// Heads of [`rows`].
pub const COLUMNS: [&str; 13] = [
    "kpi", "version", "unit", "title", "site", "class", "snapshot", "at", "as_of", "label", "value", "of",
    "percent",
];

/// Figures of one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// The number of the snapshot; `None` for figures that are not kept.
    pub id: Option<i64>,
    /// When they were counted, by the wall clock.
    pub at: Time,
    /// The moment that the register spoke of.
    pub as_of: Option<Time>,
    /// What they were counted for.
    pub label: String,
    /// The figures.
    pub figures: Vec<Figure>,
}

/// One figure of one group over time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series<'a> {
    /// What it counts; a series never goes over a change of this.
    pub definition: &'a Definition,
    /// The site; empty for the register.
    pub site: &'a str,
    /// The class; empty for all.
    pub class: &'a str,
    /// When, and the figure then, oldest first.
    pub points: Vec<(&'a Taken, &'a Figure)>,
}

/// A series as a drawing takes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Trend {
    /// `Assets`, or `Assets, site Nord, controller`.
    pub name: String,
    /// `count`, `percent`, `days`, `hours`.
    pub unit: &'static str,
    /// Wall clock of the snapshot and the value, oldest first; a share of nothing has no point.
    pub points: Vec<(Time, f64)>,
}

impl Series<'_> {
    /// The series as a drawing takes it.
    #[must_use]
    pub fn trend(&self) -> Trend {
        let unit = self.definition.unit;
        let mut name = self.definition.title.clone();
        if !self.site.is_empty() {
            name = format!("{name}, site {}", self.site);
        }
        if !self.class.is_empty() {
            name = format!("{name}, {}", self.class);
        }
        #[expect(clippy::cast_precision_loss, reason = "a drawing has fewer dots than 2^52")]
        let value = |figure: &Figure| match unit {
            Unit::Share => Some(figure.permille(unit)? as f64 / 10.0),
            Unit::Count | Unit::Days | Unit::Hours => Some(figure.value as f64),
        };
        let points = self.points.iter().filter_map(|(taken, figure)| Some((taken.at, value(figure)?)));
        let unit = if unit == Unit::Share { "percent" } else { unit.as_str() };
        Trend { name: safe_text(&name).into_owned(), unit, points: points.collect() }
    }
}

/// Which figures are asked for; all if empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// By name.
    pub kpis: Vec<String>,
    /// By site. Without one, only figures of the whole register, unless `all`.
    pub sites: Vec<String>,
    /// By class. Without one, only figures of all classes, unless `all`.
    pub classes: Vec<String>,
    /// Those of all sites and classes.
    pub all: bool,
}

impl Chosen {
    fn holds(&self, figure: &Figure) -> bool {
        let named = |wanted: &[String], value: &str| {
            if wanted.is_empty() {
                self.all || value.is_empty()
            } else {
                wanted.iter().any(|one| one == value)
            }
        };
        let of_kpi = self.kpis.is_empty() || self.kpis.contains(&figure.kpi);
        // A class is always one of a site.
        let of_site = if self.sites.is_empty() && !self.classes.is_empty() {
            true
        } else {
            named(&self.sites, &figure.site)
        };
        of_kpi && of_site && named(&self.classes, &figure.class)
    }
}

/// The series of figures that are asked for, in the order of the definitions, then by site, class and version.
/// `definitions` are those of now first, then older ones; figures without a definition are left out.
#[must_use]
pub fn series<'a>(taken: &'a [Taken], definitions: &'a [Definition], chosen: &Chosen) -> Vec<Series<'a>> {
    let place = |figure: &Figure| {
        let is = |one: &Definition| one.id == figure.kpi && one.version == figure.version;
        definitions.iter().position(is)
    };
    let order = |figure: &Figure| definitions.iter().position(|one| one.id == figure.kpi);
    let mut series: BTreeMap<(usize, &str, &str, u32), Series<'a>> = BTreeMap::new();
    let figures = taken.iter().flat_map(|one| one.figures.iter().map(move |figure| (one, figure)));
    for (one, figure) in figures.filter(|(_, figure)| chosen.holds(figure)) {
        let Some(definition) = place(figure).and_then(|at| definitions.get(at)) else { continue };
        let key = (
            order(figure).unwrap_or(usize::MAX),
            figure.site.as_str(),
            figure.class.as_str(),
            figure.version,
        );
        let new = || Series { definition, site: &figure.site, class: &figure.class, points: Vec::new() };
        series.entry(key).or_insert_with(new).points.push((one, figure));
    }
    series.into_values().collect()
}

/// A row for each point of each series.
#[must_use]
pub fn rows(series: &[Series<'_>]) -> Vec<Vec<String>> {
    let row = |one: &Series<'_>, taken: &Taken, figure: &Figure| {
        let Definition { id, version, unit, title, .. } = one.definition;
        vec![
            id.clone(),
            version.to_string(),
            unit.as_str().to_owned(),
            title.clone(),
            one.site.to_owned(),
            one.class.to_owned(),
            taken.id.map(|id| id.to_string()).unwrap_or_default(),
            rfc3339(taken.at),
            taken.as_of.map(rfc3339).unwrap_or_default(),
            taken.label.clone(),
            figure.value.to_string(),
            figure.of.map(|of| of.to_string()).unwrap_or_default(),
            figure.permille(*unit).map(tenths).unwrap_or_default(),
        ]
    };
    series.iter().flat_map(|one| one.points.iter().map(|(taken, figure)| row(one, taken, figure))).collect()
}

/// How a figure differs between two moments, in words: `+3`, `-12.5 points`, `better` or `worse` where its definition
/// says which is wanted. Empty where nothing changed or one is not there.
#[must_use]
pub fn difference(definition: &Definition, before: Option<&Figure>, after: Option<&Figure>) -> String {
    let (Some(before), Some(after)) = (before, after) else { return String::new() };
    if before.version != after.version {
        return "not comparable: another definition".to_owned();
    }
    let unit = definition.unit;
    let (change, text) = match unit {
        Unit::Share => {
            let (Some(one), Some(other)) = (before.permille(unit), after.permille(unit)) else {
                return String::new();
            };
            let change = other.saturating_sub(one);
            (change, format!("{} points", tenths(change)))
        }
        Unit::Count | Unit::Days | Unit::Hours => {
            let change = after.value.saturating_sub(before.value);
            (change, change.to_string())
        }
    };
    let sign = if change > 0 { "+" } else { "" };
    let judged = match (change.signum(), definition.better.as_str()) {
        (1, "up") | (-1, "down") => ", better",
        (-1, "up") | (1, "down") => ", worse",
        _ => "",
    };
    if change == 0 { String::new() } else { format!("{sign}{text}{judged}") }
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    tool: ToolOut<'a>,
    series: Vec<SeriesOut<'a>>,
}

#[derive(Serialize)]
struct SeriesOut<'a> {
    kpi: &'a str,
    version: u32,
    unit: &'static str,
    title: &'a str,
    better: Option<&'a str>,
    definition: &'a str,
    site: Option<String>,
    class: Option<String>,
    points: Vec<PointOut>,
}

#[derive(Serialize)]
struct PointOut {
    snapshot: Option<i64>,
    at: String,
    as_of: Option<String>,
    label: String,
    value: i64,
    of: Option<i64>,
}

/// Writes series as one JSON document, indented, with a line end after it.
///
/// # Errors
///
/// Fails if `writer` does.
pub fn write_json(series: &[Series<'_>], tool: &Tool<'_>, mut writer: impl Write) -> Result<()> {
    let given = |text: &str| (!text.is_empty()).then(|| safe_text(text).into_owned());
    let one = |series: &Series<'_>| {
        series
            .points
            .iter()
            .map(|(taken, figure)| PointOut {
                snapshot: taken.id,
                at: rfc3339(taken.at),
                as_of: taken.as_of.map(rfc3339),
                label: safe_text(&taken.label).into_owned(),
                value: figure.value,
                of: figure.of,
            })
            .collect()
    };
    let out = series.iter().map(|series| {
        let Definition { id, version, unit, better, title, definition } = series.definition;
        SeriesOut {
            kpi: id,
            version: *version,
            unit: unit.as_str(),
            title,
            better: Some(better.as_str()).filter(|better| !better.is_empty()),
            definition,
            site: given(series.site),
            class: given(series.class),
            points: one(series),
        }
    });
    let document = Document {
        schema: SCHEMA,
        tool: ToolOut { name: tool.name, version: tool.version },
        series: out.collect(),
    };
    serde_json::to_writer_pretty(&mut writer, &document)?;
    writer.write_all(b"\n")?;
    writer.flush()?;
    Ok(())
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use super::*;

    fn definition(id: &str, version: u32, unit: Unit, better: &str) -> Definition {
        let title = id.to_uppercase();
        Definition {
            id: id.into(),
            version,
            unit,
            better: better.into(),
            title,
            definition: "all of it".into(),
        }
    }

    fn figure(kpi: &str, version: u32, site: &str, class: &str, value: i64, of: Option<i64>) -> Figure {
        Figure { kpi: kpi.into(), version, site: site.into(), class: class.into(), value, of }
    }

    fn taken(id: i64, figures: Vec<Figure>) -> Taken {
        Taken { id: Some(id), at: Time(id * 10), as_of: None, label: String::new(), figures }
    }

    #[test]
    fn a_series_ends_where_the_definition_changes_and_keeps_the_order_of_definitions() {
        let definitions = [
            definition("b", 2, Unit::Share, "up"),
            definition("a", 1, Unit::Count, ""),
            definition("b", 1, Unit::Share, "up"),
        ];
        let moments = [
            taken(1, vec![figure("a", 1, "", "", 3, None), figure("b", 1, "", "", 1, Some(3))]),
            taken(2, vec![figure("a", 1, "", "", 4, None), figure("b", 2, "", "", 0, Some(0))]),
            taken(3, vec![figure("a", 1, "x", "y", 4, None), figure("unknown", 1, "", "", 4, None)]),
        ];
        let told = |chosen: &Chosen| -> Vec<String> {
            let found = series(&moments, &definitions, chosen);
            found
                .iter()
                .map(|one| {
                    format!("{} v{}: {:?}", one.trend().name, one.definition.version, one.trend().points)
                })
                .collect()
        };
        let point = |time: i64, value: f64| format!("(Time({time}), {value:?})");
        assert_eq!(
            told(&Chosen::default()),
            [
                format!("B v1: [{}]", point(10, 33.3)),
                "B v2: []".to_owned(),
                format!("A v1: [{}, {}]", point(10, 3.0), point(20, 4.0)),
            ]
        );
        let of_class = Chosen { classes: vec!["y".into()], ..Chosen::default() };
        assert_eq!(told(&of_class), [format!("A, site x, y v1: [{}]", point(30, 4.0))]);
        assert_eq!(told(&Chosen { all: true, ..Chosen::default() }).len(), 4);
        let rows = rows(&series(&moments, &definitions, &Chosen::default()));
        assert_eq!(rows[0][10..], ["1", "3", "33.3"]);
        assert_eq!(rows[1][10..], ["0", "0", ""], "a share of nothing is no percentage");
    }

    #[test]
    fn differences_say_which_way_is_wanted_and_never_compare_two_definitions() {
        let share = definition("a", 1, Unit::Share, "up");
        let days = definition("a", 1, Unit::Days, "down");
        let count = definition("a", 1, Unit::Count, "");
        let of = |version, value, of| figure("a", version, "", "", value, of);
        for (definition, before, after, expected) in [
            (&share, of(1, 1, Some(4)), of(1, 3, Some(8)), "+12.5 points, better"),
            (&share, of(1, 2, Some(4)), of(1, 1, Some(8)), "-37.5 points, worse"),
            (&share, of(1, 2, Some(4)), of(1, 4, Some(8)), ""),
            (&share, of(1, 0, Some(0)), of(1, 4, Some(8)), ""),
            (&share, of(1, 1, Some(4)), of(2, 1, Some(4)), "not comparable: another definition"),
            (&days, of(1, 9, Some(2)), of(1, 4, Some(2)), "-5, better"),
            (&days, of(1, 4, None), of(1, 9, None), "+5, worse"),
            (&count, of(1, 4, None), of(1, 9, None), "+5"),
        ] {
            assert_eq!(difference(definition, Some(&before), Some(&after)), expected);
        }
        assert_eq!(difference(&count, None, Some(&of(1, 1, None))), "");
    }

    #[test]
    fn hostile_names_are_written_out() {
        let definitions = [definition("a", 1, Unit::Count, "")];
        let moments = [taken(1, vec![figure("a", 1, "x\u{1b}[2J", "", 3, None)])];
        let chosen = Chosen { all: true, ..Chosen::default() };
        let found = series(&moments, &definitions, &chosen);
        assert!(found[0].trend().name.contains("\\x1b"));
        let mut out = Vec::new();
        write_json(&found, &Tool { name: "t", version: "1" }, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(
            text.contains("x\\\\x1b[2J") && !text.contains('\u{1b}') && !text.contains("u001b"),
            "{text}"
        );
    }
}
