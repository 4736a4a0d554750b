/** The first of three ports in a row, so that a config written once goes on working. */
export const SANDBOX_PORT = 7311;

/** How long access tokens of the sandbox live, unless `--life` says otherwise. */
export const SANDBOX_LIFE_MS = 120_000;
