"""Trains the network of model.py by recipe.json. Made by netlathe; do not edit.

    python train.py --data photos/                            one process, on the GPU where there is one
    torchrun --nproc-per-node 4 train.py --data photos/       several, on one machine or more
    python train.py --data photos/ --ray --workers 4 [--gpu]  the same on Ray, on the cluster of RAY_ADDRESS

The batch of the recipe is shared by the workers, so that their number does not change what is learned. It ends with
out/weights.safetensors, which netlathe reads: netlathe eval --arch architecture.yaml --init out/weights.safetensors
"""

import argparse
import json
import os
import time
from contextlib import nullcontext
from pathlib import Path

import torch
import torch.distributed as dist
from safetensors.torch import load_file, save_file
from torch.nn.parallel import DistributedDataParallel

from folders import find_photos
from learning import Average, Teacher, losses_of, make_optimizer, rate_at, summed, with_global_norms
from model import CLASSES, MEAN, STD, Network
from photos import Pace, TrainingPhotos, plain_loader, training_loader

HERE = Path(__file__).resolve().parent


def arguments():
    parser = argparse.ArgumentParser(description="Trains the network of model.py by recipe.json.")
    parser.add_argument("--data", required=True, help="folder of photos, a folder for each class in it")
    parser.add_argument("--out", default="out", help="where weights, figures and the checkpoint go")
    parser.add_argument("--init", help="weights to start from (default: weights.safetensors here)")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out")
    parser.add_argument("--epochs", type=int, help="instead of the recipe's")
    parser.add_argument("--steps", type=int, help="end after so many updates")
    parser.add_argument("--processes", type=int, default=2, help="that decode photos, for each worker")
    parser.add_argument("--ray", action="store_true", help="run on Ray")
    parser.add_argument("--workers", type=int, default=1, help="with --ray: how many")
    parser.add_argument("--gpu", action="store_true", help="with --ray: a GPU for each worker")
    return parser.parse_args()


def read_recipe(args):
    recipe = json.loads((HERE / "recipe.json").read_text())
    if args.epochs is not None:
        recipe["epochs"] = args.epochs
    if args.steps is not None:
        recipe["steps"] = args.steps
    return recipe


def device_of_worker():
    if not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)) % torch.cuda.device_count())


