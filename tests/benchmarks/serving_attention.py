"""A network that no other form than PyTorch's own holds: attention over the columns of a row."""

from __future__ import annotations

from typing import Any

import torch

from redspot.pipeline import module

_WIDTH, _HEADS, _LAYERS = 32, 4, 2


@module
class Attention(torch.nn.Module):
    """Each column is a token, as in the FT-Transformer (Gorishniy et al., 2021), made small."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(inputs, _WIDTH) * 0.1)
        self.bias = torch.nn.Parameter(torch.zeros(inputs, _WIDTH))
        layer = torch.nn.TransformerEncoderLayer(_WIDTH, _HEADS, 2 * _WIDTH, batch_first=True, norm_first=True)
        self.layers = torch.nn.TransformerEncoder(layer, _LAYERS, enable_nested_tensor=False)
        self.head = torch.nn.Linear(_WIDTH, outputs)

    def forward(self, values: Any) -> Any:
        """Return one number per class for each row."""
        tokens = values.unsqueeze(-1) * self.weight + self.bias
        return self.head(self.layers(tokens).mean(dim=1))
