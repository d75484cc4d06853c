// What the host tells a kernel. Twins: src/gpu/uniforms.rs; tests/shaders.rs compares every offset.
// layer[2 l]     of layer l: weights at, bias at, inputs / 4, outputs / 4 (padded; vec4f units)
// layer[2 l + 1] of layer l: h_l at, h_{l+1} (or the output) at, act'(z_l) at (vec4f within the scratch of a group), outputs

struct TrainUniforms {
  layer: array<vec4u, 14>,
  layers: u32,
  frequencies: u32,
  batch: u32,
  groups: u32,
  scratch_len: u32,
  output: u32,
  goal: u32,
  params_len: u32,
  draw_low: u32,
  draw_high: u32,
  seed_low: u32,
  seed_high: u32,
  first_pair: u32,
  slot: u32,
  loss_kind: u32,
  huber: f32,
  rule: u32,
  rate: f32,
  decay: f32,
  beta1: f32,
  beta2: f32,
  one_less_beta1: f32,
  one_less_beta2: f32,
  step_size: f32,
  root_scale: f32,
  epsilon: f32,
  clip_norm: f32,
  ema: f32,
  one_less_ema: f32,
  first_tile: u32,
  end_tile: u32,
  unused: u32,
}

struct SampleUniforms {
  layer: array<vec4u, 14>,
  layers: u32,
  frequencies: u32,
  count: u32,
  groups: u32,
  scratch_len: u32,
  output: u32,
  first_op: u32,
  ops: u32,
}

struct DrawUniforms {
  seed_low: u32,
  seed_high: u32,
  draw_low: u32,
  draw_high: u32,
  stream: u32,
  count: u32,
  unused0: u32,
  unused1: u32,
}
