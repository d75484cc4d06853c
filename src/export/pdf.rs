//! PDF files: vector shapes and embedded letters, by krilla. The lab is an attachment.

use krilla::Document;
use krilla::SerializeSettings;
use krilla::color::rgb;
use krilla::embed::{AssociationKind, EmbeddedFile, MimeType};
use krilla::geom::{Path, PathBuilder, Point, Rect, Size, Transform};
use krilla::image::Image;
use krilla::metadata::Metadata;
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule, LineJoin, LinearGradient, SpreadMethod, Stop, Stroke, StrokeDash};
use krilla::surface::Surface;
use krilla::text::{Font, GlyphId, KrillaGlyph, Tag};

use super::sheet::{Anchor, Area, Item, Pen, SQUARE, Sheet, Text, ring_width};
use super::{FigureError, letters};
use crate::picture::{Rgba, Shape};

/// The attachment that holds the lab.
pub const LAB_FILE: &str = "rectiflow-lab.txt";
/// Points of PDF for one unit of the page.
const POINTS: f32 = 72.0 / 96.0;
/// How far the handles of a cubic lie along the tangents of a quarter circle.
const QUARTER: f32 = 0.552_284_8;

/// The PDF file of a sheet, one page; `lab` is the code that brings its lab back.
///
/// # Errors
/// A size that no page can have; what krilla cannot write.
pub fn pdf(sheet: &Sheet, lab: Option<&str>) -> Result<Vec<u8>, FigureError> {
    let [width, height] = sheet.size.map(|side| side * POINTS);
    let settings = PageSettings::from_wh(width, height).ok_or(FigureError::Size(width as u32, height as u32))?;
    let mut document = Document::new_with(SerializeSettings {
        // its identifiers and dates would differ from run to run
        xmp_metadata: false,
        ..SerializeSettings::default()
    });
    let mut page = document.start_page_with(settings);
    let mut surface = page.surface();
    surface.push_transform(&Transform::from_scale(POINTS, POINTS));
    let mut pen = Drawer {
        fonts: [letters::REGULAR, letters::STRONG].map(font_of),
        surface: &mut surface,
    };
    if let Some(ground) = sheet.ground {
        pen.fill(
            rectangle(Area {
                min: [0.0; 2],
                max: sheet.size,
            }),
            ground,
        );
    }
    pen.items(&sheet.items);
    surface.pop();
    surface.finish();
    page.finish();
    let mut metadata = Metadata::new().creator("Rectiflow".into()).language("en".into());
    if !sheet.title.is_empty() {
        metadata = metadata.title(sheet.title.clone());
    }
    if !sheet.description.is_empty() {
        metadata = metadata.description(sheet.description.clone());
    }
    document.set_metadata(metadata);
    if let Some(lab) = lab {
        document.embed_file(EmbeddedFile {
            path: LAB_FILE.into(),
            mime_type: MimeType::new("text/plain"),
            description: Some("The lab that made this figure: open the PDF with Rectiflow".into()),
            association_kind: AssociationKind::Source,
            data: lab.as_bytes().to_vec().into(),
            modification_date: None,
            // it is compressed already, and found by its first letters
            compress: Some(false),
            location: None,
        });
    }
    document.finish().map_err(|e| FigureError::Encoding(format!("{e:?}")))
}

fn font_of(weight: f32) -> Option<Font> {
    Font::new_variable(letters::FONT_FILE.to_vec().into(), 0, &[(Tag::new(b"wght"), weight)])
}

fn color(c: Rgba) -> rgb::Color {
    rgb::Color::new(c[0], c[1], c[2])
}

fn alpha(c: Rgba) -> NormalizedF32 {
    NormalizedF32::new(f32::from(c[3]) / 255.0).unwrap_or(NormalizedF32::ONE)
}

fn rectangle(area: Area) -> Option<Path> {
    let mut path = PathBuilder::new();
    path.push_rect(Rect::from_ltrb(area.min[0], area.min[1], area.max[0], area.max[1])?);
    path.finish()
}

fn polyline(points: &[[f32; 2]], closed: bool) -> Option<Path> {
    let mut path = PathBuilder::new();
    let (first, rest) = points.split_first()?;
    path.move_to(first[0], first[1]);
    for p in rest {
        path.line_to(p[0], p[1]);
    }
    if closed {
        path.close();
    }
    path.finish()
}

fn circle([x, y]: [f32; 2], r: f32) -> Option<Path> {
    let k = QUARTER * r;
    let mut path = PathBuilder::new();
    path.move_to(x + r, y);
    path.cubic_to(x + r, y + k, x + k, y + r, x, y + r);
    path.cubic_to(x - k, y + r, x - r, y + k, x - r, y);
    path.cubic_to(x - r, y - k, x - k, y - r, x, y - r);
    path.cubic_to(x + k, y - r, x + r, y - k, x + r, y);
    path.close();
    path.finish()
}

struct Drawer<'a, 'b> {
    fonts: [Option<Font>; 2],
    surface: &'a mut Surface<'b>,
}

impl Drawer<'_, '_> {
    fn fill(&mut self, path: Option<Path>, c: Rgba) {
        let Some(path) = path else { return };
        self.surface.set_stroke(None);
        self.surface.set_fill(Some(Fill {
            paint: color(c).into(),
            opacity: alpha(c),
            rule: FillRule::NonZero,
        }));
        self.surface.draw_path(&path);
    }

