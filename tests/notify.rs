//! The second unit: it tells syslog and CEF receivers, an MQTT broker, who asks for metrics, and the far side of a diode.
//!
//! Real receivers on loopback, which read strictly. Those with TLS need `openssl` for their certificates.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::{self, Register, capture, command, list, text};

/// A message of RFC 5424 as its grammar reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Message {
    priority: u32,
    /// Time, host, program, process, kind.
    header: [String; 5],
    elements: BTreeMap<String, BTreeMap<String, String>>,
    text: String,
}

impl Message {
    /// Reads strictly; whatever the grammar does not allow is a panic.
    fn read(message: &str) -> Self {
        let rest = message.strip_prefix('<').unwrap_or_else(|| panic!("no PRI: {message:?}"));
        let (priority, mut rest) = rest.split_once(">1 ").unwrap();
        assert!(priority.len() <= 3 && !priority.starts_with('0') || priority == "0", "{priority}");
        let header = [32, 255, 48, 128, 32].map(|max| {
            let (field, after) = rest.split_once(' ').unwrap();
            rest = after;
            assert!(!field.is_empty() && field.len() <= max, "{field}");
            assert!(field.bytes().all(|octet| octet.is_ascii_graphic()), "{field}");
            field.to_owned()
        });
        let mut elements = BTreeMap::new();
        while let Some(inner) = rest.strip_prefix('[') {
            let (name, mut inner) = inner.split_at(inner.find([' ', ']']).unwrap());
            let mut parameters = BTreeMap::new();
            while let Some(parameter) = inner.strip_prefix(' ') {
                let (key, value) = parameter.split_once("=\"").unwrap();
                let (mut read, mut characters) = (String::new(), value.char_indices());
                let end = loop {
                    match characters.next().unwrap() {
                        (_, '\\') => {
                            let escaped = characters.next().unwrap().1;
                            assert!(matches!(escaped, '"' | '\\' | ']'), "{message}");
                            read.push(escaped);
                        }
                        (at, '"') => break at,
                        (_, ']') => panic!("an unescaped bracket: {message}"),
                        (_, other) => read.push(other),
                    }
                };
                assert_eq!(parameters.insert(key.to_owned(), read), None, "{key} twice: {message}");
                inner = &value[end + 1..];
            }
            rest = inner.strip_prefix(']').unwrap();
            assert_eq!(elements.insert(name.to_owned(), parameters), None, "{name} twice: {message}");
        }
        let text = rest.strip_prefix(" \u{feff}").unwrap_or_else(|| panic!("no text in UTF-8: {message:?}"));
        assert!(!message.chars().any(char::is_control), "{message:?}");
        assert!(message.len() <= 2048, "{}", message.len());
        Self { priority: priority.parse().unwrap(), header, elements, text: text.to_owned() }
    }

    fn own(&self) -> &BTreeMap<String, String> {
        let own = self.elements.iter().find(|(name, _)| name.ends_with("@32473"));
        own.unwrap_or_else(|| panic!("{self:?}")).1
    }

    fn id(&self) -> String {
        format!("{} {}", self.own()["id"], self.own().get("after").map_or("", String::as_str))
    }
}

/// Frames of RFC 6587 with octet counts, read strictly.
fn frames(mut octets: &[u8]) -> Vec<String> {
    let mut messages = Vec::new();
    while !octets.is_empty() {
        let blank = octets.iter().position(|octet| *octet == b' ').expect("a length");
        let digits = std::str::from_utf8(&octets[..blank]).unwrap();
        assert!(!digits.starts_with('0') && digits.bytes().all(|octet| octet.is_ascii_digit()), "{digits}");
        let length: usize = digits.parse().unwrap();
        let message = &octets[blank + 1..blank + 1 + length];
        messages.push(String::from_utf8(message.to_vec()).unwrap());
        octets = &octets[blank + 1 + length..];
    }
    messages
}

