//! Making, filling and reading buffers.

use std::sync::mpsc;

use super::context::Context;
use crate::backend::Fault;

/// A buffer of `bytes` that kernels read and write and that can be copied both ways.
pub fn storage(context: &Context, label: &str, bytes: u64) -> Result<wgpu::Buffer, Fault> {
    let limit = context.device.limits().max_storage_buffer_binding_size;
    if bytes > limit {
        return Err(Fault::OutOfMemory(format!(
            "{label} needs {bytes} bytes, one buffer has at most {limit}"
        )));
    }
    let buffer = context.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some(label),
        size: bytes.max(16).next_multiple_of(16),
        usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC,
        mapped_at_creation: false,
    });
    context.check()?;
    Ok(buffer)
}

/// A storage buffer with this content.
pub fn filled<T: bytemuck::NoUninit>(context: &Context, label: &str, content: &[T]) -> Result<wgpu::Buffer, Fault> {
    let bytes: &[u8] = bytemuck::cast_slice(content);
    let buffer = storage(context, label, bytes.len() as u64)?;
    context.queue.write_buffer(&buffer, 0, bytes);
    Ok(buffer)
}

/// A buffer for uniforms, of `bytes`.
pub fn uniform(context: &Context, label: &str, bytes: u64) -> Result<wgpu::Buffer, Fault> {
    let buffer = context.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some(label),
        size: bytes,
        usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    context.check()?;
    Ok(buffer)
}

/// The first `bytes` of each buffer, copied after everything submitted so far and read in one go.
pub fn read(context: &Context, sources: &[(&wgpu::Buffer, u64)]) -> Result<Vec<Vec<u8>>, Fault> {
    let total: u64 = sources.iter().map(|s| s.1).sum();
    if total == 0 {
        return Ok(sources.iter().map(|_| Vec::new()).collect());
    }
    let staging = context.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("read back"),
        size: total,
        usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    let mut encoder = context
        .device
        .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    let mut at = 0;
    for (buffer, bytes) in sources {
        encoder.copy_buffer_to_buffer(buffer, 0, &staging, at, Some(*bytes));
        at += bytes;
    }
    let submission = context.queue.submit([encoder.finish()]);
    context.check()?;
    let (send, receive) = mpsc::channel();
    staging.slice(..).map_async(wgpu::MapMode::Read, move |result| {
        let _ = send.send(result);
    });
    context.wait(Some(&submission))?;
    match receive.recv_timeout(std::time::Duration::from_secs(1)) {
        Ok(Ok(())) => {}
        Ok(Err(e)) => return Err(Fault::DeviceLost(e.to_string())),
        Err(e) => return Err(Fault::DeviceLost(e.to_string())),
    }
    let view = staging
        .slice(..)
        .get_mapped_range()
        .map_err(|e| Fault::DeviceLost(e.to_string()))?;
    let mut rest: &[u8] = &view;
    let mut parts = Vec::with_capacity(sources.len());
    for (_, bytes) in sources {
        let (part, after) = rest.split_at(*bytes as usize);
        parts.push(part.to_vec());
        rest = after;
    }
    Ok(parts)
}

/// Bytes as numbers (the bytes need not be aligned).
pub fn numbers<T: bytemuck::AnyBitPattern>(bytes: &[u8]) -> Vec<T> {
    bytes
        .chunks_exact(size_of::<T>())
        .map(bytemuck::pod_read_unaligned)
        .collect()
}
