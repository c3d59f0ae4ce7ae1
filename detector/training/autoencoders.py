"""Three small autoencoders whose decoders leave the traces that generators leave.

What latent diffusion and most other generators share is a learned decoder that
enlarges; a photograph that went through one shows its traces without any change of
subject (Rajan et al., "Aligned datasets improve detection of latent diffusion-generated
images", 2025).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal, get_args

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from detector.training.pictures import Pixels

Upsampler = Literal["nearest", "transposed", "shuffle"]
UPSAMPLERS: Final[tuple[Upsampler, ...]] = get_args(Upsampler)

_WIDTH: Final = 32
_LATENT: Final = 24  # channels at a quarter of the resolution: half of the numbers
_CROP: Final = 64
_BATCH: Final = 16
_RATE: Final = 4e-3


class Autoencoder(nn.Module):
    """Reduce fourfold at once, enlarge twice by one kind of upsampler."""

    def __init__(self, upsampler: Upsampler) -> None:
        """Take the kind of upsampler, of which the decoder has two."""
        super().__init__()
        self.encoder = nn.Conv2d(3, _LATENT, 4, stride=4)
        self.decoder = nn.Sequential(
            nn.Conv2d(_LATENT, _WIDTH, 3, padding=1),
            nn.SiLU(),
            _upsampler(upsampler, _WIDTH, _WIDTH),
            nn.SiLU(),
            _upsampler(upsampler, _WIDTH, _WIDTH // 2),
            nn.SiLU(),
            nn.Conv2d(_WIDTH // 2, 3, 3, padding=1),
        )

    def forward(self, rgb: Tensor) -> Tensor:
        """Map (n, 3, h, w) in [0, 1], h and w multiples of 4, to the same shape."""
        decoded: Tensor = self.decoder(self.encoder(rgb * 2 - 1))
        return decoded / 2 + 0.5


def _upsampler(kind: Upsampler, inputs: int, outputs: int) -> nn.Module:
    if kind == "nearest":
        return nn.Sequential(
            nn.Upsample(scale_factor=2, mode="nearest"),
            nn.Conv2d(inputs, outputs, 3, padding=1),
        )
    if kind == "transposed":
        return nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1)
    return nn.Sequential(
        nn.Conv2d(inputs, 4 * outputs, 3, padding=1), nn.PixelShuffle(2)
    )


class Trainer:
    """One autoencoder's training, which can stop and go on after any step."""

    def __init__(self, upsampler: Upsampler, device: torch.device) -> None:
        """Begin with the weights that the upsampler's name determines."""
        torch.manual_seed(UPSAMPLERS.index(upsampler))
        self.model = Autoencoder(upsampler).to(device)
        self.steps = 0
        self._seed = UPSAMPLERS.index(upsampler)
        self._device = device
        self._optimizer = torch.optim.Adam(self.model.parameters(), lr=_RATE)

    def step(self, photos: Sequence[Pixels]) -> float:
        """Learn from one batch of crops; return its mean absolute error."""
        random = np.random.default_rng((self._seed, self.steps))
        crops = np.stack([_crop(photos, random) for _ in range(_BATCH)])
        target = _tensor(crops, self._device)
        for group in self._optimizer.param_groups:
            group["lr"] = _RATE / (1 + self.steps / 500)
        self._optimizer.zero_grad()
        loss = functional.l1_loss(self.model(target), target)
        torch.autograd.backward(loss)
        self._optimizer.step()
        self.steps += 1
        return float(loss.detach())

    def save(self, path: Path) -> None:
        """Write the weights and the number of steps."""
        tensors = {name: value.cpu() for name, value in self.model.state_dict().items()}
        save_file({**tensors, "steps": torch.tensor(self.steps)}, path)

    def resume(self, path: Path) -> None:
        """Go on from what save() wrote; Adam's moments begin anew."""
        tensors = load_file(path)
        self.steps = int(tensors.pop("steps"))
        self.model.load_state_dict(tensors)


def reconstructed(model: Autoencoder, photo: Pixels) -> Pixels:
    """Send one photograph, of any size, through the autoencoder."""
    device = next(model.parameters()).device
    height, width = photo.shape[:2]
    rgb = _tensor(photo[None], device)
    whole = functional.pad(rgb, (0, -width % 4, 0, -height % 4), mode="replicate")
    with torch.inference_mode():
        made = model(whole)[0, :, :height, :width]
    levels: Pixels = (
        (made.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).cpu().numpy()
    )
    return levels


def psnr(first: Pixels, second: Pixels) -> float:
    """Return the peak signal-to-noise ratio in decibels."""
    error = max(float(np.mean((first.astype(np.float64) - second) ** 2)), 1e-9)
    return float(10 * np.log10(255**2 / error))


def _crop(photos: Sequence[Pixels], random: np.random.Generator) -> Pixels:
    photo = photos[int(random.integers(len(photos)))]
    top, left = (int(random.integers(length - _CROP + 1)) for length in photo.shape[:2])
    return photo[top : top + _CROP, left : left + _CROP]


def _tensor(pixels: Pixels, device: torch.device) -> Tensor:
    rgb = torch.from_numpy(np.ascontiguousarray(pixels)).to(device)
    return rgb.permute(0, 3, 1, 2).float() / 255
