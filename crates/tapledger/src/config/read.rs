//! One configuration file, read into settings with their lines.

use std::fs;
use std::ops::Range;
use std::path::Path;

use toml_edit::{Document, Item, Key as TomlKey, TableLike, Value as Toml};

use super::keys::{self, INTERFACE, INTERFACE_KEYS, KEYS, Key};
use super::value::{Origin, Problem, Setting, Value};

/// Largest file read, in octets; a configuration is a page.
const FILE_OCTETS_MAX: u64 = 1 << 20;

/// What one file says.
#[derive(Debug, Default)]
pub(crate) struct Said {
    /// By key.
    pub(crate) settings: Vec<(&'static str, Setting)>,
    /// The keys of each interface.
    pub(crate) interfaces: Vec<Vec<(&'static str, Setting)>>,
    /// What is wrong.
    pub(crate) problems: Vec<Problem>,
}

/// Reads a file.
pub(crate) fn file(path: &Path) -> Said {
    match text_of(path) {
        Ok(text) => Reading { path, text: &text, said: Said::default() }.document(),
        Err(what) => {
            let at = Origin::File(path.into(), 1);
            Said { problems: vec![Problem { at, what }], ..Said::default() }
        }
    }
}

fn text_of(path: &Path) -> Result<String, String> {
    let length = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if length > FILE_OCTETS_MAX {
        return Err(format!("it has {length} octets; a configuration has at most {FILE_OCTETS_MAX}"));
    }
    fs::read_to_string(path).map_err(|error| error.to_string())
}

struct Reading<'r> {
    path: &'r Path,
    text: &'r str,
    said: Said,
}

impl Reading<'_> {
    fn document(mut self) -> Said {
        match Document::parse(self.text) {
            Ok(document) => self.table(document.as_table(), ""),
            Err(error) => {
                let what = error.message().trim().replace('\n', "; ");
                self.problem(error.span(), what);
            }
        }
        self.said
    }

    fn table(&mut self, table: &dyn TableLike, prefix: &str) {
        for (key, item) in entries(table) {
            let name = format!("{prefix}{}", key.get());
            if name == INTERFACE {
                self.interfaces(key, item);
                continue;
            }
            let inner = format!("{name}.");
            let is_table = KEYS.iter().any(|known| known.name.starts_with(&inner));
            match (keys::find(&KEYS, &name), item.as_table_like()) {
                (Some(known), _) => {
                    if let Some(setting) = self.setting(known, key, item) {
                        self.said.settings.push((known.name, setting));
                    }
                }
                (None, Some(table)) if is_table => self.table(table, &inner),
                _ => self.unknown(key, &name, &KEYS),
            }
        }
    }

    fn interfaces(&mut self, key: &TomlKey, item: &Item) {
        let tables: Vec<&dyn TableLike> = match item {
            Item::ArrayOfTables(tables) => tables.iter().map(|table| table as &dyn TableLike).collect(),
            Item::Value(Toml::Array(tables)) if tables.iter().all(Toml::is_inline_table) => {
                tables.iter().filter_map(Toml::as_inline_table).map(|table| table as &dyn TableLike).collect()
            }
            _ => {
                let what = "interfaces are tables: [[interface]], and below it name = \"eth1\"".to_owned();
                return self.problem(key.span(), what);
            }
        };
        for table in tables {
            let mut settings = Vec::new();
            for (key, item) in entries(table) {
                match keys::find(&INTERFACE_KEYS, key.get()) {
                    Some(known) => {
                        settings.extend(self.setting(known, key, item).map(|setting| (known.name, setting)))
                    }
                    None => self.unknown(key, key.get(), &INTERFACE_KEYS),
                }
            }
            if settings.iter().any(|(name, _)| *name == "name") {
                self.said.interfaces.push(settings);
            } else {
                let span = entries(table).next().and_then(|(key, _)| key.span()).or_else(|| item.span());
                self.problem(span, "an interface without a name".to_owned());
            }
        }
    }

    fn setting(&mut self, known: &Key, key: &TomlKey, item: &Item) -> Option<Setting> {
        let value = item.as_value().and_then(plain);
        let Some(value) = value else {
            self.problem(key.span(), format!("{}: no value of this kind is expected here", known.name));
            return None;
        };
        match known.kind.check(value) {
            Ok(value) => {
                let origin = Origin::File(self.path.into(), self.line(key.span()));
                Some(Setting { value, origin })
            }
            Err(what) => {
                self.problem(key.span(), format!("{}: {what}", known.name));
                None
            }
        }
    }

    fn unknown(&mut self, key: &TomlKey, name: &str, keys: &[Key]) {
        self.problem(key.span(), unknown(name, keys));
    }

    fn problem(&mut self, span: Option<Range<usize>>, what: String) {
        let at = Origin::File(self.path.into(), self.line(span));
        self.said.problems.push(Problem { at, what });
    }

    /// The line of a place, counted from 1.
    fn line(&self, span: Option<Range<usize>>) -> usize {
        let before = self.text.get(..span.map_or(0, |span| span.start)).unwrap_or(self.text);
        before.matches('\n').count().saturating_add(1)
    }
}

/// What to say of a key that is none.
pub(crate) fn unknown(name: &str, keys: &[Key]) -> String {
    match keys::nearest(keys.iter().map(|key| key.name), name) {
        Some(near) => format!("unknown key {name}; did you mean {near}?"),
        None => format!("unknown key {name}"),
    }
}

fn entries(table: &dyn TableLike) -> impl Iterator<Item = (&TomlKey, &Item)> {
    let names: Vec<&str> = table.iter().map(|(name, _)| name).collect();
    names.into_iter().filter_map(move |name| table.get_key_value(name))
}

fn plain(value: &Toml) -> Option<Value> {
    match value {
        Toml::String(text) => Some(Value::Text(text.value().clone())),
        Toml::Integer(number) => Some(Value::Integer(*number.value())),
        Toml::Float(seconds) => Some(Value::Seconds(*seconds.value())),
        Toml::Boolean(switch) => Some(Value::Switch(*switch.value())),
        Toml::Array(texts) => {
            let texts: Option<Vec<String>> =
                texts.iter().map(|text| text.as_str().map(str::to_owned)).collect();
            texts.map(Value::Texts)
        }
        Toml::Datetime(_) | Toml::InlineTable(_) => None,
    }
}
