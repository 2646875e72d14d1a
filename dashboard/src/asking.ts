// Asking the server again and again, one question at a time.

export interface Question<Answer> {
  readonly ask: (signal: AbortSignal) => Promise<Answer>;
  /** Milliseconds from an answer, or a failure, to the next question. */
  readonly everyMs: number;
  /** A question that is not answered for so long has failed. */
  readonly patienceMs: number;
  /** Whether anybody looks; the first question is asked all the same. */
  readonly isSeen: () => boolean;
  readonly onAnswer: (answer: Answer) => void;
  readonly onFailure: (error: Error) => void;
}

/**
 * Asks now, and on and on. The next question waits for the answer before it, so that a slow server is not asked the more, and an old
 * answer never comes behind a new one.
 * @returns what ends it, and the question under way; nothing is told after that.
 */
export function askOn<Answer>({ask, everyMs, patienceMs, isSeen, onAnswer, onFailure}: Question<Answer>): () => void {
  const end = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const askOnce = async () => {
    try {
      const answer = await ask(AbortSignal.any([end.signal, AbortSignal.timeout(patienceMs)]));
      if (!end.signal.aborted) onAnswer(answer);
    } catch (error) {
      if (!end.signal.aborted) onFailure(error as Error);
    }
  };
  const turn = async (mustAsk: boolean) => {
    if (mustAsk || isSeen()) await askOnce();
    if (!end.signal.aborted) timer = setTimeout(() => void turn(false), everyMs);
  };
  void turn(true);
  return () => {
    end.abort();
    clearTimeout(timer);
  };
}
