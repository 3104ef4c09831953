/** Stands for promise-limit in the Worker (wrangler.toml, `alias`): the libSQL client is opened without a limit on concurrency. */
export default () =>
  <T>(work: () => Promise<T>): Promise<T> =>
    work();
