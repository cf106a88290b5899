//! The ways to the media: what the operator is told of them, and what strangers at them get.

use std::net::SocketAddr;

use preau::doctor::Notice;
use preau_sfu::Probe;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Duration, Instant, timeout};

use super::world::{PATIENCE, World, preau_says};

/// A guest who says nothing is shown out after five seconds; a busy machine is slower.
const SHOWN_OUT: Duration = Duration::from_secs(15);

impl World {
    fn media(&self) -> SocketAddr {
        let port = self.ready["udp"][0].as_u64().unwrap();
        SocketAddr::from(([127, 0, 0, 1], u16::try_from(port).unwrap()))
    }

    fn notice(&self) -> Notice {
        Notice::read(&self.directory.path().join("data")).unwrap().expect("a server runs")
    }

    async fn doctor(&self) -> (i32, String) {
        let data = self.directory.path().join("data");
        let (code, said, _) = preau_says(&["doctor", "--data", data.to_str().unwrap()], &[]).await;
        (code, said)
    }
}

/// Whether the server's media still answers who has the right to ask.
async fn answers(world: &World, stream: &mut TcpStream) -> bool {
    let probe = Probe::new(&world.notice().password, [4; 12]);
    let request = probe.request();
    let counted = [&(request.len() as u16).to_be_bytes(), &request[..]].concat();
    stream.write_all(&counted).await.unwrap();
    let read = async {
        let mut answer = vec![0; usize::from(stream.read_u16().await?)];
        stream.read_exact(&mut answer).await?;
        std::io::Result::Ok(answer)
    };
    let answer = timeout(PATIENCE, read).await.expect("in time");
    answer.is_ok_and(|answer| probe.read(&answer).is_some())
}

/// Waits until the other side has closed, and says how long that took.
async fn closed(stream: &mut TcpStream) -> Duration {
    let since = Instant::now();
    let mut rest = Vec::new();
    // A reset is an end as well.
    let _ = timeout(SHOWN_OUT, stream.read_to_end(&mut rest)).await.expect("closed in time");
    assert_eq!(rest, b"", "nothing is said to strangers");
    since.elapsed()
}

#[tokio::test]
async fn the_doctor_finds_every_way_open_and_names_the_ports() {
    let mut world = World::start().await;
    let (code, said) = world.doctor().await;
    assert_eq!(code, 0, "{said}");
    for way in ["UDP", "TCP", "TURN over UDP", "TURN over TCP"] {
        let found = said.lines().any(|line| line.trim_start().starts_with(way) && line.contains(" open"));
        assert!(found, "{way}: {said}");
    }
    let port = world.media().port().to_string();
    assert!(said.contains(&format!("UDP  {port}")) && said.contains(&format!("TCP  {port}")), "{said}");
    world.process.kill().await.unwrap();
    let (code, said) = world.doctor().await;
    assert!(code == 1 && said.contains("FAILED"), "{said}");
}

#[tokio::test]
async fn the_doctor_finds_what_is_turned_off_missing() {
    let world = World::start_with("[ways]\ntcp = \"off\"\nturn = \"off\"\n").await;
    let (code, said) = world.doctor().await;
    assert!(code == 0 && said.contains("ways.turn is off") && !said.contains("TURN over UDP"), "{said}");
    assert!(TcpStream::connect(world.media()).await.is_err(), "nobody listens there");
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(world.media()).await.unwrap();
    // A stranger's question, then the operator's: only one of them has an answer.
    let probe = Probe::new(&world.notice().password, [5; 12]);
    socket.send(&probe.knock()).await.unwrap();
    socket.send(&probe.request()).await.unwrap();
    let mut answer = [0; 512];
    let len = timeout(PATIENCE, socket.recv(&mut answer)).await.expect("an answer").unwrap();
    assert!(probe.read(&answer[..len]).is_some());
}

#[tokio::test]
async fn strangers_are_shown_out() {
    let world = World::start().await;
    let mut silent = TcpStream::connect(world.media()).await.unwrap();
    let mut web = TcpStream::connect(world.media()).await.unwrap();
    web.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    assert!(closed(&mut web).await < Duration::from_secs(4), "at once");
    // A check of nobody's, and then silence: a whole frame proves nothing.
    let mut forger = TcpStream::connect(world.media()).await.unwrap();
    let forged = Probe::new("guessed", [6; 12]).request();
    forger.write_all(&[&(forged.len() as u16).to_be_bytes(), &forged[..]].concat()).await.unwrap();
    let (silent, forger) = tokio::join!(closed(&mut silent), closed(&mut forger));
    assert!(silent < SHOWN_OUT && forger < SHOWN_OUT);
}

#[tokio::test]
async fn a_frame_too_long_ends_even_a_known_connection() {
    let world = World::start().await;
    let mut known = TcpStream::connect(world.media()).await.unwrap();
    assert!(answers(&world, &mut known).await);
    known.write_all(&[0xff, 0xff, 0x80, 0x60]).await.unwrap();
    assert!(closed(&mut known).await < Duration::from_secs(4), "at once");
}

#[tokio::test]
async fn a_flood_of_half_open_connections_ends_by_itself() {
    let world = World::start().await;
    let mut known = TcpStream::connect(world.media()).await.unwrap();
    assert!(answers(&world, &mut known).await);
    let mut flood = Vec::new();
    for _ in 0..400 {
        flood.push(TcpStream::connect(world.media()).await.unwrap());
    }
    assert!(answers(&world, &mut known).await, "whoever is known notices nothing");
    for stream in &mut flood {
        closed(stream).await;
    }
    let mut next = TcpStream::connect(world.media()).await.unwrap();
    assert!(answers(&world, &mut next).await, "there is room again");
}
