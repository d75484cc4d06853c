//! The window without a display: the real [`App`] with a real engine, driven frame by frame through an egui context. A frame
//! lays everything out, tessellates it and writes the buffers of a graphics device as the window's renderer does; only the
//! raster is left out. `bench --ui` measures by it.

use std::time::{Duration, Instant};

use eframe::egui::{self, Event, MouseWheelUnit, Pos2, Rect, Vec2};
use eframe::egui_wgpu::{self, RenderState, RendererOptions, ScreenDescriptor, WgpuConfiguration};
use eframe::wgpu;

use super::ui_command::UiCommand;
use super::{App, Link, stages};
use crate::engine::command::BackendChoice;
use crate::lab::Lab;

/// Time between frames.
const FRAME: Duration = Duration::from_micros(16_667);
/// A device that takes longer for a frame's copies is not waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// A window without a display.
pub struct Rehearsal {
    /// The window's state.
    pub app: App,
    ctx: egui::Context,
    renderer: Option<RenderState>,
    size: Vec2,
    frames: u64,
    /// When the last paced frame began.
    last: Instant,
    events: Vec<Event>,
}

/// What one frame cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct FrameCost {
    /// The window's code: logic and layout.
    pub layout: Duration,
    /// Shapes to triangles.
    pub tessellate: Duration,
    /// Textures and buffers for the graphics device; zero where there is none.
    pub upload: Duration,
}

impl FrameCost {
    /// All of it: a frame without its raster.
    pub fn total(&self) -> Duration {
        self.layout + self.tessellate + self.upload
    }
}

impl Rehearsal {
    /// A window of this size, in points, on this lab, whose runs begin to train as they do in the window. No file is read or
    /// written. Without a graphics adapter everything is drawn as meshes.
    pub fn open(mut lab: Lab, choice: BackendChoice, size: [f32; 2]) -> Self {
        let ctx = egui::Context::default();
        let renderer = renderer();
        stages::settle(&mut lab);
        let link = Link::start(&stages::engine_lab(&lab), choice, &ctx);
        Self {
            app: App::new(lab, link, renderer.as_ref()),
            ctx,
            renderer,
            size: Vec2::from(size),
            frames: 0,
            last: Instant::now(),
            events: Vec::new(),
        }
    }

    /// The graphics adapter that buffers are written for.
    pub fn adapter(&self) -> Option<String> {
        Some(self.renderer.as_ref()?.adapter.get_info().name)
    }

    /// A command, as a menu or a key would give it, within the next frame.
    pub fn command(&mut self, command: UiCommand) {
        self.app.screen.later.push(command);
    }

    /// Another lab's preset, without a question about what is unsaved.
    pub fn preset(&mut self, name: &str) {
        self.app.open_preset(name);
    }

    /// Closes what dialog is open.
    pub fn close_dialog(&mut self) {
        self.app.screen.dialog = None;
    }

    /// The pointer rests in the middle of the stage and turns its wheel by so many points in the next frame: that zooms.
    pub fn zoom(&mut self, by: f32) {
        let middle = Rect::from_min_size(Pos2::ZERO, self.size).center();
        self.events.push(Event::PointerMoved(middle));
        self.events.push(Event::MouseWheel {
            unit: MouseWheelUnit::Point,
            delta: Vec2::new(0.0, by),
            phase: egui::TouchPhase::Move,
            source: egui::MouseWheelSource::Wheel,
            modifiers: egui::Modifiers::NONE,
        });
    }

    /// Waits until a frame of a 60 Hz screen is due, then makes it.
    pub fn paced_frame(&mut self) -> FrameCost {
        let due = self.last + FRAME;
        if let Some(rest) = due.checked_duration_since(Instant::now()) {
            std::thread::sleep(rest);
        }
        self.last = Instant::now();
        self.frame()
    }

    /// Makes a frame at once; the window's clock goes on by the time between frames.
    pub fn frame(&mut self) -> FrameCost {
        self.frames += 1;
        let input = egui::RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, self.size)),
            time: Some(self.frames as f64 * FRAME.as_secs_f64()),
            max_texture_side: Some(8192),
            focused: true,
            events: std::mem::take(&mut self.events),
            ..egui::RawInput::default()
        };
        let began = Instant::now();
        let app = &mut self.app;
        let output = self.ctx.run_ui(input, |ui| app.frame_ui(ui));
        let laid_out = Instant::now();
        let pixels_per_point = output.pixels_per_point;
        let drawn = self.ctx.tessellate(output.shapes, pixels_per_point);
        let tessellated = Instant::now();
        let mut cost = FrameCost {
            layout: laid_out - began,
            tessellate: tessellated - laid_out,
            upload: Duration::ZERO,
        };
        let mut textures = output.textures_delta;
        if let Some(state) = &self.renderer {
            let pixels = self.size * pixels_per_point;
            upload(state, &drawn, &mut textures, pixels, pixels_per_point);
            cost.upload = tessellated.elapsed();
            // the copies themselves are the device's work, as the raster is
            let wait = wgpu::PollType::Wait {
                submission_index: None,
                timeout: Some(PATIENCE),
            };
            let _ = state.device.poll(wait);
        }
        textures.clear();
        self.app.note_frame(Some(cost.total().as_secs_f32()));
        cost
    }
}

/// Writes what a frame draws to the device.
fn upload(
    state: &RenderState,
    drawn: &[egui::ClippedPrimitive],
    textures: &mut egui::TexturesDelta,
    pixels: Vec2,
    pixels_per_point: f32,
) {
    let mut renderer = state.renderer.write();
    for (id, images) in textures.set.drain() {
        for image in images {
            renderer.update_texture(&state.device, &state.queue, id, &image);
        }
    }
    let mut encoder = state
        .device
        .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    let screen = ScreenDescriptor {
        size_in_pixels: [pixels.x.round() as u32, pixels.y.round() as u32],
        pixels_per_point,
    };
    let own = renderer.update_buffers(&state.device, &state.queue, &mut encoder, drawn, &screen);
    for id in textures.free.drain() {
        renderer.free_texture(&id);
    }
    state.queue.submit(own.into_iter().chain([encoder.finish()]));
}

/// A device as the window has it, without a surface; None where there is no adapter.
fn renderer() -> Option<RenderState> {
    let setup = egui_wgpu::WgpuSetup::CreateNew(egui_wgpu::WgpuSetupCreateNew::without_display_handle());
    let instance = pollster::block_on(setup.new_instance());
    let configuration = WgpuConfiguration {
        wgpu_setup: setup,
        ..WgpuConfiguration::default()
    };
    let made = RenderState::create(&configuration, &instance, None, RendererOptions::default());
    pollster::block_on(made).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rehearsal_trains_draws_and_takes_commands() {
        let mut window = Rehearsal::open(Lab::default(), BackendChoice::Cpu, [1440.0, 900.0]);
        let mut frames = 0;
        while window.app.snapshot.runs.iter().all(|r| r.step == 0) {
            assert!(window.paced_frame().layout > Duration::ZERO);
            frames += 1;
            assert!(frames < 3600, "no step in a minute");
        }
        window.command(UiCommand::LayerDensity);
        window.frame();
        assert!(window.app.lab.stages[0].layers.density);
        window.preset("grid");
        window.frame();
        assert_eq!(window.app.lab.runs[0].experiment.target.kind(), "grid-of-gaussians");
    }
}
