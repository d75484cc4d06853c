//! The inner products of the network's layers, written out for a tile size: WGSL text.
//!
//! An invocation keeps a block of a product in registers and reads each operand once per block. How large that block should
//! be differs: on a software adapter a load costs ten multiply-adds, so blocks are large; on a GPU a small network leaves
//! most of the chip idle, so blocks are small and many. Compilers do not agree on which loops over an array of accumulators
//! they unroll (one that is not unrolled lies in memory), so the text names every accumulator.
//!
//! `h_step` and `d_step` are the lengths of a row of activations in vec4f: [`Tiling::row_gap`] more than the columns.

use std::fmt::Write as _;

use super::uniforms::Tiling;

/// The text of `lines`, each ended and indented as the body of a function.
fn push(text: &mut String, lines: std::fmt::Arguments<'_>) {
    // writing to a String cannot fail
    let _ = text.write_fmt(lines);
}

/// `fn forward_tile(base, l, row_block, out_block)`: z = h W^T + b for the tile's rows and outputs of layer l, then the
/// activation (`finish_row`).
pub fn forward(tiling: &Tiling) -> String {
    let [rows, outs] = tiling.tile;
    let quads = outs / 4;
    let mut t = format!(
        "fn forward_tile(base: u32, l: u32, row_block: u32, out_block: u32) {{\n  \
           let place = u.layer[2u * l];\n  let keep = u.layer[2u * l + 1u];\n  let in4 = place.z;\n  \
           let h_step = in4 + ROW_GAP;\n  let z_step = place.w + ROW_GAP;\n  \
           let h = base + keep.x + row_block * {rows}u * h_step;\n  let w = place.x + out_block * {outs}u * in4;\n"
    );
    for q in 0..quads {
        push(
            &mut t,
            format_args!("  let b{q} = weights[place.y + {quads}u * out_block + {q}u];\n"),
        );
        for r in 0..rows {
            push(&mut t, format_args!("  var c{r}_{q} = b{q};\n"));
        }
    }
    t.push_str("  for (var k = 0u; k < in4; k++) {\n");
    for q in 0..quads {
        let at: Vec<String> = (4 * q..4 * q + 4)
            .map(|o| format!("weights[w + {o}u * in4 + k]"))
            .collect();
        push(&mut t, format_args!("    let m{q} = mat4x4f({});\n", at.join(", ")));
    }
    for r in 0..rows {
        push(&mut t, format_args!("    let h{r} = scratch[h + {r}u * h_step + k];\n"));
        for q in 0..quads {
            push(&mut t, format_args!("    c{r}_{q} += h{r} * m{q};\n"));
        }
    }
    push(
        &mut t,
        format_args!(
            "  }}\n  let last = l + 1u == u.layers;\n  let column = {outs}u * out_block;\n  \
             let z = base + keep.y + row_block * {rows}u * z_step + {quads}u * out_block;\n  \
             let s = base + keep.z + row_block * {rows}u * z_step + {quads}u * out_block;\n"
        ),
    );
    for (r, q) in (0..rows).flat_map(|r| (0..quads).map(move |q| (r, q))) {
        let at = format!("{r}u * z_step + {q}u");
        push(
            &mut t,
            format_args!(
                "  finish_row(z + {at}, s + {at}, column + {}u, keep.w, last, c{r}_{q});\n",
                4 * q
            ),
        );
    }
    t.push_str("}\n");
    t
}

