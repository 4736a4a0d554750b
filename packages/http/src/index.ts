export {
  type AuthorizedFetch,
  type AuthorizedFetchOptions,
  authorizedFetch,
} from './authorized-fetch.js';