    fn stroke(&mut self, path: Option<Path>, pen: Pen) {
        let Some(path) = path else { return };
        self.surface.set_fill(None);
        self.surface.set_stroke(Some(Stroke {
            paint: color(pen.color).into(),
            width: pen.width,
            line_join: LineJoin::Round,
            opacity: alpha(pen.color),
            dash: pen.dash.map(|d| StrokeDash {
                array: d.to_vec(),
                offset: 0.0,
            }),
            ..Stroke::default()
        }));
        self.surface.draw_path(&path);
    }

    fn items(&mut self, items: &[Item]) {
        for item in items {
            self.item(item);
        }
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Group { clip, items, .. } => {
                let path = clip.and_then(rectangle);
                if let Some(path) = &path {
                    self.surface.push_clip_path(path, &FillRule::NonZero);
                }
                self.items(items);
                if path.is_some() {
                    self.surface.pop();
                }
            }
            Item::Dots {
                at,
                colors,
                radius,
                shape,
            } => {
                for (i, p) in at.iter().enumerate() {
                    let color = colors.get(i).or(colors.first()).copied().unwrap_or_default();
                    self.dot(*p, *radius, *shape, color);
                }
            }
            Item::Line { points, pen } => self.stroke(polyline(points, false), *pen),
            Item::Fill { corners, color } => self.fill(polyline(corners, true), *color),
            Item::Box { area, fill, pen } => {
                if let Some(color) = fill {
                    self.fill(rectangle(*area), *color);
                }
                if let Some(pen) = pen {
                    self.stroke(rectangle(*area), *pen);
                }
            }
            Item::Ramp { area, colors } => self.ramp(*area, colors),
            Item::Map { area, columns, pixels } => self.map(*area, *columns, pixels),
            Item::Text(text) => self.write(text),
        }
    }

    fn dot(&mut self, at: [f32; 2], radius: f32, shape: Shape, color: Rgba) {
        match shape {
            Shape::Disk => self.fill(circle(at, radius), color),
            Shape::Ring => {
                let width = ring_width(radius);
                self.stroke(circle(at, radius - 0.5 * width), Pen::solid(color, width));
            }
            Shape::Square => {
                let half = SQUARE * radius;
                let area = Area::of(at[0] - half, at[1] - half, at[0] + half, at[1] + half);
                self.fill(rectangle(area), color);
            }
        }
    }

    fn ramp(&mut self, area: Area, colors: &[Rgba]) {
        let stop = |(i, c): (usize, &Rgba)| {
            Some(Stop {
                offset: NormalizedF32::new(i as f32 / (colors.len().max(2) - 1) as f32)?,
                color: color(*c).into(),
                opacity: alpha(*c),
            })
        };
        let gradient = LinearGradient {
            x1: area.min[0],
            y1: area.min[1],
            x2: area.max[0],
            y2: area.min[1],
            transform: Transform::default(),
            spread_method: SpreadMethod::Pad,
            stops: colors.iter().enumerate().filter_map(stop).collect(),
            anti_alias: false,
        };
        let Some(path) = rectangle(area) else { return };
        self.surface.set_stroke(None);
        self.surface.set_fill(Some(Fill {
            paint: gradient.into(),
            opacity: NormalizedF32::ONE,
            rule: FillRule::NonZero,
        }));
        self.surface.draw_path(&path);
    }

    fn map(&mut self, area: Area, columns: usize, pixels: &[Rgba]) {
        let rows = pixels.len() / columns.max(1);
        let image = Image::from_rgba8(pixels.as_flattened().to_vec(), columns as u32, rows as u32);
        let [width, height] = area.size();
        let Some(size) = Size::from_wh(width, height) else {
            return;
        };
        self.surface
            .push_transform(&Transform::from_translate(area.min[0], area.min[1]));
        self.surface.draw_image(image, size);
        self.surface.pop();
    }

    fn write(&mut self, text: &Text) {
        use ab_glyph::Font as _;
        let (Some(font), Some(outlines)) = (self.fonts[usize::from(text.strong)].clone(), letters::font(text.strong))
        else {
            return;
        };
        let advances = letters::advances(&text.text, text.size, text.strong);
        let wide: f32 = advances.iter().sum();
        let left = text.at[0]
            - match text.anchor {
                Anchor::Left => 0.0,
                Anchor::Middle => 0.5 * wide,
                Anchor::Right => wide,
            };
        let glyph = |((at, c), advance): ((usize, char), f32)| {
            let id = GlyphId::new(u32::from(outlines.glyph_id(c).0));
            KrillaGlyph::new(id, advance / text.size, 0.0, 0.0, 0.0, at..at + c.len_utf8(), None)
        };
        let glyphs: Vec<KrillaGlyph> = text.text.char_indices().zip(advances).map(glyph).collect();
        self.surface.set_stroke(None);
        self.surface.set_fill(Some(Fill {
            paint: color(text.color).into(),
            opacity: alpha(text.color),
            rule: FillRule::NonZero,
        }));
        let baseline = text.at[1] + letters::HALF_CAPITAL * text.size;
        self.surface.draw_glyphs(
            Point::from_xy(left, baseline),
            &glyphs,
            font,
            &text.text,
            text.size,
            false,
        );
    }
}
