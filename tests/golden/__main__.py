"""Write the golden files anew: `python -m tests.golden`."""

from tests.golden import GOLDEN, NETWORKS, written

for name in NETWORKS:
    (GOLDEN / f"{name}.txt").write_text(written(name))
