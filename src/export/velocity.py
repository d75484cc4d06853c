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
# flow times between which the path is integrated, and the factor that takes a source point to where a particle starts
ENDS = @ENDS@
START_SCALE = @START_SCALE@
# root mean square of the target's coordinates, by which input and output are scaled; None: they are x and the velocity
DATA_SIZE = @DATA_SIZE@


def path(t):
    """alpha, sigma and their derivatives by t: x_t = alpha x1 + sigma x0."""
@PATH@


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
    if DATA_SIZE is None:
        return network(x, t)
    alpha, sigma, d_alpha, d_sigma = (c[:, None] for c in path(np.clip(t, *ENDS)))
    s, n = DATA_SIZE, np.hypot(DATA_SIZE * alpha, sigma)
    of_x = (d_alpha * alpha * s * s + d_sigma * sigma) / n**2
    # the time that the network is told is the path's angle
    time = np.arctan2(s * alpha, sigma)[:, 0] / (0.5 * np.pi)
    return of_x * x + (d_alpha * sigma - d_sigma * alpha) * s / n * network(x / n, time)


def carry(x0, steps, begin=ENDS[0], end=ENDS[1]):
    """Source points x0 (n, 2) carried along the velocity by Heun's method, at t = end."""
    x = START_SCALE * np.asarray(x0, np.float64).reshape(-1, 2)
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
