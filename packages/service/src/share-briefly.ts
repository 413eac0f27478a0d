/**
 * One run for everybody who asks at about the same time: whoever asks while a run is under way, or within `forMs`
 * of its end, gets its answer, or its error.
 */
export function shareBriefly<T>(
  forMs: number,
  run: () => Promise<T>,
  now: () => number = () => performance.now(),
): () => Promise<T> {
  let answer: Promise<T> | undefined;
  let endedAt: number | undefined;
  function noteEnd(): void {
    endedAt = now();
  }
  return () => {
    const isOld = endedAt !== undefined && now() - endedAt >= forMs;
    if (answer === undefined || isOld) {
      endedAt = undefined;
      answer = run();
      answer.then(noteEnd, noteEnd);
    }
    return answer;
  };
}
