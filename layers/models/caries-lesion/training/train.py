"""Trains caries-lesion: a small U-Net on seeded dental phantoms. Usage: train.py DATA_FOLDER OUT.onnx

Input: 1 x 2 x rows x columns (tools/caries/preprocess.ts), sides multiples of 16.
Output: 1 x 5 x rows x columns, probabilities of lesion, tooth, upper crown core, lower crown core, restoration.
Seeded; the model is exported at every checkpoint, so a stopped run leaves a usable file.
"""

import glob
import json
import os
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional

SEED = 7
PLANES = 5
PATCH = (192, 224)
BATCH = 4
STEPS = int(os.environ.get("STEPS", "500"))
# Lesions are a few hundredths of the picture: their plane weighs more, and their pixels more again.
PLANE_WEIGHTS = torch.tensor([4.0, 1.0, 1.0, 1.0, 0.5]).view(1, PLANES, 1, 1)
LESION_WEIGHT = 6.0


def double(inside, outside):
    return nn.Sequential(
        nn.Conv2d(inside, outside, 3, padding=1, bias=False),
        nn.BatchNorm2d(outside),
        nn.ReLU(inplace=True),
        nn.Conv2d(outside, outside, 3, padding=1, bias=False),
        nn.BatchNorm2d(outside),
        nn.ReLU(inplace=True),
    )


class UNet(nn.Module):
    """Four levels from half resolution down, widths 16 to 96; 0.39 M parameters."""

    def __init__(self, widths=(16, 32, 64, 96)):
        super().__init__()
        self.stem = nn.Conv2d(2, widths[0], 4, stride=2, padding=1)
        self.down = nn.ModuleList(double(a, b) for a, b in zip((widths[0], *widths[:-1]), widths))
        self.up = nn.ModuleList(double(a + b, a) for a, b in zip(widths[:-1], widths[1:]))
        self.head = nn.ConvTranspose2d(widths[0], PLANES, 4, stride=2, padding=1)
        # What is looked for is rare: start from there.
        nn.init.constant_(self.head.bias, -2.0)

    def forward(self, x):
        x = self.stem(x)
        kept = []
        for level, block in enumerate(self.down):
            x = block(x if level == 0 else functional.max_pool2d(x, 2))
            kept.append(x)
        for level in range(len(self.up) - 1, -1, -1):
            x = functional.interpolate(x, scale_factor=2.0, mode="nearest")
            x = self.up[level](torch.cat((kept[level], x), 1))
        return self.head(x)


