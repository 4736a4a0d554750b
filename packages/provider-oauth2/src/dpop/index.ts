export { type DpopFetchOptions, dpopFetch, type SendingFetch } from './dpop-fetch.js';
