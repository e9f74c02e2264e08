"""Photos: what happens to each, and which step sees which. All that is random is drawn from the seed, the epoch and the
photo, so that neither the number of workers nor a pause changes what is seen.

Made by netlathe; do not edit.
"""

import hashlib

import torch
from PIL import Image, ImageOps
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2
from torchvision.transforms.functional import hflip

from model import CHANNELS, CLASSES, HEIGHT, MEAN, STD, WIDTH


def class_weights(recipe, photos):
    """`balanced` weighs a class by the inverse of its frequency."""
    chosen = recipe.get("classWeights")
    if not chosen:
        return torch.ones(len(CLASSES))
    if chosen != "balanced":
        if len(chosen) != len(CLASSES):
            raise SystemExit(
                f"recipe.json: classWeights has {len(chosen)} numbers, the network {len(CLASSES)} classes"
            )
        return torch.tensor(chosen)
    counts = torch.bincount(torch.tensor([label for _, label in photos]), minlength=len(CLASSES))
    return len(photos) / (len(CLASSES) * counts.clamp(min=1))


def key_of(*parts):
    """A seed of 63 bits from what is drawn for."""
    digest = hashlib.sha256(" ".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def open_photo(file):
    photo = ImageOps.exif_transpose(Image.open(file))
    if photo.mode in ("RGBA", "LA", "PA") or "transparency" in photo.info:
        photo = photo.convert("RGBA")
        photo = Image.alpha_composite(Image.new("RGBA", photo.size, "white"), photo)
    return photo.convert("L" if CHANNELS == 1 else "RGB")


def resized(photo, how):
    """`cover` crops the centre, `fit` shows all between grey bars, `stretch` distorts."""
    size = (WIDTH, HEIGHT)
    if how == "stretch":
        return photo.resize(size, Image.Resampling.BILINEAR)
    if how == "cover":
        return photo.resize(size, Image.Resampling.BILINEAR, box=centred(photo.size, size))
    left, top, right, bottom = centred(size, photo.size)
    bars = Image.new(photo.mode, size, 128 if CHANNELS == 1 else (128, 128, 128))
    inner = photo.resize((right - left, bottom - top), Image.Resampling.BILINEAR)
    bars.paste(inner, (left, top))
    return bars


def round_half_up(value):
    return int(value + 0.5)


def centred(outer, shape):
    """The largest box of one shape in the middle of another."""
    width, height = outer
    if outer[0] * shape[1] > outer[1] * shape[0]:
        width = max(1, round_half_up(outer[1] * shape[0] / shape[1]))
    else:
        height = max(1, round_half_up(outer[0] * shape[1] / shape[0]))
    left, top = (outer[0] - width) // 2, (outer[1] - height) // 2
    return left, top, left + width, top + height


class Resized:
    """A class of this file, not a lambda: where processes are spawned, the changes travel to them by name."""

    def __init__(self, how):
        self.how = how

    def __call__(self, photo):
        return resized(photo, self.how)


to_input = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD)])


def augmentation(recipe, how):
    """The recipe's changes, in netlathe's order."""
    chosen, size = recipe["augment"], (HEIGHT, WIDTH)
    crop, erase, jitter = chosen.get("randomResizedCrop"), chosen.get("erase"), chosen["colorJitter"]
    if crop:
        steps = [v2.RandomResizedCrop(size, crop["scale"], crop["ratio"], antialias=True)]
    else:
        steps = [Resized(how)]
        if chosen["cropPadding"]:
            steps.append(v2.RandomCrop(size, padding=chosen["cropPadding"]))
    if chosen["flip"] is True:
        steps.append(v2.RandomHorizontalFlip())
    if chosen["rotation"]:
        bilinear = v2.InterpolationMode.BILINEAR
        steps.append(v2.RandomRotation(chosen["rotation"], interpolation=bilinear))
    for name in ("brightness", "contrast", "saturation"):
        if jitter[name]:
            steps.append(v2.ColorJitter(**{name: jitter[name]}))
    if chosen.get("randAugment"):
        rand = chosen["randAugment"]
        bilinear = v2.InterpolationMode.BILINEAR
        steps.append(v2.RandAugment(rand["choose"], int(rand["magnitude"]), interpolation=bilinear))
    steps += [v2.ToImage(), v2.ToDtype(torch.float32, scale=True)]
    if erase:
        grey = v2.RandomErasing(erase["probability"], erase["scale"], (0.3, 3.3), value=0.5)
        steps.append(grey)
    return v2.Compose([*steps, v2.Normalize(MEAN, STD)])


