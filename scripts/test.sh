#!/usr/bin/env bash
# Runs every check of Rectiflow: format, lints, docs, tests. On Debian and Ubuntu it first installs what the tests need.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v cargo >/dev/null; then
    echo "Rust is needed: install it from https://rustup.rs and open a new shell." >&2
    exit 1
fi

# mesa-vulkan-drivers: a software Vulkan adapter (lavapipe), so that the compute shaders are tested without a GPU
# libvulkan1: the loader through which wgpu finds it
# libxkbcommon-x11-0, libxcursor1, libxi6, libx11-xcb1: what a window needs at run time on X11
# xvfb: a display for tests of the window on machines without one
# python3-numpy: runs the Python file that is exported beside weights; python3-pil: decodes exported animations
# poppler-utils: opens exported PDF files
packages=(mesa-vulkan-drivers libvulkan1 libxkbcommon-x11-0 libxcursor1 libxi6 libx11-xcb1 xvfb python3-numpy python3-pil poppler-utils)
# Rust links with the system's C compiler
command -v cc >/dev/null || packages+=(gcc libc6-dev)

if [ "$(uname -s)" = Linux ] && command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then
    missing=()
    for package in "${packages[@]}"; do
        if ! dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed'; then
            missing+=("$package")
        fi
    done
    if [ ${#missing[@]} -gt 0 ]; then
        sudo=()
        if [ "$(id -u)" -ne 0 ]; then
            sudo=(sudo)
        fi
        echo "Installing with apt-get what the tests need: ${missing[*]}"
        "${sudo[@]}" apt-get update -qq
        "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
    fi
elif [ "$(uname -s)" = Linux ]; then
    echo "The tests need a Vulkan adapter and its loader (a software one will do: Mesa's lavapipe)."
    echo "On Debian these packages bring them: ${packages[*]}"
fi

if ! cargo fmt --version >/dev/null 2>&1 || ! cargo clippy --version >/dev/null 2>&1; then
    echo "Adding rustfmt and clippy to the Rust toolchain"
    rustup component add rustfmt clippy
fi

# a missing adapter fails the GPU tests instead of skipping them
export RECTIFLOW_REQUIRE_GPU=1

step() {
    echo
    echo "== $*"
    "$@"
}

step cargo fmt --all --check
step cargo clippy --release --all-targets -- -D warnings
RUSTDOCFLAGS="-D warnings" step cargo doc --release --no-deps
step cargo test --release

# a second driver, where it is there: SwiftShader, which Debian's chromium brings (apt-get install chromium)
swiftshader=/usr/lib/chromium/vk_swiftshader_icd.json
if [ -e "$swiftshader" ]; then
    VK_DRIVER_FILES=$swiftshader VK_ICD_FILENAMES=$swiftshader step cargo test --release --test gpu_twin
else
    echo "SwiftShader is not here: the kernels ran on one driver only."
fi
echo
echo "All checks passed."
