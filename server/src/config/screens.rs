//! In which codec's layers screens are sent, as an operator writes it.

use preau_sfu::Layered;

pub(super) fn parse(text: &str) -> Result<Option<Layered>, String> {
    match text {
        "av1" => Ok(Some(Layered::Av1)),
        "vp9" => Ok(Some(Layered::Vp9)),
        "off" => Ok(None),
        _ => Err("expected \"av1\", \"vp9\" or \"off\"".into()),
    }
}
