//! The merged configuration as TOML, with the place each value came from.

use std::fmt::Write;

use super::Loaded;
use super::keys::{INTERFACE, INTERFACE_KEYS, KEYS};
use super::value::Setting;

/// Column at which origins stand where the values leave room.
const ORIGIN_COLUMN: usize = 48;

/// The configuration as a file that would give it, with an origin for each value.
pub(crate) fn show(loaded: &Loaded) -> String {
    let mut text = String::new();
    let mut table = "";
    for key in KEYS.iter().filter(|key| key.name != INTERFACE) {
        let Some(setting) = loaded.merged.settings.get(key.name) else { continue };
        let (own, name) = key.name.split_once('.').unwrap_or(("", key.name));
        if own != table {
            let _ = writeln!(text, "\n[{own}]");
            table = own;
        }
        line(&mut text, name, setting);
    }
    for interface in &loaded.merged.interfaces {
        text.push_str("\n[[interface]]\n");
        for key in &INTERFACE_KEYS {
            if let Some(setting) = interface.get(key.name) {
                line(&mut text, key.name, setting);
            }
        }
    }
    text
}

fn line(text: &mut String, name: &str, setting: &Setting) {
    let value = format!("{name} = {}", setting.value);
    let _ = writeln!(text, "{value:<ORIGIN_COLUMN$} # {}", setting.origin);
}
