#!/usr/bin/env bash
# Runs the CPU backend's tests for 64-bit Arm under qemu: the NEON kernels of src/cpu/simd against their twins. Only the rooms
# that these need are built. Needs: rustup target add aarch64-unknown-linux-gnu; apt-get install qemu-user gcc-aarch64-linux-gnu
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
target=aarch64-unknown-linux-gnu
for need in qemu-aarch64 aarch64-linux-gnu-gcc; do
    command -v "$need" >/dev/null || { echo "neon.sh needs $need (qemu-user, gcc-aarch64-linux-gnu)" >&2; exit 1; }
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/src"
ln -s "$root/tests" "$folder/tests"
printf 'pub mod %s;\n' backend cpu flow net >"$folder/src/lib.rs"
for room in backend backend.rs cpu flow net; do
    ln -s "$root/src/$room" "$folder/src/$room"
done
{
    printf '[package]\nname = "neon"\nversion = "0.1.0"\nedition = "2024"\nautotests = false\n[dependencies]\n'
    grep -E '^(bytemuck|glam|rand|rand_distr|rayon|serde|serde_json) = ' "$root/Cargo.toml"
    printf '[dev-dependencies]\n'
    grep -E '^pathfinding = ' "$root/Cargo.toml"
} >"$folder/Cargo.toml"
cp "$root/Cargo.lock" "$folder/"
cd "$folder"
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu"
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target/neon}
cargo test --quiet --release --target "$target" --lib -- "${@:-cpu::}"
