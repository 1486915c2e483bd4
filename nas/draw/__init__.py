"""A network as a picture: its outline laid out as boxes and lines, those written as SVG."""
