//! SVG files: real text in an embedded subset of the font, shapes in groups with names (layers in Inkscape and Illustrator).

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::sheet::{Anchor, Area, Item, Pen, SQUARE, Sheet, Text, ring_width};
use super::{FigureError, font_subset, letters};
use crate::picture::{Rgba, Shape};

/// The element that holds the lab.
pub const LAB_ELEMENT: &str = "rectiflow:lab";

/// The SVG file of a sheet; `lab` is the code that brings its lab back.
///
/// # Errors
/// A map of colors that cannot be encoded.
pub fn svg(sheet: &Sheet, lab: Option<&str>) -> Result<String, FigureError> {
    let mut out = Out {
        text: String::new(),
        clips: 0,
        ramps: 0,
    };
    let [width, height] = sheet.size.map(number);
    // writing to a String cannot fail; a failure inside a map is kept and told at the end
    out.line(&format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" xmlns:inkscape=\"http://www.inkscape.org/namespaces/inkscape\" xmlns:rectiflow=\"https://rectiflow.app/ns\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\">"
    ));
    if !sheet.title.is_empty() {
        out.line(&format!("<title>{}</title>", escaped(&sheet.title)));
    }
    if !sheet.description.is_empty() {
        out.line(&format!("<desc>{}</desc>", escaped(&sheet.description)));
    }
    if let Some(lab) = lab {
        out.line(&format!(
            "<metadata><{LAB_ELEMENT}>{}</{LAB_ELEMENT}></metadata>",
            escaped(lab)
        ));
    }
    out.line(&style(sheet));
    if let Some(ground) = sheet.ground {
        let paint = fill(ground);
        out.line(&format!(
            "<rect id=\"ground\" width=\"{width}\" height=\"{height}\" {paint}/>"
        ));
    }
    for item in &sheet.items {
        out.item(item)?;
    }
    out.line("</svg>");
    Ok(out.text)
}

/// The fonts, with only the letters that the sheet uses.
fn style(sheet: &Sheet) -> String {
    let mut css =
        String::from("text{font-family:'Rectiflow Plex','IBM Plex Sans',sans-serif;font-kerning:none;white-space:pre}");
    for (strong, weight) in [(false, letters::REGULAR), (true, letters::STRONG)] {
        let said = sheet.texts();
        let said = said.iter().filter(|t| t.strong == strong).map(|t| t.text.as_str());
        if let Some(font) = font_subset::subset(said, weight) {
            let data = BASE64.encode(font);
            let _ = write!(
                css,
                "@font-face{{font-family:'Rectiflow Plex';font-weight:{weight};src:url(data:font/ttf;base64,{data}) format('truetype')}}"
            );
        }
    }
    format!("<style>{css}</style>")
}

/// With at most two decimals (a fiftieth of a pixel), no trailing zeros.
fn number(value: f32) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".into() } else { text.into() }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML has no place for control characters
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

fn color_of([r, g, b, _]: Rgba) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn opacity(name: &str, alpha: u8) -> String {
    if alpha == 255 {
        return String::new();
    }
    let text = format!("{:.3}", f32::from(alpha) / 255.0);
    format!(
        " {name}-opacity=\"{}\"",
        text.trim_end_matches('0').trim_end_matches('.')
    )
}

fn fill(color: Rgba) -> String {
    format!("fill=\"{}\"{}", color_of(color), opacity("fill", color[3]))
}

fn stroke(pen: Pen) -> String {
    let dash = pen.dash.map_or(String::new(), |[on, off]| {
        format!(" stroke-dasharray=\"{} {}\"", number(on), number(off))
    });
    format!(
        "fill=\"none\" stroke=\"{}\"{} stroke-width=\"{}\" stroke-linejoin=\"round\"{dash}",
        color_of(pen.color),
        opacity("stroke", pen.color[3]),
        number(pen.width)
    )
}

fn path_of(points: &[[f32; 2]], closed: bool) -> String {
    let mut path = String::new();
    for (i, p) in points.iter().enumerate() {
        let letter = if i == 0 { "M" } else { "L" };
        let _ = write!(path, "{letter}{} {}", number(p[0]), number(p[1]));
    }
    if closed {
        path.push('Z');
    }
    path
}

struct Out {
    text: String,
    clips: usize,
    ramps: usize,
}

