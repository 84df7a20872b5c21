# SPDX-License-Identifier: Apache-2.0
"""Trains the digit classifier models/lenet-digits.onnx and writes it as ONNX.

How to run, from the repository root, in a virtual environment outside the tree:

    python3 -m venv ~/lenet-venv
    ~/lenet-venv/bin/pip install 'jax[cpu]' scipy onnx onnxruntime pillow
    taskset -c 0 ~/lenet-venv/bin/python tools/train-lenet/train_lenet.py --train DIR --test DIR --out FILE

--train and --test are folders with MNIST idx files (see the README beside this file).
taskset keeps it on one processor: with more, sums are made in another order and the weights differ.
The test set is read only after the model is written, and only to print its accuracy.

With the defaults (seed 1, 120 epochs, all 10,000 digits of the training part used here) it reached
99.36 % on the 10,000 test digits: Python 3.11.7, jax and jaxlib 0.10.2, numpy 2.4.6, scipy 1.17.1,
onnx 1.23.2, onnxruntime 1.31.1; about 7 minutes on one processor. Before it, --hold-out 2000
--epochs 100 gave 1988 of the 2000 held-out digits; the number of epochs was chosen from that run.
"""

import argparse
import gzip
import os
import time

import jax
import jax.numpy as jnp
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from scipy import ndimage

CLASSES = 10
SIDE = 28  # height and width of an image
BATCH = 100
DROPOUT = 0.25
WEIGHT_DECAY = 1e-2  # times the learning rate
LEARNING_RATE = 1.5e-3  # highest; a cosine takes it to zero
EMA_DECAY = 0.999  # weights are averaged over about the last 1000 steps
WARMUP_STEPS = 200

# Shapes as ONNX has them: convolutions [out, in, kh, kw], dense layers [out, in].
SHAPES = {
    "conv1": (16, 1, 5, 5),
    "conv2": (32, 16, 5, 5),
    "fc1": (120, 32 * 5 * 5),
    "fc2": (84, 120),
    "fc3": (CLASSES, 84),
}


# ---- data ----------------------------------------------------------------------------------


def read_idx(path):
    """Reads an idx file of bytes: 0, 0, type 8, rank, then the sizes as big-endian u32."""
    with gzip.open(path) as file:
        data = file.read()
    if data[:3] != b"\0\0\x08":
        raise ValueError(f"{path}: not an idx file of bytes: {data[:4].hex()}")
    rank = data[3]
    shape = np.frombuffer(data, ">u4", rank, 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)


def load_digits(folder, prefix):
    """Images as f32 [n, 28, 28] in 0..1 and labels [n]; prefix is 'train' or 't10k'."""
    images = read_idx(os.path.join(folder, f"{prefix}-images-idx3-ubyte.gz"))
    labels = read_idx(os.path.join(folder, f"{prefix}-labels-idx1-ubyte.gz"))
    if len(images) != len(labels):
        raise ValueError(f"{folder}: {len(images)} {prefix} images but {len(labels)} labels")
    return images.astype(np.float32) / 255, labels.astype(np.int32)


# ---- augmentation --------------------------------------------------------------------------


def affine_fields(rng, n):
    """Sampling positions (ys, xs), each [n, 28, 28], of random rotations, scales, shears and shifts."""
    angle = rng.uniform(-0.26, 0.26, n)  # 15 degrees
    sy, sx = rng.uniform(0.85, 1.18, (2, n))
    shear = rng.uniform(-0.25, 0.25, n)
    dy, dx = rng.uniform(-2, 2, (2, n))
    cos, sin = np.cos(angle), np.sin(angle)
    centre = (SIDE - 1) / 2
    y, x = (np.mgrid[:SIDE, :SIDE] - centre).astype(np.float32)
    a, b, c, d = (m[:, None, None].astype(np.float32) for m in
                  (cos / sy, -sin / sy, (sin + shear * cos) / sx, (cos - shear * sin) / sx))
    ys = a * y + b * x + (centre + dy)[:, None, None]
    xs = c * y + d * x + (centre + dx)[:, None, None]
    return ys.astype(np.float32), xs.astype(np.float32)


def elastic_field(rng, n):
    """A smooth random displacement in pixels, [n, 28, 28], about 1 px strong at its most."""
    noise = rng.standard_normal((n, SIDE, SIDE), np.float32)
    smooth = ndimage.gaussian_filter(noise, (0, 4, 4), mode="constant", truncate=2.5)
    return smooth * rng.uniform(0, 14, (n, 1, 1)).astype(np.float32)


