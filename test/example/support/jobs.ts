import { expect } from 'vitest';

interface Job {
  id: string;
  text: string;
  state: 'queued' | 'done';
  /**
   * Once it is done: how many words count, and which place the job had among all that were done.
   */
  words: number;
  number: number;
}

/** The example's api at a URL. */
export class Jobs {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** Posts a body, or asks where there is none. */
  async call<T>(path: string, body?: object): Promise<{ status: number; body: T }> {
    const response = await fetch(`${this.#url}${path}`, body && { method: 'POST', body: JSON.stringify(body) });
    return { status: response.status, body: (await response.json()) as T };
  }

  /** Hands in a job and returns its id. */
  async submit(text: string): Promise<string> {
    const { status, body } = await this.call<{ id: string }>('/jobs', { text });
    expect(status, JSON.stringify(body)).toBe(202);
    return body.id;
  }

  /** A job once it is done. */
  async finished(id: string): Promise<Job> {
    const job = () => this.call<Job>(`/jobs/${id}`);
    await expect.poll(job, { timeout: 20_000 }).toMatchObject({ status: 200, body: { state: 'done' } });
    return (await job()).body;
  }
}
