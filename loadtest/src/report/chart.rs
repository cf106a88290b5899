//! Charts as plain SVG: lines over time, and bars.

use std::fmt::Write as _;

const WIDE: f64 = 640.0;
const HIGH: f64 = 200.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 10.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 24.0;
/// More points than this are no finer than the screen.
const POINTS_MAX: usize = 600;

/// One line of a chart: `class` is its colour, and `dash` a second way to tell it from the others.
pub struct Line {
    pub name: String,
    pub class: &'static str,
    /// Seconds, and a value where there is one.
    pub points: Vec<(f64, Option<f64>)>,
}

/// A chart with its title and a legend. `mark`: a span of time that is shaded, with its name.
pub fn lines(title: &str, unit: &str, lines: &[Line], mark: Option<(f64, f64, &str)>) -> String {
    let until = end(lines);
    let ticks: Vec<(f64, String)> =
        (0..=4).map(|step| until * f64::from(step) / 4.0).map(|at| (at, format!("{at:.0} s"))).collect();
    drawn(title, unit, lines, mark, &ticks)
}

/// The same over an axis of its own: where something is written below it, and what.
pub fn axis_lines(title: &str, unit: &str, lines: &[Line], ticks: &[(f64, String)]) -> String {
    drawn(title, unit, lines, None, ticks)
}

fn end(lines: &[Line]) -> f64 {
    lines.iter().flat_map(|line| &line.points).map(|(at, _)| *at).fold(1.0, f64::max)
}

fn drawn(title: &str, unit: &str, lines: &[Line], mark: Option<(f64, f64, &str)>, ticks: &[(f64, String)]) -> String {
    let values = || lines.iter().flat_map(|line| &line.points).filter_map(|(_, value)| *value);
    let until = end(lines);
    let most = nice(values().fold(0.0, f64::max));
    let x = |at: f64| LEFT + (WIDE - LEFT - RIGHT) * (at / until).clamp(0.0, 1.0);
    let y = |value: f64| TOP + (HIGH - TOP - BOTTOM) * (1.0 - value / most);
    let mut svg = format!(
        "<figure><figcaption>{title} <small>{unit}</small></figcaption>\
         <svg viewBox=\"0 0 {WIDE} {HIGH}\" role=\"img\" aria-label=\"{title}, {unit}, over time\">"
    );
    // Writing to a String does not fail.
    if let Some((from, to, name)) = mark {
        let (from, to) = (x(from), x(to));
        let _ = write!(
            svg,
            "<rect class=\"mark\" x=\"{from:.1}\" y=\"{TOP}\" width=\"{:.1}\" height=\"{:.1}\"/>\
             <text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\">{name}</text>",
            (to - from).max(1.0),
            HIGH - TOP - BOTTOM,
            from + 4.0,
            TOP + 12.0
        );
    }
    for step in 0..=4 {
        let value = most * f64::from(step) / 4.0;
        let at = y(value);
        let _ = write!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
             <text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            WIDE - RIGHT,
            LEFT - 6.0,
            at + 4.0,
            label(value)
        );
    }
    for (n, (at, name)) in ticks.iter().enumerate() {
        let anchor = match n {
            0 => "start",
            n if n + 1 == ticks.len() => "end",
            _ => "middle",
        };
        let _ = write!(
            svg,
            "<text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{name}</text>",
            x(*at),
            HIGH - 6.0
        );
    }
    for line in lines {
        let _ = write!(svg, "<path class=\"line {}\" d=\"{}\"/>", line.class, path(&thinned(&line.points), x, y));
    }
    svg += "</svg><p class=\"legend\">";
    for line in lines {
        let _ = write!(
            svg,
            "<span><svg viewBox=\"0 0 24 8\" aria-hidden=\"true\"><path class=\"line {}\" d=\"M1 4H23\"/></svg>{}</span>",
            line.class, line.name
        );
    }
    svg + "</p></figure>"
}

/// A bar from 0 to 1, as wide as its cell.
pub fn bar(share: f64, class: &str) -> String {
    let wide = (100.0 * share).clamp(0.0, 100.0);
    format!(
        "<svg class=\"bar\" viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\
         <rect class=\"bed\" width=\"100\" height=\"8\"/><rect class=\"{class}\" width=\"{wide:.1}\" height=\"8\"/></svg>"
    )
}

fn path(points: &[(f64, Option<f64>)], x: impl Fn(f64) -> f64, y: impl Fn(f64) -> f64) -> String {
    let (mut path, mut is_down) = (String::new(), false);
    for (at, value) in points {
        match value {
            Some(value) => {
                let _ = write!(path, "{}{:.1} {:.1}", if is_down { "L" } else { "M" }, x(*at), y(*value));
                is_down = true;
            }
            None => is_down = false,
        }
    }
    path
}

/// The highest of each few points: a spike must not be lost.
fn thinned(points: &[(f64, Option<f64>)]) -> Vec<(f64, Option<f64>)> {
    let few = points.len().div_ceil(POINTS_MAX).max(1);
    let highest = |some: &[(f64, Option<f64>)]| {
        let most = some.iter().filter_map(|(_, value)| *value).reduce(f64::max);
        (some[0].0, most)
    };
    points.chunks(few).map(highest).collect()
}

/// A round number at or above this.
fn nice(most: f64) -> f64 {
    if most <= 0.0 {
        return 1.0;
    }
    let unit = 10_f64.powf(most.log10().floor());
    let steps = [1.0, 2.0, 4.0, 5.0, 8.0, 10.0];
    steps.iter().map(|step| step * unit).find(|round| *round >= most * 0.999).unwrap_or(most)
}

fn label(value: f64) -> String {
    match value {
        value if value >= 10_000.0 => format!("{:.0} k", value / 1_000.0),
        value if value >= 1_000.0 => format!("{:.1} k", value / 1_000.0),
        value if value >= 10.0 || value.fract() == 0.0 => format!("{value:.0}"),
        value if value >= 1.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_round_numbers() {
        assert_eq!([nice(0.0), nice(0.7), nice(3.0), nice(99.0), nice(1_100.0)], [1.0, 0.8, 4.0, 100.0, 2_000.0]);
        assert_eq!([label(12_500.0), label(1_500.0), label(2.5), label(0.25)], ["12 k", "1.5 k", "2.5", "0.25"]);
    }

    #[test]
    fn a_spike_survives_thinning() {
        let points: Vec<_> = (0..3_600).map(|n| (f64::from(n), Some(if n == 1_801 { 9.0 } else { 1.0 }))).collect();
        let thin = thinned(&points);
        assert!(thin.len() <= POINTS_MAX && thin.iter().any(|(_, value)| *value == Some(9.0)));
    }

    #[test]
    fn a_gap_interrupts_the_line() {
        let path = path(&[(0.0, Some(1.0)), (1.0, None), (2.0, Some(1.0))], |x| x, |y| y);
        assert_eq!(path, "M0.0 1.0M2.0 1.0");
    }
}
