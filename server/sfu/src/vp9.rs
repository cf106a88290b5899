//! The payload descriptor of a VP9 packet (RFC 9628 §4.2), as far as the relay reads and rewrites it.

use crate::codec::{PictureId, PictureNumbers};
use crate::spatial::{LAYERS_MAX, Structure};

/// References of one frame to others (RFC 9628 §4.2, P_DIFF).
const REFERENCES_MAX: usize = 3;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vp9 {
    pub numbers: PictureNumbers,
    /// Which spatial layer it is of, if the stream has layers.
    pub spatial: Option<u8>,
    /// From earlier pictures.
    pub is_predicted: bool,
    /// The frame of one layer begins or ends here.
    pub begins: bool,
    pub ends: bool,
    pub structure: Option<Structure>,
}

impl Vp9 {
    /// `None` if it is cut short.
    pub fn parse(payload: &[u8]) -> Option<Vp9> {
        let (&first, mut rest) = payload.split_first()?;
        let [has_id, is_predicted, has_layer, is_flexible, begins, ends, has_structure] =
            [0x80, 0x40, 0x20, 0x10, 0x08, 0x04, 0x02].map(|bit| first & bit != 0);
        let mut vp9 = Vp9 { is_predicted, begins, ends, ..Vp9::default() };
        if has_id {
            let (id, after) = PictureId::read(rest)?;
            vp9.numbers.picture_id = Some((1, id));
            rest = after;
        }
        if has_layer {
            let (&layer, after) = rest.split_first()?;
            vp9.spatial = Some((layer >> 1) & 7);
            rest = after;
            if !is_flexible {
                let (&tl0, after) = rest.split_first()?;
                vp9.numbers.tl0_pic_idx = Some((payload.len() - rest.len(), tl0));
                rest = after;
            }
        }
        if is_flexible && is_predicted {
            for _ in 0..REFERENCES_MAX {
                let (&reference, after) = rest.split_first()?;
                rest = after;
                if reference & 1 == 0 {
                    break;
                }
            }
        }
        if has_structure {
            vp9.structure = Some(structure(rest)?);
        }
        Some(vp9)
    }

    /// A picture begins: all its layers are still to come.
    pub fn starts_picture(&self) -> bool {
        self.begins && self.spatial.unwrap_or(0) == 0
    }

    pub fn starts_keyframe(&self) -> bool {
        self.starts_picture() && !self.is_predicted
    }
}

/// The scalability structure; what is said of groups of pictures is passed over.
fn structure(bytes: &[u8]) -> Option<Structure> {
    let (&first, sizes) = bytes.split_first()?;
    let layers = usize::from(first >> 5) + 1;
    let mut heights_px = [0; LAYERS_MAX];
    if first & 0x10 != 0 {
        for (at, size) in sizes.get(..4 * layers)?.chunks_exact(4).enumerate() {
            heights_px[at.min(LAYERS_MAX - 1)] = u16::from_be_bytes([size[2], size[3]]);
        }
    }
    Some(Structure { layers: layers.min(LAYERS_MAX), heights_px })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Chromium 156 sent it (VP9, L3T3_KEY, 1280×720): the first packet of a keyframe.
    const KEYFRAME: [u8; 20] = [
        0xbe, 0xcf, 0x98, 0x10, 0x50, 0x01, 0x40, 0x00, 0xb4, 0x02, 0x80, 0x01, 0x68, 0x05, 0x00, 0x02, 0xd0, 0x83,
        0x49, 0x83,
    ];

    #[test]
    fn what_chromium_sends_is_told_apart() {
        let key = Vp9::parse(&KEYFRAME).unwrap();
        assert_eq!(key.numbers, PictureNumbers { picture_id: Some((1, PictureId::Bits15(0x4f98))), tl0_pic_idx: None });
        assert_eq!(key.structure, Some(Structure { layers: 3, heights_px: [180, 360, 720] }));
        assert!(key.starts_keyframe() && key.ends && key.spatial == Some(0));
        let middle = Vp9::parse(&[0xb8, 0xcf, 0x98, 0x13, 0x87, 0x02]).unwrap();
        assert!(middle.spatial == Some(1) && middle.begins && !middle.ends && !middle.starts_keyframe());
        let delta = Vp9::parse(&[0xfd, 0xcf, 0x99, 0x50, 0x02, 0x87]).unwrap();
        assert!(delta.starts_picture() && !delta.starts_keyframe());
        let last = Vp9::parse(&[0xf5, 0xcf, 0x99, 0x54, 0x02, 0x99]).unwrap();
        assert!(last.spatial == Some(2) && last.ends && !last.begins);
    }

    #[test]
    fn without_flexible_mode_the_base_layer_is_counted() {
        let packet = Vp9::parse(&[0xa8, 0x07, 0x00, 0x2a, 0x83]).unwrap();
        let numbers = PictureNumbers { picture_id: Some((1, PictureId::Bits7(7))), tl0_pic_idx: Some((3, 0x2a)) };
        assert_eq!(packet.numbers, numbers);
    }

    #[test]
    fn no_cut_makes_it_panic() {
        for first in 0..=255 {
            for len in 0..KEYFRAME.len() {
                let mut payload = KEYFRAME[..len].to_vec();
                payload.iter_mut().take(1).for_each(|byte| *byte = first);
                Vp9::parse(&payload);
                Vp9::parse(&vec![first; len]);
            }
        }
        assert!(Vp9::parse(&KEYFRAME[..10]).is_none(), "a size is cut off");
    }
}
