#!/usr/bin/env bash
# Makes the pictures of the presets' gallery anew: all of them, or those named. Look at them before you commit them.
set -euo pipefail
cd "$(dirname "$0")/.."
RECTIFLOW_THUMBNAILS="$*" cargo test --release --test gallery -- --ignored --nocapture make_the_pictures
