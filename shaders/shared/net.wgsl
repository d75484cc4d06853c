// The network's forward pass over a tile of ROWS rows, one workgroup a tile.
//
// A kernel that includes this declares `u` (with layers, layer, frequencies), `weights` (packed parameters) and
// `scratch` (vec4f, read and write; the tile's own part begins at `base`). Shapes, in vec4f:
//   weights   per layer W [out8][in8 / 4], then the bias [out8 / 4]; out8 and in8 are padded to multiples of 8 by zeros
//   scratch   per layer its input h_l [ROWS][in8 / 4] and act'(z_l) [ROWS][out8 / 4]; then the output [ROWS][2];
//             each row is followed by ROW_GAP unused vec4f
// One invocation computes TILE_ROWS x TILE_COLUMNS outputs at a time in registers: forward_tile, written out by
// src/gpu/tile.rs for the adapter.

// Which activation: an index into Activation::ALL, set when the pipeline is made.
override ACTIVATION: u32 = 2u;

// exp whose argument cannot overflow.
fn safe_exp(z: vec4f) -> vec4f {
  return exp(clamp(z, vec4f(-87.0), vec4f(87.0)));
}

fn sigmoid(z: vec4f) -> vec4f {
  return 1.0 / (1.0 + safe_exp(-z));
}

// erf(z / sqrt 2) from g = exp(-z^2 / 2): Abramowitz and Stegun 7.1.26, absolute error at most 1.5e-7.
fn erf_half(z: vec4f, g: vec4f) -> vec4f {
  let x = abs(z) * 0.70710678;
  let k = 1.0 / (1.0 + 0.3275911 * x);
  let poly = k * (0.254829592 + k * (-0.284496736 + k * (1.421413741 + k * (-1.453152027 + k * 1.061405429))));
  return sign(z) * (1.0 - poly * g);
}

// An activation's value and its derivative.
struct Activated {
  value: vec4f,
  slope: vec4f,
}

// Twin: Activation::value and Activation::slope. The branch is on a pipeline constant, so only one arm is compiled.
fn activate(z: vec4f) -> Activated {
  switch ACTIVATION {
    case 0u: {
      return Activated(max(z, vec4f(0.0)), select(vec4f(0.0), vec4f(1.0), z > vec4f(0.0)));
    }
    case 1u: {
      let h = 1.0 - 2.0 / (1.0 + safe_exp(2.0 * z));
      return Activated(h, 1.0 - h * h);
    }
    case 2u: {
      let s = sigmoid(z);
      return Activated(z * s, s * (1.0 + z * (1.0 - s)));
    }
    case 3u: {
      let e = SELU_SCALE * SELU_ALPHA * safe_exp(min(z, vec4f(0.0)));
      let up = z > vec4f(0.0);
      return Activated(select(e - SELU_SCALE * SELU_ALPHA, SELU_SCALE * z, up), select(e, vec4f(SELU_SCALE), up));
    }
    case 4u: {
      let g = safe_exp(-0.5 * z * z);
      let phi = 0.5 + 0.5 * erf_half(z, g);
      return Activated(z * phi, phi + z * g * 0.39894228);
    }
    default: {
      // ln(1 + e^z) = max(z, 0) + ln(1 + e^-|z|)
      let tail = safe_exp(-abs(z));
      return Activated(max(z, vec4f(0.0)) + log(1.0 + tail), sigmoid(z));
    }
  }
}

// sin(pi t) and cos(pi t) by the half angle and Taylor series (error below 1e-7 where drivers' sin may err by 2^-11).
fn sin_cos_pi(t: f32) -> vec2f {
  let y = 1.57079633 * (t - 2.0 * floor(0.5 * t + 0.5));
  let q = y * y;
  let s = y * (1.0 + q * (-1.66666667e-1 + q * (8.33333333e-3 + q * (-1.98412698e-4 + q * (2.75573192e-6 - q * 2.50521084e-8)))));
  let c = 1.0 + q * (-0.5 + q * (4.16666667e-2 + q * (-1.38888889e-3 + q * (2.48015873e-5 + q * (-2.75573192e-7 + q * 2.08767570e-9)))));
  return vec2f(2.0 * s * c, 1.0 - 2.0 * s * s);
}

// (sin, cos) of a + b from those of a and b.
fn turn(a: vec2f, b: vec2f) -> vec2f {
  return vec2f(a.x * b.y + a.y * b.x, a.y * b.y - a.x * b.x);
}

// Writes the input (x, y, t, sin pi t, cos pi t, sin 2 pi t, …, zeros) of row `row`. Twin: Shape::embed_time.
fn write_input(base: u32, row: u32, x: vec2f, t: f32) {
  let in4 = u.layer[0].z;
  let at = base + row * (in4 + ROW_GAP);
  let first = sin_cos_pi(t);
  let frequencies = u.frequencies;
  scratch[at] = vec4f(x, t, select(0.0, first.x, frequencies >= 1u));
  var angle = first;
  for (var j = 1u; j < in4; j++) {
    let k = 2u * j - 1u;
    let middle = turn(angle, first);
    let next = turn(middle, first);
    let present = vec4u(k, k + 1u, k + 1u, k + 2u) <= vec4u(frequencies);
    scratch[at + j] = select(vec4f(0.0), vec4f(angle.y, middle.x, middle.y, next.x), present);
    angle = next;
  }
}

// The epilogue of one row of a forward tile: bias, activation, and zeros in the padding.
fn finish_row(at: u32, slope_at: u32, column: u32, outputs: u32, last: bool, z: vec4f) {
  let a = activate(z);
  let real = vec4u(column, column + 1u, column + 2u, column + 3u) < vec4u(outputs);
  scratch[at] = select(vec4f(0.0), select(a.value, z, last), real);
  if KEEP_SLOPES {
    scratch[slope_at] = select(a.slope, vec4f(1.0), last);
  }
}

// Every layer over the tile; the output ends at base + u.output. All invocations of the workgroup must call it together,
// after the inputs are written.
fn forward(base: u32, lane: u32) {
  for (var l = 0u; l < u.layers; l++) {
    scratch_barrier();
    let tiles = ROW_BLOCKS * (u.layer[2u * l].w / (TILE_COLUMNS / 4u));
    for (var tile = lane; tile < tiles; tile += LANES) {
      forward_tile(base, l, tile % ROW_BLOCKS, tile / ROW_BLOCKS);
    }
  }
  scratch_barrier();
}
