"""A network under PyTorch, ONNX Runtime and OpenVINO, and its cost."""
