//! Whether somebody's connection stands.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    Here,
    /// Lost for now; the agenda knows until when it is waited for.
    Away,
}
