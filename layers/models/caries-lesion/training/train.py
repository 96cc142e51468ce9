"""Trains caries-lesion: a small U-Net on seeded dental phantoms. Usage: train.py DATA_FOLDER OUT.onnx

Input: 1 x 2 x rows x columns (tools/caries/preprocess.ts), sides multiples of 16.
Output: 1 x 9 x rows x columns, probabilities of lesion, tooth, upper crown core, lower crown core, restoration; and for
pixels in a lesion, that it reaches the inner enamel, and the outer, middle and inner third of the dentin or deeper.
Seeded. The script writes checkpoint.onnx into DATA_FOLDER every thousand steps, and calibration.npz: 32 undisturbed inputs
of the training set, for quantising the model.
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
# The labels have five mask planes and the depth class; the output has five mask planes and four depth planes.
MASKS = 5
DEPTHS = 4
PATCH = (192, 224)
# The size of a cut before it is rotated and zoomed to a patch.
CUT = (272, 304)
BATCH = 4
STEPS = int(os.environ.get("TRAIN_STEPS", "2600"))
CALIBRATION_INPUTS = 32
# Lesions are a few hundredths of the picture: their plane weighs more, and their pixels weigh even more, small ones most.
PLANE_WEIGHTS = torch.tensor([4.0, 1.0, 1.0, 1.0, 0.5]).view(1, MASKS, 1, 1)
LESION_WEIGHTS = torch.tensor([6.0, 18.0, 12.0, 6.0, 6.0, 6.0])
# Share of patches from each kind of picture, and of patches that show no teeth.
KINDS = {"bitewing": 0.3, "periapical": 0.22, "panoramic": 0.48}
NOTHING = 0.08


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
        self.head = nn.ConvTranspose2d(widths[0], MASKS + DEPTHS, 4, stride=2, padding=1)
        # Everything to be found is rare: the biases start from there.
        with torch.no_grad():
            self.head.bias[:MASKS] = -2.0
            self.head.bias[MASKS:] = 0.0

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
    """Pictures by kind: (input int8 2 x R x C, labels uint8 6 x R x C, lesions, teeth)."""
    pictures = {kind: [] for kind in KINDS}
    for path in sorted(glob.glob(os.path.join(folder, "index-*.json"))):
        for item in json.load(open(path)):
            shape = (-1, item["rows"], item["columns"])
            name = os.path.join(folder, item["name"])
            grey = np.fromfile(name + ".in", np.int8).reshape(shape)
            label = np.fromfile(name + ".label", np.uint8).reshape(shape)
            pictures[item["kind"]].append((grey, label, item["lesions"], item["teeth"]))
    return pictures


def place(item, random):
    """Where a cut begins: half of the cuts lie around a lesion (small ones more often), a third around a tooth, the rest anywhere."""
    grey, _, lesions, teeth = item
    rows, columns = grey.shape[1:]
    high, wide = CUT
    drawn = random.random()
    centre = None
    if drawn < 0.5 and lesions:
        weights = np.array([2.0 if depth <= 2 else 1.0 for _, _, depth in lesions])
        centre = lesions[random.choice(len(lesions), p=weights / weights.sum())]
    elif drawn < 0.85 and teeth:
        centre = teeth[random.integers(len(teeth))]
    if centre is None:
        return random.integers(max(1, rows - high + 1)), random.integers(max(1, columns - wide + 1))
    # Off-centre, but close enough to stay inside when the cut is rotated and zoomed.
    top = centre[1] - high // 2 + random.integers(-60, 61)
    left = centre[0] - wide // 2 + random.integers(-70, 71)
    return int(np.clip(top, 0, max(0, rows - high))), int(np.clip(left, 0, max(0, columns - wide)))


def cut(pictures, random):
    """One cut as float input 2 x CUT and labels 6 x CUT. The edge of a small picture is repeated to fill the cut."""
    if random.random() < NOTHING:
        return nothing(random), np.zeros((MASKS + 1, *CUT), np.float32)
    kind = random.choice(list(KINDS), p=list(KINDS.values()))
    item = pictures[kind][random.integers(len(pictures[kind]))]
    top, left = place(item, random)
    x = item[0][:, top : top + CUT[0], left : left + CUT[1]].astype(np.float32) / 60
    y = item[1][:, top : top + CUT[0], left : left + CUT[1]].astype(np.float32)
    y[:MASKS] /= 255
    above = random.integers(CUT[0] - x.shape[1] + 1)
    before = random.integers(CUT[1] - x.shape[2] + 1)
    pad = ((0, 0), (above, CUT[0] - x.shape[1] - above), (before, CUT[1] - x.shape[2] - before))
    return np.pad(x, pad, mode="edge"), np.pad(y, pad)


def nothing(random):
    """A picture without teeth: noise of any grain, and chains of bones like spines, fingers, ribs and limbs."""
    x = np.zeros(CUT, np.float32)
    for grain in (1, 4, 16, 48):
        coarse = random.normal(0, random.uniform(0, 0.6), (1, 1, CUT[0] // grain + 1, CUT[1] // grain + 1))
        x += functional.interpolate(torch.from_numpy(coarse), CUT, mode="bilinear", align_corners=True)[0, 0].float().numpy()
    for _ in range(random.integers(0, 5)):
        add_bones(x, random)
    if random.random() < 0.6:
        x = blurred(x)
    smooth = (x - x.mean()) / (x.std() + 0.1)
    return np.stack((np.clip(smooth * random.uniform(0.2, 1), -2, 2), np.clip(0.5 * smooth, -1.5, 1.5)))


def add_bones(x, random):
    """A chain of rounded boxes with bright rims along a line, from as long as wide (vertebrae) to ten times as long (limbs)."""
    rows, columns = np.mgrid[0 : CUT[0], 0 : CUT[1]].astype(np.float32)
    angle, half = random.uniform(0, np.pi), random.uniform(5, 40)
    along = (rows - random.uniform(0, CUT[0])) * np.sin(angle) + (columns - random.uniform(0, CUT[1])) * np.cos(angle)
    across = (columns - random.uniform(0, CUT[1])) * np.sin(angle) - (rows - random.uniform(0, CUT[0])) * np.cos(angle)
    length, gap = half * np.exp(random.uniform(-0.3, 2.3)), random.uniform(0.5, 0.2 * half + 1)
    place = np.abs((along % (2 * length + gap)) - length)
    waist = half * (1 - random.uniform(0, 0.3) * np.clip(1 - (place / length) ** 2, 0, 1))
    power = random.uniform(2, 8)
    inside = 1 - (np.clip(np.abs(across) / waist, 0, 4) ** power + np.clip(place / length, 0, 4) ** power) ** (1 / power)
    inside *= half
    rim = random.uniform(0, 1.5) * np.exp(-((inside - 1.5) ** 2) / random.uniform(1, 9))
    x += random.uniform(-0.3, 1.5) * np.clip(inside / random.uniform(1, 6) + 0.5, 0, 1) + rim


def blurred(x):
    return (x + np.roll(x, 1, 0) + np.roll(x, -1, 0) + np.roll(x, 1, 1) + np.roll(x, -1, 1)) / 5


def warp(x, y, random):
    """Turns cuts into patches: rotated by up to 12 degrees, zoomed by a quarter, mirrored."""
    theta = np.empty((BATCH, 2, 3), np.float32)
    for one in theta:
        angle = np.radians(np.clip(random.normal(0, 4), -12, 12))
        size = np.exp(random.normal(0, 0.12))
        mirrored = -1 if random.random() < 0.5 else 1
        # Grid coordinates run from -1 to 1 over the cut, and a patch is a part of the cut.
        down, across = PATCH[0] / CUT[0] / size, PATCH[1] / CUT[1] / size
        ratio = CUT[0] / CUT[1]
        one[0] = (mirrored * across * np.cos(angle), -down * ratio * np.sin(angle), 0)
        one[1] = (mirrored * across / ratio * np.sin(angle), down * np.cos(angle), 0)
    grid = functional.affine_grid(torch.from_numpy(theta), (BATCH, 1, *PATCH), align_corners=False)
    sample = lambda planes, mode: functional.grid_sample(planes, grid, mode, "border", align_corners=False)
    soft = sample(torch.cat((x, y[:, :MASKS]), 1), "bilinear")
    return soft[:, :2], torch.cat((soft[:, 2:], sample(y[:, MASKS:], "nearest")), 1)


def disturb(x, random):
    """Makes phantoms more like real radiographs: contrast, sharpening, shading, shadows, noise of one to a few pixels' grain."""

    def each(values):
        return torch.from_numpy(np.asarray(values, np.float32)).view(BATCH, -1, 1, 1)

    sharpness = np.where(random.random(BATCH) < 0.4, random.uniform(-0.8, 1.5, BATCH), 0)
    x = x + each(sharpness) * (x - functional.avg_pool2d(x, 5, 1, 2, count_include_pad=False))
    x = x * each(np.exp(random.normal(0, (0.25, 0.35), (BATCH, 2)))) + each(random.normal(0, (0.15, 0.3), (BATCH, 2)))
    shading = torch.from_numpy(random.normal(0, 0.2, (BATCH, 2, 4, 4)).astype(np.float32))
    x = x + functional.interpolate(shading, PATCH, mode="bilinear", align_corners=True)
    x = x + shadows(random)
    flat = each(random.random(BATCH) < 0.15)
    x[:, 1:] = x[:, 1:] * (1 - flat) + flat * each(random.uniform(-0.5, 0.5, BATCH))
    grain = torch.from_numpy(random.standard_normal((BATCH, 1, *PATCH), np.float32))
    coarse = 2 * functional.avg_pool2d(grain, 3, 1, 1)
    grain = torch.where(each(random.random(BATCH) < 0.5) > 0, coarse, grain)
    return x + each(random.uniform(0, 0.12, BATCH)) * grain


