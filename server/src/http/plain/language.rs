//! Which of our two languages a browser asks for.

use axum::http::{HeaderMap, header};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    French,
    English,
}

impl Language {
    /// The better liked of the two (RFC 9110 §12.5.4); French where neither is asked for.
    pub fn of(headers: &HeaderMap) -> Language {
        let lines = headers.get_all(header::ACCEPT_LANGUAGE).iter().filter_map(|line| line.to_str().ok());
        let liked = lines.flat_map(|line| line.split(',')).filter_map(|range| {
            let (tag, weight) = range.split_once(';').unwrap_or((range, ""));
            let weight = weight.trim().strip_prefix("q=").map_or(Some(1.0), |q| q.trim().parse::<f32>().ok())?;
            let main = tag.trim().split('-').next().unwrap_or_default();
            let language = match main.to_ascii_lowercase().as_str() {
                "fr" => Language::French,
                "en" => Language::English,
                _ => return None,
            };
            (weight > 0.0).then_some((language, weight))
        });
        // Of two liked alike the first named.
        let best = liked.reduce(|best, other| if other.1 > best.1 { other } else { best });
        best.map_or(Language::French, |(language, _)| language)
    }

    pub fn tag(self) -> &'static str {
        match self {
            Language::French => "fr",
            Language::English => "en",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn a_browser_is_spoken_to_as_it_asks() {
        let of = |line: &'static str| {
            Language::of(&HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, HeaderValue::from_static(line))]))
        };
        for french in ["fr", "fr-CA,en;q=0.8", "en;q=0.5, fr;q=0.9", "ar, tr", "", "en;q=0", "en;q=x", "*"] {
            assert_eq!(of(french), Language::French, "{french}");
        }
        for english in ["en", "EN-gb, fr;q=0.9", "de, en;q=0.3, fr;q=0.2", "fr;q=0.1,en;q=0.1001"] {
            assert_eq!(of(english), Language::English, "{english}");
        }
        assert_eq!(Language::of(&HeaderMap::new()), Language::French);
    }
}
