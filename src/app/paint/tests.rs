use eframe::egui::{self, pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::wgpu::{WgpuTestRenderer, create_render_state, default_wgpu_setup};

use super::*;
use crate::lab::Layers;
use crate::picture::color::Theme;
use crate::picture::scene::{NOTHING, Scene};
use crate::picture::stage::{StageCache, stage_picture};

/// A renderer without a window; None, said aloud, where there is no adapter.
fn render_state() -> Option<RenderState> {
    let instance = eframe::wgpu::Instance::default();
    let found = pollster::block_on(instance.request_adapter(&eframe::wgpu::RequestAdapterOptions::default()));
    if let Err(why) = found {
        let required = std::env::var_os("RECTIFLOW_REQUIRE_GPU").is_some_and(|v| v == "1");
        assert!(!required, "RECTIFLOW_REQUIRE_GPU=1, but: {why}");
        eprintln!("SKIPPED: no graphics adapter ({why})");
        return None;
    }
    let options = eframe::egui_wgpu::RendererOptions::PREDICTABLE;
    Some(create_render_state(default_wgpu_setup(), options))
}

/// The picture as the window shows it, marks above `big` through the GPU callback, or all as meshes: width and RGBA rows.
fn shot(picture: &Picture, theme: Theme, size: [f32; 2], ppp: f32, big: Option<usize>) -> Option<(usize, Vec<u8>)> {
    let state = render_state()?;
    let mut painter = PicturePainter::new(big.map(|_| &state));
    if let (Some(gpu), Some(big)) = (&mut painter.gpu, big) {
        gpu.big = big;
    }
    let ui = |ui: &mut egui::Ui| {
        let rect = Rect::from_min_size(pos2(0.0, 0.0), vec2(size[0], size[1]));
        ui.painter().rect_filled(rect, 0.0, color32(theme.palette().background));
        let inner = rect.shrink(7.3);
        let transform = Transform::fit(picture.bounds, inner.min.into(), inner.max.into());
        painter.paint(ui, inner, transform, picture);
        if size[0] > 800.0 {
            paint_legend(ui.painter(), inner, theme, &picture.legend, |e| e.text.to_owned());
        }
    };
    let mut harness = Harness::builder()
        .with_size(vec2(size[0], size[1]))
        .with_pixels_per_point(ppp)
        .renderer(WgpuTestRenderer::from_render_state(state))
        .build_ui(ui);
    harness.run();
    let image = harness.render().expect("an image");
    if size[0] > 800.0 {
        let start = std::time::Instant::now();
        (0..20).for_each(|_| harness.step());
        let stepped = start.elapsed() / 20;
        (0..20).for_each(|_| _ = harness.render());
        let drawn = (start.elapsed() / 20).saturating_sub(stepped);
        println!("a frame: {stepped:?} to lay out, {drawn:?} to draw");
    }
    Some((image.width() as usize, image.into_raw()))
}

/// Mean and greatest difference of two images' channels, of 255.
fn differences(a: &[u8], b: &[u8]) -> (f64, u8) {
    assert_eq!(a.len(), b.len());
    let each = || a.iter().zip(b).map(|(x, y)| x.abs_diff(*y));
    let mean = each().map(f64::from).sum::<f64>() / a.len() as f64;
    (mean, each().max().unwrap_or(0))
}

#[test]
fn gpu_and_meshes_draw_the_same() {
    let scene = Scene::new(700, 32, 24, 9);
    let layers = Layers {
        trajectories: true,
        states: true,
        trajectories_shown: 700,
        ..NOTHING
    };
    let picture = stage_picture(&scene.input(&layers, 1.0, Theme::Dark), &mut StageCache::default());
    for ppp in [1.0, 1.5] {
        let both = [Some(BIG), None].map(|big| shot(&picture, Theme::Dark, [360.0, 300.0], ppp, big));
        let [Some((_, gpu)), Some((_, mesh))] = both else {
            return;
        };
        let (mean, most) = differences(&gpu, &mesh);
        // sprites are sampled, the shader computes its edges
        assert!(mean <= 1.0, "mean {mean}, most {most}");
        let mut wrong = picture.clone();
        wrong.marks.truncate(1);
        let Some((_, wrong)) = shot(&wrong, Theme::Dark, [360.0, 300.0], ppp, Some(BIG)) else {
            return;
        };
        let (missing, _) = differences(&wrong, &mesh);
        assert!(missing > 2.0, "a missing mark makes only {missing}");
        let (blank, _) = differences(&mesh, &mesh.iter().map(|_| 15).collect::<Vec<_>>());
        assert!(blank > 10.0, "nothing was drawn: {blank}");
    }
}

/// Writes pictures to look at: `cargo test --release --lib look_at_the_stage -- --ignored`.
#[test]
#[ignore = "for people: writes /tmp/stage-*.png"]
fn look_at_the_stage() {
    let scene = Scene::new(2048, 64, 90, 25);
    let many = Layers {
        trajectories_shown: 2000,
        ..Layers::default()
    };
    for (name, big, layers) in [
        ("gpu", Some(BIG), many),
        ("mesh", None, many),
        ("default", Some(BIG), Layers::default()),
        ("default-mesh", None, Layers::default()),
        ("default-gpu", Some(0), Layers::default()),
    ] {
        let picture = stage_picture(&scene.input(&layers, 0.45, Theme::Dark), &mut StageCache::default());
        println!("{name}");
        let Some((width, bytes)) = shot(&picture, Theme::Dark, [1200.0, 800.0], 1.0, big) else {
            return;
        };
        let size = tiny_skia::IntSize::from_wh(width as u32, (bytes.len() / 4 / width) as u32).unwrap();
        let map = tiny_skia::Pixmap::from_vec(bytes, size).unwrap();
        map.save_png(format!("/tmp/stage-{name}.png")).unwrap();
    }
}
