//! Manual pages and completion scripts, from the same definitions as `--help`, and tapledger.toml(5) from the example
//! configuration.

use std::fs::{self, File};
use std::path::Path;
use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::arguments::Arguments;
use crate::failure::Failure;

/// The example configuration, which a package installs: every key with what it means and holds by default.
const CONFIGURATION: &str = include_str!("../../../systemd/config.toml");

/// Writes `man1/`, `man5/`, `bash/`, `zsh/` and `fish/` below a folder.
pub(crate) fn write(folder: &Path) -> Result<ExitCode, Failure> {
    let [man1, man5] = ["man1", "man5"].map(|name| folder.join(name));
    for made in [&man1, &man5] {
        fs::create_dir_all(made)?;
    }
    // The pages of subcommands are `tapledger-import(1)`; those of `help` say nothing.
    clap_mangen::generate_to(Arguments::command().disable_help_subcommand(true), &man1)?;
    fs::write(man5.join("tapledger.toml.5"), configuration_page(CONFIGURATION))?;
    for (shell, name) in [
        (Shell::Bash, "bash/tapledger"),
        (Shell::Zsh, "zsh/_tapledger"),
        (Shell::Fish, "fish/tapledger.fish"),
    ] {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        clap_complete::generate(shell, &mut Arguments::command(), "tapledger", &mut File::create(&path)?);
    }
    Ok(ExitCode::SUCCESS)
}

/// The example configuration as a manual page. In it, text stands behind `# `, a key that may be set behind `#` alone;
/// what is said of a key or section stands before it.
fn configuration_page(example: &str) -> String {
    let mut page = format!(
        ".TH tapledger.toml 5 \"\" \"tapledger {}\"\n.SH NAME\ntapledger.toml \\- configuration of the tapledger sensor\n\
         .SH SYNOPSIS\n/etc/tapledger/config.toml\n.SH DESCRIPTION\n",
        env!("CARGO_PKG_VERSION")
    );
    let mut said = String::new();
    let mut has_keys = false;
    for line in example.lines().chain([""]) {
        let text = line.strip_prefix("# ").or_else(|| line.strip_prefix('#').filter(|rest| rest.is_empty()));
        if let Some(text) = text {
            said.push_str(&roff(text));
            said.push('\n');
            continue;
        }
        let key = line.strip_prefix('#').unwrap_or(line).trim();
        if key.starts_with('[') {
            page.push_str(&format!(".SS \"{}\"\n{said}", roff(key)));
            has_keys = true;
        } else if let Some((name, default)) = key.split_once('=') {
            if !has_keys {
                page.push_str(".SH KEYS\n");
                has_keys = true;
            }
            let (name, default) = (roff(name.trim()), roff(default.trim()));
            page.push_str(&format!(".TP\n\\fB{name}\\fR = {default}\n{said}"));
        } else if !said.is_empty() {
            page.push_str(&format!(".PP\n{said}"));
        }
        said.clear();
    }
    page.push_str(".SH SEE ALSO\n.BR tapledger (1)\n");
    page
}

/// Text in which nothing is an instruction to the formatter.
fn roff(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-").replace('"', "\\(dq");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_and_every_shell_a_script() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path()).unwrap();
        let is_there = |name: &str| {
            let text = fs::read_to_string(folder.path().join(name)).unwrap_or_default();
            assert!(text.len() > 200, "{name}: {text}");
            text
        };
        for command in Arguments::command().get_subcommands().filter(|command| !command.is_hide_set()) {
            is_there(&format!("man1/tapledger-{}.1", command.get_name()));
            for below in command.get_subcommands() {
                is_there(&format!("man1/tapledger-{}-{}.1", command.get_name(), below.get_name()));
            }
        }
        assert!(is_there("man1/tapledger.1").contains("6 a check failed"), "exit codes are documented");
        assert!(!folder.path().join("man1/tapledger-manual.1").exists());
        for name in ["bash/tapledger", "zsh/_tapledger", "fish/tapledger.fish"] {
            assert!(is_there(name).contains("backup"), "{name}");
        }
        is_there("man5/tapledger.toml.5");
    }

    #[test]
    fn the_example_configuration_becomes_sections_and_keys() {
        let page = configuration_page(
            "# What it is.\n# In two lines.\n\n# The site.\n#site = \"default\"\n\n# Days.\n#[retention]\n# For ever is 0.\n#days = 30\n\
             \n# An interface.\n#[[interface]]\n#name = \"eth1\"\n# .hidden \\ text\n#snaplen = 262144\n",
        );
        for text in [
            ".SH DESCRIPTION\n.PP\nWhat it is.\nIn two lines.\n",
            ".SH KEYS\n.TP\n\\fBsite\\fR = \\(dqdefault\\(dq\nThe site.\n",
            ".SS \"[retention]\"\nDays.\n.TP\n\\fBdays\\fR = 30\nFor ever is 0.\n",
            ".SS \"[[interface]]\"\nAn interface.\n.TP\n\\fBname\\fR",
            ".TP\n\\fBsnaplen\\fR = 262144\n\\&.hidden \\e text\n",
        ] {
            assert!(page.contains(text), "{text:?} in\n{page}");
        }
    }
}
