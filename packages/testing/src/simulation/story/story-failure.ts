/** The story cannot go on, or must not: what is wrong with it, and what to do. */
export class StoryFailure extends Error {
  override readonly name = 'StoryFailure';
}
