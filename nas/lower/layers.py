"""The layers that torch lacks, or has under other terms."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812


class Conv2d(nn.Conv2d):
    """Convolution that draws its weights normal, of variance 2 / fan-in (He et al. 2015, arXiv:1502.01852)."""

    def reset_parameters(self) -> None:
        """Draw new weights; torch calls this when the convolution is made."""
        nn.init.kaiming_normal_(self.weight, mode="fan_in", nonlinearity="relu")
        if self.bias is not None:
            nn.init.zeros_(self.bias)


class PaddedConv2d(Conv2d):
    """Convolution whose four sides are padded differently: `sides` is (left, right, top, bottom)."""

    def __init__(self, *args: int, sides: tuple[int, int, int, int], **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        self.sides = sides

    def forward(self, x: Tensor) -> Tensor:
        """(n, in, h, w) to (n, out, h', w')."""
        return super().forward(F.pad(x, self.sides))


class PaddedPool2d(nn.Module):
    """Pooling after padding the four sides differently; `counted` says whether an average counts the padding."""

    def __init__(self, pool: nn.MaxPool2d | nn.AvgPool2d, sides: tuple[int, int, int, int], *, counted: bool) -> None:
        super().__init__()
        self.pool, self.sides, self.counted = pool, sides, counted

    def forward(self, x: Tensor) -> Tensor:
        """(n, c, h, w) to (n, c, h', w')."""
        if isinstance(self.pool, nn.MaxPool2d):
            highest: Tensor = self.pool(F.pad(x, self.sides, value=-torch.inf))
            return highest
        mean: Tensor = self.pool(F.pad(x, self.sides))
        return mean if self.counted else mean / self.pool(F.pad(torch.ones_like(x[:1, :1]), self.sides))


class TableConv2d(nn.Module):
    """Convolution whose output map `i` reads only the input maps `table[i]`; one kernel of weights a link."""

    links: Tensor

    def __init__(self, channels: int, table: tuple[tuple[int, ...], ...], kernel: tuple[int, int]) -> None:
        super().__init__()
        self.dense = (len(table), channels, *kernel)
        links = [out * channels + source for out, sources in enumerate(table) for source in sources]
        self.register_buffer("links", torch.tensor(links), persistent=False)
        self.weight = nn.Parameter(torch.empty(len(links), *kernel))
        self.bias = nn.Parameter(torch.zeros(len(table)))
        nn.init.normal_(self.weight, std=(2 / (len(links) / len(table) * kernel[0] * kernel[1])) ** 0.5)

    def forward(self, x: Tensor) -> Tensor:
        """(n, c, h, w) to (n, maps, h', w')."""
        maps, channels, height, width = self.dense
        weight = self.weight.new_zeros(maps * channels, height, width).index_copy(0, self.links, self.weight)
        return F.conv2d(x, weight.view(self.dense), self.bias)


class Subsample2d(nn.Module):
    """The sum over each square times a coefficient plus a bias, both learned per map (LeCun et al. 1998)."""

    def __init__(self, channels: int, kernel: int) -> None:
        super().__init__()
        self.kernel = kernel
        self.coefficient = nn.Parameter(torch.full((channels, 1, 1), 1 / kernel**2))
        self.bias = nn.Parameter(torch.zeros(channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """(n, c, h, w) to (n, c, h / kernel, w / kernel)."""
        return F.avg_pool2d(x, self.kernel) * (self.kernel**2 * self.coefficient) + self.bias


class RadialBasis(nn.Module):
    """Minus the squared distance to a fixed random code of +1 and -1 for each class (LeCun et al. 1998 drew glyphs)."""

    codes: Tensor

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        signs = torch.randint(0, 2, (classes, features), generator=torch.Generator().manual_seed(1998))
        self.register_buffer("codes", signs * 2.0 - 1.0)

    def forward(self, x: Tensor) -> Tensor:
        """(n, features) to (n, classes)."""
        return -(x.unsqueeze(1) - self.codes).square().sum(2)


class _ReLU6InPlace(torch.autograd.Function):
    """ReLU6 over its input. Torch's own keeps a copy of the input, though the output alone gives the gradient."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.mark_dirty(x)
        torch.ops.aten.hardtanh_(x, 0, 6)
        ctx.save_for_backward(x)
        return x

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        (output,) = ctx.saved_tensors
        return torch.ops.aten.hardtanh_backward(gradient, output, 0, 6)


class ReLU6(nn.ReLU6):
    """min(max(x, 0), 6); a tenth of a training step of MobileNet v2 faster in place than torch's own."""

    def forward(self, x: Tensor) -> Tensor:
        """Elementwise."""
        if self.inplace and torch.is_grad_enabled():
            made: Tensor = _ReLU6InPlace.apply(x)  # type: ignore[no-untyped-call]
            return made
        return F.relu6(x, inplace=self.inplace)