def sample_bilinear(images, ys, xs):
    """images [n, 28, 28] read at (ys, xs); zero outside."""
    padded = np.pad(images, ((0, 0), (1, 2), (1, 2)))
    ys, xs = np.clip(ys + 1, 0, SIDE + 1), np.clip(xs + 1, 0, SIDE + 1)
    y, x = ys.astype(np.int32), xs.astype(np.int32)
    fy, fx = ys - y, xs - x
    stride = SIDE + 3
    at = np.arange(len(images), dtype=np.int32)[:, None, None] * stride * stride + y * stride + x
    flat = padded.ravel()
    top = flat[at] * (1 - fx) + flat[at + 1] * fx
    low = flat[at + stride] * (1 - fx) + flat[at + stride + 1] * fx
    return top * (1 - fy) + low * fy


def vary_stroke(rng, images):
    """Makes a third of the strokes bolder and a sixth thinner, each by a random part of a pixel."""
    part = rng.uniform(0, 0.8, (len(images), 1, 1)).astype(np.float32)
    kind = rng.uniform(0, 1, len(images))
    out = images.copy()
    for chosen, extreme in ((kind < 0.33, ndimage.maximum_filter), (kind > 0.84, ndimage.minimum_filter)):
        some = images[chosen]
        out[chosen] += part[chosen] * (extreme(some, (1, 2, 2)) - some)
    return out


def augment(rng, images):
    n = len(images)
    ys, xs = affine_fields(rng, n)
    moved = sample_bilinear(images, ys + elastic_field(rng, n), xs + elastic_field(rng, n))
    return vary_stroke(rng, moved)


# ---- model ---------------------------------------------------------------------------------


def init_params(rng):
    params = {}
    for name, shape in SHAPES.items():
        scale = np.sqrt(2 / np.prod(shape[1:]))
        params[name + ".weight"] = jnp.asarray(rng.standard_normal(shape, np.float32) * scale, jnp.float32)
        params[name + ".bias"] = jnp.zeros(shape[0], jnp.float32)
    return params


