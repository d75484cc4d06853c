// Particles through a sampler's micro-operations (flow/sampler): one workgroup carries tiles of ROWS particles
// through all of them; an invocation owns every LANES-th particle, evaluations are done together. Twin: cpu/integrate.rs.
//
//   ops        [] Op: those of this dispatch are u.first_op .. u.first_op + u.ops
//   registers  [9][u.count] (x, y): kept between the dispatches of a long integration
//   states     [records][u.count] (x, y)      scratch  [groups][u.scratch_len]
//   noises     [draws][u.count] (x, y): standard normal, made in Rust
//
// What bounds it: the multiply-adds of the evaluations.

const KEEP_SLOPES = false;

// One micro-operation. kind 0: register[3 + into] = a x + b field(x, t) with x = register[at];
// kind 1: register[into] = sum of factors x registers; kind 2: states[at] = register[0];
// kind 3: register[7 + into] = noises[at].
struct Op {
  kind: u32,
  into: u32,
  at: u32,
  unused: u32,
  evaluation: vec4f, // t, a, b, 0
  factors0: vec4f,
  factors1: vec4f,
  factors2: vec4f,
}

@group(0) @binding(0) var<uniform> u: SampleUniforms;
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;
@group(0) @binding(2) var<storage, read> ops: array<Op>;
@group(0) @binding(3) var<storage, read_write> scratch: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> registers: array<vec2f>;
@group(0) @binding(5) var<storage, read_write> states: array<vec2f>;
@group(0) @binding(6) var<storage, read> noises: array<vec2f>;

// The particle of row `r` of a tile; rows beyond the last particle repeat it.
fn particle(tile: u32, r: u32) -> u32 {
  return min(tile * ROWS + r, u.count - 1u);
}

fn evaluate_rows(base: u32, tile: u32, lane: u32, op: Op) {
  for (var r = lane; r < ROWS; r += LANES) {
    write_input(base, r, registers[op.at * u.count + particle(tile, r)], op.evaluation.x);
  }
  forward(base, lane);
  for (var r = lane; r < ROWS; r += LANES) {
    if tile * ROWS + r < u.count {
      let p = particle(tile, r);
      let net = scratch[base + u.output + 2u * r].xy;
      registers[(3u + op.into) * u.count + p] = op.evaluation.y * registers[op.at * u.count + p] + op.evaluation.z * net;
    }
  }
  storageBarrier();
}

fn combine(p: u32, op: Op) {
  var sum = vec2f(0.0);
  let n = u.count;
  sum += op.factors0.x * registers[p] + op.factors0.y * registers[n + p];
  sum += op.factors0.z * registers[2u * n + p] + op.factors0.w * registers[3u * n + p];
  sum += op.factors1.x * registers[4u * n + p] + op.factors1.y * registers[5u * n + p];
  sum += op.factors1.z * registers[6u * n + p] + op.factors1.w * registers[7u * n + p];
  sum += op.factors2.x * registers[8u * n + p];
  registers[op.into * n + p] = sum;
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let base = group.x * u.scratch_len;
  let tiles = (u.count + ROWS - 1u) / ROWS;
  for (var tile = group.x; tile < tiles; tile += u.groups) {
    for (var i = u.first_op; i < u.first_op + u.ops; i++) {
      let op = ops[i];
      if op.kind == 0u {
        evaluate_rows(base, tile, lane, op);
      } else {
        for (var r = lane; r < ROWS && tile * ROWS + r < u.count; r += LANES) {
          let p = particle(tile, r);
          if op.kind == 1u {
            combine(p, op);
          } else if op.kind == 3u {
            registers[(7u + op.into) * u.count + p] = noises[op.at * u.count + p];
          } else {
            states[op.at * u.count + p] = registers[p];
          }
        }
      }
    }
  }
}
