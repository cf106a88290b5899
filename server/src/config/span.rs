//! How long something lasts, as an operator writes it: `90 s`, `30 min`, `1 h`.

use std::time::Duration;

/// Reads a length of time from a second to a day.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    /// Nobody is in class for longer.
    const DAY_S: u64 = 24 * 60 * 60;
    let wrong = || "expected a time from 1 s to 24 h, as in 90 s, 30 min or 1 h".to_owned();
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit_s = match text[digits.len()..].trim() {
        "s" => 1,
        "min" => 60,
        "h" => 60 * 60,
        _ => return Err(wrong()),
    };
    let seconds = digits.parse::<u64>().ok().and_then(|n| n.checked_mul(unit_s));
    seconds.filter(|seconds| (1..=DAY_S).contains(seconds)).map(Duration::from_secs).ok_or_else(wrong)
}

/// The same, or `off`.
pub(super) fn parse_or_off(text: &str) -> Result<Option<Duration>, String> {
    match text {
        "off" => Ok(None),
        _ => parse(text).map(Some).map_err(|wrong| format!("{wrong}, or \"off\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_unit() {
        assert_eq!(parse("90 s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse("30min"), Ok(Duration::from_secs(1_800)));
        assert_eq!(parse("24 h"), Ok(Duration::from_secs(86_400)));
        for wrong in ["", "30", "0 s", "25 h", "-1 s", "1.5 h", "h", "1 minute", "99999999999999999999 h", "１ s"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(parse_or_off("off"), Ok(None));
        assert!(parse_or_off("of").unwrap_err().ends_with("or \"off\""));
    }
}
