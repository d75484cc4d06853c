// The counter-based generator and the stratified time rows. Twin: src/flow/random.rs, bit for bit.

fn mix_words(in: vec4u) -> vec4u {
  var v = in;
  v.x += v.y * v.w;
  v.y += v.z * v.x;
  v.z += v.x * v.y;
  v.w += v.y * v.z;
  return v;
}

// pcg4d (Jarzynski and Olano, JCGT 9(3), 2020).
fn pcg4d(in: vec4u) -> vec4u {
  var v = mix_words(in * 1664525u + 1013904223u);
  v ^= v >> vec4u(16u);
  return mix_words(v);
}

// The random bits of (seed, stream, index); both 64-bit numbers as (low, high) words.
fn random_bits(seed: vec2u, stream: u32, index: vec2u) -> vec4u {
  return pcg4d(vec4u(seed.x, seed.y ^ index.y, stream, index.x));
}

// The time row of row `row` of a batch of `batch`; `first` is step * batch as (low, high).
fn time_row(seed: vec2u, first: vec2u, row: u32, batch: u32) -> u32 {
  let low = first.x + row;
  let high = first.y + select(0u, 1u, low < row);
  let hash = random_bits(seed, STREAM_BATCH_TIME, vec2u(low, high)).x;
  return ((row << 16u) | (hash >> 16u)) / batch;
}
