"""The velocity of a flow that Rectiflow trained: @NAME@

Needs NumPy alone. The weights lie beside this file in @FILE@; their metadata holds the experiment.

    from @MODULE@ import velocity, carry
    v = velocity(x, 0.5)     # x (n, 2) in data units, t one number or (n,); v (n, 2), data units per unit t
    x1 = carry(x0, 32)       # from t = 0 (source) to t = 1 (target) in 32 Heun steps

    python @STEM@.py x.npy 0.5 v.npy
"""

import json
import math
import struct
import sys
from pathlib import Path

import numpy as np

WEIGHTS = Path(__file__).with_name(@FILE_LITERAL@)


def load(path):
    """Tensors by name and metadata of a safetensors file: length, JSON header, little-endian numbers."""
    data = Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + at for at in entry["data_offsets"])
        tensors[name] = np.frombuffer(data[begin:end], "<f4").reshape(entry["shape"]).astype(np.float64)
    return tensors, metadata


TENSORS, METADATA = load(WEIGHTS)
EXPERIMENT = json.loads(METADATA["experiment"])
NETWORK = EXPERIMENT["network"]
DEPTH = len(NETWORK["hidden"]) + 1


def sigmoid(z):
    return 0.5 * (1.0 + np.tanh(0.5 * z))


ACTIVATIONS = {
    "relu": lambda z: np.maximum(z, 0.0),
    "tanh": np.tanh,
    "silu": lambda z: z * sigmoid(z),
    "selu": lambda z: 1.0507009873554805 * np.where(z > 0, z, 1.6732632423543772 * np.expm1(np.minimum(z, 0.0))),
    "gelu": lambda z: 0.5 * z * (1.0 + np.vectorize(math.erf)(z / math.sqrt(2.0))),
    "softplus": lambda z: np.logaddexp(0.0, z),
}


def time_features(t):
    """t (n,) as the network sees it, (n, features)."""
    columns = [t]
    embedding = NETWORK["time_embedding"]
    if embedding["kind"] == "fourier":
        for k in range(1, embedding.get("frequencies", 4) + 1):
            columns += [np.sin(np.pi * k * t), np.cos(np.pi * k * t)]
    return np.stack(columns, axis=1)


def network(x, t):
    """The network's raw output at points x (n, 2) and times t (n,)."""
    act = ACTIVATIONS[NETWORK["activation"]]
    h = np.concatenate([x, time_features(t)], axis=1)
    for k in range(DEPTH):
        h = h @ TENSORS[f"layers.{k}.weight"].T + TENSORS[f"layers.{k}.bias"]
        if k + 1 < DEPTH:
            h = act(h)
    return h


def velocity(x, t):
    """The learned velocity at points x (n, 2); t is one number or (n,). Data units per unit t."""
    x = np.asarray(x, np.float64).reshape(-1, 2)
    # the program evaluates at the nearest float32
    t = np.broadcast_to(np.float32(t).astype(np.float64), len(x))
    out = network(x, t)
@CONVERSION@


def carry(x, steps, begin=0.0, end=1.0):
    """Points x (n, 2) carried along the velocity by Heun's method, at t = end."""
    x = np.asarray(x, np.float64).reshape(-1, 2)
    times = np.linspace(begin, end, steps + 1)
    for t, after in zip(times[:-1], times[1:]):
        h = after - t
        first = velocity(x, t)
        x = x + 0.5 * h * (first + velocity(x + h * first, after))
    return x


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: python @STEM@.py POINTS.npy T VELOCITIES.npy")
    np.save(sys.argv[3], velocity(np.load(sys.argv[1]), float(sys.argv[2])))
