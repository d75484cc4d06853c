// Big marks of a picture, drawn in the window's own render pass (src/app/paint/gpu.rs).
// `lines`:  one instance a line, a triangle strip of two vertices a point, mitred at the bends.
// `points`: one instance a point, a triangle strip of four vertices.
// places: data coordinates, line by line, `stride` points each (points: one after the other).
// colors: straight sRGB with alpha, red in the low byte, one an instance, or one for all.

struct Uniforms {
    // physical pixels = offset (zw) + scale (xy) * data
    pixels_from_data: vec4<f32>,
    // of the viewport, physical pixels
    width: f32,
    height: f32,
    // half a line's width or a point's radius, physical pixels
    half: f32,
    // width of a ring's line, physical pixels
    ring: f32,
    // lines thinner than a pixel are drawn one pixel wide and fainter
    fade: f32,
    stride: u32,
    // 0 disk, 1 ring, 2 square
    shape: u32,
    // 1: colors[0] for all
    one_color: u32,
    // 1: the target turns linear colors into sRGB by itself
    linear_target: u32,
    pad_0: u32,
    pad_1: u32,
    pad_2: u32,
}

@group(0) @binding(0) var<uniform> u: Uniforms;
@group(0) @binding(1) var<storage, read> places: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read> colors: array<u32>;

struct Corner {
    @builtin(position) clip: vec4<f32>,
    // from the middle, physical pixels; lines use x alone
    @location(0) off: vec2<f32>,
    @location(1) @interpolate(flat) color: vec4<f32>,
}

// a mitre is cut at this multiple of the half width (MITRE in mesh.rs)
const MITRE: f32 = 2.0;

fn pixels(index: u32) -> vec2<f32> {
    return u.pixels_from_data.zw + u.pixels_from_data.xy * places[index];
}

fn clip(at: vec2<f32>) -> vec4<f32> {
    return vec4<f32>(2.0 * at.x / u.width - 1.0, 1.0 - 2.0 * at.y / u.height, 0.0, 1.0);
}

fn color(instance: u32) -> vec4<f32> {
    let c = unpack4x8unorm(colors[select(instance, 0u, u.one_color == 1u)]);
    let alpha = c.a * u.fade;
    return vec4<f32>(c.rgb * alpha, alpha);
}

// states that do not move have no direction of their own
fn direction(d: vec2<f32>, otherwise: vec2<f32>) -> vec2<f32> {
    let size = length(d);
    if size > 1e-4 {
        return d / size;
    }
    return otherwise;
}

@vertex
fn lines(@builtin(vertex_index) vertex: u32, @builtin(instance_index) line: u32) -> Corner {
    let k = vertex / 2u;
    let first = line * u.stride;
    let at = pixels(first + k);
    let before = direction(at - pixels(first + max(k, 1u) - 1u), vec2<f32>(0.0));
    let after = direction(pixels(first + min(k + 1u, u.stride - 1u)) - at, before);
    let a = select(before, after, dot(before, before) == 0.0);
    let normal_sum = vec2<f32>(-a.y - after.y, a.x + after.x);
    let square = dot(normal_sum, normal_sum);
    var across = vec2<f32>(-after.y, after.x);
    if square >= 4.0 / (MITRE * MITRE) {
        across = normal_sum * (2.0 / square);
    }
    let side = select(-1.0, 1.0, (vertex & 1u) == 1u) * (u.half + 0.5);
    return Corner(clip(at + side * across), vec2<f32>(side, 0.0), color(line));
}

@vertex
fn points(@builtin(vertex_index) vertex: u32, @builtin(instance_index) point: u32) -> Corner {
    let corner = vec2<f32>(f32(vertex & 1u), f32(vertex >> 1u)) * 2.0 - 1.0;
    let off = corner * (u.half + 0.5);
    return Corner(clip(pixels(point) + off), off, color(point));
}

fn shown(color: vec4<f32>, coverage: f32) -> vec4<f32> {
    let c = color * clamp(coverage, 0.0, 1.0);
    if u.linear_target == 0u {
        return c;
    }
    let low = c.rgb / 12.92;
    let high = pow((c.rgb + 0.055) / 1.055, vec3<f32>(2.4));
    return vec4<f32>(select(high, low, c.rgb < vec3<f32>(0.04045)), c.a);
}

@fragment
fn line_color(in: Corner) -> @location(0) vec4<f32> {
    return shown(in.color, u.half + 0.5 - abs(in.off.x));
}

// signed distance from the edge (`distance` in sprite.rs)
fn distance_to(off: vec2<f32>) -> f32 {
    if u.shape == 1u {
        return abs(length(off) - (u.half - 0.5 * u.ring)) - 0.5 * u.ring;
    }
    if u.shape == 2u {
        return max(abs(off.x), abs(off.y)) - 0.886 * u.half;
    }
    return length(off) - u.half;
}

@fragment
fn point_color(in: Corner) -> @location(0) vec4<f32> {
    return shown(in.color, 0.5 - distance_to(in.off));
}
