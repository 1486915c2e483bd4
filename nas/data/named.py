"""The data sets known by name: where their files come from, and how to know that they are whole."""

import hashlib
import http.client
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from nas.data import cifar, idx
from nas.data.cache import locked
from nas.data.progress import Progress
from nas.errors import DataError

_TIMEOUT_S = 30
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Named:
    """A published data set.

    Args:
        url: The folder on the net that holds its files.
        md5: For each file, the checksum its authors or keepers publish.
        classes: The name of each label, where the files hold none.
        elsewhere: Folders on this machine that may hold it too.
    """

    url: str
    md5: dict[str, str]
    classes: tuple[str, ...] = ()
    elsewhere: tuple[Path, ...] = ()


SAMPLE = Path(__file__).parent / "sample"

FASHION_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)

NAMED = {
    "fashion-mnist": Named(
        url="https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
        md5=dict(
            zip(
                idx.FILES,
                (
                    "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
                    "25c81989df183df01b3e8a0aad5dffbe",
                    "bef4ecab320f06d8554ea6380940ec79",
                    "bb300cfdad3c16e7a12a480ee83cd310",
                ),
                strict=True,
            )
        ),
        classes=FASHION_CLASSES,
        elsewhere=(Path("/usr/share/datasets/fashion-mnist"),),
    ),
    "mnist": Named(
        url="https://ossci-datasets.s3.amazonaws.com/mnist",
        md5=dict(
            zip(
                idx.FILES,
                (
                    "f68b3c2dcbeaaa9fbdd348bbdeb94873",
                    "d53e105ee54ea40749a09fcbcd1e9432",
                    "9fb629c4189551a2d022fa330f9573f3",
                    "ec29112dd5afa0611ce80d1b7f02629c",
                ),
                strict=True,
            )
        ),
    ),
    "cifar10": Named(
        url="https://www.cs.toronto.edu/~kriz",
        md5={cifar.CIFAR10.archive: "c32a1d4ab5d03f1284b67883e8d87530"},
    ),
    "cifar100": Named(
        url="https://www.cs.toronto.edu/~kriz",
        md5={cifar.CIFAR100.archive: "03b5dce01913d631647c71ecec9e9cb8"},
    ),
}


def download(named: Named, folder: Path) -> None:
    """Fetch into `folder` the files of `named` that are not there, each checked and then put in its place whole.

    Raises:
        DataError: the net or a checksum fails; the message says which files to put where by hand.
    """
    by_hand = f"put {' and '.join(named.md5)} into {folder}"
    with locked(folder / "download.lock"):
        for name, md5 in named.md5.items():
            if not (folder / name).exists():
                _fetch(f"{named.url}/{name}", folder / name, md5, by_hand)


def _fetch(url: str, target: Path, md5: str, by_hand: str) -> None:
    part = target.with_name(f"{target.name}.part")
    digest = hashlib.md5(usedforsecurity=False)
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer, part.open("wb") as file:
            length = int(answer.headers.get("Content-Length") or 0)
            with Progress(f"downloading {target.name}, bytes", length) as progress:
                while block := answer.read(_BLOCK):
                    file.write(block)
                    digest.update(block)
                    progress.advance(len(block))
    except (OSError, http.client.HTTPException) as error:
        raise DataError(f"{url} must be within reach, but: {error}", path=str(target), hint=by_hand) from None
    if digest.hexdigest() != md5:
        raise DataError(f"{url} must have the MD5 {md5}, got {digest.hexdigest()}", path=str(target), hint=by_hand)
    part.replace(target)