impl Out {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn item(&mut self, item: &Item) -> Result<(), FigureError> {
        match item {
            Item::Group { name, clip, items } => self.group(name, *clip, items)?,
            Item::Dots {
                at,
                colors,
                radius,
                shape,
            } => self.dots(at, colors, *radius, *shape),
            Item::Line { points, pen } => {
                self.line(&format!("<path d=\"{}\" {}/>", path_of(points, false), stroke(*pen)));
            }
            Item::Fill { corners, color } => {
                self.line(&format!("<path d=\"{}\" {}/>", path_of(corners, true), fill(*color)));
            }
            Item::Box {
                area,
                fill: inside,
                pen,
            } => {
                let paint = match (inside, pen) {
                    (Some(color), None) => fill(*color),
                    (None, Some(pen)) => stroke(*pen),
                    (Some(color), Some(pen)) => stroke(*pen).replace("fill=\"none\"", &fill(*color)),
                    (None, None) => return Ok(()),
                };
                self.line(&format!("<rect {} {paint}/>", place(*area)));
            }
            Item::Ramp { area, colors } => self.ramp(*area, colors),
            Item::Map { area, columns, pixels } => self.map(*area, *columns, pixels)?,
            Item::Text(text) => self.write(text),
        }
        Ok(())
    }

    fn group(&mut self, name: &str, clip: Option<Area>, items: &[Item]) -> Result<(), FigureError> {
        let name = escaped(name);
        let layer = format!("id=\"{name}\" inkscape:label=\"{name}\" inkscape:groupmode=\"layer\"");
        if let Some(area) = clip {
            self.clips += 1;
            let id = format!("clip-{}", self.clips);
            self.line(&format!("<clipPath id=\"{id}\"><rect {}/></clipPath>", place(area)));
            self.line(&format!("<g {layer} clip-path=\"url(#{id})\">"));
        } else {
            self.line(&format!("<g {layer}>"));
        }
        for item in items {
            self.item(item)?;
        }
        self.line("</g>");
        Ok(())
    }

    fn dots(&mut self, at: &[[f32; 2]], colors: &[Rgba], radius: f32, shape: Shape) {
        let one = (colors.len() == 1).then(|| colors[0]);
        let paint = |color: Rgba| match shape {
            Shape::Disk | Shape::Square => fill(color),
            Shape::Ring => stroke(Pen::solid(color, ring_width(radius))),
        };
        // the color that all share stands on their group, once
        self.line(&format!("<g {}>", one.map_or(String::new(), paint)));
        for (i, p) in at.iter().enumerate() {
            let own = match one {
                Some(_) => String::new(),
                None => format!(" {}", paint(colors.get(i).copied().unwrap_or_default())),
            };
            let line = match shape {
                Shape::Disk => format!(
                    "<circle cx=\"{}\" cy=\"{}\" r=\"{}\"{own}/>",
                    number(p[0]),
                    number(p[1]),
                    number(radius)
                ),
                Shape::Ring => {
                    let r = number(radius - 0.5 * ring_width(radius));
                    format!(
                        "<circle cx=\"{}\" cy=\"{}\" r=\"{r}\"{own}/>",
                        number(p[0]),
                        number(p[1])
                    )
                }
                Shape::Square => {
                    let half = SQUARE * radius;
                    let area = Area::of(p[0] - half, p[1] - half, p[0] + half, p[1] + half);
                    format!("<rect {}{own}/>", place(area))
                }
            };
            self.line(&line);
        }
        self.line("</g>");
    }

    fn ramp(&mut self, area: Area, colors: &[Rgba]) {
        self.ramps += 1;
        let id = format!("ramp-{}", self.ramps);
        self.line(&format!("<linearGradient id=\"{id}\">"));
        for (i, color) in colors.iter().enumerate() {
            let offset = i as f32 / (colors.len().max(2) - 1) as f32;
            let stop = format!(
                "<stop offset=\"{offset:.4}\" stop-color=\"{}\"{}/>",
                color_of(*color),
                opacity("stop", color[3])
            );
            self.line(&stop);
        }
        self.line("</linearGradient>");
        self.line(&format!("<rect {} fill=\"url(#{id})\"/>", place(area)));
    }

    fn map(&mut self, area: Area, columns: usize, pixels: &[Rgba]) -> Result<(), FigureError> {
        let data = BASE64.encode(super::png::pixels(pixels, columns)?);
        self.line(&format!(
            "<image {} preserveAspectRatio=\"none\" xlink:href=\"data:image/png;base64,{data}\"/>",
            place(area)
        ));
        Ok(())
    }

    fn write(&mut self, text: &Text) {
        let anchor = match text.anchor {
            Anchor::Left => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::Right => " text-anchor=\"end\"",
        };
        let weight = if text.strong {
            format!(" font-weight=\"{}\"", letters::STRONG)
        } else {
            String::new()
        };
        self.line(&format!(
            "<text x=\"{}\" y=\"{}\" font-size=\"{}\"{anchor}{weight} {}>{}</text>",
            number(text.at[0]),
            number(text.at[1] + letters::HALF_CAPITAL * text.size),
            number(text.size),
            fill(text.color),
            escaped(&text.text)
        ));
    }
}

fn place(area: Area) -> String {
    let [width, height] = area.size();
    format!(
        "x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"",
        number(area.min[0]),
        number(area.min[1]),
        number(width),
        number(height)
    )
}
