"""The transformer layers of TripoSR, named as in its checkpoint."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

__all__ = ["Block", "VisionLayer"]


def attend(query: Tensor, key: Tensor, value: Tensor, heads: int) -> Tensor:
    """Attention of ``heads`` heads among tokens [B, N, C] and [B, M, C]."""
    split = [part.unflatten(2, (heads, -1)).transpose(1, 2) for part in (query, key, value)]
    return functional.scaled_dot_product_attention(*split).transpose(1, 2).flatten(2)


class VisionLayer(nn.Module):
    """One layer of the Vision Transformer, each half behind its own normalisation."""

    def __init__(self, width: int, hidden: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.attention = nn.Module()
        self.attention.attention = nn.ModuleDict({name: nn.Linear(width, width) for name in ("query", "key", "value")})
        self.attention.output = nn.ModuleDict({"dense": nn.Linear(width, width)})
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(width, hidden)})
        self.output = nn.ModuleDict({"dense": nn.Linear(hidden, width)})
        self.layernorm_before = nn.LayerNorm(width, eps=1e-12)
        self.layernorm_after = nn.LayerNorm(width, eps=1e-12)

    def forward(self, x: Tensor) -> Tensor:
        y, part = self.layernorm_before(x), self.attention.attention
        x = x + self.attention.output["dense"](attend(part["query"](y), part["key"](y), part["value"](y), self.heads))
        y = self.intermediate["dense"](self.layernorm_after(x))
        return x + self.output["dense"](functional.gelu(y))


class Attention(nn.Module):
    """Tokens looking at tokens of ``seen`` channels."""

    def __init__(self, width: int, seen: int, head: int) -> None:
        super().__init__()
        self.heads = width // head
        self.to_q = nn.Linear(width, width, bias=False)
        self.to_k = nn.Linear(seen, width, bias=False)
        self.to_v = nn.Linear(seen, width, bias=False)
        self.to_out = nn.ModuleList([nn.Linear(width, width)])

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        return self.to_out[0](attend(self.to_q(x), self.to_k(seen), self.to_v(seen), self.heads))


class Gate(nn.Module):
    """Values times the GELU of gates (Shazeer 2020), four times as wide as the input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.proj = nn.Linear(width, width * 8)

    def forward(self, x: Tensor) -> Tensor:
        value, gate = self.proj(x).chunk(2, dim=-1)
        return value * functional.gelu(gate)


class Block(nn.Module):
    """The planes' tokens look at each other, then at the picture's tokens, then at themselves."""

    def __init__(self, width: int, seen: int, head: int) -> None:
        super().__init__()
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(width), nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn1, self.attn2 = Attention(width, width, head), Attention(width, seen, head)
        self.ff = nn.Module()
        # The place between the two is that of a dropout, which has no weights.
        self.ff.net = nn.ModuleList([Gate(width), nn.Identity(), nn.Linear(width * 4, width)])

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        y = self.norm1(x)
        x = x + self.attn1(y, y)
        x = x + self.attn2(self.norm2(x), seen)
        return x + self.ff.net[2](self.ff.net[0](self.norm3(x)))
