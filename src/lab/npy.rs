//! NPY arrays in: float32 or float64, little-endian, C or Fortran order (`NumPy` Enhancement Proposal 1). Out is `export/npy.rs`.

use super::BadInput;

/// A dense array of numbers in C order (last index fastest).
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Length along each axis.
    pub shape: Vec<usize>,
    /// The numbers.
    pub values: Vec<f64>,
}

/// Reads a NPY file's bytes.
///
/// # Errors
/// Not a NPY file, another dtype or byte order, a length that does not fit the shape.
pub fn decode(bytes: &[u8]) -> Result<Array, BadInput> {
    let bad = |text: &str| BadInput::new(text);
    let rest = bytes
        .strip_prefix(b"\x93NUMPY")
        .ok_or_else(|| bad("this is not an NPY file (it does not begin with \\x93NUMPY); write it with numpy.save"))?;
    let cut = || bad("the file ends within its header; it is cut short, write it anew");
    let (version, rest) = rest.split_first_chunk::<2>().ok_or_else(cut)?;
    let (length, rest) = if version[0] == 1 {
        let (n, rest) = rest.split_first_chunk::<2>().ok_or_else(cut)?;
        (usize::from(u16::from_le_bytes(*n)), rest)
    } else if version[0] == 2 || version[0] == 3 {
        let (n, rest) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
        (u32::from_le_bytes(*n) as usize, rest)
    } else {
        return Err(bad("its NPY format version is unknown; versions 1, 2 and 3 are read"));
    };
    let header = rest.get(..length).ok_or_else(cut)?;
    let data = &rest[length..];
    let header = std::str::from_utf8(header).map_err(|_| bad("its NPY header is not text; write it anew"))?;
    let (width, fortran, shape) = header_of(header)?;
    let count = shape.iter().try_fold(1usize, |n, &axis| n.checked_mul(axis));
    let wanted = count.and_then(|n| n.checked_mul(width));
    if wanted != Some(data.len()) {
        return Err(BadInput::new(format!(
            "its header says shape {shape:?} of {width}-byte numbers, which does not fit the {} bytes that follow; the file is cut short or damaged",
            data.len()
        )));
    }
    let values: Vec<f64> = if width == 4 {
        data.as_chunks::<4>()
            .0
            .iter()
            .map(|c| f64::from(f32::from_le_bytes(*c)))
            .collect()
    } else {
        data.as_chunks::<8>().0.iter().map(|c| f64::from_le_bytes(*c)).collect()
    };
    let values = if fortran && shape.len() > 1 {
        c_order(&values, &shape)
    } else {
        values
    };
    Ok(Array { shape, values })
}

/// Bytes a number, Fortran order, shape.
fn header_of(header: &str) -> Result<(usize, bool, Vec<usize>), BadInput> {
    let missing = |key: &str| {
        BadInput::new(format!(
            "its NPY header lacks \"{key}\"; write the file with numpy.save"
        ))
    };
    let after = |key: &str| {
        let quoted = [format!("'{key}'"), format!("\"{key}\"")];
        let at = quoted
            .iter()
            .find_map(|q| header.find(q.as_str()).map(|i| i + q.len()))?;
        Some(header[at..].trim_start().strip_prefix(':')?.trim_start())
    };
    let descr = after("descr").ok_or_else(|| missing("descr"))?;
    let width = match descr.get(1..4) {
        Some("<f4") => 4,
        Some("<f8") => 8,
        _ => {
            // a simple dtype is quoted; a structured one is a list and is shown as it begins
            let shown: String = match descr.chars().next() {
                Some(q @ ('\'' | '"')) => descr[1..].chars().take_while(|&c| c != q).take(40).collect(),
                _ => descr.chars().take(20).collect(),
            };
            return Err(BadInput::new(format!(
                "its dtype is \"{shown}\"; only little-endian float32 (<f4) and float64 (<f8) are read: save array.astype(\"<f8\")"
            )));
        }
    };
    let order = after("fortran_order").ok_or_else(|| missing("fortran_order"))?;
    let fortran = order.starts_with("True");
    if !fortran && !order.starts_with("False") {
        return Err(missing("fortran_order"));
    }
    let shape = after("shape").ok_or_else(|| missing("shape"))?;
    let inside = shape
        .strip_prefix('(')
        .and_then(|s| s.split_once(')'))
        .ok_or_else(|| missing("shape"))?
        .0;
    let axes: Result<Vec<usize>, _> = inside
        .split(',')
        .map(|axis| axis.trim().trim_end_matches('L'))
        .filter(|axis| !axis.is_empty())
        .map(str::parse)
        .collect();
    Ok((width, fortran, axes.map_err(|_| missing("shape"))?))
}

/// Fortran order (first index fastest) to C order.
fn c_order(values: &[f64], shape: &[usize]) -> Vec<f64> {
    let mut index = vec![0; shape.len()];
    (0..values.len())
        .map(|_| {
            let at = index.iter().zip(shape).rev().fold(0, |at, (&i, &n)| at * n + i);
            for axis in (0..shape.len()).rev() {
                index[axis] += 1;
                if index[axis] < shape[axis] {
                    break;
                }
                index[axis] = 0;
            }
            values[at]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    #[test]
    fn fortran_order_is_turned() {
        // numpy.asfortranarray([[1, 2], [3, 4], [5, 6]]) lies as 1 3 5 2 4 6
        let data: Vec<u8> = [1.0f32, 3.0, 5.0, 2.0, 4.0, 6.0]
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        let array = decode(&file(
            "{'descr': '<f4', 'fortran_order': True, 'shape': (3, 2), }",
            &data,
        ))
        .unwrap();
        assert_eq!(array.shape, [3, 2]);
        assert_eq!(array.values, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    }

    #[test]
    fn other_dtypes_are_named() {
        for descr in ["'<i8'", "'>f8'", "'<c16'", "[('x', '<f8')]", "'|O'"] {
            let header = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (1,), }}");
            let text = decode(&file(&header, &[0; 8])).unwrap_err().to_string();
            assert!(text.contains(descr.trim_matches('\'')), "{text}");
            assert!(text.contains("<f8"), "{text}");
        }
    }

    #[test]
    fn sizes_that_lie_are_refused() {
        for shape in [
            "(2,)",
            "(18446744073709551615, 2)",
            "(4294967296, 4294967296)",
            "(-1,)",
            "(0,)",
        ] {
            let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}");
            assert!(decode(&file(&header, &[0; 8])).is_err(), "{shape}");
        }
    }
}
