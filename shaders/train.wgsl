// The batch, the loss and its gradient: one workgroup takes tiles of ROWS rows of the batch (from u.first_tile + workgroup,
// every `u.groups`-th) through forward and backward and sums their part of the gradient.
// forward_tile, backward_tile and gradient_block, each a block of a product in registers, come from src/gpu/tile.rs.
//
//   pairs    [rows of the block] (x0, y0, x1, y1)          times  [65,536] rows of time_density::TimeRow, two vec4f each
//   partial  [groups][u.params_len + 1]: the group's part of the gradient, packed like the weights; then (loss, 0, 0, 0)
//   scratch  [u.scratch_len] of each group: h_l, act'(z_l) (then delta_l in its place), output, and (target, weight) of each
//            row. Workgroup memory where a tile of this network fits there (then `base` is 0), else a storage buffer.
//
// What bounds it: in workgroup memory the loads (6 vec4f per 32 multiply-adds forward and backward, 3 per 32 in the
// gradient) and, for small batches, that few groups leave most of a large GPU idle; in a storage buffer the multiply-adds
// (6 per weight and row), with 1 load per 16 of them. Software adapters: the loads, ten times as dear as a multiply-add.

const KEEP_SLOPES = true;

@group(0) @binding(0) var<uniform> u: TrainUniforms;
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;
@group(0) @binding(2) var<storage, read> pairs: array<vec4f>;
@group(0) @binding(3) var<storage, read> times: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> partial: array<vec4f>;

var<workgroup> row_loss: array<f32, ROWS>;

// The training row of batch row `row`: X_t, its features, the regression target. Twin: cpu/batch.rs. Rows beyond the
// batch get zeros and weight zero.
fn write_row(base: u32, tile_row: u32, row: u32) {
  let real = row < u.batch;
  let safe = select(0u, row, real);
  let pair = pairs[u.first_pair + safe];
  let r = time_row(vec2u(u.seed_low, u.seed_high), vec2u(u.draw_low, u.draw_high), safe, u.batch);
  let a = times[2u * r];
  let b = times[2u * r + 1u];
  write_input(base, tile_row, a.y * pair.zw + a.z * pair.xy, a.x);
  scratch[base + u.goal + tile_row] = vec4f(b.y * pair.zw + b.x * pair.xy, select(0.0, a.w, real), 0.0);
}

// The loss of one row and its gradient by the output, in place of the last layer's slopes. Twin: cpu/loss.rs.
fn write_loss(base: u32, tile_row: u32) {
  let goal = scratch[base + u.goal + tile_row];
  let place = (2u + ROW_GAP) * tile_row;
  let e = scratch[base + u.output + place].xy - goal.xy;
  let square = dot(e, e);
  let root = sqrt(square + u.huber * u.huber);
  let huber = u.loss_kind == 1u;
  // c = 0 and e = 0 is the corner of |e|: loss and gradient 0
  let safe = max(root, 1e-30);
  let loss = select(square, square / (safe + u.huber), huber);
  let slope = select(2.0 * e, e / safe, huber);
  row_loss[tile_row] = goal.z * loss / f32(u.batch);
  let at = base + u.layer[2u * u.layers - 1u].z + place;
  scratch[at] = vec4f(goal.z * slope / f32(u.batch), 0.0, 0.0);
  scratch[at + 1u] = vec4f(0.0);
}

fn add_partial(at: u32, first: bool, value: vec4f) {
  if first {
    partial[at] = value;
  } else {
    partial[at] += value;
  }
}

fn backward(base: u32, into: u32, lane: u32, first: bool) {
  for (var k = u.layers; k > 0u; k--) {
    let l = k - 1u;
    scratch_barrier();
    let in4 = u.layer[2u * l].z;
    let in_blocks = in4 / (BLOCK_INS / 4u);
    let blocks = (u.layer[2u * l].w / (BLOCK_OUTS / 4u)) * in_blocks;
    for (var block = lane; block < blocks; block += LANES) {
      gradient_block(base, into, l, block / in_blocks, block % in_blocks, first);
    }
    let tiles = select(0u, ROW_BLOCKS * (in4 / (TILE_COLUMNS / 4u)), l > 0u);
    for (var tile = lane; tile < tiles; tile += LANES) {
      backward_tile(base, l, tile % ROW_BLOCKS, tile / ROW_BLOCKS);
    }
  }
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let base = scratch_base(group.x);
  let into = group.x * (u.params_len + 1u);
  let begins = u.first_tile == 0u;
  var loss = 0.0;
  for (var tile = u.first_tile + group.x; tile < u.end_tile; tile += u.groups) {
    for (var r = lane; r < ROWS; r += LANES) {
      write_row(base, r, tile * ROWS + r);
    }
    forward(base, lane);
    for (var r = lane; r < ROWS; r += LANES) {
      write_loss(base, r);
    }
    workgroupBarrier();
    // in the order of the rows, so that a run repeats
    if lane == 0u {
      for (var r = 0u; r < ROWS; r++) {
        loss += row_loss[r];
      }
    }
    backward(base, into, lane, begins && tile == group.x);
    scratch_barrier();
  }
  if lane == 0u {
    add_partial(into + u.params_len, begins, vec4f(loss, 0.0, 0.0, 0.0));
  }
}
