"""A network as a picture: its outline, laid out as boxes and lines, written as SVG; without torch.

What a person sees:     `parts` in a chain, `lines` of blocks, `kinds` of blocks and their letters, `fits` of cells
What it is drawn with:  `letters` and their widths, `marks` and sketches made of them, `boxes`, `inside`, `cells`
What stands where:      `mainline`, `blocks` in panels, `grid`, `legend`, `page`; `svg` writes it down
"""

from nas.draw.page import draw as draw
