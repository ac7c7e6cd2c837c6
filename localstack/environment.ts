/** What the runner takes from the caller's environment. No other file of this room reads process.env. */
export interface CallerEnvironment {
  /** Everything, for package managers only: they take registries, proxies and certificates from it. */
  readonly all: Readonly<Record<string, string | undefined>>;
  readonly path: string;
  readonly home: string;
  readonly javaHome: string | undefined;
  readonly pyenvRoot: string;
}

export function callerEnvironment(): CallerEnvironment {
  const all = process.env;
  const home = all.HOME ?? '/';
  return { all, path: all.PATH ?? '', home, javaHome: all.JAVA_HOME, pyenvRoot: all.PYENV_ROOT ?? `${home}/.pyenv` };
}
