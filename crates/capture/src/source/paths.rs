//! From the arguments of a command to the inputs to read: files, folders, patterns, standard input.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use super::SourceError;
use super::file::{FileSource, Input};

/// What the arguments mean.
#[derive(Debug, Default)]
pub struct Expanded {
    /// Inputs to read: in the order of the arguments, within a folder or pattern sorted by path, each once.
    pub inputs: Vec<Input>,
    /// Files found in folders and by patterns that are not read, and why: no captures, empty, links to folders, or
    /// found before.
    pub skipped: Vec<(PathBuf, String)>,
    /// Arguments that mean nothing, and files and folders that could not be looked at.
    pub errors: Vec<(PathBuf, SourceError)>,
}

/// Finds the inputs that arguments mean. `-` is standard input. A file is taken whatever it is, since somebody named
/// it; reading it will say if it is no capture. Of folders, with all folders in them, and of patterns (`*`, `?`, `[…]`,
/// `**`) those files are taken that begin like a capture; names with a leading dot are passed over unless spelled out.
#[must_use]
pub fn expand(arguments: &[PathBuf]) -> Expanded {
    let mut search = Search::default();
    for argument in arguments {
        search.argument(argument);
    }
    search.expanded
}

#[derive(Default)]
struct Search {
    expanded: Expanded,
    // By what they resolve to.
    seen: BTreeSet<PathBuf>,
    stdin_taken: bool,
}

impl Search {
    fn argument(&mut self, argument: &Path) {
        if argument.as_os_str() == "-" {
            if !std::mem::replace(&mut self.stdin_taken, true) {
                self.expanded.inputs.push(Input::Stdin);
            }
        } else if argument.is_dir() {
            self.folder(argument);
        } else if argument.exists() {
            self.take(argument.to_owned());
        } else {
            self.pattern(argument);
        }
    }

    /// Takes a file unless it was taken before.
    fn take(&mut self, path: PathBuf) {
        let resolved = path.canonicalize().unwrap_or_else(|_| path.clone());
        if self.seen.insert(resolved) {
            self.expanded.inputs.push(Input::File(path));
        } else {
            self.expanded.skipped.push((path, "named before".into()));
        }
    }

    /// Takes a found file if it begins like a capture.
    fn take_capture(&mut self, path: PathBuf) {
        let regular = match std::fs::metadata(&path) {
            Ok(metadata) => metadata.is_file(),
            Err(error) => return self.expanded.errors.push((path, error.into())),
        };
        // Opening a pipe would wait for its writer.
        if !regular {
            return self.expanded.skipped.push((path, "not a file".into()));
        }
        match FileSource::open(&Input::File(path.clone())) {
            Ok(_) => self.take(path),
            Err(reason @ (SourceError::NotACapture(_) | SourceError::Empty)) => {
                self.expanded.skipped.push((path, reason.to_string()));
            }
            Err(error) => self.expanded.errors.push((path, error)),
        }
    }

    fn folder(&mut self, folder: &Path) {
        let mut files = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            if let Err(error) = self.list(&folder, &mut files, &mut folders) {
                self.expanded.errors.push((folder, error.into()));
            }
        }
        files.sort();
        for file in files {
            self.take_capture(file);
        }
    }

    fn list(
        &mut self,
        folder: &Path,
        files: &mut Vec<PathBuf>,
        folders: &mut Vec<PathBuf>,
    ) -> io::Result<()> {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let (path, kind) = (entry.path(), entry.file_type()?);
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_symlink() && path.is_dir() {
                // It may lead back up.
                self.expanded.skipped.push((path, "a link to a folder".into()));
            } else {
                files.push(path);
            }
        }
        Ok(())
    }

    fn pattern(&mut self, argument: &Path) {
        let options = glob::MatchOptions { require_literal_leading_dot: true, ..Default::default() };
        let Some(pattern) = argument.to_str().filter(|text| text.contains(['*', '?', '['])) else {
            let missing = io::Error::from(io::ErrorKind::NotFound);
            return self.expanded.errors.push((argument.to_owned(), missing.into()));
        };
        let found = match glob::glob_with(pattern, options) {
            Ok(found) => found,
            Err(error) => {
                return self
                    .expanded
                    .errors
                    .push((argument.to_owned(), SourceError::Pattern(error.to_string())));
            }
        };
        let mut any = false;
        for path in found {
            any = true;
            match path {
                Ok(path) if path.is_dir() => self.folder(&path),
                Ok(path) => self.take_capture(path),
                Err(error) => {
                    let path = error.path().to_owned();
                    self.expanded.errors.push((path, io::Error::from(error).into()));
                }
            }
        }
        if !any {
            let error = SourceError::Pattern("nothing matches".into());
            self.expanded.errors.push((argument.to_owned(), error));
        }
    }
}
