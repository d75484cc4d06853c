//! Small controls that the panels share.

pub mod chart;
pub mod formula;
pub mod icon;
pub mod loss_chart;
pub mod number;
pub mod preset_picture;
pub mod row;
pub mod schedule;
pub mod scrub;
pub mod thumbnail;

/// A count with a thin comma between thousands: 12,345.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// A measured number to three significant figures, with a true minus sign.
pub fn measured(x: f64) -> String {
    let size = x.abs();
    let text = if !x.is_finite() {
        x.to_string()
    } else if size == 0.0 {
        "0".into()
    } else if size < 1e-3 {
        format!("{x:.1e}")
    } else if size < 1.0 {
        let places = (2.0 - size.log10().floor()) as usize;
        format!("{x:.places$}")
    } else if size < 10.0 {
        format!("{x:.2}")
    } else if size < 100.0 {
        format!("{x:.1}")
    } else if size < 1e6 {
        grouped(size.round() as u64)
    } else {
        format!("{x:.2e}")
    };
    text.replace('-', "\u{2212}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        for (x, text) in [
            (0.0, "0"),
            (0.28349, "0.283"),
            (0.012345, "0.0123"),
            (2.5, "2.50"),
            (12.345, "12.3"),
            (1234.5, "1,235"),
            (0.00031, "3.1e\u{2212}4"),
        ] {
            assert_eq!(measured(x), text);
        }
        assert_eq!(grouped(1234567), "1,234,567");
        assert_eq!(grouped(12), "12");
    }
}
