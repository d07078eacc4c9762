//! Runs the program and reads what it wrote.

pub mod canonical;
pub mod evidence;
pub mod frames;

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The top of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// What lies beside the project on the developers' machines: real captures and their truth.
pub fn shared(path: &str) -> Option<PathBuf> {
    let path = root().join("../shared").join(path);
    if path.exists() {
        return Some(path);
    }
    println!("\nSKIPPED: {} is not here", path.display());
    None
}

/// The program under test.
pub fn binary() -> PathBuf {
    env::var_os("TAPLEDGER_BIN").map_or_else(|| env!("CARGO_BIN_EXE_tapledger").into(), PathBuf::from)
}

/// The program with arguments, in a folder, without a terminal.
pub fn command<A: AsRef<OsStr>>(folder: &Path, arguments: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(binary());
    command
        .current_dir(folder)
        .args(arguments)
        .stdin(Stdio::null())
        .env_remove("RUST_LOG")
        .env("NO_COLOR", "1");
    command
}

/// Name relative to `captures/` and path of every capture, sorted.
pub fn captures() -> Vec<(String, PathBuf)> {
    let top = root().join("captures");
    let mut found = Vec::new();
    for folder in [top.clone(), top.join("cuts"), top.join("hard")] {
        for entry in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = entry.strip_prefix(&top).unwrap().to_str().unwrap().to_owned();
            if name.contains(".pcap") {
                found.push((name, entry));
            }
        }
    }
    found.sort();
    found
}

/// The capture of that name in `captures/`.
pub fn capture(name: &str) -> PathBuf {
    let path = root().join("captures").join(name);
    assert!(path.exists(), "{} is missing", path.display());
    path
}

/// A register in a folder of its own.
pub struct Register {
    pub folder: TempDir,
}

impl Register {
    /// No register yet.
    pub fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    /// A register with those captures, imported by one command.
    pub fn of<P: AsRef<Path>>(captures: &[P]) -> Self {
        let register = Self::new();
        register.import(captures);
        register
    }

    /// The database.
    pub fn database(&self) -> PathBuf {
        self.folder.path().join("register.db")
    }

    /// Runs a command on this register; `--db` is added.
    pub fn run(&self, arguments: &[&str]) -> Output {
        command(self.folder.path(), arguments).arg("--db").arg(self.database()).output().unwrap()
    }

    /// Runs a command that must succeed and returns what it printed.
    pub fn stdout(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that needs no register, and must succeed.
    pub fn stdout_without_register(&self, arguments: &[&str]) -> String {
        let output = command(self.folder.path(), arguments).output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(0),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Imports captures, which must be whole.
    pub fn import<P: AsRef<Path>>(&self, captures: &[P]) -> String {
        let mut arguments = vec!["import"];
        arguments.extend(captures.iter().map(|path| path.as_ref().to_str().unwrap()));
        let output = self.run(&arguments);
        let log = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {log}");
        log
    }

    /// The register as JSON text.
    pub fn text(&self) -> String {
        self.stdout(&["export", "--format", "json"])
    }

    /// The register as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text()).unwrap()
    }
}

/// The elements of an array, none if it is not there.
pub fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The text of a field, empty if it is not there.
pub fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or("")
}

/// The winner of an attribute.
pub fn winner<'v>(asset: &'v Value, attribute: &str) -> Option<&'v str> {
    asset["attributes"].get(attribute)?.get(0)?.get("value")?.as_str()
}
