"""Which photos there are, which of them train and which validate: those that `netlathe train` finds in the same folder.

Needs Python alone. Made by netlathe; do not edit.
"""

import hashlib
import os
import re
import unicodedata
from functools import partial
from pathlib import Path

ENDINGS = ("jpg", "jpeg", "jfif", "png", "webp")
# Dot files, and what macOS and NAS boxes leave beside the real files.
HIDDEN = re.compile(r"\.|(__MACOSX|@eaDir)\Z")
TRAIN = ("train", "training")
VALIDATION = ("validation", "valid", "val")
TEST = ("test", "testing", "evaluation", "eval")
# How netlathe's trainer holds photos out where no folder validates.
HELD_OUT = 0.1


def find_photos(root, recipe, classes):
    """Lists of (file, class): those that train and those that validate."""
    root = Path(os.path.realpath(root))
    if not root.is_dir():
        raise SystemExit(f"{root}: there is no such folder")
    photos = photos_below(root)
    if not photos:
        raise SystemExit(f"{root}: there is no JPEG, PNG or WebP here")
    folders, held = split_folders(root, photos, recipe["data"])
    train = [photo for folder in folders for photo in labelled(root, folder, photos)]
    validation = [] if held is None else labelled(root, held, photos)
    found = in_order({label for _, label in train})
    if held is not None and found != in_order({label for _, label in validation}):
        raise SystemExit(f"{root}: {' + '.join(folders)} and {held} have other classes")
    places = places_of(root, found, classes, recipe["labelled"])
    train, validation = (
        [(root / path, places[label]) for path, label in each] for each in (train, validation)
    )
    return held_out(train, validation, recipe)


def photos_below(root):
    """Their paths, with `/` on every system and in netlathe's order."""
    found = []
    walk(root, str(root), "", (str(root),), found)
    return sorted(found, key=by_text)


def walk(root, folder, prefix, chain, found):
    with os.scandir(folder) as entries:
        for entry in entries:
            if HIDDEN.match(entry.name):
                continue
            path = prefix + entry.name
            real = resolve_link(root, entry.path) if entry.is_symlink() else entry.path
            if os.path.isdir(real):
                if real in chain:
                    raise SystemExit(f"{entry.path}: this link goes round in a circle")
                walk(root, real, f"{path}/", (*chain, real), found)
            elif os.path.isfile(real) and is_photo(entry.name):
                found.append(path)


def resolve_link(root, link):
    try:
        target = os.path.realpath(link, strict=True)
    except OSError:
        raise SystemExit(f"{link}: this link leads nowhere") from None
    if not Path(target).is_relative_to(root):
        raise SystemExit(f"{link}: this link leaves the folder of photos, to {target}")
    return target


def is_photo(name):
    return "." in name and name.rpartition(".")[2].lower() in ENDINGS


def by_text(text):
    """By UTF-16 units, as JavaScript compares."""
    return text.encode("utf-16-be", "surrogatepass")


def split_folders(root, photos, data):
    """The folders that train, and the one that validates or None; "." is all of it."""
    base = wrapper(photos)
    find = partial(find_folder, root, photos, base)
    named = data.get("train")
    chosen = data.get("validation")
    if isinstance(chosen, str) and data.get("holdOut"):
        raise SystemExit(f"recipe.json: both a validation folder ({chosen!r}) and holdOut are given")
    held = find(chosen) if isinstance(chosen, str) else None
    if named is not None:
        folders = [find(name) for name in ([named] if isinstance(named, str) else named)]
        return distinct(root, folders, held)
    top = top_folders(photos, base)
    train = only(root, "trains", top, TRAIN)
    if train is None:
        if held is not None or any(map(is_split_name, top)):
            raise SystemExit(f"{root}: no folder for training among {', '.join(top)}")
        return [base[:-1] or "."], None
    if held is None and chosen is None and not data.get("holdOut"):
        name = only(root, "validates", top, VALIDATION)
        held = None if name is None else base + name
    return distinct(root, [base + train], held)


def wrapper(photos):
    """Archives and downloads often wrap everything in one folder more: its name and a slash, or nothing."""
    base = ""
    while True:
        top = top_folders(photos, base)
        if len(top) != 1 or is_split_name(top[0]):
            return base
        inner = f"{base}{top[0]}/"
        # Without it there must still be labels: a lone folder of one class is no wrapper.
        below = [path.removeprefix(inner) if path.startswith(inner) else "" for path in photos]
        if not all("/" in path or flat_label(path) for path in below):
            return base
        base = inner


def top_folders(photos, base):
    below = [path.removeprefix(base) for path in photos if path.startswith(base)]
    return list(dict.fromkeys(path.partition("/")[0] for path in below if "/" in path))


def is_split_name(name):
    return name.lower() in TRAIN + VALIDATION + TEST


