//! Every kernel parses and validates, and what it declares is what Rust fills: bindings, uniform structs, constants.

use naga::{AddressSpace, StorageAccess, TypeInner};
use rectiflow::gpu::kernel::{ALL, Binding, Kernel};
use rectiflow::gpu::uniforms::{DrawUniforms, SampleUniforms, Tiling, TrainUniforms};

fn parse(kernel: &Kernel, tiling: &Tiling) -> naga::Module {
    let source = kernel.source(tiling);
    let module = naga::front::wgsl::parse_str(&source)
        .unwrap_or_else(|e| panic!("{}: {}", kernel.name, e.emit_to_string(&source)));
    let mut validator =
        naga::valid::Validator::new(naga::valid::ValidationFlags::all(), naga::valid::Capabilities::empty());
    if let Err(e) = validator.validate(&module) {
        panic!("{}: {}", kernel.name, e.emit_to_string(&source));
    }
    module
}

/// Every kernel, cut for a software adapter and for a real GPU.
fn every() -> impl Iterator<Item = (&'static Kernel, Tiling)> {
    let cuts = [
        Tiling::SOFTWARE,
        Tiling::STORAGE,
        Tiling::on_chip(16, 32_768),
        Tiling::on_chip(8, 16_384),
    ];
    cuts.into_iter()
        .flat_map(|tiling| ALL.iter().map(move |kernel| (kernel, tiling)))
}

#[test]
fn every_kernel_is_valid_and_has_the_bindings_that_rust_gives_it() {
    for (kernel, tiling) in every() {
        let module = parse(kernel, &tiling);
        let entry = &module.entry_points[0];
        assert_eq!(entry.name, "main", "{}", kernel.name);
        assert!(
            entry.workgroup_size[0] <= 256 && entry.workgroup_size[0] == tiling.lanes,
            "{}",
            kernel.name
        );
        let mut seen = 0;
        let mut storage = 0;
        for (_, variable) in module.global_variables.iter() {
            let Some(place) = &variable.binding else { continue };
            assert_eq!(place.group, 0, "{}", kernel.name);
            let declared = kernel.bindings(&tiling)[place.binding as usize];
            let same = match variable.space {
                AddressSpace::Uniform => {
                    let mut layouter = naga::proc::Layouter::default();
                    layouter.update(module.to_ctx()).unwrap();
                    declared == Binding::Uniform(u64::from(layouter[variable.ty].size))
                }
                AddressSpace::Storage { access } => {
                    storage += 1;
                    let writes = access.contains(StorageAccess::STORE);
                    declared == if writes { Binding::Write } else { Binding::Read }
                }
                _ => false,
            };
            assert!(
                same,
                "{}: binding {} is {declared:?} in Rust",
                kernel.name, place.binding
            );
            seen += 1;
        }
        assert_eq!(seen, kernel.bindings(&tiling).len(), "{}", kernel.name);
        assert!(storage <= 8, "{}: WebGPU promises 8 storage buffers", kernel.name);
    }
}

#[test]
fn workgroup_memory_fits_the_default_limit() {
    for (kernel, tiling) in every() {
        let module = parse(kernel, &tiling);
        let mut layouter = naga::proc::Layouter::default();
        layouter.update(module.to_ctx()).unwrap();
        let bytes: u32 = module
            .global_variables
            .iter()
            .filter(|(_, v)| v.space == AddressSpace::WorkGroup)
            .map(|(_, v)| layouter[v.ty].size)
            .sum();
        // WebGPU promises 16 KiB; a tiling that asks for more is only made where the adapter has it
        let most = if tiling.chip_len > 1024 { 32_768 } else { 16_384 };
        assert!(bytes <= most, "{}: {bytes} bytes", kernel.name);
    }
}

/// What wgpu does with a kernel on macOS and on Windows, as far as it goes without their compilers: every pipeline constant
/// set, then MSL and HLSL written.
#[test]
fn every_kernel_is_written_for_metal_and_directx() {
    for (kernel, tiling) in every() {
        written_elsewhere(kernel.name, &parse(kernel, &tiling));
    }
    let paint = naga::front::wgsl::parse_str(include_str!("../shaders/paint.wgsl")).unwrap();
    written_elsewhere("paint", &paint);
}

