//! The dependency descriptor of an AV1 packet (AV1 RTP payload specification, appendix A), as far as the relay reads it.
//!
//! A keyframe brings templates, and every frame names one of them: of which spatial layer it is. What a frame refers
//! to is passed over, as a layer is forwarded with all that is below it.

use crate::codec::{Codec, PictureId, PictureNumbers};
use crate::spatial::{LAYERS_MAX, Structure};

/// A template's id has six bits (A.8.3).
const TEMPLATES_MAX: usize = 64;
/// A decode target's has five.
const TARGETS_MAX: usize = 32;
/// AV1 has no higher one (A.8.3).
const SPATIAL_MAX: u8 = 3;
/// Without more than this there are no extended fields.
const MANDATORY_LEN: usize = 3;

/// What one packet says of the frame that it is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dependency {
    pub begins: bool,
    pub ends: bool,
    pub spatial: u8,
    pub structure: Option<Structure>,
}

/// The templates of a stream: for each the spatial layer of its frames. Before the first keyframe there are none.
pub struct Templates {
    first_id: u8,
    count: usize,
    spatial: [u8; TEMPLATES_MAX],
}

impl Default for Templates {
    fn default() -> Templates {
        Templates { first_id: 0, count: 0, spatial: [0; TEMPLATES_MAX] }
    }
}

impl Templates {
    /// Reads the descriptor of the packet whose turn it is, and keeps the templates that it brings. `None`, and nothing
    /// is kept, if it is cut short, or names a template that did not come.
    pub fn read(&mut self, descriptor: &[u8]) -> Option<Dependency> {
        let mut bits = Bits { bytes: descriptor, at: 0 };
        let (begins, ends) = (bits.flag()?, bits.flag()?);
        let id = bits.take(6)? as u8;
        bits.take(16)?;
        let brought = if descriptor.len() > MANDATORY_LEN { bits.extended()? } else { None };
        let templates = brought.as_ref().map_or(&*self, |(templates, _)| templates);
        let spatial = templates.spatial(id)?;
        let structure = brought.as_ref().map(|(_, structure)| *structure);
        if let Some((templates, _)) = brought {
            *self = templates;
        }
        Some(Dependency { begins, ends, spatial, structure })
    }

    fn spatial(&self, id: u8) -> Option<u8> {
        let at = usize::from(id.wrapping_sub(self.first_id)) % TEMPLATES_MAX;
        self.spatial.get(..self.count)?.get(at).copied()
    }
}

/// A payload as the relay keeps it: behind its descriptor, behind the length of that. There may be none.
pub fn joined(descriptor: &[u8], payload: &[u8]) -> Vec<u8> {
    let len = u8::try_from(descriptor.len()).unwrap_or(0);
    [&[len], &descriptor[..usize::from(len)], payload].concat()
}

/// The descriptor and the payload of what is kept; other codecs have none.
pub fn parted(codec: Codec, kept: &[u8]) -> (&[u8], &[u8]) {
    if codec != Codec::Av1 {
        return (&[], kept);
    }
    kept.split_first().and_then(|(&len, rest)| rest.split_at_checked(usize::from(len))).unwrap_or_default()
}

/// The frame's number, and where in the descriptor it is.
pub fn numbers(descriptor: &[u8]) -> PictureNumbers {
    let number = descriptor.get(1..MANDATORY_LEN).and_then(<[u8]>::first_chunk);
    let picture_id = number.map(|number| (1, PictureId::Frame(u16::from_be_bytes(*number))));
    PictureNumbers { picture_id, tl0_pic_idx: None }
}

/// Whether a descriptor brings templates of several spatial layers.
pub fn has_layers(descriptor: &[u8]) -> bool {
    let is_extended = descriptor.len() > MANDATORY_LEN;
    let read = || Templates::default().read(descriptor)?.structure;
    is_extended && read().is_some_and(|structure| structure.layers > 1)
}