class GlobalAvgPool2d(nn.Module):
    """The mean of each map; unlike adaptive pooling its gradient keeps the memory format."""

    def forward(self, x: Tensor) -> Tensor:
        """(n, c, h, w) to (n, c, 1, 1)."""
        return F.avg_pool2d(x, x.shape[2:])


class LecunTanh(nn.Module):
    """1.7159 tanh(2x/3)."""

    def forward(self, x: Tensor) -> Tensor:
        """Elementwise."""
        return 1.7159 * torch.tanh(x * (2 / 3))


class DropPath(nn.Module):
    """In training each sample is zeroed with probability `p`, else scaled by 1/(1-p)."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """Any shape that begins with the samples."""
        if not self.training or self.p == 0:
            return x
        kept = x.new_empty(x.shape[0], *(1 for _ in x.shape[1:])).bernoulli_(1 - self.p)
        return x * (kept / max(1 - self.p, torch.finfo(x.dtype).tiny))


class DropPathOfBatch(nn.Module):
    """In training the whole batch is zeroed with probability `p`; in evaluation it is scaled by 1-p.

    A branch that is dropped has run all the same: its norms go on with their statistics, its gradients are zeros.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """Any shape."""
        return x * (x.new_empty(()).bernoulli_(1 - self.p) if self.training else 1 - self.p)


class Columns:
    """What the joins of a network keep in one forward pass: FractalNet's drop-path (Larsson et al. 2017)."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.drop = False
        self.column = torch.zeros(())

    def draw(self, device: torch.device, *, training: bool) -> None:
        """Begin a pass: as often as not one column of all, a number below `count`, else a larger number for none."""
        self.drop = training
        if training:
            self.column = torch.randint(2 * self.count, (), device=device)

    def mean(self, operands: tuple[Tensor, ...], p: float) -> Tensor:
        """The mean of what a join keeps: the pass's column where it has it, else each with 1-p, but one at least."""
        device = self.column.device
        places = torch.arange(len(operands), device=device)
        kept = torch.rand(len(operands), device=device) >= p
        kept = torch.where(kept.any(), kept, places == torch.randint(len(operands), (), device=device))
        kept = torch.where(self.column < len(operands), places == self.column, kept)
        weights = (kept / kept.sum()).to(operands[0].dtype)
        total = operands[0] * weights[0]
        for operand, weight in zip(operands[1:], weights[1:], strict=True):
            total = total + operand * weight
        return total


class Shuffle(nn.Module):
    """Channels (groups, n) become (n, groups)."""

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, x: Tensor) -> Tensor:
        """(n, c, h, w) to (n, c, h, w)."""
        n, c, h, w = x.shape
        if x.is_contiguous(memory_format=torch.channels_last):  # the same shuffle where channels lie together
            pixels = x.permute(0, 2, 3, 1).reshape(n * h * w, self.groups, c // self.groups)
            return pixels.transpose(1, 2).reshape(n, h, w, c).permute(0, 3, 1, 2)
        return x.reshape(n, self.groups, c // self.groups, h, w).transpose(1, 2).reshape(n, c, h, w)


class Chunk(nn.Module):
    """One of several equal parts of the channels, as a view."""

    def __init__(self, index: int, of: int) -> None:
        super().__init__()
        self.index, self.of = index, of

    def forward(self, x: Tensor) -> Tensor:
        """(n, c, …) to (n, c / of, …)."""
        return x.chunk(self.of, 1)[self.index]


class Shift(nn.Module):
    """The map moved up and left, zeros coming in at the bottom and right."""

    def __init__(self, rows: int, columns: int) -> None:
        super().__init__()
        self.rows, self.columns = rows, columns

    def forward(self, x: Tensor) -> Tensor:
        """(n, c, h, w) to (n, c, h, w)."""
        rows, columns = min(self.rows, x.shape[2]), min(self.columns, x.shape[3])
        return F.pad(x, (-columns, columns, -rows, rows))


class Scale(nn.Module):
    """Multiplication by a constant."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        """Elementwise."""
        return x * self.factor


class ZeroPad(nn.Module):
    """A shortcut without parameters: every stride-th pixel, or their average, and zeros for the new channels."""

    def __init__(self, channels: int, stride: tuple[int, int], *, pooled: bool) -> None:
        super().__init__()
        self.channels, self.stride, self.pooled = channels, stride, pooled

    def forward(self, x: Tensor) -> Tensor:
        """(n, c, h, w) to (n, channels, h', w')."""
        if self.pooled:
            x = F.avg_pool2d(x, self.stride, self.stride, ceil_mode=True)
        else:
            x = x[:, :, :: self.stride[0], :: self.stride[1]]
        return F.pad(x, (0, 0, 0, 0, 0, self.channels - x.shape[1]))


def norm(made: nn.Module, *, scale: bool, shift: bool) -> nn.Module:
    """A normalization that learns only what is asked of it; the rest stays one and zero."""
    for name, learned in (("weight", scale), ("bias", shift)):
        if not learned:
            fixed = getattr(made, name).detach()
            delattr(made, name)
            made.register_buffer(name, fixed, persistent=False)
    return made
