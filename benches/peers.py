"""Rectiflow beside the tools people would otherwise use, in one run on one machine, taking turns: prints times and ratios.
Started by scripts/peers.sh, which makes the environment (numpy, scipy, pot) and builds Rectiflow.

  python benches/peers.py assign [--rectiflow PATH] [--points 512,2048,8192] [--rounds 5]

A ratio above 1 says that Rectiflow is that many times faster. Medians, with the least and greatest of the rounds."""
import argparse
import json
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


def main():
    """Reads the options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["assign"])
    parser.add_argument("--rectiflow", default="target/release/rectiflow")
    parser.add_argument("--points", type=lambda text: [int(n) for n in text.split(",")], default=[512, 2048, 8192])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    {"assign": assign}[options.what](options)


if __name__ == "__main__":
    main()