def only(root, verb, top, names):
    found = [name for name in top if name.lower() in names]
    if len(found) > 1:
        raise SystemExit(f"{root}: several folders could be the one that {verb}: {', '.join(found)}")
    return found[0] if found else None


def find_folder(root, photos, base, name):
    """As spelled on disk: exactly, or without regard to case where that leaves no doubt."""
    wanted = composed(re.sub(r"^(\./)+|/+\Z", "", name))
    if wanted in (".", ""):
        return "."
    folders = folders_of(photos)
    for full in (wanted, composed(base) + wanted):
        exact = [folder for folder in folders if composed(folder) == full]
        near = [folder for folder in folders if composed(folder).lower() == full.lower()]
        found = exact or near
        if len(found) == 1:
            return found[0]
    raise SystemExit(f"{root}: there is no folder {name!r} with photos in it")


def folders_of(photos):
    """Every folder that holds photos at any depth."""
    parents = ("/".join(parts[:depth]) for parts in map(split, photos) for depth in range(1, len(parts)))
    return list(dict.fromkeys(parents))


def split(path):
    return path.split("/")


def composed(text):
    """macOS writes accents as two characters; the same name must compare equal."""
    return unicodedata.normalize("NFC", text)


def distinct(root, folders, held):
    every = folders if held is None else [*folders, held]
    for i, inner in enumerate(every):
        if any(i != j and is_within(inner, outer) for j, outer in enumerate(every)):
            raise SystemExit(f"{root}: the folder {inner!r} would be used twice")
    return folders, held


def is_within(inner, outer):
    return outer == "." or inner == outer or inner.startswith(f"{outer}/")


def labelled(root, folder, photos):
    """(path, label) of those in a folder for each class, or called LABEL_NUMBER.jpg."""
    prefix = "" if folder == "." else f"{folder}/"
    inside = [path for path in photos if path.startswith(prefix)]
    # Folders of classes win: a stray photo beside them belongs to none of them.
    by_folder = any("/" in path.removeprefix(prefix) for path in inside)
    label_of = folder_label if by_folder else flat_label
    labels = [(path, label_of(path.removeprefix(prefix))) for path in inside]
    found = [(path, composed(label)) for path, label in labels if label]
    if not found:
        raise SystemExit(f"{root}: no photo in {folder!r} is in a folder of its class")
    return found


def folder_label(path):
    return path.partition("/")[0] if "/" in path else None


def flat_label(path):
    match = re.fullmatch(r"([^/]+)_[0-9]+\.[^./]+", path)
    return match and match[1]


def is_number(label):
    return re.fullmatch("[0-9]{1,9}", label) is not None


def in_order(labels):
    """By name; numbers by value, so that 10 comes after 9."""
    ordered = sorted(labels, key=by_text)
    return sorted(ordered, key=int) if all(map(is_number, ordered)) else ordered


def places_of(root, found, classes, named):
    """The place of each label among the logits. `named`: the network's classes have names, and not only a number."""
    if not named:
        if len(found) != len(classes):
            raise SystemExit(f"{root}: the photos have {len(found)} classes, the network {len(classes)}")
        return {label: place for place, label in enumerate(found)}
    names = [composed(name) for name in classes]
    if all(map(is_number, found)) and not all(map(is_number, names)):
        # Numbers are places in a list of words: 0_12.jpg is the first class.
        names = [str(place) for place in range(len(names))]
    for label in found:
        if label not in names:
            raise SystemExit(f"{root}: {label!r} is none of the classes {', '.join(names)}")
    for name in names:
        if name not in found:
            raise SystemExit(f"{root}: there is no photo of the class {name!r}")
    return {name: place for place, name in enumerate(names)}


def held_out(train, validation, recipe):
    """Where no folder validates, some of the photos that would train."""
    data = recipe["data"]
    share = data.get("holdOut")
    if share is None:
        if validation or data.get("validation") is False or isinstance(data.get("train"), list):
            return train, validation
        share = HELD_OUT
    return hold_out(train, share, recipe["seed"])


def hold_out(photos, share, seed):
    """The same photos that netlathe holds out: ranked by seed and contents, class by class."""
    held = set()
    for place in sorted({place for _, place in photos}):
        ranked = sorted((rank(file, seed), file) for file, own in photos if own == place)
        if len({key for key, _ in ranked}) < 2:
            continue
        count = max(1, int(len(ranked) * share + 0.5))
        # Copies of one photo stay on one side.
        while count < len(ranked) and ranked[count][0] == ranked[count - 1][0]:
            count += 1
        last = ranked[-1][0]
        some = ranked[:count] if count < len(ranked) else [r for r in ranked if r[0] != last]
        held.update(file for _, file in some)
    return [p for p in photos if p[0] not in held], [p for p in photos if p[0] in held]


def rank(file, seed):
    contents = hashlib.sha256(file.read_bytes()).hexdigest()
    return hashlib.sha256(f"{seed}:{contents}".encode()).hexdigest()