class Probabilities(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return torch.sigmoid(self.net(x))


def load(folder):
    """Pictures as (input int8 2 x R x C, labels uint8 5 x R x C, is panoramic)."""
    pictures = []
    for path in sorted(glob.glob(os.path.join(folder, "index-*.json"))):
        for item in json.load(open(path)):
            rows, columns, name = item["rows"], item["columns"], os.path.join(folder, item["name"])
            shape = (-1, rows, columns)
            grey = np.fromfile(name + ".in", np.int8).reshape(shape)
            label = np.fromfile(name + ".label", np.uint8).reshape(shape)
            pictures.append((grey, label, item["name"].startswith("panoramic")))
    return pictures


def patch(pictures, panoramics, random):
    """One patch: every second from a panoramic, mostly where teeth or caries are."""
    grey, label, _ = pictures[random.choice(panoramics) if random.random() < 0.5 else random.integers(len(pictures))]
    rows, columns = grey.shape[1:]
    high, wide = PATCH
    kind = random.random()
    top = random.integers(max(1, rows - high + 1))
    left = random.integers(max(1, columns - wide + 1))
    wanted = 0 if kind < 0.55 else 1 if kind < 0.85 else None
    if wanted is not None:
        ys, xs = np.nonzero(label[wanted, ::4, ::4] > 100)
        if len(ys) > 0:
            at = random.integers(len(ys))
            top = int(np.clip(4 * ys[at] - random.integers(high), 0, max(0, rows - high)))
            left = int(np.clip(4 * xs[at] - random.integers(wide), 0, max(0, columns - wide)))
    x = grey[:, top : top + high, left : left + wide].astype(np.float32) / 60
    y = label[:, top : top + high, left : left + wide].astype(np.float32) / 255
    pad = ((0, 0), (0, high - x.shape[1]), (0, wide - x.shape[2]))
    x, y = np.pad(x, pad, mode="edge"), np.pad(y, pad, mode="edge")
    if random.random() < 0.5:
        x, y = x[:, :, ::-1], y[:, :, ::-1]
    return disturb(x, random).astype(np.float32), y


def disturb(x, random):
    """What sets real radiographs apart from phantoms: contrast, shading, and noise of one to a few pixels' grain."""
    gain = np.exp(random.normal(0, (0.25, 0.35))).reshape(2, 1, 1)
    x = x * gain + random.normal(0, (0.15, 0.3)).reshape(2, 1, 1)
    shading = random.normal(0, 0.2, (2, 4, 4))
    for axis, size in ((1, PATCH[0]), (2, PATCH[1])):
        at = np.linspace(0, 3, size)
        low = np.minimum(at.astype(int), 2)
        rest = (at - low).reshape((-1, 1) if axis == 1 else (1, -1))
        shading = np.take(shading, low, axis) * (1 - rest) + np.take(shading, low + 1, axis) * rest
    x = x + shading
    if random.random() < 0.2:
        x[1] = random.uniform(-0.5, 0.5)
    grain = random.normal(0, 1, PATCH)
    if random.random() < 0.5:
        grain = (grain + np.roll(grain, 1, 0) + np.roll(grain, 1, 1) + np.roll(grain, (1, 1), (0, 1))) / 2
    return x + random.uniform(0, 0.12) * grain


def zoom(planes, step):
    """Every third step teeth are a sixth larger, every third a sixth smaller."""
    factor = (1.0, 7 / 6, 5 / 6)[step % 3]
    rows, columns = (16 * round(size * factor / 16) for size in PATCH)
    return functional.interpolate(planes, (rows, columns), mode="bilinear", align_corners=False)


def loss_of(logits, target):
    weight = PLANE_WEIGHTS * torch.ones_like(target)
    weight[:, 0] *= 1 + LESION_WEIGHT * target[:, 0]
    cross = (functional.binary_cross_entropy_with_logits(logits, target, reduction="none") * weight).mean()
    p = torch.sigmoid(logits)
    both = (p * target).sum((0, 2, 3))
    dice = 1 - (2 * both + 20) / (p.sum((0, 2, 3)) + target.sum((0, 2, 3)) + 20)
    return cross + 0.5 * dice[0] + 0.1 * dice[1:].mean()


def export(net, path):
    net.eval()
    torch.onnx.export(
        Probabilities(net),
        torch.zeros(1, 2, *PATCH),
        path + ".part",
        opset_version=15,
        input_names=["image"],
        output_names=["probabilities"],
        dynamic_axes={"image": {2: "rows", 3: "columns"}, "probabilities": {2: "rows", 3: "columns"}},
    )
    os.replace(path + ".part", path)
    net.train()


def main(folder, out):
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    random = np.random.default_rng(SEED)
    pictures = load(folder)
    panoramics = [i for i, picture in enumerate(pictures) if picture[2]]
    net = UNet()
    print(len(pictures), "pictures,", sum(p.numel() for p in net.parameters()), "parameters", flush=True)
    optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=STEPS, pct_start=0.08)
    start, average = time.time(), None
    for step in range(1, STEPS + 1):
        batch = [patch(pictures, panoramics, random) for _ in range(BATCH)]
        x, y = (zoom(torch.from_numpy(np.stack(part).copy()), step) for part in zip(*batch))
        loss = loss_of(net(x), y)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        optimiser.step()
        schedule.step()
        average = loss.item() if average is None else 0.97 * average + 0.03 * loss.item()
        if step % 20 == 0:
            print(f"step {step} loss {average:.4f} minutes {(time.time() - start) / 60:.1f}", flush=True)
        if step % 100 == 0 or step == STEPS:
            export(net, out)


main(*sys.argv[1:3])
