//! What a running server leaves in its data directory for its doctor.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

const FILE: &str = "ways.json";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Drawn anew at each start; with it the server answers probes, and nothing else.
    pub password: String,
    /// What browsers are told.
    pub addresses: Vec<IpAddr>,
    /// One for each shard.
    pub ports: Vec<u16>,
    pub tcp: bool,
    pub turn: bool,
    /// `host:port` of TURN over TLS.
    pub turns: Vec<String>,
}

impl Notice {
    pub fn write(&self, data: &Path) -> io::Result<()> {
        let path = data.join(FILE);
        // Anew, so that it is ours alone to read from its first byte.
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(&serde_json::to_vec_pretty(self)?)
    }

    /// `None` if no server has run here.
    pub fn read(data: &Path) -> io::Result<Option<Notice>> {
        match File::open(data.join(FILE)) {
            Ok(file) => Ok(Some(serde_json::from_reader(file)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_notice_is_read_again_and_by_nobody_else() {
        let data = tempfile::tempdir().expect("directory");
        assert_eq!(Notice::read(data.path()).expect("readable"), None);
        let notice = Notice {
            password: "secret".into(),
            addresses: vec!["192.0.2.1".parse().expect("address")],
            ports: vec![3478],
            tcp: true,
            turn: true,
            turns: vec!["class.example.org:443".into()],
        };
        for _ in 0..2 {
            notice.write(data.path()).expect("written");
            assert_eq!(Notice::read(data.path()).expect("readable"), Some(notice.clone()));
        }
        let mode = data.path().join(FILE).metadata().expect("there").permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }
}
