"""`tasking demo`: the main job on the emulator with the fictional force Peakshire, and what came of it."""

from service.demo.play import run_demo

__all__ = ["run_demo"]
