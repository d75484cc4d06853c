//! The pictures of the presets, made by the program (`tests/gallery.rs`) and kept in `assets/thumbnails`.

use std::collections::HashMap;

use eframe::egui::{Color32, ColorImage, Rect, TextureHandle, TextureOptions, Ui, pos2};

use crate::app::theme;
use crate::lab::preset_picture;

/// Pictures that were shown, as textures.
#[derive(Default)]
pub struct Pictures {
    textures: HashMap<(String, bool), Option<TextureHandle>>,
}

impl Pictures {
    /// Paints a preset's picture into `rect`; nothing where it has none.
    pub fn paint(&mut self, ui: &Ui, name: &str, rect: Rect) {
        let dark = theme::current(ui).dark;
        let load = || {
            // eframe reads PNG for icons; these are pictures like any other
            let data = eframe::icon_data::from_png_bytes(preset_picture(name, dark)?).ok()?;
            let size = [data.width as usize, data.height as usize];
            let image = ColorImage::from_rgba_unmultiplied(size, &data.rgba);
            Some(ui.ctx().load_texture(name, image, TextureOptions::LINEAR))
        };
        let texture = self.textures.entry((name.to_owned(), dark)).or_insert_with(load);
        if let Some(texture) = texture {
            let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            ui.painter().image(texture.id(), rect, whole, Color32::WHITE);
        }
    }
}
