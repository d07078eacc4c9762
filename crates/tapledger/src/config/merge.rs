//! Everything that was said, merged: option before environment before `conf.d` before the file before the default.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::keys::{self, INTERFACE, INTERFACE_KEYS, KEYS};
use super::read::{self, Said};
use super::value::{Origin, Problem, Setting, Value};

/// What the command line says: key, text, and the option.
pub(crate) type Flags = Vec<(String, String, String)>;

/// Where the configuration comes from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sources {
    /// The file; the folder `conf.d` beside it is read too.
    pub(crate) file: Option<PathBuf>,
    /// Variables of the environment.
    pub(crate) environment: Vec<(String, String)>,
    /// Options of the command line.
    pub(crate) flags: Flags,
}

/// The merged configuration, before it is understood.
#[derive(Debug, Default)]
pub(crate) struct Merged {
    /// Of every key.
    pub(crate) settings: BTreeMap<&'static str, Setting>,
    /// Of every interface, in the order of first mention.
    pub(crate) interfaces: Vec<BTreeMap<&'static str, Setting>>,
    /// What is wrong.
    pub(crate) problems: Vec<Problem>,
}

/// Reads and merges.
pub(crate) fn merge(sources: &Sources) -> Merged {
    let mut merged = Merged::default();
    for key in &KEYS {
        if key.name != INTERFACE {
            merged.set(key.name, Setting { value: key.preset.into(), origin: Origin::Default });
        }
    }
    if let Some(file) = &sources.file {
        merged.said(read::file(file));
        let folder = file.parent().unwrap_or(Path::new(".")).join("conf.d");
        match parts(&folder) {
            Ok(parts) => parts.iter().for_each(|part| merged.said(read::file(part))),
            Err(error) => {
                let at = Origin::File(folder, 1);
                merged.problems.push(Problem { at, what: error.to_string() });
            }
        }
    }
    for key in &KEYS {
        // The register has had a variable of its own since before there was a configuration.
        let names = [keys::variable(key.name), alias(key.name).to_owned()];
        for (name, text) in sources.environment.iter().filter(|(name, _)| names.contains(name)) {
            merged.text(key.name, text, Origin::Environment(name.clone()));
        }
    }
    for (name, text, flag) in &sources.flags {
        merged.text(name, text, Origin::Flag(flag.clone()));
    }
    merged
}

fn alias(name: &str) -> &'static str {
    match name {
        "register" => "TAPLEDGER_DB",
        INTERFACE => "TAPLEDGER_INTERFACES",
        _ => "",
    }
}

/// The files of `conf.d`, in the order of their names.
fn parts(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

impl Merged {
    fn set(&mut self, name: &'static str, setting: Setting) {
        self.settings.insert(name, setting);
    }

    fn said(&mut self, said: Said) {
        self.problems.extend(said.problems);
        for (name, setting) in said.settings {
            self.set(name, setting);
        }
        let mut names = Vec::new();
        for interface in said.interfaces {
            let name = interface.iter().find(|(key, _)| *key == "name").map(|(_, setting)| setting.clone());
            let Some(name) = name else { continue };
            if names.contains(&name.value) {
                let what = format!("interface {} stands here twice", name.value);
                self.problems.push(Problem { at: name.origin.clone(), what });
            }
            names.push(name.value.clone());
            self.interface(&name).extend(interface);
        }
    }

    /// The interface of this name; a new one has the defaults.
    fn interface(&mut self, name: &Setting) -> &mut BTreeMap<&'static str, Setting> {
        let known = self
            .interfaces
            .iter()
            .position(|interface| interface.get("name").is_some_and(|known| known.value == name.value));
        let at = known.unwrap_or(self.interfaces.len());
        if known.is_none() {
            let defaults = INTERFACE_KEYS
                .iter()
                .map(|key| (key.name, Setting { value: key.preset.into(), origin: Origin::Default }));
            self.interfaces.push(defaults.collect());
        }
        // The place was made above where it was not there.
        #[expect(clippy::indexing_slicing, reason = "`at` is the place of an interface that is there")]
        let interface = &mut self.interfaces[at];
        interface.insert("name", name.clone());
        interface
    }

    /// A value given as text. Names of interfaces replace those of the files, and keep what files say of them.
    fn text(&mut self, name: &str, text: &str, origin: Origin) {
        let Some(key) = keys::find(&KEYS, name) else {
            return self.problems.push(Problem { at: origin, what: read::unknown(name, &KEYS) });
        };
        match key.kind.parse(text) {
            Ok(Value::Texts(names)) if key.name == INTERFACE => {
                let mut kept = Self::default();
                std::mem::swap(&mut kept.interfaces, &mut self.interfaces);
                for name in names {
                    let wanted = Setting { value: Value::Text(name), origin: origin.clone() };
                    let before = kept.interfaces.iter().find(|interface| {
                        interface.get("name").is_some_and(|known| known.value == wanted.value)
                    });
                    if let Some(before) = before {
                        self.interfaces.push(before.clone());
                    } else {
                        self.interface(&wanted);
                    }
                }
            }
            Ok(value) => self.set(key.name, Setting { value, origin }),
            Err(what) => self.problems.push(Problem { at: origin, what: format!("{name}: {what}") }),
        }
    }
}
