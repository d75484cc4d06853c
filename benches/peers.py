"""Rectiflow beside the tools people would otherwise use, in one run on one machine, taking turns: prints times and ratios.
Started by scripts/peers.sh, which makes the environment and builds Rectiflow.

  python benches/peers.py assign [--rectiflow PATH] [--points 512,2048,8192] [--rounds 5]     exact assignment: POT
  python benches/peers.py train  [--rectiflow PATH] [--shapes 64x3x512,128x3x1024,256x3x4096] [--peers jax,torch]
                                                     one training step on the CPU: JAX (one jitted scan), PyTorch (eager)
  python benches/peers.py gpu    [--rectiflow PATH] [--burn PATH] [--shapes 64x3x512]
                                                     one training step by wgpu on the same adapter: burn (benches/burn)

A ratio above 1 says that Rectiflow is that many times faster. Medians, with the least and greatest of the rounds."""
import os
import argparse
import json
import math
import pathlib
import statistics
import subprocess
import tempfile
import time

import numpy as np


def call(rectiflow, *arguments):
    """What a command of Rectiflow prints as JSON."""
    done = subprocess.run([rectiflow, *map(str, arguments)], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def row(name, seconds, ours=None):
    """One line; `ours` gives the ratio."""
    median = statistics.median(seconds)
    ratio = "" if ours is None else f"   Rectiflow is {median / statistics.median(ours):.2f} times as fast"
    print(f"  {name:<12} {median * 1e3:10.3f} ms  ({min(seconds) * 1e3:.3f} to {max(seconds) * 1e3:.3f}){ratio}", flush=True)


def sets(count, seed):
    """A standard normal and eight clusters around a circle."""
    draw = np.random.default_rng(seed)
    angle = draw.integers(8, size=count) * np.pi / 4
    x = draw.normal(size=(count, 2))
    return x, np.c_[4 * np.cos(angle), 4 * np.sin(angle)] + 0.3 * draw.normal(size=(count, 2))


def pot(x, y):
    """Seconds and mean squared cost of POT's network simplex, cost matrix included as ours includes its own."""
    import ot

    weight = np.full(len(x), 1 / len(x))
    began = time.perf_counter()
    cost = ot.dist(x, y)
    total = float((ot.emd(weight, weight, cost, numItermax=10_000_000) * cost).sum())
    return time.perf_counter() - began, total


def assign(options):
    """Exact assignment against POT, the same points in turn."""
    with tempfile.TemporaryDirectory() as folder:
        a, b, out = (pathlib.Path(folder) / name for name in ("a.npy", "b.npy", "pairs.npy"))
        for count in options.points:
            ours, theirs = [], []
            rounds = options.rounds if count < 4096 else min(options.rounds, 3)
            for turn in range(rounds):
                x, y = sets(count, turn)
                np.save(a, x)
                np.save(b, y)
                mine = call(options.rectiflow, "couple", "exact-ot", a, b, "--out", out)
                ours.append(mine["seconds"])
                seconds, cost = pot(x, y)
                theirs.append(seconds)
                if abs(mine["cost"] - cost) > 1e-9 * cost:
                    raise SystemExit(f"{count} points: Rectiflow's cost {mine['cost']} is not POT's {cost}")
            print(f"assignment of {count} points, the same cost to 1e-9")
            row("Rectiflow", ours)
            row("POT", theirs, ours)


class Torch:
    """PyTorch, eager: draw a batch, forward, backward, Adam."""

    def __init__(self, width, depth, batch, activation):
        import torch

        acts = dict(silu=torch.nn.SiLU, selu=torch.nn.SELU, tanh=torch.nn.Tanh, relu=torch.nn.ReLU, gelu=torch.nn.GELU)
        layers = [torch.nn.Linear(3, width), acts[activation]()]
        for _ in range(depth - 1):
            layers += [torch.nn.Linear(width, width), acts[activation]()]
        self.torch, self.batch = torch, batch
        self.net = torch.nn.Sequential(*layers, torch.nn.Linear(width, 2))
        self.adam = torch.optim.Adam(self.net.parameters(), lr=1e-3)

    def steps(self, count):
        """So many training steps."""
        torch = self.torch
        for _ in range(count):
            x0 = torch.randn(self.batch, 2)
            angle = torch.randint(0, 8, (self.batch,)) * (math.pi / 4)
            x1 = torch.stack([4 * torch.cos(angle), 4 * torch.sin(angle)], 1) + 0.3 * torch.randn(self.batch, 2)
            t = torch.rand(self.batch, 1)
            self.adam.zero_grad(set_to_none=True)
            v = self.net(torch.cat([(1 - t) * x0 + t * x1, t], 1))
            loss = ((v - (x1 - x0)) ** 2).sum(1).mean()
            loss.backward()
            self.adam.step()


class Jax:
    """JAX: the same as one jitted scan of 100 steps."""

    CHUNK = 100

    def __init__(self, width, depth, batch, activation):
        import jax
        import jax.numpy as jnp
        import optax

        acts = dict(silu=jax.nn.silu, selu=jax.nn.selu, tanh=jnp.tanh, relu=jax.nn.relu, gelu=jax.nn.gelu)
        act, adam = acts[activation], optax.adam(1e-3)
        sizes = [3] + [width] * depth + [2]
        keys = jax.random.split(jax.random.PRNGKey(0), len(sizes))
        params = [(jax.random.normal(k, (i, o)) * i**-0.5, jnp.zeros(o)) for k, i, o in zip(keys, sizes[:-1], sizes[1:])]

        def apply(params, h):
            for w, b in params[:-1]:
                h = act(h @ w + b)
            return h @ params[-1][0] + params[-1][1]

        def one(carry, _):
            params, state, key = carry
            key, k1, k2, k3, k4 = jax.random.split(key, 5)
            x0 = jax.random.normal(k1, (batch, 2))
            angle = jax.random.randint(k2, (batch,), 0, 8) * (math.pi / 4)
            x1 = jnp.stack([4 * jnp.cos(angle), 4 * jnp.sin(angle)], 1) + 0.3 * jax.random.normal(k3, (batch, 2))
            t = jax.random.uniform(k4, (batch, 1))

            def loss(params):
                v = apply(params, jnp.concatenate([(1 - t) * x0 + t * x1, t], 1))
                return jnp.mean(jnp.sum((v - (x1 - x0)) ** 2, 1))

            value, gradient = jax.value_and_grad(loss)(params)
            updates, state = adam.update(gradient, state)
            return (optax.apply_updates(params, updates), state, key), value

        self.jax = jax
        self.scan = jax.jit(lambda carry: jax.lax.scan(one, carry, None, length=self.CHUNK))
        self.state = (params, adam.init(params), jax.random.PRNGKey(1))

    def steps(self, count):
        """So many training steps, in whole scans."""
        for _ in range(max(1, count // self.CHUNK)):
            self.state, losses = self.scan(self.state)
            self.jax.block_until_ready(losses)


def step_seconds(peer, seconds):
    """Seconds of one step, over at least so many seconds of steps."""
    count = getattr(peer, "CHUNK", 20)
    began, done = time.perf_counter(), 0
    while (spent := time.perf_counter() - began) < seconds or done == 0:
        peer.steps(count)
        done += count
    return spent / done


def sgemm():
    """FLOP/s of one large product of f32 matrices: what the processor can do at most."""
    n = 2048
    a = np.random.default_rng(0).normal(size=(n, n)).astype(np.float32)
    a @ a
    began = time.perf_counter()
    for _ in range(4):
        a @ a
    return 4 * 2 * n**3 / (time.perf_counter() - began)


def train(options):
    """One training step on the CPU against JAX and PyTorch, in turn; and our part of one large product's speed."""
    kinds = {"jax": Jax, "torch": Torch}
    for shape in options.shapes:
        width, depth, batch = shape
        peers = {name: kinds[name](width, depth, batch, options.activation) for name in options.peers}
        for peer in peers.values():
            peer.steps(getattr(peer, "CHUNK", 20))
        ours, theirs, products = [], {name: [] for name in peers}, []
        mine = ["bench", "--only", "train", "--backend", "cpu", "--json", "--shape", f"{width}x{depth}"]
        mine += ["--batch", batch, "--activation", options.activation, "--seconds", 0.2]
        operations = 6 * batch * (3 * width + (depth - 1) * width**2 + 2 * width)
        for _ in range(options.rounds):
            ours.append(1 / call(options.rectiflow, *mine)["rows"][0]["median"])
            for name, peer in peers.items():
                theirs[name].append(step_seconds(peer, 1.0))
            products.append(sgemm())
        print(f"training step, {width} x {depth} {options.activation}, batch {batch}")
        row("Rectiflow", ours)
        for name, seconds in theirs.items():
            row(name, seconds, ours)
        speed, peak = operations / statistics.median(ours), statistics.median(products)
        print(f"  Rectiflow runs at {speed / 1e9:.0f} GFLOP/s, {speed / peak:.2f} of one large product's {peak / 1e9:.0f}", flush=True)


def gpu(options):
    """One training step by wgpu against burn's on the same adapter, in turn."""
    for width, depth, batch in options.shapes:
        mine = ["bench", "--only", "train", "--backend", "gpu", "--json", "--shape", f"{width}x{depth}"]
        mine += ["--batch", batch, "--activation", options.activation, "--seconds", 1.0]
        theirs = [options.burn, *map(str, (width, depth, batch, 4.0))]
        ours, burn = [], []
        for _ in range(options.rounds):
            report = call(options.rectiflow, *mine)
            ours.append(1 / report["rows"][0]["median"])
            done = subprocess.run(theirs, check=True, capture_output=True, text=True)
            burn.append(float(done.stdout))
        print(f"training step on {report['rows'][0]['of']}, {width} x {depth} {options.activation}, batch {batch}")
        row("Rectiflow", ours)
        row("burn", burn, ours)


def main():
    """Reads the options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["assign", "train", "gpu"])
    built = os.path.join(os.environ.get("CARGO_TARGET_DIR", "target"), "release", "rectiflow")
    parser.add_argument("--rectiflow", default=built)
    parser.add_argument("--burn", default="target/peers/release/burnpeer")
    parser.add_argument("--points", type=lambda text: [int(n) for n in text.split(",")], default=[512, 2048, 8192])
    parser.add_argument("--rounds", type=int, default=5)
    shapes = lambda text: [tuple(int(n) for n in shape.split("x")) for shape in text.split(",")]
    parser.add_argument("--shapes", type=shapes, default=[(64, 3, 512), (128, 3, 1024), (256, 3, 4096)])
    parser.add_argument("--activation", default="silu")
    parser.add_argument("--peers", type=lambda text: text.split(","), default=["jax", "torch"])
    options = parser.parse_args()
    {"assign": assign, "train": train, "gpu": gpu}[options.what](options)


if __name__ == "__main__":
    main()
