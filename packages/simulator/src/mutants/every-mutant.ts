import { chainMutants } from './chain-mutants.js';
import { claimMutants } from './claim-mutants.js';
import { clockMutants } from './clock-mutants.js';
import { commitMutants } from './commit-mutants.js';
import { doubtMutants } from './doubt-mutants.js';
import { escrowMutants } from './escrow-mutants.js';
import { guardMutants } from './guard-mutants.js';
import { intentMutants } from './intent-mutants.js';
import type { Mutant } from './mutant.js';
import { publishMutants } from './publish-mutants.js';
import { verdictMutants } from './verdict-mutants.js';

export const everyMutant: readonly Mutant[] = [
  ...claimMutants,
  ...intentMutants,
  ...doubtMutants,
  ...commitMutants,
  ...verdictMutants,
  ...escrowMutants,
  ...publishMutants,
  ...guardMutants,
  ...clockMutants,
  ...chainMutants,
];
