//! Weights as safetensors: `layers.k.weight` (out, in) and `layers.k.bias` (out), f32, k counting linear layers; the
//! experiment's JSON is the metadata's `experiment`. Raw x, y and time features go in, the output comes out unscaled.

use std::collections::HashMap;
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::atomic::{self, WriteFault};
use crate::lab::{BadInput, read_bytes};
use crate::net::Shape;

/// The bytes of a weights file. `params` lies in the layout of `shape`.
pub fn encode(shape: &Shape, params: &[f32], metadata: &[(&str, String)]) -> Vec<u8> {
    let mut tensors = Vec::new();
    for (k, layer) in shape.layers().iter().enumerate() {
        let bytes = |values: &[f32]| -> Vec<u8> { values.iter().flat_map(|v| v.to_le_bytes()).collect() };
        tensors.push((
            format!("layers.{k}.weight"),
            vec![layer.outputs, layer.inputs],
            bytes(&params[layer.weight..layer.bias]),
        ));
        let bias = bytes(&params[layer.bias..layer.bias + layer.outputs]);
        tensors.push((format!("layers.{k}.bias"), vec![layer.outputs], bias));
    }
    let views = tensors
        .iter()
        .filter_map(|(name, shape, bytes)| Some((name, TensorView::new(Dtype::F32, shape.clone(), bytes).ok()?)));
    let metadata: HashMap<String, String> = metadata.iter().map(|(k, v)| ((*k).to_string(), v.clone())).collect();
    safetensors::serialize(views, Some(metadata)).unwrap_or_default()
}

/// Writes a weights file.
///
/// # Errors
/// As [`atomic::write`].
pub fn write(path: &Path, shape: &Shape, params: &[f32], metadata: &[(&str, String)]) -> Result<(), WriteFault> {
    atomic::write(path, &encode(shape, params, metadata))
}

/// Reads the parameters of a network of this shape.
///
/// # Errors
/// A missing, damaged or foreign file, tensors of other shapes, numbers that are not finite.
pub fn read(path: &Path, shape: &Shape) -> Result<Vec<f32>, BadInput> {
    decode(&read_bytes(path)?, shape).map_err(|e| e.within(path.display()))
}

/// Parameters from a weights file's bytes.
///
/// # Errors
/// As [`read`].
pub fn decode(bytes: &[u8], shape: &Shape) -> Result<Vec<f32>, BadInput> {
    let file = SafeTensors::deserialize(bytes).map_err(|e| {
        BadInput::new(format!(
            "this is not a whole safetensors file ({e}); write the run anew"
        ))
    })?;
    let mut params = vec![0.0; shape.params_len()];
    for (k, layer) in shape.layers().iter().enumerate() {
        let weight = (layer.weight, vec![layer.outputs, layer.inputs]);
        let bias = (layer.bias, vec![layer.outputs]);
        for (part, (at, wanted)) in [("weight", weight), ("bias", bias)] {
            let name = format!("layers.{k}.{part}");
            let tensor = file
                .tensor(&name)
                .map_err(|_| BadInput::new(format!("it lacks \"{name}\", which the experiment's network has")))?;
            if tensor.dtype() != Dtype::F32 || tensor.shape() != wanted {
                return Err(BadInput::new(format!(
                    "\"{name}\" is {:?} {:?}, where the experiment's network has F32 {wanted:?}",
                    tensor.dtype(),
                    tensor.shape()
                )));
            }
            for (slot, bytes) in params[at..].iter_mut().zip(tensor.data().as_chunks::<4>().0) {
                *slot = f32::from_le_bytes(*bytes);
                if !slot.is_finite() {
                    return Err(BadInput::new(format!("\"{name}\" holds a number that is not finite")));
                }
            }
        }
    }
    if file.len() != 2 * shape.layers().len() {
        return Err(BadInput::new(format!(
            "it holds {} tensors, where the experiment's network has {}",
            file.len(),
            2 * shape.layers().len()
        )));
    }
    Ok(params)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Checkpoint;

    #[test]
    fn parameters_come_back_to_the_bit() {
        let shape = Shape::default();
        let params = Checkpoint::initial(&shape, 3).params;
        let bytes = encode(&shape, &params, &[("experiment", "{}".into())]);
        assert_eq!(decode(&bytes, &shape).unwrap(), params);
        let other = Shape {
            hidden: vec![64, 64],
            ..Shape::default()
        };
        assert!(
            decode(&bytes, &other)
                .unwrap_err()
                .to_string()
                .contains("layers.2.weight")
        );
        let mut wrong = params.clone();
        wrong[10] = f32::NAN;
        assert!(
            decode(&encode(&shape, &wrong, &[]), &shape)
                .unwrap_err()
                .to_string()
                .contains("finite")
        );
    }
}
