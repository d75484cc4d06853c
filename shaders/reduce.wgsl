// Only where gradients are clipped: the gradient's sum over groups and the squares of its entries. One invocation sums
// one vec4f of the packed gradient over the groups, in their order, into group 0's place; one workgroup writes one sum
// of squares.
//
//   partial  [groups][u.params_len + 1] vec4f, see train.wgsl      squares  [workgroups]
//
// What bounds it: reading `partial` once.

@group(0) @binding(0) var<uniform> u: TrainUniforms;
@group(0) @binding(1) var<storage, read_write> partial: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> squares: array<f32>;

var<workgroup> part: array<f32, LANES>;

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let stride = u.params_len + 1u;
  var square = 0.0;
  if id.x < stride {
    var sum = partial[id.x];
    for (var g = 1u; g < u.groups; g++) {
      sum += partial[g * stride + id.x];
    }
    partial[id.x] = sum;
    square = select(dot(sum, sum), 0.0, id.x == u.params_len);
  }
  part[lane] = square;
  workgroupBarrier();
  if lane == 0u {
    var total = 0.0;
    for (var i = 0u; i < LANES; i++) {
      total += part[i];
    }
    squares[group.x] = total;
  }
}
