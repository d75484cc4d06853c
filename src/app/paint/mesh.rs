//! Marks as egui meshes: two vertices a point of a line (a ribbon, mitred at its bends), four a point, eight an arrow.

use eframe::egui::{Color32, Mesh, Pos2, Rect, Vec2, epaint::Vertex, pos2, vec2};

use super::color_of;
use super::sprite::Sprite;
use crate::picture::{Colors, Mark, Transform};

/// Where things go on screen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scene {
    /// What is visible, egui points.
    pub clip: Rect,
    pub pixels_per_point: f32,
    pub screen_from_data: Transform,
}

impl Scene {
    pub fn place(&self, p: [f32; 2]) -> Pos2 {
        let [x, y] = self.screen_from_data.apply(p);
        pos2(x, y)
    }
}

/// One quad a point.
pub(super) fn points(scene: &Scene, sprite: &Sprite, at: &[[f32; 2]], colors: &Colors) -> Mesh {
    let mut mesh = Mesh::with_texture(sprite.texture);
    mesh.vertices.reserve(at.len() * 4);
    mesh.indices.reserve(at.len() * 6);
    let half = sprite.half_px / scene.pixels_per_point;
    let visible = scene.clip.expand(half);
    for (i, p) in at.iter().enumerate() {
        let center = scene.place(*p);
        if !visible.contains(center) {
            continue;
        }
        let color = color_of(colors, i).gamma_multiply(sprite.fade);
        let first = mesh.vertices.len() as u32;
        for (u, v) in [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)] {
            mesh.vertices.push(Vertex {
                pos: center + vec2(2.0 * u - 1.0, 2.0 * v - 1.0) * half,
                uv: pos2(u, v),
                color,
            });
        }
        let corners = [0, 1, 2, 0, 2, 3];
        mesh.indices.extend(corners.map(|k| first + k));
    }
    mesh
}

/// One ribbon a line, or a dash.
pub(super) fn lines(scene: &Scene, sprite: &Sprite, mark: &Mark) -> Mesh {
    let mut mesh = Mesh::with_texture(sprite.texture);
    let Mark::Lines {
        points,
        stride,
        shown,
        colors,
        width_px,
        dashed,
    } = mark
    else {
        return mesh;
    };
    let half = sprite.half_px / scene.pixels_per_point;
    let visible = scene.clip.expand(half);
    let mut line = Vec::with_capacity(*stride);
    if !dashed {
        let count = points.len().min(stride * shown);
        mesh.vertices.reserve(2 * count);
        mesh.indices.reserve(6 * count);
    }
    for (i, part) in points.chunks_exact((*stride).max(2)).take(*shown).enumerate() {
        line.clear();
        line.extend(part.iter().map(|p| scene.place(*p)).filter(|p| p.is_finite()));
        if !Rect::from_points(&line).intersects(visible) {
            continue;
        }
        let color = color_of(colors, i).gamma_multiply(sprite.fade);
        if *dashed {
            dashes(&line, 4.0 + 2.0 * width_px, 2.5 + 1.5 * width_px, |dash| {
                ribbon(&mut mesh, dash, color, half);
            });
        } else {
            ribbon(&mut mesh, &line, color, half);
        }
    }
    mesh
}

/// Calls `draw` with every dash of a line.
fn dashes(line: &[Pos2], on: f32, off: f32, mut draw: impl FnMut(&[Pos2])) {
    let mut dash = Vec::new();
    let mut left = on;
    let mut is_on = true;
    for w in line.windows(2) {
        let length = w[0].distance(w[1]);
        let mut from = 0.0;
        if is_on && dash.is_empty() {
            dash.push(w[0]);
        }
        while from + left < length {
            from += left;
            let p = w[0].lerp(w[1], from / length);
            dash.push(p);
            if is_on {
                draw(&dash);
            }
            dash.clear();
            is_on = !is_on;
            left = if is_on { on } else { off };
            if is_on {
                dash.push(p);
            }
        }
        left -= length - from;
        if is_on {
            dash.push(w[1]);
        }
    }
    if is_on {
        draw(&dash);
    }
}

/// A mitre is cut at this multiple of the half width: sharp turns must not throw spikes.
const MITRE: f32 = 2.0;

