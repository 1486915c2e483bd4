"""What is known of a named network from elsewhere: what its paper prints, and what others have counted and measured."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Published:
    """Facts about a network of so many classes, up to one of its exits.

    Args:
        name: The network.
        classes: Its number of classes; errors are those on the images of that task.
        exit: Empty for the way to the output, a number for the way to that exit, "all" for what training needs.
        published_params: Parameters as printed.
        published_macs: Multiply-adds as printed.
        published_source: Where they are printed; "unverified" what was not read there.
        params: Parameters of a reference implementation.
        macs: MACs of it.
        reference: Which one.
        top1_error: Percent, one centre crop.
        top5_error: Percent, one centre crop.
        error_source: Where the errors were measured or printed.
        quoted_error: Percent, top-5, as the article over the history of these networks quotes it.
        quoted_as: What that number was measured with.
        difference: Why published and counted numbers differ.
    """

    name: str
    classes: int
    exit: str = ""
    published_params: str = ""
    published_macs: str = ""
    published_source: str = ""
    params: int | None = None
    macs: int | None = None
    reference: str = ""
    top1_error: float | None = None
    top5_error: float | None = None
    error_source: str = ""
    quoted_error: float | None = None
    quoted_as: str = ""
    difference: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """Errors that another library measured of the weights it publishes of a network, on one centre crop.

    Args:
        name: The network.
        weights: The weights, as `nas import` is told them.
        top1_error: Percent, on ImageNet's validation images.
        top5_error: Percent.
        recipe: "paper" for weights of the authors, or trained as theirs were; "modern" for a later recipe.
        difference: How the other library's network differs from ours.
    """

    name: str
    weights: str
    top1_error: float
    top5_error: float
    recipe: str
    difference: str = ""