class Run:
    """A network in training: everything that a checkpoint holds, and how to go on."""

    def __init__(self, args, device, report=None):
        self.args, self.device, self.report = args, device, report
        self.recipe = read_recipe(args)
        self.rank = dist.get_rank() if dist.is_initialized() else 0
        self.world = dist.get_world_size() if dist.is_initialized() else 1
        self.out = Path(args.out)
        self.network = self.make_network()
        self.teacher = self.make_teacher()
        self.optimizer = make_optimizer(self.recipe, self.network)
        decay = self.recipe.get("ema")
        self.average = Average(self.network, decay) if decay else None
        self.parallel = (
            DistributedDataParallel(self.network, forward_sync_buffers=False)
            if self.world > 1
            else self.network
        )
        self.progress = {"step": 0, "best": None, "stale": 0}
        # Of every epoch so far, for metrics.jsonl.
        self.figures = []
        train, self.validation = find_photos(args.data, self.recipe, CLASSES)
        self.photos = TrainingPhotos(train, self.recipe, self.recipe["resize"])
        self.pace = Pace(len(train), self.recipe, self.rank, self.world)

    def make_network(self):
        network = Network()
        network.load_state_dict(load_file(self.args.init or HERE / "weights.safetensors"))
        frozen = set(self.recipe["frozen"])
        for name, weight in network.named_parameters():
            weight.requires_grad_(name not in frozen)
        if self.world > 1:
            network = with_global_norms(network)
        return network.to(self.device)

    def make_teacher(self):
        chosen = self.recipe.get("distill")
        if not chosen:
            return None
        import teacher

        student = {"mean": MEAN, "std": STD}
        network = teacher.load(HERE / "teacher.safetensors")
        return Teacher(network, chosen, student, self.device)

    def losses_of(self, logits, targets, images):
        if self.teacher:
            return self.teacher.losses(logits, targets, images)
        return losses_of(logits, targets)

    def train(self):
        if self.args.resume:
            self.restore()
        while self.progress["step"] < self.pace.total and not self.is_stale():
            self.train_epoch()

    def train_epoch(self):
        first = self.progress["step"]
        per_epoch = self.pace.steps_per_epoch
        last = min(self.pace.total, (first // per_epoch + 1) * per_epoch)
        loader = training_loader(self.photos, self.pace.batches(first, last), self.args.processes)
        batches = iter(loader)
        loss, correct, started = 0.0, 0, time.perf_counter()
        self.parallel.train()
        for step in range(first, last):
            step_loss, step_correct = self.train_step(step, batches)
            loss, correct = loss + step_loss, correct + step_correct
        self.progress["step"] = last
        loss, correct = summed(loss, correct, device=self.device)
        seen = (last - first) * self.pace.images_per_step
        if loss != loss:
            raise SystemExit("the loss is no longer a number: lower the learning rate, or set clipNorm")
        self.end_epoch(
            {
                "epoch": -(-last // per_epoch),
                "step": last,
                "learningRate": self.rate(last - 1),
                "imagesPerSecond": seen / (time.perf_counter() - started),
                "train": {"loss": loss / seen, "top1": correct / seen},
            }
        )

    def rate(self, step):
        return rate_at(self.recipe, step, self.pace.steps_per_epoch, self.pace.total)

    def train_step(self, step, batches):
        """One update; gives this worker's part of the sums of losses and of hits."""
        accumulate = self.recipe["accumulate"]
        # Masks of dropout are this worker's own, and the same when a run goes on.
        torch.manual_seed((self.recipe["seed"] * 1_000_003 + step) * self.world + self.rank)
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate(step)
        self.optimizer.zero_grad()
        loss, correct = 0.0, 0
        for part in range(accumulate):
            images, targets, labels = (each.to(self.device) for each in next(batches))
            waits = self.world > 1 and part < accumulate - 1
            with self.parallel.no_sync() if waits else nullcontext():
                logits = self.parallel(images)
                part_loss = self.losses_of(logits, targets, images).sum()
                # Gradients of the workers are averaged: this makes them those of the mean over the whole step.
                (part_loss * self.world / self.pace.images_per_step).backward()
            loss += part_loss.item()
            correct += (logits.argmax(dim=1) == labels).sum().item()
        if self.recipe.get("clipNorm"):
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.recipe["clipNorm"])
        self.optimizer.step()
        if self.average:
            self.average.update(self.network, step)
        return loss, correct

    def judged(self):
        """What is evaluated and saved."""
        return self.average.network if self.average else self.network

    @torch.inference_mode()
    def evaluate(self):
        network = self.judged().eval()
        loss, hits, top5 = 0.0, 0, 0
        loader = plain_loader(
            self.validation, self.recipe["resize"], self.rank, self.world, self.args.processes
        )
        for images, labels in loader:
            images, labels = images.to(self.device), labels.to(self.device)
            logits = network(images)
            loss += torch.nn.functional.cross_entropy(logits, labels, reduction="sum").item()
            best = logits.topk(min(5, logits.shape[1])).indices == labels[:, None]
            hits += best[:, 0].sum().item()
            top5 += best.sum().item()
        loss, hits, top5 = summed(loss, hits, top5, device=self.device)
        count = len(self.validation)
        return {"loss": loss / count, "top1": hits / count, "top5": top5 / count}

    def end_epoch(self, figures):
        figures["validation"] = self.evaluate() if self.validation else None
        top1 = figures["validation"]["top1"] if figures["validation"] else None
        better = top1 is None or self.progress["best"] is None or top1 > self.progress["best"]
        if better:
            self.progress["best"] = top1
        self.progress["stale"] = 0 if better else self.progress["stale"] + 1
        self.figures.append(figures)
        if self.rank == 0:
            self.save(figures, better)
        if self.report:
            self.report(figures)

    def is_stale(self):
        stopping = self.recipe.get("earlyStopping")
        return stopping is not None and self.progress["stale"] >= stopping["patience"]

    def save(self, figures, better):
        self.out.mkdir(parents=True, exist_ok=True)
        weights = {
            name: value.detach().cpu().contiguous()
            for name, value in self.judged().state_dict().items()
            if value.is_floating_point()
        }
        for name in ["last.safetensors"] + (["weights.safetensors"] if better else []):
            replace(self.out / name, lambda file: save_file(weights, file))
        state = {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average.network.state_dict() if self.average else None,
            "progress": self.progress,
            "figures": self.figures,
            "recipe": json.dumps(self.recipe),
        }
        replace(self.out / "checkpoint.pt", lambda file: torch.save(state, file))
        self.write_metrics()
        print(summary(figures), flush=True)

    def write_metrics(self):
        """After the checkpoint, and whole: a kill between the two loses no line."""
        lines = "".join(json.dumps(figures) + "\n" for figures in self.figures)
        replace(self.out / "metrics.jsonl", lambda file: file.write_text(lines))

    def restore(self):
        file = self.out / "checkpoint.pt"
        if not file.exists():
            raise SystemExit(f"{file}: there is no checkpoint to go on from")
        state = torch.load(file, map_location=self.device, weights_only=True)
        if state["recipe"] != json.dumps(self.recipe):
            raise SystemExit(f"{file}: made by another recipe; --resume needs the same")
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.average:
            self.average.network.load_state_dict(state["average"])
        self.progress = state["progress"]
        self.figures = state["figures"]
        if self.rank == 0:
            self.write_metrics()


def replace(file, write):
    """Whoever reads the file finds the old one or the new one, whole."""
    temporary = file.with_name(file.name + ".part")
    write(temporary)
    os.replace(temporary, file)


def summary(figures):
    train, valid = figures["train"], figures["validation"]
    text = f"epoch {figures['epoch']}  train loss {train['loss']:.4f}  top-1 {train['top1']:.1%}"
    if valid:
        text += f"  validation loss {valid['loss']:.4f}  top-1 {valid['top1']:.1%}"
    return f"{text}  {figures['imagesPerSecond']:.0f} images/s"


def ray_worker(config):
    import ray.train
    import ray.train.torch

    # The worker's own copy of this file, so that HERE is where the worker has it. Ray has made the process group.
    import train

    train.Run(argparse.Namespace(**config), ray.train.torch.get_device(), ray.train.report).train()


def with_ray(args):
    import ray
    from ray.train import ScalingConfig
    from ray.train.torch import TorchTrainer

    # Workers run elsewhere: paths must be whole, and on a disk that all of them see.
    given = {name: getattr(args, name) for name in ("data", "out", "init")}
    paths = {name: path and str(Path(path).resolve()) for name, path in given.items()}
    ray.init(runtime_env={"working_dir": str(HERE), "excludes": ["out"]})
    scaling = ScalingConfig(num_workers=args.workers, use_gpu=args.gpu)
    TorchTrainer(ray_worker, train_loop_config={**vars(args), **paths}, scaling_config=scaling).fit()


def main():
    args = arguments()
    if args.ray:
        with_ray(args)
        return
    device = device_of_worker()
    if device.type == "cuda":
        torch.cuda.set_device(device)
    if int(os.environ.get("WORLD_SIZE", 1)) > 1:
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        Run(args, device).train()
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()


if __name__ == "__main__":
    main()