def conv_relu_pool(x, weight, bias, pad):
    """x is [n, h, w, c], which the CPU backend likes better than ONNX's [n, c, h, w]."""
    x = jax.lax.conv_general_dilated(x, weight, (1, 1), [(pad, pad)] * 2,
                                     dimension_numbers=("NHWC", "OIHW", "NHWC"))
    n, h, w, c = x.shape
    return jax.nn.relu(x + bias).reshape(n, h // 2, 2, w // 2, 2, c).max((2, 4))


def dense(params, name, x):
    return x @ params[name + ".weight"].T + params[name + ".bias"]


def dropout(key, x):
    return jnp.where(jax.random.bernoulli(key, 1 - DROPOUT, x.shape), x / (1 - DROPOUT), 0)


def logits_of(params, images, key):
    """Logits [n, 10] of images [n, 28, 28]; with a key, in training mode."""
    x = conv_relu_pool(images[..., None], params["conv1.weight"], params["conv1.bias"], 2)
    x = conv_relu_pool(x, params["conv2.weight"], params["conv2.bias"], 0)
    x = x.transpose(0, 3, 1, 2).reshape(len(x), -1)  # the order of ONNX Flatten
    for name in ("fc1", "fc2"):
        if key is not None:
            key, now = jax.random.split(key)
            x = dropout(now, x)
        x = jax.nn.relu(dense(params, name, x))
    return dense(params, "fc3", x)


# ---- training ------------------------------------------------------------------------------


def loss_of(params, images, labels, key):
    log_prob = jax.nn.log_softmax(logits_of(params, images, key))
    return -jnp.mean(jnp.take_along_axis(log_prob, labels[:, None], 1))


@jax.jit
def train_step(state, images, labels, key, rate):
    """One step of AdamW; state is (params, mean, square, average, steps done)."""
    params, mean, square, average, step = state
    grads = jax.grad(loss_of)(params, images, labels, key)
    step = step + 1
    new = ({}, {}, {}, {})
    for name, grad in grads.items():
        m = 0.9 * mean[name] + 0.1 * grad
        v = 0.999 * square[name] + 0.001 * grad**2
        move = (m / (1 - 0.9**step)) / (jnp.sqrt(v / (1 - 0.999**step)) + 1e-8)
        decay = 0.0 if name.endswith(".bias") else WEIGHT_DECAY
        p = params[name] - rate * (move + decay * params[name])
        keep = jnp.minimum(EMA_DECAY, step / (step + 10))
        for part, value in zip(new, (p, m, v, keep * average[name] + (1 - keep) * p)):
            part[name] = value
    return (*new, step)


def learning_rate(step, steps):
    return LEARNING_RATE * min(1, step / WARMUP_STEPS) * 0.5 * (1 + np.cos(np.pi * step / steps))


def error_count(params, images, labels):
    return int((np.argmax(jax.jit(logits_of, static_argnums=2)(params, images, None), 1) != labels).sum())


def train(images, labels, held, args):
    """Returns the averaged weights; held is (images, labels) to report on, maybe empty."""
    rng = np.random.default_rng(args.seed)
    params = init_params(rng)
    zeros = {name: jnp.zeros_like(p) for name, p in params.items()}
    state = (params, zeros, zeros, params, 0)
    per_epoch = len(images) // BATCH
    start = time.time()
    for epoch in range(args.epochs):
        order = rng.permutation(len(images))
        mixed = augment(rng, images[order])
        for i in range(per_epoch):
            step = epoch * per_epoch + i
            part = slice(i * BATCH, (i + 1) * BATCH)
            state = train_step(state, mixed[part], labels[order[part]],
                               jax.random.key(args.seed * 1000003 + step),
                               learning_rate(step, args.epochs * per_epoch))
        if len(held[0]) and (epoch % 10 == 9 or epoch == args.epochs - 1):
            wrong = error_count(state[3], *held)
            print(f"epoch {epoch + 1}: {wrong} of {len(held[0])} held-out digits wrong, "
                  f"{time.time() - start:.0f} s", flush=True)
    return {name: np.asarray(p) for name, p in state[3].items()}


# ---- ONNX ----------------------------------------------------------------------------------


def onnx_nodes():
    def layer(op, name, source, **attributes):
        return helper.make_node(op, [source, name + ".weight", name + ".bias"], [name], name, **attributes)

    def after(op, name, source, **attributes):
        return helper.make_node(op, [source], [name], name, **attributes)

    pool = {"kernel_shape": [2, 2], "strides": [2, 2]}
    fc3 = layer("Gemm", "fc3", "relu4", transB=1)
    fc3.output[0] = "logits"
    return [
        layer("Conv", "conv1", "image", kernel_shape=[5, 5], pads=[2, 2, 2, 2]),
        after("Relu", "relu1", "conv1"),
        after("MaxPool", "pool1", "relu1", **pool),
        layer("Conv", "conv2", "pool1", kernel_shape=[5, 5]),
        after("Relu", "relu2", "conv2"),
        after("MaxPool", "pool2", "relu2", **pool),
        after("Flatten", "flatten", "pool2", axis=1),
        layer("Gemm", "fc1", "flatten", transB=1),
        after("Relu", "relu3", "fc1"),
        layer("Gemm", "fc2", "relu3", transB=1),
        after("Relu", "relu4", "fc2"),
        fc3,
    ]


def write_onnx(params, path):
    graph = helper.make_graph(
        onnx_nodes(),
        "lenet-digits",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 1, SIDE, SIDE])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", CLASSES])],
        [numpy_helper.from_array(value, name) for name, value in params.items()],
    )
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
        producer_name="Anput",
        doc_string="Anput LeNet: one white-on-black digit, grey / 255, to ten logits",
    )
    helper.set_model_props(model, {"labels": ",".join(map(str, range(CLASSES)))})
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def print_accuracy(path, folder):
    """The exported file, run by ONNX Runtime, on the test set."""
    images, labels = load_digits(folder, "t10k")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    found = [session.run(["logits"], {"image": part[:, None]})[0].argmax(1)
             for part in np.array_split(images, 20)]
    right = int((np.concatenate(found) == labels).sum())
    print(f"{path}: {right} of {len(labels)} test digits right, {100 * right / len(labels):.2f} %")


# ---- command line --------------------------------------------------------------------------


def parse_args():
    parser = argparse.ArgumentParser(description="Train the LeNet digit classifier and export it to ONNX.")
    parser.add_argument("--train", help="folder with train-*-ubyte.gz; without it nothing is trained")
    parser.add_argument("--test", help="folder with t10k-*-ubyte.gz: print the accuracy of --out on it")
    parser.add_argument("--out", required=True, help="the ONNX file")
    parser.add_argument("--epochs", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hold-out", type=int, default=0,
                        help="train without this many digits and report on them: for choosing settings")
    return parser.parse_args()


def main():
    args = parse_args()
    if args.train:
        images, labels = load_digits(args.train, "train")
        order = np.random.default_rng(0).permutation(len(images))  # the same digits held out for each seed
        held, rest = order[:args.hold_out], order[args.hold_out:]
        params = train(images[rest], labels[rest], (images[held], labels[held]), args)
        write_onnx(params, args.out)
    if args.test:
        print_accuracy(args.out, args.test)


if __name__ == "__main__":
    main()
