//! `export`: the register in another form, to a file, a folder or standard output.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ::export::archive::{NamedFile, write_zip};
use ::export::csv::CsvOptions;
use ::export::json::Tool;
use ::export::report::{self, Options};
use ::export::{Filter, about, book, csv, cyclonedx, defender, graph, json, netbox, servicenow};
use inventory::Snapshot;

use crate::arguments::{Export, ExportFormat};
use crate::failure::{Failure, PARTLY_READ};
use crate::report::Told;
use crate::session::{actor, person, snapshot};
use crate::terminal;

/// This program, as exports name it.
pub(crate) const TOOL: Tool<'static> =
    Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") };

/// What is added to the name of a CSV file for what the export says of itself.
const ABOUT: &str = ".about.json";

pub(crate) fn run(arguments: &Export) -> Result<ExitCode, Failure> {
    let (mut register, snapshot) = snapshot(&arguments.db.db, arguments.as_of)?;
    let latest = snapshot.captures.iter().filter_map(|capture| capture.last).max();
    if let Some(latest) = latest.filter(|latest| snapshot.as_of < Some(*latest)) {
        return Err(Failure::Usage(format!(
            "--as-of is before {}, the latest that the register holds: an export cannot leave out what it knows",
            ::export::time::rfc3339(latest)
        )));
    }
    let delimiter = u8::try_from(arguments.delimiter).ok().filter(u8::is_ascii).ok_or_else(|| {
        Failure::Usage(format!("{:?} cannot separate columns; use an ASCII character", arguments.delimiter))
    })?;
    let options = CsvOptions { excel: arguments.excel, delimiter };
    let filter = arguments.filters.filter(&snapshot)?;
    let told = match arguments.format {
        ExportFormat::Html | ExportFormat::Pdf => {
            Some(arguments.report.told(&register, &snapshot, &arguments.db.db)?)
        }
        other => {
            let word = clap::ValueEnum::to_possible_value(&other);
            arguments.report.refuse_for(word.as_ref().map_or("this format", |word| word.get_name()))?;
            None
        }
    };
    let report = told.as_ref().map(|told| arguments.report.options(told)).unwrap_or_default();
    let write = |out: &mut dyn Write| write(arguments.format, &snapshot, &filter, &options, &report, out);
    let is_stdout = arguments.output == Path::new("-");
    if arguments.format == ExportFormat::Netbox {
        let files = netbox::files(&snapshot, &TOOL, &filter).map_err(failure)?;
        write_files(&files, &arguments.output)?;
    } else if is_stdout {
        stdout(write)?;
    } else {
        to_file(&arguments.output, write)?;
    }
    if let Some(schema) = csv_schema(arguments.format) {
        if is_stdout {
            tracing::info!(%schema, filters = filter.words(), "a CSV on standard output does not say what it holds");
        } else {
            let beside = with_ending(&arguments.output, ABOUT);
            to_file(&beside, |out| about::write(schema, &snapshot, &TOOL, &filter, out))?;
        }
    }
    let mut detail = arguments.output.display().to_string();
    if !filter.is_empty() {
        detail = format!("{detail} ({})", filter.words());
    }
    // A register that cannot be written (read-only medium, running import) can still be exported.
    if let Err(error) = register.record(&actor(&person()), "export", arguments.format.word(), &detail) {
        tracing::info!(%error, "export not noted in the custody journal");
    }
    let is_partial = told.as_ref().is_some_and(Told::is_partial);
    Ok(if is_partial { ExitCode::from(PARTLY_READ) } else { ExitCode::SUCCESS })
}

fn write(
    format: ExportFormat,
    snapshot: &Snapshot,
    filter: &Filter,
    options: &CsvOptions,
    report: &Options<'_>,
    out: &mut dyn Write,
) -> Result<(), ::export::Error> {
    match format {
        ExportFormat::Json => json::write_filtered(snapshot, &TOOL, filter, out),
        ExportFormat::Jsonl => json::write_lines(snapshot, &TOOL, filter, out),
        ExportFormat::Csv => csv::write_assets_filtered(snapshot, filter, out, options),
        ExportFormat::Servicenow => servicenow::write(snapshot, filter, out, options),
        ExportFormat::Defender => defender::write(snapshot, filter, out, options),
        ExportFormat::Cyclonedx => cyclonedx::write(snapshot, &TOOL, filter, out),
        ExportFormat::Graphml => graph::write_graphml(snapshot, &TOOL, filter, out),
        ExportFormat::Dot => graph::write_dot(snapshot, &TOOL, filter, out),
        ExportFormat::Xlsx => book::write(snapshot, &TOOL, filter, out),
        ExportFormat::Html => report::write_html(snapshot, &TOOL, filter, report, out),
        ExportFormat::Pdf => report::write_pdf(snapshot, &TOOL, filter, report, out),
        ExportFormat::Svg => report::write_map(snapshot, &TOOL, filter, out),
        ExportFormat::Netbox => write_zip(&netbox::files(snapshot, &TOOL, filter)?, out),
    }
}

/// The schema of formats that have no room to name it.
fn csv_schema(format: ExportFormat) -> Option<&'static str> {
    match format {
        ExportFormat::Csv => Some(csv::ASSETS_SCHEMA),
        ExportFormat::Servicenow => Some(servicenow::SCHEMA),
        ExportFormat::Defender => Some(defender::SCHEMA),
        ExportFormat::Json
        | ExportFormat::Jsonl
        | ExportFormat::Netbox
        | ExportFormat::Cyclonedx
        | ExportFormat::Graphml
        | ExportFormat::Dot
        | ExportFormat::Xlsx
        | ExportFormat::Html
        | ExportFormat::Pdf
        | ExportFormat::Svg => None,
    }
}

/// Writes several files: to standard output or a name that ends in `.zip` as an archive, else into a folder.
pub(crate) fn write_files(files: &[NamedFile], output: &Path) -> Result<(), Failure> {
    if output == Path::new("-") {
        return stdout(|out| write_zip(files, out)).map(drop);
    }
    if output.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("zip")) {
        return to_file(output, |out| write_zip(files, out));
    }
    fs::create_dir_all(output).map_err(|error| naming(output, error))?;
    for file in files {
        to_file(&output.join(&file.name), |out| Ok(out.write_all(&file.octets)?))?;
    }
    terminal::say(&format!("{} in {}", observation::number_of(files.len(), "file"), output.display()));
    Ok(())
}

/// Writes a file anew.
pub(crate) fn to_file(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<(), ::export::Error>,
) -> Result<(), Failure> {
    let file = File::create(path).map_err(|error| naming(path, error))?;
    let mut file = BufWriter::new(file);
    write(&mut file).map_err(failure)?;
    file.flush().map_err(|error| naming(path, error))
}

/// Writes to standard output.
pub(crate) fn stdout(
    write: impl FnOnce(&mut dyn Write) -> Result<(), ::export::Error>,
) -> Result<ExitCode, Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    write(&mut out).map_err(failure)?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

pub(crate) fn failure(error: ::export::Error) -> Failure {
    match error {
        ::export::Error::Write(error) => error.into(),
        other => Failure::Other(other.into()),
    }
}

pub(crate) fn naming(path: &Path, error: io::Error) -> Failure {
    Failure::Other(anyhow::anyhow!("{}: {error}", path.display()))
}