def shadows(random):
    """Structures across the teeth (jaw, tongue, the other side's bone): edges, soft or sharp, and rarely a thin bright line."""
    rows, columns = torch.meshgrid(torch.arange(PATCH[0]), torch.arange(PATCH[1]), indexing="ij")
    out = torch.zeros(BATCH, 2, *PATCH)
    for one in out:
        for _ in range(random.integers(0, 4)):
            angle = random.uniform(0, 2 * np.pi)
            bend = random.normal(0, 0.002)
            aside = (columns - random.uniform(0, PATCH[1])) * np.cos(angle) + (rows - random.uniform(0, PATCH[0])) * np.sin(angle)
            along = (rows - PATCH[0] / 2) * np.cos(angle) - (columns - PATCH[1] / 2) * np.sin(angle)
            aside = aside + bend * along * along
            if random.random() < 0.15:
                shape = torch.exp(-((aside / random.uniform(0.7, 2.5)) ** 2))
            else:
                shape = torch.sigmoid(aside / random.uniform(0.5, 10))
            strength = random.uniform(0, 0.5)
            one += torch.tensor([strength, strength * random.uniform(0.3, 1.2)]).view(2, 1, 1) * shape
    return out


def loss_of(logits, y):
    target, depth = y[:, :MASKS], y[:, MASKS:]
    weight = PLANE_WEIGHTS * torch.ones_like(target)
    weight[:, :1] *= 1 + LESION_WEIGHTS[depth.long()] * target[:, :1]
    masks = logits[:, :MASKS]
    cross = (functional.binary_cross_entropy_with_logits(masks, target, reduction="none") * weight).mean()
    p = torch.sigmoid(masks)
    both = (p * target).sum((0, 2, 3))
    dice = 1 - (2 * both + 20) / (p.sum((0, 2, 3)) + target.sum((0, 2, 3)) + 20)
    # Deeper than E1, E2, D1, D2: defined for pixels in a lesion only.
    inside = (depth > 0).float()
    deeper = (depth > torch.arange(1, DEPTHS + 1).view(1, DEPTHS, 1, 1)).float()
    depths = functional.binary_cross_entropy_with_logits(logits[:, MASKS:], deeper, reduction="none") * inside
    return cross + 0.5 * dice[0] + 0.1 * dice[1:].mean() + 0.15 * depths.sum() / (DEPTHS * inside.sum() + 50)


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


