// Particles through a sampler's micro-operations (flow/sampler): one workgroup carries tiles of ROWS particles, one
// invocation one particle; evaluations are done by the workgroup together. Twin: cpu/integrate.rs.
//
//   ops        [] Op: those of this dispatch are u.first_op .. u.first_op + u.ops
//   registers  [9][u.count] (x, y): kept between the dispatches of a long integration
//   states     [records][u.count] (x, y)      scratch  [groups][u.scratch_len]
//
// What bounds it: the multiply-adds of the evaluations.

const KEEP_SLOPES = false;

// One micro-operation. kind 0: register[3 + into] = a x + b field(x, t) with x = register[at];
// kind 1: register[into] = sum of factors x registers; kind 2: states[at] = register[0].
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

@compute @workgroup_size(ROWS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let base = group.x * u.scratch_len;
  let tiles = (u.count + ROWS - 1u) / ROWS;
  for (var tile = group.x; tile < tiles; tile += u.groups) {
    let real = tile * ROWS + lane < u.count;
    let row = min(tile * ROWS + lane, u.count - 1u);
    for (var i = u.first_op; i < u.first_op + u.ops; i++) {
      let head = ops[i];
      if head.kind == 0u {
        let x = registers[head.at * u.count + row];
        write_input(base, lane, x, head.evaluation.x);
        forward(base, lane);
        let value = head.evaluation.y * x + head.evaluation.z * scratch[base + u.output + 2u * lane].xy;
        if real {
          registers[(3u + head.into) * u.count + row] = value;
        }
        storageBarrier();
      } else if head.kind == 1u {
        var sum = vec2f(0.0);
        var f = array<vec4f, 3>(head.factors0, head.factors1, head.factors2);
        for (var k = 0u; k < 9u; k++) {
          sum += f[k / 4u][k % 4u] * registers[k * u.count + row];
        }
        if real {
          registers[head.into * u.count + row] = sum;
        }
      } else if real {
        states[head.at * u.count + row] = registers[row];
      }
    }
  }
}
