"""Trains the 2.5D sagittal U-Net on exported phantoms and writes it as ONNX (opset 15).

    OMP_NUM_THREADS=1 python3 train.py DATA OUT.onnx [--steps 1500]

Input  `hu`:     float32 [n, 3, z, y], Hounsfield units at x - 4 mm, x and x + 4 mm; z to the head, y to posterior, 1.5 mm.
Output `tissue`: float32 [n, 5, z, y], probabilities of background, body, disc, sacrum, posterior elements.
z and y are multiples of 16. Clipping and scaling are part of the graph, so that whoever runs it only knows HU.

Seeds below 1000 are held out. One thread: with two, Debian's torch spins and is slower.
"""
import argparse
import json
import math
import pathlib
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

CLASSES = 5
WIDTHS = (12, 24, 40, 64, 96)
CROP = (160, 128)
NEIGHBOUR = 2  # sagittal planes are 2 mm apart


class Block(nn.Sequential):
    def __init__(self, inputs, outputs):
        super().__init__(
            nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.ModuleList(Block(a, b) for a, b in zip((3, *WIDTHS[:-1]), WIDTHS))
        self.up = nn.ModuleList(Block(a + b, a) for a, b in zip(WIDTHS[:-1], WIDTHS[1:]))
        self.head = nn.Conv2d(WIDTHS[0], CLASSES, 1)

    def forward(self, hu):
        x = torch.clamp(hu, -250.0, 900.0) / 350.0
        skips = []
        for level, block in enumerate(self.down):
            x = block(x if level == 0 else F.max_pool2d(x, 2))
            skips.append(x)
        for level in reversed(range(len(self.up))):
            x = F.interpolate(x, scale_factor=2.0, mode="nearest")
            x = self.up[level](torch.cat([skips[level], x], 1))
        return self.head(x)


class Exported(nn.Module):
    """The network with probabilities, as the tool runs it."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, hu):
        return torch.softmax(self.net(hu), 1)


def load(folder, wanted):
    cases = []
    for meta in sorted(folder.glob("*.json"), key=lambda path: int(path.stem)):
        if not wanted(int(meta.stem)):
            continue
        shape = json.loads(meta.read_text())["shape"]
        hu = np.fromfile(meta.with_suffix(".hu"), np.int16).reshape(shape)
        labels = np.fromfile(meta.with_suffix(".labels"), np.uint8).reshape(shape)
        near = np.flatnonzero((labels > 0).any(axis=(1, 2)))
        cases.append((hu, labels, near))
    return cases


def draw(cases, random):
    """One crop: three neighbouring sagittal planes and the labels of the middle one."""
    hu, labels, near = cases[random.integers(len(cases))]
    x = int(random.choice(near)) if len(near) and random.random() < 0.85 else int(random.integers(hu.shape[0]))
    plane = labels[x]
    marked = np.flatnonzero(plane)
    if len(marked) and random.random() < 0.8:
        z, y = np.unravel_index(int(random.choice(marked)), plane.shape)
        z, y = z + random.integers(-60, 61), y + random.integers(-45, 46)
    else:
        z, y = random.integers(plane.shape[0]), random.integers(plane.shape[1])
    planes = [hu[min(max(x + step, 0), hu.shape[0] - 1)] for step in (-NEIGHBOUR, 0, NEIGHBOUR)]
    corner = (z - CROP[0] // 2, y - CROP[1] // 2)
    image = np.stack([window(p, corner, -1024) for p in planes]).astype(np.float32)
    return image, window(plane, corner, 0)


def window(plane, corner, outside):
    out = np.full(CROP, outside, plane.dtype)
    z0, y0 = corner
    a, b = max(z0, 0), min(z0 + CROP[0], plane.shape[0])
    c, d = max(y0, 0), min(y0 + CROP[1], plane.shape[1])
    if a < b and c < d:
        out[a - z0:b - z0, c - y0:d - y0] = plane[a:b, c:d]
    return out


def augment(image, label, random):
    """Tilts and scales the plane, changes density and contrast, adds noise and blur."""
    if random.random() < 0.6:
        angle, scale = random.normal() * 0.14, random.uniform(0.82, 1.2)
        ratio = CROP[0] / CROP[1]
        c, s = math.cos(angle) / scale, math.sin(angle) / scale
        theta = torch.tensor([[[c, -s * ratio, 0], [s / ratio, c, 0]]], dtype=torch.float32)
        grid = F.affine_grid(theta, [1, 1, *CROP], align_corners=False)
        image = F.grid_sample(image[None], grid, padding_mode="border", align_corners=False)[0]
        label = F.grid_sample(label[None, None].float(), grid, mode="nearest", align_corners=False)[0, 0].long()
    soft = image > -300
    image = torch.where(soft, image * random.uniform(0.8, 1.25) + random.normal() * 15, image)
    if random.random() < 0.3:
        image = F.avg_pool2d(image[None], 3, 1, 1)[0] * 0.7 + image * 0.3
    if random.random() < 0.5:
        image = image + torch.randn(image.shape) * float(random.uniform(5, 40))
    return image, label


def batch(cases, random, size):
    images, labels = [], []
    for _ in range(size):
        image, label = draw(cases, random)
        image, label = augment(torch.from_numpy(image), torch.from_numpy(label.astype(np.int64)), random)
        images.append(image)
        labels.append(label)
    return torch.stack(images).contiguous(memory_format=torch.channels_last), torch.stack(labels)


def loss_of(logits, labels):
    weights = torch.tensor([0.4, 1.0, 1.3, 1.0, 1.0])
    entropy = F.cross_entropy(logits, labels, weight=weights)
    p = torch.softmax(logits, 1)
    t = F.one_hot(labels, CLASSES).permute(0, 3, 1, 2).float()
    both, sums = (p * t).sum((0, 2, 3)), (p + t).sum((0, 2, 3))
    return entropy + (1 - (2 * both + 50) / (sums + 50))[1:].mean()


def validate(net, cases, planes=6):
    """Dice of each class over evenly spread planes near the spine of the held-out phantoms."""
    net.eval()
    both, sums = np.zeros(CLASSES), np.zeros(CLASSES)
    with torch.no_grad():
        for hu, labels, near in cases:
            for x in near[np.linspace(0, len(near) - 1, planes).astype(int)] if len(near) else []:
                size = [length // 16 * 16 for length in hu.shape[1:]]
                picks = [min(max(x + step, 0), len(hu) - 1) for step in (-NEIGHBOUR, 0, NEIGHBOUR)]
                image = torch.from_numpy(hu[picks][:, :size[0], :size[1]].astype(np.float32))[None]
                found = net(image).argmax(1)[0].numpy()
                truth = labels[x, :size[0], :size[1]]
                for c in range(CLASSES):
                    both[c] += 2 * ((found == c) & (truth == c)).sum()
                    sums[c] += (found == c).sum() + (truth == c).sum()
    net.train()
    return [round(float(value), 3) for value in both / np.maximum(sums, 1)]


def export(net, path):
    net.eval()
    axes = {0: "n", 2: "z", 3: "y"}
    torch.onnx.export(Exported(net).eval(), torch.zeros(1, 3, 64, 64), str(path), opset_version=15,
                      input_names=["hu"], output_names=["tissue"], dynamic_axes={"hu": axes, "tissue": axes})
    net.train()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--steps", type=int, default=850)
    parser.add_argument("--batch", type=int, default=8)
    options = parser.parse_args()
    torch.manual_seed(7)
    torch.set_num_threads(1)
    random = np.random.default_rng(7)
    training = load(options.data, lambda seed: seed >= 1000)
    held_out = load(options.data, lambda seed: seed < 1000)
    net = UNet().train().to(memory_format=torch.channels_last)
    print(f"{sum(p.numel() for p in net.parameters())} parameters, {len(training)} phantoms, {len(held_out)} held out", flush=True)
    optimiser = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=options.steps, pct_start=0.15)
    start, mean = time.time(), 0.0
    for step in range(1, options.steps + 1):
        images, labels = batch(training, random, options.batch)
        loss = loss_of(net(images), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        mean = loss.item() if step == 1 else 0.98 * mean + 0.02 * loss.item()
        if step % 20 == 0:
            print(f"step {step} loss {mean:.3f} {time.time() - start:.0f} s", flush=True)
        if step % 200 == 0 or step == options.steps:
            export(net, options.out)
            print(f"step {step} held-out Dice {validate(net, held_out)}", flush=True)


if __name__ == "__main__":
    main()
