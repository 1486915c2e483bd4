"""What a named network is, in words."""

from functools import partial

from nas import catalog
from nas.arch.about import about, description, paper
from nas.arch.named import Named
from nas.arch.nodes import Chain, Conv, Flatten, GlobalPool, Network
from nas.arch.published import Published


def tiny(width: int, classes: int = 3) -> Network:
    """A convolution."""
    return Chain(Conv(width, 3), GlobalPool(), Conv(classes), Flatten())


NAMED = Named("tiny", partial(tiny, 8), (3, 8, 8), 3, 2026, "")


def test_all_facts_are_told_with_their_sources() -> None:
    fact = Published(
        "tiny",
        3,
        "",
        "1k",
        "2M",
        "the paper",
        240,
        13_824,
        "a count",
        10.0,
        5.5,
        "one crop",
        4.5,
        "two networks",
        "Cut.",
    )
    named = Named("tiny", partial(tiny, 8), (3, 8, 8), 3, 2026, "", (fact,))
    assert about(named).split("\n") == [
        "A convolution.",
        "",
        "counted     240 parameters, 13,848 FLOPs (multiply-adds)",
        "reference   13,824 FLOPs, here 13,848; a count",
        "published   1k parameters, 2M FLOPs (multiply-adds); the paper",
        "error       10 % top-1, 5.5 % top-5; one crop",
        "article     4.5 % top-5; two networks",
        "difference  Cut.",
    ]


def test_without_facts_the_counts_are_told() -> None:
    assert about(NAMED, 2) == "A convolution.\n\ncounted     232 parameters, 13,840 FLOPs (multiply-adds)"


def test_another_number_of_classes_has_its_own_facts() -> None:
    named = Named("tiny", partial(tiny, 8), (3, 8, 8), 3, 2026, "", (Published("tiny", 9, top1_error=1.5),))
    assert "error       1.5 %" in about(named, 9)
    assert "error" not in about(named, 3)
    assert "facts       those of the form for 9 classes" in about(named)


def test_description_and_paper_are_those_of_the_function_beneath() -> None:
    assert description(NAMED) == "A convolution."
    assert paper(NAMED) == "What a named network is, in words."
    rewritten = catalog.network("resnet18+se")
    assert description(rewritten) == description(catalog.network("resnet18"))
    assert paper(rewritten).startswith("ResNet: He")
