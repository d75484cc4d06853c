//! Formulas, typeset: italic letters, sub- and superscripts, fractions. Written as a small TeX:
//! `x_{t}`, `|v|^2`, `\frac{dx}{dt}`, plain text in `\text{…}`; digits and signs stand upright.

use std::sync::Arc;

use eframe::egui::{self, Color32, FontId, Galley, Rect, Response, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use crate::app::theme;

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Run { text: String, italic: bool },
    Sub(Vec<Self>),
    Sup(Vec<Self>),
    Fraction(Vec<Self>, Vec<Self>),
}

struct Parser<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
}

impl Parser<'_> {
    fn list(&mut self, until_brace: bool) -> Vec<Node> {
        let mut out = Vec::new();
        while let Some(c) = self.rest.next() {
            match c {
                '}' if until_brace => break,
                '{' => out.extend(self.list(true)),
                '_' => out.push(Node::Sub(self.argument())),
                '^' => out.push(Node::Sup(self.argument())),
                '\\' => out.push(self.command()),
                c => push(&mut out, c, c.is_alphabetic()),
            }
        }
        out
    }

    /// One character or a group in braces.
    fn argument(&mut self) -> Vec<Node> {
        match self.rest.next() {
            Some('{') => self.list(true),
            Some(c) => vec![Node::Run {
                text: c.to_string(),
                italic: c.is_alphabetic(),
            }],
            None => Vec::new(),
        }
    }

    fn command(&mut self) -> Node {
        let mut name = String::new();
        while let Some(c) = self.rest.next_if(char::is_ascii_alphabetic) {
            name.push(c);
        }
        if name == "frac" {
            let over = self.argument();
            return Node::Fraction(over, self.argument());
        }
        let mut text = String::new();
        if self.rest.next_if_eq(&'{').is_some() {
            while let Some(c) = self.rest.next_if(|&c| c != '}') {
                text.push(c);
            }
            self.rest.next();
        }
        Node::Run { text, italic: false }
    }
}

fn push(out: &mut Vec<Node>, c: char, italic: bool) {
    match out.last_mut() {
        Some(Node::Run { text, italic: same }) if *same == italic => text.push(c),
        _ => out.push(Node::Run { text: c.into(), italic }),
    }
}

fn parse(tex: &str) -> Vec<Node> {
    let mut nodes = Parser {
        rest: tex.chars().peekable(),
    }
    .list(false);
    set_names_upright(&mut nodes);
    nodes
}

/// Names of functions (three letters or more: exp, min, sigmoid) stand upright, products of one-letter symbols do not.
fn set_names_upright(nodes: &mut [Node]) {
    for node in nodes {
        match node {
            Node::Run { text, italic } => *italic &= text.chars().count() < 3,
            Node::Sub(inner) | Node::Sup(inner) => set_names_upright(inner),
            Node::Fraction(over, under) => {
                set_names_upright(over);
                set_names_upright(under);
            }
        }
    }
}

enum Ink {
    Text(Arc<Galley>),
    Bar(f32),
}

/// A laid out formula: pieces with their offsets from the left end of the baseline.
struct Laid {
    pieces: Vec<(egui::Vec2, Ink)>,
    width: f32,
    ascent: f32,
    descent: f32,
}

fn lay(ui: &Ui, nodes: &[Node], size: f32, color: Color32) -> Laid {
    let mut all = Laid {
        pieces: Vec::new(),
        width: 0.0,
        ascent: size * 0.8,
        descent: size * 0.25,
    };
    for node in nodes {
        match node {
            Node::Run { text, italic } => {
                let family = if *italic {
                    theme::formula_family()
                } else {
                    egui::FontFamily::Proportional
                };
                let galley = ui
                    .painter()
                    .layout_no_wrap(text.clone(), FontId::new(size, family), color);
                let baseline = galley
                    .rows
                    .first()
                    .and_then(|r| r.glyphs.first())
                    .map_or(size, |g| g.pos.y);
                let width = galley.size().x + if *italic { size * 0.03 } else { 0.0 };
                all.pieces.push((vec2(all.width, -baseline), Ink::Text(galley)));
                all.width += width;
            }
            Node::Sub(inner) => all.append(&mut lay(ui, inner, size * 0.68, color), size * 0.22),
            Node::Sup(inner) => all.append(&mut lay(ui, inner, size * 0.68, color), -size * 0.40),
            Node::Fraction(over, under) => {
                let (mut over, mut under) = (lay(ui, over, size * 0.86, color), lay(ui, under, size * 0.86, color));
                let width = over.width.max(under.width) + size * 0.24;
                let axis = -size * 0.28;
                let start = all.width + size * 0.06;
                all.pieces.push((vec2(start, axis), Ink::Bar(width)));
                for (part, y) in [(&mut over, axis - size * 0.30), (&mut under, axis + size * 0.86)] {
                    all.width = start + (width - part.width) / 2.0;
                    all.append(part, y);
                }
                all.width = start + width + size * 0.06;
            }
        }
    }
    all
}

impl Laid {
    fn append(&mut self, inner: &mut Self, y: f32) {
        for (offset, ink) in inner.pieces.drain(..) {
            self.pieces.push((offset + vec2(self.width, y), ink));
        }
        self.ascent = self.ascent.max(inner.ascent - y);
        self.descent = self.descent.max(inner.descent + y);
        self.width += inner.width;
    }
}

/// Draws a formula; `spoken` is what screen readers say.
pub fn formula(ui: &mut Ui, tex: &str, size: f32, color: Color32, spoken: &str) -> Response {
    let laid = lay(ui, &parse(tex), size, color);
    let (rect, response) = ui.allocate_exact_size(vec2(laid.width, laid.ascent + laid.descent), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, ui.is_enabled(), spoken));
    draw(ui, &laid, rect, color);
    response
}

fn draw(ui: &Ui, laid: &Laid, rect: Rect, color: Color32) {
    let origin = pos2(rect.left(), rect.top() + laid.ascent);
    for (offset, ink) in &laid.pieces {
        let at = origin + *offset;
        match ink {
            Ink::Text(galley) => {
                ui.painter().galley(at, Arc::clone(galley), color);
            }
            Ink::Bar(width) => {
                ui.painter().hline(at.x..=at.x + width, at.y, Stroke::new(1.4, color));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_fractions_and_text_are_read() {
        let nodes = parse(r"\frac{dx}{dt}=v_{2}^2\text{ if}");
        let run = |text: &str, italic| Node::Run {
            text: text.into(),
            italic,
        };
        assert_eq!(
            nodes,
            vec![
                Node::Fraction(vec![run("dx", true)], vec![run("dt", true)]),
                run("=", false),
                run("v", true),
                Node::Sub(vec![run("2", false)]),
                Node::Sup(vec![run("2", false)]),
                run(" if", false),
            ]
        );
    }

    #[test]
    fn broken_input_is_no_panic() {
        for tex in ["", "_", "^{", r"\frac", r"\text{", "}}", r"\"] {
            parse(tex);
        }
    }
}
