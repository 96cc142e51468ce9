"""Trains the 2.5D sagittal U-Net on exported phantoms and writes it as ONNX (opset 15).

    OMP_NUM_THREADS=1 python3 train.py DATA OUT.onnx [--steps 10000]

Input  `hu`:     float32 [n, 5, z, y], Hounsfield units at x - 4 mm, x - 2 mm ... x + 4 mm; z to the head, y to posterior, 1.5 mm.
Output `tissue`: float32 [n, 5, z, y], probabilities of background, body, disc, sacrum, posterior elements.
z and y are multiples of 16. Clipping and scaling are part of the graph, so its users need to know HU only.

The target is the share of body in each voxel, not whether the voxel's centre is body. The surface is therefore where the probability
crosses one half between two voxels. Seeds below a million are held out. One thread: with two, Debian's torch spins and is slower.
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
BODY, SACRUM = 1, 3
WIDTHS = (16, 32, 48, 64, 96)
CROP = (144, 96)
PLANES = (-2, -1, 0, 1, 2)  # sagittal planes are 2 mm apart
MIDDLE = len(PLANES) // 2
AIR = -1024
FIRST_SEED = 1_000_000
# Densities, HU, for crops in which every class is painted in one density: the network must know a class whatever its texture.
PAINTED = ((-110, 60), (80, 420), (20, 130), (80, 420), (80, 450))


class Block(nn.Sequential):
    def __init__(self, inputs, outputs):
        super().__init__(
            nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.ModuleList(Block(a, b) for a, b in zip((len(PLANES), *WIDTHS[:-1]), WIDTHS))
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
    """The network with probabilities as output, as the tool runs it."""

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
        body = np.fromfile(meta.with_suffix(".body"), np.uint8).reshape(shape)
        rest = np.fromfile(meta.with_suffix(".rest"), np.uint8).reshape(shape)
        near = np.flatnonzero((body > 0).any(axis=(1, 2)) | (rest > 0).any(axis=(1, 2)))
        cases.append((hu, body, rest, near))
    return cases


def draw(cases, random):
    """One crop: the planes around one plane, the share of body in each voxel, and the class of the rest; all float32 [5, z, y]."""
    hu, body, rest, near = cases[random.integers(len(cases))]
    x = int(random.choice(near)) if len(near) and random.random() < 0.85 else int(random.integers(hu.shape[0]))
    marked = np.flatnonzero(body[x][::4, ::4])
    if len(marked) and random.random() < 0.8:
        z, y = np.unravel_index(int(random.choice(marked)), body[x][::4, ::4].shape)
        z, y = 4 * z + random.integers(-50, 51), 4 * y + random.integers(-35, 36)
    else:
        z, y = random.integers(hu.shape[1]), random.integers(hu.shape[2])
    corner = (z - CROP[0] // 2, y - CROP[1] // 2)
    planes = [min(max(x + step, 0), hu.shape[0] - 1) for step in PLANES]
    return [np.stack([window(volume[p], corner, outside) for p in planes]).astype(np.float32)
            for volume, outside in ((hu, AIR), (body, 0), (rest, 0))]


def window(plane, corner, outside):
    out = np.full(CROP, outside, plane.dtype)
    z0, y0 = corner
    a, b = max(z0, 0), min(z0 + CROP[0], plane.shape[0])
    c, d = max(y0, 0), min(y0 + CROP[1], plane.shape[1])
    if a < b and c < d:
        out[a - z0:b - z0, c - y0:d - y0] = plane[a:b, c:d]
    return out


def painted(hu, body, rest, random):
    """The same planes with one density per class, like a mask painted as a CT."""
    values = np.array([random.uniform(*limits) for limits in PAINTED], np.float32)
    if random.random() < 0.6:
        values[SACRUM] = values[BODY] * random.uniform(0.85, 1.15)
    share = body / 255
    background = hu if random.random() < 0.6 else np.where(hu > -500, values[0], hu)
    other = np.where(rest > 0, values[rest.astype(np.uint8)], background)
    return share * values[BODY] + (1 - share) * other


def augment(hu, body, rest, random):
    """Rotates and scales the planes, changes density and contrast, adds noise and blur. Returns labels of the middle plane only."""
    hu, body, rest = torch.from_numpy(hu), torch.from_numpy(body[MIDDLE:MIDDLE + 1]) / 255, torch.from_numpy(rest[MIDDLE:MIDDLE + 1])
    if random.random() < 0.6:
        angle, scale = random.normal() * 0.18, random.uniform(0.82, 1.2)
        ratio = CROP[0] / CROP[1]
        c, s = math.cos(angle) / scale, math.sin(angle) / scale
        theta = torch.tensor([[[c, -s * ratio, 0], [s / ratio, c, 0]]], dtype=torch.float32)
        grid = F.affine_grid(theta, [1, 1, *CROP], align_corners=False)
        both = F.grid_sample(torch.cat([hu, body])[None], grid, padding_mode="border", align_corners=False)[0]
        hu, body = both[:-1], both[-1:]
        rest = F.grid_sample(rest[None], grid, mode="nearest", align_corners=False)[0]
    soft = hu > -300
    # Density also varies over the picture: no class should be recognised by being brighter than its neighbours.
    gain = F.interpolate(torch.from_numpy(random.uniform(0.85, 1.18, (1, 1, 4, 3)).astype(np.float32)), CROP, mode="bilinear", align_corners=True)[0]
    hu = torch.where(soft, hu * gain * random.uniform(0.85, 1.2) + random.normal() * 15, hu)
    kernel = random.random()
    if kernel < 0.3:
        hu = F.avg_pool2d(hu[None], 3, 1, 1)[0] * 0.7 + hu * 0.3
    elif kernel < 0.45:
        hu = hu + random.uniform(0.2, 0.8) * (hu - F.avg_pool2d(hu[None], 3, 1, 1)[0])
    if random.random() < 0.5:
        hu = hu + torch.from_numpy(random.standard_normal(hu.shape, np.float32)) * float(random.uniform(5, 40))
    return hu, body[0], rest[0].long()


def batch(cases, random, size):
    drawn = []
    for _ in range(size):
        hu, body, rest = draw(cases, random)
        if random.random() < 0.12:
            hu = painted(hu, body, rest, random)
        drawn.append(augment(hu, body, rest, random))
    hu, body, rest = (torch.stack(part) for part in zip(*drawn))
    return hu.contiguous(memory_format=torch.channels_last), body, rest


def target_of(body, rest):
    """Float32 [n, 5, z, y]: each voxel's share of every class."""
    target = F.one_hot(rest, CLASSES).permute(0, 3, 1, 2).float() * (1 - body)[:, None]
    target[:, BODY] += body
    return target


