//! `evidence export`: the frames that prove something, as pcapng.

use std::path::Path;
use std::process::ExitCode;

use ::export::pcapng::{self, CommentedFrame};
use ::export::proofs::{Wanted, commented, proofs, summary};
use inventory::Snapshot;
use observation::number_of;
use register::Register;

use crate::custody_arguments::ExportEvidence;
use crate::export::{TOOL, failure, stdout, to_file};
use crate::failure::Failure;
use crate::session::{actor, find, person, snapshot};
use crate::terminal;

/// The frames asked for, in the order of their time, and how many could not be had.
pub(crate) struct Proving {
    pub(crate) frames: Vec<CommentedFrame>,
    /// They were never kept: the limit, or they were only read.
    pub(crate) not_kept: u64,
    pub(crate) masked: u64,
}

impl Proving {
    /// What is said of the whole in the file itself.
    pub(crate) fn comment(&self, wanted: &str) -> String {
        format!(
            "frames that prove the register of {} {}: {wanted}\n{} here, {} named by evidence and not kept (look them up in the \
             captures), {} with secrets masked\neach frame's comments say what its octets prove",
            TOOL.name,
            TOOL.version,
            number_of(self.frames.len(), "frame"),
            number_of(self.not_kept, "frame"),
            number_of(self.masked, "frame"),
        )
    }

    pub(crate) fn write(&self, wanted: &str, out: &mut dyn std::io::Write) -> Result<(), ::export::Error> {
        let application = format!("{} {}", TOOL.name, TOOL.version);
        pcapng::write(&application, &self.comment(wanted), &self.frames, out)
    }
}

/// Fetches the frames from the register.
pub(crate) fn proving(register: &Register, snapshot: &Snapshot, wanted: &Wanted) -> Result<Proving, Failure> {
    let mut proving = Proving { frames: Vec::new(), not_kept: 0, masked: 0 };
    let mut ordered = Vec::new();
    for ((capture, number), comments) in proofs(snapshot, wanted).map_err(failure)? {
        let Some(frame) = register.evidence(&capture, number)? else {
            proving.not_kept = proving.not_kept.saturating_add(1);
            continue;
        };
        if !wanted.holds_time(frame.time) {
            continue;
        }
        proving.masked = proving.masked.saturating_add(u64::from(!frame.masked.is_empty()));
        let key = (frame.time, capture.clone(), number);
        ordered.push((key, commented(snapshot, &capture, frame, comments)));
    }
    ordered.sort_by(|(a, _), (b, _)| a.cmp(b));
    proving.frames = ordered.into_iter().map(|(_, frame)| frame).collect();
    Ok(proving)
}

pub(crate) fn run(arguments: &ExportEvidence) -> Result<ExitCode, Failure> {
    if arguments.bundle && arguments.output == Path::new("-") {
        return Err(Failure::Usage("--bundle writes files beside a file; name one with -o".to_owned()));
    }
    let (mut register, snapshot) = snapshot(&arguments.db.db, None)?;
    let asset = arguments.asset.as_deref().map(|asset| find(&snapshot, asset)).transpose()?;
    let id = asset.and_then(|index| snapshot.identified.get(index)).map(|identified| identified.id.clone());
    let wanted = Wanted {
        assets: id.iter().cloned().collect(),
        attribute: arguments.attribute.clone(),
        from: arguments.from,
        to: arguments.to,
    };
    if wanted.from.zip(wanted.to).is_some_and(|(from, to)| to < from) {
        return Err(Failure::Usage("--to is before --from: nothing can be between them".to_owned()));
    }
    let words = words(&wanted);
    let proving = proving(&register, &snapshot, &wanted)?;
    if arguments.output == Path::new("-") {
        stdout(|out| proving.write(&words, out))?;
    } else {
        to_file(&arguments.output, |out| proving.write(&words, out))?;
    }
    if let Some(id) = id.filter(|_| arguments.bundle) {
        let summary = summary(&snapshot, &id, &wanted).map_err(failure)?;
        if let Some(summary) = summary {
            to_file(&arguments.output.with_extension("timeline.txt"), |out| {
                Ok(out.write_all(summary.text().as_bytes())?)
            })?;
            to_file(&arguments.output.with_extension("timeline.csv"), |out| summary.write_timeline(out))?;
            to_file(&arguments.output.with_extension("peers.csv"), |out| summary.write_peers(out))?;
            to_file(&arguments.output.with_extension("timeline.json"), |out| {
                serde_json::to_writer_pretty(&mut *out, &summary)?;
                Ok(out.write_all(b"\n")?)
            })?;
        }
    }
    terminal::say(&format!(
        "{} written; {} named by evidence, not kept in the register: look them up in the captures",
        number_of(proving.frames.len(), "frame"),
        number_of(proving.not_kept, "frame"),
    ));
    let detail = format!("{words} to {}", arguments.output.display());
    if let Err(error) = register.record(&actor(&person()), "evidence export", "pcapng", &detail) {
        tracing::info!(%error, "export not noted in the custody journal");
    }
    Ok(ExitCode::SUCCESS)
}

/// What is asked for, in words.
fn words(wanted: &Wanted) -> String {
    let moment = |noun: &str, time: Option<observation::Time>| {
        time.map(|time| format!("{noun} {}", ::export::time::rfc3339(time)))
    };
    let assets = (!wanted.assets.is_empty()).then(|| format!("asset {}", wanted.assets.join(", ")));
    let attribute = wanted.attribute.as_ref().map(|name| format!("attribute {name}"));
    let parts: Vec<String> = [assets, attribute, moment("from", wanted.from), moment("to", wanted.to)]
        .into_iter()
        .flatten()
        .collect();
    if parts.is_empty() { "everything".to_owned() } else { parts.join(", ") }
}