class TrainingPhotos(Dataset):
    """Items are asked for by (epoch, photo, mix): an image, its soft target, and its label."""

    def __init__(self, photos, recipe, how):
        self.photos = photos
        self.recipe = recipe
        self.augment = augmentation(recipe, how)
        self.weights = class_weights(recipe, photos)

    def __getitem__(self, wanted):
        epoch, index, mix = wanted
        image, target, label = self.view(epoch, index)
        if mix is None:
            return image, target, label
        other, other_target, _ = self.view(epoch, mix["partner"])
        left, top, width, height = mix["box"]
        image = mix["share"] * image + (1 - mix["share"]) * other
        inside = (slice(None), slice(top, top + height), slice(left, left + width))
        image[inside] = other[inside]
        return image, mix["own"] * target + (1 - mix["own"]) * other_target, label

    def view(self, epoch, index):
        file, label = self.photos[index]
        seed = self.recipe["seed"]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(key_of("augment", seed, epoch, index))
            image = self.augment(open_photo(file))
        if self.recipe["augment"]["flip"] == "alternating":
            # Each photo is mirrored every second epoch, from a start of its own.
            if (key_of("flip", seed, index) + epoch) % 2:
                image = hflip(image)
        return image, self.target(label), label

    def target(self, label):
        smoothing = self.recipe["labelSmoothing"]
        target = torch.full((len(CLASSES),), smoothing / len(CLASSES))
        target[label] += 1 - smoothing
        return target * self.weights[label]


class PlainPhotos(Dataset):
    """As the network sees them when it is asked."""

    def __init__(self, photos, how):
        self.photos = photos
        self.how = how

    def __len__(self):
        return len(self.photos)

    def __getitem__(self, index):
        file, label = self.photos[index]
        return to_input(resized(open_photo(file), self.how)), label


class Pace:
    """Which photos each step sees, and this worker's share of them."""

    def __init__(self, count, recipe, rank, world):
        self.count, self.recipe, self.rank, self.world = count, recipe, rank, world
        self.batch = min(recipe["batch"], count)
        if self.batch < world:
            raise SystemExit(f"a batch of {self.batch} cannot be shared by {world} workers")
        self.images_per_step = self.batch * recipe["accumulate"]
        self.steps_per_epoch = max(1, count // self.images_per_step)
        self.total = recipe.get("steps") or recipe["epochs"] * self.steps_per_epoch

    def batches(self, first_step, last_step):
        """What this worker reads for these steps, batch by batch."""
        accumulate = self.recipe["accumulate"]
        epoch, order = None, None
        for step in range(first_step, last_step):
            if step // self.steps_per_epoch != epoch:
                epoch = step // self.steps_per_epoch
                generator = torch.Generator().manual_seed(key_of("order", self.recipe["seed"], epoch))
                order = torch.randperm(self.count, generator=generator).tolist()
            for part in range(accumulate):
                place = (step % self.steps_per_epoch) * accumulate + part
                # A set smaller than the accumulated batches begins again.
                first = place * self.batch % max(self.batch, self.count - self.count % self.batch)
                batch = order[first : first + self.batch]
                mixes = self.mixes(batch, step * accumulate + part)
                items = [(epoch, index, mix) for index, mix in zip(batch, mixes)]
                yield items[self.rank :: self.world]

    def mixes(self, batch, number):
        """mixup (Zhang et al. 2017) and CutMix (Yun et al. 2019): each image with another of its batch."""
        mixup, cutmix = self.recipe["mixup"], self.recipe["cutmix"]
        if not mixup and not cutmix:
            return [None] * len(batch)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(key_of("mix", self.recipe["seed"], number))
            cuts = cutmix > 0 and (mixup == 0 or torch.rand(()).item() < 0.5)
            alpha = float(cutmix if cuts else mixup)
            share = torch.distributions.Beta(alpha, alpha).sample().item()
            box = cut_box(share) if cuts else (0, 0, 0, 0)
            shift = 1 + torch.randint(len(batch) - 1, ()).item() if len(batch) > 1 else 0
        own = 1 - box[2] * box[3] / (WIDTH * HEIGHT) if cuts else share
        mix = {"share": 1.0 if cuts else share, "box": box, "own": own}
        return [{**mix, "partner": batch[(n + shift) % len(batch)]} for n in range(len(batch))]


def cut_box(share):
    side = (1 - share) ** 0.5
    x, y = torch.randint(WIDTH, ()).item(), torch.randint(HEIGHT, ()).item()
    half_width, half_height = int(WIDTH * side / 2), int(HEIGHT * side / 2)
    left, top = max(0, x - half_width), max(0, y - half_height)
    return left, top, min(WIDTH, x + half_width) - left, min(HEIGHT, y + half_height) - top


def training_loader(photos, batches, processes):
    return DataLoader(photos, batch_sampler=list(batches), num_workers=processes)


def plain_loader(photos, how, rank, world, processes):
    mine = photos[rank::world]
    return DataLoader(PlainPhotos(mine, how), batch_size=64, num_workers=processes)
