import type { TokenError } from '@tokenkeep/core';
import type { ProblemWords } from './config-source.js';

/** `What is wrong. What to do.` */
export function wordsOfError({ message }: TokenError): ProblemWords {
  const end = message.search(/\. (?=[A-Z])/);
  if (end === -1) return { message, hint: 'Correct the path.' };
  return { message: message.slice(0, end + 1), hint: message.slice(end + 2) };
}
