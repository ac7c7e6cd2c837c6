/** Where a definition was made. The stack is read only when somebody asks: a Lambda that carries definitions never does. */
export interface Origin {
  /** Files of the frames from the definition call outwards, as the stack names them (URLs or paths), without repeats. */
  readonly files: () => readonly string[];
  /** `file:line` of the definition call; 'unknown' where the stack cannot tell. */
  readonly at: () => string;
}

const framePattern = /(?:\(|at (?:async )?)((?:file:\/\/)?[^()]+?):(\d+):\d+\)?$/;

/** The frame that called the caller of this function. Call it directly in the exported function of a definition. */
export function originOfCaller(): Origin {
  const error = new Error('origin');
  // Frames: 0 this function, 1 the definition function, 2 its caller.
  const frames = () =>
    (error.stack ?? '')
      .split('\n')
      .filter((line) => line.trimStart().startsWith('at '))
      .slice(2)
      .flatMap((line) => {
        const match = framePattern.exec(line.trimEnd());
        return match?.[1] && match[2] ? [{ file: filePath(match[1]), line: match[2] }] : [];
      });
  return {
    files: () => [...new Set(frames().map((frame) => frame.file))],
    at: () => {
      const first = frames()[0];
      return first ? `${first.file}:${first.line}` : 'unknown';
    },
  };
}

const filePath = (location: string): string =>
  location.startsWith('file://') ? decodeURIComponent(location.slice('file://'.length)) : location;
