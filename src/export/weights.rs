//! Weights as safetensors: `layers.k.weight` (out, in) and `layers.k.bias` (out), f32, k counting linear layers; the
//! experiment's JSON is the metadata's `experiment`, and `velocity` says how the output becomes the velocity. Raw x, y and time
//! features go in, the output comes out unscaled.

use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors};
use serde_json::{Map, Value, json};

use super::atomic::{self, WriteFault};
use crate::lab::{BadInput, read_bytes};
use crate::net::Shape;

/// The bytes of a weights file. `params` lies in the layout of `shape`; `metadata` is written in its order, so that the same
/// weights give the same bytes (a map of the library's would not).
pub fn encode(shape: &Shape, params: &[f32], metadata: &[(&str, String)]) -> Vec<u8> {
    let mut header = Map::new();
    if !metadata.is_empty() {
        let entries = metadata.iter().map(|(key, text)| ((*key).to_owned(), json!(text)));
        header.insert("__metadata__".into(), Value::Object(entries.collect()));
    }
    let mut data: Vec<u8> = Vec::new();
    for (name, axes, values) in tensors(shape, params) {
        let begin = data.len();
        data.extend(values.iter().flat_map(|v| v.to_le_bytes()));
        let entry = json!({"dtype": "F32", "shape": axes, "data_offsets": [begin, data.len()]});
        header.insert(name, entry);
    }
    let mut header = Value::Object(header).to_string().into_bytes();
    // the numbers begin at a multiple of 8
    header.resize(header.len().next_multiple_of(8), b' ');
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header);
    bytes.extend(data);
    bytes
}

/// Every tensor: name, lengths of its axes, numbers.
pub fn tensors<'a>(shape: &Shape, params: &'a [f32]) -> Vec<(String, Vec<usize>, &'a [f32])> {
    let mut all = Vec::new();
    for (k, layer) in shape.layers().iter().enumerate() {
        let weight = (format!("layers.{k}.weight"), vec![layer.outputs, layer.inputs]);
        let bias = (format!("layers.{k}.bias"), vec![layer.outputs]);
        all.push((weight.0, weight.1, &params[layer.weight..layer.bias]));
        all.push((bias.0, bias.1, &params[layer.bias..layer.bias + layer.outputs]));
    }
    all
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
        let two = [("experiment", "{\"a\": 1}".into()), ("velocity", "return out".into())];
        let bytes_of_two = encode(&shape, &params, &two);
        let (_, header) = SafeTensors::read_metadata(&bytes_of_two).unwrap();
        assert_eq!(header.metadata().as_ref().unwrap()["experiment"], "{\"a\": 1}");
        assert_eq!(decode(&bytes_of_two, &shape).unwrap(), params);
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
