// The batch, the loss and its gradient: one workgroup takes tiles of ROWS rows of the batch (from u.first_tile + workgroup,
// every `u.groups`-th) through forward and backward and sums their part of the gradient.
// One invocation computes 8 x 8 blocks in registers, as in shared/net.wgsl.
//
//   pairs    [rows of the block] (x0, y0, x1, y1)          times  [65,536] rows of time_density::TimeRow, two vec4f each
//   scratch  [groups][u.scratch_len]: h_l, act'(z_l) (then delta_l in its place), output, and (target, weight) of each row
//   partial  [groups][u.params_len + 1]: the group's part of the gradient, packed like the weights; then (loss, 0, 0, 0)
//
// What bounds it: the multiply-adds (6 per weight and row); every activation and weight is read from the cache once per
// 8 x 8 block.

const KEEP_SLOPES = true;

@group(0) @binding(0) var<uniform> u: TrainUniforms;
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;
@group(0) @binding(2) var<storage, read> pairs: array<vec4f>;
@group(0) @binding(3) var<storage, read> times: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> scratch: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> partial: array<vec4f>;

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
  let e = scratch[base + u.output + 2u * tile_row].xy - goal.xy;
  let square = dot(e, e);
  let root = sqrt(square + u.huber * u.huber);
  let huber = u.loss_kind == 1u;
  // c = 0 and e = 0 is the corner of |e|: loss and gradient 0
  let safe = max(root, 1e-30);
  let loss = select(square, square / (safe + u.huber), huber);
  let slope = select(2.0 * e, e / safe, huber);
  row_loss[tile_row] = goal.z * loss / f32(u.batch);
  let at = base + u.layer[2u * u.layers - 1u].z + 2u * tile_row;
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

// dW [8 outputs][8 inputs] = sum over the tile's rows of delta h; the first column of blocks also sums the bias.
fn gradient_tile(base: u32, into: u32, l: u32, outs8: u32, ins8: u32, first: bool) {
  let place = u.layer[2u * l];
  let keep = u.layer[2u * l + 1u];
  let in4 = place.z;
  let out4 = place.w;
  var h = base + keep.x + 2u * ins8;
  var d = base + keep.z + 2u * outs8;
  var b0 = vec4f(0.0);
  var b1 = vec4f(0.0);
  var c00 = vec4f(0.0);
  var c01 = vec4f(0.0);
  var c10 = vec4f(0.0);
  var c11 = vec4f(0.0);
  var c20 = vec4f(0.0);
  var c21 = vec4f(0.0);
  var c30 = vec4f(0.0);
  var c31 = vec4f(0.0);
  var c40 = vec4f(0.0);
  var c41 = vec4f(0.0);
  var c50 = vec4f(0.0);
  var c51 = vec4f(0.0);
  var c60 = vec4f(0.0);
  var c61 = vec4f(0.0);
  var c70 = vec4f(0.0);
  var c71 = vec4f(0.0);
  for (var r = 0u; r < ROWS; r++) {
    let h0 = scratch[h];
    let h1 = scratch[h + 1u];
    let d0 = scratch[d];
    let d1 = scratch[d + 1u];
    b0 += d0;
    b1 += d1;
    c00 += d0.x * h0;
    c01 += d0.x * h1;
    c10 += d0.y * h0;
    c11 += d0.y * h1;
    c20 += d0.z * h0;
    c21 += d0.z * h1;
    c30 += d0.w * h0;
    c31 += d0.w * h1;
    c40 += d1.x * h0;
    c41 += d1.x * h1;
    c50 += d1.y * h0;
    c51 += d1.y * h1;
    c60 += d1.z * h0;
    c61 += d1.z * h1;
    c70 += d1.w * h0;
    c71 += d1.w * h1;
    h += in4;
    d += out4;
  }
  let c = array<vec4f, 16>(c00, c01, c10, c11, c20, c21, c30, c31, c40, c41, c50, c51, c60, c61, c70, c71);
  var at = into + place.x + outs8 * 8u * in4 + 2u * ins8;
  for (var o = 0u; o < 8u; o++) {
    add_partial(at, first, c[2u * o]);
    add_partial(at + 1u, first, c[2u * o + 1u]);
    at += in4;
  }
  if ins8 == 0u {
    add_partial(into + place.y + 2u * outs8, first, b0);
    add_partial(into + place.y + 2u * outs8 + 1u, first, b1);
  }
}

