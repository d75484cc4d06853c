//! 256 colors for a frame of many. Figures are flat: a ground, a few inks, and the steps between them at antialiased edges. The
//! commonest colors are kept as they are, the rest are split where they vary most (Wan, Wong, Prusinkiewicz 1988: variance-based
//! median cut). No dither: its noise would move from frame to frame.

use std::collections::HashMap;

/// A color that covers this part of a frame is kept to the bit.
const COMMON: f64 = 1.0 / 400.0;
/// At most so many are.
const MOST_COMMON: usize = 64;

/// Colors, and which of them stands for each color of the frame.
pub struct Palette {
    /// At most as many as were asked for.
    pub colors: Vec<[u8; 3]>,
    of: HashMap<[u8; 3], u8>,
}

type Counted = ([u8; 3], u64);

impl Palette {
    /// At most `most` colors (1 to 256) for these pixels. The same pixels give the same colors in the same order.
    pub fn of(pixels: impl Iterator<Item = [u8; 3]>, most: usize) -> Self {
        let mut counts: HashMap<[u8; 3], u64> = HashMap::new();
        for color in pixels {
            *counts.entry(color).or_default() += 1;
        }
        let mut all: Vec<Counted> = counts.into_iter().collect();
        // commonest first; the map's own order changes from run to run
        all.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        if all.len() <= most {
            let colors: Vec<[u8; 3]> = all.iter().map(|c| c.0).collect();
            let of = colors.iter().enumerate().map(|(i, c)| (*c, i as u8)).collect();
            return Self { colors, of };
        }
        let total: u64 = all.iter().map(|c| c.1).sum();
        let common = all.iter().take(MOST_COMMON.min(most / 2));
        let kept = common.take_while(|c| c.1 as f64 >= COMMON * total as f64).count();
        let mut colors: Vec<[u8; 3]> = all[..kept].iter().map(|c| c.0).collect();
        colors.extend(split(all[kept..].to_vec(), most - kept));
        colors.sort_unstable();
        colors.dedup();
        let of = all.iter().map(|(c, _)| (*c, nearest(&colors, *c))).collect();
        Self { colors, of }
    }

    /// The index of the color that stands for a color of the frame.
    pub fn index(&self, color: [u8; 3]) -> u8 {
        self.of.get(&color).copied().unwrap_or(0)
    }
}

fn nearest(colors: &[[u8; 3]], wanted: [u8; 3]) -> u8 {
    let far = |c: &[u8; 3]| -> i32 {
        let d = [0, 1, 2].map(|i| i32::from(c[i]) - i32::from(wanted[i]));
        // the eye's rough weights of red, green, blue
        2 * d[0] * d[0] + 4 * d[1] * d[1] + 3 * d[2] * d[2]
    };
    let best = colors.iter().enumerate().min_by_key(|(_, c)| far(c));
    best.map_or(0, |(i, _)| i as u8)
}

/// The axis along which colors vary most, and the sum of squared deviations along it.
fn spread(colors: &[Counted]) -> (usize, f64) {
    let weight: f64 = colors.iter().map(|c| c.1 as f64).sum();
    let along = |axis: usize| {
        let value = |c: &Counted| f64::from(c.0[axis]);
        let mean = colors.iter().map(|c| value(c) * c.1 as f64).sum::<f64>() / weight.max(1.0);
        colors
            .iter()
            .map(|c| (value(c) - mean).powi(2) * c.1 as f64)
            .sum::<f64>()
    };
    let all = [0, 1, 2].map(along);
    let axis = (0..3).max_by(|&a, &b| all[a].total_cmp(&all[b])).unwrap_or(0);
    (axis, all[axis])
}

fn split(all: Vec<Counted>, parts: usize) -> Vec<[u8; 3]> {
    let mut boxes = vec![(spread(&all), all)];
    while boxes.len() < parts {
        let widest = (0..boxes.len()).max_by(|&a, &b| boxes[a].0.1.total_cmp(&boxes[b].0.1));
        let Some(at) = widest.filter(|&at| boxes[at].1.len() > 1) else {
            break;
        };
        let ((axis, _), mut colors) = boxes.swap_remove(at);
        colors.sort_unstable_by_key(|c| (c.0[axis], c.0));
        let weight: f64 = colors.iter().map(|c| c.1 as f64).sum();
        let mean = colors.iter().map(|c| f64::from(c.0[axis]) * c.1 as f64).sum::<f64>() / weight;
        let cut = colors
            .partition_point(|c| f64::from(c.0[axis]) <= mean)
            .clamp(1, colors.len() - 1);
        let rest = colors.split_off(cut);
        boxes.push((spread(&colors), colors));
        boxes.push((spread(&rest), rest));
    }
    let mean = |colors: &Vec<Counted>| {
        let weight: u64 = colors.iter().map(|c| c.1).sum();
        [0, 1, 2].map(|i| {
            let sum: u64 = colors.iter().map(|c| u64::from(c.0[i]) * c.1).sum();
            ((sum + weight / 2) / weight.max(1)) as u8
        })
    };
    boxes.iter().filter(|b| !b.1.is_empty()).map(|b| mean(&b.1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_colors_are_kept_to_the_bit() {
        let pixels = (0..200u8).map(|i| [i, 255 - i, 7]);
        let palette = Palette::of(pixels.clone(), 255);
        for color in pixels {
            assert_eq!(palette.colors[palette.index(color) as usize], color);
        }
    }

    #[test]
    fn many_colors_stay_near_and_the_common_ones_exact() {
        let ground = [250u8, 249, 246];
        let noise = (0..30_000u32).map(|i| {
            let x = i.wrapping_mul(2_654_435_761);
            [(x >> 24) as u8, (x >> 16) as u8, (x >> 8) as u8]
        });
        let pixels = noise.clone().chain(std::iter::repeat_n(ground, 5000));
        let palette = Palette::of(pixels.clone(), 255);
        assert!(palette.colors.len() <= 255);
        assert_eq!(palette.colors[palette.index(ground) as usize], ground);
        let error = |c: [u8; 3]| {
            let p = palette.colors[palette.index(c) as usize];
            (0..3).map(|i| (f64::from(p[i]) - f64::from(c[i])).powi(2)).sum::<f64>()
        };
        let rms = (noise.clone().map(error).sum::<f64>() / 30_000.0).sqrt();
        // 190 cells of a cube of side 256 have a side of 45, and an rms distance to their middle of 22
        assert!(rms < 27.0, "{rms}");
        let again = Palette::of(pixels, 255);
        assert_eq!(again.colors, palette.colors);
    }
}
