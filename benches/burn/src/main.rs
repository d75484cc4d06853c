//! Training steps of burn on wgpu: draw a batch, forward, backward, Adam. `burnpeer WIDTH LAYERS BATCH SECONDS` prints the
//! seconds of one step, over at least so many seconds of steps, after some to warm up.

use std::time::Instant;

use burn::backend::{Autodiff, Wgpu};
use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::optim::{AdamConfig, GradientsParams, Optimizer};
use burn::tensor::activation::silu;
use burn::tensor::backend::{AutodiffBackend, Backend};
use burn::tensor::{Distribution, Tensor};

#[derive(Module, Debug)]
struct Net<B: Backend> {
    layers: Vec<Linear<B>>,
}

impl<B: Backend> Net<B> {
    fn new(width: usize, layers: usize, device: &B::Device) -> Self {
        let mut sizes = vec![3];
        sizes.extend(vec![width; layers]);
        sizes.push(2);
        let layers = sizes.windows(2).map(|s| LinearConfig::new(s[0], s[1]).init(device));
        Self {
            layers: layers.collect(),
        }
    }

    fn forward(&self, mut x: Tensor<B, 2>) -> Tensor<B, 2> {
        for (k, layer) in self.layers.iter().enumerate() {
            x = layer.forward(x);
            if k + 1 < self.layers.len() {
                x = silu(x);
            }
        }
        x
    }
}

fn seconds_a_step<B: AutodiffBackend>(width: usize, layers: usize, batch: usize, least: f64) -> f64 {
    let device = B::Device::default();
    let mut net = Net::<B>::new(width, layers, &device);
    let mut adam = AdamConfig::new().init();
    let mut step = |net: Net<B>| {
        let x0 = Tensor::<B, 2>::random([batch, 2], Distribution::Normal(0.0, 1.0), &device);
        let x1 = Tensor::<B, 2>::random([batch, 2], Distribution::Normal(3.0, 0.5), &device);
        let t = Tensor::<B, 2>::random([batch, 1], Distribution::Uniform(0.0, 1.0), &device);
        let x = x0.clone() * (t.clone().neg() + 1.0) + x1.clone() * t.clone();
        let off = net.forward(Tensor::cat(vec![x, t], 1)) - (x1 - x0);
        let loss = (off.clone() * off).sum_dim(1).mean();
        let gradients = GradientsParams::from_grads(loss.backward(), &net);
        adam.step(1e-3, net, gradients)
    };
    for _ in 0..10 {
        net = step(net);
    }
    B::sync(&device).ok();
    let (began, mut taken) = (Instant::now(), 0);
    while began.elapsed().as_secs_f64() < least {
        for _ in 0..5 {
            net = step(net);
        }
        B::sync(&device).ok();
        taken += 5;
    }
    began.elapsed().as_secs_f64() / f64::from(taken)
}

fn main() {
    let numbers: Vec<f64> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let [width, layers, batch, least] = numbers[..] else {
        eprintln!("burnpeer WIDTH LAYERS BATCH SECONDS");
        std::process::exit(2);
    };
    let [width, layers, batch] = [width, layers, batch].map(|n| n as usize);
    println!("{}", seconds_a_step::<Autodiff<Wgpu>>(width, layers, batch, least));
}
