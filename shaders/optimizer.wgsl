// The update rules. One invocation updates one vec4f of the packed parameters; the last one writes the step's loss.
// Twin: cpu/optimizer.rs, which has the formulas.
//
//   partial  [groups][u.params_len + 1] vec4f, see train.wgsl (already summed into group 0 where CLIP)
//   squares  sums of squares, one a workgroup of reduce.wgsl
//   weights, first, second, ema  [u.params_len] vec4f      losses  [slots]
//   broken   the first slot after whose update a parameter was not finite (0xffffffff: none)
//
// What bounds it: memory, (groups + 7) vec4f a parameter vec4f.

// Whether reduce.wgsl ran before and the gradient is scaled down to u.clip_norm.
override CLIP: bool = false;

@group(0) @binding(0) var<uniform> u: TrainUniforms;
@group(0) @binding(1) var<storage, read> partial: array<vec4f>;
@group(0) @binding(2) var<storage, read> squares: array<f32>;
@group(0) @binding(3) var<storage, read_write> weights: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> first: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> second: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> ema: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> losses: array<f32>;
@group(0) @binding(8) var<storage, read_write> broken: atomic<u32>;

var<workgroup> part: array<f32, LANES>;

// min(1, clip / norm), the same in every invocation: each sums a fixed share of the squares, then all shares in order.
fn clip_scale(lane: u32) -> f32 {
  let count = (u.params_len + 1u + LANES - 1u) / LANES;
  var sum = 0.0;
  for (var i = lane; i < count; i += LANES) {
    sum += squares[i];
  }
  part[lane] = sum;
  workgroupBarrier();
  var total = 0.0;
  for (var i = 0u; i < LANES; i++) {
    total += part[i];
  }
  return min(1.0, u.clip_norm / max(sqrt(total), 1e-30));
}

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  var scale = 1.0;
  if CLIP {
    scale = clip_scale(lane);
  }
  let stride = u.params_len + 1u;
  let i = id.x;
  if i >= stride {
    return;
  }
  var g = partial[i];
  if !CLIP {
    for (var k = 1u; k < u.groups; k++) {
      g += partial[k * stride + i];
    }
  }
  if i == u.params_len {
    losses[u.slot] = g.x;
    return;
  }
  g *= scale;
  var p = weights[i];
  var m = first[i];
  if u.rule == RULE_SGD {
    m = u.beta1 * m + (g + u.decay * p);
    p -= u.rate * m;
  } else {
    if u.rule == RULE_ADAMW {
      p -= u.rate * u.decay * p;
    } else {
      g += u.decay * p;
    }
    m = u.beta1 * m + u.one_less_beta1 * g;
    let v = u.beta2 * second[i] + u.one_less_beta2 * (g * g);
    p -= u.step_size * m / (sqrt(v) * u.root_scale + u.epsilon);
    second[i] = v;
  }
  first[i] = m;
  weights[i] = p;
  if u.ema > 0.0 {
    ema[i] = u.ema * ema[i] + u.one_less_ema * p;
  }
  // by bits: a driver may assume that no number is NaN
  let exponent = bitcast<vec4u>(p) & vec4u(0x7f800000u);
  if any(exponent == vec4u(0x7f800000u)) {
    atomicMin(&broken, u.slot);
  }
}
