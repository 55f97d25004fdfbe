"""Networks: one architecture a file, plain `nn.Module`, the paper in its docstring."""
