//! What everybody is sent less of while the server itself is short: the same for every room.

use crate::names::{Role, Source};
use crate::relay::Relay;
use std::time::Instant;

/// Each is less than the one before. Nothing is lost by it: what is left out comes back with its ration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ration {
    #[default]
    Everything,
    /// No camera but teachers'.
    TeachersCameras,
    /// And of every picture its smallest layer.
    SmallPictures,
    Sound,
    Nothing,
}

impl Ration {
    /// Whether anything of this source of somebody may be in a slot.
    pub(crate) fn allows(self, source: Source, of: Role) -> bool {
        match source {
            Source::Microphone | Source::ScreenAudio => self <= Ration::Sound,
            Source::Screen => self <= Ration::SmallPictures,
            Source::Camera => self <= Ration::SmallPictures && (self == Ration::Everything || of == Role::Teacher),
        }
    }

    /// How high a picture counts as looked at.
    pub(crate) fn height_px(self, looked_at_px: u16) -> u16 {
        if self == Ration::SmallPictures { 1 } else { looked_at_px }
    }
}

impl Relay {
    /// What every peer of this relay may be sent from now on. Publishers hear of it as of people who look away: browsers
    /// stop sending what nobody is shown.
    pub fn ration(&mut self, ration: Ration, now: Instant) {
        if self.ration == ration {
            return;
        }
        self.ration = ration;
        for room in self.rooms.values() {
            self.replan.extend(room.members.values());
        }
        self.settle(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_ration_is_less_than_the_one_before() {
        let rations =
            [Ration::Everything, Ration::TeachersCameras, Ration::SmallPictures, Ration::Sound, Ration::Nothing];
        let allowed = |ration: Ration| {
            let of = |role| Source::ALL.into_iter().filter(|source| ration.allows(*source, role)).count();
            (of(Role::Teacher), of(Role::Student))
        };
        assert_eq!(rations.map(allowed), [(4, 4), (4, 3), (4, 3), (2, 2), (0, 0)]);
    }
}
