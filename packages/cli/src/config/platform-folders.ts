import { platform } from 'node:process';
import envPaths from 'env-paths';

const folders = envPaths('tokenkeep', { suffix: '' });

/** `~/.config/tokenkeep` on Linux. */
export const platformConfigFolder = folders.config;

/** `~/.local/state/tokenkeep` on Linux, where env-paths calls state `log`. */
export const platformStateFolder = platform === 'linux' ? folders.log : folders.data;
