"""A network leaves the framework: as readable torch code, ONNX, an exported program or plain weights, with its card."""