/// A receiver over TCP, or TLS. It reads each connection to its end, then closes it.
struct Receiver {
    address: SocketAddr,
    messages: Arc<Mutex<Vec<String>>>,
    /// Connections that are reset in the middle of what they bring, before one is read.
    resets: Arc<AtomicUsize>,
    stopping: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Receiver {
    fn new(tls: Option<Arc<ServerConfig>>) -> Self {
        Self::at(TcpListener::bind("127.0.0.1:0").unwrap(), tls, 0)
    }

    fn at(listener: TcpListener, tls: Option<Arc<ServerConfig>>, resets: usize) -> Self {
        let address = listener.local_addr().unwrap();
        let messages = Arc::new(Mutex::new(Vec::new()));
        let (resets, stopping) = (Arc::new(AtomicUsize::new(resets)), Arc::new(AtomicBool::new(false)));
        let (heard, left, stop) = (Arc::clone(&messages), Arc::clone(&resets), Arc::clone(&stopping));
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let mut stream = stream.unwrap();
                stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                if left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
                {
                    // What is not read when a connection is closed resets it.
                    stream.read_exact(&mut [0; 64]).unwrap();
                    continue;
                }
                let mut octets = Vec::new();
                match &tls {
                    None => drop(stream.read_to_end(&mut octets).unwrap()),
                    Some(tls) => {
                        let connection = ServerConnection::new(Arc::clone(tls)).unwrap();
                        let mut secured = StreamOwned::new(connection, stream);
                        // A client that is not trusted, or does not trust us, brings nothing.
                        if secured.read_to_end(&mut octets).is_err() {
                            continue;
                        }
                        secured.conn.send_close_notify();
                        secured.flush().unwrap();
                    }
                }
                heard.lock().unwrap().extend(frames(&octets));
            }
        });
        Self { address, messages, resets, stopping, thread: Some(thread) }
    }

    fn messages(&self) -> Vec<String> {
        self.messages.lock().unwrap().clone()
    }

    fn read(&self) -> Vec<Message> {
        self.messages().iter().map(|message| Message::read(message)).collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
        // A receiver that found a mistake has said so; what it panicked with is this test's failure.
        let ended = self.thread.take().map(thread::JoinHandle::join);
        if !thread::panicking() {
            ended.unwrap().unwrap();
        }
    }
}

/// `tapledger notify`, running.
struct Notifier {
    child: Child,
    log: PathBuf,
}