struct Bits<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: u32) -> Option<u32> {
        (0..count).try_fold(0, |value, _| {
            let byte = self.bytes.get(self.at / 8)?;
            let bit = byte >> (7 - self.at % 8) & 1;
            self.at += 1;
            Some(value << 1 | u32::from(bit))
        })
    }

    fn flag(&mut self) -> Option<bool> {
        self.take(1).map(|bit| bit == 1)
    }

    /// One of `count` values, `ns(n)` (A.8.1).
    fn one_of(&mut self, count: u32) -> Option<u32> {
        let width = count.ilog2();
        let short = (2 << width) - count;
        let value = self.take(width)?;
        if value < short { Some(value) } else { Some((value << 1) - short + self.take(1)?) }
    }

    /// `extended_descriptor_fields`; what follows them is of this frame alone.
    fn extended(&mut self) -> Option<Option<(Templates, Structure)>> {
        let (brings_templates, names_active) = (self.flag()?, self.flag()?);
        self.take(3)?;
        if !brings_templates {
            return Some(None);
        }
        let (templates, targets, heights_px) = self.templates()?;
        let mut layers = 1;
        // The last one's bit is the first.
        for spatial in targets.into_iter().rev() {
            if !names_active || self.flag()? {
                layers = layers.max(usize::from(spatial) + 1);
            }
        }
        Some(Some((templates, Structure { layers: layers.min(LAYERS_MAX), heights_px })))
    }

    /// `template_dependency_structure`: also the highest layer of each decode target, and how high each layer is.
    fn templates(&mut self) -> Option<(Templates, Vec<u8>, [u16; LAYERS_MAX])> {
        let mut templates = Templates { first_id: self.take(6)? as u8, ..Templates::default() };
        let targets_count = self.take(5)? + 1;
        let mut spatial = 0;
        loop {
            *templates.spatial.get_mut(templates.count)? = spatial;
            templates.count += 1;
            match self.take(2)? {
                0 | 1 => {}
                2 if spatial < SPATIAL_MAX => spatial += 1,
                2 => return None,
                _ => break,
            }
        }
        let mut targets = vec![0; TARGETS_MAX.min(targets_count as usize)];
        for layer in &templates.spatial[..templates.count] {
            for target in &mut targets {
                let is_part = self.take(2)? != 0;
                *target = if is_part { (*layer).max(*target) } else { *target };
            }
        }
        for _ in 0..templates.count {
            while self.flag()? {
                self.take(4)?;
            }
        }
        self.pass_chains(templates.count, targets_count)?;
        let mut heights_px = [0; LAYERS_MAX];
        if self.flag()? {
            for layer in 0..=usize::from(spatial) {
                self.take(16)?;
                heights_px[layer.min(LAYERS_MAX - 1)] = (self.take(16)? as u16).saturating_add(1);
            }
        }
        Some((templates, targets, heights_px))
    }

    fn pass_chains(&mut self, templates: usize, targets: u32) -> Option<()> {
        let chains = self.one_of(targets + 1)?;
        if chains > 0 {
            for _ in 0..targets {
                self.one_of(chains)?;
            }
            for _ in 0..templates {
                self.take(4 * chains)?;
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Chromium 156 sent it (AV1, L3T3_KEY, 1280×720): the first packet of a keyframe.
    const KEYFRAME: [u8; 90] = [
        0xc0, 0x00, 0x05, 0x80, 0x08, 0x14, 0x85, 0x21, 0x4e, 0xaa, 0xaa, 0xa8, 0x00, 0x06, 0x00, 0x00, 0x40, 0x00,
        0x10, 0x00, 0x02, 0xaa, 0x80, 0xa8, 0x00, 0x06, 0x00, 0x00, 0x40, 0x00, 0x10, 0x00, 0x02, 0xa0, 0x00, 0xa8,
        0x00, 0x06, 0x00, 0x00, 0x40, 0x00, 0x16, 0xd5, 0x49, 0x24, 0x1b, 0x55, 0x24, 0x90, 0x6d, 0x54, 0x92, 0x31,
        0x57, 0xe0, 0x01, 0x97, 0x4c, 0xa8, 0x64, 0x33, 0x0e, 0x22, 0x23, 0x96, 0xec, 0xa8, 0x65, 0x53, 0x04, 0x22,
        0x43, 0x90, 0xec, 0xa8, 0x77, 0x53, 0x01, 0x3f, 0x00, 0xb3, 0x02, 0x7f, 0x01, 0x67, 0x04, 0xff, 0x02, 0xcf,
    ];

    #[test]
    fn what_chromium_sends_is_told_apart() {
        let mut templates = Templates::default();
        assert_eq!(templates.read(&[0xc5, 0x00, 0x02]), None, "before the first keyframe");
        let key = templates.read(&KEYFRAME).unwrap();
        assert_eq!(key.structure, Some(Structure { layers: 3, heights_px: [180, 360, 720] }));
        assert!(key.begins && key.ends && key.spatial == 0);
        let told = |templates: &mut Templates, descriptor: &[u8]| {
            let frame = templates.read(descriptor).unwrap();
            (frame.spatial, frame.begins, frame.ends, frame.structure)
        };
        assert_eq!(told(&mut templates, &[0xc5, 0x00, 0x06]), (1, true, true, None));
        assert_eq!(told(&mut templates, &[0x8c, 0x00, 0x0d]), (2, true, false, None));
        assert_eq!(told(&mut templates, &[0x4c, 0x00, 0x0d]), (2, false, true, None));
        assert_eq!(told(&mut templates, &[0xc3, 0x00, 0x03, 0x1a, 0x20, 0x10, 0x08, 0x00]), (0, true, true, None));
        assert_eq!(templates.read(&[0xcf, 0x00, 0x0e]), None, "there are fifteen");
    }

    #[test]
    fn layers_that_are_not_sent_are_not_there() {
        let mut narrow = [&KEYFRAME[..], &[0x1f, 0x80]].concat();
        narrow[3] |= 0x40;
        let layers = |descriptor: &[u8]| Templates::default().read(descriptor).unwrap().structure.unwrap().layers;
        assert_eq!(layers(&narrow), 2);
        narrow[90] = 0x03;
        assert_eq!(layers(&narrow), 1);
        assert!(has_layers(&KEYFRAME) && !has_layers(&narrow) && !has_layers(&[0xc5, 0x00, 0x06]));
    }

    #[test]
    fn no_bytes_make_it_panic_and_what_is_cut_off_is_not_kept() {
        for len in 0..KEYFRAME.len() {
            let mut templates = Templates::default();
            assert_eq!(templates.read(&KEYFRAME[..len]), None);
            assert_eq!(templates.read(&[0xc0, 0x00, 0x01]), None);
        }
        for at in 0..KEYFRAME.len() {
            for byte in 0..=255 {
                let mut descriptor = KEYFRAME;
                descriptor[at] = byte;
                Templates::default().read(&descriptor);
                Templates::default().read(&vec![byte; at]);
            }
        }
    }

    #[test]
    fn a_payload_is_kept_with_its_descriptor() {
        for descriptor in [&[][..], &[0xc5, 0x01, 0x02], &KEYFRAME] {
            let kept = joined(descriptor, &[7, 8]);
            assert_eq!(parted(Codec::Av1, &kept), (descriptor, &[7, 8][..]));
        }
        assert_eq!(parted(Codec::Vp8, &[0x10, 7]), (&[][..], &[0x10, 7][..]));
        assert_eq!(parted(Codec::Av1, &[9, 1]), (&[][..], &[][..]), "cut short");
        assert_eq!(numbers(&[0xc5, 0x01, 0x02]).picture_id, Some((1, PictureId::Frame(0x0102))));
    }
}
