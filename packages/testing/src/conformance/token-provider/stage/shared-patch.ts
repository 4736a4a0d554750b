/** Put in with the first holder, and taken out with the last: rules may run at once. */
export function sharedPatch(put: () => () => void): () => Disposable {
  let holders = 0;
  let takeOut = () => {};
  return () => {
    if (holders === 0) takeOut = put();
    holders += 1;
    return {
      [Symbol.dispose]: () => {
        holders -= 1;
        if (holders === 0) takeOut();
      },
    };
  };
}
