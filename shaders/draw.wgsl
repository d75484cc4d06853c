// The generator by itself, so that a test can compare its bits with Rust's: invocation i writes the random bits of index
// i and the time row of row i.
//
//   words  [u.count] vec4u      rows  [u.count]

@group(0) @binding(0) var<uniform> u: DrawUniforms;
@group(0) @binding(1) var<storage, read_write> words: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> rows: array<u32>;

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if id.x < u.count {
    let seed = vec2u(u.seed_low, u.seed_high);
    let first = vec2u(u.draw_low, u.draw_high);
    words[id.x] = random_bits(seed, u.stream, vec2u(first.x + id.x, first.y));
    rows[id.x] = time_row(seed, first, id.x, u.count);
  }
}
