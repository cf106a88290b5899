//! Byte streams through a way: what has no room waits with its sender, and what a network would lose comes late.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use socket2::{Domain, SockRef, Socket, Type};

use super::{Lane, Weather};

/// As much as one segment carries.
const SEGMENT_BYTES: usize = 1_400;
/// What the system may hold before a way: the queue is the lane's, not its.
const HELD_BYTES: usize = 16 * 1024;
/// How soon a stream notices that the weather has changed, that its way is gone, or that there is something to read.
const LOOKS_EVERY: Duration = Duration::from_millis(4);

/// What holds now, towards the server and from it.
pub type Shared = Arc<Mutex<(Weather, Weather)>>;

/// Accepts connections on `at` and leads them to `server`, until the way is gone.
pub fn serve(
    at: SocketAddr,
    server: SocketAddr,
    weather: Shared,
    is_gone: Arc<AtomicBool>,
    seed: u64,
) -> io::Result<()> {
    let socket = Socket::new(Domain::for_address(at), Type::STREAM, None)?;
    socket.set_recv_buffer_size(HELD_BYTES)?;
    socket.bind(&at.into())?;
    socket.listen(8)?;
    let listener = TcpListener::from(socket);
    listener.set_nonblocking(true)?;
    thread::spawn(move || {
        while !is_gone.load(Ordering::Relaxed) {
            match listener.accept() {
                // A server that refuses closes the connection here too.
                Ok((near, _)) => drop(join(near, server, &weather, &is_gone, seed)),
                Err(_) => thread::park_timeout(LOOKS_EVERY),
            }
        }
    });
    Ok(())
}

/// A connection of the participant, and one to the server: both directions, until either ends.
fn join(near: TcpStream, server: SocketAddr, weather: &Shared, is_gone: &Arc<AtomicBool>, seed: u64) -> io::Result<()> {
    let far = Socket::new(Domain::for_address(server), Type::STREAM, None)?;
    far.set_recv_buffer_size(HELD_BYTES)?;
    far.connect(&server.into())?;
    let far = TcpStream::from(far);
    for stream in [&near, &far] {
        stream.set_nonblocking(false)?;
        stream.set_nodelay(true)?;
        SockRef::from(stream).set_send_buffer_size(HELD_BYTES)?;
        stream.set_read_timeout(Some(LOOKS_EVERY))?;
    }
    let ends = [(near.try_clone()?, far.try_clone()?, 0), (far, near, 1)];
    for (from, to, direction) in ends {
        let (weather, is_gone) = (weather.clone(), is_gone.clone());
        let now = move || {
            let (up, down) = *weather.lock().unwrap_or_else(PoisonError::into_inner);
            if direction == 0 { up } else { down }
        };
        thread::spawn(move || {
            // However it ends, the other end hears of it.
            let _ = carry(&from, &to, seed.wrapping_mul(2) + direction, now, &is_gone);
            let _ = to.shutdown(Shutdown::Both);
            let _ = from.shutdown(Shutdown::Both);
        });
    }
    Ok(())
}

fn carry(
    mut from: &TcpStream,
    mut to: &TcpStream,
    seed: u64,
    weather: impl Fn() -> Weather,
    is_gone: &AtomicBool,
) -> io::Result<()> {
    let mut lane = Lane::new(seed, Weather::default());
    let mut buffer = [0; SEGMENT_BYTES];
    let mut has_ended = false;
    while !is_gone.load(Ordering::Relaxed) {
        lane.change(weather().of_streams());
        while let Some(bytes) = lane.poll_output(Instant::now()) {
            to.write_all(&bytes as &Vec<u8>)?;
        }
        if has_ended && lane.poll_timeout().is_none() {
            return Ok(());
        }
        if has_ended || !lane.has_room(SEGMENT_BYTES, Instant::now()) {
            thread::park_timeout(LOOKS_EVERY);
            continue;
        }
        match from.read(&mut buffer) {
            Ok(0) => has_ended = true,
            Ok(len) => lane.offer(buffer[..len].to_vec(), len, Instant::now()),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_way_carries_everything_in_its_time_and_in_order() {
        let server = TcpListener::bind("127.0.0.1:0").expect("bound");
        let free = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("an address");
        let narrow = Weather { rate_bps: Some(4_000_000), delay_ms: 20, loss: 0.05, ..Weather::default() };
        let shared: Shared = Arc::new(Mutex::new((Weather::default(), narrow)));
        let is_gone = Arc::new(AtomicBool::new(false));
        serve(free, server.local_addr().expect("bound"), shared, is_gone.clone(), 1).expect("open");
        let mut near = TcpStream::connect(free).expect("connected");
        let (mut far, _) = server.accept().expect("accepted");
        let sent: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
        let copy = sent.clone();
        let began = Instant::now();
        let writer = thread::spawn(move || far.write_all(&copy));
        let mut arrived = vec![0; sent.len()];
        near.read_exact(&mut arrived).expect("all of it");
        writer.join().expect("no panic").expect("written");
        assert!(arrived == sent, "in order and whole");
        assert!(began.elapsed() >= Duration::from_millis(400), "{:?}", began.elapsed());
        is_gone.store(true, Ordering::Relaxed);
    }
}
