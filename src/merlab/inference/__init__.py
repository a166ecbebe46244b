"""A network under PyTorch, ONNX Runtime and OpenVINO, and what it costs."""
