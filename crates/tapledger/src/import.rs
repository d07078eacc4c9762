//! `import`: capture files into the register.
//!
//! One thread reads and decodes, one writes the register, one (in the source) hashes. A bounded channel between the
//! first two makes the reader wait when the disk is slow; nothing is dropped. At the end one resolves assets while
//! another folds the write-ahead log.

use std::path::Path;
use std::process::ExitCode;
use std::sync::mpsc;

use ::capture::{FileSource, Input, Pipeline, SourceError, expand};
use observation::{Batch, CaptureKind, CaptureStatus, CaptureSummary};
use register::{CaptureStart, Finished, Register};

use crate::arguments::Import;
use crate::failure::{Failure, PARTLY_READ};
use crate::progress::Progress;
use crate::session::{actor, person, resolve_standing};
use crate::summary::{Imported, Outcome};
use crate::terminal;

/// Batches between the reader and the writer.
const BATCHES_WAITING_MAX: usize = 2;

/// Reasons shown where nothing at all could be read.
const REASONS_SHOWN_MAX: usize = 8;

/// Frames between two looks at the progress bar and at the size of the batch.
const FRAMES_PER_LOOK: u64 = 4096;

pub(crate) fn run(arguments: &Import, quiet: bool) -> Result<ExitCode, Failure> {
    let expanded = expand(&arguments.files);
    for (path, reason) in &expanded.skipped {
        tracing::info!(file = %export::safe_text(&path.display().to_string()), %reason, "skipped");
    }
    if expanded.inputs.is_empty() {
        let reasons = expanded.errors.iter().map(|(path, reason)| format!("{}: {reason}", path.display()));
        let skipped = expanded.skipped.iter().map(|(path, reason)| format!("{}: {reason}", path.display()));
        let reasons: Vec<String> = reasons.chain(skipped).take(REASONS_SHOWN_MAX).collect();
        let reasons = if reasons.is_empty() { "there is no file".to_owned() } else { reasons.join("; ") };
        return Err(Failure::Other(anyhow::anyhow!("no capture to read; {reasons}")));
    }
    let person = person();
    let mut register = Register::create_or_open(&arguments.db.db)?;
    let size = total_size(&expanded.inputs);
    let progress = Progress::new(size, quiet);
    let mut imported = Imported::default();
    let mut read_before = 0_u64;
    for input in &expanded.inputs {
        progress.name(&name(input));
        match one(&mut register, input, &arguments.site, &person, &progress, read_before) {
            Ok(outcome) => {
                read_before = read_before.saturating_add(outcome.summary.octets);
                imported.add(outcome);
            }
            Err(Refused::Source(error)) => imported.refuse(&path(input), &error.to_string()),
            Err(Refused::Register(error)) => return Err(error.into()),
        }
    }
    progress.done();
    for (path, reason) in expanded.errors {
        imported.refuse(&path.display().to_string(), &reason.to_string());
    }
    let identified = std::thread::scope(|scope| {
        // The disk is waited for while assets are resolved. What this does not get to do, closing the register does.
        let fold = || {
            if let Err(error) = Register::fold_log(&arguments.db.db) {
                tracing::debug!(%error, "the write-ahead log was not folded");
            }
        };
        if let Err(error) = std::thread::Builder::new().name("fold log".into()).spawn_scoped(scope, fold) {
            tracing::debug!(%error, "no thread to fold the write-ahead log");
        }
        register.identify(resolve_standing)
    });
    let inventory = identified?.inventory;
    register.release();
    if !quiet {
        terminal::print(&imported.text(&arguments.db.db, &inventory))?;
    }
    for (name, reason) in &imported.refused {
        terminal::say(&format!("tapledger: {}: {}", export::safe_text(name), export::safe_text(reason)));
    }
    Ok(match (imported.outcomes.is_empty(), imported.is_partial()) {
        (true, _) => ExitCode::FAILURE,
        (false, true) => ExitCode::from(PARTLY_READ),
        (false, false) => ExitCode::SUCCESS,
    })
}

/// Why a file is not in the register.
pub(crate) enum Refused {
    Source(SourceError),
    Register(register::Error),
}

impl From<register::Error> for Refused {
    fn from(error: register::Error) -> Self {
        Self::Register(error)
    }
}

/// What the register calls a capture: its file's name, which says nothing of the person's folders.
fn name(input: &Input) -> String {
    match input {
        Input::File(path) => path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
        Input::Stdin => "standard input".to_owned(),
    }
}

/// What the user called it.
fn path(input: &Input) -> String {
    match input {
        Input::File(path) => path.display().to_string(),
        Input::Stdin => "standard input".to_owned(),
    }
}

/// Size of all files together, if none is a stream.
fn total_size(inputs: &[Input]) -> Option<u64> {
    inputs
        .iter()
        .map(|input| match input {
            Input::File(path) => size(path),
            Input::Stdin => None,
        })
        .sum()
}

fn size(path: &Path) -> Option<u64> {
    std::fs::metadata(path).ok().map(|metadata| metadata.len())
}

/// Reads one input.
pub(crate) fn one(
    register: &mut Register,
    input: &Input,
    site: &str,
    person: &str,
    progress: &Progress,
    before: u64,
) -> Result<Outcome, Refused> {
    let mut source = FileSource::open(input).map_err(Refused::Source)?;
    let name = name(input);
    let start =
        CaptureStart { uid: None, kind: CaptureKind::File, name: &name, site, sensor: "", interface: "" };
    let mut writer = register.begin_capture(&start, &actor(person))?;
    let (sender, receiver) = mpsc::sync_channel::<Batch>(BATCHES_WAITING_MAX);
    let (totals, finished, written) = std::thread::scope(|scope| {
        let writing = scope.spawn(|| -> Result<(), register::Error> {
            for batch in receiver {
                register.write(&mut writer, &batch)?;
            }
            Ok(())
        });
        let mut pipeline = Pipeline::default();
        let mut stuck = false;
        while let Some((frame, later)) = source.next_and_later() {
            pipeline.frame_ahead_of(&frame, later);
            if pipeline.frames() % FRAMES_PER_LOOK == 0 {
                progress.at(before.saturating_add(source.octets_read()));
                if pipeline.batch_is_due() && sender.send(pipeline.take_batch()).is_err() {
                    stuck = true;
                    break;
                }
            }
        }
        let (batch, totals) = pipeline.finish();
        if !stuck {
            // The writer's own error says why it is gone.
            let _ = sender.send(batch);
        }
        drop(sender);
        let finished = source.finish();
        let written = writing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (totals, finished, written)
    });
    if let Err(error) = written {
        register.abandon(writer)?;
        return Err(error.into());
    }
    let finished = match finished {
        Ok(finished) => finished,
        Err(error) => {
            register.abandon(writer)?;
            return Err(Refused::Source(error));
        }
    };
    let mut counters = totals.counters;
    counters.extend(finished.counters);
    let summary = CaptureSummary {
        uid: finished.sha256,
        kind: CaptureKind::File,
        name,
        site: site.to_owned(),
        sensor: String::new(),
        interface: String::new(),
        octets: finished.octets,
        frames: totals.frames,
        kernel_drops: finished.kernel_drops,
        first: totals.first,
        last: totals.last,
        status: finished.status,
        stopped: finished.stopped,
        counters,
    };
    let known = register.finish_capture(writer, &summary, &actor(person))?;
    Ok(Outcome {
        partial: summary.status != CaptureStatus::Complete,
        repeated: known != Finished::New,
        summary,
    })
}
