//! Where every weight and activation lies on the device: matrices padded with zeros to multiples of the tile, in vec4f units.
//! The padding stays zero: kernels write zeros into padded activations, so its gradients are zero.

use super::uniforms::{MAX_LAYERS, PAD, Tiling};
use crate::backend::Fault;
use crate::net::{Layer, Shape, TimeEmbedding};

/// The most turns that all loops of one invocation may take in one dispatch, on a software adapter: llvmpipe leaves every
/// loop, without a word, after 65,535 turns in all (`LP_MAX_TGSI_LOOP_ITERATIONS` of Mesa). Half of that, to be safe.
pub const MOST_TURNS: u32 = 32_768;

/// One layer of the packed form; lengths and places in vec4f.
#[derive(Clone, Copy, Debug)]
struct Packed {
    flat: Layer,
    inputs4: u32,
    outputs4: u32,
    weight: u32,
    bias: u32,
}

/// The packed form of a network.
#[derive(Clone, Debug)]
pub struct Layout {
    layers: Vec<Packed>,
    flat_len: usize,
    /// Packed parameters, in vec4f.
    pub params_len: u32,
    /// Scratch of one workgroup, in vec4f.
    pub scratch_len: u32,
    /// Where the output lies in the scratch.
    pub output: u32,
    /// Where the rows' targets lie in the scratch.
    pub goal: u32,
    /// Fourier frequencies.
    pub frequencies: u32,
    /// Two rows a layer for the uniforms.
    pub table: [[u32; 4]; 2 * MAX_LAYERS],
}

impl Layout {
    /// The layout of a shape.
    pub fn new(shape: &Shape, tiling: &Tiling) -> Result<Self, Fault> {
        let flat = shape.layers();
        if flat.len() > MAX_LAYERS {
            return Err(Fault::Unavailable(format!(
                "the GPU kernels take at most {} hidden layers, this network has {}",
                MAX_LAYERS - 1,
                flat.len() - 1
            )));
        }
        let mut at = 0;
        let mut layers = Vec::with_capacity(flat.len());
        for layer in flat {
            let inputs4 = (layer.inputs as u32).next_multiple_of(PAD) / 4;
            let outputs4 = (layer.outputs as u32).next_multiple_of(PAD) / 4;
            let bias = at + outputs4 * 4 * inputs4;
            layers.push(Packed {
                flat: layer,
                inputs4,
                outputs4,
                weight: at,
                bias,
            });
            at = bias + outputs4;
        }
        let params_len = at;
        let mut scratch = 0;
        let mut take = |columns4: u32| {
            let place = scratch;
            scratch += (columns4 + tiling.row_gap) * tiling.rows;
            place
        };
        let h: Vec<u32> = layers.iter().map(|l| take(l.inputs4)).collect();
        let output = take(PAD / 4);
        let slopes: Vec<u32> = layers.iter().map(|l| take(l.outputs4)).collect();
        let goal = scratch;
        scratch += tiling.rows;
        let mut table = [[0; 4]; 2 * MAX_LAYERS];
        for (l, p) in layers.iter().enumerate() {
            let next = h.get(l + 1).copied().unwrap_or(output);
            table[2 * l] = [p.weight, p.bias, p.inputs4, p.outputs4];
            table[2 * l + 1] = [h[l], next, slopes[l], p.flat.outputs as u32];
        }
        Ok(Self {
            layers,
            flat_len: shape.params_len(),
            params_len,
            scratch_len: scratch,
            output,
            goal,
            frequencies: match shape.time_embedding {
                TimeEmbedding::Raw => 0,
                TimeEmbedding::Fourier { frequencies } => frequencies,
            },
            table,
        })
    }

    /// How many linear layers.
    pub const fn len(&self) -> u32 {
        self.layers.len() as u32
    }

    /// Multiply-adds of one forward pass of one row, padding included.
    pub fn multiply_adds(&self) -> u64 {
        let layer = |l: &Packed| 16 * u64::from(l.inputs4) * u64::from(l.outputs4);
        self.layers.iter().map(layer).sum()
    }

