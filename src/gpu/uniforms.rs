//! The structs that kernels read as uniforms, and the constants they are compiled with.
//! WGSL's side is `shaders/shared/uniforms.wgsl`; `tests/shaders.rs` compares every offset and size.

use crate::flow::random::Stream;

/// Matrices are padded with zeros to multiples of this: every block of [`Tiling`] divides it or is a multiple of rows.
pub const PAD: u32 = 8;

/// How work is cut for an adapter and a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tiling {
    /// Rows of a batch (points, particles) that one workgroup takes through the network together: a multiple of `tile[0]`.
    pub rows: u32,
    /// Invocations of a workgroup.
    pub lanes: u32,
    /// The most workgroups that share a batch or a set of points.
    pub groups: u32,
    /// Rows and columns of the block that one invocation computes forward and backward; columns 4 or 8.
    pub tile: [u32; 2],
    /// Outputs and inputs of the block of a weight's gradient that one invocation sums; each 4 or 8.
    pub block: [u32; 2],
    /// Unused vec4f after each row of activations, so that rows begin in different banks of workgroup memory.
    pub row_gap: u32,
    /// Workgroup memory for the activations of training, in vec4f; 0: they lie in a storage buffer.
    pub chip_len: u32,
}

impl Tiling {
    /// An adapter that computes on the processor: a load costs it as much as ten multiply-adds, so blocks are large; each
    /// group costs a pass over the gradient, and cores are few, so groups are few.
    pub const SOFTWARE: Self = Self {
        rows: 64,
        lanes: 32,
        groups: 8,
        tile: [8, 8],
        block: [8, 8],
        row_gap: 0,
        chip_len: 0,
    };

    /// A real GPU with activations in a storage buffer: sampling, and the training of wide networks.
    pub const STORAGE: Self = Self {
        rows: 32,
        lanes: 64,
        groups: 64,
        ..Self::SOFTWARE
    };

    /// A real GPU with the activations of `rows` rows in `bytes` of workgroup memory. Small blocks and 8 invocations a row:
    /// a tile of 16 rows of a layer of 64 is one block for each of 128 invocations.
    pub const fn on_chip(rows: u32, bytes: u32) -> Self {
        Self {
            rows,
            lanes: 8 * rows,
            groups: 64,
            tile: [2, 4],
            block: [8, 4],
            row_gap: 1,
            // the rows' losses lie there too
            chip_len: (bytes - 4 * rows) / 16,
        }
    }
}

/// The most linear layers: 6 hidden ones and the output.
pub const MAX_LAYERS: usize = 7;
/// `rule` of [`TrainUniforms`]: Adam.
pub const RULE_ADAM: u32 = 0;
/// Adam with decoupled weight decay.
pub const RULE_ADAMW: u32 = 1;
/// Gradient descent with momentum.
pub const RULE_SGD: u32 = 2;
/// Bytes between the uniforms of two steps: a multiple of the largest offset alignment that WebGPU allows.
pub const STEP_STRIDE: u64 = 512;

/// The constants that every kernel begins with.
pub fn header(tiling: &Tiling) -> String {
    let Tiling {
        rows,
        lanes,
        row_gap,
        tile,
        block,
        ..
    } = tiling;
    format!(
        "const ROWS = {rows}u;\nconst LANES = {lanes}u;\nconst ROW_GAP = {row_gap}u;\n\
         const TILE_COLUMNS = {}u;\nconst ROW_BLOCKS = {}u;\nconst BLOCK_OUTS = {}u;\nconst BLOCK_INS = {}u;\n\
         const RULE_ADAM = {RULE_ADAM}u;\nconst RULE_ADAMW = {RULE_ADAMW}u;\nconst RULE_SGD = {RULE_SGD}u;\n\
         const STREAM_BATCH_TIME = {}u;\nconst SELU_SCALE = 1.0507009873554805;\n\
         const SELU_ALPHA = 1.6732632423543772;\n",
        tile[1],
        rows / tile[0],
        block[0],
        block[1],
        Stream::BatchTime as u32
    )
}

/// What `train`, `reduce` and `optimizer` are told, anew for every step.
#[derive(Clone, Copy, Debug, Default, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct TrainUniforms {
    /// Two rows a layer, see `shaders/shared/uniforms.wgsl`.
    pub layer: [[u32; 4]; 2 * MAX_LAYERS],
    /// Linear layers.
    pub layers: u32,
    /// Fourier frequencies of the time embedding; 0: raw t.
    pub frequencies: u32,
    /// Rows of the batch.
    pub batch: u32,
    /// Workgroups of `train`.
    pub groups: u32,
    /// Scratch of one workgroup, in vec4f.
    pub scratch_len: u32,
    /// Where the output lies in it.
    pub output: u32,
    /// Where the targets and weights of the rows lie in it.
    pub goal: u32,
    /// Packed parameters, in vec4f.
    pub params_len: u32,
    /// Low word of step x batch.
    pub draw_low: u32,
    /// High word of step x batch.
    pub draw_high: u32,
    /// Low word of the seed.
    pub seed_low: u32,
    /// High word of the seed.
    pub seed_high: u32,
    /// The pair of the batch's first row.
    pub first_pair: u32,
    /// Where the step's loss goes.
    pub slot: u32,
    /// 0 squared, 1 pseudo-Huber.
    pub loss_kind: u32,
    /// c of pseudo-Huber.
    pub huber: f32,
    /// The update rule.
    pub rule: u32,
    /// Learning rate.
    pub rate: f32,
    /// Weight decay.
    pub decay: f32,
    /// b1, or momentum.
    pub beta1: f32,
    /// b2.
    pub beta2: f32,
    /// 1 - b1, rounded from f64.
    pub one_less_beta1: f32,
    /// 1 - b2, rounded from f64.
    pub one_less_beta2: f32,
    /// rate / (1 - b1^n), n the number of this update.
    pub step_size: f32,
    /// 1 / sqrt(1 - b2^n).
    pub root_scale: f32,
    /// epsilon.
    pub epsilon: f32,
    /// Largest 2-norm of the gradient.
    pub clip_norm: f32,
    /// Decay of the moving average; 0: none.
    pub ema: f32,
    /// 1 - that, rounded from f64.
    pub one_less_ema: f32,
    /// The first tile of rows of this dispatch: a huge batch takes several.
    pub first_tile: u32,
    /// The tile after its last.
    pub end_tile: u32,
    /// Padding.
    pub unused: u32,
}

/// What `evaluate` and `integrate` are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct SampleUniforms {
    /// As in [`TrainUniforms`].
    pub layer: [[u32; 4]; 2 * MAX_LAYERS],
    /// Linear layers.
    pub layers: u32,
    /// Fourier frequencies.
    pub frequencies: u32,
    /// Points or particles.
    pub count: u32,
    /// Workgroups.
    pub groups: u32,
    /// Scratch of one workgroup, in vec4f.
    pub scratch_len: u32,
    /// Where the output lies in it.
    pub output: u32,
    /// The first micro-operation of this dispatch.
    pub first_op: u32,
    /// How many.
    pub ops: u32,
}

/// What `draw` is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct DrawUniforms {
    /// Low word of the seed.
    pub seed_low: u32,
    /// High word of the seed.
    pub seed_high: u32,
    /// Low word of the first index.
    pub draw_low: u32,
    /// High word of the first index.
    pub draw_high: u32,
    /// The stream.
    pub stream: u32,
    /// How many indices.
    pub count: u32,
    /// Padding.
    pub unused0: u32,
    /// Padding.
    pub unused1: u32,
}
