"""The weights of a trained network given to one that is like it: equal parts are copied, new ones have no effect yet.

Parts are found by `nas.arch.twins`. Then the child's program is gone through with, for each register, the knowledge of
which channel carries what of the parent's. So a wider layer begins with the parent's channels, and its readers pay no
heed to the new ones (the weights by which they are read are zero, their own are not, so both learn); a larger kernel is
the smaller one with zeros around it; an inserted convolution is the identity; a branch that a sum has more ends in a
zero; a gate that a product has more is a constant 1/2, and what it multiplies is doubled.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from nas.arch.cost import Shape, shortcut_conv, shortcut_stride
from nas.arch.fields import pair, sides
from nas.arch.nodes import Conv, Linear, Network, Norm, Part, Shortcut, Shuffle, chain
from nas.arch.twins import Twins, twins
from nas.errors import WeightsError
from nas.lower.carried import Carried, Channelwise, Knowledge, groups_of, shuffled
from nas.lower.effects import Effects
from nas.lower.heritage import Heritage, Inherited
from nas.lower.module import NetworkModule, build
from nas.lower.program import Instruction, lower
from nas.lower.remap import NEW, by_place, identity, kernel, matrix, vector


def inherit(
    module: NetworkModule, network: Network, *, parent: Network, weights: Mapping[str, Tensor], input: Shape
) -> Inherited:
    """Give a new module the weights of a trained network, as far as the two are alike; in place.

    In evaluation the module then computes what the parent does, if what was changed is widths, kernels that grew, fewer
    groups, inserted residual blocks, squeeze-and-excitation after a normalization, a further branch of a sum or
    concatenation, or an inserted convolution, norm and ReLU after a ReLU. Of other changes the rest of the network is
    the parent's all the same.

    Args:
        module: As `build` makes it of `network`, on the CPU; what is not inherited keeps the weights it has.
        network: The child.
        parent: The trained network.
        weights: Its state dict.
        input: Shape of an image, (channels, height, width).

    Raises:
        WeightsError: the weights are not those of the parent.
    """
    _check(weights, parent, input)
    child, other = (lower(chain(whole), tuple(input)) for whole in (network, parent))
    found = twins(parent, network)
    knowledge = Knowledge(child, other, found, tuple(input))
    heritage = Heritage(module.state_dict(), weights)
    effects = Effects(child, knowledge, heritage)
    heir = _Heir(found, knowledge, heritage)
    with torch.no_grad():
        for step in child.instructions:
            carried = None
            if not isinstance(step.what, str):
                carried = heir.leaf(step, step.what)
            elif any(source in knowledge.carried for source in step.sources):
                effects.remove(step)
                carried = knowledge.joined(step)
            if carried is not None:
                knowledge.carried[step.target] = carried
    return heritage.told()


class _Heir:
    """Gives each leaf of a child its weights, and says what it then carries."""

    def __init__(self, found: Twins, knowledge: Knowledge, heritage: Heritage) -> None:
        self._found, self._knowledge, self._heritage = found, knowledge, heritage

    def leaf(self, step: Instruction, what: Part) -> Carried | None:
        """Give a leaf its weights; None where it carries nothing of the parent's."""
        twin = self._knowledge.twin(step)
        if twin is None:
            return self._inserted(step, what)
        before, path = self._knowledge.read(step, twin), step.path
        match what, twin.what:
            case Conv(), Conv() as theirs:
                index = self._conv((path, what), (twin.path, theirs), before, twin.shape[0], step.target)
            case Linear(), Linear() as theirs:
                index = by_place(what.out, theirs.out)
                self._weigh(path, twin.path, index, before)
            case Norm(), _:
                self._norm(path, twin.path, before)
                index = before
            case Shortcut(), Shortcut() as theirs:
                index = self._shortcut(step, what, twin, theirs, before)
            case _:
                if what == twin.what:
                    self._heritage.same(path, twin.path)
                index = self._knowledge.moved(step, twin, before)
        return Carried(twin.target, index)

    def _conv(
        self, ours: tuple[str, Conv], theirs: tuple[str, Conv], before: Tensor, width: int, target: int
    ) -> Tensor:
        """Give a convolution the weights of one that reads `width` channels; both are paths and parts."""
        (path, what), (their_path, other) = ours, theirs
        out, weight = len(self._heritage.ours[f"{path}.weight"]), self._heritage.theirs[f"{their_path}.weight"]
        groups, their_groups = groups_of(what, len(before)), groups_of(other, width)
        if groups == len(before) > 1 and their_groups == width:  # depthwise: outputs are what inputs are
            each, their_each = out // groups, len(weight) // their_groups
            inputs, within = before.repeat_interleave(each), torch.arange(out) % each
            rows = torch.where((inputs >= 0) & (within < their_each), inputs * their_each + within, NEW)
        else:
            grain = self._knowledge.grains.get(target, 1)
            rows = by_place(out, len(weight), groups if groups == their_groups > 1 else grain)
        shaped = kernel(weight, pair(what.kernel), _first(what, other))
        self._weigh(path, their_path, rows, before, shaped, groups=groups, their_groups=their_groups)
        return rows

    def _weigh(
        self, path: str, their_path: str, rows: Tensor, before: Tensor, shaped: Tensor | None = None, **groups: int
    ) -> None:
        """Set weights, from the parent's in our kernel's shape, and biases; those that the parent lacks are zero."""
        ours, theirs = self._heritage.ours, self._heritage.theirs
        name, their_name = f"{path}.weight", f"{their_path}.weight"
        weight = theirs[their_name] if shaped is None else shaped
        self._heritage.put(name, matrix(ours[name], weight, rows, before, **groups), their_name)
        name, their_name = f"{path}.bias", f"{their_path}.bias"
        if name in ours:
            bias = theirs.get(their_name, torch.zeros(len(weight)))
            self._heritage.put(name, vector(ours[name], bias, rows), their_name)

    def _norm(self, path: str, their_path: str, index: Tensor) -> None:
        self._heritage.each(path, their_path, lambda ours, theirs: vector(ours, theirs, index))

    def _shortcut(
        self, step: Instruction, what: Shortcut, twin: Instruction, theirs: Shortcut, before: Tensor
    ) -> Tensor:
        out, their_out = self._knowledge.shapes[step.target], self._knowledge.their_shapes[twin.target]
        if _learns(what) != _learns(theirs):
            return by_place(out[0], their_out[0])
        if not _learns(what):
            further = by_place(max(0, out[0] - len(before)), max(0, their_out[0] - twin.shape[0]))
            return torch.cat([before, torch.where(further >= 0, further + twin.shape[0], NEW)])
        convs = _projecting(step, what, out), _projecting(twin, theirs, their_out)
        rows = self._conv(*convs, before, twin.shape[0], step.target)
        if what.kind == theirs.kind == "projection":
            self._norm(f"{step.path}.norm1", f"{twin.path}.norm1", rows)
        return rows

    def _inserted(self, step: Instruction, what: Part) -> Carried | None:
        """Make a part that the parent lacks pass on what it reads, if it can; parts of new parts stay fresh."""
        carried, path, shape = self._knowledge.carried.get(step.sources[0]), step.path, step.shape
        is_widened = isinstance(what, Shortcut) and path in self._found.of  # of the parent's, which is the identity
        if carried is None or not (is_widened or path in self._found.inserted):
            return None
        match what:
            case Conv() if self._knowledge.shapes[step.target] == shape and _has_middle(what):
                self._pass(path, torch.arange(shape[0]) % (shape[0] // groups_of(what, shape[0])))
                return carried
            case Norm(eps=eps):
                self._pass_normed(path, eps)
                return carried
            case Shortcut() if is_widened:
                return self._widened(step, what, carried)
            case Shuffle(groups=groups):
                return Carried(carried.register, carried.index[shuffled(shape[0], groups)])
            case _:
                return carried if isinstance(what, Channelwise) else None

    def _pass(self, path: str, sources: Tensor) -> None:
        """Make a convolution pass on channels of those that each output reads."""
        ours = self._heritage.ours
        self._heritage.put(f"{path}.weight", identity(ours[f"{path}.weight"], sources))
        if f"{path}.bias" in ours:
            self._heritage.put(f"{path}.bias", torch.zeros(len(sources)))

    def _pass_normed(self, path: str, eps: float) -> None:
        """Undo what a batch normalization with fresh statistics does."""
        ours, name = self._heritage.ours, f"{path}.weight"
        if name in ours and f"{path}.running_var" in ours:
            self._heritage.put(name, torch.full_like(ours[name], (1 + eps) ** 0.5))

    def _widened(self, step: Instruction, what: Shortcut, carried: Carried) -> Carried:
        """A shortcut that has to change the shape, where the parent's is the identity."""
        out, width = self._knowledge.shapes[step.target][0], self._knowledge.width(carried)
        if not _learns(what):
            zeros = torch.full((out - len(carried.index),), NEW)
            return Carried(carried.register, torch.cat([carried.index, zeros]))
        rows = by_place(out, width, self._knowledge.grains.get(step.target, 1))
        places = torch.full((width,), NEW)
        places[carried.index[carried.index >= 0]] = torch.nonzero(carried.index >= 0).flatten()
        sources = torch.where(rows >= 0, places[rows.clamp(0)], NEW)
        self._pass(_projecting(step, what, self._knowledge.shapes[step.target])[0], sources)
        if what.kind == "projection":
            self._pass_normed(f"{step.path}.norm1", Norm().eps)
        return Carried(carried.register, torch.where(sources >= 0, rows, NEW))


def _check(weights: Mapping[str, Tensor], parent: Network, input: Shape) -> None:
    """See that weights are those of the parent."""
    with torch.random.fork_rng(devices=[]):
        likeness = build(parent, input).state_dict()
    for name in (*likeness, *weights):
        if name not in likeness or name not in weights:
            where = "weights" if name in likeness else "network"
            raise WeightsError(f"the weights are of another network: {name} is absent from the {where}")
        if likeness[name].shape != weights[name].shape:
            found, wanted = (tuple(held[name].shape) for held in (weights, likeness))
            raise WeightsError(f"the weights are of another network: {name} is {found}, and {wanted} there")
        if weights[name].layout != torch.strided or not weights[name].isfinite().all():
            raise WeightsError(f"weights are finite numbers, and {name} holds others")


def _learns(shortcut: Shortcut) -> bool:
    return shortcut.kind in ("projection", "conv")


def _projecting(step: Instruction, what: Shortcut, out: Shape) -> tuple[str, Conv]:
    """The convolution of a shortcut, and the path to it."""
    conv = shortcut_conv(out[0], what.kernel, shortcut_stride(step.shape, out))
    return f"{step.path}.conv1" if what.kind == "projection" else step.path, conv


def _has_middle(conv: Conv) -> bool:
    (top, bottom, left, right), kernel = sides(conv.padding), pair(conv.kernel)
    return top == bottom and left == right and all(side % 2 for side in kernel)


def _first(what: Conv, theirs: Conv) -> tuple[int, ...]:
    """How many rows and columns a kernel has before those of the parent's: as many as its padding has more."""
    (top, _, left, _), (their_top, _, their_left, _) = sides(what.padding), sides(theirs.padding)
    more = (top - their_top) // pair(what.dilation)[0], (left - their_left) // pair(what.dilation)[1]
    sizes = zip(pair(what.kernel), pair(theirs.kernel), strict=True)
    return tuple(min(max(m, min(0, a - b)), max(0, a - b)) for m, (a, b) in zip(more, sizes, strict=True))
