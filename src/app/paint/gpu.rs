//! Big marks on the window's own GPU device: instanced lines and points.

use eframe::egui::{Rect, epaint::PaintCallback};
use eframe::egui_wgpu::RenderState;

use super::mesh::Scene;
use crate::picture::Mark;

/// The GPU buffers of one painter's marks.
pub(super) struct Slots;

impl Slots {
    /// None where the device cannot read storage buffers in vertex shaders (OpenGL).
    pub fn new(_state: &RenderState) -> Option<Self> {
        None
    }

    /// How the GPU draws this mark, if it is big enough to go there.
    pub fn callback(&mut self, _rect: Rect, _scene: &Scene, _index: usize, _mark: &Mark) -> Option<PaintCallback> {
        None
    }
}
