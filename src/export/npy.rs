//! NPY arrays out, version 1.0, little-endian, C order (`NumPy` Enhancement Proposal 1). In is `lab::decode_npy`.

use std::path::Path;

use super::atomic::{self, WriteFault};

/// A number type of NPY files.
pub trait Number: Copy {
    /// Its dtype.
    const DESCR: &'static str;
    /// Appends its bytes.
    fn push(self, bytes: &mut Vec<u8>);
}

impl Number for f32 {
    const DESCR: &'static str = "<f4";
    fn push(self, bytes: &mut Vec<u8>) {
        bytes.extend(self.to_le_bytes());
    }
}

impl Number for f64 {
    const DESCR: &'static str = "<f8";
    fn push(self, bytes: &mut Vec<u8>) {
        bytes.extend(self.to_le_bytes());
    }
}

impl Number for u64 {
    const DESCR: &'static str = "<u8";
    fn push(self, bytes: &mut Vec<u8>) {
        bytes.extend(self.to_le_bytes());
    }
}

/// The bytes of an array of this shape; `values` in C order, as many as the shape's product.
pub fn encode<T: Number>(shape: &[usize], values: impl IntoIterator<Item = T>) -> Vec<u8> {
    let mut bytes = header(T::DESCR, shape);
    let before = bytes.len();
    for value in values {
        value.push(&mut bytes);
    }
    debug_assert_eq!(bytes.len() - before, size_of::<T>() * shape.iter().product::<usize>());
    bytes
}

fn header(descr: &str, shape: &[usize]) -> Vec<u8> {
    let axes: Vec<String> = shape.iter().map(|n| format!("{n},")).collect();
    let axes = if shape.len() > 1 {
        axes.join(" ").trim_end_matches(',').to_string()
    } else {
        axes.join(" ")
    };
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({axes}), }}");
    // magic, version, length and header together fill a multiple of 64 bytes, the last of them a line break
    while (header.len() + 11) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes
}

/// Writes scalars, shape (n).
///
/// # Errors
/// As [`atomic::write`].
pub fn write_scalars<T: Number>(path: &Path, values: &[T]) -> Result<(), WriteFault> {
    atomic::write(path, &encode(&[values.len()], values.iter().copied()))
}

/// Writes points, shape (n, 2).
///
/// # Errors
/// As [`atomic::write`].
pub fn write_points<T: Number>(path: &Path, points: &[[T; 2]]) -> Result<(), WriteFault> {
    atomic::write(path, &encode(&[points.len(), 2], points.iter().flatten().copied()))
}

/// Writes pairs x0, y0, x1, y1, shape (n, 4).
///
/// # Errors
/// As [`atomic::write`].
pub fn write_pairs<T: Number>(path: &Path, pairs: &[[T; 4]]) -> Result<(), WriteFault> {
    atomic::write(path, &encode(&[pairs.len(), 4], pairs.iter().flatten().copied()))
}

/// Writes trajectories, shape (particles, times, 2); `states` particle-major.
///
/// # Errors
/// As [`atomic::write`].
pub fn write_trajectories<T: Number>(path: &Path, times: usize, states: &[[T; 2]]) -> Result<(), WriteFault> {
    let shape = [states.len() / times.max(1), times, 2];
    atomic::write(path, &encode(&shape, states.iter().flatten().copied()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::decode_npy;

    #[test]
    fn arrays_come_back_and_lie_on_the_grid() {
        let values = [0.1f64, -2.0, 3e9, 1e-300, 5.0, -0.0];
        for shape in [vec![6], vec![3, 2], vec![1, 3, 2]] {
            let bytes = encode(&shape, values);
            assert_eq!((bytes.len() - 48) % 64, 0);
            let array = decode_npy(&bytes).unwrap();
            assert_eq!(array.shape, shape);
            assert_eq!(array.values, values);
        }
        let single = decode_npy(&encode(&[2, 1], [0.1f32, 7.5])).unwrap();
        assert_eq!(single.values, [f64::from(0.1f32), 7.5]);
    }
}
