// The network's output at points: one workgroup takes tiles of ROWS points through the layers (shared/net.wgsl).
//
//   points  [u.count] (x, y, t, 0)      values  [u.count] (x, y)      scratch  [groups][u.scratch_len]
//
// What bounds it: the multiply-adds, 2 per weight and point.

const KEEP_SLOPES = false;

@group(0) @binding(0) var<uniform> u: SampleUniforms;
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;
@group(0) @binding(2) var<storage, read> points: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> scratch: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> values: array<vec2f>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let base = group.x * u.scratch_len;
  let tiles = (u.count + ROWS - 1u) / ROWS;
  for (var tile = group.x; tile < tiles; tile += u.groups) {
    for (var r = lane; r < ROWS; r += LANES) {
      let p = points[min(tile * ROWS + r, u.count - 1u)];
      write_input(base, r, p.xy, p.z);
    }
    forward(base, lane);
    for (var r = lane; r < ROWS; r += LANES) {
      let row = tile * ROWS + r;
      if row < u.count {
        values[row] = scratch[base + u.output + 2u * r].xy;
      }
    }
    storageBarrier();
  }
}