// delta_{l-1} [8 rows][8 inputs] = act'(z_{l-1}) sum over outputs of delta_l W_l, in place of the slopes.
fn backward_tile(base: u32, l: u32, rows8: u32, ins8: u32) {
  let place = u.layer[2u * l];
  let in4 = place.z;
  let out4 = place.w;
  let d = base + u.layer[2u * l + 1u].z + rows8 * 8u * out4;
  var w = place.x + 2u * ins8;
  var c00 = vec4f(0.0);
  var c01 = vec4f(0.0);
  var c10 = vec4f(0.0);
  var c11 = vec4f(0.0);
  var c20 = vec4f(0.0);
  var c21 = vec4f(0.0);
  var c30 = vec4f(0.0);
  var c31 = vec4f(0.0);
  var c40 = vec4f(0.0);
  var c41 = vec4f(0.0);
  var c50 = vec4f(0.0);
  var c51 = vec4f(0.0);
  var c60 = vec4f(0.0);
  var c61 = vec4f(0.0);
  var c70 = vec4f(0.0);
  var c71 = vec4f(0.0);
  for (var o = 0u; o < out4; o++) {
    let w0 = mat4x4f(weights[w], weights[w + in4], weights[w + 2u * in4], weights[w + 3u * in4]);
    let w1 = mat4x4f(weights[w + 1u], weights[w + in4 + 1u], weights[w + 2u * in4 + 1u], weights[w + 3u * in4 + 1u]);
    let d0 = scratch[d + o];
    c00 += w0 * d0;
    c01 += w1 * d0;
    let d1 = scratch[d + out4 + o];
    c10 += w0 * d1;
    c11 += w1 * d1;
    let d2 = scratch[d + 2u * out4 + o];
    c20 += w0 * d2;
    c21 += w1 * d2;
    let d3 = scratch[d + 3u * out4 + o];
    c30 += w0 * d3;
    c31 += w1 * d3;
    let d4 = scratch[d + 4u * out4 + o];
    c40 += w0 * d4;
    c41 += w1 * d4;
    let d5 = scratch[d + 5u * out4 + o];
    c50 += w0 * d5;
    c51 += w1 * d5;
    let d6 = scratch[d + 6u * out4 + o];
    c60 += w0 * d6;
    c61 += w1 * d6;
    let d7 = scratch[d + 7u * out4 + o];
    c70 += w0 * d7;
    c71 += w1 * d7;
    w += 4u * in4;
  }
  let c = array<vec4f, 16>(c00, c01, c10, c11, c20, c21, c30, c31, c40, c41, c50, c51, c60, c61, c70, c71);
  var at = base + u.layer[2u * l - 1u].z + rows8 * 8u * in4 + 2u * ins8;
  for (var r = 0u; r < 8u; r++) {
    scratch[at] *= c[2u * r];
    scratch[at + 1u] *= c[2u * r + 1u];
    at += in4;
  }
}

fn backward(base: u32, into: u32, lane: u32, first: bool) {
  for (var k = u.layers; k > 0u; k--) {
    let l = k - 1u;
    storageBarrier();
    let ins8 = u.layer[2u * l].z / 2u;
    let blocks = (u.layer[2u * l].w / 2u) * ins8;
    for (var tile = lane; tile < blocks; tile += LANES) {
      gradient_tile(base, into, l, tile / ins8, tile % ins8, first);
    }
    let tiles = select(0u, (ROWS / 8u) * ins8, l > 0u);
    for (var tile = lane; tile < tiles; tile += LANES) {
      backward_tile(base, l, tile % (ROWS / 8u), tile / (ROWS / 8u));
    }
  }
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let base = group.x * u.scratch_len;
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
    storageBarrier();
  }
  if lane == 0u {
    add_partial(into + u.params_len, begins, vec4f(loss, 0.0, 0.0, 0.0));
  }
}