def loss_of(logits, body, rest, overlap):
    """Cross-entropy with shares, weighted less where nothing is near. Early on, Dice is added (`overlap`) to pull in all classes."""
    target = target_of(body, rest)
    # The weight depends on the place and not on the class: a class that weighs more would push its surface outwards.
    near = F.max_pool2d(1 - target[:, :1], 9, 1, 4)[:, 0]
    weight = 0.3 + 0.7 * (near > 0)
    entropy = -((target * F.log_softmax(logits, 1)).sum(1) * weight).sum() / weight.sum()
    if overlap == 0:
        return entropy
    p = torch.softmax(logits, 1)
    both, sums = (p * target).sum((0, 2, 3)), (p + target).sum((0, 2, 3))
    return entropy + overlap * (1 - (2 * both + 50) / (sums + 50))[1:].mean()


def validate(net, cases, planes=6):
    """Dice of each class, and the mean error of the share of body near bodies, over planes of the held-out phantoms."""
    net.eval()
    both, sums, errors = np.zeros(CLASSES), np.zeros(CLASSES), []
    with torch.no_grad():
        for hu, body, rest, near in cases:
            for x in near[np.linspace(0, len(near) - 1, planes).astype(int)] if len(near) else []:
                size = [length // 16 * 16 for length in hu.shape[1:]]
                picks = [min(max(x + step, 0), len(hu) - 1) for step in PLANES]
                image = torch.from_numpy(hu[picks][:, :size[0], :size[1]].astype(np.float32))[None]
                p = torch.softmax(net(image), 1)[0].numpy()
                share = body[x, :size[0], :size[1]] / 255
                truth = np.where(share > 0.5, BODY, rest[x, :size[0], :size[1]])
                found = p.argmax(0)
                for c in range(CLASSES):
                    both[c] += 2 * ((found == c) & (truth == c)).sum()
                    sums[c] += (found == c).sum() + (truth == c).sum()
                edge = (share > 0) | (p[BODY] > 0.1)
                errors.append(np.abs(p[BODY] - share)[edge])
    net.train()
    dice = [round(float(value), 3) for value in both / np.maximum(sums, 1)]
    return f"Dice {dice}, error of the share of body {np.concatenate(errors).mean():.4f}"


def export(net, path):
    net.eval()
    axes = {0: "n", 2: "z", 3: "y"}
    torch.onnx.export(Exported(net).eval(), torch.zeros(1, len(PLANES), 64, 64), str(path), opset_version=15,
                      input_names=["hu"], output_names=["tissue"], dynamic_axes={"hu": axes, "tissue": axes})
    net.train()


def calibration(cases, path, count=48):
    """Inputs like the tool's own, for `layers/training/quantise.py`."""
    random = np.random.default_rng(1)
    np.savez(path, hu=np.stack([draw(cases, random)[0] for _ in range(count)]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--steps", type=int, default=10000)
    parser.add_argument("--batch", type=int, default=8)
    options = parser.parse_args()
    torch.manual_seed(7)
    torch.set_num_threads(1)
    random = np.random.default_rng(7)
    training = load(options.data, lambda seed: seed >= FIRST_SEED)
    calibration(training, options.data / "calibration.npz")
    held_out = load(options.data, lambda seed: seed < FIRST_SEED)
    net = UNet().train().to(memory_format=torch.channels_last)
    print(f"{sum(p.numel() for p in net.parameters())} parameters, {len(training)} phantoms, {len(held_out)} held out", flush=True)
    optimiser = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=options.steps, pct_start=0.15)
    start, mean = time.time(), 0.0
    for step in range(1, options.steps + 1):
        hu, body, rest = batch(training, random, options.batch)
        overlap = max(0.0, 1 - 2 * step / options.steps)
        loss = loss_of(net(hu), body, rest, overlap)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        mean = loss.item() if step == 1 else 0.98 * mean + 0.02 * loss.item()
        if step % 50 == 0:
            print(f"step {step} loss {mean:.4f} {time.time() - start:.0f} s", flush=True)
        if step % 500 == 0 or step == options.steps:
            export(net, options.out)
            print(f"step {step} {validate(net, held_out)}", flush=True)


if __name__ == "__main__":
    main()