fn ribbon(mesh: &mut Mesh, line: &[Pos2], color: Color32, half: f32) {
    if line.len() < 2 {
        return;
    }
    let first = mesh.vertices.len() as u32;
    let mut before = Vec2::ZERO;
    for (k, p) in line.iter().enumerate() {
        // states that do not move have no direction of their own
        let after = line.get(k + 1).map_or(before, |q| direction(*q - *p, before));
        let before_or_after = if before == Vec2::ZERO { after } else { before };
        let normal = mitre(before_or_after, after) * half;
        for (side, u) in [(-1.0, 0.0), (1.0, 1.0)] {
            mesh.vertices.push(Vertex {
                pos: *p + side * normal,
                uv: pos2(u, 0.5),
                color,
            });
        }
        before = after;
    }
    for k in 0..line.len() as u32 - 1 {
        let a = first + 2 * k;
        mesh.indices.extend([a, a + 1, a + 2, a + 1, a + 2, a + 3]);
    }
}

fn direction(d: Vec2, otherwise: Vec2) -> Vec2 {
    let length = d.length();
    if length > 1e-4 { d / length } else { otherwise }
}

/// The vector across a bend that keeps both arms' width.
fn mitre(a: Vec2, b: Vec2) -> Vec2 {
    let (na, nb) = (vec2(-a.y, a.x), vec2(-b.y, b.x));
    let sum = na + nb;
    let square = sum.length_sq();
    if square < 4.0 / (MITRE * MITRE) {
        return nb;
    }
    sum * (2.0 / square)
}

/// Dash and gap of an arrow's shaft, for its width: short, because arrows are.
pub(super) fn arrow_dash(width_px: f32) -> [f32; 2] {
    [2.2, 1.4].map(|part| part * width_px.max(1.6))
}

/// A shaft and a head each. The head's size follows the arrow's length, up to a limit.
pub(super) fn arrows(scene: &Scene, sprite: &Sprite, mark: &Mark) -> Mesh {
    let mut mesh = Mesh::with_texture(sprite.texture);
    let Mark::Arrows {
        at,
        by,
        colors,
        width_px,
        dashed,
    } = mark
    else {
        return mesh;
    };
    let half = sprite.half_px / scene.pixels_per_point;
    for (i, (tail, step)) in at.iter().zip(by.iter()).enumerate() {
        let tip = scene.place([tail[0] + step[0], tail[1] + step[1]]);
        let tail = scene.place(*tail);
        if !(tail.is_finite() && Rect::from_two_pos(tail, tip).intersects(scene.clip)) {
            continue;
        }
        let color = color_of(colors, i).gamma_multiply(sprite.fade);
        let length = tail.distance(tip);
        let along = (tip - tail) / length.max(1e-6);
        let head = head_length(length, *width_px);
        let neck = tip - along * (0.8 * head);
        if *dashed {
            let [on, off] = arrow_dash(*width_px);
            dashes(&[tail, neck], on, off, |d| {
                ribbon(&mut mesh, d, color, half);
            });
        } else {
            ribbon(&mut mesh, &[tail, neck], color, half);
        }
        let across = vec2(-along.y, along.x) * (0.42 * head);
        let back = tip - along * head;
        triangle(
            &mut mesh,
            [tip, back + across, back - across],
            color,
            0.5 / scene.pixels_per_point,
        );
    }
    mesh
}

/// Length of an arrow's head, pixels, for its whole length and its width.
pub(super) fn head_length(length: f32, width_px: f32) -> f32 {
    (0.34 * length + 1.2 * width_px).min(4.0 + 2.2 * width_px).min(length)
}

/// A filled triangle with a soft edge `soft` to each side.
fn triangle(mesh: &mut Mesh, corners: [Pos2; 3], color: Color32, soft: f32) {
    let center = (corners[0].to_vec2() + corners[1].to_vec2() + corners[2].to_vec2()) / 3.0;
    let first = mesh.vertices.len() as u32;
    for (out, u) in [(-soft, 0.5), (soft, 0.0)] {
        for c in corners {
            let d = c.to_vec2() - center;
            // corners move farther than edges: by 2 for the 60 degrees of an even triangle
            let moved = (d.length() + 2.0 * out).max(0.0);
            let pos = (center + d.normalized() * moved).to_pos2();
            mesh.vertices.push(Vertex {
                pos,
                uv: pos2(u, 0.5),
                color,
            });
        }
    }
    mesh.indices.extend([first, first + 1, first + 2]);
    for k in 0..3 {
        let (a, b) = (first + k, first + (k + 1) % 3);
        mesh.indices.extend([a, b, a + 3, b, a + 3, b + 3]);
    }
}
