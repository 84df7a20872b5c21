# SPDX-License-Identifier: Apache-2.0
"""Draws the sample digits in models/samples from hand-placed strokes; no font, no data set.

    python3 tools/train-lenet/draw_samples.py --out models/samples [--check models/lenet-digits.onnx]

Needs numpy and Pillow; --check needs onnxruntime too. It classifies every file it drew: made grey,
stretched to 28 x 28 with bilinear filtering, divided by 255. It fails if one digit is read wrongly.
"""

import argparse
import os
import sys

import numpy as np
from PIL import Image

SEED = 7
WOBBLE = 0.012  # standard deviation of a point's displacement, in digit heights
HEIGHT = 20 / 28  # of a digit, in frames
STEPS = 24  # straight pieces between two points of a curve
WHITE = (255, 255, 255)
WARM = (255, 244, 220)
COOL = (224, 240, 255)

# Strokes are in a box of height 1, y down. A "line" joins its points; a "curve" passes smoothly
# through them (Catmull-Rom, which is a chain of cubic Bezier curves).
STROKES = {
    "0_a": [("curve", (.50, .00), (.24, .12), (.13, .45), (.20, .82), (.45, 1.0), (.72, .86), (.84, .50),
             (.74, .13), (.50, .00))],
    "0_b": [("curve", (.62, .02), (.36, .14), (.16, .50), (.18, .86), (.40, .99), (.66, .80), (.80, .42),
             (.76, .10), (.55, .00))],
    "1_a": [("line", (.50, .00), (.47, 1.0))],
    "1_b": [("line", (.38, .17), (.55, .00), (.52, 1.0))],
    "2_a": [("curve", (.15, .25), (.28, .05), (.55, .00), (.78, .18), (.70, .45), (.42, .75), (.15, .98)),
            ("line", (.15, .98), (.85, .96))],
    "2_b": [("curve", (.18, .22), (.40, .02), (.72, .12), (.70, .42), (.45, .75), (.22, .95), (.12, .85),
             (.28, .78), (.50, .92), (.70, 1.0), (.90, .90))],
    "3_a": [("curve", (.18, .10), (.45, .00), (.72, .12), (.70, .33), (.42, .47)),
            ("curve", (.42, .47), (.75, .60), (.78, .85), (.50, 1.0), (.15, .90))],
    "3_b": [("line", (.18, .02), (.75, .02), (.42, .42)),
            ("curve", (.42, .42), (.72, .50), (.80, .75), (.58, .98), (.18, .92))],
    "4_a": [("line", (.25, .02), (.18, .50), (.80, .48)), ("line", (.72, .02), (.66, 1.0))],
    "4_b": [("line", (.60, .00), (.12, .66), (.88, .64)), ("line", (.62, .30), (.60, 1.0))],
    "5_a": [("line", (.78, .02), (.30, .04), (.24, .42)),
            ("curve", (.24, .42), (.52, .38), (.76, .55), (.72, .85), (.45, 1.0), (.15, .90))],
    "5_b": [("curve", (.30, .05), (.25, .42), (.55, .42), (.74, .62), (.64, .90), (.38, 1.0), (.14, .92)),
            ("line", (.30, .05), (.82, .00))],
    "6_a": [("curve", (.68, .00), (.38, .22), (.20, .60), (.28, .92), (.52, 1.0), (.74, .85), (.68, .60),
             (.45, .54), (.24, .70))],
    "6_b": [("curve", (.50, .00), (.28, .35), (.18, .72), (.36, .98), (.64, .94), (.76, .74), (.58, .56),
             (.32, .62), (.20, .78))],
    "7_a": [("line", (.12, .05), (.82, .03), (.40, 1.0))],
    "7_b": [("line", (.15, .04), (.80, .02)), ("curve", (.80, .02), (.58, .45), (.44, 1.0)),
            ("line", (.42, .50), (.74, .48))],
    "8_a": [("curve", (.70, .12), (.45, .00), (.24, .16), (.40, .42), (.70, .64), (.72, .90), (.46, 1.0),
             (.22, .86), (.32, .60), (.62, .38), (.72, .16), (.66, .08))],
    "8_b": [("curve", (.50, .00), (.28, .08), (.24, .28), (.48, .46), (.70, .30), (.70, .10), (.50, .00)),
            ("curve", (.48, .46), (.22, .62), (.22, .90), (.50, 1.0), (.78, .88), (.76, .62), (.48, .46))],
    "9_a": [("curve", (.72, .20), (.52, .00), (.26, .12), (.22, .38), (.44, .50), (.68, .36), (.74, .14)),
            ("curve", (.74, .14), (.72, .55), (.66, 1.0))],
    "9_b": [("curve", (.70, .16), (.44, .02), (.22, .24), (.34, .46), (.60, .40), (.72, .16), (.72, .50),
             (.60, .85), (.30, .98))],
}

