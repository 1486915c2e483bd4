"""The layers that only exported source has; the others it takes from `nas.lower.layers`, as they stand there."""

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from nas.lower.layers import Columns


def projection(
    inputs: int, outputs: int, stride: int | tuple[int, int] = 1, kernel: int | tuple[int, int] = 1
) -> nn.Module:
    """A shortcut: identity where the shapes agree, else a convolution and batch norm."""
    shortcut = conv_shortcut(inputs, outputs, stride, kernel)
    return nn.Sequential(shortcut, nn.BatchNorm2d(outputs)) if isinstance(shortcut, nn.Conv2d) else shortcut


def conv_shortcut(
    inputs: int, outputs: int, stride: int | tuple[int, int] = 1, kernel: int | tuple[int, int] = 1
) -> nn.Module:
    """A shortcut: identity where the shapes agree, else a convolution."""
    if inputs == outputs and stride == 1:
        return nn.Identity()
    high, wide = (kernel, kernel) if isinstance(kernel, int) else kernel
    return nn.Conv2d(inputs, outputs, (high, wide), stride, (high // 2, wide // 2), bias=False)


class ZeroPad(nn.Module):
    """A shortcut without weights: every stride-th pixel, and zeros for the new channels."""

    def __init__(self, inputs: int, outputs: int, stride: int | tuple[int, int] = 1) -> None:
        super().__init__()
        self.new = outputs - inputs
        self.down, self.across = (stride, stride) if isinstance(stride, int) else stride

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs, h, w) to (n, outputs, h', w')."""
        return F.pad(x[:, :, :: self.down, :: self.across], (0, 0, 0, 0, 0, self.new))


class PooledZeroPad(nn.Module):
    """A shortcut without weights: averages over each stride, and zeros for the new channels."""

    def __init__(self, inputs: int, outputs: int, stride: int | tuple[int, int] = 1) -> None:
        super().__init__()
        self.new, self.stride = outputs - inputs, stride

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs, h, w) to (n, outputs, h', w')."""
        return F.pad(F.avg_pool2d(x, self.stride, ceil_mode=True), (0, 0, 0, 0, 0, self.new))


class FractalMean(nn.Module):
    """The mean of its inputs; in training of those that drop-path keeps, which the network's `columns` say."""

    columns: Columns

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, *inputs: Tensor) -> Tensor:
        """Tensors of one shape to one."""
        if self.training and self.columns.drop:
            return self.columns.mean(inputs, self.p)
        return sum(inputs[1:], inputs[0]) / len(inputs)
