//! The loss of one row and its gradient by the network's output. Twin: `loss` in the shaders.

use crate::flow::loss::Loss;

/// l(e) and dl/de for the error e = output - target.
/// Squared: l = |e|^2, dl/de = 2 e. Pseudo-Huber (Lee, Lin, Fanti 2024): l = sqrt(|e|^2 + c^2) - c, dl/de = e / sqrt(|e|^2 + c^2).
pub fn row(loss: Loss, e: [f32; 2]) -> (f32, [f32; 2]) {
    let square = e[0] * e[0] + e[1] * e[1];
    match loss {
        Loss::Mse => (square, [2.0 * e[0], 2.0 * e[1]]),
        Loss::PseudoHuber { c } => {
            let c = c as f32;
            let root = (square + c * c).sqrt();
            if root == 0.0 {
                return (0.0, [0.0, 0.0]); // e = 0 and c = 0: the corner of |e|
            }
            // |e|^2 / (root + c) is root - c without the cancellation near e = 0
            (square / (root + c), [e[0] / root, e[1] / root])
        }
    }
}
