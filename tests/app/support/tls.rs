//! A client that speaks TLS and believes one certificate.

use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rocket::tokio::net::TcpSocket;
use rocket::tokio::runtime::Builder;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// The address of this machine that clients come from; the proxy speaks from another one to the program.
pub const CLIENT: &str = "127.0.0.2";

pub type Tls = StreamOwned<ClientConnection, TcpStream>;

/// A certificate for the public name; in files for the proxy, and as its clients know it.
pub struct Certificate {
    der: CertificateDer<'static>,
}

impl Certificate {
    pub fn make(folder: &Path) -> Self {
        let made = rcgen::generate_simple_self_signed(["example.org".to_owned()]).unwrap();
        let (file, key) = files(folder);
        std::fs::write(&file, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        Self { der: made.cert.der().clone() }
    }

    pub fn connect(&self, port: u16, protocols: &[&[u8]]) -> Tls {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).unwrap();
        let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        let name = ServerName::try_from("example.org").unwrap();
        let mut tls = StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), tcp(port));
        while tls.conn.is_handshaking() {
            tls.conn.complete_io(&mut tls.sock).unwrap();
        }
        tls
    }
}

/// Where the certificate of a folder and its key are.
pub fn files(folder: &Path) -> (PathBuf, PathBuf) {
    (folder.join("certificate.pem"), folder.join("certificate.key"))
}

fn tcp(port: u16) -> TcpStream {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let stream = runtime.block_on(async {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(CLIENT.parse().unwrap(), 0))?;
        socket.connect(SocketAddr::from(([127, 0, 0, 1], port))).await?.into_std()
    });
    let stream = stream.unwrap();
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}
