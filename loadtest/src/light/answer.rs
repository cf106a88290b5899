//! What a light peer needs of an answer.

use std::net::SocketAddr;

use super::offer::TRANSPORT_CC;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    #[error("the answer has no {0}")]
    Lacks(&'static str),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub ufrag: String,
    pub password: String,
    /// `AB:CD:…`, SHA-256.
    pub fingerprint: String,
    /// The first candidate over UDP.
    pub relay: SocketAddr,
    /// The extension id of transport-wide numbers on what the relay sends, if it sends them.
    pub transport_cc: Option<u8>,
}

impl Answer {
    pub fn read(sdp: &str) -> Result<Answer, AnswerError> {
        let value = |prefix: &'static str| {
            let line = sdp.lines().find_map(|line| line.strip_prefix(prefix));
            line.map(|text| text.trim().to_owned()).ok_or(AnswerError::Lacks(prefix))
        };
        let relay = sdp.lines().filter_map(|line| line.strip_prefix("a=candidate:")).find_map(candidate);
        let sent = sdp.split("\nm=").filter(|section| section.lines().any(|line| line.trim() == "a=sendonly"));
        let transport_cc = sent.flat_map(str::lines).find_map(|line| {
            let (id, uri) = line.trim().strip_prefix("a=extmap:")?.split_once(' ')?;
            if uri == TRANSPORT_CC { id.split('/').next()?.parse().ok() } else { None }
        });
        Ok(Answer {
            ufrag: value("a=ice-ufrag:")?,
            password: value("a=ice-pwd:")?,
            fingerprint: value("a=fingerprint:sha-256 ")?,
            relay: relay.ok_or(AnswerError::Lacks("candidate over UDP"))?,
            transport_cc,
        })
    }
}

/// `foundation component transport priority address port …` (RFC 8839 §5.1).
fn candidate(line: &str) -> Option<SocketAddr> {
    let words: Vec<&str> = line.split_whitespace().collect();
    if !words.get(2)?.eq_ignore_ascii_case("udp") {
        return None;
    }
    let address = SocketAddr::new(words.get(4)?.parse().ok()?, words.get(5)?.parse().ok()?);
    address.is_ipv4().then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read() {
        let sdp = format!(
            "v=0\r\na=ice-ufrag:u\r\na=ice-pwd:p\r\na=fingerprint:sha-256 AB:CD\r\n\
             m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=recvonly\r\na=extmap:3 {TRANSPORT_CC}\r\n\
             a=candidate:1 1 tcp 9 127.0.0.1 7 typ host tcptype passive\r\n\
             a=candidate:2 1 udp 9 ::1 8 typ host\r\na=candidate:3 1 udp 9 127.0.0.1 9 typ host\r\n\
             m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=sendonly\r\na=extmap:5 {TRANSPORT_CC}\r\n"
        );
        let answer = Answer::read(&sdp).expect("whole");
        assert_eq!((answer.relay.port(), answer.transport_cc), (9, Some(5)));
        let cut = sdp.replace("ice-pwd", "nothing");
        assert_eq!(Answer::read(&cut), Err(AnswerError::Lacks("a=ice-pwd:")));
    }
}
