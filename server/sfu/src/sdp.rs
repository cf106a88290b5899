//! The lines of a session description, sorted to the sections that they belong to (RFC 8866 §5). Nothing is copied: a
//! browser's offer has hundreds of lines, and a join is paid for by how often it allocates.

/// A description, as far as an offer's reader needs it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Description<'a> {
    pub attributes: Vec<Attribute<'a>>,
    pub media: Vec<Media<'a>>,
}

/// One `m=` line, and the attributes after it.
#[derive(Debug, PartialEq, Eq)]
pub struct Media<'a> {
    pub kind: &'a str,
    /// Payload types, preferred first.
    pub formats: Vec<&'a str>,
    pub attributes: Vec<Attribute<'a>>,
}

/// `a=key` or `a=key:value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute<'a> {
    pub key: &'a str,
    pub value: Option<&'a str>,
}

/// What may stand before the first `m=`, after the three lines with which every description begins; and what after one.
const SESSION: &[u8] = b"iuepcbtrzka";
const MEDIA: &[u8] = b"icbka";

impl<'a> Description<'a> {
    /// None: this is no SDP. The order of lines within a section is not looked at.
    pub fn read(text: &'a str) -> Option<Description<'a>> {
        // Old peers end their lines with LF alone (§9).
        let lines = text.split('\n').map(|line| line.trim_matches('\r'));
        let mut lines = lines.filter(|line| !line.is_empty()).map(typed);
        let begins = [lines.next()??, lines.next()??, lines.next()??];
        let [(b'v', version), (b'o', _), (b's', _)] = begins else { return None };
        if version.parse::<u32>() != Ok(0) {
            return None;
        }
        let mut description = Description::default();
        for line in lines {
            let (kind, value) = line?;
            match (kind, description.media.last_mut()) {
                (b'm', _) => description.media.push(Media::read(value)?),
                (b'a', None) => description.attributes.push(Attribute::read(value)),
                (b'a', Some(media)) => media.attributes.push(Attribute::read(value)),
                (_, None) if SESSION.contains(&kind) => {}
                (_, Some(_)) if MEDIA.contains(&kind) => {}
                _ => return None,
            }
        }
        Some(description)
    }
}

/// `x=value`.
fn typed(line: &str) -> Option<(u8, &str)> {
    match line.as_bytes() {
        [kind, b'=', ..] => Some((*kind, line[2..].trim())),
        _ => None,
    }
}

impl<'a> Media<'a> {
    /// `media port proto format …` (§5.14).
    fn read(value: &'a str) -> Option<Media<'a>> {
        let mut words = value.split_whitespace();
        let (kind, port, _protocol) = (words.next()?, words.next()?, words.next()?);
        port.split('/').next()?.parse::<u16>().ok()?;
        let formats: Vec<&str> = words.collect();
        (!formats.is_empty()).then_some(Media { kind, formats, attributes: Vec::new() })
    }
}

impl<'a> Attribute<'a> {
    fn read(text: &'a str) -> Attribute<'a> {
        match text.split_once(':') {
            Some((key, value)) => Attribute { key, value: Some(value) },
            None => Attribute { key: text, value: None },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";

    #[test]
    fn attributes_belong_to_the_section_before_them() {
        let text = format!("{HEAD}a=ice-lite\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 63\r\na=mid:0\r\nc=IN IP4 0.0.0.0\r\n");
        let attribute = |key, value| Attribute { key, value };
        let audio = Media { kind: "audio", formats: vec!["111", "63"], attributes: vec![attribute("mid", Some("0"))] };
        let description = Description { attributes: vec![attribute("ice-lite", None)], media: vec![audio] };
        assert_eq!(Description::read(&text), Some(description));
        assert_eq!(Description::read(&text.replace("\r\n", "\n")), Description::read(&text), "old line ends");
    }

    #[test]
    fn what_is_no_sdp_is_not_read() {
        let wrong = [
            "",
            "v=0",
            "v=1\no=-\ns=-",
            "o=-\nv=0\ns=-",
            "v=0\ns=-\no=-",
            "v=0\no=-\ns=-\nx=1",
            "v=0\no=-\ns=-\nline",
            "v=0\no=-\ns=-\n=",
            "v=0\no=-\ns=-\né=1",
            "v=0\no=-\ns=-\nm=audio",
            "v=0\no=-\ns=-\nm=audio 9 RTP",
            "v=0\no=-\ns=-\nm=audio x RTP 1",
            "v=0\no=-\ns=-\nm=audio 70000 RTP 1",
            "v=0\no=-\ns=-\nm=audio 9 RTP 1\nt=0 0",
        ];
        for text in wrong {
            assert_eq!(Description::read(text), None, "{text:?}");
        }
    }
}