# Name: file type, mode, width, height, stroke width in 28ths of the frame, ink.
FRAMES = {
    "0_a": ("png", "L", 28, 28, 2.4, WHITE),
    "0_b": ("png", "L", 64, 64, 2.8, WHITE),
    "1_a": ("png", "L", 28, 28, 2.6, WHITE),
    "1_b": ("png", "RGB", 100, 80, 2.6, WARM),
    "2_a": ("png", "L", 64, 64, 2.4, WHITE),
    "2_b": ("png", "RGB", 96, 96, 2.6, WHITE),
    "3_a": ("png", "L", 28, 28, 2.6, WHITE),
    "3_b": ("jpg", "RGB", 65, 49, 2.6, WARM),
    "4_a": ("png", "L", 96, 96, 2.6, WHITE),
    "4_b": ("png", "L", 80, 100, 2.4, WHITE),
    "5_a": ("png", "L", 48, 48, 2.8, WHITE),
    "5_b": ("png", "RGB", 28, 28, 2.4, COOL),
    "6_a": ("png", "L", 32, 32, 2.4, WHITE),
    "6_b": ("png", "L", 100, 80, 2.6, WHITE),
    "7_a": ("jpg", "L", 96, 96, 2.8, WHITE),
    "7_b": ("png", "L", 28, 28, 2.4, WHITE),
    "8_a": ("png", "RGB", 64, 64, 2.4, COOL),
    "8_b": ("png", "L", 56, 56, 2.4, WHITE),
    "9_a": ("png", "L", 96, 96, 2.6, WHITE),
    "9_b": ("png", "L", 31, 37, 2.4, WHITE),
}


# ---- drawing -------------------------------------------------------------------------------


def curve_through(points):
    """Points [n, 2] of a Catmull-Rom curve through the given ones."""
    p = np.concatenate([points[:1], points, points[-1:]])
    t = np.linspace(0, 1, STEPS, endpoint=False)[:, None]
    pieces = [b + t / 2 * ((c - a) + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
              for a, b, c, d in zip(p, p[1:], p[2:], p[3:])]
    return np.concatenate(pieces + [points[-1:]])


def stroke_path(rng, stroke):
    kind, *points = stroke
    points = np.array(points) + rng.normal(0, WOBBLE, (len(points), 2))
    return curve_through(points) if kind == "curve" else points


def distance_to_piece(x, y, a, b):
    along = b - a
    t = np.clip(((x - a[0]) * along[0] + (y - a[1]) * along[1]) / max(along @ along, 1e-9), 0, 1)
    return np.hypot(x - a[0] - t * along[0], y - a[1] - t * along[1])


def brush(paths, width, height, stroke_width):
    """How much of each pixel a round brush covers, [height, width] in 0..1."""
    y, x = np.mgrid[:height, :width] + 0.5
    nearest = np.full((height, width), np.inf)
    for path in paths:
        for a, b in zip(path, path[1:]):
            nearest = np.minimum(nearest, distance_to_piece(x, y, a, b))
    return np.clip(stroke_width / 2 + 0.5 - nearest, 0, 1)


def draw(name, rng):
    _, mode, width, height, stroke_width, ink = FRAMES[name]
    paths = [stroke_path(rng, stroke) for stroke in STROKES[name]]
    every = np.concatenate(paths)
    middle = (every.min(0) + every.max(0)) / 2
    side = min(width, height)
    # The brush adds its width to the digit, so the path is that much shorter.
    scale = side * HEIGHT - side * stroke_width / 28
    paths = [(path - middle) * scale + (width / 2, height / 2) for path in paths]
    cover = brush(paths, width, height, side * stroke_width / 28)
    grey = np.rint(cover[..., None] * ink).astype(np.uint8)
    return Image.fromarray(grey if mode == "RGB" else grey[..., 0])


def save(image, path):
    if path.endswith(".jpg"):
        image.save(path, quality=90)
    else:
        image.save(path, optimize=True)


# ---- checking ------------------------------------------------------------------------------


def stretch_two_tap(grey):
    """Bilinear stretch to 28 x 28 from the nearest four pixels, without low-pass filtering."""
    for axis in (0, 1):
        size = grey.shape[axis]
        at = np.clip((np.arange(28) + 0.5) * size / 28 - 0.5, 0, size - 1)
        low = at.astype(int)
        part = (at - low).reshape((-1, 1) if axis == 0 else (1, -1))
        high = np.minimum(low + 1, size - 1)
        grey = np.take(grey, low, axis) * (1 - part) + np.take(grey, high, axis) * part
    return grey


def stretch_filtered(image):
    """Bilinear stretch to 28 x 28 as Pillow does it: the filter widens when the image shrinks."""
    return np.asarray(image.resize((28, 28), Image.Resampling.BILINEAR), np.float64)


def check(folder, names, model):
    """Prints what the model reads; returns the number of wrong answers."""
    import onnxruntime

    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    wrong = 0
    for name in names:
        image = Image.open(os.path.join(folder, name))
        grey = image.convert("L")
        for stretched in (stretch_filtered(grey), stretch_two_tap(np.asarray(grey, np.float64))):
            logits = session.run(None, {"image": (stretched / 255).astype(np.float32)[None, None]})[0][0]
            share = np.exp(logits - logits.max())
            share /= share.sum()
            good = int(logits.argmax()) == int(name[6])
            wrong += not good
            print(f"{name} {image.mode} {image.width}x{image.height}: {logits.argmax()} "
                  f"({100 * share.max():.1f} %){'' if good else ' WRONG'}")
    return wrong


def main():
    parser = argparse.ArgumentParser(description="Draw the sample digits.")
    parser.add_argument("--out", required=True, help="folder for the images")
    parser.add_argument("--check", help="ONNX model that has to read them all")
    args = parser.parse_args()
    names = []
    for index, name in enumerate(STROKES):
        names.append(f"digit_{name}.{FRAMES[name][0]}")
        save(draw(name, np.random.default_rng([SEED, index])), os.path.join(args.out, names[-1]))
    if args.check and check(args.out, names, args.check):
        sys.exit("error: some samples are read wrongly")


if __name__ == "__main__":
    main()
