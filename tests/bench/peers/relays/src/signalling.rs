//! `POST /camera` and `POST /viewer`: a body that is an offer, answered with the answer.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};

/// No offer of a light peer is longer.
const BODY_BYTES_MAX: usize = 64 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Camera,
    Viewer,
}

/// An offer, and where its answer goes.
pub struct Asked {
    pub part: Part,
    pub offer: String,
    pub answer: Sender<String>,
}

/// Takes offers on a thread of its own.
pub struct Desk {
    pub offers: Receiver<Asked>,
}

impl Desk {
    /// Opens on a free port and says where, on standard output. `wake` is called after each offer.
    pub fn open(wake: impl Fn() + Send + 'static) -> io::Result<Desk> {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let (asked, offers) = channel();
        println!("{{\"ready\":{{\"url\":\"http://{}\"}}}}", listener.local_addr()?);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // Whoever writes nonsense gets nothing.
                let _ = serve(stream, &asked, &wake);
            }
        });
        Ok(Desk { offers })
    }
}

fn serve(mut stream: TcpStream, asked: &Sender<Asked>, wake: &impl Fn()) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let part = if line.contains("/camera") { Part::Camera } else { Part::Viewer };
    let mut length = 0;
    while line.trim() != "" {
        line.clear();
        reader.read_line(&mut line)?;
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0).min(BODY_BYTES_MAX);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let (answer, answered) = channel();
    // Light peers shake hands as clients; a stack that may choose chooses that as well.
    let offer = String::from_utf8_lossy(&body).replace("a=setup:actpass", "a=setup:active");
    let gone = || io::Error::other("the relay is gone");
    asked.send(Asked { part, offer, answer }).map_err(|_| gone())?;
    wake();
    let answer = answered.recv().map_err(|_| gone())?;
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{answer}", answer.len())
}
