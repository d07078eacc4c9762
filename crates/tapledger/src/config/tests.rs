use std::fs;
use std::path::Path;

use super::*;

fn sources(folder: &Path, text: &str) -> Sources {
    let file = folder.join("config.toml");
    fs::write(&file, text).unwrap();
    Sources { file: Some(file), ..Sources::default() }
}

fn wrong(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let error = load(&sources(folder.path(), text)).unwrap_err();
    error.replace(&format!("{}/", folder.path().display()), "")
}

#[test]
fn an_option_wins_over_the_environment_over_conf_d_over_the_file_over_the_default() {
    let folder = tempfile::tempdir().unwrap();
    let mut sources = sources(
        folder.path(),
        "site = \"file\"\nsensor = \"file\"\nmemory_mib = 512\nlog.level = \"debug\"\n[queue]\nframes_max = 2048\n",
    );
    fs::create_dir(folder.path().join("conf.d")).unwrap();
    fs::write(folder.path().join("conf.d/20-b.toml"), "site = \"b\"\nsensor = \"b\"\nmemory_mib = 600")
        .unwrap();
    fs::write(folder.path().join("conf.d/10-a.toml"), "site = \"a\"").unwrap();
    fs::write(folder.path().join("conf.d/notes.txt"), "not read").unwrap();
    sources.environment = vec![
        ("TAPLEDGER_SITE".into(), "environment".into()),
        ("TAPLEDGER_SENSOR".into(), "environment".into()),
        ("TAPLEDGER_LOG".into(), "trace".into()),
    ];
    sources.flags = vec![("site".into(), "option".into(), "--site".into())];
    let loaded = load(&sources).unwrap();
    assert_eq!(loaded.config.site, "option");
    assert_eq!(loaded.config.sensor, "environment");
    assert_eq!(loaded.config.memory_mib, 600);
    assert_eq!(loaded.config.log.level, "debug");
    assert_eq!(loaded.config.queue, Queue { frames_max: 2048, octets_max: 64 << 20 });
    let shown = show(&loaded);
    for (value, origin) in [
        ("site = \"option\"", "option --site"),
        ("sensor = \"environment\"", "environment variable TAPLEDGER_SENSOR"),
        ("memory_mib = 600", "conf.d/20-b.toml:3"),
        ("level = \"debug\"", "config.toml:4"),
        ("frames_max = 2048", "config.toml:6"),
        ("octets_max = 67108864", "default"),
    ] {
        let line = shown.lines().find(|line| line.starts_with(value));
        assert!(line.is_some_and(|line| line.ends_with(origin)), "{value}: {shown}");
    }
}

#[test]
fn what_is_shown_is_a_configuration_that_gives_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let text = "prefixes = [\"203.0.113.0/24\"]\n[[interface]]\nname = \"eth1\"\nfilter = \"not port 22\"\n";
    let loaded = load(&sources(folder.path(), text)).unwrap();
    let again = load(&sources(folder.path(), &show(&loaded))).unwrap();
    assert_eq!(loaded.config, again.config);
    assert_eq!(again.config.interfaces[0].filter.as_deref(), Some("not port 22"));
}

#[test]
fn unknown_keys_are_named_with_file_line_and_the_nearest() {
    assert_eq!(
        wrong("site = \"x\"\n\n[retention]\nday_detail = 3\n"),
        "config.toml:4: unknown key retention.day_detail; did you mean retention.days_detail?"
    );
    assert_eq!(
        wrong("[[interface]]\nname = \"eth1\"\nsnap_len = 100\n[zzz]\na = 1"),
        "config.toml:3: unknown key snap_len; did you mean snaplen?\nconfig.toml:4: unknown key zzz"
    );
}

#[test]
fn wrong_values_are_all_named() {
    assert_eq!(
        wrong("batch_seconds = 2"),
        "config.toml:1: batch_seconds: 2.0 is not a number of seconds from 0.5 to 1"
    );
    assert_eq!(wrong("site = 3"), "config.toml:1: site: 3 is not a text");
    assert_eq!(
        wrong("\nlog.format = \"xml\"\npcap_ring.free_min_percent = 0"),
        "config.toml:2: log.format: \"xml\" is not one of journald, json, text\n\
         config.toml:3: pcap_ring.free_min_percent: 0 is not an integer from 1 to 90"
    );
    assert_eq!(
        wrong("prefixes = [\"10.0.0.0\"]"),
        "config.toml:1: prefixes: \"10.0.0.0\": not a prefix of the form 203.0.113.0/24 or 2001:db8::/32"
    );
    assert!(wrong("site = ").starts_with("config.toml:1: "), "{}", wrong("site = "));
    assert_eq!(wrong("interface = \"eth1\"").lines().count(), 1);
    assert_eq!(
        wrong("pcap_ring.directory = \"pcap\""),
        "config.toml:1: pcap_ring.directory: pcap is no whole path"
    );
    assert_eq!(
        wrong("[pcap_ring]\ndirectory = \"/pcap\"\noctets_max = 20000000\nfile_octets = 20000000"),
        "config.toml:4: pcap_ring.file_octets: a file is at most half of the ring (20000000)"
    );
    assert_eq!(wrong("[[interface]]\nbuffer_mib = 1"), "config.toml:2: an interface without a name");
}

