//! The scenarios that come with the binary.

/// A scenario by its name.
#[derive(Clone, Copy, Debug)]
pub struct Ready {
    pub name: &'static str,
    pub text: &'static str,
}

macro_rules! ready {
    ($($name:literal),*) => {
        pub const READY: &[Ready] = &[$(Ready {
            name: $name,
            text: include_str!(concat!("../../scenarios/", $name, ".toml")),
        }),*];
    };
}

ready!("class", "morning", "lecture", "rush", "intruders", "flaky", "soak");