impl Notifier {
    /// On a register, with keys of the configuration.
    fn start(register: &Register, keys: &str) -> Self {
        let folder = register.folder.path();
        let config = folder.join("config.toml");
        let text = format!(
            "register = \"{}\"\nsensor = \"s 1\"\nlog.format = \"json\"\nnotify.state_directory = \"{}\"\n\
             notify.interval_seconds = 0.1\nnotify.learned = true\n{keys}\n",
            register.database().display(),
            folder.join("state").display(),
        );
        fs::write(&config, text).unwrap();
        let log = folder.join("log");
        let child = command(folder, ["notify", "--config", config.to_str().unwrap()])
            .env_remove("TAPLEDGER_LOG")
            .stdout(Stdio::null())
            .stderr(fs::File::options().create(true).append(true).open(&log).unwrap())
            .spawn()
            .unwrap();
        Self { child, log }
    }

    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    fn until(&mut self, what: &str, mut happened: impl FnMut() -> bool) {
        let began = Instant::now();
        while !happened() {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("it ended ({status}): {}", self.log());
            }
            assert!(began.elapsed() < Duration::from_secs(60), "never: {what}\n{}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn stop(mut self) {
        let killed = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(killed.success());
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                assert!(status.success(), "{status}: {}", self.log());
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(30), "it does not end: {}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Notifier {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a register has to tell: its changes and findings.
fn count(register: &Register) -> usize {
    let json = register.json();
    list(&json, "changes").len() + list(&json, "findings").len()
}

fn tcp(table: &str, address: SocketAddr) -> String {
    format!("{table}.address = \"{address}\"\n{table}.transport = \"tcp\"\n")
}

/// Every event stands there once.
fn all_once(messages: &[Message], wanted: usize) {
    let ids: BTreeSet<String> = messages.iter().map(Message::id).collect();
    assert_eq!((ids.len(), messages.len()), (wanted, wanted), "each once");
}

const QUIET: &str = "notify.journal_minutes = 0\n";

#[test]
fn changes_and_findings_reach_a_strict_receiver_once_across_restarts_and_hostile_names() {
    let register = Register::of(&[capture("modbus-gateway.pcap")]);
    let json = register.json();
    let asset = text(&list(&json, "assets")[0], "id").to_owned();
    let hostile = "PLC\"]\\ =|[x@1 y=\"z\"] 12 <13>1";
    register.stdout(&["assets", "set", &asset, &format!("name={hostile}")]);
    let (receiver, cef) = (Receiver::new(None), Receiver::new(None));
    let keys = format!("{QUIET}{}{}", tcp("syslog", receiver.address), tcp("cef", cef.address));
    let wanted = count(&register);
    assert!(wanted > 10, "{wanted}");

    let mut notifier = Notifier::start(&register, &keys);
    notifier.until("all are told", || receiver.messages().len() >= wanted && cef.messages().len() >= wanted);
    notifier.stop();
    let first = receiver.read();
    all_once(&first, wanted);
    assert!(first.iter().all(|message| message.header[1] == "s_1" && message.header[2] == "tapledger"));
    assert!(first.iter().any(|message| message.own().get("assetName").is_some_and(|name| name == hostile)));
    assert!(first.iter().any(|message| message.text.contains(hostile)), "the text too");
    let sequence: Vec<&str> =
        first.iter().map(|message| message.elements["meta"]["sequenceId"].as_str()).collect();
    assert_eq!(sequence, (1..=wanted).map(|number| number.to_string()).collect::<Vec<_>>());
    let priorities: BTreeSet<u32> = first.iter().map(|message| message.priority / 8).collect();
    assert_eq!(priorities, BTreeSet::from([16]), "local0");
    for message in cef.messages() {
        assert!(message.contains(" s_1 CEF:0|tapledger|tapledger|"), "{message}");
        assert!(!message.chars().any(char::is_control), "{message:?}");
    }

    // Nothing is told again, and what is new is.
    register.import(&[capture("cuts/s7-snap7-szl-stop.pcapng")]);
    let more = count(&register);
    assert!(more > wanted);
    let mut notifier = Notifier::start(&register, &keys);
    notifier.until("the new ones are told", || receiver.messages().len() >= more);
    register.import(&[capture("s7-download.pcap")]);
    let all = count(&register);
    notifier.until("so are those that come while it runs", || {
        receiver.messages().len() >= all && cef.messages().len() >= all
    });
    thread::sleep(Duration::from_millis(500));
    notifier.stop();
    all_once(&receiver.read(), all);
    assert!(cef.messages().len() == all, "{} of {all}", cef.messages().len());
}

#[test]
fn what_people_decide_about_a_finding_is_told() {
    let register = Register::of(&[capture("modbus-gateway.pcap")]);
    let json = register.json();
    let finding = text(&list(&json, "findings")[0], "id").to_owned();
    let receiver = Receiver::new(None);
    let wanted = count(&register);
    let mut notifier = Notifier::start(&register, &format!("{QUIET}{}", tcp("syslog", receiver.address)));
    notifier.until("all are told", || receiver.messages().len() >= wanted);
    register.stdout(&["findings", "ack", &finding]);
    notifier.until("the decision is told", || receiver.messages().len() > wanted);
    notifier.stop();
    let messages = receiver.read();
    let last = messages.last().unwrap().own();
    assert_eq!(messages.len(), wanted + 1);
    assert_eq!(
        (last["id"].as_str(), last["before"].as_str(), last["after"].as_str()),
        (finding.as_str(), "open", "acknowledged")
    );
}

#[test]
fn a_receiver_that_is_down_resets_and_is_back_misses_nothing() {
    let all: Vec<PathBuf> = support::captures().into_iter().map(|(_, path)| path).collect();
    let register = Register::new();
    // Some of them are damaged, which is said and no matter here.
    let paths: Vec<&str> = all.iter().filter_map(|path| path.to_str()).collect();
    register.run(&[&["import"], paths.as_slice()].concat());
    let wanted = count(&register);
    assert!(wanted > 256, "more than one batch: {wanted}");
    // A port that nobody listens on.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut notifier = Notifier::start(&register, &format!("{QUIET}{}", tcp("syslog", address)));
    let log = notifier.log.clone();
    notifier.until("it says that nobody is there", || {
        fs::read_to_string(&log).unwrap().contains("Connection refused")
    });
    let receiver = Receiver::at(TcpListener::bind(address).unwrap(), None, 2);
    notifier.until("all are told", || receiver.messages().len() >= wanted);
    assert_eq!(receiver.resets.load(Ordering::Relaxed), 0, "two connections were reset");
    notifier.stop();
    all_once(&receiver.read(), wanted);
}

#[test]
fn datagrams_are_one_message_each() {
    let register = Register::of(&[capture("modbus-gateway.pcap")]);
    let wanted = count(&register);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let keys = format!(
        "{QUIET}syslog.address = \"{}\"\nsyslog.transport = \"udp\"\nsyslog.facility = \"local4\"\n",
        socket.local_addr().unwrap()
    );
    let notifier = Notifier::start(&register, &keys);
    let mut room = [0; 65_536];
    let messages: Vec<Message> = (0..wanted)
        .map(|_| {
            let length = socket.recv(&mut room).unwrap();
            Message::read(std::str::from_utf8(&room[..length]).unwrap())
        })
        .collect();
    notifier.stop();
    all_once(&messages, wanted);
    assert!(messages.iter().all(|message| message.priority / 8 == 20));
}

#[test]
fn where_the_journal_ends_is_told_and_that_it_was_rewritten() {
    let register = Register::of(&[capture("modbus-gateway.pcap")]);
    let receiver = Receiver::new(None);
    let keys = format!("notify.journal_minutes = 60\n{}", tcp("syslog", receiver.address));
    let heads = || -> Vec<Message> {
        receiver.read().into_iter().filter(|message| message.elements.contains_key("journal@32473")).collect()
    };
    let mut notifier = Notifier::start(&register, &keys);
    notifier.until("the head is told", || heads().len() == 1);
    let head = heads()[0].own().clone();
    let verified = register.stdout(&["journal", "verify"]);
    assert!(verified.contains(&head["after"]), "{verified} {head:?}");
    notifier.stop();
    // Somebody who may do anything on the machine takes the last line away and writes another one.
    let script = "import sqlite3, sys\n\
        db = sqlite3.connect(sys.argv[1])\n\
        db.execute('DROP TRIGGER journal_keeps_its_lines')\n\
        db.execute(\"UPDATE journal SET hash = 'forged' WHERE seq = (SELECT max(seq) FROM journal)\")\n\
        db.commit()\n";
    let forged = Command::new("python3").args(["-c", script]).arg(register.database()).status();
    if !forged.is_ok_and(|status| status.success()) {
        println!("\nSKIPPED: python3 with sqlite3 is not here");
        return;
    }
    let mut notifier = Notifier::start(&register, &keys);
    notifier.until("that is told", || heads().len() == 2);
    notifier.stop();
    let told = &heads()[1];
    assert_eq!((told.header[4].as_str(), told.priority % 8), ("journal_rewritten", 4));
    assert_eq!(
        (told.own()["before"].as_str(), told.own()["after"].as_str()),
        (head["after"].as_str(), "forged")
    );
}

/// Certificates made by `openssl`: an authority, a server for 127.0.0.1, a client, and another authority.
fn certificates(folder: &Path) -> bool {
    let script = r#"
set -e
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 2 -subj "/CN=test ca"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout other.key -out other.pem -days 2 -subj "/CN=other ca"
for name in server client; do
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $name.key -out $name.csr -subj "/CN=$name"
    printf 'subjectAltName=IP:127.0.0.1,DNS:siem.example\nbasicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\n' > $name.ext
    openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out $name.pem -days 2 -extfile $name.ext
done
"#;
    let made = Command::new("sh").args(["-c", script]).current_dir(folder).output();
    let made = made.is_ok_and(|output| output.status.success());
    if !made {
        println!("\nSKIPPED: openssl makes no certificates here");
    }
    made
}

fn server(folder: &Path) -> Arc<ServerConfig> {
    let read = |name: &str| -> Vec<CertificateDer<'static>> {
        CertificateDer::pem_file_iter(folder.join(name)).unwrap().map(Result::unwrap).collect()
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    read("ca.pem").into_iter().for_each(|certificate| roots.add(certificate).unwrap());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let builder =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let key = PrivateKeyDer::from_pem_file(folder.join("server.key")).unwrap();
    let builder = builder.with_client_cert_verifier(verifier.build().unwrap());
    Arc::new(builder.with_single_cert(read("server.pem"), key).unwrap())
}

#[test]
fn tls_trusts_the_named_authority_alone_and_shows_its_own_certificate() {
    let folder = tempfile::tempdir().unwrap();
    if !certificates(folder.path()) {
        return;
    }
    let file = |name: &str| folder.path().join(name).display().to_string();
    let register = Register::of(&[capture("modbus-gateway.pcap")]);
    let wanted = count(&register);
    let receiver = Receiver::new(Some(server(folder.path())));
    let keys = |ca: &str, own: bool, name: &str| {
        let mut keys =
            format!("{QUIET}syslog.address = \"{}\"\nsyslog.ca_file = \"{}\"\n", receiver.address, file(ca));
        if own {
            keys += &format!(
                "syslog.certificate_file = \"{}\"\nsyslog.key_file = \"{}\"\n",
                file("client.pem"),
                file("client.key")
            );
        }
        keys + &format!("syslog.server_name = \"{name}\"\n")
    };
    for (ca, own, name, problem) in [
        ("other.pem", true, "siem.example", "UnknownIssuer"),
        // The alert may be lost with the connection.
        ("ca.pem", false, "siem.example", "CertificateRequired|reset by peer|Broken pipe"),
        ("ca.pem", true, "another.example", "not valid for name"),
    ] {
        let mut notifier = Notifier::start(&register, &keys(ca, own, name));
        let log = notifier.log.clone();
        notifier.until(problem, || {
            let log = fs::read_to_string(&log).unwrap();
            problem.split('|').any(|problem| log.contains(problem))
        });
        notifier.stop();
        fs::remove_file(&log).unwrap();
        assert_eq!(receiver.messages(), Vec::<String>::new());
    }
    let mut notifier = Notifier::start(&register, &keys("ca.pem", true, "siem.example"));
    notifier.until("all are told", || receiver.messages().len() >= wanted);
    notifier.stop();
    all_once(&receiver.read(), wanted);
}

#[test]
fn wrong_files_and_nobody_to_tell_are_mistakes_of_the_configuration() {
    let register = Register::of(&[capture("modbus-gateway.pcap")]);
    for (keys, problem) in [
        ("", "nobody is to be told anything"),
        ("syslog.address = \"127.0.0.1:9\"\nsyslog.ca_file = \"/nowhere.pem\"", "[syslog]: /nowhere.pem"),
        ("metrics.listen = \"0.0.0.0:0\"", "is not on this machine alone"),
    ] {
        let mut notifier = Notifier::start(&register, keys);
        let status = notifier.child.wait().unwrap();
        assert_eq!(status.code(), Some(3), "{keys}: {}", notifier.log());
        assert!(notifier.log().contains(problem), "{keys}: {}", notifier.log());
    }
}

/// What was published: topic, message, retained.
type Published = (String, String, bool);

/// A broker that takes what is published with quality of service 1. Each of the first connections is closed instead of the
/// answer to a packet of this number.
fn broker(listener: TcpListener, closes: Vec<usize>, published: Arc<Mutex<Vec<Published>>>) {
    fn packet(stream: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
        let mut first = [0];
        stream.read_exact(&mut first).ok()?;
        let (mut length, mut shift) = (0_usize, 0);
        loop {
            let mut group = [0];
            stream.read_exact(&mut group).unwrap();
            length |= usize::from(group[0] & 0x7f) << shift;
            shift += 7;
            if group[0] & 0x80 == 0 {
                break;
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).unwrap();
        Some((first[0], body))
    }
    let mut closes = closes.into_iter();
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        let (first, body) = packet(&mut stream).unwrap();
        assert_eq!((first, &body[..7]), (0x10, &b"\x00\x04MQTT\x04"[..]));
        stream.write_all(&[0x20, 2, 0, 0]).unwrap();
        let mut left = closes.next().unwrap_or(usize::MAX);
        while let Some((first, body)) = packet(&mut stream) {
            match first {
                0x32 | 0x33 => {
                    let length = usize::from(u16::from_be_bytes([body[0], body[1]]));
                    let topic = String::from_utf8(body[2..2 + length].to_vec()).unwrap();
                    let message = String::from_utf8(body[4 + length..].to_vec()).unwrap();
                    published.lock().unwrap().push((topic, message, first & 1 == 1));
                    left -= 1;
                    if left == 0 {
                        break;
                    }
                    stream.write_all(&[0x40, 2, body[2 + length], body[3 + length]]).unwrap();
                }
                0xe0 => break,
                other => panic!("a packet {other:#x}"),
            }
        }
    }
}

#[test]
fn a_broker_gets_the_objects_of_the_export_at_least_once_and_health_that_stays() {
    let register = Register::of(&[capture("modbus-gateway.pcap")]);
    let json = register.json();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let published = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&published);
    thread::spawn(move || broker(listener, vec![3, 5], heard));
    let keys = format!("{QUIET}mqtt.address = \"{address}\"\nmqtt.tls = false\n");
    let mut notifier = Notifier::start(&register, &keys);
    let all = || -> Vec<Published> { published.lock().unwrap().clone() };
    notifier.until("health is told", || all().iter().any(|(topic, ..)| topic == "tapledger/default/health"));
    notifier.stop();
    let all = all();
    for what in ["changes", "findings"] {
        let topic = format!("tapledger/default/{what}");
        let told = all.iter().filter(|(own, ..)| *own == topic);
        let told: Vec<Value> = told.map(|(_, message, _)| serde_json::from_str(message).unwrap()).collect();
        let wanted = list(&json, what);
        assert!(wanted.iter().all(|object| told.contains(object)), "{what}");
        assert!(told.len() <= wanted.len() + 2, "again is only what was not answered: {}", told.len());
    }
    let health: Vec<&Published> = all.iter().filter(|(topic, ..)| topic.ends_with("/health")).collect();
    assert!(health.iter().all(|(.., retained)| *retained));
    assert!(all.iter().all(|(topic, _, retained)| *retained == topic.ends_with("/health")));
    let first: Value = serde_json::from_str(&health[0].1).unwrap();
    assert_eq!((text(&first, "status"), &first["receivers"][0]["name"]), ("ok", &"mqtt".into()));
    assert_eq!(health.last().unwrap().1, "{\"status\":\"stopped\"}");
}

#[test]
fn health_stays_where_the_will_speaks_for_it_and_a_register_that_is_not_there_is_told() {
    let register = Register::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let keys = format!("{QUIET}mqtt.address = \"{}\"\nmqtt.tls = false\n", listener.local_addr().unwrap());
    let published = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&published);
    thread::spawn(move || broker(listener, Vec::new(), heard));
    let mut notifier = Notifier::start(&register, &keys);
    let health = |site: &str| -> Vec<Published> {
        let topic = format!("tapledger/{site}/health");
        let all = published.lock().unwrap();
        all.iter().filter(|(own, ..)| *own == topic).cloned().collect()
    };
    notifier.until("that there is no register is told", || !health("default").is_empty());
    let first: Value = serde_json::from_str(&health("default")[0].1).unwrap();
    assert_eq!((text(&first, "status"), &first["register"]["readable"]), ("failing", &false.into()));
    let path = capture("modbus-gateway.pcap");
    register.stdout(&["import", "--site", "north", path.to_str().unwrap()]);
    notifier.until("the other site's health is told", || !health("north").is_empty());
    notifier.stop();
    assert!(health("default").iter().all(|(.., retained)| *retained));
    assert!(health("north").iter().all(|(.., retained)| !retained));
    assert_eq!(health("default").last().unwrap().1, "{\"status\":\"stopped\"}");
}

/// Asks over HTTP: status, headers, body.
fn ask(mut stream: impl Read + Write, request: &str) -> (String, String, String) {
    write!(stream, "{request} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let (status, headers) = head.split_once("\r\n").unwrap();
    (status.to_owned(), headers.to_lowercase(), body.to_owned())
}

#[test]
fn metrics_and_health_are_answered_on_a_socket_and_on_loopback() {
    let register = Register::of(&[capture("plant.pcapng")]);
    let json = register.json();
    let socket = register.folder.path().join("metrics.sock");
    let keys = format!("metrics.listen = \"unix:{}\"\n", socket.display());
    let mut notifier = Notifier::start(&register, &keys);
    let get = |path: &str| ask(UnixStream::connect(&socket).unwrap(), &format!("GET {path}"));
    notifier.until("it answers", || UnixStream::connect(&socket).is_ok());
    notifier.until("the register was read", || get("/health").0.contains("200"));
    let (status, headers, metrics) = get("/metrics");
    assert!(status.contains("200") && headers.contains("text/plain; version=0.0.4"), "{status} {headers}");
    let observed = list(&json, "assets").iter().filter(|asset| text(asset, "state") == "observed").count();
    for line in [
        format!("tapledger_assets{{site=\"default\",state=\"observed\"}} {observed}"),
        format!(
            "tapledger_frames_total{{kind=\"file\",site=\"default\",sensor=\"\",interface=\"\"}} {}",
            json["captures"][0]["frames"]
        ),
        "tapledger_register_readable 1".to_owned(),
        format!("tapledger_build_info{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION")),
    ] {
        assert!(metrics.lines().any(|own| own == line), "{line}\n{metrics}");
    }
    let health: Value = serde_json::from_str(&get("/health").2).unwrap();
    assert_eq!(health["register"]["assets"], list(&json, "assets").len());
    assert!(get("/other").0.contains("404"));
    let (status, headers, _) = ask(UnixStream::connect(&socket).unwrap(), "POST /metrics");
    assert!(status.contains("405") && headers.contains("allow: get"), "{status} {headers}");
    // A register that is gone is said, and what was read stays.
    fs::rename(register.database(), register.folder.path().join("gone")).unwrap();
    notifier.until("it says so", || get("/health").0.contains("503"));
    assert!(get("/metrics").2.contains("tapledger_register_readable 0"));
    notifier.stop();
    assert!(!socket.exists());

    fs::rename(register.folder.path().join("gone"), register.database()).unwrap();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut notifier = Notifier::start(&register, &format!("metrics.listen = \"{address}\"\n"));
    notifier.until("it answers", || TcpStream::connect(address).is_ok());
    assert!(ask(TcpStream::connect(address).unwrap(), "GET /metrics").0.contains("200"));
    notifier.stop();
}

#[test]
fn sets_of_files_are_numbered_chained_and_summed() {
    let register = Register::of(&[capture("modbus-gateway.pcap")]);
    let out = register.folder.path().join("out");
    let keys = format!("export.directory = \"{}\"\nexport.minutes = 1\nexport.kept_max = 2\n", out.display());
    let manifest = |number: u64| out.join(format!("manifest-{number:08}.json"));
    let mut told = Vec::new();
    for number in 1..=3 {
        let wanted = register.json();
        let mut notifier = Notifier::start(&register, &keys);
        notifier.until("a set is there", || manifest(number).exists());
        notifier.stop();
        let text_of = fs::read_to_string(manifest(number)).unwrap();
        let read: Value = serde_json::from_str(&text_of).unwrap();
        assert_eq!((text(&read, "schema"), &read["sequence"]), ("tapledger.files/1", &number.into()));
        for file in list(&read, "files") {
            let octets = fs::read(out.join(text(file, "name"))).unwrap();
            let sum: String = Sha256::digest(&octets).iter().map(|octet| format!("{octet:02x}")).collect();
            assert_eq!((text(file, "sha256"), &file["octets"]), (sum.as_str(), &octets.len().into()));
        }
        let document: Value =
            serde_json::from_slice(&fs::read(out.join(format!("register-{number:08}.json"))).unwrap())
                .unwrap();
        assert_eq!(document, wanted);
        let events = fs::read_to_string(out.join(format!("events-{number:08}.jsonl"))).unwrap();
        let events: Vec<Value> = events.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(read["events"], events.len());
        assert!(events.iter().all(|event| matches!(text(event, "type"), "change" | "finding")));
        if number == 2 {
            assert_eq!(events, Vec::<Value>::new(), "nothing is new");
            register.import(&[capture("s7-download.pcap")]);
        }
        told.push((text_of, events.len()));
    }
    assert_eq!(told.iter().map(|(_, events)| events).sum::<usize>(), count(&register));
    let sum: String =
        Sha256::digest(told[1].0.as_bytes()).iter().map(|octet| format!("{octet:02x}")).collect();
    let last: Value = serde_json::from_str(&told[2].0).unwrap();
    assert_eq!((&last["previous"]["sequence"], &last["previous"]["sha256"]), (&2.into(), &sum.into()));
    let left: BTreeSet<String> =
        fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(left.len(), 6, "two sets stay: {left:?}");
}

#[test]
fn two_that_tell_the_same_receivers_are_one_too_many() {
    let register = Register::of(&[capture("modbus-gateway.pcap")]);
    let receiver = Receiver::new(None);
    let keys = format!("{QUIET}{}", tcp("syslog", receiver.address));
    let mut first = Notifier::start(&register, &keys);
    first.until("it tells", || !receiver.messages().is_empty());
    let mut second = Notifier::start(&register, &keys);
    assert_eq!(second.child.wait().unwrap().code(), Some(1));
    assert!(second.log().contains("another `tapledger notify` works with it"), "{}", second.log());
    first.stop();
}

#[test]
fn the_register_is_read_where_nothing_can_be_written() {
    // Whoever is root may write everywhere, so the folder is mounted for reading only, in a namespace of its own.
    let register = Register::of(&[capture("modbus-gateway.pcap")]);
    let folder = register.folder.path();
    let (socket, config) = (tempfile::tempdir().unwrap(), folder.join("config.toml"));
    let text = format!(
        "register = \"{}\"\nnotify.state_directory = \"{}\"\nmetrics.listen = \"unix:{}\"\nnotify.interval_seconds = 0.1\n",
        register.database().display(),
        socket.path().join("state").display(),
        socket.path().join("m.sock").display()
    );
    fs::write(&config, text).unwrap();
    let script = format!(
        "mount --bind {0} {0} && mount -o remount,ro,bind {0} && ! touch {0}/x 2>/dev/null && exec {1} notify --config {2}",
        folder.display(),
        support::binary().display(),
        config.display()
    );
    let log = socket.path().join("log");
    let child = Command::new("unshare")
        .args(["--mount", "sh", "-c", &script])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(fs::File::create(&log).unwrap())
        .spawn();
    let Ok(child) = child else {
        println!("\nSKIPPED: unshare is not here");
        return;
    };
    let mut notifier = Notifier { child, log };
    thread::sleep(Duration::from_millis(300));
    if notifier.child.try_wait().unwrap().is_some() && notifier.log().contains("unshare") {
        println!("\nSKIPPED: this user makes no mount namespaces: {}", notifier.log());
        return;
    }
    let path = socket.path().join("m.sock");
    notifier.until("it answers", || UnixStream::connect(&path).is_ok());
    notifier.until("the register was read", || {
        ask(UnixStream::connect(&path).unwrap(), "GET /health").0.contains("200")
    });
    // And while somebody else writes it.
    let before = ask(UnixStream::connect(&path).unwrap(), "GET /metrics").2;
    register.import(&[capture("s7-download.pcap")]);
    notifier.until("what is new was read", || {
        let now = ask(UnixStream::connect(&path).unwrap(), "GET /metrics").2;
        let frames = |text: &str| {
            text.lines().find(|line| line.starts_with("tapledger_frames_total")).map(str::to_owned)
        };
        frames(&now) != frames(&before)
    });
    notifier.stop();
}
