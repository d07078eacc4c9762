//! A disk that fills up under a live capture, in namespaces of its own.

use std::process::Command;

use crate::support::{binary, root};

#[test]
fn capture_goes_on_when_the_disk_is_full_and_the_register_recovers() {
    let identity = Command::new("id").arg("-u").output().map(|output| output.stdout);
    if !identity.is_ok_and(|user| user == b"0\n") {
        println!("\nSKIPPED: mounting a small file system needs root");
        return;
    }
    for kind in ["loop", "tmpfs"] {
        let output = Command::new("unshare")
            .args(["--mount", "--net", "python3"])
            .arg(root().join("tests/disk_full.py"))
            .arg(binary())
            .arg(kind)
            .output();
        let output = match output {
            Ok(output) => output,
            Err(error) => {
                println!("\nSKIPPED: unshare: {error}");
                return;
            }
        };
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        println!("{said}");
        match output.status.code() {
            Some(0) => return,
            Some(5) => {}
            // No namespaces, or no Python.
            Some(127) => {
                println!("\nSKIPPED: {said}");
                return;
            }
            _ if said.starts_with("unshare:") => {
                println!("\nSKIPPED: {said}");
                return;
            }
            code => panic!("{kind}: exit {code:?}: {said}"),
        }
    }
    println!("\nSKIPPED: neither a loop device nor a tmpfs can be mounted here");
}