/// `fn backward_tile(base, l, row_block, in_block)`: the gradient by z of layer l - 1, act'(z) times the sum over outputs of
/// `delta_l W_l`, in place of the slopes act'(z).
pub fn backward(tiling: &Tiling) -> String {
    let [rows, ins] = tiling.tile;
    let quads = ins / 4;
    let mut t = format!(
        "fn backward_tile(base: u32, l: u32, row_block: u32, in_block: u32) {{\n  \
           let place = u.layer[2u * l];\n  let in4 = place.z;\n  let out4 = place.w;\n  \
           let d_step = out4 + ROW_GAP;\n  let z_step = in4 + ROW_GAP;\n  \
           let d = base + u.layer[2u * l + 1u].z + row_block * {rows}u * d_step;\n  \
           var w = place.x + {quads}u * in_block;\n"
    );
    for (r, q) in (0..rows).flat_map(|r| (0..quads).map(move |q| (r, q))) {
        push(&mut t, format_args!("  var c{r}_{q} = vec4f(0.0);\n"));
    }
    t.push_str("  for (var o = 0u; o < out4; o++) {\n");
    for q in 0..quads {
        let at: Vec<String> = (0..4).map(|o| format!("weights[w + {o}u * in4 + {q}u]")).collect();
        push(&mut t, format_args!("    let m{q} = mat4x4f({});\n", at.join(", ")));
    }
    for r in 0..rows {
        push(&mut t, format_args!("    let d{r} = scratch[d + {r}u * d_step + o];\n"));
        for q in 0..quads {
            push(&mut t, format_args!("    c{r}_{q} += m{q} * d{r};\n"));
        }
    }
    push(
        &mut t,
        format_args!(
            "    w += 4u * in4;\n  }}\n  \
             let z = base + u.layer[2u * l - 1u].z + row_block * {rows}u * z_step + {quads}u * in_block;\n"
        ),
    );
    for (r, q) in (0..rows).flat_map(|r| (0..quads).map(move |q| (r, q))) {
        push(
            &mut t,
            format_args!("  scratch[z + {r}u * z_step + {q}u] *= c{r}_{q};\n"),
        );
    }
    t.push_str("}\n");
    t
}

/// `fn gradient_block(base, into, l, out_block, in_block, first)`: dW = sum over the workgroup's rows of delta h, added to the
/// group's part of the gradient (or put there, `first`); the first column of blocks also sums the bias.
pub fn gradient(tiling: &Tiling) -> String {
    let [outs, ins] = tiling.block;
    let (out_quads, quads) = (outs / 4, ins / 4);
    let mut t = format!(
        "fn gradient_block(base: u32, into: u32, l: u32, out_block: u32, in_block: u32, first: bool) {{\n  \
           let place = u.layer[2u * l];\n  let keep = u.layer[2u * l + 1u];\n  let in4 = place.z;\n  \
           var h = base + keep.x + {quads}u * in_block;\n  var d = base + keep.z + {out_quads}u * out_block;\n"
    );
    for p in 0..out_quads {
        push(&mut t, format_args!("  var b{p} = vec4f(0.0);\n"));
    }
    for (o, q) in (0..outs).flat_map(|o| (0..quads).map(move |q| (o, q))) {
        push(&mut t, format_args!("  var c{o}_{q} = vec4f(0.0);\n"));
    }
    t.push_str("  for (var r = 0u; r < ROWS; r++) {\n");
    for q in 0..quads {
        push(&mut t, format_args!("    let h{q} = scratch[h + {q}u];\n"));
    }
    for p in 0..out_quads {
        push(
            &mut t,
            format_args!("    let d{p} = scratch[d + {p}u];\n    b{p} += d{p};\n"),
        );
        for (c, name) in ["x", "y", "z", "w"].into_iter().enumerate() {
            for q in 0..quads {
                let o = 4 * p as usize + c;
                push(&mut t, format_args!("    c{o}_{q} += d{p}.{name} * h{q};\n"));
            }
        }
    }
    push(
        &mut t,
        format_args!(
            "    h += in4 + ROW_GAP;\n    d += place.w + ROW_GAP;\n  }}\n  \
             let at = into + place.x + out_block * {outs}u * in4 + {quads}u * in_block;\n"
        ),
    );
    for (o, q) in (0..outs).flat_map(|o| (0..quads).map(move |q| (o, q))) {
        push(
            &mut t,
            format_args!("  add_partial(at + {o}u * in4 + {q}u, first, c{o}_{q});\n"),
        );
    }
    t.push_str("  if in_block == 0u {\n");
    for p in 0..out_quads {
        let at = format!("into + place.y + {out_quads}u * out_block + {p}u");
        push(&mut t, format_args!("    add_partial({at}, first, b{p});\n"));
    }
    t.push_str("  }\n}\n");
    t
}
