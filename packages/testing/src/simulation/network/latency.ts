import type { Kernel } from '../kernel/kernel.js';

/** One way through the network, ms. */
export function latency(kernel: Kernel, medianMs: number): number {
  return kernel.dice.logNormal(medianMs, 0.6);
}