def write_calibration(pictures, folder):
    random = np.random.default_rng(SEED + 1)
    inputs = [cut(pictures, random)[0][:, : PATCH[0], : PATCH[1]] for _ in range(CALIBRATION_INPUTS)]
    np.savez(os.path.join(folder, "calibration.npz"), image=np.stack(inputs).astype(np.float32))


def main(folder, out):
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    random = np.random.default_rng(SEED)
    pictures = load(folder)
    write_calibration(pictures, folder)
    net = UNet().to(memory_format=torch.channels_last)
    parameters = sum(p.numel() for p in net.parameters())
    print({kind: len(all) for kind, all in pictures.items()}, parameters, "parameters", flush=True)
    optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=STEPS, pct_start=0.08)
    start, average = time.time(), None
    for step in range(1, STEPS + 1):
        cuts = [cut(pictures, random) for _ in range(BATCH)]
        x, y = warp(*(torch.from_numpy(np.stack(part)) for part in zip(*cuts)), random)
        x = disturb(x, random).contiguous(memory_format=torch.channels_last)
        loss = loss_of(net(x), y)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        optimiser.step()
        schedule.step()
        average = loss.item() if average is None else 0.98 * average + 0.02 * loss.item()
        if step % 100 == 0:
            print(f"step {step} loss {average:.4f} minutes {(time.time() - start) / 60:.1f}", flush=True)
        if step % 1000 == 0:
            export(net, os.path.join(folder, "checkpoint.onnx"))
    export(net, out)


if __name__ == "__main__":
    main(*sys.argv[1:3])
