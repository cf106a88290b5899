//! When a packet was sent, written into its payload: sender and receiver of a run share a clock.

use std::time::Duration;

const MARK: [u8; 4] = *b"pr\xc3\xa9";
const STAMP_BYTES: usize = super::film::TAIL_BYTES;
/// The RTP header; what is shorter has no payload worth a stamp.
const HEAD_BYTES: usize = 12;

/// Overwrites the last bytes of a packet.
pub fn write(packet: &mut [u8], since_epoch: Duration) {
    if packet.len() < HEAD_BYTES + 2 * STAMP_BYTES {
        return;
    }
    let start = packet.len() - STAMP_BYTES;
    packet[start..start + 4].copy_from_slice(&MARK);
    packet[start + 4..].copy_from_slice(&(since_epoch.as_micros() as u64).to_be_bytes());
}

/// What was written, if anything was.
pub fn read(packet: &[u8]) -> Option<Duration> {
    let stamp = packet.last_chunk::<STAMP_BYTES>()?;
    let micros = stamp.strip_prefix(&MARK)?.first_chunk()?;
    Some(Duration::from_micros(u64::from_be_bytes(*micros)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_read_back() {
        let mut packet = vec![0xfc; 92];
        assert_eq!(read(&packet), None);
        write(&mut packet, Duration::from_micros(123_456_789));
        assert_eq!(read(&packet), Some(Duration::from_micros(123_456_789)));
        let mut short = vec![0; 20];
        write(&mut short, Duration::ZERO);
        assert_eq!(short, vec![0; 20]);
    }
}
