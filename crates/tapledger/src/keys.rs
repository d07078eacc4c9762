//! `keys`: the key that signs evidence bundles.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ::export::bundle::{Key, PRIVATE_KEY, PUBLIC_KEY};
use register::Register;

use crate::custody_arguments::{KeysCommand, KeysOf};
use crate::export::naming;
use crate::failure::Failure;
use crate::session::{actor, person};
use crate::terminal;

/// The private key is for its owner alone.
const PRIVATE_MODE: u32 = 0o600;

/// Everyone may read the public one.
const PUBLIC_MODE: u32 = 0o644;

pub(crate) fn run(command: &KeysCommand) -> Result<ExitCode, Failure> {
    match command {
        KeysCommand::Generate(of) => generate(of),
        KeysCommand::Show(of) => show(of),
    }
}

fn generate(of: &KeysOf) -> Result<ExitCode, Failure> {
    let folder = folder(&of.db.db, of.keys.keys.as_deref());
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)
        .map_err(|error| Failure::Other(anyhow::anyhow!("no random numbers: {error}")))?;
    let key = Key::from_seed(&seed);
    fs::create_dir_all(&folder).map_err(|error| naming(&folder, error))?;
    write_new(&folder.join(PRIVATE_KEY), PRIVATE_MODE, &key.to_pem().map_err(other)?)?;
    write_new(&folder.join(PUBLIC_KEY), PUBLIC_MODE, &key.public_pem().map_err(other)?)?;
    let fingerprint = key.fingerprint().map_err(other)?;
    if of.db.db.exists() {
        let mut register = Register::open_existing(&of.db.db)?;
        register.record(&actor(&person()), "keys generate", &fingerprint, &folder.display().to_string())?;
    }
    terminal::say(&format!("{PRIVATE_KEY} (for its owner alone) and {PUBLIC_KEY} in {}", folder.display()));
    terminal::print(&format!("{fingerprint}\n"))?;
    Ok(ExitCode::SUCCESS)
}

fn show(of: &KeysOf) -> Result<ExitCode, Failure> {
    let key = load(&of.db.db, of.keys.keys.as_deref())?;
    terminal::print(&format!("{}\n{}", key.fingerprint().map_err(other)?, key.public_pem().map_err(other)?))?;
    Ok(ExitCode::SUCCESS)
}

/// The key beside a register, or in the folder given.
pub(crate) fn load(db: &Path, keys: Option<&Path>) -> Result<Key, Failure> {
    let path = folder(db, keys).join(PRIVATE_KEY);
    let pem = fs::read_to_string(&path).map_err(|error| {
        if error.kind() == std::io::ErrorKind::NotFound {
            Failure::Usage(format!(
                "there is no key at {}; `tapledger keys generate` makes one, --keys names another folder",
                path.display()
            ))
        } else {
            naming(&path, error)
        }
    })?;
    Key::from_pem(&pem).map_err(|error| Failure::Other(anyhow::anyhow!("{}: {error}", path.display())))
}

fn folder(db: &Path, keys: Option<&Path>) -> PathBuf {
    let beside = db.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    keys.unwrap_or(beside).to_owned()
}

/// Writes a file that must not be there yet.
fn write_new(path: &Path, mode: u32, text: &str) -> Result<(), Failure> {
    let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    let mut file = file.map_err(|error| {
        if error.kind() == std::io::ErrorKind::AlreadyExists {
            Failure::Usage(format!("{} is there already, and a key is never overwritten", path.display()))
        } else {
            naming(path, error)
        }
    })?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(|error| naming(path, error))
}

pub(crate) fn other(error: ::export::bundle::KeyError) -> Failure {
    Failure::Other(error.into())
}
