//! Draws a [`Picture`] with egui. A mark becomes one egui mesh (`mesh.rs`), textured with a small antialiased sprite
//! (`sprite.rs`), never a shape a point; a mark of more than [`BIG`] segments or points becomes one call of the GPU with
//! buffers that stay there until their `Arc` changes (`gpu.rs`, `shaders/paint.wgsl`).

mod gpu;
mod legend;
mod mesh;
mod sheet;
mod sprite;

use std::sync::Arc;

use eframe::egui::{self, Align2, Color32, FontId, Pos2, Rect, TextureHandle, TextureOptions};
use eframe::egui_wgpu::RenderState;

pub use legend::{paint_legend, paint_swatch};
pub use sheet::paint_sheet;

use crate::picture::{Bounds, Colors, Mark, Picture, Rgba, Transform};

/// Marks of more segments or points than this go to the GPU as they are. At 2,000 lines of 65 states on lavapipe (2 busy
/// cores) that is 0.7 ms to lay out instead of 13, and 57 ms to draw instead of 87; below a few thousand it matters little.
pub const BIG: usize = 4_000;

/// Draws pictures; keeps textures and GPU buffers between frames. One a stage.
pub struct PicturePainter {
    sprites: sprite::Sprites,
    gpu: Option<gpu::Slots>,
    heats: Vec<Heat>,
}

/// A heat map's texture and what it was made from.
struct Heat {
    cells: Arc<Vec<Rgba>>,
    texture: TextureHandle,
    used: bool,
}

impl PicturePainter {
    /// With the window's renderer (`eframe::Frame::wgpu_render_state`); without one, or where its device lacks what
    /// `gpu.rs` needs, everything is drawn as meshes.
    pub fn new(render_state: Option<&RenderState>) -> Self {
        Self {
            sprites: sprite::Sprites::default(),
            gpu: render_state.and_then(gpu::Slots::new),
            heats: Vec::new(),
        }
    }

    /// Draws the marks of `picture` into `rect`, clipped to it; axes, background and legend are the caller's.
    /// `screen_from_data` gives egui points. Sizes in pixels are taken as egui points, so that zoom scales them.
    pub fn paint(&mut self, ui: &mut egui::Ui, rect: Rect, screen_from_data: Transform, picture: &Picture) {
        let painter = ui.painter_at(rect);
        if !painter.clip_rect().is_positive() {
            return;
        }
        for heat in &mut self.heats {
            heat.used = false;
        }
        let scene = mesh::Scene {
            clip: painter.clip_rect(),
            pixels_per_point: ui.ctx().pixels_per_point(),
            screen_from_data,
        };
        for (index, mark) in picture.marks.iter().enumerate() {
            self.paint_mark(ui.ctx(), &painter, rect, &scene, index, mark);
        }
        self.heats.retain(|h| h.used);
    }

    fn paint_mark(
        &mut self,
        ctx: &egui::Context,
        painter: &egui::Painter,
        rect: Rect,
        scene: &mesh::Scene,
        index: usize,
        mark: &Mark,
    ) {
        if let Some(gpu) = &self.gpu
            && let Some(callback) = gpu.callback(rect, scene, index, mark)
        {
            painter.add(callback);
            return;
        }
        let ppp = scene.pixels_per_point;
        let drawn = match mark {
            Mark::Points {
                at,
                colors,
                radius_px,
                shape,
            } => {
                let sprite = self.sprites.point(ctx, *shape, radius_px * ppp);
                mesh::points(scene, &sprite, at, colors)
            }
            Mark::Lines { width_px, .. } => {
                let sprite = self.sprites.line(ctx, width_px * ppp);
                mesh::lines(scene, &sprite, mark)
            }
            Mark::Arrows { width_px, .. } => {
                let sprite = self.sprites.line(ctx, width_px * ppp);
                mesh::arrows(scene, &sprite, mark)
            }
            Mark::Heat {
                bounds,
                columns,
                rows,
                cells,
            } => {
                let Some(texture) = self.heat(ctx, *columns, *rows, cells) else {
                    return;
                };
                painter.image(texture, heat_rect(scene, *bounds), FULL_UV, Color32::WHITE);
                return;
            }
            Mark::Text {
                at,
                text,
                color,
                size_px,
            } => {
                let font = FontId::proportional(*size_px);
                painter.text(scene.place(*at), Align2::CENTER_CENTER, text, font, color32(*color));
                return;
            }
        };
        if !drawn.is_empty() {
            painter.add(drawn);
        }
    }

    /// The texture of these cells, made anew only for a new `Arc`.
    fn heat(
        &mut self,
        ctx: &egui::Context,
        columns: usize,
        rows: usize,
        cells: &Arc<Vec<Rgba>>,
    ) -> Option<egui::TextureId> {
        if columns == 0 || rows == 0 || cells.len() != columns * rows {
            return None;
        }
        let at = self.heats.iter().position(|h| Arc::ptr_eq(&h.cells, cells));
        let at = at.unwrap_or_else(|| {
            // rows come bottom first, textures top first
            let bytes: Vec<u8> = cells.chunks_exact(columns).rev().flatten().flatten().copied().collect();
            let image = egui::ColorImage::from_rgba_unmultiplied([columns, rows], &bytes);
            // the texture of a map that is gone is written over rather than made anew
            if let Some(i) = self
                .heats
                .iter()
                .position(|h| !h.used && h.texture.size() == [columns, rows])
            {
                self.heats[i].texture.set(image, TextureOptions::LINEAR);
                self.heats[i].cells = cells.clone();
                return i;
            }
            self.heats.push(Heat {
                cells: cells.clone(),
                texture: ctx.load_texture("heat", image, TextureOptions::LINEAR),
                used: false,
            });
            self.heats.len() - 1
        });
        self.heats[at].used = true;
        Some(self.heats[at].texture.id())
    }
}

const FULL_UV: Rect = Rect {
    min: Pos2::ZERO,
    max: Pos2::new(1.0, 1.0),
};

fn heat_rect(scene: &mesh::Scene, bounds: Bounds) -> Rect {
    Rect::from_two_pos(scene.place(bounds.min), scene.place(bounds.max))
}

/// The same color for egui.
pub fn color32([r, g, b, a]: Rgba) -> Color32 {
    Color32::from_rgba_unmultiplied(r, g, b, a)
}

/// The color of item `index`; transparent where there is none.
fn color_of(colors: &Colors, index: usize) -> Color32 {
    match colors {
        Colors::One(c) => color32(*c),
        Colors::Each(all) => all.get(index).map_or(Color32::TRANSPARENT, |c| color32(*c)),
    }
}

#[cfg(test)]
mod tests;