#[test]
fn filters_are_compiled_and_memory_is_added_up() {
    let text = wrong("[[interface]]\nname = \"eth1\"\nfilter = \"not a filter\"");
    assert!(text.starts_with("config.toml:3: filter \"not a filter\": "), "{text}");
    let text = wrong("memory_mib = 128\n[[interface]]\nname = \"eth1\"\nbuffer_mib = 64");
    assert!(text.starts_with("config.toml:1: memory_mib: buffers (64 MiB) and queues (64 MiB)"), "{text}");
    let text = wrong("[[interface]]\nname = \"a name that is too long\"");
    assert!(text.contains("is no name of an interface"), "{text}");
}

#[test]
fn interfaces_are_merged_by_name_and_chosen_by_an_option() {
    let folder = tempfile::tempdir().unwrap();
    let mut sources = sources(
        folder.path(),
        "[[interface]]\nname = \"eth1\"\nbuffer_mib = 8\n[[interface]]\nname = \"eth2\"\n",
    );
    fs::create_dir(folder.path().join("conf.d")).unwrap();
    fs::write(folder.path().join("conf.d/a.toml"), "[[interface]]\nname = \"eth1\"\nsnaplen = 128").unwrap();
    let config = load(&sources).unwrap().config;
    let names: Vec<&str> = config.interfaces.iter().map(|interface| interface.name.as_str()).collect();
    assert_eq!(names, ["eth1", "eth2"]);
    assert_eq!((config.interfaces[0].buffer_mib, config.interfaces[0].snaplen), (8, 128));
    sources.flags = vec![("interface".into(), "eth3,eth1".into(), "--interface".into())];
    let config = load(&sources).unwrap().config;
    let names: Vec<&str> = config.interfaces.iter().map(|interface| interface.name.as_str()).collect();
    assert_eq!(names, ["eth3", "eth1"]);
    assert_eq!((config.interfaces[0].buffer_mib, config.interfaces[1].buffer_mib), (64, 8));
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let sources = Sources { file: Some("/nowhere/config.toml".into()), ..Sources::default() };
    let error = load(&sources).unwrap_err();
    assert!(error.starts_with("/nowhere/config.toml:1: "), "{error}");
}

#[test]
fn the_commented_example_names_every_key_and_holds_the_defaults() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../systemd/config.toml");
    let text = fs::read_to_string(example).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let shipped = load(&sources(folder.path(), &text)).unwrap().config;
    assert!(shipped.interfaces.is_empty(), "the package never listens on an interface that nobody chose");
    // Without the comment signs before keys and tables it says what is the case anyway.
    let full: String = text
        .lines()
        .map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with([' ', '#'])).unwrap_or(line))
        .fold(String::new(), |text, line| text + line + "\n");
    let loaded = load(&sources(folder.path(), &full)).unwrap();
    let defaults = load(&Sources::default()).unwrap().config;
    assert_eq!(Config { interfaces: Vec::new(), ..loaded.config.clone() }, defaults);
    assert_eq!(loaded.config.interfaces.len(), 1);
    for line in show(&loaded).lines().filter(|line| line.contains(" = ")) {
        assert!(!line.ends_with("# default"), "the example does not name it: {line}");
    }
}

#[test]
fn what_the_second_unit_does_is_checked_and_metrics_stay_on_this_machine() {
    let text = wrong("[metrics]\nlisten = \"0.0.0.0:9810\"");
    assert!(
        text.starts_with("config.toml:2: metrics.listen: 0.0.0.0:9810 is not on this machine alone"),
        "{text}"
    );
    assert!(text.ends_with("metrics.beyond_loopback = true allows it"), "{text}");
    assert_eq!(
        wrong("[syslog]\naddress = \"siem\""),
        "config.toml:2: syslog.address: \"siem\" is no host with a port, as in siem.example:6514, 192.0.2.7:514 or [2001:db8::7]:514"
    );
    assert_eq!(
        wrong("[cef]\naddress = \"siem:6514\"\n"),
        "default: cef.ca_file: TLS needs the certificates of the authorities that are trusted (PEM)"
    );
    assert_eq!(
        wrong("[syslog]\nadress = \"siem:514\""),
        "config.toml:2: unknown key syslog.adress; did you mean syslog.address?"
    );
    let folder = tempfile::tempdir().unwrap();
    let config = |text: &str| load(&sources(folder.path(), text)).unwrap().config.notify;
    let found = config(
        "[metrics]\nlisten = \"[::1]:9810\"\n[syslog]\naddress = \"[2001:db8::7]:514\"\ntransport = \"udp\"",
    );
    assert!(matches!(found.metrics, Some(notify::Listen::Tcp(address)) if address.port() == 9810));
    assert_eq!(found.syslog.unwrap().enterprise, 32_473);
    let found = config("[metrics]\nlisten = \"192.0.2.1:9810\"\nbeyond_loopback = true");
    assert!(matches!(found.metrics, Some(notify::Listen::Tcp(_))));
    let found = config("[cef]\naddress = \"siem.example:6514\"\nca_file = \"/ca.pem\"\n");
    let notify::Transport::Tls(tls) = found.cef.unwrap().transport else { panic!("TLS is the default") };
    assert_eq!((tls.server_name.as_str(), tls.own), ("siem.example", None));
    assert_eq!(config(""), load(&Sources::default()).unwrap().config.notify);
}
