//! NPZ archives: NPY arrays by name in a ZIP file, as `numpy.savez` writes them. The same arrays give the same bytes.

use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::lab_within;
use super::npy::{self, Number};

/// An archive that is being filled.
pub struct Npz {
    zip: ZipWriter<Cursor<Vec<u8>>>,
}

impl Default for Npz {
    fn default() -> Self {
        Self {
            zip: ZipWriter::new(Cursor::new(Vec::new())),
        }
    }
}

impl Npz {
    /// Adds an array; `values` in C order.
    pub fn array<T: Number>(&mut self, name: &str, shape: &[usize], values: impl IntoIterator<Item = T>) {
        let bytes = npy::encode(shape, values);
        self.member(&format!("{name}.npy"), &bytes, CompressionMethod::Stored);
    }

    /// Adds the text of the lab that made it; `NumPy` gives it as bytes.
    pub fn lab(&mut self, text: &str) {
        self.member(lab_within::MEMBER, text.as_bytes(), CompressionMethod::Deflated);
    }

    fn member(&mut self, name: &str, bytes: &[u8], how: CompressionMethod) {
        let options = SimpleFileOptions::default()
            .compression_method(how)
            // the clock has no part in the bytes
            .last_modified_time(DateTime::default())
            .unix_permissions(0o644)
            .large_file(u32::try_from(bytes.len()).is_err());
        // writing to memory fails for names that are there twice alone, and ours are not
        let _ = self
            .zip
            .start_file(name, options)
            .map_err(std::io::Error::other)
            .and_then(|()| self.zip.write_all(bytes));
    }

    /// The archive's bytes.
    pub fn finish(self) -> Vec<u8> {
        self.zip.finish().map(Cursor::into_inner).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;
    use crate::lab::decode_npy;

    #[test]
    fn members_come_back_and_bytes_repeat() {
        let make = || {
            let mut npz = Npz::default();
            npz.array("a", &[2, 2], [1.0f32, 2.0, 3.0, -0.5]);
            npz.array("layers.0.bias", &[3], [1e-300f64, 2.0, 3.0]);
            npz.lab("{\"runs\": []}");
            npz.finish()
        };
        let bytes = make();
        assert!(bytes == make(), "the same arrays, other bytes");
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut member = |name: &str| {
            let mut bytes = Vec::new();
            archive.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
            bytes
        };
        let a = decode_npy(&member("a.npy")).unwrap();
        assert_eq!((a.shape, a.values), (vec![2, 2], vec![1.0, 2.0, 3.0, -0.5]));
        let bias = decode_npy(&member("layers.0.bias.npy")).unwrap();
        assert_eq!((bias.shape, bias.values), (vec![3], vec![1e-300, 2.0, 3.0]));
        assert_eq!(member(lab_within::MEMBER), b"{\"runs\": []}");
    }
}
