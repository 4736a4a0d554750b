/** What an author described, or runs, is wrong: no rule can say anything of the provider. */
export class DescriptionProblem extends TypeError {
  constructor(what: string) {
    super(`testTokenProvider: ${what}`);
    this.name = 'DescriptionProblem';
  }
}