    /// An upper bound of the turns that all loops of `train` take for one tile of rows. See [`MOST_TURNS`].
    pub fn turns(&self, tiling: &Tiling) -> u32 {
        let Tiling {
            rows,
            lanes,
            tile: [tile_rows, columns],
            block: [block_outs, block_ins],
            ..
        } = *tiling;
        let layer = |l: &Packed| {
            let (ins, outs, row_blocks) = (l.inputs4 * 4, l.outputs4 * 4, rows / tile_rows);
            let forward = (row_blocks * outs / columns).div_ceil(lanes) * (l.inputs4 + 1);
            let gradient = (ins / block_ins * outs / block_outs).div_ceil(lanes) * (rows + 1);
            let backward = (row_blocks * ins / columns).div_ceil(lanes) * (l.outputs4 + 1);
            forward + gradient + backward + 4
        };
        // the rows' inputs and losses, and the sum of the losses
        self.layers.iter().map(layer).sum::<u32>() + 2 * rows + 16
    }

    /// From the shape's flat layout to the packed one.
    pub fn pack(&self, flat: &[f32]) -> Vec<f32> {
        let mut packed = vec![0.0; self.params_len as usize * 4];
        self.each_run(|flat_at, packed_at, len| {
            packed[packed_at..packed_at + len].copy_from_slice(&flat[flat_at..flat_at + len]);
        });
        packed
    }

    /// From the packed layout to the shape's flat one.
    pub fn unpack(&self, packed: &[f32]) -> Vec<f32> {
        let mut flat = vec![0.0; self.flat_len];
        self.each_run(|flat_at, packed_at, len| {
            flat[flat_at..flat_at + len].copy_from_slice(&packed[packed_at..packed_at + len]);
        });
        flat
    }

    /// Calls `copy(place in the flat layout, place in the packed one, length)` for every row of every matrix and every bias.
    fn each_run(&self, mut copy: impl FnMut(usize, usize, usize)) {
        for p in &self.layers {
            for o in 0..p.flat.outputs {
                let packed = 4 * (p.weight as usize + o * p.inputs4 as usize);
                copy(p.flat.weight + o * p.flat.inputs, packed, p.flat.inputs);
            }
            copy(p.flat.bias, 4 * p.bias as usize, p.flat.outputs);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_there_and_back_changes_nothing() {
        let shape = Shape {
            hidden: vec![9, 16, 33],
            time_embedding: TimeEmbedding::Fourier { frequencies: 3 },
            ..Shape::default()
        };
        let layout = Layout::new(&shape, &Tiling::SOFTWARE).unwrap();
        let flat: Vec<f32> = (1..=shape.params_len()).map(|i| i as f32).collect();
        let packed = layout.pack(&flat);
        assert_eq!(layout.unpack(&packed), flat);
        let kept = packed.iter().filter(|&&x| x != 0.0).count();
        assert_eq!(kept, flat.len(), "every other entry is padding");
    }

    #[test]
    fn networks_of_a_lecture_fit_workgroup_memory() {
        let fits = |width, tiling: &Tiling| {
            let shape = Shape {
                hidden: vec![width; 3],
                ..Shape::default()
            };
            Layout::new(&shape, tiling).unwrap().scratch_len <= tiling.chip_len
        };
        // the least that WebGPU promises, and what nearly every adapter has
        let (small, large) = (Tiling::on_chip(8, 16_384), Tiling::on_chip(8, 32_768));
        assert!(fits(72, &small) && !fits(80, &small));
        assert!(fits(152, &large) && !fits(160, &large));
        assert!(fits(64, &Tiling::on_chip(16, 32_768)));
    }

    #[test]
    fn too_many_layers_are_refused() {
        let shape = Shape {
            hidden: vec![8; 7],
            ..Shape::default()
        };
        assert!(Layout::new(&shape, &Tiling::SOFTWARE).is_err());
    }
}
