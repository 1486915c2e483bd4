"""A network as a picture: its outline, laid out as boxes and lines, written as SVG; without torch.

lines     the main line: blocks of the outline, alike ones folded      parts    what a chain looks like
kinds     which blocks are one kind, and the letters in it             fits     what fits the inputs of cells, apart
marks     boxes, lines, texts; sketches made of them                   letters  how wide a text is
boxes, inside, cells    operations, branches and cells as sketches     svg      marks as text
mainline, blocks, legend, page    what stands where
"""

from nas.draw.page import draw as draw
