//! TLS as a client: authorities from a file and no others, a certificate of our own where the other side wants one.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::config::notify::Tls;

/// What is sent and received through TLS.
pub(crate) type Secured = StreamOwned<ClientConnection, TcpStream>;

/// Reads the files. They are read for each connection, so that a certificate that was renewed holds at once.
fn settings(tls: &Tls) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(&tls.ca)? {
        roots.add(certificate).map_err(|error| format!("{}: {error}", tls.ca.display()))?;
    }
    if roots.is_empty() {
        return Err(format!("{}: no certificate in it", tls.ca.display()));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots);
    let settings = match &tls.own {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let own =
                PrivateKeyDer::from_pem_file(key).map_err(|error| format!("{}: {error}", key.display()))?;
            builder
                .with_client_auth_cert(certificates(certificate)?, own)
                .map_err(|error| format!("{}: {error}", certificate.display()))?
        }
    };
    Ok(Arc::new(settings))
}

fn certificates(path: &std::path::Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let wrong = |error: rustls::pki_types::pem::Error| format!("{}: {error}", path.display());
    CertificateDer::pem_file_iter(path).map_err(wrong)?.collect::<Result<_, _>>().map_err(wrong)
}

/// Says what is wrong with the files and the name, before anybody is called.
pub(crate) fn check(tls: &Tls) -> Result<(), String> {
    name(tls)?;
    settings(tls).map(|_| ())
}

fn name(tls: &Tls) -> Result<ServerName<'static>, String> {
    ServerName::try_from(tls.server_name.clone()).map_err(|error| format!("\"{}\": {error}", tls.server_name))
}

/// Speaks TLS on a connection: the handshake is done when this returns.
pub(crate) fn secure(tls: &Tls, socket: TcpStream) -> Result<Secured, String> {
    let connection = ClientConnection::new(settings(tls)?, name(tls)?).map_err(|error| error.to_string())?;
    let mut secured = StreamOwned::new(connection, socket);
    while secured.conn.is_handshaking() {
        secured.conn.complete_io(&mut secured.sock).map_err(|error| format!("TLS: {error}"))?;
    }
    Ok(secured)
}

/// A connection that can say that no more will come.
pub(crate) trait Line: Read + Write {
    /// Sends everything and closes our direction.
    fn close(&mut self) -> io::Result<()>;

    /// How long one reading may take.
    fn patience(&self, longest: Duration) -> io::Result<()>;
}

impl Line for TcpStream {
    fn close(&mut self) -> io::Result<()> {
        self.flush()?;
        self.shutdown(std::net::Shutdown::Write)
    }

    fn patience(&self, longest: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(longest))
    }
}

impl Line for Secured {
    fn close(&mut self) -> io::Result<()> {
        self.conn.send_close_notify();
        self.flush()?;
        self.sock.shutdown(std::net::Shutdown::Write)
    }

    fn patience(&self, longest: Duration) -> io::Result<()> {
        self.sock.set_read_timeout(Some(longest))
    }
}
