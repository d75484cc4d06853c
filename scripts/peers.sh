#!/usr/bin/env bash
# Runs Rectiflow and the tools it is compared with side by side and prints the ratios. The first run makes a Python
# environment in ~/.cache/rectiflow-peers (or $RECTIFLOW_PEERS) and installs the peers there.
#   scripts/peers.sh assign [--points 512,2048,8192] [--rounds 5]     exact assignment against POT
#   scripts/peers.sh train [--shapes 64x3x512,128x3x1024] [--rounds 5] [--peers jax,torch]   a training step on the CPU
#   scripts/peers.sh gpu [--shapes 64x3x512] [--rounds 3]     a training step by wgpu against burn's (which is built first: minutes)
set -euo pipefail
cd "$(dirname "$0")/.."
environment=${RECTIFLOW_PEERS:-${XDG_CACHE_HOME:-$HOME/.cache}/rectiflow-peers}
what=${1:-assign}
[ $# -gt 0 ] && shift

python="$environment/bin/python"
if [ ! -x "$python" ]; then
    python3 -m venv "$environment"
fi
case $what in
    assign) needs=(numpy scipy pot) imports="numpy, ot" ;;
    train) needs=(numpy jax optax torch) imports="numpy, jax, optax, torch" ;;
    gpu) needs=(numpy) imports="numpy" ;;
    *)
        echo "peers.sh compares: assign, train, gpu" >&2
        exit 2
        ;;
esac
"$python" -c "import $imports" 2>/dev/null || "$python" -m pip install --quiet "${needs[@]}"
cargo build --release --quiet
if [ "$what" = gpu ]; then
    peers=${RECTIFLOW_PEERS_TARGET:-target/peers}
    cargo build --release --quiet --manifest-path benches/burn/Cargo.toml --target-dir "$peers"
    set -- --burn "$peers/release/burnpeer" "$@"
fi
exec "$python" benches/peers.py "$what" "$@"
