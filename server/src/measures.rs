//! Figures of people's connections for the metrics: how many had it how good, never whose it was.

use preau_protocol::Source;

use crate::shard::Measured;

/// What each histogram is cut at, by the end of its name.
pub const BUCKETS: [(&str, &[f64]); 4] = [
    ("_ms", &[20.0, 50.0, 100.0, 200.0, 400.0, 800.0, 1_600.0, 3_200.0, 6_400.0]),
    ("_percent", &[0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 40.0]),
    ("_kbps", &[16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1_024.0, 2_048.0, 4_096.0, 8_192.0]),
    ("_count", &[0.0, 1.0, 2.0, 4.0, 8.0, 16.0]),
];

/// Ten seconds of one person's connection.
pub fn record(measured: &Measured) {
    let Measured { link, felt, slots } = measured;
    metrics::histogram!("link_rtt_ms").record(f64::from(link.rtt_ms));
    metrics::histogram!("link_loss_percent", "way" => "down").record(f64::from(link.loss_down));
    metrics::histogram!("link_loss_percent", "way" => "up").record(f64::from(link.loss_up));
    metrics::histogram!("link_down_kbps").record(f64::from(link.down_kbps));
    metrics::histogram!("felt_freezes_count").record(f64::from(felt.freezes));
    metrics::histogram!("felt_frozen_ms").record(f64::from(felt.frozen_ms));
    metrics::histogram!("felt_concealed_ms").record(f64::from(felt.concealed_ms));
    for slot in slots {
        let source = word(slot.source);
        metrics::histogram!("slot_kbps", "source" => source).record(f64::from(slot.kbps));
        metrics::histogram!("slot_loss_percent", "source" => source).record(f64::from(slot.loss));
    }
}

fn word(source: Source) -> &'static str {
    match source {
        Source::Microphone => "microphone",
        Source::Camera => "camera",
        Source::Screen => "screen",
        Source::ScreenAudio => "screen_audio",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
    use preau_protocol::{Felt, PersonId, PersonLink, Quality, Reduced, SlotFigures};
    use uuid::Uuid;

    #[test]
    fn figures_fall_into_buckets_and_name_nobody() {
        let (ada, noe) = (PersonId(Uuid::from_u128(0xada)), PersonId(Uuid::from_u128(0x0e0)));
        let felt = Felt { freezes: 3, frozen_ms: 700, concealed_ms: 0 };
        let link = PersonLink {
            person: noe,
            quality: Quality::Fair,
            reduced: Reduced::Nothing,
            rtt_ms: 45,
            loss_down: 4,
            loss_up: 0,
            down_kbps: 900,
            felt: Some(felt),
        };
        let slots = vec![SlotFigures { source: Source::Camera, person: ada, kbps: 300, height_px: 360, loss: 4 }];
        let builder = BUCKETS.into_iter().try_fold(PrometheusBuilder::new(), |builder, (suffix, buckets)| {
            builder.set_buckets_for_metric(Matcher::Suffix(suffix.into()), buckets)
        });
        let recorder = builder.expect("every histogram has buckets").build_recorder();
        metrics::with_local_recorder(&recorder, || record(&Measured { link, felt, slots }));
        let text = recorder.handle().render();
        for line in [
            r#"link_rtt_ms_bucket{le="20"} 0"#,
            r#"link_rtt_ms_bucket{le="50"} 1"#,
            r#"link_loss_percent_bucket{way="down",le="5"} 1"#,
            r#"felt_freezes_count_bucket{le="4"} 1"#,
            r#"slot_kbps_bucket{source="camera",le="512"} 1"#,
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
        assert!(![ada, noe].iter().any(|person| text.contains(&person.to_string())), "{text}");
    }
}