fn written_elsewhere(name: &str, module: &naga::Module) {
    let mut validator =
        naga::valid::Validator::new(naga::valid::ValidationFlags::all(), naga::valid::Capabilities::empty());
    let about = validator.validate(module).unwrap();
    for constant in 0..6 {
        let values = module
            .overrides
            .iter()
            .map(|(_, o)| (o.name.clone().unwrap(), f64::from(constant)))
            .collect();
        let (module, about) = naga::back::pipeline_constants::process_overrides(module, &about, None, &values).unwrap();
        let options = naga::back::msl::Options {
            lang_version: (2, 0),
            fake_missing_bindings: true,
            ..naga::back::msl::Options::default()
        };
        let pipeline = naga::back::msl::PipelineOptions::default();
        let (_, written) = naga::back::msl::write_string(&module, &about, &options, &pipeline)
            .unwrap_or_else(|e| panic!("{name}, MSL: {e}"));
        let (mut text, options) = (String::new(), naga::back::hlsl::Options::default());
        let pipeline = naga::back::hlsl::PipelineOptions::default();
        let also = naga::back::hlsl::Writer::new(&mut text, &options, &pipeline)
            .write(&module, &about, None)
            .unwrap_or_else(|e| panic!("{name}, HLSL: {e}"));
        for (entry, point) in module.entry_points.iter().enumerate() {
            let names = [
                written.entry_point_names[entry].is_ok(),
                also.entry_point_names[entry].is_ok(),
            ];
            assert_eq!(names, [true; 2], "{name}: {}", point.name);
        }
    }
}

/// Name and byte offset of every member of a struct, in order.
fn members(kernel: &str, name: &str) -> Vec<(String, u32)> {
    let kernel = ALL
        .iter()
        .find(|k| k.name == kernel)
        .expect("the kernel is in the table");
    let module = parse(kernel, &Tiling::SOFTWARE);
    let (_, found) = module
        .types
        .iter()
        .find(|(_, t)| t.name.as_deref() == Some(name))
        .expect("the kernel declares the struct");
    match &found.inner {
        TypeInner::Struct { members, .. } => members
            .iter()
            .map(|m| (m.name.clone().unwrap_or_default(), m.offset))
            .collect(),
        other => panic!("{name} is {other:?}"),
    }
}

/// Compares the members of a Rust struct with WGSL's, names, order and offsets.
macro_rules! same_layout {
    ($kernel:literal, $name:literal, $rust:ty, $($field:ident),+ $(,)?) => {
        let rust = vec![$((stringify!($field).to_owned(), std::mem::offset_of!($rust, $field) as u32)),+];
        assert_eq!(members($kernel, $name), rust, $name);
    };
}

#[test]
fn uniform_structs_lie_as_in_rust() {
    same_layout!(
        "train",
        "TrainUniforms",
        TrainUniforms,
        layer,
        layers,
        frequencies,
        batch,
        groups,
        scratch_len,
        output,
        goal,
        params_len,
        draw_low,
        draw_high,
        seed_low,
        seed_high,
        first_pair,
        slot,
        loss_kind,
        huber,
        rule,
        rate,
        decay,
        beta1,
        beta2,
        one_less_beta1,
        one_less_beta2,
        step_size,
        root_scale,
        epsilon,
        clip_norm,
        ema,
        one_less_ema,
        first_tile,
        end_tile,
        unused,
    );
    same_layout!(
        "integrate",
        "SampleUniforms",
        SampleUniforms,
        layer,
        layers,
        frequencies,
        count,
        groups,
        scratch_len,
        output,
        first_op,
        ops,
    );
    same_layout!(
        "draw",
        "DrawUniforms",
        DrawUniforms,
        seed_low,
        seed_high,
        draw_low,
        draw_high,
        stream,
        count,
        unused0,
        unused1,
    );
}
